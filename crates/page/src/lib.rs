//! The checker of a site's pages: verifies a published ledger, judges it again, and compares a page
//! byte for byte.
//!
//! Built as a WebAssembly module without imports, it runs in a browser and in any other host. The
//! host gives it the files of the ledger, and asks in JSON. Start at [`Checker`].

mod check;
mod memory;
mod reports;
mod wording;

use check::{Checked, Subject};
use chrono::NaiveDate;
use heldto_proof::{Checkpoint, SignedNote, TILE_WIDTH, Tile, entries_path, place};
use heldto_site::{Address, Settings, Site};
use reports::Asked;
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;

/// The files of a ledger, and what was found in them.
#[derive(Debug, Default)]
pub struct Checker {
    files: BTreeMap<String, Vec<u8>>,
    checked: Option<Checked>,
}

/// A question of the host.
#[derive(Debug, Deserialize)]
#[serde(tag = "do", rename_all = "kebab-case", deny_unknown_fields)]
enum Request {
    /// The version of the program that the module was built from.
    Version,
    /// The paths of the files that a check needs, by the checkpoint and the manifest at hand.
    Needs,
    /// A check of the ledger, and of a page of it.
    Check {
        /// The settings of the page; `None` checks the ledger alone.
        settings: Option<Settings>,
        /// The path of the page; `None` if it is one file, whose content the host compares.
        page: Option<String>,
        key: String,
        /// The newest checkpoint that this reader saw.
        seen: Option<String>,
        /// The reader's day.
        today: NaiveDate,
    },
    /// A check of the proof of a fact, whose page the host compares with the answer's.
    Proof { key: String },
    /// A page as the record stood on a day.
    Page {
        /// The path of the page; `None` for what one file shows.
        page: Option<String>,
        day: NaiveDate,
    },
    /// A report.
    Report(Asked),
}

impl Checker {
    /// Keeps a file: of the ledger by its path, the manifest, or the page under the name `page`.
    pub fn put(&mut self, path: String, bytes: Vec<u8>) {
        self.files.insert(path, bytes);
    }

    /// Answers a request in JSON; the answer to one that is not understood has an `error`.
    pub fn answer(&mut self, request: &[u8]) -> String {
        let answer = match serde_json::from_slice(request) {
            Ok(request) => self.answered(request),
            Err(error) => Err(wording::not_understood(&error)),
        };
        answer.unwrap_or_else(|error| json!({ "error": error })).to_string()
    }

    fn answered(&mut self, request: Request) -> Result<Value, String> {
        match request {
            Request::Version => Ok(json!({ "version": heldto_site::MODULE_MARK })),
            Request::Needs => self.needs(),
            Request::Proof { key } => {
                let proof = self.files.remove("proof").unwrap_or_default();
                Ok(check::check_proof(&proof, &key).into_json())
            }
            Request::Check { settings, page, key, seen, today } => {
                self.checked = None;
                // The files are the ledger's alone from here on.
                let shown = self.files.remove("page").unwrap_or_default();
                if let Some(module) = self.files.remove(heldto_site::MODULE) {
                    let manifest = self.files.get(heldto_site::MANIFEST).map(Vec::as_slice).unwrap_or_default();
                    if let Err(verdict) = check::held_against(&module, manifest) {
                        return Ok(verdict.into_json());
                    }
                }
                let files = Arc::new(std::mem::take(&mut self.files));
                let compared = match (&settings, &page) {
                    (None, _) => Subject::Nothing,
                    (Some(_), None) => Subject::ByHost,
                    (Some(_), Some(path)) => Subject::Page(path, &shown),
                };
                let settings = settings.unwrap_or_else(|| check::of_today(&files, today));
                if settings.as_of > today {
                    return Ok(check::Verdict::broken(wording::ahead(settings.as_of)).into_json());
                }
                let (verdict, checked) = check::check(files, settings, compared, &key, seen.as_deref());
                self.checked = checked;
                let mut answer = verdict.into_json();
                if let Some(checked) = &self.checked {
                    answer["settings"] = json!(checked.settings);
                    answer["first"] = json!(Site::new(&checked.facts, &checked.settings).first_day());
                }
                Ok(answer)
            }
            Request::Page { page, day } => {
                let checked = self.checked_by(day)?;
                let site = Site::new(&checked.facts, &checked.settings).at(day);
                let Some(path) = page else { return Ok(json!({ "main": site.single_main() })) };
                let address: Address = path.parse().map_err(wording::no_page)?;
                Ok(json!({ "page": site.page(&address) }))
            }
            Request::Report(asked) => Ok(json!({ "text": reports::report(self.checked_by(asked.day)?, &asked)? })),
        }
    }

