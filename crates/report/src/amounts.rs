//! Turns the amounts of facts into totals by party and role, each amount counted once. Knows no
//! rates of exchange and no judgements. Start at [`amounts`].

use crate::fact_line::{self, cited, ids_of, named, parties, public_by, sources, when};
use crate::wording::{self, amount, interval, voice_of};
use crate::{Bar, Block, Cell, Chart, Document, FactFilter, Item, ReportBasis, Section, Selection, Tone, columns};
use heldto_fact::{Amount, Basis, Fact, FactId, Interval, Kind, Quantity, Role, Unit, Voice};
use heldto_replay::{Cluster, Total, View, totals};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// Selection of the amounts to add up.
#[derive(Debug, Clone, Default)]
pub struct AmountFilter {
    /// Filter on the facts that state the amounts.
    pub facts: FactFilter,
    /// Unit.
    pub unit: Option<Unit>,
    /// Role.
    pub role: Option<Role>,
    /// `true` to keep only money.
    pub money: bool,
    /// `true` to give only the totals, without the amounts behind them.
    pub totals: bool,
}

impl AmountFilter {
    fn fits(&self, a: &Amount) -> bool {
        (!self.money || matches!(a.unit, Unit::Money(_)))
            && self.unit.as_ref().is_none_or(|u| a.unit == *u)
            && self.role.is_none_or(|r| a.role == r)
    }
}

/// Returns amounts by party and role, as bounds.
///
/// Nothing is added across parties or roles: money announced, allocated and paid may be the same.
#[must_use]
pub fn amounts(selection: &Selection<'_, '_>, filter: &AmountFilter, basis: ReportBasis) -> Document {
    let view = &selection.view();
    let title = wording::amounts::title(filter.money);
    let mut document = Document::new(title, basis, if filter.totals { TOTALS } else { COLUMNS });
    let candidates = candidates(selection, filter);
    let groups = groups_of(view, filter, &candidates);
    document.summary.extend(filter.facts.describe().map(|words| wording::amounts::only(&words)));
    if groups.is_empty() {
        document.summary.push(wording::amounts::NONE.to_owned());
        return document;
    }
    // The groups are sorted by party.
    let bodies: Vec<&[Group<'_>]> = groups.chunk_by(|a, b| a.whose == b.whose).collect();
    document.summary.push(wording::amounts::summary(groups.len(), bodies.len()));
    for own in bodies {
        document.sections.push(section(view, own, filter));
        if filter.totals {
            document.data.rows.extend(own.iter().map(|g| total_cells(view, g)));
        } else {
            document.data.rows.extend(own.iter().flat_map(|g| rows(view, g)));
        }
    }
    if filter.totals {
        return document;
    }
    let again: Vec<Item> = told_again(view, &groups).into_iter().map(|c| again(view, c)).collect();
    document.list(wording::amounts::AGAIN, Tone::Warning, again);
    document
}

/// One total: of a party, in a role, per period or overall.
pub(crate) struct Group<'a> {
    /// One party, or several together.
    pub whose: Vec<FactId>,
    pub role: Role,
    pub per: Basis,
    pub total: Total<'a>,
}

impl Group<'_> {
    /// Returns `true` if a sum is meaningful: for money and counted units, not for durations,
    /// shares, factors, or amounts in the role `stated`.
    fn adds_up(&self) -> bool {
        self.role != Role::Stated && matches!(self.total.unit, Unit::Money(_) | Unit::Counted(_))
    }

    fn sum(&self) -> Option<Interval> {
        self.adds_up().then_some(self.total.sum)
    }
}

/// Returns the parties that an amount belongs to.
///
/// The payer, if stated; for an amount asked for, the asker; in the voice of the owner or a
/// government, the speaker, if named; otherwise the subjects of the fact.
fn whose<'a>(fact: &'a Fact, amount: &'a Amount) -> &'a [FactId] {
    match (&amount.payer, amount.role) {
        (Some(payer), _) => std::slice::from_ref(payer),
        (None, Role::AskedFor) => &fact.by,
        (None, _) if fact.voice == Some(Voice::Owner) || fact.voice == Some(Voice::Government) => {
            if fact.by.is_empty() { &fact.about } else { &fact.by }
        }
        (None, _) => fact.subjects(),
    }
}

/// Returns the facts that have a matching amount.
///
/// Other filters are not applied yet.
fn candidates<'a>(selection: &Selection<'a, '_>, filter: &AmountFilter) -> Vec<&'a Fact> {
    selection.candidate_facts(&|summary| summary.amounts).filter(|f| f.amounts.iter().any(|a| filter.fits(a))).collect()
}

pub(crate) fn groups<'a>(selection: &Selection<'a, '_>, filter: &AmountFilter) -> Vec<Group<'a>> {
    groups_of(&selection.view(), filter, &candidates(selection, filter))
}

