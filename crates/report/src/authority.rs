//! One authority's state, as a briefing.

use crate::pledges::{PledgeFilter, item, judged, summary, text_of};
use crate::words::{amount, count, interval};
use crate::{Basis, Block, Document, Item, Section, Table, Tone, day};
use heldto_fact::{Answer, Body, Decision, Fact, FactId, Kind, LinkKind, Role, Truth, When};
use heldto_replay::{Cluster, Total, View, controls, payouts, series, total};

/// The briefing. `None` where nobody of this id is a party.
#[must_use]
pub fn authority(view: &View<'_>, party: &FactId, sensitive: bool, basis: Basis) -> Option<Document> {
    let fact = view.fact(party).filter(|f| f.kind() == Kind::Party)?;
    let filter = PledgeFilter { by: Some(party.clone()), sensitive, ..PledgeFilter::default() };
    let owed = judged(view, &filter);
    let mut brief = Brief {
        view: *view,
        party,
        sensitive,
        data: Table::new(&["section", "id", "text", "status", "amount", "when"]),
    };
    let mut lines = summary(&owed);
    let paid = payouts(view, party);
    lines.extend(paid.iter().map(paid_line));
    let mut sections = vec![brief.who(fact)];
    sections.extend(brief.of_kinds("Inspections", &[Kind::Inspection]));
    sections.extend(brief.of_kinds("Notices", &[Kind::Notice]));
    for j in &owed {
        brief.row("commitment", j.tellings[0], j.status.word(), String::new());
    }
    let due: Vec<Item> = owed.iter().filter(|j| j.status.is_past_due()).map(|j| item(j, sensitive)).collect();
    if !due.is_empty() {
        sections.push(Section {
            heading: format!("Past due ({})", due.len()),
            tone: Tone::Bad,
            blocks: vec![Block::Items(due)],
        });
    }
    let met: Vec<Item> = owed.iter().filter(|j| j.status.is_met()).map(|j| item(j, sensitive)).collect();
    if !met.is_empty() {
        sections.push(Section {
            heading: format!("Met ({})", met.len()),
            tone: Tone::Good,
            blocks: vec![Block::Items(met)],
        });
    }
    let others = owed.iter().filter(|j| !j.status.is_past_due() && !j.status.is_met());
    let others: Vec<Item> = others.map(|j| Item { mark: j.status.word().to_owned(), ..item(j, sensitive) }).collect();
    if !others.is_empty() {
        let heading = format!("Other commitments ({})", others.len());
        sections.push(Section { heading, tone: Tone::Plain, blocks: vec![Block::Items(others)] });
    }
    sections.extend(brief.complaints(&paid));
    sections.extend(brief.money());
    sections.extend(brief.figures());
    sections.extend(brief.questions());
    Some(Document { title: fact.text.clone(), basis, summary: lines, sections, data: brief.data })
}

struct Brief<'a> {
    view: View<'a>,
    party: &'a FactId,
    sensitive: bool,
    data: Table,
}

fn paid_line(total: &Total<'_>) -> String {
    let merged = if total.merged > 0 { format!("; {} told again, counted once", total.merged) } else { String::new() };
    let parts = if total.parts.is_empty() {
        String::new()
    } else {
        format!("; {} left out as part of another", total.parts.len())
    };
    let overlap = if total.may_overlap { "; some of it may be the same money, so this is a range" } else { "" };
    format!("Paid out to settle complaints: {}{merged}{parts}{overlap}.", interval(total.sum, &total.unit))
}

