//! Checks a ledger and a page of it, and says what was proved and what was not. Knows no host.
//! Start at [`check`].

use crate::wording;
use chrono::NaiveDate;
use heldto_exchange::proof_file;
use heldto_exchange::{Signature, Trust, is_beginning, open_folder, read_checkpoint};
use heldto_ledger::{Ledger, SystemRecord, Verified};
use heldto_proof::{Checkpoint, Verifier};
use heldto_site::{Address, MODULE, PublishedFacts, Settings, Site};
use heldto_store_files::{Folder, FolderStore, InMemory};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;

/// A ledger that was checked.
#[derive(Debug)]
pub struct Checked {
    /// The facts of the page's entries.
    pub facts: PublishedFacts,
    /// The settings of the page.
    pub settings: Settings,
}

/// The result of a check, for a reader.
#[derive(Debug)]
pub struct Verdict {
    kind: Kind,
    title: &'static str,
    lines: Vec<String>,
    /// The checkpoint to remember.
    seen: Option<String>,
    /// The HTML to show, if the module has no page to compare.
    main: Option<String>,
}

/// Thing that is checked.
#[derive(Debug, Clone, Copy)]
pub enum Subject<'a> {
    /// A page of a site, by its path, as it was served.
    Page(&'a str, &'a [u8]),
    /// The content of a page in one file, which the host compares.
    ByHost,
    /// Nothing: the ledger alone is checked.
    Nothing,
}

/// Sort of a verdict: its colour and its word.
#[derive(Debug, Clone, Copy)]
enum Kind {
    Sound,
    Broken,
    Unsure,
}

impl Verdict {
    /// Returns the verdict as the host reads it.
    pub fn into_json(self) -> Value {
        let kind = match self.kind {
            Kind::Sound => "sound",
            Kind::Broken => "broken",
            Kind::Unsure => "unsure",
        };
        json!({ "verdict": kind, "title": self.title, "lines": self.lines, "seen": self.seen, "main": self.main })
    }

    pub fn broken(why: impl std::fmt::Display) -> Self {
        let line = wording::sentence(&why.to_string());
        Self { kind: Kind::Broken, title: wording::BROKEN, lines: vec![line], seen: None, main: None }
    }

    fn unsure(why: String) -> Self {
        Self { kind: Kind::Unsure, title: wording::UNSURE, lines: vec![why], seen: None, main: None }
    }
}

/// Compares the module with the manifest of its site, which a reader may have in print.
///
/// # Errors
/// The verdict, if the manifest names another module or none.
pub fn held_against(module: &[u8], manifest: &[u8]) -> Result<(), Verdict> {
    let line = format!("{}  {MODULE}", blake3::hash(module));
    let is_named = manifest.split(|byte| *byte == b'\n').any(|of| of == line.as_bytes());
    if is_named { Ok(()) } else { Err(Verdict::broken(wording::OTHER_MODULE)) }
}

/// Returns the settings by which a ledger alone is judged: all of it, as at a day.
pub fn of_today(files: &Files, today: NaiveDate) -> Settings {
    let checkpoint = files.get("checkpoint").map(|bytes| String::from_utf8_lossy(bytes).into_owned());
    Settings {
        name: String::new(),
        contact: None,
        version: heldto_site::VERSION.to_owned(),
        as_of: today,
        checkpoint: checkpoint.unwrap_or_default(),
    }
}

type Files = Arc<BTreeMap<String, Vec<u8>>>;

/// Checks the ledger in these files, and compares what it gives by the settings.
///
/// Returns the ledger's facts if all of it is sound.
pub fn check(
    files: Files,
    mut settings: Settings,
    compared: Subject<'_>,
    key: &str,
    seen: Option<&str>,
) -> (Verdict, Option<Checked>) {
    let key: Verifier = match key.trim().parse() {
        Ok(key) => key,
        Err(error) => return (Verdict::unsure(wording::not_a_key(&error)), None),
    };
    let found = match Found::of(files, &settings, key, seen) {
        Ok(found) => found,
        Err(why) => return (Verdict::broken(why), None),
    };
    let facts = match PublishedFacts::read(&found.ledger, found.of_page) {
        Ok(facts) => facts,
        Err(error) => return (Verdict::broken(error), None),
    };
    if matches!(compared, Subject::Nothing) {
        settings.name.clone_from(&facts.log.origin);
    }
    let verdict = found.compare(&facts, &settings, compared);
    let checked = matches!(verdict.kind, Kind::Sound).then_some(Checked { facts, settings });
    (verdict, checked)
}

/// Checks the proof of a fact by the reader's key, and returns what its page shows.
pub fn check_proof(proof: &[u8], key: &str) -> Verdict {
    let key: Verifier = match key.trim().parse() {
        Ok(key) => key,
        Err(error) => return Verdict::unsure(wording::not_a_key(&error)),
    };
    let trust = Trust { key: Some(key.clone()), expected: None, policy: None };
    let checked = match proof_file::check(proof, &trust) {
        Ok(checked) => checked,
        Err(why) => return Verdict::broken(why),
    };
    let lines = vec![
        wording::signed(&checked.signature.by, &key, checked.signature.since),
        wording::holds(checked.entries.first().map_or(0, |first| first.index), checked.checkpoint.size),
        wording::SHOWN_THE_SAME.to_owned(),
        wording::NOT_SHOWN.to_owned(),
    ];
    let main = Some(heldto_site::proof_main(&checked));
    Verdict { kind: Kind::Sound, title: wording::PROVED, lines, seen: None, main }
}