fn groups_of<'a>(view: &View<'a>, filter: &AmountFilter, candidates: &[&'a Fact]) -> Vec<Group<'a>> {
    let fits = |a: &Amount| filter.fits(a);
    let facts = candidates
        .iter()
        .filter(|f| f.kind() != Kind::Measurement)
        .filter(|f| filter.facts.matches(view, f) && filter.facts.in_range(f.window()) != heldto_fact::Truth::No);
    let mut facts_by_group: HashMap<(&[FactId], Role, Basis), Vec<&'a Fact>> = HashMap::new();
    for fact in facts {
        for a in fact.amounts.iter().filter(|a| fits(a)) {
            let whose = whose(fact, a);
            if !whose.is_empty() {
                let of = facts_by_group.entry((whose, a.role, per(a))).or_default();
                if of.last().is_none_or(|last| last.id != fact.id) {
                    of.push(fact);
                }
            }
        }
    }
    let mut groups = Vec::new();
    let facts_by_group: BTreeMap<_, _> = facts_by_group.into_iter().collect();
    for ((who, role, kept), facts) in facts_by_group {
        // `totals` applies this to every mention in a cluster, so the filter is repeated here.
        let pick = |f: &Fact, a: &Amount| {
            filter.facts.matches(view, f) && fits(a) && a.role == role && per(a) == kept && whose(f, a) == who
        };
        for total in totals(view, facts.into_iter(), pick) {
            groups.push(Group { whose: who.to_vec(), role, per: kept, total });
        }
    }
    groups
}

/// Returns `PerPeriod` or `InTotal`, which are never added to each other; an unknown basis counts
/// as in total.
const fn per(amount: &Amount) -> Basis {
    match amount.basis {
        Basis::PerPeriod => Basis::PerPeriod,
        _ => Basis::InTotal,
    }
}

/// Returns the section of one party.
fn section(view: &View<'_>, groups: &[Group<'_>], filter: &AmountFilter) -> Section {
    let name = parties(view, groups.first().map_or(&[], |g| &g.whose));
    let mut blocks = Vec::new();
    let units: BTreeSet<&Unit> = groups.iter().map(|g| &g.total.unit).collect();
    for unit in units {
        let of_unit: Vec<&Group<'_>> = groups.iter().filter(|g| g.total.unit == *unit).collect();
        let known: Vec<&&Group<'_>> = of_unit.iter().filter(|g| g.adds_up() && g.total.sum != Interval::ANY).collect();
        if known.len() > 1 {
            let bar = |g: &&&Group<'_>| Bar {
                label: role_words(g),
                value: Some(g.total.sum),
                shown: interval(g.total.sum, unit),
                own: false,
                is_cut: false,
            };
            blocks.push(Block::Chart(Chart {
                lines: Vec::new(),
                title: wording::amounts::chart(&name),
                text: wording::amounts::CHART_TEXT.to_owned(),
                bars: known.iter().map(bar).collect(),
                end: None,
                cites: cited(
                    view,
                    known.iter().flat_map(|g| &g.total.counted).flat_map(|c| c.mentions.iter().copied()),
                ),
            }));
        }
        for group in of_unit {
            blocks.push(Block::Text(sentence(group)));
            if !filter.totals {
                blocks.push(Block::Items(things(view, group)));
            }
        }
    }
    Section::plain(name, blocks)
}

fn role_words(group: &Group<'_>) -> String {
    let mentions = group.total.counted.iter().chain(&group.total.parts).flat_map(|c| c.mentions.iter());
    let by_critics = mentions.into_iter().all(|t| t.voice == Some(Voice::Critic));
    wording::amounts::role(group.role, group.per == Basis::PerPeriod, by_critics)
}

/// Returns the total as a sentence: `Invested: £12m; 3 recorded again, counted once.`
pub(crate) fn sentence(group: &Group<'_>) -> String {
    let role = role_words(group);
    if group.adds_up() {
        wording::amounts::sum(&role, &group.total)
    } else {
        wording::amounts::not_added(&role, &group.total)
    }
}

/// Returns the items that a total counts, and those left out.
pub(crate) fn things(view: &View<'_>, group: &Group<'_>) -> Vec<Item> {
    let of = |clusters: &[Cluster<'_>], note: &str| {
        let thing = |c: &Cluster<'_>| {
            // The mention that has an amount of this group.
            let has = |t: &&&Fact| t.amounts.iter().any(|a| fits(a, group));
            let fact = c.mentions.iter().find(has).copied().unwrap_or_else(|| c.first());
            let first = [fact.id.to_string(), when(fact), said_by(view, fact), note.to_owned()];
            let first = first.into_iter().filter(|s| !s.is_empty()).collect::<Vec<_>>().join(" · ");
            let first = format!("{first}{}", voice_of(fact));
            Item {
                id: fact.id.to_string(),
                mark: told(c, group),
                line: fact.text.clone(),
                details: vec![first],
                cites: cited(view, c.mentions.iter().copied()),
            }
        };
        clusters.iter().map(thing).collect::<Vec<_>>()
    };
    [of(&group.total.counted, ""), of(&group.total.parts, wording::amounts::LEFT_OUT)].concat()
}

/// Returns the speaker if the fact is about somebody as well.
fn said_by(view: &View<'_>, fact: &Fact) -> String {
    if fact.by.is_empty() || fact.about.is_empty() {
        return String::new();
    }
    wording::amounts::said_by(&parties(view, &fact.by))
}

