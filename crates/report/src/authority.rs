//! Turns everything on record about one party into a briefing. Knows the other reports, from which
//! it takes its sections; no output format. Start at [`authority`].

use crate::amounts::{AmountFilter, groups, sentence, things};
use crate::fact_line::{cited, named, occurred, parties, recorded_when, sources, when};
use crate::pledges::{PledgeFilter, is_claimed, item, judged, summary};
use crate::wording::{self, amount, interval, label, voice_of};
use crate::{
    Block, Document, FactFilter, Item, Lane, LaneSpan, ReportBasis, Section, Selection, Shade, TimeChart, Tone,
    columns, contradictions, deliveries, metrics, questions,
};
use heldto_fact::{Body, Decision, Fact, FactId, IndexTerm, Kind, LinkKind, Role, Strength, Truth, When, Window};
use heldto_replay::{Cluster, Total, View, controls, payouts, predecessors, successors};
use std::collections::{BTreeMap, BTreeSet};

/// Returns the briefing; `None` if the id is not that of a party.
#[must_use]
pub fn authority(view: &View<'_>, party: &FactId, basis: ReportBasis) -> Option<Document> {
    let fact = view.fact(party).filter(|f| f.kind() == Kind::Party)?;
    let facts = FactFilter { by: Some(party.clone()), ..FactFilter::default() };
    let owed = judged(&selected(view, &facts), &PledgeFilter { facts: facts.clone(), ..PledgeFilter::default() });
    let document = Document::new(fact.text.clone(), basis, COLUMNS);
    let mut brief = Brief { view: *view, party, document };
    brief.document.summary = summary(&owed);
    let paid = payouts(view, party);
    brief.document.summary.extend(paid.iter().map(wording::authority::paid));
    for j in &owed {
        brief.row("commitment", j.mentions[0], j.status.as_str(), "");
    }
    let items = |pick: &dyn Fn(heldto_replay::Status) -> bool| -> Vec<Item> {
        let picked = owed.iter().filter(|j| pick(j.status));
        picked.map(|j| Item { mark: j.status.as_str().to_owned(), ..item(view, j) }).collect()
    };
    brief.document.list(wording::authority::PAST_DUE, Tone::Bad, items(&heldto_replay::Status::is_past_due));
    brief.of_kind(wording::authority::INSPECTIONS, Kind::Inspection);
    brief.of_kind(wording::authority::NOTICES, Kind::Notice);
    brief.over_time();
    let met: Vec<_> = owed.iter().filter(|j| j.status.is_met()).collect();
    let on_claims = is_claimed(&met);
    let tone = if on_claims { Tone::Warning } else { Tone::Good };
    brief.document.list(&wording::authority::met(on_claims), tone, items(&heldto_replay::Status::is_met));
    let others = |status: heldto_replay::Status| !status.is_past_due() && !status.is_met();
    brief.document.list(wording::authority::OTHERS, Tone::Plain, items(&others));
    brief.done();
    brief.complaints(&paid);
    brief.money();
    brief.figures();
    brief.says();
    brief.questions();
    brief.disagreements();
    brief.who(fact);
    brief.see_also();
    Some(brief.document)
}

/// Returns the end of what belonged to a body that was succeeded.
fn ended_on(succession: &Fact) -> String {
    succession.occurred.as_ref().map_or_else(String::new, wording::authority::until)
}

/// Returns the selection of a filter that names the party of the brief.
fn selected<'a, 'f>(view: &View<'a>, filter: &'f FactFilter) -> Selection<'a, 'f> {
    Selection::of(*view, filter).expect("the filter names a party")
}

