//! `site`: publishes the ledger in a folder, with pages for readers beside it. The pages are made
//! in `heldto_site`. Start at [`build`].

use super::{counted, plain, publish};
use crate::args::{Global, PublishArgs, SiteBuildArgs};
use crate::error::{CommandError, FAILED, INPUT, USAGE, io};
use crate::{Env, RunOutput, load, published};
use chrono::DateTime;
use heldto_site::{Files, MANIFEST, MODULE, MODULE_MARK, PublishedFacts, Settings, Site};
use heldto_store_files::Folder;
use std::collections::BTreeSet;
use std::io::Write;
use std::path::{Component, Path, PathBuf};

/// Publishes the ledger as `publish` does, and writes its pages.
///
/// The pages are judged from the folder itself: what is published is what is judged. A page that
/// did not change is not written again; one that the site no longer has is removed.
pub fn build(env: &mut Env<'_>, global: &Global, args: &SiteBuildArgs) -> Result<RunOutput, CommandError> {
    if args.single {
        return single(env, global, args);
    }
    let dir = args.publish.dir.clone();
    let mut said = publish::run(env, global, &args.publish)?;
    let (facts, settings) = published_facts(env, args, &dir)?;
    let module = module(args.module.as_deref())?;
    if module.is_none() {
        (env.eprintln)(&format!("the pages cannot be checked in a browser yet; to build the checker: {BUILD_MODULE}"));
    }
    let files = Site::new(&facts, &settings).files(module.as_deref(), &published_files(&dir)?);
    load::sound(&facts.facts)?;
    let (written, removed) = write(&dir, &files)?;
    if !global.quiet {
        let pages = counted(files.len() as u64, "file", "files");
        let line = format!(
            "{pages} for readers: {written} written, {} already there, {removed} removed\n",
            files.len() - written
        );
        said.out.extend_from_slice(line.as_bytes());
    }
    Ok(RunOutput { out: said.out, ..plain("") })
}

/// Publishes the ledger in a folder that is taken away again, and writes it as one file.
fn single(env: &mut Env<'_>, global: &Global, args: &SiteBuildArgs) -> Result<RunOutput, CommandError> {
    let file = args.publish.dir.clone();
    if file.is_dir() {
        let message = format!("{} is a folder, and --single writes one file", file.display());
        return Err(CommandError::new(USAGE, message));
    }
    let module = required_module(args.module.as_deref())?;
    let folder = tempfile::tempdir().map_err(|e| io("cannot make a folder for the publication", &e))?;
    let published = PublishArgs { dir: folder.path().to_owned(), ..args.publish.clone() };
    publish::run(env, &Global { quiet: true, ..global.clone() }, &published)?;
    let (facts, settings) = published_facts(env, args, folder.path())?;
    let mut files = published_files(folder.path())?;
    files.insert(MODULE.to_owned(), module);
    let page = Site::new(&facts, &settings).single(&files).unwrap_or_default();
    load::sound(&facts.facts)?;
    let failed = |e: &std::io::Error| io(&format!("cannot write {}", file.display()), e);
    let beside = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut draft = crate::permissions::public_draft(beside).map_err(|e| failed(&e))?;
    draft.write_all(page.as_bytes()).map_err(|e| failed(&e))?;
    draft.persist(&file).map_err(|e| failed(&e.error))?;
    let said = format!("{} written, with {} inside\n", file.display(), counted(facts.log.entries, "entry", "entries"));
    Ok(plain(if global.quiet { String::new() } else { said }))
}

/// Reads the facts of a published folder, and makes the settings of its pages.
fn published_facts(
    env: &Env<'_>,
    args: &SiteBuildArgs,
    dir: &Path,
) -> Result<(PublishedFacts, Settings), CommandError> {
    let today = DateTime::from_timestamp_micros((env.now)()).unwrap_or_default().date_naive();
    published::read_folder(&Folder::new(dir), |ledger, checkpoint| {
        let facts = PublishedFacts::read(ledger, ledger.head().size())?;
        let settings = Settings {
            name: args.name.clone().unwrap_or_else(|| facts.log.origin.clone()),
            contact: args.contact.clone(),
            version: heldto_site::VERSION.to_owned(),
            as_of: args.as_of.unwrap_or(today),
            checkpoint: String::from_utf8_lossy(checkpoint).into_owned(),
        };
        Ok((facts, settings))
    })
}

/// Reads the checker of pages, as [`module`] finds it.
///
/// # Errors
/// If there is none.
pub fn required_module(given: Option<&Path>) -> Result<Vec<u8>, CommandError> {
    module(given)?.ok_or_else(|| {
        CommandError::new(FAILED, "the checker of pages is not there, and the page needs it inside")
            .hint(format!("build it: {BUILD_MODULE}"))
    })
}

/// Command that builds the checker of pages.
const BUILD_MODULE: &str = "cargo build --profile page -p heldto-page --target wasm32-unknown-unknown";

