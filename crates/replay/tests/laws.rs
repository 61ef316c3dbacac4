//! Property tests of replay, on generated logs.
//!
//! [`logs`] generates a log and [`fold`] turns it into fact histories; each test states one law.

use chrono::{DateTime, NaiveDate, Utc};
use heldto_fact::{
    Amount, Attribution, Body, Change, Citation, Commitment, Content, Due, Fact, FactHeader, FactId, Force, IndexTerm,
    Kind, Link, LinkKind, Mode, Outcome, Provenance, Quantity, Recorded, Role, Salience, Strength, Target, Unit, Voice,
    When,
};
use heldto_replay::{
    AllFacts, AllView, Chunk, Clock, Extent, FactSource, IndexedFacts, Lookup, Status, View, history, judge, payouts,
};
use proptest::prelude::{Just, Strategy, any, prop_assert, prop_assert_eq, prop_oneof, proptest};
use std::collections::BTreeSet;

fn id(text: &str) -> FactId {
    text.parse().expect("an id")
}

fn day(n: u32) -> NaiveDate {
    NaiveDate::from_ymd_opt(2024, 1, 1).and_then(|d| d.checked_add_days(chrono::Days::new(n.into()))).expect("a day")
}

fn fact(n: u32, body: Body) -> Fact {
    Fact {
        id: id(&format!("fact-{n}")),
        text: format!("Fact {n}"),
        by: vec![id("the-council")],
        about: vec![],
        to: vec![],
        reporter: None,
        attribution: Attribution::Stated,
        voice: Some(Voice::Owner),
        occurred: Some(When::day(day(n * 7))),
        period: None,
        place: None,
        sensitive: false,
        salience: Salience::Core,
        amounts: vec![],
        cites: vec![],
        links: vec![],
        note: None,
        body,
    }
}

fn pledge(due: u32) -> Body {
    let target = Amount::exact(Quantity::whole(50).expect("small"), Unit::Counted("places".to_owned()), Role::Target);
    let due = Due { mode: Mode::By, date: Some(When::day(day(due))), rule: None, terms: None };
    Body::Pledge(Box::new(Commitment {
        force: Force::Pledge,
        target: Some(Target::Amount(target)),
        due: Some(due),
        test: None,
        personal: false,
    }))
}

const VOICES: [Voice; 5] = [Voice::Record, Voice::Owner, Voice::Critic, Voice::Reporter, Voice::SecondHand];
const LINKS: [LinkKind; 5] =
    [LinkKind::PartFulfils, LinkKind::Fulfils, LinkKind::SameAs, LinkKind::BearsOn, LinkKind::PartOf];

/// Generates logs of fewer than 80 entries, each fact followed by its source.
///
/// The facts are pledges, deliveries, withdrawals, payouts, corrections and
/// retractions that refer to each other.
fn logs() -> impl Strategy<Value = Vec<Recorded>> {
    let one = (0..6_u8, 0..400_u32, 0..40_u32, 0..VOICES.len(), 0..LINKS.len(), any::<bool>(), 0..60_u64);
    proptest::collection::vec(one, 0..40).prop_map(|seeds| {
        let mut log = Vec::new();
        for (n, (kind, a, other, voice, link, sure, number)) in (0_u32..).zip(seeds) {
            log.push(content(n, kind, a, other % (n + 1), VOICES[voice], LINKS[link], sure, number));
            // The fact's source, published on a day of its own.
            let published = Some(When::day(day(a)));
            let mut source = fact(0, Body::Source(Box::new(Provenance { published, ..Provenance::default() })));
            source.id = id(&format!("source-{n}"));
            log.push(source);
        }
        let at = |n: usize| {
            DateTime::<Utc>::from_timestamp(1_800_000_000 + i64::try_from(n).unwrap_or(0), 0).expect("a time")
        };
        log.into_iter()
            .enumerate()
            .map(|(n, f)| Recorded { index: n as u64, recorded_at: at(n), content: Content::Known(f) })
            .collect()
    })
}

