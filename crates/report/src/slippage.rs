//! Finds every move of a due date: from when to when, by whom, and with which explanation. Knows no
//! clock but that of the view. Start at [`slippage`].

use crate::fact_line::{cited, ids_of, named, public_by};
use crate::pledges::{PledgeFilter, judged, terms};
use crate::wording::{self, days_between, names};
use crate::{Document, Item, ReportBasis, Selection, Tone, columns};
use heldto_fact::{Body, Due, Fact, LinkKind, Mode, Strength, Voice};
use heldto_replay::{Cluster, Judgement, View};

/// One move of a due date.
pub(crate) struct Move<'a> {
    /// Commitment, by its first mention.
    pub commitment: &'a Fact,
    /// Mention before the move, with its due date.
    pub from: (&'a Fact, &'a Due),
    /// Mention or decision that moved the date, with the new due date.
    pub to: (&'a Fact, &'a Due),
    /// Facts on record that speak to the move.
    pub explained: Vec<&'a Fact>,
}

impl Move<'_> {
    /// Returns the fewest and the most days by which the date moved.
    fn days(&self) -> (Option<i64>, Option<i64>) {
        days_between(self.from.1.window(), self.to.1.window())
    }
}

/// Returns the moved due dates of the matching commitments.
#[must_use]
pub fn slippage(selection: &Selection<'_, '_>, filter: &PledgeFilter, basis: ReportBasis) -> Document {
    let view = &selection.view();
    let mut document = Document::new(wording::slippage::TITLE, basis, COLUMNS);
    let judged = judged(selection, filter);
    let moves: Vec<Move<'_>> = judged.iter().flat_map(|j| moves(view, j)).collect();
    document.summary.extend(filter.describe().map(|words| wording::pledges::only(&words)));
    let silent = moves.iter().filter(|m| m.explained.is_empty()).count();
    document.summary.push(wording::slippage::summary(judged.len(), moves.len(), silent));
    document.data.rows.extend(moves.iter().map(|m| cells(view, m)));
    let (explained, silent): (Vec<_>, Vec<_>) = moves.iter().partition(|m| !m.explained.is_empty());
    let items = |moves: Vec<&Move<'_>>| moves.into_iter().map(|m| item(view, m)).collect();
    document.list(wording::slippage::UNEXPLAINED, Tone::Bad, items(silent));
    document.list(wording::slippage::EXPLAINED, Tone::Warning, items(explained));
    document
}

/// Returns the moves of a commitment's due date: between its mentions, by decisions, and to the
/// commitment that replaced it.
pub(crate) fn moves<'a>(view: &View<'a>, judgement: &Judgement<'a>) -> Vec<Move<'a>> {
    let replaced_by = judgement.mentions.iter().flat_map(|t| view.linked_as(&t.id, LinkKind::Supersedes));
    let later = replaced_by
        .filter(|(_, link)| link.strength != Strength::Possible)
        .flat_map(|(fact, _)| Cluster::of(view, fact).mentions.to_vec());
    let first = judgement.mentions[0];
    // Only owners move the date.
    let owns = |fact: &&'a Fact| {
        fact.voice != Some(Voice::Critic)
            && (fact.by.is_empty() || first.by.is_empty() || fact.by.iter().any(|owner| first.by.contains(owner)))
    };
    let dated = |fact: &'a Fact| Some((fact, terms(fact)?.due.as_ref()?));
    let mut dates: Vec<(&'a Fact, &'a Due)> =
        judgement.mentions.iter().copied().filter(owns).filter_map(dated).collect();
    // A decision of the body that imposed the commitment moves the date, not the mention after it.
    dates.extend(judgement.moves.iter().copied());
    dates.sort_by_key(|(fact, _)| view.fact_known_from(&fact.id));
    dates.extend(later.filter(owns).filter_map(dated));
    // Windows that overlap may be one day, stated more or less exactly. Without a first day, when
    // recurring, or by a decision, the date moved if its end is later.
    let moved = dates.windows(2).filter(|pair| {
        let from = pair[0].1.window();
        let to = pair[1].1.window();
        let runs = matches!(pair[1].1.mode, Mode::Every(_))
            || (from.earliest.is_none() && to.earliest.is_none())
            || matches!(pair[1].0.body, Body::Decision { .. });
        !from.overlaps(to) || (runs && to.latest > from.latest.or(to.latest))
    });
    moved
        .map(|pair| Move {
            commitment: judgement.mentions[0],
            from: pair[0],
            to: pair[1],
            explained: explained(view, pair[1].0),
        })
        .collect()
}

/// Returns the statements and publications that answer, address or bear on the fact that moved a
/// date.
fn explained<'a>(view: &View<'a>, mention: &'a Fact) -> Vec<&'a Fact> {
    let speaks = |kind| matches!(kind, LinkKind::Answers | LinkKind::Addresses | LinkKind::BearsOn);
    let statement = |f: &Fact| matches!(f.kind(), heldto_fact::Kind::Statement | heldto_fact::Kind::Publication);
    view.linked_from(&mention.id).filter(|(f, l)| speaks(l.kind) && statement(f)).map(|(f, _)| f).collect()
}

fn item(view: &View<'_>, m: &Move<'_>) -> Item {
    let known = public_by(view, m.to.0).unwrap_or_else(|| wording::fact_line::PUBLIC_ON_AN_UNKNOWN_DAY.to_owned());
    let by = &m.to.0.by;
    let owners = if by.is_empty() { wording::slippage::UNNAMED.to_owned() } else { names(view, by) };
    let (least, most) = m.days();
    let mut details = vec![
        format!("{} · {}", m.commitment.id, wording::slippage::moved_by(&owners, &m.to.0.id, &known)),
        wording::slippage::moved(m.from.1, m.to.1, least, most),
    ];
    details.extend(m.explained.iter().map(|f| wording::slippage::about_the_move(&f.text, &f.id)));
    let cites = cited(view, [m.from.0, m.to.0].into_iter().chain(m.explained.iter().copied()));
    let id = m.commitment.id.to_string();
    let mark = wording::date::due(m.to.1);
    Item { id, mark, line: m.commitment.text.clone(), details, cites }
}

columns!(COLUMNS, fn cells(view: &View<'_>, m: &Move<'_>) {
    "id" => &m.commitment.id,
    "text" => m.commitment.text.as_str(),
    "from" => wording::date::due(m.from.1),
    "to" => wording::date::due(m.to.1),
    "moved-by" => named(view, &m.to.0.by),
    "days-least" => m.days().0,
    "days-most" => m.days().1,
    "told-in" => &m.to.0.id,
    "known-from" => view.fact_known_from(&m.to.0.id),
    "cites" => cited(view, [m.from.0, m.to.0]),
    "explained-by" => ids_of(m.explained.iter().copied()),
});