/// Lanes of the picture of a party's facts, each with its kinds.
const LANES: &[(&str, &[Kind])] = &[
    (wording::authority::INSPECTIONS, &[Kind::Inspection]),
    (wording::authority::NOTICES, &[Kind::Notice]),
    (wording::authority::COMMITMENTS, &[Kind::Pledge, Kind::Recommendation]),
    (wording::authority::DELIVERIES, &[Kind::Delivery]),
    (wording::authority::COMPLAINTS, &[Kind::Complaint, Kind::Payout]),
    (wording::authority::STATEMENTS, &[Kind::Statement, Kind::Question]),
];

/// Returns the number of facts whose kind has a lane.
fn lanes_of(facts: &[&Fact]) -> usize {
    facts.iter().filter(|fact| LANES.iter().any(|(_, kinds)| kinds.contains(&fact.kind()))).count()
}

struct Brief<'a> {
    view: View<'a>,
    party: &'a FactId,
    document: Document,
}

columns!(COLUMNS, fn cells(view: &View<'_>, section: &str, fact: &Fact, status: &str, amount: &str) {
    "section" => section,
    "id" => &fact.id,
    "text" => fact.text.as_str(),
    "status" => status,
    "amount" => amount,
    "when" => recorded_when(fact),
    "by" => named(view, &fact.by),
    "sources" => sources(view, [fact]),
    "cites" => cited(view, [fact]),
});

