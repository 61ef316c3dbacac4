//! `demo`: the program's main job in one command, on facts that are in the program. Calls the
//! other commands; knows nothing else.

use super::{append, init, report, verify};
use crate::args::{AppendArgs, ClockArgs, DemoArgs, Global, RecorderArgs, StatusArgs, VerifyArgs};
use crate::error::{CommandError, USAGE};
use crate::open::Access;
use crate::{Env, RunOutput, input, open};
use heldto_fact::Fact;
use heldto_intake::File;
use heldto_report::{Format, Tone};
use std::path::{Path, PathBuf};

macro_rules! seeds {
    ($($name:literal),*) => {
        [$((concat!("seeds/", $name), include_str!(concat!("../../../../seeds/", $name)))),*]
    };
}

/// The facts of the demonstration, by the names of their files in the project.
const SEEDS: [(&str, &str); 8] = seeds![
    "000-debate.toml",
    "001-debate-news.toml",
    "002-improvement-plan.toml",
    "003-ombudsman.toml",
    "004-inspection.toml",
    "metrics.toml",
    "parties.toml",
    "sources.toml"
];

/// Creates a ledger if there is none, appends the facts, verifies, and renders the status page,
/// with what to type next.
pub fn run(env: &mut Env<'_>, global: &Global, args: &DemoArgs) -> Result<RunOutput, CommandError> {
    let dir = global.ledger.clone().unwrap_or_else(|| PathBuf::from("heldto-demo"));
    let global = Global { ledger: Some(dir.clone()), ..global.clone() };
    if !open::is_ledger(&dir) {
        init::create(env, &global, &dir, &init::default_origin(&dir))?;
    } else if open::ledger(env, &global, Access::Read)?.genesis().origin != init::default_origin(&dir) {
        return Err(own(&dir));
    }
    let files = if args.files.is_empty() {
        SEEDS.map(|(name, text)| File { name: name.to_owned(), text: text.to_owned() }).to_vec()
    } else {
        input::files(env, &args.files)?
    };
    let drafts = heldto_intake::draft(&files);
    let mut ledger = open::ledger(env, &global, Access::Write)?;
    let (facts, places) = append::facts(&global, &mut ledger, &drafts)?;
    let is_known = |fact: &Fact| Ok::<_, CommandError>(ledger.standing(&fact.id)?.is_some());
    let known = facts.iter().map(is_known).collect::<Result<Vec<_>, _>>()?;
    if ledger.head().size() > 0 && !known.contains(&true) {
        return Err(own(&dir));
    }
    let append = AppendArgs {
        files: Vec::new(),
        dry_run: false,
        strict: false,
        correct: false,
        reason: None,
        mapping: None,
        recorder: RecorderArgs::default(),
        clock: ClockArgs::default(),
    };
    let appended = append::given(env, &global, &append, ledger, (&files, &places, &facts))?;
    let verified = verify::run(env, &Global { format: Format::Table, ..global.clone() }, &VerifyArgs::default())?;
    if !global.quiet {
        // The first line of each says what was done.
        for done in [&appended, &verified] {
            (env.eprintln)(String::from_utf8_lossy(&done.out).lines().next().unwrap_or_default());
        }
        (env.eprintln)("");
    }
    let mut document = report::status_document(env, &global, &StatusArgs::default())?;
    // The answer and what is past due: a ledger for show has no key to give away.
    document.sections.retain(|section| section.tone == Tone::Bad);
    let mut shown = report::written(&global, &document)?;
    if global.format == Format::Table && !global.quiet {
        shown.out.extend(next(&dir).bytes());
    }
    Ok(shown)
}

/// Returns the refusal to put the demonstration into somebody's ledger.
fn own(dir: &Path) -> CommandError {
    let message = format!("{} is a ledger of your own, and recorded facts cannot be removed from it", dir.display());
    CommandError::new(USAGE, message)
        .hint("give the demonstration a folder of its own: heldto demo --ledger heldto-demo")
}

/// Returns what to type next, in lines for a reader.
fn next(dir: &Path) -> String {
    let dir = dir.display().to_string();
    let folder = if dir.contains(' ') { format!("\"{dir}\"") } else { dir };
    let ledger = format!("heldto --ledger {folder}");
    format!(
        "\nNext\n\
         the whole report        {ledger} report pledges\n\
         why one line says so    {ledger} report pledges --explain ID\n\
         a page to publish       {ledger} site build site\n\
         a record of your own    heldto help start\n"
    )
}
