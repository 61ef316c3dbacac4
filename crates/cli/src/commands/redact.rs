//! `redact`: erases facts for good, here and in what was published from here, and records that
//! they were erased. The store destroys the bytes. Start at [`run`].

use super::{counted, plain, publish, site};
use crate::args::{Global, RedactArgs};
use crate::error::{CommandError, FAILED, INPUT};
use crate::open::{Access, LocalLedger};
use crate::prompt::{Prompt, is_yes};
use crate::publications::{self, Publication};
use crate::{Env, RunOutput, open};
use heldto_fact::{Body, Content, Fact, FactId};
use heldto_intake::to_json;
use heldto_ledger::Redaction;
use heldto_proof::{Entry, Role};
use heldto_store::Log;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// Erases the named records once everything that descends from them is decided.
///
/// The redactions are durable before anything is destroyed; a place that cannot be cleaned is
/// named, and the exit code is 1 then.
pub fn run(env: &mut Env<'_>, global: &Global, args: &RedactArgs) -> Result<RunOutput, CommandError> {
    let ground = stated(&args.ground, "ground")?;
    let by = stated(&args.by, "author")?;
    let access = if args.dry_run { Access::Read } else { Access::Write };
    let mut open = open::ledger(env, global, access)?;
    open.set_clock_policy(args.clock.policy());
    let targets = targets(&open, args)?;
    for target in &targets {
        let told = |text: &str| ground.contains(text) || by.contains(text);
        if told(target.fact.id.as_str()) || needles(&target.fact).iter().any(|needle| told(needle)) {
            return Err(CommandError::new(INPUT, "the ground or the author tells what is to be erased")
                .hint("both are published for good: name an office, and a law or a rule"));
        }
    }
    let descendants = descendants(&open, &targets, args.words_only)?;
    let undecided = undecided(&open, &targets, &descendants, args)?;
    if !undecided.is_empty() || args.dry_run {
        return answer(&targets, &descendants, &undecided, args);
    }
    let redactions = redactions(&open, &targets, args.words_only, (&ground, &by))?;
    let what = counted(targets.len() as u64, "record", "records");
    let what = if args.words_only { format!("the quoted words of {what}") } else { what };
    if !args.yes {
        (env.eprintln)(&format!(
            "{what} would be erased for good, and nobody can bring that back. The kind and the time stay."
        ));
        match (env.ask)(&Prompt::free("Erase? [y/N]")) {
            Ok(answer) if is_yes(&answer) => {}
            Ok(_) => return Err(CommandError::new(FAILED, "nothing was erased")),
            Err(none) => {
                let nobody = CommandError::new(INPUT, "nothing was erased");
                return Err(none.or(nobody.hint("to do it without a question, add --yes")));
            }
        }
    }
    let entries = open.redact(&redactions, (env.now)(), env.random)?;
    drop(open);
    let as_recorded = match entries.end - entries.start {
        1 => format!("entry {} records", entries.start),
        _ => format!("entries {} to {} record", entries.start, entries.end - 1),
    };
    let mut said = format!("{what} erased, as {as_recorded}\n");
    let unreached = clean(env, global, args, &mut said)?;
    said.push_str(OUT_OF_REACH);
    let exit_code = if unreached { FAILED } else { 0 };
    Ok(RunOutput { exit_code, ..plain(if global.quiet { String::new() } else { said }) })
}

/// Copies that the program does not know of.
const OUT_OF_REACH: &str = "Not reached: backups, exports, proofs and pages given to others, copies by others, and the history of \
     version control. Delete those that are yours, and ask the others.\n";

/// Returns a text that is recorded for good.
fn stated(text: &str, what: &str) -> Result<String, CommandError> {
    match text.trim() {
        "" => Err(CommandError::new(INPUT, format!("the {what} of the erasure is empty"))
            .hint("write an office, and a law or a rule; both are published")),
        text => Ok(text.to_owned()),
    }
}

/// A record to erase.
struct Target {
    index: u64,
    fact: Fact,
    is_sensitive: bool,
}

/// Finds the records that the ids name.
///
/// # Errors
/// If there is none of an id, or it was erased already.
fn targets(open: &LocalLedger, args: &RedactArgs) -> Result<Vec<Target>, CommandError> {
    let sensitive = open.sensitive()?.entities;
    let mut found = Vec::new();
    for id in args.ids.iter().collect::<BTreeSet<_>>() {
        let before = found.len();
        for recorded in open.versions(id)? {
            match recorded.content {
                Content::Known(fact) if fact.id == *id => {
                    let is_sensitive = sensitive.contains(fact.entity_id());
                    found.push(Target { index: recorded.index, fact, is_sensitive });
                }
                _ => {}
            }
        }
        if found.len() == before {
            return Err(match open.erased_ids([id])?.get(id) {
                Some(by) => CommandError::new(INPUT, format!("`{id}` was erased already, as entry {by} records")),
                None => CommandError::new(INPUT, format!("there is no fact `{id}`"))
                    .hint("heldto search WORDS finds facts by their words"),
            });
        }
    }
    Ok(found)
}

