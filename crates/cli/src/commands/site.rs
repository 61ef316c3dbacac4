//! `site`: publishes the ledger in a folder, with pages for readers beside it. The pages are made
//! in `heldto_site`. Start at [`build`].

use super::{counted, plain, publish};
use crate::args::{Global, PublishArgs, SiteBuildArgs};
use crate::error::{CommandError, FAILED, INPUT, USAGE, io};
use crate::publications::{self, Publication};
use crate::{Env, RunOutput, load, open, published};
use heldto_site::{Files, MANIFEST, MODULE, MODULE_MARK, PublishedFacts, Settings, Site};
use heldto_store_files::Folder;
use std::collections::BTreeSet;
use std::io::Write;
use std::path::{Path, PathBuf};

/// Publishes the ledger as `publish` does, and writes its pages.
///
/// The pages are judged from the folder itself: what is published is what is judged. A page that
/// did not change is not written again; one that the site no longer has is removed.
pub fn build(env: &mut Env<'_>, global: &Global, args: &SiteBuildArgs) -> Result<RunOutput, CommandError> {
    if args.single {
        return single(env, global, args);
    }
    let dir = args.publish.dir.clone();
    refuse_foreign(&dir)?;
    let mut said = publish::write(env, global, &args.publish, Some(Publication::of_site(args)))?;
    let (facts, settings) = published_facts(env, args, &dir)?;
    let module = module(args.module.as_deref())?;
    if module.is_none() {
        (env.eprintln)(&format!("the pages cannot be checked in a browser yet; to build the checker: {BUILD_MODULE}"));
    }
    let files = Site::new(&facts, &settings).files(module.as_deref(), &published_files(&dir)?);
    load::sound(&facts.facts)?;
    let (written, removed) = write(&dir, &files, &facts.log.origin)?;
    // An earlier failure to remember the place was told.
    drop(publications::published(&open::folder(global), &dir, facts.log.entries));
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
    let folder_of_file = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    open::not_of_ledger(env, global, &file)?;
    if let Ok(there) = std::fs::read(&file)
        && !heldto_site::is_standalone(&there)
    {
        let message = format!("{} is there, and is no page of a ledger in one file", file.display());
        return Err(CommandError::new(USAGE, message).hint("move it away, or name another file"));
    }
    let module = required_module(args.module.as_deref())?;
    let folder = tempfile::tempdir().map_err(|e| io("cannot make a folder for the publication", &e))?;
    let published = PublishArgs { dir: folder.path().to_owned(), ..args.publish.clone() };
    publish::write(env, &Global { quiet: true, ..global.clone() }, &published, Some(Publication::of_site(args)))?;
    let (facts, settings) = published_facts(env, args, folder.path())?;
    let mut files = published_files(folder.path())?;
    files.insert(MODULE.to_owned(), module);
    let page = Site::new(&facts, &settings).single(&files).unwrap_or_default();
    load::sound(&facts.facts)?;
    put(folder_of_file, &file, page.as_bytes())?;
    drop(publications::published(&open::folder(global), &file, facts.log.entries));
    let said = format!("{} written, with {} inside\n", file.display(), counted(facts.log.entries, "entry", "entries"));
    Ok(plain(if global.quiet { String::new() } else { said }))
}

/// Reads the facts of a published folder, and makes the settings of its pages.
fn published_facts(
    env: &Env<'_>,
    args: &SiteBuildArgs,
    dir: &Path,
) -> Result<(PublishedFacts, Settings), CommandError> {
    let today = env.today();
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
        // A link is no part of what was published.
        let Ok(about) = std::fs::symlink_metadata(&target) else { continue };
        if about.is_dir() {
            let inside = std::fs::read_dir(&target).map_err(|e| failed(&target, &e))?;
            open.extend(inside.flatten().map(|entry| path.join(entry.file_name())));
        } else if about.is_file() {
            let bytes = std::fs::read(&target).map_err(|e| failed(&target, &e))?;
            // Paths in a publication have slashes on every system.
            let parts: Vec<_> = path.components().map(|part| part.as_os_str().to_string_lossy()).collect();
            files.insert(parts.join("/"), bytes);
        }
    }
    Ok(files)
}

/// Writes a page that says what a published folder is and how to check it, unless the folder has an
/// `index.html`.
pub fn put_plain_index(dir: &Path, origin: &str) -> Result<(), CommandError> {
    let target = dir.join("index.html");
    if std::fs::symlink_metadata(&target).is_ok() {
        return Ok(());
    }
    put(dir, &target, heldto_site::plain_index(origin).as_bytes())
}

/// Writes a file whole or not at all.
fn put(folder: &Path, target: &Path, bytes: &[u8]) -> Result<(), CommandError> {
    let failed = |error: &std::io::Error| io(&format!("cannot write {}", target.display()), error);
    let mut draft = crate::permissions::public_draft(folder).map_err(|e| failed(&e))?;
    draft.write_all(bytes).map_err(|e| failed(&e))?;
    draft.persist(target).map_err(|e| failed(&e.error))?;
    Ok(())
}