/// Returns `true` if an amount has the role, unit and basis of this group.
fn fits(amount: &Amount, group: &Group<'_>) -> bool {
    amount.role == group.role && amount.unit == group.total.unit && per(amount) == group.per
}

/// Returns the amounts as the mentions state them, without duplicates.
fn told(cluster: &Cluster<'_>, group: &Group<'_>) -> String {
    let mut words: Vec<String> = Vec::new();
    for a in cluster.mentions.iter().flat_map(|t| t.amounts.iter().filter(|a| fits(a, group))) {
        let word = amount(a);
        if !words.contains(&word) {
            words.push(word);
        }
    }
    words.join("; ")
}

/// Returns the clusters whose mentions became public on different days.
fn told_again<'b, 'a>(view: &View<'a>, groups: &'b [Group<'a>]) -> Vec<&'b Cluster<'a>> {
    let mut seen = BTreeSet::new();
    let on_another_day = |c: &&Cluster<'a>| {
        let days: BTreeSet<_> = c.mentions.iter().map(|t| view.fact_known_from(&t.id)).collect();
        days.len() > 1
    };
    let all = groups.iter().flat_map(|g| g.total.counted.iter().chain(&g.total.parts));
    all.filter(|c| on_another_day(c) && seen.insert(&c.first().id)).collect()
}

fn again(view: &View<'_>, cluster: &Cluster<'_>) -> Item {
    let mut details = Vec::new();
    for mention in cluster.mentions.iter() {
        let known = public_by(view, mention).unwrap_or_else(|| wording::fact_line::PUBLIC_ON_AN_UNKNOWN_DAY.to_owned());
        let amounts = fact_line::amounts(mention).join(", ");
        details.push(format!("{known}: {amounts} · {}", mention.id));
    }
    let fact = cluster.first();
    let mark = wording::amounts::times(cluster.mentions.len());
    let cites = cited(view, cluster.mentions.iter().copied());
    Item { id: fact.id.to_string(), mark, line: fact.text.clone(), details, cites }
}

/// Maximum number of possibly identical facts that a row names.
const MOST_NAMED: usize = 20;

/// Returns the ids of facts that may be the same as this one.
fn overlapping(group: &Group<'_>, fact: &Fact) -> Vec<String> {
    let overlap = group.total.may_overlap.iter().find(|all| all.iter().any(|f| f.id == fact.id));
    ids_of(overlap.into_iter().flatten().copied().filter(|f| f.id != fact.id).take(MOST_NAMED))
}

/// Returns the lower bound; `None` if it is zero and so carries no information.
fn low(known: Interval) -> Option<Quantity> {
    let is_nought = known.high.is_some_and(|high| high.value == Quantity::ZERO);
    Some(known.low.value).filter(|low| *low != Quantity::ZERO || is_nought)
}

fn high(known: Interval) -> Option<Quantity> {
    known.high.map(|high| high.value)
}

columns!(TOTALS, fn total_cells(view: &View<'_>, group: &Group<'_>) {
    "whose" => named(view, &group.whose),
    "role" => group.role.as_str(),
    "per" => group.per.as_str(),
    "unit" => group.total.unit.to_string(),
    "low" => group.sum().and_then(low),
    "high" => group.sum().and_then(high),
    "counted" => group.total.counted.len(),
});

// An amount and a total have rows and columns of their own, so that adding up a column counts
// nothing twice; a part that is left out has its amount only in words.
columns!(COLUMNS, fn cells(
    view: &View<'_>, row: &str, group: &Group<'_>, thing: Option<&Cluster<'_>>, own: Option<Interval>, total: Option<Interval>
) {
    "row" => row,
    "whose" => named(view, &group.whose),
    "role" => group.role.as_str(),
    "per" => group.per.as_str(),
    "unit" => group.total.unit.to_string(),
    "low" => own.and_then(low),
    "high" => own.and_then(high),
    "total-low" => total.and_then(low),
    "total-high" => total.and_then(high),
    "id" => thing.map(|c| &c.first().id),
    "text" => thing.map(|c| c.first().text.as_str()),
    "told-as" => thing.map(|c| told(c, group)),
    "may-overlap" => thing.map(|c| overlapping(group, c.first())),
    "tellings" => thing.map(|c| ids_of(c.mentions.iter().copied())),
    "voice" => thing.and_then(|c| c.first().voice).map(Voice::as_str),
    "sources" => thing.map(|c| sources(view, c.mentions.iter().copied())),
    "cites" => thing.map(|c| cited(view, c.mentions.iter().copied())),
});

fn rows(view: &View<'_>, group: &Group<'_>) -> Vec<Vec<Cell>> {
    let own = |c: &Cluster<'_>| group.total.amount_of(c).filter(|_| group.adds_up());
    let things = group.total.counted.iter().map(|c| cells(view, "thing", group, Some(c), own(c), None));
    let parts = group.total.parts.iter().map(|c| cells(view, "part", group, Some(c), None, None));
    let total = group.sum().map(|sum| cells(view, "total", group, None, None, Some(sum)));
    things.chain(parts).chain(total).collect()
}