impl<'a> Brief<'a> {
    /// Returns the facts that name the party, one a cluster: the first mention that names it.
    fn facts(&self) -> Vec<&'a Fact> {
        let named = |f: &&Fact| [&f.by, &f.about, &f.to].iter().any(|ids| ids.contains(self.party));
        let facts = || self.view.lookup(IndexTerm::Party(self.party)).filter(named);
        let ids: BTreeSet<&FactId> = facts().map(|f| &f.id).collect();
        let things = Cluster::each(&self.view, facts());
        let names =
            |c: &Cluster<'a>| c.mentions.iter().copied().find(|t| ids.contains(&t.id)).unwrap_or_else(|| c.first());
        things.iter().map(names).collect()
    }

    fn row(&mut self, section: &str, fact: &Fact, status: &str, amount: &str) {
        self.document.data.rows.push(cells(&self.view, section, fact, status, amount));
    }

    fn who(&mut self, fact: &Fact) {
        let mut pairs = Vec::new();
        if let Body::Party { kind, identifiers } = &fact.body {
            pairs.push((label::KIND.to_owned(), kind.as_str().replace('-', " ")));
            let codes: Vec<String> = identifiers.iter().map(|i| format!("{} {}", i.scheme, i.value)).collect();
            if !codes.is_empty() {
                // A code names the body only as long as the body is there.
                let ended = successors(&self.view, self.party).last().map(|fact| ended_on(fact));
                pairs.push((label::CODES.to_owned(), format!("{}{}", codes.join(", "), ended.unwrap_or_default())));
            }
        }
        let succession = |of: &[FactId], fact: &Fact| {
            wording::authority::succession(&parties(&self.view, of), fact.occurred.as_ref(), &fact.id)
        };
        for fact in predecessors(&self.view, self.party) {
            if let Body::Succession { of, .. } = &fact.body {
                pairs.push((label::FOLLOWS.to_owned(), succession(std::slice::from_ref(of), fact)));
            }
        }
        for fact in successors(&self.view, self.party) {
            pairs.push((label::SUCCEEDED_BY.to_owned(), succession(&fact.to, fact)));
            if let Body::Succession { passes, .. } = &fact.body {
                let passed =
                    passes.iter().map(|p| wording::authority::passed(p, p.to.as_ref().map(|to| self.view.name(to))));
                pairs.extend(passed.map(|words| (label::PASSES.to_owned(), words)));
            }
        }
        let mut controllers: Vec<(&str, Vec<String>)> = Vec::new();
        for control in controls(&self.view, self.party) {
            let is_to_come = control.begun == Truth::No;
            let line = wording::authority::control(&occurred(control.fact), is_to_come, &control.fact.id);
            match controllers.last_mut().filter(|(by, _)| *by == control.by) {
                Some((_, lines)) => lines.push(line),
                None => controllers.push((control.by, vec![line])),
            }
        }
        for (by, lines) in controllers {
            let name = by.parse::<FactId>().ok().and_then(|id| self.view.fact(&id)).map_or(by, |f| f.text.as_str());
            pairs.push((label::CONTROL.to_owned(), format!("{name}: {}", lines.join("; "))));
        }
        self.document.sections.push(Section::plain(wording::authority::WHO, vec![Block::Pairs(pairs)]));
    }

    /// Draws the facts of the party that have a first and a last day on one axis.
    fn over_time(&mut self) {
        let as_of = self.document.basis.clock.as_of;
        let span = |fact: &Fact| {
            let Window { earliest: Some(from), latest: Some(to) } = fact.window() else { return None };
            // What happened on an unknown day is pale on all days that it may have.
            let shade = if from == to { Shade::Open } else { Shade::Vague };
            (to <= as_of).then_some(LaneSpan { from, to, shade })
        };
        let facts = self.facts();
        let lane = |(label, kinds): &(&str, &[Kind])| {
            let of_kind = facts.iter().filter(|f| kinds.contains(&f.kind()));
            let mut spans: Vec<LaneSpan> = of_kind.filter_map(|fact| span(fact)).collect();
            // Exact days are drawn last, over the pale ones.
            spans.sort_by_key(|span| (span.shade == Shade::Open, span.from, span.to));
            Lane { label: (*label).to_owned(), spans }
        };
        let mut lanes: Vec<Lane> = LANES.iter().map(lane).collect();
        let drawn = lanes.iter().map(|lane| lane.spans.len()).sum();
        let left_out = lanes_of(&facts) - drawn;
        lanes.iter_mut().for_each(|lane| lane.spans.dedup());
        lanes.retain(|lane| !lane.spans.is_empty());
        let Some(from) = lanes.iter().flat_map(|lane| &lane.spans).map(|span| span.from).min() else { return };
        let text = wording::authority::over_time(drawn, left_out);
        let title = wording::authority::OVER_TIME.to_owned();
        let chart = TimeChart { title, text, from, to: as_of, lanes };
        self.document.sections.push(Section::plain(wording::authority::OVER_TIME, vec![Block::TimeChart(chart)]));
    }

    /// Returns a fact as a list item.
    fn item(&self, fact: &Fact, details: Vec<String>) -> Item {
        let mut all = vec![fact.id.to_string()];
        all.extend(details.into_iter().filter(|d| !d.is_empty()));
        let cites = cited(&self.view, [fact]);
        Item { id: fact.id.to_string(), mark: when(fact), line: fact.text.clone(), details: all, cites }
    }

    /// Adds the facts of a kind that name the party, oldest first.
    fn of_kind(&mut self, heading: &str, kind: Kind) {
        let mut facts = self.facts();
        let names = |f: &Fact| [&f.about, &f.to, &f.by].iter().any(|ids| ids.contains(self.party));
        facts.retain(|f| f.kind() == kind && names(f));
        facts.sort_by_key(|f| (f.window().earliest, f.window().latest));
        let mut items = Vec::new();
        for fact in &facts {
            let by = parties(&self.view, &fact.by);
            let detail = match &fact.body {
                Body::Inspection { outcome, .. } => wording::authority::inspection(&by, outcome),
                Body::Notice { form } => wording::authority::notice(form, &by),
                _ => continue,
            };
            items.push(self.item(fact, vec![format!("{detail}{}", voice_of(fact))]));
            self.row(heading, fact, "", "");
        }
        self.document.list(heading, Tone::Plain, items);
    }

    /// Adds the party's deliveries, done or not, promised or not, each counted once.
    fn done(&mut self) {
        let filter = FactFilter { by: Some(self.party.clone()), ..FactFilter::default() };
        let items = deliveries::brief(&selected(&self.view, &filter));
        self.document.list(wording::authority::DONE, Tone::Plain, items);
    }

    /// Adds the party's own statements (apologies, admissions, claims, replies), each once, oldest
    /// first.
    fn says(&mut self) {
        let act = |f: &Fact| match &f.body {
            Body::Statement { act, .. } => Some(act.as_str()),
            _ => None,
        };
        let mut facts = self.facts();
        facts.retain(|f| f.by.contains(self.party) && act(f).is_some());
        facts.sort_by_key(|f| (f.window().latest, f.window().earliest, f.id.clone()));
        let items = facts.iter().map(|f| self.item(f, vec![act(f).unwrap_or_default().to_owned()])).collect();
        for fact in facts {
            self.row("statement", fact, act(fact).unwrap_or_default(), "");
        }
        self.document.list(wording::authority::SAYS, Tone::Plain, items);
    }

    fn complaints(&mut self, paid: &[Total<'a>]) {
        let mut facts = self.facts();
        facts.retain(|f| f.kind() == Kind::Complaint && f.about.contains(self.party));
        let things: Vec<Cluster<'a>> = facts.iter().map(|f| Cluster::of(&self.view, f)).collect();
        let named: BTreeMap<&FactId, &'a Fact> =
            things.iter().flat_map(|c| c.mentions.iter().map(|t| (&t.id, c.first()))).collect();
        // A part is counted with its whole, whichever mention of the whole it names.
        let whole = |f: &Fact| {
            let wholes = f.links.iter().filter(|l| l.kind == LinkKind::PartOf && l.strength != Strength::Possible);
            wholes.into_iter().find_map(|l| named.get(&l.to).copied()).filter(|w| w.id != f.id)
        };
        let upheld = facts.iter().filter(|f| whole(f).is_none()).map(|f| match f.body {
            Body::Complaint { decision: Decision::Upheld, count, .. } => count.unwrap_or(1),
            _ => 0,
        });
        let upheld = usize::try_from(upheld.fold(0_u64, u64::saturating_add)).unwrap_or(usize::MAX);
        let mut items = Vec::new();
        for fact in &facts {
            let Body::Complaint { decision, reference, count: cases, .. } = &fact.body else { continue };
            let cases = cases
                .map_or_else(String::new, |n| wording::authority::decisions(usize::try_from(n).unwrap_or(usize::MAX)));
            let of = whole(fact).map_or_else(String::new, |w| wording::authority::part_of(&w.id));
            let detail = [decision.as_str().replace('-', " "), cases, of, reference.clone().unwrap_or_default()];
            let detail = detail.into_iter().filter(|d| !d.is_empty()).collect::<Vec<_>>().join(", ");
            items.push(self.item(fact, vec![detail]));
            self.row("complaint", fact, decision.as_str(), "");
        }
        let mut blocks = if items.is_empty() { Vec::new() } else { vec![Block::Items(items)] };
        for total in paid {
            blocks.push(Block::Text(wording::authority::paid(total)));
            let mut items = Vec::new();
            for (clusters, note) in
                [(&total.counted, wording::authority::COUNTED), (&total.parts, wording::amounts::LEFT_OUT)]
            {
                for fact in clusters.iter().map(Cluster::first) {
                    self.row("payout", fact, note, &told(fact));
                    items.push(self.item(fact, vec![told(fact), note.to_owned()]));
                }
            }
            blocks.push(Block::Items(items));
        }
        if !blocks.is_empty() {
            self.document.sections.push(Section::plain(wording::authority::complaints(upheld), blocks));
        }
    }

    /// Adds the party's money by role, without payouts.
    ///
    /// No amount counts twice; nothing is added across roles.
    fn money(&mut self) {
        let facts = FactFilter { about: Some(self.party.clone()), ..FactFilter::default() };
        let filter = AmountFilter { facts, money: true, ..AmountFilter::default() };
        let mut blocks = Vec::new();
        for group in groups(&selected(&self.view, &filter.facts), &filter) {
            // Payouts that settle complaints are listed with the complaints.
            let settles = |c: &Cluster<'_>| c.mentions.iter().all(|t| matches!(t.body, Body::Payout { .. }));
            let elsewhere =
                group.role == Role::Paid && group.total.counted.iter().chain(&group.total.parts).all(settles);
            if !group.whose.contains(self.party) || elsewhere {
                continue;
            }
            blocks.push(Block::Text(sentence(&group)));
            blocks.push(Block::Items(things(&self.view, &group)));
            for cluster in &group.total.counted {
                let own = group.total.amount_of(cluster).map(|own| interval(own, &group.total.unit));
                self.row("money", cluster.first(), group.role.as_str(), &own.unwrap_or_default());
            }
        }
        if !blocks.is_empty() {
            self.document.sections.push(Section::plain(wording::authority::MONEY, blocks));
        }
    }

    fn figures(&mut self) {
        let brief = metrics::brief(&self.view, self.party);
        for (metric, _, values) in &brief {
            for fact in values {
                self.row(&format!("figure {metric}"), fact, "", &fact.amounts.first().map(amount).unwrap_or_default());
            }
        }
        self.document.list(
            wording::authority::FIGURES,
            Tone::Plain,
            brief.into_iter().map(|(_, item, _)| item).collect(),
        );
    }

    fn questions(&mut self) {
        let mut facts = self.facts();
        facts.retain(|f| f.kind() == Kind::Question && f.to.contains(self.party));
        let mut items = Vec::new();
        for fact in &facts {
            let word = questions::answer_of(fact).map_or("", heldto_fact::Answer::as_str);
            let item = questions::item(&self.view, fact);
            items.push(Item { mark: word.replace('-', " "), ..item });
            self.row("question", fact, word, "");
        }
        self.document.list(wording::authority::QUESTIONS, Tone::Plain, items);
    }

    fn disagreements(&mut self) {
        let filter = FactFilter { about: Some(self.party.clone()), ..FactFilter::default() };
        let found = contradictions::found(&selected(&self.view, &filter));
        let items = found.iter().map(|c| contradictions::item(&self.view, c)).collect();
        self.document.list(wording::authority::DISAGREEMENTS, Tone::Warning, items);
    }

    /// Adds the bodies that are named together with the party and owe something, most frequent
    /// first.
    fn see_also(&mut self) {
        let mut together: BTreeMap<&'a FactId, usize> = BTreeMap::new();
        for fact in self.facts().into_iter().filter(|f| f.subjects().contains(self.party) || f.by.contains(self.party))
        {
            let others: BTreeSet<&FactId> = fact.about.iter().chain(&fact.by).filter(|id| *id != self.party).collect();
            others.into_iter().for_each(|other| *together.entry(other).or_default() += 1);
        }
        let owes = |other: &FactId| self.view.owes(other);
        let mut others: Vec<(&FactId, usize)> = together.into_iter().filter(|(other, _)| owes(other)).collect();
        others.sort_by_key(|(other, times)| (std::cmp::Reverse(*times), *other));
        let items = others.into_iter().map(|(other, times)| Item {
            id: other.to_string(),
            line: self.view.name(other).to_owned(),
            details: vec![wording::authority::named_together(other, times)],
            ..Item::default()
        });
        let items = items.collect();
        self.document.list(wording::authority::SEE_ALSO, Tone::Plain, items);
    }
}

/// Returns the amount paid, with the last possible day if no first one is known.
fn told(fact: &Fact) -> String {
    let amounts: Vec<String> = fact.amounts.iter().filter(|a| a.role == Role::Paid).map(amount).collect();
    let known = fact.occurred.as_ref().map(When::window).filter(|w| w.earliest.is_none()).and_then(|w| w.latest);
    match known {
        Some(by) => wording::authority::paid_by(&amounts.join(", "), by),
        None => amounts.join(", "),
    }
}
