//! A synthetic log of any size, with the proportions of a real one. Each thousand facts hold one
//! body, two sources, a hundred commitments, deliveries towards them, payouts and, most of all,
//! measurements. Deterministic; start at [`fact`].

use heldto_fact::{
    Act, Amount, Attribution, Basis, Body, Citation, Commitment, Due, Fact, FactId, Force, Link, LinkKind, Mode,
    Outcome, PartyKind, Provenance, Quantity, Role, Salience, Strength, Target, Voice, When,
};

/// Returns a pseudo-random number, the same in every run.
fn random(n: u64, what: u64) -> u64 {
    let hash = blake3::hash(&[n.to_be_bytes(), what.to_be_bytes()].concat());
    u64::from_be_bytes(hash.as_bytes()[..8].try_into().expect("8 bytes"))
}

fn id(text: &str) -> FactId {
    text.parse().expect("an id")
}

const WORDS: &[&str] = &[
    "council",
    "plan",
    "children",
    "support",
    "within",
    "twenty",
    "weeks",
    "special",
    "school",
    "places",
    "said",
    "families",
    "ombudsman",
    "paid",
    "inspection",
    "report",
    "improvement",
    "board",
    "notice",
    "assessment",
    "delay",
    "county",
    "funding",
    "promised",
    "additional",
    "service",
];

fn text(n: u64) -> String {
    let words =
        (0..10 + random(n, 1) % 8).map(|k| WORDS[usize::try_from(random(n, 10 + k)).unwrap_or(0) % WORDS.len()]);
    words.collect::<Vec<_>>().join(" ")
}

/// Returns the number of bodies that are interleaved in a log of `size` facts.
///
/// The facts on one body then spread over up to 100,000 entries.
pub fn abreast(size: u64) -> u64 {
    (size / 1000).clamp(1, 100)
}

/// Returns fact `n` of a log in which `abreast` bodies are interleaved.
pub fn fact(n: u64, abreast: u64) -> Fact {
    let window = n / (1000 * abreast);
    let within = n % (1000 * abreast);
    let thousand = window * abreast + within % abreast;
    let place = within / abreast;
    let n = thousand * 1000 + place;
    let party = id(&format!("council-{thousand}"));
    let source = id(&format!("source-{thousand}-{}", random(n, 2) % 2));
    let day = |what| day(2019 + random(n, what) % 7, 1 + random(n, what + 1) % 12, 1 + random(n, what + 2) % 28);
    let pledge = |k: u64| id(&format!("pledge-{thousand}-{}", k % 100));
    let number = |what, most: u64| Quantity::whole(1 + random(n, what) % most).expect("small");
    let amount = |value, unit: &str, role| Amount::exact(value, unit.parse().expect("a unit"), role);
    let base = Fact {
        text: text(n),
        by: vec![party.clone()],
        voice: Some(Voice::Record),
        occurred: day(20),
        cites: vec![Citation { source, at: format!("line {}", random(n, 3) % 400), quote: None }],
        ..Fact::amending(id(&format!("fact-{n}")), String::new(), Body::Statement { act: Act::Claim, outcome: None })
    };
    let linked = |kind| vec![Link { kind, to: pledge(random(n, 4)), strength: Strength::Stated }];
    match place {
        0 => Fact::amending(
            party,
            format!("Council number {thousand}"),
            Body::Party { kind: PartyKind::Council, identifiers: Vec::new() },
        ),
        1 | 2 => Fact::amending(
            id(&format!("source-{thousand}-{}", place - 1)),
            text(n),
            Body::Source(Box::new(Provenance {
                publisher: Some("A paper".to_owned()),
                published: day(30),
                ..Provenance::default()
            })),
        ),
        3..=102 => Fact {
            id: pledge(place - 3),
            voice: Some(Voice::Owner),
            body: Body::Pledge(Box::new(Commitment {
                force: Force::Pledge,
                target: Some(Target::Amount(amount(number(5, 500), "places", Role::Target))),
                due: Some(Due { mode: Mode::By, date: day(40), rule: None, terms: None }),
                test: None,
                personal: false,
            })),
            ..base
        },
        103..=252 => Fact {
            body: Body::Delivery { outcome: Outcome::Part },
            amounts: vec![amount(number(6, 90), "places", Role::Delivered)],
            links: linked(LinkKind::PartFulfils),
            ..base
        },
        253..=302 => Fact {
            body: Body::Payout { settles: "a complaint".to_owned(), count: None },
            amounts: vec![amount(number(7, 9000), "GBP", Role::Paid)],
            ..base
        },
        303..=702 => Fact {
            body: Body::Measurement {
                metric: id("a-share"),
                numerator: Some(1 + random(n, 8) % 500),
                denominator: Some(501 + random(n, 9) % 500),
            },
            amounts: vec![Amount { basis: Basis::Unknown, ..amount(number(8, 99), "%", Role::Measured) }],
            about: base.by.clone(),
            by: Vec::new(),
            ..base
        },
        _ => Fact {
            attribution: Attribution::Stated,
            salience: Salience::Supporting,
            links: linked(LinkKind::BearsOn),
            ..base
        },
    }
}

/// Number of bodies in a log of payments.
pub const PAYERS: u64 = 1000;

/// Returns the day, the payer and the amount in pounds of payment `n`.
pub fn movement(n: u64) -> (String, u64, u64) {
    let date = (2019 + random(n, 20) % 7, 1 + random(n, 21) % 12, 1 + random(n, 22) % 28);
    (format!("{}-{:02}-{:02}", date.0, date.1, date.2), random(n, 23) % PAYERS, 1 + random(n, 7) % 9000)
}

/// Returns fact `n` of a log that holds the payers, a source, and then payments.
pub fn paid(n: u64) -> Fact {
    let party = |n: u64| id(&format!("council-{n}"));
    if n < PAYERS {
        let body = Body::Party { kind: PartyKind::Council, identifiers: Vec::new() };
        return Fact::amending(party(n), format!("Council number {n}"), body);
    }
    let Some(n) = n.checked_sub(PAYERS + 1) else { return Fact { id: id("source-0-0"), ..fact(1, 1) } };
    let (date, payer, pounds) = movement(n);
    let amount = Amount::exact(Quantity::whole(pounds).expect("small"), "GBP".parse().expect("a unit"), Role::Paid);
    Fact {
        text: text(n),
        by: vec![party(payer)],
        voice: Some(Voice::Record),
        occurred: date.parse().ok(),
        amounts: vec![amount],
        cites: vec![Citation { source: id("source-0-0"), at: format!("line {n}"), quote: None }],
        ..Fact::amending(
            id(&format!("payout-{n}")),
            String::new(),
            Body::Payout { settles: "a complaint".to_owned(), count: None },
        )
    }
}

fn day(year: u64, month: u64, day: u64) -> Option<When> {
    format!("{year}-{month:02}-{day:02}").parse().ok()
}