#[expect(clippy::too_many_arguments, reason = "a generator takes what it is given")]
fn content(n: u32, kind: u8, a: u32, other: u32, voice: Voice, link: LinkKind, sure: bool, number: u64) -> Fact {
    let outcomes =
        [Outcome::Part, Outcome::Done, Outcome::NotDone, Outcome::Undone, Outcome::Setback, Outcome::Progress];
    let body = match kind {
        0 => pledge(a),
        1 | 2 => Body::Delivery { outcome: outcomes[a as usize % outcomes.len()] },
        3 => Body::Payout { settles: "a complaint".to_owned(), count: None },
        4 => Body::Change { what: Change::Withdrawal, value: None },
        _ if sure => {
            let of = id(&format!("fact-{other}"));
            return Fact::amending(
                of.numbered("retraction", n as usize),
                "Gone".to_owned(),
                Body::Retraction { of, reason: "an error".to_owned() },
            );
        }
        _ => {
            let replacement = Box::new(Fact { id: id(&format!("fact-{other}")), ..fact(n, pledge(a)) });
            let of = id(&format!("fact-{other}"));
            return Fact::amending(
                of.numbered("correction", n as usize),
                "Else".to_owned(),
                Body::Correction { of, reason: "an error".to_owned(), replacement },
            );
        }
    };
    let mut fact = fact(n, body);
    let unit = if kind == 3 { Unit::Money("GBP".to_owned()) } else { Unit::Counted("places".to_owned()) };
    let role = if kind == 3 { Role::Paid } else { Role::Delivered };
    if kind != 0 {
        fact.amounts = vec![Amount::exact(Quantity::whole(number).expect("small"), unit, role)];
    }
    fact.voice = Some(voice);
    let strength = if sure { Strength::Stated } else { Strength::Possible };
    fact.links = vec![Link { kind: link, to: id(&format!("fact-{other}")), strength }];
    fact.cites = vec![Citation { source: id(&format!("source-{n}")), at: "line 1".to_owned(), quote: None }];
    fact
}

fn fold(log: &[Recorded]) -> AllFacts {
    // A fact's encoding is its position in the log, as one byte.
    let facts: Vec<Content> = log.iter().map(|r| r.content.clone()).collect();
    let mut history = AllFacts::folded(move |bytes, _| match &facts[usize::from(bytes[0])] {
        Content::Known(fact) => Ok(fact.clone()),
        other => Err(format!("{other:?}")),
    });
    for (place, chunk) in log.chunks(7).enumerate() {
        let mut gathered = Chunk::default();
        for (n, r) in chunk.iter().enumerate() {
            let Content::Known(fact) = &r.content else { continue };
            let place = [u8::try_from(place * 7 + n).expect("short")];
            let recorded =
                Recorded { index: r.index, recorded_at: r.recorded_at, content: Content::Known(fact.header(&place)) };
            gathered.push(&recorded).expect("ids");
        }
        history.join(gathered);
    }
    history
}

fn statuses(history: &AllFacts, as_of: u32, known_by: u32) -> Vec<(String, Status, String)> {
    let view = View::new(history, Clock { as_of: day(as_of), known_by: day(known_by) });
    let pledges = history.of_kind(Kind::Pledge);
    pledges.filter_map(|id| judge(&view, id).map(|j| (id.to_string(), j.status, format!("{:?}", j.finding)))).collect()
}

#[test]
fn a_fact_that_does_not_read_is_told_of_and_not_left_out() {
    let good = fact(1, pledge(9));
    let mut history = AllFacts::folded(|_, _| Err("cut short".to_owned()));
    let mut chunk = Chunk::default();
    let recorded_at = DateTime::<Utc>::from_timestamp(1_800_000_000, 0).expect("a time");
    chunk.push(&Recorded { index: 5, recorded_at, content: Content::Known(good.header(b"")) }).expect("an id");
    history.join(chunk);
    assert_eq!(history.damaged(), None, "nothing was asked for");
    assert_eq!(history.of_kind(Kind::Pledge).collect::<Vec<_>>(), [&good.id], "what needs no reading");
    assert!(history.versions(&good.id).is_empty());
    assert_eq!(history.damaged(), Some((5, "cut short")));
    assert!(
        Chunk::default()
            .push(&Recorded {
                index: 6,
                recorded_at,
                content: Content::Known(FactHeader { entity: "No id", ..good.header(b"") })
            })
            .is_err()
    );
}

