//! `redact`: erases facts for good, here and in what was published from here, and records that
//! they were erased. The store destroys the bytes. Start at [`run`].

mod descendants;

use super::{counted, plain, publish, site};
use crate::args::{Global, RedactArgs};
use crate::error::{CommandError, FAILED, INPUT, io};
use crate::open::{Access, LocalLedger};
use crate::prompt::{Prompt, is_yes};
use crate::publications::{self, Publication};
use crate::published::FileSource;
use crate::{Env, RunOutput, bucket, copy, open};
use descendants::{Descendant, Erasing, Words, descendants};
use heldto_fact::{Body, Content, FactId};
use heldto_ledger::Redaction;
use heldto_proof::{Entry, Role, Verifier};
use heldto_store::Log;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// Erases the named records once everything that descends from them is decided.
///
/// The redactions are durable before anything is destroyed; a place that cannot be cleaned is
/// named, and the exit code is 1 then.
pub fn run(env: &mut Env<'_>, global: &Global, args: &RedactArgs) -> Result<RunOutput, CommandError> {
    if args.clean {
        copy::finish_erasure(env, global)?;
        open::say_notices(env, global);
        let open = open::ledger(env, &Global { quiet: true, ..global.clone() }, Access::Write)?;
        for path in &args.published {
            publications::remember(&open::folder(global), place(env, &open, path, args)?)?;
        }
        drop(open);
        return finished(env, global, args, String::new());
    }
    let ground = stated(args.ground.as_deref().unwrap_or_default(), "ground")?;
    let by = stated(args.by.as_deref().unwrap_or_default(), "author")?;
    let access = if args.dry_run { Access::Read } else { Access::Write };
    let mut open = open::ledger(env, global, access)?;
    open.set_clock_policy(args.clock.policy());
    let places = args.published.iter().map(|path| place(env, &open, path, args)).collect::<Result<Vec<_>, _>>()?;
    let targets = targets(&open, args)?;
    let stated = [ground.as_str(), by.as_str()].map(Words::of);
    if targets.iter().any(|target| stated.iter().any(|stated| target.is_told_by(stated))) {
        return Err(CommandError::new(INPUT, "the ground or the author tells what is to be erased")
            .hint("both are published for good: name an office, and a law or a rule"));
    }
    refuse_to_reinstate(&targets)?;
    let descendants = descendants(&open, &targets, args.words_only)?;
    let undecided = undecided(&open, &targets, &descendants, args)?;
    if !undecided.is_empty() || args.dry_run {
        return answer(env, &targets, &descendants, &undecided, args);
    }
    let redactions = redactions(&open, &targets, args.words_only, (&ground, &by))?;
    let what = counted(targets.len() as u64, "record", "records");
    let what = if args.words_only { format!("the quoted words of {what}") } else { what };
    let hidden = descendants.values().filter(|about| !is_told(about, args)).count() as u64;
    if hidden > 0 {
        let are = counted(hidden, "record about a child or a family", "records about children or families");
        (env.eprintln)(&format!(
            "note: {are} with something of it would stay; to see which: add --sensitive --dry-run"
        ));
    }
    if args.words_only {
        (env.eprintln)("note: the digest of the words stays in the fact: short words can be confirmed by guessing");
    }
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
    for place in places {
        publications::remember(&open::folder(global), place)?;
    }
    let entries = open.redact(&redactions, (env.now)(), env.random)?;
    let other_files = files_with(&open::folder(global), &targets);
    let copied = copy::catch_up(env, global, &open);
    drop(open);
    let as_recorded = match entries.end - entries.start {
        1 => format!("entry {} records", entries.start),
        _ => format!("entries {} to {} record", entries.start, entries.end - 1),
    };
    let mut said = format!("{what} erased, as {as_recorded}\n");
    if let Err(error) = copied {
        said.push_str(&format!(
            "  NOT CLEANED  {}: {}; to try again: heldto --ledger ADDRESS follow\n",
            copy::place(global).display(),
            error.message
        ));
    }
    for path in other_files {
        said.push_str(&format!("  not touched  {}: it still has the words\n", path.display()));
    }
    finished(env, global, args, said)
}

/// Cleans the places that were published to, and returns what is said of the whole.
fn finished(
    env: &mut Env<'_>,
    global: &Global,
    args: &RedactArgs,
    mut said: String,
) -> Result<RunOutput, CommandError> {
    let unreached = clean(env, global, args, &mut said)?;
    said.push_str(OUT_OF_REACH);
    let exit_code = if unreached { FAILED } else { 0 };
    Ok(RunOutput { exit_code, ..plain(if global.quiet { String::new() } else { said }) })
}

/// Returns a place to clean, which must hold this ledger.
fn place(env: &Env<'_>, open: &LocalLedger, path: &Path, args: &RedactArgs) -> Result<Publication, CommandError> {
    let none = || {
        let message = format!("{} holds no publication of this ledger", path.display());
        CommandError::new(INPUT, message).hint("name a folder that `heldto publish` or `heldto site build` wrote")
    };
    let mut publication = Publication::of_folder(&publish::args_of(path, &args.clock));
    if path.is_file() {
        let page = std::fs::read(path).map_err(|e| io(&format!("cannot read {}", path.display()), &e))?;
        if !heldto_site::is_standalone(&page) {
            return Err(none());
        }
        (publication.site, publication.single) = (true, true);
        return Ok(publication);
    }
    let first = Verifier { name: open.genesis().origin.clone(), key: open.genesis().key };
    let source = FileSource::open(env, &path.to_string_lossy())?;
    if source.file("checkpoint")?.is_none() || source.file("first-key")? != Some(format!("{first}\n").into_bytes()) {
        return Err(none());
    }
    publication.site = path.join(heldto_site::MANIFEST).is_file();
    Ok(publication)
}

