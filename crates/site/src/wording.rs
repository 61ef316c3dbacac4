//! Words of the pages that are no report: navigation, checker, foot, and the pages of text. Start
//! at [`rules`].

pub mod proof;

use crate::contact::address;
use crate::{List, Settings};

use chrono::{DateTime, NaiveDate};
use heldto_fact::FactId;
use heldto_replay::{Class, Grade, Status};
use heldto_report::{LogPosition, day, meaning, meaning_of_grade};
use maud::{Markup, html};

/// Tag of the language of these words.
pub const LANGUAGE: &str = "en-GB";
pub const SKIP: &str = "Skip to the content";
pub const SITE: &str = "Site";
pub const DATA: &str = "Data of this page:";
pub const BODIES: &str = "Bodies";
pub const SOURCES: &str = "Sources";
pub const FIGURES: &str = "Figures";
pub const NO_CORRECTIONS: &str =
    "No correction and no retraction so far. Each one will be here, with its reason and its day.";
pub const CORRECTIONS: &str = "Corrections";
pub const RULES: &str = "How commitments are judged";
pub const CHECK: &str = "How to check";
pub const ACCESSIBILITY: &str = "Accessibility";
pub const NO_VOUCHER: &str = "This page cannot vouch for itself.";
pub const CHALLENGE: &str = "Something wrong, missing or unfair here? Answer or challenge it:";
pub const THEN: &str = "You are reading the record as it stood on";
pub const NO_SUCH_DAY: &str =
    "There is no record of that day: choose one between the first source and the day of this page.";
pub const CHECK_THIS: &str = "Check this page";
pub const CHECKING: &str = "Checking";
pub const DO_NOT_TRUST: &str = "Your browser can check the signature and every entry, judge the record again, and compare the result with this page. Nothing that you type leaves it.";
pub const KEY: &str = "Public key of the ledger";
pub const KEY_FROM_ELSEWHERE: &str =
    "Take the key from somewhere else than this site: whoever made the site wrote this page.";
pub const CHECK_LEDGER: &str = "Check a ledger";
pub const ADDRESS: &str = "Address of the ledger, which may be that of its site";
pub const FOLDER: &str = "Or its folder on this device, downloaded before";
pub const KEY_OF_ANY: &str = "Take the key from somewhere else than the address.";
pub const WHERE: &str = "Give the address of a ledger, such as https://example.org/ledger/, or choose its folder.";
/// Begins the line that names the ledger that was checked.
pub const CHECKED: &str = "What was checked:";
pub const UNREAD: &str = "The address could not be read: it is wrong, or its host is away, or does not let other sites read it. Download the folder of the ledger, and choose it here.";
pub const CHECKER_FOOT: &str = "This page carries the checker inside. It reads the address that you give, follows it nowhere else, and reads nothing else.";
pub const STANDALONE: &str = "It carries everything it needs and asks nothing of any network.";
pub const NO_MODULE: &str =
    "The checker, heldto.wasm, is not on this host. Check the folder of the site with the program heldto.";
pub const BROKEN: &str = "Broken: do not rely on this page or its ledger";
pub const CHANGED: &str = "This page shows something else than the ledger gives: it was changed after it was made.";
pub const CHECK_FAILED: &str = "Not checked";
pub const NOTHING_YET: &str = "Nothing about this was public by that day.";
pub const GO_BACK: &str = "The record as it stood on";
pub const FOUND: &str = "You are reading what your search found; choose a day to go back to the page.";
pub const SEARCH: &str = "Search the record";
pub const WORDS: &str = "Words in a fact, or in the name of a body";
pub const SINCE: &str = "From this day";
pub const UNTIL: &str = "To this day";
pub const DOWNLOAD: &str = "Download a report";
pub const REPORT: &str = "Report";
pub const FORMAT: &str = "Format";

/// Reports that the checker writes, by the word of the program.
pub const REPORTS: &[(&str, &str)] = &[
    ("pledges", "Commitments"),
    ("timeline", "Timeline"),
    ("amounts", "Amounts"),
    ("metrics", "Figures"),
    ("questions", "Questions"),
    ("contradictions", "Contradictions"),
    ("slippage", "Due dates that moved"),
    ("deliveries", "What was done"),
    ("agenda", "Questions for a meeting"),
];

