//! Checks references between facts, which needs all facts together: each id must exist and fit.
//!
//! This module knows ids and kinds, but no other field. Start at [`check`].

use crate::near::did_you_mean;
use crate::problem::MOST_SHOWN;
use crate::read::Draft;
use crate::table::Reference;
use crate::{Known, Problem};
use heldto_fact::{Fact, FactId, Kind};
use std::collections::BTreeMap;

/// Returns a problem for each id that is given to two different facts, unknown, or of the wrong
/// kind.
///
/// `complete`: `true` if reading found no problem. If not, an unknown id may belong to a draft
/// without a valid id, and is not reported if there is one.
pub fn check(drafts: &[Draft], known: &Known, complete: bool) -> Vec<Problem> {
    let mut here: Known = BTreeMap::new();
    let mut first: BTreeMap<&FactId, &Option<Fact>> = BTreeMap::new();
    let mut problems = Vec::new();
    for draft in drafts {
        let Some((id, span)) = &draft.id else { continue };
        here.insert(id.clone(), draft.kind);
        if first.insert(id, &draft.fact).is_some_and(|before| before != &draft.fact) {
            let problem =
                Problem::new(span.clone(), format!("the id `{id}` is given to two different facts"), "second use");
            let help = format!("write \"{id}-2\", or another id that is unique in the ledger");
            problems.push(problem.help(help).in_file(draft.file));
        }
    }
    let all_read = complete || drafts.iter().all(|d| d.id.is_some());
    for draft in drafts {
        for reference in &draft.references {
            let kind = here.get(&reference.to).or_else(|| known.get(&reference.to));
            let word = reference.must_be.map_or("fact", Kind::as_str);
            if let (Some(name), true) = (&reference.name, problems.len() >= MOST_SHOWN) {
                problems.push(
                    Problem::new(reference.span.clone(), format!("`{name}` is not an id"), "").in_file(draft.file),
                );
                continue;
            }
            if let Some(name) = &reference.name {
                problems.push(named(name, reference, drafts, kind.copied()).in_file(draft.file));
                continue;
            }
            let problem = match (kind, reference.must_be) {
                (None, _) if !all_read => continue,
                (None, _) if problems.len() >= MOST_SHOWN => {
                    Problem::new(reference.span.clone(), format!("unknown {word} `{}`", reference.to), "")
                }
                (None, _) => {
                    let of_kind = |(id, kind): (&FactId, &Kind)| {
                        (reference.must_be.is_none_or(|m| m == *kind)).then(|| id.to_string())
                    };
                    let names: Vec<String> = here.iter().chain(known).filter_map(of_kind).collect();
                    let help = did_you_mean(reference.to.as_str(), names.iter().map(String::as_str));
                    let title = format!("unknown {word} `{}`", reference.to);
                    let problem = Problem::new(reference.span.clone(), title, format!("no {word} has this id"));
                    problem.help(help.unwrap_or_else(|| match ids(&here, reference.must_be.or(Some(Kind::Pledge))) {
                        Some(ids) => format!("write one of: {ids}; or declare it"),
                        None if word == "fact" => "declare it, or correct the id".to_owned(),
                        None => format!("declare it with [[{word}]], or correct the id"),
                    }))
                }
                (Some(found), Some(must_be)) if !fits(*found, must_be) => {
                    let title = format!("`{}` has the kind {found}, but this must be a {must_be}", reference.to);
                    let help = match ids(&here, Some(must_be)) {
                        Some(ids) => format!("write one of: {ids}; or declare one with [[{must_be}]]"),
                        None => format!("give the id of a {must_be}, or declare one with [[{must_be}]]"),
                    };
                    Problem::new(reference.span.clone(), title, format!("not a {must_be}")).help(help)
                }
                _ => continue,
            };
            problems.push(problem.in_file(draft.file));
        }
    }
    problems
}

/// Number of ids that are listed in a remedy.
const MOST_IDS: usize = 8;

/// Returns the first ids of a kind in these files, separated by commas; `None` if there are none.
fn ids(here: &Known, kind: Option<Kind>) -> Option<String> {
    let of_kind = here.iter().filter(|(_, found)| kind.is_some_and(|must_be| fits(**found, must_be)));
    let ids: Vec<&str> = of_kind.take(MOST_IDS).map(|(id, _)| id.as_str()).collect();
    (!ids.is_empty()).then(|| ids.join(", "))
}

/// Returns the problem of a name where an id is wanted, with the id of the fact that has the name.
fn named(name: &str, reference: &Reference, drafts: &[Draft], kind: Option<Kind>) -> Problem {
    let title = format!("`{name}` is not an id");
    let is_meant = |kind: Kind| reference.must_be.is_none_or(|must_be| fits(kind, must_be));
    let by_name = drafts.iter().find_map(|draft| {
        let fact = draft.fact.as_ref().filter(|fact| fact.text.eq_ignore_ascii_case(name))?;
        is_meant(fact.kind()).then_some(&fact.id)
    });
    let meant = by_name.or_else(|| kind.is_some_and(is_meant).then_some(&reference.to));
    let problem = Problem::new(reference.span.clone(), title, "a name");
    problem.help(match meant {
        Some(id) => format!("write \"{id}\""),
        None => {
            let list = match reference.must_be {
                Some(Kind::Source) => "sources",
                Some(Kind::Metric) => "metrics",
                Some(Kind::Pledge) => "commitments",
                _ => "parties",
            };
            format!("an id is short, of a-z, 0-9 and `-`; for those on record: heldto list {list}")
        }
    })
}

/// Returns `true` if a fact of kind `found` may be referred to as `must_be`: a recommendation can
/// be fulfilled like a commitment.
fn fits(found: Kind, must_be: Kind) -> bool {
    found == must_be || (must_be == Kind::Pledge && found == Kind::Recommendation)
}