/// A lookup that scans every entry.
///
/// If `noise` is not 0, some entries are returned that do not match, like the
/// collisions of a hash index.
struct Scan {
    log: Vec<Recorded>,
    noise: u64,
}

impl Lookup for Scan {
    fn find(&self, terms: &[IndexTerm<&FactId>], most: usize) -> Result<Vec<Vec<u64>>, String> {
        let has = |r: &Recorded, term: &IndexTerm<&FactId>| {
            let noise = self.noise > 0 && r.index.is_multiple_of(self.noise + 3);
            noise || matches!(&r.content, Content::Known(f) if f.index_terms().contains(term))
        };
        let places = |term| self.log.iter().filter(|r| has(r, term)).map(|r| r.index).take(most).collect();
        Ok(terms.iter().map(places).collect())
    }

    fn read(&self, places: &[u64]) -> Result<Vec<Recorded>, String> {
        assert!(places.is_sorted_by(|a, b| a < b), "in order, each once");
        Ok(self.log.iter().filter(|r| places.binary_search(&r.index).is_ok()).cloned().collect())
    }
}

proptest! {
    /// Reading on demand, through an index with collisions, gives the same
    /// as a fold of the whole log.
    #[test]
    fn what_is_read_on_demand_is_what_a_fold_gives(log in logs(), as_of in 0..500_u32, noise in 0..9_u64) {
        let folded = fold(&log);
        let ids: BTreeSet<FactId> = log.iter().filter_map(|r| match &r.content {
            Content::Known(f) => Some(f.entity_id().clone()),
            _ => None,
        }).chain([id("the-council"), id("nobody")]).collect();
        let clock = Clock { as_of: day(as_of), known_by: day(500) };
        // Each id is asked of fresh states, and of states that were asked for all the ids before.
        let all = IndexedFacts::new(Extent::new(log.len() as u64, None), Box::new(Scan { log: log.clone(), noise }));
        for id in &ids {
            let one = IndexedFacts::new(Extent::new(log.len() as u64, None), Box::new(Scan { log: log.clone(), noise }));
            for read in [&one, &all] {
                let told = |history: &dyn FactSource, view: View<'_>| {
                    // A fold also indexes corrections without effect, so both
                    // sides keep only true matches.
                    let has = |id: &&FactId, term| {
                        let facts = history.versions(id).iter().filter_map(|v| v.fact.as_ref());
                        facts.into_iter().any(|fact| fact.index_terms().contains(&term))
                    };
                    let found =
                        |term| history.lookup(term).filter(|id| has(id, term)).cloned().collect::<Vec<_>>();
                    let found = [found(IndexTerm::Party(id)), found(IndexTerm::Owner(id)), found(IndexTerm::Target(id)), found(IndexTerm::Control(id))];
                    format!("{:?} {:?} {:?} {found:?} {}", history.versions(id), judge(&view, id), payouts(&view, id), view.owes(id))
                };
                prop_assert_eq!(told(read, View::indexed(read, clock)), told(&folded, View::new(&folded, clock)));
                prop_assert_eq!(read.error(), None);
            }
        }
        prop_assert!(View::indexed(&all, clock).all().is_none(), "only a fold has every id");
    }

    #[test]
    fn what_is_published_later_never_changes_what_was_known_earlier(log in logs(), as_of in 0..500_u32, known in 0..400_u32) {
        // Retractions and corrections follow the log's own clock, so they are left out.
        let amends = |r: &Recorded| matches!(&r.content, Content::Known(f) if f.id.as_str().contains('.'));
        let log: Vec<Recorded> = log.into_iter().filter(|r| !amends(r)).collect();
        let later = |r: &Recorded| match &r.content {
            Content::Known(f) => f.cites.first().is_some_and(|c| {
                let source = log.iter().find_map(|s| match &s.content {
                    Content::Known(s) if s.id == c.source => s.source_known_from(),
                    _ => None,
                });
                source.is_none_or(|d| d > day(known))
            }),
            _ => false,
        };
        let earlier: Vec<Recorded> = log.iter().filter(|r| !later(r)).cloned().collect();
        let known_then: Vec<_> = statuses(&fold(&log), as_of, known).into_iter().filter(|(_, s, _)| *s != Status::NotYetKnown).collect();
        prop_assert_eq!(known_then, statuses(&fold(&earlier), as_of, known).into_iter().filter(|(_, s, _)| *s != Status::NotYetKnown).collect::<Vec<_>>());
    }

    /// Even if the sensitive facts were never set, a view withholds every
    /// fact sensitive in a version.
    #[test]
    fn what_is_sensitive_is_withheld_unless_it_is_asked_for(mut log in logs(), one_in in 1..4_usize) {
        let mut marked = Vec::new();
        for recorded in log.iter_mut().step_by(one_in) {
            if let Content::Known(fact) = &mut recorded.content
                && !matches!(fact.body, Body::Correction { .. } | Body::Retraction { .. })
            {
                fact.sensitive = true;
                marked.push(fact.id.clone());
            }
        }
        let history = fold(&log);
        let view = AllView::new(&history, Clock { as_of: day(500), known_by: day(500) });
        for id in &marked {
            prop_assert!(view.fact(id).is_none() && view.versions(id).is_empty() && judge(&view, id).is_none(), "{id}");
            prop_assert_eq!(view.with_sensitive(true).versions(id).len(), history.versions(id).len());
        }
        prop_assert!(view.facts(&|_| true).all(|fact| !marked.contains(&fact.id)) && view.ids().all(|id| !marked.contains(id)));
    }

    #[test]
    fn nothing_is_past_due_before_its_last_due_day(log in logs(), as_of in 0..500_u32) {
        let history = fold(&log);
        let view = View::new(&history, Clock { as_of: day(as_of), known_by: day(500) });
        for id in history.of_kind(Kind::Pledge) {
            if let Some(j) = judge(&view, id) {
                let last = j.due.and_then(|d| d.window().latest);
                prop_assert!(!j.status.is_past_due() || last.is_some_and(|l| l < day(as_of)), "{id}: {} {:?}", j.status, j.finding);
            }
        }
    }

    /// Facts unrelated to a commitment never change its status.
    #[test]
    fn a_status_changes_by_no_entry_that_is_not_about_it(log in logs(), as_of in 0..500_u32, number in 0..60_u64) {
        let before = statuses(&fold(&log), as_of, 500);
        let mut longer = log;
        for kind in [1_u8, 3, 4] {
            let n = 1000 + u32::from(kind);
            let mut stranger = content(n, kind, as_of % 400, n, Voice::Record, LinkKind::Fulfils, true, number);
            stranger.links.clear();
            let (index, recorded_at) = (longer.len() as u64, DateTime::<Utc>::from_timestamp(1_900_000_000, 0).expect("a time"));
            longer.push(Recorded { index, recorded_at, content: Content::Known(stranger) });
        }
        prop_assert_eq!(before, statuses(&fold(&longer), as_of, 500));
    }

    /// From one day to the next, a status changes only on days that a fact or a source names.
    #[test]
    fn a_status_changes_by_no_day_that_nothing_names(log in logs(), as_of in 0..499_u32) {
        let named = |d: u32| log.iter().any(|r| match &r.content {
            Content::Known(f) => {
                let f = match &f.body { Body::Correction { replacement, .. } => replacement, _ => f };
                let due = match &f.body { Body::Pledge(c) => c.due.as_ref().map(Due::window), _ => None };
                let windows = [Some(f.window()), due].into_iter().flatten();
                let published = f.source_known_from();
                windows.flat_map(|w| [w.earliest, w.latest]).chain([published]).flatten().any(|named| named == day(d))
            }
            _ => false,
        });
        let history = fold(&log);
        let at = |d: u32| statuses(&history, d, d).into_iter().map(|(id, status, _)| (id, status)).collect::<Vec<_>>();
        if !named(as_of) && !named(as_of + 1) {
            prop_assert_eq!(at(as_of), at(as_of + 1));
        }
    }

    /// The history of a commitment says of every day what a judgement of that day says.
    #[test]
    fn a_history_is_what_each_day_was_judged(log in logs(), as_of in 0..500_u32) {
        let facts = fold(&log);
        let view = View::new(&facts, Clock { as_of: day(as_of), known_by: day(as_of) });
        for id in facts.of_kind(Kind::Pledge) {
            let Some(judged) = judge(&view, id).filter(|j| j.status != Status::NotYetKnown) else { continue };
            let history = history(&view, &judged);
            let changes = history.iter().flat_map(|s| [s.from.pred_opt().expect("a day"), s.from]);
            for d in (0..=as_of).step_by(5).map(day).chain(changes) {
                let then = view.at(Clock { as_of: d, known_by: d });
                let on = judged.mentions.iter().filter_map(|m| judge(&then, &m.id)).find(|j| j.status != Status::NotYetKnown);
                let told = history.iter().rev().find(|standing| standing.from <= d);
                prop_assert_eq!(told.map(|s| (s.status, s.grade)), on.map(|j| (j.status, j.grade)), "{} on {}", id, d);
            }
        }
    }

    #[test]
    fn critics_alone_settle_nothing(log in logs(), as_of in 0..500_u32) {
        let only_critics: Vec<Recorded> = log.into_iter().map(|mut r| {
            if let Content::Known(f) = &mut r.content {
                f.voice = f.voice.map(|_| Voice::Critic);
            }
            r
        }).collect();
        for (id, status, rule) in statuses(&fold(&only_critics), as_of, 500) {
            prop_assert!(!status.is_met() && !matches!(status, Status::Breached | Status::PartMet | Status::Reversed | Status::Withdrawn), "{id}: {status} {rule}");
        }
    }

    #[test]
    fn a_total_counts_once_in_any_order_and_never_understates(log in logs(), order in prop_oneof![Just(1_u64), Just(7), Just(13)]) {
        let known: Vec<Recorded> = log.into_iter().filter(|r| matches!(&r.content, Content::Known(f) if !f.id.as_str().contains('.'))).collect();
        let mut other = known.clone();
        other.sort_by_key(|r| (r.index * order) % 17);
        let sum = |log: &[Recorded]| {
            let history = fold(log);
            let view = View::new(&history, Clock { as_of: day(500), known_by: day(500) });
            payouts(&view, &id("the-council")).into_iter().map(|t| (t.sum, t.unit)).collect::<Vec<_>>()
        };
        prop_assert_eq!(sum(&known), sum(&other));
        let largest = known.iter().filter_map(|r| match &r.content {
            Content::Known(f) if matches!(f.body, Body::Payout { .. }) && f.links.iter().all(|l| l.kind != LinkKind::PartOf && l.kind != LinkKind::SameAs) => f.amounts.first()?.value,
            _ => None,
        }).max();
        // A payout that is neither a part nor a repeated mention is never lost from the total.
        if let (Some(largest), Some((total, _))) = (largest, sum(&known).first()) {
            let tied = known.iter().any(|r| matches!(&r.content, Content::Known(f) if f.links.iter().any(|l| matches!(l.kind, LinkKind::SameAs | LinkKind::PartOf))));
            prop_assert!(tied || total.low.value >= largest);
        }
    }
}