/// Returns the words by which a copy of a fact's text is found in others: 12 characters or more.
fn needles(fact: &Fact) -> Vec<String> {
    let of = match &fact.body {
        Body::Correction { replacement, .. } => replacement,
        _ => fact,
    };
    let words = of.quotations().filter_map(|quotation| quotation.words.as_deref());
    let is_body = matches!(of.body, Body::Party { .. } | Body::Metric { .. });
    let text = Some(of.text.as_str()).filter(|_| !is_body);
    words.chain(text).filter(|text| text.chars().count() >= 12).map(str::to_lowercase).collect()
}

/// A record that has something of one that is to be erased.
struct Descendant {
    why: &'static str,
    is_sensitive: bool,
    /// `true` if it is another version of the same fact, which is not itself marked sensitive.
    would_be_public: bool,
}

/// Finds the records that correct, withdraw or name one of the targets, or have the same words.
///
/// Reads the whole log.
fn descendants(
    open: &LocalLedger,
    targets: &[Target],
    words_only: bool,
) -> Result<BTreeMap<FactId, Descendant>, CommandError> {
    let sensitive = open.sensitive()?.entities;
    let own: BTreeSet<&FactId> = targets.iter().map(|target| &target.fact.id).collect();
    let ids: BTreeSet<FactId> =
        if words_only { BTreeSet::new() } else { targets.iter().map(|target| target.fact.id.clone()).collect() };
    let entities: BTreeSet<&FactId> = targets.iter().map(|target| target.fact.entity_id()).collect();
    let needles: Vec<String> = targets.iter().flat_map(|target| needles(&target.fact)).collect();
    let mut found = BTreeMap::new();
    for recorded in open.recorded(0..open.head().size()) {
        let Content::Known(fact) = recorded?.content else { continue };
        if own.contains(&fact.id) {
            continue;
        }
        let is_version = entities.contains(fact.entity_id());
        let text = || to_json(&fact).to_string().to_lowercase();
        let has_words = |text: String| needles.iter().any(|needle| text.contains(json_inside(needle).as_str()));
        let why = match &fact.body {
            Body::Correction { .. } if is_version && !words_only => "is a correction of it",
            Body::Retraction { .. } if is_version && !words_only => "withdraws it",
            _ if is_version && !words_only => "is the fact it amends",
            _ if fact.names_any(&ids) => "names it",
            _ if has_words(text()) => "has the same words",
            _ => continue,
        };
        let is_sensitive = sensitive.contains(fact.entity_id());
        let would_be_public = is_version
            && is_sensitive
            && !fact.marks_sensitive()
            && !matches!(fact.body, Body::Retraction { .. })
            && targets.iter().any(|target| target.fact.entity_id() == fact.entity_id());
        found.insert(fact.id.clone(), Descendant { why, is_sensitive, would_be_public });
    }
    Ok(found)
}

/// Returns a text as it stands inside a JSON string.
fn json_inside(text: &str) -> String {
    let quoted = serde_json::Value::from(text).to_string();
    quoted.trim_start_matches('"').strip_suffix('"').unwrap_or(&quoted).to_owned()
}

/// Returns the descendants that the arguments do not decide.
///
/// # Errors
/// If a kept version of a sensitive fact would become public.
fn undecided(
    open: &LocalLedger,
    targets: &[Target],
    descendants: &BTreeMap<FactId, Descendant>,
    args: &RedactArgs,
) -> Result<Vec<FactId>, CommandError> {
    for id in &args.keep {
        if targets.iter().any(|target| target.fact.id == *id) {
            return Err(CommandError::new(INPUT, format!("`{id}` cannot be both erased and kept")));
        }
        if !descendants.contains_key(id) && open.versions(id)?.is_empty() {
            return Err(CommandError::new(INPUT, format!("there is no fact `{id}` to keep")));
        }
    }
    let is_kept = |id: &FactId| args.keep_others || args.keep.contains(id);
    if let Some((id, _)) = descendants.iter().find(|(id, about)| about.would_be_public && is_kept(id)) {
        let message = format!("`{id}` would become public: only the version to be erased is marked sensitive");
        return Err(CommandError::new(INPUT, message)
            .hint("erase both; or first correct the fact, with sensitive = true, and keep that correction"));
    }
    Ok(descendants.keys().filter(|id| !is_kept(id)).cloned().collect())
}