/// Copies that the program does not know of.
const OUT_OF_REACH: &str = "Not reached: facts files, drafts of `edit`, backups, exports, proofs and pages given to others, copies by others, \
     and the history of version control. Delete those that are yours, and ask the others.\n";

/// Returns a text that is recorded for good: short, and of one line.
pub fn stated(text: &str, what: &str) -> Result<String, CommandError> {
    let hint = "write an office, and a law or a rule, in a line of up to 200 characters; both are published";
    let refused = |why: &str| Err(CommandError::new(INPUT, format!("the {what} {why}")).hint(hint));
    match text.trim() {
        "" => refused("is empty"),
        text if text.chars().any(char::is_control) => refused("has a line break or a control character"),
        text if text.chars().count() > 200 => refused("is too long"),
        text => Ok(text.to_owned()),
    }
}

/// Finds the records that the ids name.
///
/// # Errors
/// If there is none of an id, or it was erased already.
fn targets(open: &LocalLedger, args: &RedactArgs) -> Result<Vec<Erasing>, CommandError> {
    let mut found = Vec::new();
    for id in args.ids.iter().collect::<BTreeSet<_>>() {
        let before = found.len();
        for recorded in open.versions(id)? {
            match recorded.content {
                Content::Known(fact) if fact.id == *id => found.push(Erasing { index: recorded.index, fact }),
                _ => {}
            }
        }
        if found.len() == before {
            return Err(match open.erased_ids([id])?.get(id) {
                Some(by) => CommandError::new(INPUT, format!("`{id}` was erased already, as entry {by} records"))
                    .hint("to clean what was published once more: heldto redact --clean"),
                None => CommandError::new(INPUT, format!("there is no fact `{id}`"))
                    .hint("to list what is recorded: heldto timeline"),
            });
        }
    }
    Ok(found)
}

/// Refuses to erase a retraction whose fact would stand again by that.
fn refuse_to_reinstate(targets: &[Erasing]) -> Result<(), CommandError> {
    let is_erased = |id: &FactId| targets.iter().any(|target| target.fact.id == *id);
    let lone = targets.iter().find_map(|target| match &target.fact.body {
        Body::Retraction { of, .. } if !is_erased(of) => Some((&target.fact.id, of)),
        _ => None,
    });
    lone.map_or(Ok(()), |(id, of)| {
        Err(CommandError::new(INPUT, format!("`{of}` would stand again without its retraction `{id}`"))
            .hint(format!("erase both: name {of} too; or, to let it stand again: heldto retract {id} --reason TEXT")))
    })
}

/// Returns the other files in the ledger's folder, and in no folder inside, that have words of a
/// target.
fn files_with(folder: &Path, targets: &[Erasing]) -> Vec<PathBuf> {
    let texts: Vec<Words> = targets.iter().flat_map(Erasing::texts).collect();
    let inside = std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| folder.join(entry.file_name()));
    let has_words = |path: &PathBuf| {
        let is_small = std::fs::metadata(path).is_ok_and(|about| about.is_file() && about.len() <= 64 << 20);
        let text = if is_small { std::fs::read_to_string(path).unwrap_or_default() } else { String::new() };
        let words = Words::of(&text);
        texts.iter().any(|own| words.has(own))
    };
    let mut found: Vec<PathBuf> = inside.filter(has_words).collect();
    found.sort();
    found
}

/// Returns `true` if the id of a descendant is told: ids about children and families are told to
/// whoever asks, and those of other versions to whoever names the fact.
const fn is_told(about: &Descendant, args: &RedactArgs) -> bool {
    !about.is_sensitive || about.is_version || args.sensitive
}

/// Returns the descendants that the arguments do not decide.
///
/// # Errors
/// If a kept version of a sensitive fact would become public.
fn undecided(
    open: &LocalLedger,
    targets: &[Erasing],
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
    env: &mut Env<'_>,
    targets: &[Erasing],
    descendants: &BTreeMap<FactId, Descendant>,
    undecided: &[FactId],
    args: &RedactArgs,
) -> Result<RunOutput, CommandError> {
    let is_shown = |about: &Descendant| is_told(about, args);
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
    // A line each: an error is one line.
    said.lines().for_each(|line| (env.eprintln)(line));
    Err(CommandError::new(INPUT, format!("nothing was erased: {has}")).hint(hint))
}

/// Returns a redaction for each part to be erased.
///
/// # Errors
/// If a record has no quoted words, and only those are to be erased.
fn redactions(
    open: &LocalLedger,
    targets: &[Erasing],
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
    let mut unreached = false;
    let quiet = Global { quiet: true, ..global.clone() };
    for publication in publications::read(&open::folder(global))? {
        let path = publication.path.display();
        let is_there = if bucket::is_address(&publication.path) {
            let held = FileSource::open(env, &publication.path.to_string_lossy()).and_then(|at| at.file("checkpoint"));
            // Another cloud or account may have a bucket of the same name.
            !matches!(held, Ok(None))
        } else {
            publication.path.exists()
        };
        if !is_there {
            unreached = true;
            said.push_str(&format!(
                "  not found    {path}: if it was moved, take it out of publications.json, and: \
                 heldto redact --clean --published NEW-PLACE\n"
            ));
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
                said.push_str(&format!(
                    "  NOT CLEANED  {path}: {}\n               to try again: heldto redact --clean\n",
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
