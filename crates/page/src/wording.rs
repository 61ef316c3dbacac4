//! Words of the checker's verdicts and errors. Knows no ledger. Start at [`entries`].

use chrono::NaiveDate;
use heldto_proof::Verifier;
use heldto_report::day;
use std::fmt::Display;

pub const SOUND: &str = "Checked: this page is what the signed ledger gives";
pub const SOUND_LEDGER: &str = "Checked: this ledger is whole and signed; what it gives is shown above";
pub const PROVED: &str = "Checked: the signed ledger holds this fact";
pub const BROKEN: &str = "Broken: do not rely on this page or its ledger";
pub const UNSURE: &str = "Not checked";
pub const THE_SAME: &str = "This page is the same, byte for byte.";
/// Result for a page in one file, which cannot read its own bytes.
pub const SHOWN_THE_SAME: &str = "What this page shows is the same.";
pub const DIFFERS: &str = "This page says something else than the ledger gives: it was changed after it was made.";
pub const OTHER_MODULE: &str = "The checker that this host serves is not the one that the site's manifest names.";
pub const NO_SUCH_PAGE: &str = "The ledger gives no page at this address.";
pub const NOT_SHOWN: &str = "Not shown: that what the sources say is true; that nothing was left unrecorded; that this is the newest state, and the same for every reader; what the files beside the page say; that this checker is the one that its makers published. For the last, use a copy of your own.";
/// Limits of the check of a ledger alone.
pub const LEDGER_NOT_SHOWN: &str = "Not shown: that what the sources say is true; that nothing was left unrecorded; that this is the newest state, and the same for every reader.";
pub const OF_THE_LEDGER: &str = "the ledger's own checkpoint";
pub const OF_THIS_PAGE: &str = "the checkpoint of this page";
pub const SEEN_BEFORE: &str = "the checkpoint that this browser saw before";
pub const CHECK_FIRST: &str = "Check this page first.";
pub const NO_CHECKPOINT: &str = "There is no checkpoint at this address.";

/// Returns the error of a request that is none.
pub fn not_understood(error: &dyn Display) -> String {
    format!("The page and its checker do not fit: {error}")
}

/// Returns the error of an address that is no page.
pub fn no_page(error: heldto_site::NotAPage) -> String {
    format!("The address is wrong: {error}.")
}

/// Returns the error of a checkpoint that does not read.
pub fn no_checkpoint(error: &dyn Display) -> String {
    format!("The checkpoint cannot be read: {error}.")
}

/// Returns the error of a ledger that is too long for a browser.
pub fn too_long(size: u64, most: u64) -> String {
    format!("The checkpoint states {size} entries, and a browser checks at most {most}: use the program heldto.")
}

/// Returns the error of a manifest that names more partial files than there can be.
pub fn too_many_older(named: usize, most: usize) -> String {
    format!("The manifest names {named} partial files, and there can be at most {most}.")
}

/// Returns the error of a key that is none.
pub fn not_a_key(error: &dyn Display) -> String {
    format!("What you gave is not a public key: {error}. A key has the form origin+1234abcd+Base64.")
}

/// Returns an error as a sentence.
pub fn sentence(error: &str) -> String {
    let mut chars = error.chars();
    let first = chars.next().map(char::to_uppercase);
    let text: String = first.into_iter().flatten().chain(chars).collect();
    if text.ends_with('.') { text } else { format!("{text}.") }
}

/// Returns the signer: the reader's key, one after it, or one before it.
pub fn signed(by: &Verifier, key: &Verifier, since: Option<u64>) -> String {
    match since {
        Some(entry) => format!("Signed by {by}, a successor of the key you gave, in force since entry {entry}."),
        None if by == key => format!("Signed by the key you gave, {by}."),
        None => format!("Signed by {by}, which the key you gave replaced later."),
    }
}

/// Returns the number of entries that were verified.
pub fn entries(n: u64) -> String {
    match n {
        1 => "1 entry, not changed.".to_owned(),
        n => format!("{n} entries: none changed, removed or put in between."),
    }
}

/// Returns the place of a fact that is proved.
pub fn holds(index: u64, size: u64) -> String {
    format!("Entry {index} of the first {size} is exactly this fact.")
}

/// Returns the day of the judgement.
pub fn judged(as_of: NaiveDate) -> String {
    format!("The record was judged again as at {}.", day(as_of))
}

/// Returns the day of the newest entry.
pub fn newest(recorded: NaiveDate) -> String {
    format!("The newest entry is of {}, by the keeper's clock.", day(recorded))
}

/// Returns the number of entries since a page was made.
pub fn newer(of_page: u64, all: u64) -> String {
    format!("This page was made from the first {of_page} entries; the ledger now has {all}.")
}

/// Returns the facts that are withheld.
pub fn withheld(facts: u64, by: &[u64]) -> String {
    let by: Vec<String> = by.iter().map(u64::to_string).collect();
    let facts = if facts == 1 { "1 fact is".to_owned() } else { format!("{facts} facts are") };
    format!("{facts} withheld by the keeper, as entry {} says.", by.join(", "))
}

/// Returns the reason why a page of earlier cannot be compared.
pub fn taken_since(entry: u64) -> String {
    format!(
        "The ledger is sound. Entry {entry}, which is newer than this page, erased or withheld something, so the page cannot be compared: it has to be built again."
    )
}

/// Returns the reason why a page of another version cannot be compared.
pub fn other_version(page: &str, own: &str) -> String {
    format!(
        "The ledger is sound. This page was made by version {page} of the program and its checker is of version {own}, so the two cannot be compared."
    )
}

/// Returns the error of a correction without effect.
pub fn of_no_effect(entry: u64) -> String {
    format!("Entry {entry} corrects a fact, but its replacement has another id or kind, so it has no effect.")
}

/// Returns the error of a fact that does not read.
pub fn damaged(entry: u64, why: &str) -> String {
    format!("The fact in entry {entry} is damaged: {why}.")
}

/// Returns the error of a page that is judged as at a day that has not come.
pub fn ahead(as_of: NaiveDate) -> String {
    format!("This page is judged as at {}, a day that has not come by the clock of this device.", day(as_of))
}

/// Returns the error of a day after the one by which a page was checked.
pub fn after(asked: NaiveDate, as_of: NaiveDate) -> String {
    format!("{} is after {}, by which this was judged: choose an earlier day.", day(asked), day(as_of))
}

/// Returns the error of a ledger that contradicts what this browser saw before.
pub fn contradicts(why: &str) -> String {
    format!("{} To forget what was seen, clear the data of this site in your browser.", sentence(why))
}

/// Returns the number of entries seen before, which the ledger continues.
pub fn continues(entries: u64) -> String {
    format!("The ledger continues the {entries} entries that this browser saw before.")
}

/// Returns what a page says that no entry says.
pub fn not_of_the_ledger(name: &str) -> String {
    format!("Not from the ledger: the name of the site, “{name}”, its contact, and the choice of the day.")
}
