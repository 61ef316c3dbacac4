//! `add`: makes one fact of answers and options, and records it as `append` records a file. Start
//! at [`run`].

mod answers;
mod questions;

use super::append;
use crate::args::{AddArgs, AppendArgs, Global};
use crate::error::{CommandError, FAILED, INPUT, io};
use crate::open::Access;
use crate::prompt::{Choice, Prompt, is_yes};
use crate::{Env, RunOutput, load, open};
pub use answers::Answers;
use answers::Refusal;
use chrono::NaiveDate;
use heldto_fact::{Fact, FactId, Kind, PartyKind};
use heldto_intake::{File, to_toml};
use heldto_replay::{AllView, Clock};
use questions::questions;
pub use questions::{Question, Sort};
use std::io::Write;
use std::path::Path;

/// Makes a fact of options, and of answers on a terminal; shows it with what it changes, and
/// records it.
///
/// Nothing is recorded before the last question is answered.
pub fn run(env: &mut Env<'_>, global: &Global, args: &AddArgs) -> Result<RunOutput, CommandError> {
    args.into.as_deref().map_or(Ok(()), |path| open::not_of_ledger(env, global, path))?;
    let open = open::ledger(env, global, Access::Read)?;
    let facts = load::all(&open)?;
    drop(open);
    let today = env.today();
    let view = AllView::new(&facts, Clock { as_of: NaiveDate::MAX, known_by: NaiveDate::MAX });
    let kind = match args.kind {
        Some(kind) => kind,
        None => asked_kind(env)?,
    };
    let all = questions(kind);
    if all.is_empty() {
        let message = format!("a {kind} is not added by hand");
        return Err(CommandError::new(INPUT, message).hint("to see how one is made: heldto --help"));
    }
    let options = options(args);
    if let Some((key, _)) = options.iter().find(|(key, _)| !all.iter().any(|q| q.key == *key)) {
        let keys: Vec<&str> = all.iter().map(|question| question.key).collect();
        let message = format!("a {kind} has no field `{key}` here");
        return Err(CommandError::new(INPUT, message)
            .hint(format!("it has {}; for any other field, write a facts file: docs/FACTS.md", keys.join(", "))));
    }
    // Whoever gives options has said what is known: only what is needed is asked for.
    let is_guided = options.is_empty();
    let mut answers = Answers::new(kind, view, today);
    let option = |question: &Question| options.iter().find(|(key, _)| *key == question.key);
    for (question, (_, text)) in all.iter().filter_map(|question| Some((question, option(question)?))) {
        let understood = answers.answer(question, text).map_err(|refusal| wrong(question, &refusal))?;
        let is_written = answers.given(question.key) == Some(text);
        if let Some(understood) = understood.filter(|_| !is_written) {
            (env.eprintln)(&format!("note: {}: {understood}", option_of(question)));
        }
    }
    let mut is_asked = false;
    for question in all.iter().filter(|question| option(question).is_none()) {
        if !answers.follows(question) && (answers.is_needed(question) || is_guided) {
            ask(env, &mut answers, question)?;
            is_asked = true;
        }
    }
    let text = answers.into_toml(args.id.as_ref());
    record(env, global, args, &view, (text, is_asked))
}

/// Returns the options that were given, by the field that each gives.
fn options(args: &AddArgs) -> Vec<(&str, &str)> {
    let named = [
        ("text", &args.text),
        ("by", &args.by),
        ("about", &args.about),
        ("to", &args.to),
        ("for", &args.towards),
        ("amount", &args.amount),
        ("on", &args.on),
        ("voice", &args.voice),
        ("source", &args.source),
        ("at", &args.at),
    ];
    let named = named.into_iter().filter_map(|(key, value)| Some((key, value.as_deref()?)));
    named.chain(args.set.iter().map(|(key, value)| (key.as_str(), value.as_str()))).collect()
}

