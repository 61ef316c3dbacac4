//! `verify --sources`: compares archived documents with the digests of their sources, and
//! quotations with the documents' text. Knows no log and no signatures. Start at [`check`].

use super::counted;
use crate::error::{CommandError, FAILED, io};
use heldto_fact::{Body, Fact, FactId, Kind, Quotation, canonical_text};
use heldto_replay::{AllFacts, FactSource};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::rc::Rc;

/// The comparison of a folder of documents with a ledger.
#[derive(Default)]
pub struct Compared {
    /// Number of sources whose document has the recorded digest.
    matching: u64,
    /// Number of sources with a recorded digest whose document is not in the folder.
    absent: u64,
    /// Number of quotations that stand in their document as recorded.
    quoted: u64,
    /// Number of quotations whose document is not in the folder, or is not text.
    unchecked: u64,
    /// Documents and quotations that differ, each as a sentence.
    different: Vec<String>,
}

/// Compares the documents in a folder with the sources and quotations that stand in a ledger.
///
/// A document belongs to a source by its digest, or by its name: the source's id before the first
/// dot. Facts about identifiable children or families are compared, and not named.
///
/// # Errors
/// If the folder or a document cannot be read.
pub fn check(facts: &AllFacts, dir: &Path) -> Result<Compared, CommandError> {
    let documents = Documents::read(dir)?;
    let is_secret =
        |id: &FactId| facts.versions(id).iter().filter_map(|version| version.fact.as_ref()).any(Fact::marks_sensitive);
    let standing = |kind: Kind| {
        facts.standing().filter(move |(_, k)| *k == kind).filter_map(|(id, _)| facts.versions(id).last()?.fact.as_ref())
    };
    let mut compared = Compared::default();
    let mut texts: BTreeMap<&FactId, Option<String>> = BTreeMap::new();
    for source in standing(Kind::Source) {
        let Body::Source(from) = &source.body else { continue };
        let by_name = documents.by_name.get(source.id.as_str());
        let found = from.blake3.and_then(|digest| documents.by_digest.get(&digest)).or(by_name);
        match (found, from.blake3) {
            (None, Some(_)) => compared.absent += 1,
            (Some(document), Some(digest)) if document.digest != digest => {
                compared.different.push(if is_secret(&source.id) {
                    SECRET_DOCUMENT.to_owned()
                } else {
                    format!("{} is not the document that `{}` recorded", document.path.display(), source.id)
                });
                continue;
            }
            (Some(_), Some(_)) => compared.matching += 1,
            (_, None) => {}
        }
        if let Some(document) = found {
            let text = document.text.as_deref().map(canonical_text);
            texts.insert(&source.id, text);
        }
    }
    let all = facts.standing().filter_map(|(id, _)| facts.versions(id).last()?.fact.as_ref());
    for fact in all {
        for cite in &fact.cites {
            let Some(quotation) = &cite.quote else { continue };
            match texts.get(&cite.source) {
                None | Some(None) => compared.unchecked += 1,
                Some(Some(text)) if is_there(quotation, text) => compared.quoted += 1,
                Some(Some(_)) if is_secret(&fact.id) || is_secret(&cite.source) => {
                    compared.different.push(SECRET_QUOTATION.to_owned());
                }
                Some(Some(_)) => compared
                    .different
                    .push(format!("`{}` quotes {}, {}, and the words are not there", fact.id, cite.source, cite.at)),
            }
        }
    }
    Ok(compared)
}

/// Returns `true` if a document has the quoted words at the place of the quotation.
fn is_there(quotation: &Quotation, canonical: &str) -> bool {
    quotation.place_in(canonical).is_some_and(|words| quotation.quotes(words))
}

const SECRET_DOCUMENT: &str = "a document about a child or a family is not the one that was recorded";
const SECRET_QUOTATION: &str = "a quotation about a child or a family is not where it was recorded";

impl Compared {
    /// Returns the comparison as lines of the report of `verify`.
    pub fn describe(&self) -> String {
        let mut out = format!(
            "  sources {}, {} not in the folder\n",
            counted(self.matching, "document matches its digest", "documents match their digests"),
            self.absent
        );
        out.push_str(&format!(
            "  quotes  {} as recorded, {} without a text to check them in\n",
            counted(self.quoted, "quotation stands", "quotations stand"),
            self.unchecked
        ));
        out
    }

    pub fn in_json(&self) -> Value {
        json!({
            "documents-matching": self.matching,
            "documents-absent": self.absent,
            "quotations-matching": self.quoted,
            "quotations-unchecked": self.unchecked,
        })
    }

    /// Returns the comparison, or the error that lists what differs.
    pub fn or_differs(self) -> Result<Self, CommandError> {
        if self.different.is_empty() {
            return Ok(self);
        }
        let n = self.different.len() as u64;
        let differ = counted(n, "document or quotation differs", "documents or quotations differ");
        let lines: String = self.different.iter().map(|line| format!("\n  {}", heldto_report::plain(line))).collect();
        let message = format!("error: the ledger is sound, but {differ}:{lines}");
        Err(CommandError { rendered: true, ..CommandError::new(FAILED, message) }
            .hint("compare the document with its source; correct the fact, or put back the archived document"))
    }
}

/// One archived document.
struct Document {
    path: PathBuf,
    digest: [u8; 32],
    /// The text; `None` if the document is not UTF-8.
    text: Option<String>,
}

/// The documents of a folder and of the folders in it.
#[derive(Default)]
struct Documents {
    by_digest: BTreeMap<[u8; 32], Rc<Document>>,
    by_name: BTreeMap<String, Rc<Document>>,
}

impl Documents {
    fn read(dir: &Path) -> Result<Self, CommandError> {
        let failed = |path: &Path, error: &std::io::Error| io(&format!("cannot read {}", path.display()), error);
        let mut found = Self::default();
        let mut seen = BTreeSet::new();
        let mut open = vec![dir.to_owned()];
        while let Some(folder) = open.pop() {
            let canonical = folder.canonicalize().map_err(|e| failed(&folder, &e))?;
            // A link may lead back up.
            if !seen.insert(canonical) {
                continue;
            }
            for entry in std::fs::read_dir(&folder).map_err(|e| failed(&folder, &e))? {
                let path = entry.map_err(|e| failed(&folder, &e))?.path();
                if path.is_dir() {
                    open.push(path);
                } else if path.is_file() {
                    let bytes = std::fs::read(&path).map_err(|e| failed(&path, &e))?;
                    found.take(path, bytes);
                }
            }
        }
        Ok(found)
    }

    fn take(&mut self, path: PathBuf, bytes: Vec<u8>) {
        let digest = *blake3::hash(&bytes).as_bytes();
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let name = name.split('.').next().unwrap_or_default().to_owned();
        // A byte-order mark says how the text is encoded, and is no part of it.
        let text = String::from_utf8(bytes).ok();
        let text = text.map(|text| text.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(text));
        let document = Rc::new(Document { path, digest, text });
        self.by_digest.insert(digest, Rc::clone(&document));
        self.by_name.insert(name, document);
    }
}