impl<'a> Brief<'a> {
    fn facts(&self) -> Vec<&'a Fact> {
        let ids = self.view.states().authorities.named_in(self.party);
        Cluster::each(&self.view, ids).iter().map(Cluster::first).collect()
    }

    fn row(&mut self, section: &str, fact: &Fact, status: &str, amount: String) {
        let when = fact.occurred.as_ref().or(fact.period.as_ref()).map_or_else(String::new, ToString::to_string);
        let row = vec![
            section.into(),
            fact.id.as_str().into(),
            text_of(fact, self.sensitive).into(),
            status.into(),
            amount.into(),
            when.into(),
        ];
        self.data.rows.push(row);
    }

    fn who(&self, fact: &Fact) -> Section {
        let mut pairs = Vec::new();
        if let Body::Party { kind, identifiers } = &fact.body {
            pairs.push(("kind".to_owned(), kind.word().replace('-', " ")));
            let codes: Vec<String> = identifiers.iter().map(|i| format!("{} {}", i.scheme, i.value)).collect();
            if !codes.is_empty() {
                pairs.push(("codes".to_owned(), codes.join(", ")));
            }
        }
        let mut told: Vec<(&str, Vec<String>)> = Vec::new();
        for control in controls(&self.view, self.party) {
            let when = control.fact.occurred.as_ref().map_or_else(String::new, When::in_words);
            let to_come = if control.begun == Truth::No { ", still to come" } else { "" };
            let line = format!("{when}{to_come} ({})", control.fact.id);
            match told.last_mut().filter(|(by, _)| *by == control.by) {
                Some((_, lines)) => lines.push(line),
                None => told.push((control.by, vec![line])),
            }
        }
        for (by, lines) in told {
            let name = by.parse::<FactId>().ok().and_then(|id| self.view.fact(&id)).map_or(by, |f| f.text.as_str());
            pairs.push(("control".to_owned(), format!("{name}: {}", lines.join("; "))));
        }
        Section { heading: "Who it is".to_owned(), tone: Tone::Plain, blocks: vec![Block::Pairs(pairs)] }
    }

    fn item(&self, fact: &Fact, details: Vec<String>) -> Item {
        let when = fact.occurred.as_ref().or(fact.period.as_ref());
        let mut all = vec![fact.id.to_string()];
        all.extend(details.into_iter().filter(|d| !d.is_empty()));
        Item { mark: when.map_or_else(String::new, When::in_words), line: text_of(fact, self.sensitive), details: all }
    }

    /// The facts of some kinds that are about this party, oldest first.
    fn of_kinds(&mut self, heading: &str, kinds: &[Kind]) -> Option<Section> {
        let mut facts = self.facts();
        facts.retain(|f| {
            kinds.contains(&f.kind())
                && (f.about.contains(self.party) || f.to.contains(self.party) || f.by.contains(self.party))
        });
        facts.sort_by_key(|f| (f.window().earliest, f.window().latest));
        let mut items = Vec::new();
        for fact in &facts {
            let by: Vec<&str> = fact.by.iter().map(|id| self.view.name(id)).collect();
            let detail = match &fact.body {
                Body::Inspection { outcome, .. } => format!("by {}: {outcome}", by.join(", ")),
                Body::Notice { form } => format!("{form}, by {}", by.join(", ")),
                _ => String::new(),
            };
            items.push(self.item(fact, vec![detail]));
            self.row(heading, fact, "", String::new());
        }
        (!items.is_empty()).then(|| Section {
            heading: format!("{heading} ({})", items.len()),
            tone: Tone::Plain,
            blocks: vec![Block::Items(items)],
        })
    }

    fn complaints(&mut self, paid: &[Total<'a>]) -> Option<Section> {
        let mut facts = self.facts();
        facts.retain(|f| f.kind() == Kind::Complaint && f.about.contains(self.party));
        let is_part =
            |f: &Fact| f.links.iter().any(|l| l.kind == LinkKind::PartOf && facts.iter().any(|other| other.id == l.to));
        let upheld: u64 = facts
            .iter()
            .filter(|f| !is_part(f))
            .map(|f| match f.body {
                Body::Complaint { decision: Decision::Upheld, count, .. } => count.unwrap_or(1),
                _ => 0,
            })
            .sum();
        let mut items = Vec::new();
        for fact in &facts {
            let Body::Complaint { decision, reference, count: cases, .. } = &fact.body else { continue };
            let cases = cases
                .map_or_else(String::new, |n| count(usize::try_from(n).unwrap_or(usize::MAX), "decision", "decisions"));
            let detail = [decision.word().replace('-', " "), cases, reference.clone().unwrap_or_default()];
            let detail = detail.into_iter().filter(|d| !d.is_empty()).collect::<Vec<_>>().join(", ");
            items.push(self.item(fact, vec![detail]));
            self.row("complaint", fact, decision.word(), String::new());
        }
        let mut blocks = Vec::new();
        for total in paid {
            for fact in &total.counted {
                self.row("payout", fact, "counted", interval(total.sum, &total.unit));
            }
            for fact in &total.parts {
                self.row("payout", fact, "part of another", String::new());
            }
            let of = |facts: &[&'a Fact], note: &str| {
                facts.iter().map(|f| self.item(f, vec![told(f, Role::Paid), note.to_owned()])).collect::<Vec<_>>()
            };
            blocks.push(Block::Text(paid_line(total)));
            blocks.push(Block::Items(
                [of(&total.counted, "counted"), of(&total.parts, "left out: part of another")].concat(),
            ));
        }
        if items.is_empty() && blocks.is_empty() {
            return None;
        }
        blocks.insert(0, Block::Items(items));
        let upheld = count(usize::try_from(upheld).unwrap_or(usize::MAX), "decision", "decisions");
        let heading = format!("Complaints and payouts ({upheld} upheld)");
        Some(Section { heading, tone: Tone::Plain, blocks })
    }

    /// Every other role of money it tells of, each added up so that nothing counts twice; what somebody asks for or underspent is kept apart.
    fn money(&mut self) -> Option<Section> {
        let party = self.party.clone();
        let mut pairs = Vec::new();
        for role in
            Role::ALL.iter().filter(|r| !matches!(r, Role::Paid | Role::Target | Role::Measured | Role::Delivered))
        {
            let spoken_of = |f: &Fact| f.subjects().contains(&party) || f.by.contains(&party);
            let named = |f: &Fact| {
                (spoken_of(f) || f.amounts.iter().any(|a| a.payer.as_ref() == Some(&party))) && f.kind() != Kind::Payout
            };
            for t in total(&self.view, *role, named) {
                let told_by = |f: &&Fact| format!("{}, {}", f.id, f.voice.map_or("", heldto_fact::Voice::word));
                let ids: Vec<String> = t.counted.iter().map(told_by).collect();
                let overlap = if t.may_overlap { "; may overlap, so a range" } else { "" };
                let merged =
                    if t.merged > 0 { format!("; {} told again, counted once", t.merged) } else { String::new() };
                pairs.push((
                    role.word().to_owned(),
                    format!("{}{overlap}{merged} ({})", interval(t.sum, &t.unit), ids.join("; ")),
                ));
                for fact in &t.counted {
                    self.row("money", fact, role.word(), told(fact, *role));
                }
            }
        }
        (!pairs.is_empty()).then(|| Section {
            heading: "Money it speaks of, by role; told is not proved".to_owned(),
            tone: Tone::Plain,
            blocks: vec![Block::Pairs(pairs)],
        })
    }

    fn figures(&mut self) -> Option<Section> {
        let mut items = Vec::new();
        let metrics: Vec<&'a FactId> = self.view.states().metrics.measured().collect();
        for metric in metrics {
            let values = series(&self.view, metric, self.party);
            let Some(last) = values.last() else { continue };
            let age = last.window.latest.map(|l| (self.view.clock().as_of - l).num_days()).filter(|d| *d > 0);
            let age = age.map_or_else(String::new, |d| format!("newest value is {d} days old"));
            let lines: Vec<String> = values
                .iter()
                .map(|v| {
                    let when =
                        v.fact.period.as_ref().or(v.fact.occurred.as_ref()).map_or_else(String::new, When::in_words);
                    let voice = v.fact.voice.map_or("", heldto_fact::Voice::word);
                    format!("{}: {} ({voice}; {})", when, amount(v.amount), v.fact.id)
                })
                .collect();
            for v in &values {
                self.row("figure", v.fact, metric.as_str(), amount(v.amount));
            }
            let details = lines.into_iter().chain((!age.is_empty()).then_some(age)).collect();
            items.push(Item { mark: String::new(), line: self.view.name(metric).to_owned(), details });
        }
        (!items.is_empty()).then(|| Section {
            heading: "Figures".to_owned(),
            tone: Tone::Plain,
            blocks: vec![Block::Items(items)],
        })
    }

    fn questions(&mut self) -> Option<Section> {
        let mut facts = self.facts();
        facts.retain(|f| f.kind() == Kind::Question && f.to.contains(self.party));
        let mut items = Vec::new();
        for fact in &facts {
            let Body::Question { answer } = &fact.body else { continue };
            let word = match answer {
                Answer::Answered => "answered",
                Answer::PartlyAnswered => "answered in part",
                Answer::Declined => "declined",
                Answer::Silence => "no answer",
                Answer::NotKnown => "answer not known",
            };
            items.push(Item { mark: word.to_owned(), ..self.item(fact, vec![]) });
            self.row("question", fact, answer.word(), String::new());
        }
        (!items.is_empty()).then(|| Section {
            heading: format!("Questions put to it ({})", items.len()),
            tone: Tone::Plain,
            blocks: vec![Block::Items(items)],
        })
    }
}

fn told(fact: &Fact, role: Role) -> String {
    let amounts: Vec<String> = fact.amounts.iter().filter(|a| a.role == role).map(amount).collect();
    let known = fact.occurred.as_ref().and_then(|w| w.window().latest).map(day);
    match known {
        Some(day) if fact.occurred.as_ref().is_some_and(|w| w.window().earliest.is_none()) => {
            format!("{} (by {day})", amounts.join(", "))
        }
        _ => amounts.join(", "),
    }
}