/// Asks for the kind of the fact.
fn asked_kind(env: &mut Env<'_>) -> Result<Kind, CommandError> {
    let kinds: Vec<&str> =
        Kind::ALL.iter().filter(|kind| !questions(**kind).is_empty()).map(|kind| kind.as_str()).collect();
    let choices: Vec<Choice> = kinds.iter().map(|kind| Choice::new(kind, "")).collect();
    loop {
        let text = "What do you want to record? (pledge, delivery, payout, … or ? for all)";
        let answer = (env.ask)(&Prompt { text, choices: &choices }).map_err(|none| {
            none.or(CommandError::new(INPUT, "the kind of the fact is missing")
                .hint(format!("write heldto add KIND, with one of: {}", kinds.join(", "))))
        })?;
        match kinds.iter().find(|kind| **kind == answer).and_then(|kind| kind.parse().ok()) {
            Some(kind) => return Ok(kind),
            None if answer.contains("promise") => {
                (env.eprintln)("  a promise is a pledge; what was done about one, or was not, is a delivery");
            }
            None => (env.eprintln)(&format!("  one of: {}", kinds.join(", "))),
        }
    }
}

/// Asks a question until its answer is understood, and says how it was.
pub fn ask(env: &mut Env<'_>, answers: &mut Answers<'_>, question: &Question) -> Result<(), CommandError> {
    let choices = answers.choices(question);
    loop {
        let is_needed = answers.is_needed(question);
        let hint = if is_needed { "" } else { " (Enter: not said)" };
        let asks = format!("{}{hint}", question.asks);
        let text = (env.ask)(&Prompt { text: &asks, choices: &choices }).map_err(|none| none.or(missing(question)))?;
        match text.as_str() {
            "" if !is_needed => return Ok(()),
            "" => (env.eprintln)("  this is needed; ? lists what can be said, and Ctrl-C leaves without recording"),
            "?" => (env.eprintln)(&format!("  {}", answers.help(question))),
            text => match answers.answer(question, text) {
                Ok(understood) => {
                    if let Some(understood) = understood {
                        (env.eprintln)(&format!("  {understood}"));
                    }
                    return Ok(());
                }
                Err(refusal) => {
                    (env.eprintln)(&format!("  {}", refusal.message.replace("; ", "\n    ")));
                    if refusal.is_unknown_body && declare(env, answers, question, text)? {
                        return Ok(());
                    }
                }
            },
        }
    }
}

/// Offers to record a body that is not on record; returns `true` if it is to be.
fn declare(
    env: &mut Env<'_>,
    answers: &mut Answers<'_>,
    question: &Question,
    name: &str,
) -> Result<bool, CommandError> {
    let text = "  to record it as a new body, say what it is (council, school, … or Enter to try again)";
    let choices: Vec<Choice> = PartyKind::ALL.iter().map(|kind| Choice::new(kind.as_str(), "")).collect();
    let kind = (env.ask)(&Prompt { text, choices: &choices }).map_err(|none| none.or(missing(question)))?;
    match kind.as_str() {
        "" => Ok(false),
        kind => match answers.declare(question, name, kind) {
            Ok(understood) => {
                (env.eprintln)(&format!("  {understood}"));
                Ok(true)
            }
            Err(refusal) => {
                (env.eprintln)(&format!("  {}", refusal.message));
                Ok(false)
            }
        },
    }
}

fn missing(question: &Question) -> CommandError {
    let option = option_of(question);
    CommandError::new(INPUT, format!("{option} is missing: {}", question.asks)).hint(format!("add {option} …"))
}

/// Returns the option that answers a question.
fn option_of(question: &Question) -> String {
    match question.key {
        key @ ("text" | "by" | "about" | "to" | "for" | "amount" | "on" | "voice" | "source" | "at") => {
            format!("--{key}")
        }
        key => format!("--set {key}="),
    }
}

fn wrong(question: &Question, refusal: &Refusal) -> CommandError {
    let error = CommandError::new(INPUT, format!("{}: {}", option_of(question), refusal.message));
    if refusal.is_unknown_body {
        return error.hint("to record a new body first: heldto add party --text NAME --set kind=council");
    }
    error
}