pub const NO_PAGE: &str = "There is no page at this address";

/// Returns the name of a list in the navigation.
pub const fn list(list: List) -> &'static str {
    match list {
        List::Commitments => "Commitments",
        List::Bodies => BODIES,
        List::Timeline => "Timeline",
        List::Money => "Money",
        List::Figures => FIGURES,
        List::Questions => "Questions",
        List::Contradictions => "Contradictions",
        List::Changes => "What changed",
        List::Corrections => CORRECTIONS,
        List::Sources => SOURCES,
    }
}

/// Returns the title of the page of a proof.
pub fn proof_of(text: &str) -> String {
    format!("Proof: {text}")
}

/// Returns the place of a page in the log.
pub fn log(log: &LogPosition) -> String {
    format!("Made from the first {} entries of {}, tree head {}.", log.entries, log.origin, log.root)
}

/// Returns the line by which a page is cited.
pub fn cite(name: &str, title: &str, as_of: NaiveDate, log: &LogPosition) -> String {
    let title = if title == name { String::new() } else { format!("“{title}”, ") };
    format!("To cite: {name}, {title}as at {}, first {} entries.", day(as_of), log.entries)
}

/// Returns the cosignatures that a checkpoint has, as the publisher says; `None` if it has none.
pub fn cosigned(checkpoint: &str) -> Option<String> {
    let (note, _) = heldto_exchange::read_checkpoint(checkpoint.as_bytes(), "").ok()?;
    let witness = |(name, bytes): (&str, &[u8])| {
        // The hash of a key, a time and a signature.
        let (time, _) = bytes.get(4..).filter(|rest| rest.len() == 72)?.split_first_chunk::<8>()?;
        let time = DateTime::from_timestamp(i64::try_from(u64::from_be_bytes(*time)).ok()?, 0)?;
        Some(format!("{name} on {} at {} UTC", day(time.date_naive()), time.format("%H:%M")))
    };
    let all: Vec<String> = note.signatures().filter_map(witness).collect();
    (!all.is_empty())
        .then(|| format!("Cosigned by {}, as the publisher says; heldto verify --policy checks it.", all.join(", ")))
}

/// Returns the ledger as a set of data.
pub fn described(log: &LogPosition) -> String {
    format!(
        "A signed ledger of {} entries, {}: what public bodies promised, and what became of it.",
        log.entries, log.origin
    )
}

/// Returns the link from a body to the page for a meeting.
pub fn for_a_meeting(id: &FactId) -> Markup {
    html! { p { a href={ "../meetings/" (id) ".html" } { "Two pages for a meeting" } } }
}

/// Returns the reasons why a page may be gone.
pub fn gone(withheld: u64, erased: u64) -> String {
    let entries = |n: u64| if n == 1 { "1 entry".to_owned() } else { format!("{n} entries") };
    let were = |n: u64| if n == 1 { "1 entry was".to_owned() } else { format!("{n} entries were") };
    format!(
        "Check the address: a letter may be wrong. If there was a page here before, its fact was withheld or erased \
         since: this ledger leaves out {} about identifiable children or families, and {} erased. A retracted fact \
         keeps its page.",
        entries(withheld),
        were(erased)
    )
}

/// Returns what a site is, for the front page.
pub fn front() -> Markup {
    html! {
        p.summary { "What public bodies promised, and what the public record shows became of it. Every line names its source. Silence is not a breach, and a claim is not proof: " a href="rules.html" { "how commitments are judged" } ", and " a href="rules.html#statuses" { "what each status means" } "." }
    }
}