/// Refuses a folder with a file of another where every site has one, before anything is published.
fn refuse_foreign(dir: &Path) -> Result<(), CommandError> {
    let checkpoint = std::fs::read_to_string(dir.join("checkpoint")).unwrap_or_default();
    let plain = heldto_site::plain_index(checkpoint.lines().next().unwrap_or_default());
    let manifest = std::fs::read_to_string(dir.join(MANIFEST)).unwrap_or_default();
    let listed: BTreeSet<&str> = manifest.lines().filter_map(|line| Some(line.split_once("  ")?.1)).collect();
    let is_foreign = |path: &String| {
        let there = std::fs::read(dir.join(path));
        !listed.contains(path.as_str()) && path != MANIFEST && there.is_ok_and(|there| there != plain.as_bytes())
    };
    heldto_site::fixed_files().find(is_foreign).map_or(Ok(()), |path| Err(foreign(&dir.join(path))))
}

/// Returns the error of a file that is in the way of one of a site.
fn foreign(path: &Path) -> CommandError {
    let message = format!("{} is there, and is no file of a site", path.display());
    CommandError::new(USAGE, message).hint("move it away, or name another folder")
}

/// Writes the files that are new or changed, each whole or not at all, and removes those that only
/// the manifest before has; returns the numbers of both.
///
/// A manifest of old and new files comes first, so that the next build knows all files of one that
/// was cut short; that of the new ones comes last.
///
/// # Errors
/// If a file cannot be written or removed, is no file of a site, or if a folder inside is a link.
fn write(dir: &Path, files: &Files, origin: &str) -> Result<(usize, usize), CommandError> {
    let failed = |path: &Path, error: &std::io::Error| io(&format!("cannot write {}", path.display()), error);
    let is_file = |path: &Path| std::fs::symlink_metadata(path).is_ok_and(|about| about.is_file());
    let held = Some(dir.join(MANIFEST)).filter(|path| is_file(path));
    let before = held.map(std::fs::read_to_string).transpose().map_err(|e| failed(&dir.join(MANIFEST), &e))?;
    let before = before.unwrap_or_default();
    let listed: BTreeSet<&str> = before.lines().filter_map(|line| Some(line.split_once("  ")?.1)).collect();
    let mut changed = Vec::new();
    for (path, bytes) in files {
        let target = dir.join(path);
        if let Some(link) = link_on_the_way(dir, path) {
            let message = format!("{} is a link, and a published folder must have none", link.display());
            return Err(CommandError::new(USAGE, message).hint("remove it, or name another folder"));
        }
        if std::fs::symlink_metadata(&target).is_err() {
            changed.push((path, bytes));
            continue;
        }
        let there = if is_file(&target) { std::fs::read(&target).ok() } else { None };
        match there {
            Some(there) if there == *bytes => {}
            // A page of a site before, or the plain page of a publication.
            Some(there) if listed.contains(path.as_str()) || there == heldto_site::plain_index(origin).as_bytes() => {
                changed.push((path, bytes));
            }
            _ if path == MANIFEST => changed.push((path, bytes)),
            _ => return Err(foreign(&target)),
        }
    }
    let stale: BTreeSet<&str> =
        listed.into_iter().filter(|path| !files.contains_key(*path) && heldto_site::is_of_a_site(path)).collect();
    let manifest = files.get(MANIFEST).map(Vec::as_slice).unwrap_or_default();
    if !changed.is_empty() || !stale.is_empty() {
        let old: String = before
            .lines()
            .filter(|line| line.split_once("  ").is_some_and(|(_, path)| stale.contains(path)))
            .map(|line| format!("{line}\n"))
            .collect();
        put(dir, &dir.join(MANIFEST), &[manifest, old.as_bytes()].concat())?;
    }
    // A build that was killed left drafts, which no manifest names.
    let folders: BTreeSet<PathBuf> =
        files.keys().filter_map(|path| Some(dir.join(path).parent()?.to_owned())).collect();
    for folder in &folders {
        crate::permissions::remove_drafts(folder).map_err(|e| failed(folder, &e))?;
    }
    for (path, bytes) in changed.iter().filter(|(path, _)| *path != MANIFEST) {
        let target = dir.join(path);
        let folder = target.parent().unwrap_or(dir);
        std::fs::create_dir_all(folder).map_err(|e| failed(folder, &e))?;
        put(folder, &target, bytes)?;
    }
    for path in &stale {
        let target = dir.join(path);
        if link_on_the_way(dir, path).is_none() && std::fs::symlink_metadata(&target).is_ok() {
            std::fs::remove_file(&target).map_err(|e| {
                io(&format!("cannot remove {}, which is no longer part of the site", target.display()), &e)
            })?;
        }
    }
    if !stale.is_empty() {
        put(dir, &dir.join(MANIFEST), manifest)?;
    }
    Ok((changed.len(), stale.len()))
}

/// Returns the first folder on the way to a file of the site that is a link.
fn link_on_the_way(dir: &Path, path: &str) -> Option<PathBuf> {
    let parents = Path::new(path).ancestors().skip(1).filter(|folder| !folder.as_os_str().is_empty());
    let is_link = |folder: &PathBuf| std::fs::symlink_metadata(folder).is_ok_and(|about| about.is_symlink());
    parents.map(|folder| dir.join(folder)).find(is_link)
}
