//! Explains the status of a commitment, down to entries, sources and lines. Knows no rules of
//! judging: the judgement states its reasons. Start at [`explain`].

use crate::fact_line::{cited, entry, occurred, public_by, sources};
use crate::pledges::{answers, shade_of};
use crate::wording::{self, judgement, label, names, target, voice_of};
use crate::{Block, Document, Item, Lane, LaneSpan, ReportBasis, Section, TimeChart, Tone, columns};
use heldto_fact::{Body, Commitment, Fact, FactId, Recommendation};
use heldto_replay::{Judgement, Reason, Standing, Status, View, history, judge_each};

/// Returns the argument for a commitment's status, or for a recommendation's with each addressee.
///
/// `None` if the id is neither.
#[must_use]
pub fn explain(view: &View<'_>, id: &FactId, basis: ReportBasis) -> Option<Document> {
    let judged = judge_each(view, id);
    let first = judged.first()?;
    let one = judged.len() == 1;
    let title = if one {
        wording::explain::title(&first.mentions[0].id, first.status)
    } else {
        wording::explain::title_for_each(&first.mentions[0].id)
    };
    let mut document = Document::new(title, basis, COLUMNS);
    // Measurements are not linked to the commitments they settle, so the newest source is that of
    // everything considered.
    let looked_at = judged.iter().flat_map(|j| j.mentions.iter().copied().chain(j.reasons.iter().map(|r| r.fact)));
    let sources = looked_at.flat_map(|f| &f.cites).filter_map(|c| view.fact(&c.source));
    document.basis.newest_source = document.basis.newest_source.max(view.newest_source(sources));
    for j in &judged {
        let to = if one { String::new() } else { format!("{}: ", owners(view, j)) };
        argue(view, j, &to, &mut document);
    }
    Some(document)
}

/// Adds the argument for one judgement.
fn argue(view: &View<'_>, j: &Judgement<'_>, to: &str, document: &mut Document) {
    let first = j.mentions[0];
    let sections = &mut document.sections;
    document.data.rows.extend(j.mentions.iter().map(|mention| cells(view, mention, None)));
    document.data.rows.extend(j.reasons.iter().map(|reason| cells(view, reason.fact, Some(reason))));
    sections.push(Section {
        heading: format!("{to}{}: {}", j.status, wording::status::meaning(j.status)),
        tone: j.status.into(),
        blocks: vec![Block::Pairs(argument(view, j))],
    });
    let answered: Vec<Item> = answers(view, j).into_iter().map(|answer| item(view, answer, String::new())).collect();
    if !answered.is_empty() {
        sections.push(plain(wording::explain::ANSWERS, Block::Items(answered)));
    }
    if j.status != Status::NotYetKnown {
        let undertaken = match &first.body {
            Body::Pledge(commitment) => Some(terms(view, first, commitment, j)),
            Body::Recommendation(asked) => Some(recommended(view, first, asked, j)),
            _ => None,
        };
        sections.extend(undertaken.map(|pairs| Section {
            heading:
                if j.answer.is_some() { wording::explain::RECOMMENDATION } else { wording::explain::TERMS }.to_owned(),
            tone: Tone::Plain,
            blocks: vec![Block::Text(first.text.clone()), Block::Pairs(pairs)],
        }));
    }
    sections.extend(stood(view, j));
    let items =
        |facts: Vec<(&Fact, String)>| Block::Items(facts.into_iter().map(|(f, shows)| item(view, f, shows)).collect());
    // A commitment not yet known by the day is listed without its mentions.
    let mentions = j.mentions.iter().filter(|_| j.status != Status::NotYetKnown).map(|t| (*t, String::new())).collect();
    sections.push(plain(wording::explain::WHERE_RECORDED, items(mentions)));
    for (heading, used) in [(wording::explain::RESTS_ON, true), (wording::explain::NOT_DECISIVE, false)] {
        let facts: Vec<_> = j
            .reasons
            .iter()
            .filter(|r| r.used == used)
            .map(|r| (r.fact, wording::explain::shows(&judgement::shown(r))))
            .collect();
        if !facts.is_empty() {
            sections.push(plain(heading, items(facts)));
        }
    }
}

/// Returns how the commitment stood on earlier days, drawn and in words; `None` if unknown.
fn stood(view: &View<'_>, j: &Judgement<'_>) -> Option<Section> {
    let history = history(view, j);
    let to = j.as_of.min(view.clock().known_by);
    let from = history.first()?.from;
    let ends = history.iter().skip(1).map(|next| next.from.pred_opt().unwrap_or(next.from)).chain([to]);
    let spans = history.iter().zip(ends);
    let drawn = |(standing, to): (&Standing, _)| LaneSpan {
        from: standing.from,
        to,
        shade: shade_of(standing.status, standing.grade),
    };
    let in_words = |standing: &Standing| {
        (wording::explain::since(standing.from), wording::explain::stood(standing.status, standing.grade))
    };
    let pairs: Vec<(String, String)> = history.iter().map(in_words).collect();
    let chart = TimeChart {
        title: j.mentions[0].text.clone(),
        text: wording::explain::picture(&pairs),
        from,
        to,
        lanes: vec![Lane { label: wording::explain::STOOD.to_owned(), spans: spans.map(drawn).collect() }],
    };
    let by = Block::Text(wording::explain::STOOD_BY.to_owned());
    let blocks = vec![by, Block::TimeChart(chart), Block::Pairs(pairs)];
    Some(Section::plain(wording::explain::STOOD, blocks))
}

