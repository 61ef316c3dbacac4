//! Checks references between facts, which needs all facts together: each id must exist and fit.
//!
//! This module knows ids and kinds, but no other field. Start at [`check`].

use crate::near::did_you_mean;
use crate::problem::MOST_SHOWN;
use crate::read::Draft;
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
            problems.push(
                problem.help("an id must be unique in the ledger: give this fact another id").in_file(draft.file),
            );
        }
    }
    let all_read = complete || drafts.iter().all(|d| d.id.is_some());
    for draft in drafts {
        for reference in &draft.references {
            let kind = here.get(&reference.to).or_else(|| known.get(&reference.to));
            let word = reference.must_be.map_or("fact", Kind::as_str);
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
                    let mut problem = Problem::new(reference.span.clone(), title, format!("no {word} has this id"));
                    problem.help = help.or_else(|| {
                        Some(format!(
                            "declare it with [[{}]], or correct the id",
                            if word == "fact" { "…" } else { word }
                        ))
                    });
                    problem
                }
                (Some(found), Some(must_be)) if !fits(*found, must_be) => {
                    let title = format!("`{}` has the kind {found}, but this must be a {must_be}", reference.to);
                    let help = format!("give the id of a {must_be}, or declare one with [[{must_be}]]");
                    Problem::new(reference.span.clone(), title, format!("not a {must_be}")).help(help)
                }
                _ => continue,
            };
            problems.push(problem.in_file(draft.file));
        }
    }
    problems
}

/// Returns `true` if a fact of kind `found` may be referred to as `must_be`: a recommendation can
/// be fulfilled like a commitment.
fn fits(found: Kind, must_be: Kind) -> bool {
    found == must_be || (must_be == Kind::Pledge && found == Kind::Recommendation)
}