/// Reads the checker of pages: the given file, or the one beside this program or where its build
/// leaves it; `None` if there is none there.
fn module(given: Option<&Path>) -> Result<Option<Vec<u8>>, CommandError> {
    let here = std::env::current_exe().ok();
    let folder = here.as_deref().and_then(Path::parent);
    let beside = folder.map(|folder| folder.join(MODULE));
    let built = folder.and_then(Path::parent);
    let built = built.map(|folder| folder.join("wasm32-unknown-unknown/page/heldto_page.wasm"));
    let found = [beside, built].into_iter().flatten().find(|path| path.is_file());
    let Some(path) = given.map(Path::to_path_buf).or(found) else { return Ok(None) };
    let bytes = std::fs::read(&path).map_err(|e| io(&format!("cannot read {}", path.display()), &e))?;
    let mark = MODULE_MARK.as_bytes();
    if !bytes.starts_with(b"\0asm") || !bytes.windows(mark.len()).any(|window| window == mark) {
        let message = format!("{} is not the checker of this version of the program", path.display());
        return Err(CommandError::new(INPUT, message).hint(format!("build it again: {BUILD_MODULE}")));
    }
    Ok(Some(bytes))
}

/// Reads the files of the published ledger, for the manifest.
fn published_files(dir: &Path) -> Result<Files, CommandError> {
    let failed = |path: &Path, error: &std::io::Error| io(&format!("cannot read {}", path.display()), error);
    let mut files = Files::new();
    let mut open: Vec<PathBuf> = ["checkpoint", "first-key", "tile", "parts"].map(PathBuf::from).to_vec();
    while let Some(path) = open.pop() {
        let target = dir.join(&path);
        if target.is_dir() {
            let inside = std::fs::read_dir(&target).map_err(|e| failed(&target, &e))?;
            open.extend(inside.flatten().map(|entry| path.join(entry.file_name())));
        } else if target.is_file() {
            let bytes = std::fs::read(&target).map_err(|e| failed(&target, &e))?;
            // Paths in a publication have slashes on every system.
            let parts: Vec<_> = path.components().map(|part| part.as_os_str().to_string_lossy()).collect();
            files.insert(parts.join("/"), bytes);
        }
    }
    Ok(files)
}

/// Writes the files that are new or changed, each whole or not at all and the manifest last, and
/// removes those that only the manifest before has; returns the numbers of both.
///
/// # Errors
/// If a file cannot be written, or a folder inside is a link.
fn write(dir: &Path, files: &Files) -> Result<(usize, usize), CommandError> {
    let failed = |path: &Path, error: &std::io::Error| io(&format!("cannot write {}", path.display()), error);
    let before = std::fs::read_to_string(dir.join(MANIFEST)).unwrap_or_default();
    let stale: BTreeSet<&str> = before.lines().filter_map(|line| line.split_once("  ")).map(|(_, path)| path).collect();
    if let Some(link) = files.keys().find_map(|path| link_on_the_way(dir, path)) {
        let message = format!("{} is a link, and a published folder must have none", link.display());
        return Err(CommandError::new(USAGE, message).hint("remove it, or name another folder"));
    }
    let mut written = 0;
    let last = files.get_key_value(MANIFEST);
    for (path, bytes) in files.iter().filter(|(path, _)| *path != MANIFEST).chain(last) {
        let target = dir.join(path);
        if std::fs::read(&target).is_ok_and(|held| held == *bytes) {
            continue;
        }
        let folder = target.parent().unwrap_or(dir);
        std::fs::create_dir_all(folder).map_err(|e| failed(folder, &e))?;
        let mut draft = crate::permissions::public_draft(folder).map_err(|e| failed(folder, &e))?;
        draft.write_all(bytes).map_err(|e| failed(&target, &e))?;
        draft.persist(&target).map_err(|e| failed(&target, &e.error))?;
        written += 1;
    }
    let mut removed = 0;
    for path in stale.into_iter().filter(|path| !files.contains_key(*path) && is_own(Path::new(path))) {
        let is_reached = link_on_the_way(dir, path).is_none();
        removed += usize::from(is_reached && std::fs::remove_file(dir.join(path)).is_ok());
    }
    Ok((written, removed))
}

/// Returns the first folder on the way to a file of the site that is a link.
fn link_on_the_way(dir: &Path, path: &str) -> Option<PathBuf> {
    let parents = Path::new(path).ancestors().skip(1).filter(|folder| !folder.as_os_str().is_empty());
    let is_link = |folder: &PathBuf| std::fs::symlink_metadata(folder).is_ok_and(|about| about.is_symlink());
    parents.map(|folder| dir.join(folder)).find(is_link)
}

/// Returns `true` if a path stays in its folder, and is none of the published ledger.
fn is_own(path: &Path) -> bool {
    let is_of_ledger = ["checkpoint", "first-key", "tile", "parts"].iter().any(|name| path.starts_with(name));
    !is_of_ledger && path.components().all(|part| matches!(part, Component::Normal(_)))
}