/// Lists what would be erased and what refers to it; an error unless everything is decided.
fn answer(
    targets: &[Target],
    descendants: &BTreeMap<FactId, Descendant>,
    undecided: &[FactId],
    args: &RedactArgs,
) -> Result<RunOutput, CommandError> {
    // Ids about children and families are told to whoever names such a fact, or asks.
    let is_shown =
        |about: &Descendant| !about.is_sensitive || args.sensitive || targets.iter().all(|target| target.is_sensitive);
    let mut said = String::new();
    let what = if args.words_only { "words of" } else { "record" };
    for target in targets {
        said.push_str(&format!("  erase  {}  {what} entry {}\n", target.fact.id, target.index));
    }
    let mut hidden = 0_u64;
    for (id, about) in descendants {
        let is_open = undecided.contains(id);
        if is_shown(about) {
            said.push_str(&format!("  {}  {id}  {}\n", if is_open { "open " } else { "keep " }, about.why));
        } else if is_open {
            hidden += 1;
        }
    }
    if undecided.is_empty() {
        return Ok(plain(format!("{said}Dry run: nothing was erased.\n")));
    }
    let has = counted(
        undecided.len() as u64,
        "other record has something of what is to be erased",
        "other records have something of what is to be erased",
    );
    if hidden > 0 {
        let are = counted(hidden, "more is about a child or a family", "more are about children or families");
        said.push_str(&format!("  {are}; to see which: add --sensitive\n"));
    }
    let shown: Vec<&FactId> = undecided.iter().filter(|id| descendants.get(*id).is_some_and(is_shown)).collect();
    let first = shown.first().map_or("ID", |id| id.as_str());
    let hint = format!(
        "decide each: name it too, to erase it ({first}), or add --keep {first} to leave it as it is; --keep-others keeps all"
    );
    let message = format!("nothing was erased: {has}\n{}", said.trim_end());
    Err(CommandError::new(INPUT, message).hint(hint))
}

/// Returns a redaction for each part to be erased.
///
/// # Errors
/// If a record has no quoted words, and only those are to be erased.
fn redactions(
    open: &LocalLedger,
    targets: &[Target],
    words_only: bool,
    (ground, by): (&str, &str),
) -> Result<Vec<Redaction>, CommandError> {
    let mut found = Vec::new();
    for target in targets {
        let stored = open.store().entry(target.index)?;
        let entry = Entry::decode(&stored.entry).map_err(|error| CommandError::new(FAILED, error.to_string()))?;
        let before = found.len();
        for (number, _) in &stored.parts {
            let role = entry.parts.get(usize::from(*number)).map(|part| part.role);
            if !words_only || role == Some(Role::Quotation) {
                let (ground, by) = (ground.to_owned(), by.to_owned());
                found.push(Redaction { entry: target.index, part: u64::from(*number), ground, by });
            }
        }
        if found.len() == before {
            let id = &target.fact.id;
            return Err(CommandError::new(INPUT, format!("`{id}` quotes no words, or they were erased already")));
        }
    }
    Ok(found)
}

/// Publishes the ledger again wherever it was published from here; adds a line for each place, and
/// returns `true` if one was not reached.
fn clean(env: &mut Env<'_>, global: &Global, args: &RedactArgs, said: &mut String) -> Result<bool, CommandError> {
    for dir in &args.published {
        let publication = if dir.join(heldto_site::MANIFEST).is_file() || dir.is_file() {
            let mut args = Publication::of_folder(&publish::args_of(dir, &args.clock));
            args.site = true;
            args.single = dir.is_file();
            args
        } else {
            Publication::of_folder(&publish::args_of(dir, &args.clock))
        };
        if !publications::read(global)?.iter().any(|known| known.path == publication.path) {
            publications::remember(global, publication)?;
        }
    }
    let mut unreached = false;
    let quiet = Global { quiet: true, ..global.clone() };
    for publication in publications::read(global)? {
        let path = publication.path.display();
        if !publication.path.exists() {
            said.push_str(&format!("  not found    {path}: if it was moved, add --published with its new place\n"));
            continue;
        }
        let again = publication.to_args(&args.clock);
        let done = match publication.site {
            true => site::build(env, &quiet, &again),
            false => publish::run(env, &quiet, &again.publish),
        };
        match done {
            Ok(_) => said.push_str(&format!("  cleaned      {path}{}\n", history_of(&publication.path))),
            Err(error) => {
                unreached = true;
                let command = if publication.site { "site build" } else { "publish" };
                said.push_str(&format!(
                    "  NOT CLEANED  {path}: {}\n               to do it: heldto {command} {path}\n",
                    error.message
                ));
            }
        }
    }
    Ok(unreached)
}

/// Returns a warning if a folder is under version control.
fn history_of(path: &Path) -> &'static str {
    let is_kept = path.ancestors().any(|folder| folder.join(".git").exists());
    if is_kept { " (its git history still has what was erased)" } else { "" }
}