    /// Returns what was checked, unless the day is after the one by which it was judged.
    fn checked_by(&self, day: NaiveDate) -> Result<&Checked, String> {
        let checked = self.checked.as_ref().ok_or_else(|| wording::CHECK_FIRST.to_owned())?;
        if day > checked.settings.as_of {
            return Err(wording::after(day, checked.settings.as_of));
        }
        Ok(checked)
    }

    /// Returns the paths of the files that the checkpoint needs, and of those from older
    /// checkpoints that the manifest names.
    fn needs(&self) -> Result<Value, String> {
        let bytes = self.files.get("checkpoint").ok_or(wording::NO_CHECKPOINT)?;
        let note = SignedNote::parse(bytes).map_err(|e| wording::no_checkpoint(&e))?;
        let size = Checkpoint::of(&note).map_err(|e| wording::no_checkpoint(&e))?.size;
        if size > MAX_SIZE {
            return Err(wording::too_long(size, MAX_SIZE));
        }
        let bundles = (0..size.div_ceil(TILE_WIDTH)).flat_map(|index| {
            let width = (size - index * TILE_WIDTH).min(TILE_WIDTH);
            [entries_path(index, width), format!("parts/{}", place(index, width))]
        });
        let tiles = Tile::of_tree(size).map(|tile| tile.path());
        let required: Vec<String> = std::iter::once("first-key".to_owned()).chain(tiles).chain(bundles).collect();
        let manifest =
            self.files.get(heldto_site::MANIFEST).map(|bytes| String::from_utf8_lossy(bytes)).unwrap_or_default();
        let paths = manifest.lines().filter_map(|line| Some(line.split_once("  ")?.1));
        let older: Vec<&str> =
            paths.filter(|path| is_partial(path)).filter(|path| !required.iter().any(|r| r == path)).collect();
        // A file that is not read is not checked, so that too many are an error.
        if older.len() > MAX_OLDER {
            return Err(wording::too_many_older(older.len(), MAX_OLDER));
        }
        Ok(json!({ "required": required, "older": older }))
    }
}

/// Returns `true` if a path is that of a partial tile or bundle.
fn is_partial(path: &str) -> bool {
    let (Some(rest), Some((_, width))) =
        (path.strip_prefix("tile/").or_else(|| path.strip_prefix("parts/")), path.rsplit_once(".p/"))
    else {
        return false;
    };
    let is_digits = |text: &str| !text.is_empty() && text.len() <= 3 && text.bytes().all(|b| b.is_ascii_digit());
    let place = rest.strip_prefix("entries/").unwrap_or(rest).trim_end_matches(width).trim_end_matches(".p/");
    is_digits(width) && place.split('/').all(|group| is_digits(group.strip_prefix('x').unwrap_or(group)))
}

/// Maximum number of partial files of older checkpoints: one for each narrower width of the last
/// bundle, of its parts, and of the last tile on each level of a tree of [`MAX_SIZE`] entries.
const MAX_OLDER: usize = 255 * 5;

/// Maximum number of entries that a browser checks, so that a false checkpoint asks for no more.
const MAX_SIZE: u64 = 1_000_000;

#[cfg(test)]
mod tests {
    use super::{Checker, MAX_OLDER, is_partial};

    #[test]
    fn only_paths_of_partial_files_are_asked_for() {
        for path in ["tile/0/001.p/139", "tile/1/000.p/1", "tile/entries/x001/234.p/7", "parts/001.p/139"] {
            assert!(is_partial(path), "{path}");
        }
        for path in
            ["tile/0/001", "tile/x.p/../secret", "parts/../a.p/1", "index.p/1", "parts/001.p/1?a=1", "parts/.p/1"]
        {
            assert!(!is_partial(path), "{path}");
        }
    }

    #[test]
    fn a_manifest_with_too_many_partial_files_is_refused_and_not_cut() {
        let checkpoint =
            "example.org/test\n1\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n\n\u{2014} example.org/test AAAAAAAA\n";
        let older = |number: usize| {
            let mut checker = Checker::default();
            checker.put("checkpoint".to_owned(), checkpoint.as_bytes().to_vec());
            let line = |n: usize| format!("0  tile/{}/{:03}.p/{}\n", n / 100_000, n / 100 % 1000, n % 100 + 101);
            checker.put("manifest.txt".to_owned(), (0..number).map(line).collect::<String>().into_bytes());
            checker.answer(br#"{"do":"needs"}"#)
        };
        let most: serde_json::Value = serde_json::from_str(&older(MAX_OLDER)).expect("JSON");
        assert_eq!(most["older"].as_array().map(Vec::len), Some(MAX_OLDER), "{most}");
        assert!(older(MAX_OLDER + 1).contains("partial files"), "{}", older(MAX_OLDER + 1));
    }
}