fn owners(view: &View<'_>, j: &Judgement<'_>) -> String {
    j.owners.iter().map(|id| names(view, std::slice::from_ref(*id))).collect::<Vec<_>>().join(", ")
}

fn plain(heading: &str, block: Block) -> Section {
    Section::plain(heading, vec![block])
}

fn argument(view: &View<'_>, j: &Judgement<'_>) -> Vec<(String, String)> {
    let mut pairs =
        vec![(label::RULE.to_owned(), judgement::finding(j)), (label::EVIDENCE.to_owned(), j.grade.to_string())];
    let mut put = |name: &str, value: Option<String>| pairs.extend(value.map(|v| (name.to_owned(), v)));
    put(label::NOT_SHOWN, (!j.missing.is_empty()).then(|| wording::pledges::gaps(&j.missing)));
    put(label::WOULD_SETTLE, j.settles.map(|r| judgement::remedy(r).to_owned()));
    let notes = judgement::notes(view, j);
    put(label::NOTES, (!notes.is_empty()).then(|| notes.join("; ")));
    pairs
}

fn terms(view: &View<'_>, fact: &Fact, c: &Commitment, j: &Judgement<'_>) -> Vec<(String, String)> {
    let mut pairs = Vec::new();
    let mut put = |name: &str, value: String| {
        if !value.is_empty() {
            pairs.push((name.to_owned(), value));
        }
    };
    put(label::OWED_BY, names(view, &fact.by));
    put(label::OWED_TO, names(view, &fact.to));
    put(label::FORCE, c.force.as_str().to_owned());
    put(label::TARGET, c.target.as_ref().map(target).unwrap_or_default());
    put(label::TARGET_NOW, j.target.filter(|now| Some(*now) != c.target.as_ref()).map(target).unwrap_or_default());
    if let Some(due) = &c.due {
        put(label::DUE, wording::date::due(due));
        put(label::AS_WORDED, due.terms.clone().unwrap_or_default());
        put(label::WORKED_OUT_AS, due.rule.as_ref().map(wording::date::due_rule).unwrap_or_default());
    }
    put(label::MET_IF, c.test.clone().unwrap_or_default());
    if c.personal {
        put(label::PERSONAL, wording::explain::LAPSES.to_owned());
    }
    put(label::NOTE, fact.note.clone().unwrap_or_default());
    pairs
}

/// Returns a recommendation's parties, its answer and the terms it is judged by.
fn recommended(view: &View<'_>, fact: &Fact, asked: &Recommendation, j: &Judgement<'_>) -> Vec<(String, String)> {
    let pairs = [
        (label::RECOMMENDED_BY, names(view, &fact.by)),
        (label::TO, names(view, &fact.to)),
        (label::NUMBER, asked.number.clone().unwrap_or_default()),
        (label::TARGET, asked.terms.target.as_ref().map(target).unwrap_or_default()),
        (label::DUE, asked.terms.due.as_ref().map(wording::date::due).unwrap_or_default()),
        (label::ANSWER_DUE, asked.answer_due.as_ref().map(wording::date::due).unwrap_or_default()),
        (label::ANSWER, j.answer.map(|a| format!("{} ({})", a.text, a.id)).unwrap_or_default()),
        (label::TARGET_AS_ACCEPTED, j.target.filter(|_| j.answer.is_some()).map(target).unwrap_or_default()),
        (label::NOTE, fact.note.clone().unwrap_or_default()),
    ];
    pairs.into_iter().filter(|(_, value)| !value.is_empty()).map(|(name, value)| (name.to_owned(), value)).collect()
}

fn item(view: &View<'_>, fact: &Fact, shows: String) -> Item {
    let known = public_by(view, fact).map(|known| format!(", {known}")).unwrap_or_default();
    let mut details = vec![format!("{} · {}{known}{}", fact.id, entry(view, fact), voice_of(fact))];
    if !shows.is_empty() {
        details.push(shows);
    }
    details.extend(fact.note.as_deref().map(wording::fact_line::note));
    Item { id: fact.id.to_string(), mark: occurred(fact), line: fact.text.clone(), details, cites: cited(view, [fact]) }
}

columns!(COLUMNS, fn cells(view: &View<'_>, fact: &Fact, reason: Option<&Reason<'_>>) {
    "role" => if reason.is_some() { "evidence" } else { "telling" },
    "id" => &fact.id,
    "entry" => view.version(&fact.id).map(|version| version.index),
    "text" => fact.text.as_str(),
    "shows" => reason.map(judgement::shown),
    "grade" => reason.map(|reason| reason.grade.as_str()),
    "used" => reason.is_none_or(|reason| reason.used),
    "known-from" => view.fact_known_from(&fact.id),
    "sources" => sources(view, [fact]),
    "cites" => cited(view, [fact]),
});