/// Returns the page that explains how commitments are judged.
pub fn rules() -> Markup {
    html! {
        p { "Silence is not a breach. A claim is not proof. The same money is not counted twice. A vague date stays vague." }
        p { "Every commitment is judged by the facts that were public by a day. What its owner says of it is a claim; what a watchdog, a court or an official record says is proof; what a reporter found is reported. A critic's word alone settles nothing." }
        p { "A commitment is overdue when its day has passed and nothing on record settles it. It counts as not kept only where evidence shows a failure: that it was not done by its day, or, for a duty that is owed in every case, that it was not done in one. Each page says who found the failure, how sure that is, and whether it was the keeper of this ledger who linked it to the duty." }
        h2 id="force" { "How binding it is" }
        dl {
            @for (word, meaning) in [
                ("duty", "The law requires it. It is owed in every case, whether or not a day is named."),
                ("requirement", "A body with the power to do so has imposed it, in a notice or an order."),
                ("remedy", "It was ordered or agreed to put right a complaint."),
                ("pledge", "It was promised."),
                ("aspiration", "It was said as an aim or a hope."),
            ] { div { dt { (word) } dd { (meaning) } } }
        }
        h2 id="statuses" { "What each status means" }
        dl {
            @for status in Status::ALL.iter().filter(|status| **status != Status::NotYetKnown) {
                div { dt { (status.as_str()) } dd { (meaning(*status)) " " (counted(*status)) } }
            }
        }
        h2 id="evidence" { "How good the evidence is" }
        dl { @for grade in Grade::ALL { div { dt { (grade.as_str()) } dd { (meaning_of_grade(*grade)) } } } }
        p { "The program " code { "heldto" } " has the rules in full, with a test for each." }
    }
}

/// Returns the column of the summaries in which a status counts.
const fn counted(status: Status) -> &'static str {
    match status.class() {
        Class::Met => "Counts as kept.",
        Class::Failed => "Counts as not kept.",
        Class::Unsettled => "Counts as unknown.",
        Class::Unanswered | Class::Open | Class::Untestable | Class::Ended | Class::Unknown => {
            "Not counted as kept or not kept."
        }
    }
}

/// Returns the page of a published folder.
pub fn published() -> Markup {
    html! {
        p { "This folder is a published ledger of what public bodies promised, and what became of it: a signed checkpoint, the tree over all entries, and the entries with their parts." }
        p { "To check it, download the folder, and run:" }
        pre { "heldto verify FOLDER --key KEY" }
        p { "Take the key from somewhere else than this host. To read it, restore it with " code { "heldto restore FOLDER LEDGER" } "." }
        p { a href="checkpoint" { "checkpoint" } " · " a href="first-key" { "first key" } }
    }
}

/// Returns the introduction of the page that checks any ledger.
pub fn checker() -> Markup {
    html! {
        p { "Save this page on your own device, and open it from there: then a site cannot serve you another checker for a ledger that was changed. It checks the ledger of any site of this kind, and shows what the ledger gives." }
    }
}

/// Returns the page that explains how a stranger checks the ledger.
pub fn check(settings: &Settings, log: &LogPosition, has_checker: bool) -> Markup {
    html! {
        p { "The folder of this site is the published ledger: its checkpoint, its tree and its parts. Download it, and run:" }
        pre { "heldto verify FOLDER --key KEY" }
        p { (KEY_FROM_ELSEWHERE) }
        @if has_checker {
            p { "Or keep a checker of your own: save " a href="checker.html" download { "the page that checks any ledger" } ", and open it from your device. The other pages have a checker too, but this host serves it." }
        }
        p { "What is proved: that " (log.origin) " has " (log.entries) " entries, that none was changed, removed or put in between, and who signed them. What is not proved: that what a source says is true, and that nothing was left unrecorded." }
        p { "The file " a href="manifest.txt" { "manifest.txt" } " has the BLAKE3 digest of each file of this site. The same ledger, settings and program give the same files. This site was judged as at " (day(settings.as_of)) "." }
    }
}

/// Returns the accessibility statement.
pub fn accessibility(settings: &Settings) -> Markup {
    html! {
        p { "These pages are made to be read with a keyboard, a screen reader, enlarged to 400 %, in light and dark, on a phone and on paper. Every picture has its numbers as text. The pages work without scripts; only the check in the browser needs them." }
        p { "We test them by WCAG 2.2, level AA." }
        @match &settings.contact {
            Some(contact) => p { "If something does not work for you, tell us: " (address(contact, "accessibility.html")) },
            None => p { "This site was built without a contact." },
        }
    }
}