/// Checks that a facts file can be appended with these facts at its end.
fn taken(env: &mut Env<'_>, global: &Global, path: &Path, toml: &str) -> Result<(), CommandError> {
    if path.extension().is_none_or(|ending| ending != "toml") {
        return Err(CommandError::new(
            INPUT,
            format!("{} is not a facts file: its name does not end in .toml", path.display()),
        ));
    }
    let before = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(io(&format!("cannot read {}", path.display()), &error)),
    };
    let files = [
        File { name: path.display().to_string(), text: before },
        File { name: "your answers".to_owned(), text: toml.to_owned() },
    ];
    let drafts = heldto_intake::draft(&files);
    let mut open = open::ledger(env, global, Access::Read)?;
    append::facts(global, &mut open, &drafts).map(|_| ())
}

/// Checks that a fact is not on record under another id: a body, a figure or a source by its name,
/// any other by all that it says.
fn is_new(view: &AllView<'_>, fact: &Fact) -> Result<(), CommandError> {
    let declares = matches!(fact.kind(), Kind::Party | Kind::Source | Kind::Metric);
    let is_same = |id: &&FactId| {
        view.fact(id).is_some_and(|known| match declares {
            true => known.text.eq_ignore_ascii_case(&fact.text) && known.kind() == fact.kind(),
            false => Fact { id: fact.id.clone(), ..known.clone() } == *fact,
        })
    };
    match view.of_kind(fact.kind()).find(is_same) {
        None => Ok(()),
        Some(id) => Err(CommandError::new(INPUT, format!("this is on record already, as `{id}`"))
            .hint("if it is another one, give it an id of its own: --id ID")),
    }
}

/// Checks the text of the facts, shows them with what they change, and records them: after a last
/// question, if there was any.
fn record(
    env: &mut Env<'_>,
    global: &Global,
    args: &AddArgs,
    known: &AllView<'_>,
    (text, is_asked): (String, bool),
) -> Result<RunOutput, CommandError> {
    let files = [File { name: "your answers".to_owned(), text }];
    let drafts = heldto_intake::draft(&files);
    let given = |dry_run| AppendArgs {
        files: Vec::new(),
        dry_run,
        strict: false,
        correct: false,
        reason: None,
        mapping: None,
        recorder: args.recorder.clone(),
        clock: args.clock.clone(),
    };
    let mut open = open::ledger(env, global, Access::Read)?;
    let (facts, places) = append::facts(global, &mut open, &drafts)?;
    if args.id.is_none() {
        facts.iter().try_for_each(|fact| is_new(known, fact))?;
    }
    let shown = append::given(env, global, &given(true), open, (&files, &places, &facts))?;
    let toml = to_toml(&facts);
    if args.dry_run {
        return Ok(RunOutput { out: [toml.as_bytes(), shown.out.as_slice()].concat(), ..shown });
    }
    if is_asked {
        (env.eprintln)(toml.trim_end());
        // The first line is that of a dry run.
        String::from_utf8_lossy(&shown.out).lines().skip(1).for_each(|line| (env.eprintln)(line));
    }
    // Options that have said all need no question.
    let none = || CommandError::new(FAILED, "nothing was recorded");
    let answer = if is_asked { (env.ask)(&Prompt::free("Record it? [y/N]")) } else { Ok("y".to_owned()) };
    if !is_yes(&answer.map_err(|no| no.or(none()))?) {
        return Err(none());
    }
    if let Some(path) = &args.into {
        let failed = |error: &std::io::Error| io(&format!("cannot write {}", path.display()), error);
        taken(env, global, path, &toml)?;
        let mut file = std::fs::File::options().append(true).create(true).open(path).map_err(|e| failed(&e))?;
        file.write_all(format!("\n{toml}").as_bytes()).map_err(|e| failed(&e))?;
        return Ok(super::plain(format!("Written to {}. To record it: heldto append {0}\n", path.display())));
    }
    let mut quiet = |_: &str| {};
    let mut env = env.with_messages(&mut quiet);
    let open = open::ledger(&mut env, global, Access::Write)?;
    append::given(&mut env, global, &given(false), open, (&files, &places, &facts))
}