/// A ledger that is sound and signed, and begins with the entries of a page.
struct Found {
    ledger: Ledger<FolderStore<InMemory>>,
    verified: Verified,
    signature: Signature,
    /// The reader's key.
    key: Verifier,
    /// The bytes of the ledger's checkpoint.
    checkpoint: Vec<u8>,
    /// Number of entries that the page was made from.
    of_page: u64,
    /// Number of entries that this reader saw before.
    seen: Option<u64>,
}

impl Found {
    /// Verifies a ledger, its signature, and the checkpoints of the page and of the reader.
    fn of(files: Files, settings: &Settings, key: Verifier, seen: Option<&str>) -> Result<Self, String> {
        let checkpoint = files.get("checkpoint").cloned().unwrap_or_default();
        let ledger = open_folder(Folder::of(InMemory(files)), &checkpoint).map_err(|e| e.to_string())?;
        let verified = ledger.verify(true, &mut |_| {}).map_err(|e| e.to_string())?;
        if let Some((index, _)) = &verified.of_no_effect {
            return Err(wording::of_no_effect(*index));
        }
        let trust = Trust { key: Some(key.clone()), expected: None, policy: None };
        let changes = ledger.key_changes(ledger.head().size()).map_err(|e| e.to_string())?;
        let signed = |bytes: &[u8], what: &str| {
            let (note, checkpoint) = read_checkpoint(bytes, what).map_err(|e| e.to_string())?;
            is_beginning(&checkpoint, &ledger, what).map_err(|e| e.to_string())?;
            let signature = trust.signature(&note, &checkpoint, ledger.genesis(), &changes);
            Ok::<(Checkpoint, Signature), String>((checkpoint, signature.map_err(|e| e.to_string())?))
        };
        let (_, signature) = signed(&checkpoint, wording::OF_THE_LEDGER)?;
        let (of_page, _) = signed(settings.checkpoint.as_bytes(), wording::OF_THIS_PAGE)?;
        // What a browser remembered and is no checkpoint says nothing.
        let seen = seen.filter(|seen| read_checkpoint(seen.as_bytes(), "").is_ok());
        let seen = seen.map(|seen| signed(seen.as_bytes(), wording::SEEN_BEFORE)).transpose();
        let seen = seen.map_err(|why| wording::contradicts(&why))?.map(|(checkpoint, _)| checkpoint.size);
        Ok(Self { seen, ledger, verified, signature, key, checkpoint, of_page: of_page.size })
    }

    /// Compares what these facts give, and says all that was proved.
    fn compare(&self, facts: &PublishedFacts, settings: &Settings, compared: Subject<'_>) -> Verdict {
        if settings.version != heldto_site::VERSION {
            return Verdict::unsure(wording::other_version(&settings.version, heldto_site::VERSION));
        }
        let site = Site::new(facts, settings);
        let (given, main) = match compared {
            Subject::Page(path, _) => match path.parse::<Address>() {
                Ok(address) => (site.page(&address), None),
                Err(_) => return Verdict::broken(wording::NO_SUCH_PAGE),
            },
            Subject::ByHost | Subject::Nothing => (None, site.single_main()),
        };
        if let Some((index, why)) = facts.facts.damaged() {
            return Verdict::broken(wording::damaged(index, why));
        }
        if let Subject::Page(_, bytes) = compared
            && given.as_deref().map(str::as_bytes) != Some(bytes)
        {
            return self.differs();
        }
        let all = self.verified.entries;
        let mut lines = vec![
            wording::signed(&self.signature.by, &self.key, self.signature.since),
            wording::entries(all),
            wording::judged(settings.as_of),
        ];
        match compared {
            Subject::Page(..) => lines.push(wording::THE_SAME.to_owned()),
            Subject::ByHost => lines.push(wording::SHOWN_THE_SAME.to_owned()),
            Subject::Nothing => {
                let last = self.ledger.recorded_last(self.of_page).ok().flatten();
                lines.extend(last.map(|at| wording::newest(at.date_naive())));
            }
        }
        lines.extend((all > self.of_page).then(|| wording::newer(self.of_page, all)));
        if !self.verified.withheld_by.is_empty() {
            lines.push(wording::withheld(self.verified.facts_withheld, &self.verified.withheld_by));
        }
        lines.extend(self.seen.map(wording::continues));
        let title = if matches!(compared, Subject::Nothing) {
            lines.push(wording::LEDGER_NOT_SHOWN.to_owned());
            wording::SOUND_LEDGER
        } else {
            lines.push(wording::not_of_the_ledger(&settings.name));
            lines.push(wording::NOT_SHOWN.to_owned());
            wording::SOUND
        };
        let seen = String::from_utf8(self.checkpoint.clone()).ok();
        Verdict { kind: Kind::Sound, title, lines, seen, main }
    }

    /// Says why a page differs: an entry after it erased or withheld something, or it was changed.
    fn differs(&self) -> Verdict {
        let records = self.ledger.own_records(self.ledger.head().size()).unwrap_or_default();
        let takes = |record: &SystemRecord| matches!(record, SystemRecord::Redaction(_) | SystemRecord::Withholding(_));
        let later = records.iter().find(|(index, record)| *index >= self.of_page && takes(record));
        match later {
            Some((index, _)) => Verdict::unsure(wording::taken_since(*index)),
            None => Verdict::broken(wording::DIFFERS),
        }
    }
}
