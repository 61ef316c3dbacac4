//! Writes pages that carry their ledger or their proof, and their checker, in one file: for an
//! e-mail, and for a reader without a network. Knows no disk. Start at [`standalone`].

use crate::frame::{checker, embedded, style};
use crate::{Files, MODULE, wording};
use chrono::{DateTime, NaiveDate};
use data_encoding::BASE64;
use heldto_exchange::proof_file::{Amended, CheckedProof};
use heldto_report::plain;
use maud::{DOCTYPE, Markup, PreEscaped, html};
use serde_json::{Value, json};

/// The script of the checker, in every page.
pub const SCRIPT: &str = include_str!("assets/check.js");

/// Policy of a page in one file: nothing is loaded from anywhere.
const POLICY: &str = "default-src 'none'; script-src 'unsafe-inline' 'wasm-unsafe-eval'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'";

/// A page with everything inside that its checker needs.
struct Standalone<'a> {
    title: &'a str,
    /// The checker, and the element that it fills.
    body: Markup,
    foot: Markup,
    /// Sources that the policy allows besides what is inside.
    allowed: &'a str,
    settings: &'a Value,
    files: &'a Files,
}

impl Standalone<'_> {
    fn write(&self) -> String {
        let files: Value = self.files.iter().map(|(path, bytes)| (path.clone(), json!(BASE64.encode(bytes)))).collect();
        let page = html! {
            (DOCTYPE)
            html lang=(wording::LANGUAGE) {
                head {
                    meta charset="utf-8";
                    meta name="viewport" content="width=device-width, initial-scale=1";
                    meta http-equiv="Content-Security-Policy" content={ (POLICY) (self.allowed) };
                    title { (plain(self.title)) }
                    style { (PreEscaped(style())) }
                    script type="application/json" id="settings_" { (embedded(self.settings)) }
                }
                body {
                    p.then id="then_" role="status" {}
                    (self.body)
                    footer.site { p { (self.foot) } }
                    script type="application/json" id="files_" { (embedded(&files)) }
                    script { (PreEscaped(SCRIPT)) }
                }
            }
        };
        let mut text = page.into_string();
        text.push('\n');
        text
    }
}

/// Returns `true` if a file is a page with its files inside, of this version or another.
#[must_use]
pub fn is_standalone(file: &[u8]) -> bool {
    let mark = br#"<script type="application/json" id="files_">"#;
    file.starts_with(b"<!DOCTYPE html>") && file.windows(mark.len()).any(|window| window == mark)
}

/// Writes a page that checks itself, with what its checker needs, as `files` by their path.
pub fn standalone(title: &str, main: &str, first: NaiveDate, settings: &Value, files: &Files) -> String {
    let foot = html! { (wording::NO_VOUCHER) " " (wording::STANDALONE) };
    let body = html! {
        main id="main_" { (PreEscaped(main)) }
        (checker(first, false))
    };
    Standalone { title, body, foot, allowed: "", settings, files }.write()
}

/// Writes the page that checks any ledger: at an address, or in a folder of the reader.
pub fn checker_page(module: &[u8]) -> String {
    let files = Files::from([(MODULE.to_owned(), module.to_vec())]);
    Standalone {
        title: wording::CHECK_LEDGER,
        body: html! {
            header { h1 { (wording::CHECK_LEDGER) } (wording::checker()) }
            (checker(NaiveDate::default(), true))
            main id="main_" {}
        },
        foot: html! { (wording::CHECKER_FOOT) },
        allowed: "; connect-src https: http:",
        settings: &Value::Null,
        files: &files,
    }
    .write()
}

/// Writes the page of a proof: the fact, what was said of it later, and its sources.
#[must_use]
pub fn proof_page(checked: &CheckedProof, files: &Files) -> String {
    let title = wording::proof_of(&checked.fact.text);
    standalone(&title, &proof_main(checked), NaiveDate::default(), &json!({ "as_of": "1970-01-01" }), files)
}

/// Writes what the page of a proof shows.
#[must_use]
pub fn proof_main(checked: &CheckedProof) -> String {
    let fact = &checked.fact;
    let recorded = checked.entries.first().and_then(|first| DateTime::from_timestamp_micros(first.entry.recorded_at));
    let ids = |ids: &[heldto_fact::FactId]| ids.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    let index = checked.entries.first().map_or(0, |first| first.index);
    let rows = [
        (wording::proof::ID, fact.id.to_string()),
        (wording::proof::KIND, fact.kind().to_string()),
        (wording::proof::BY, ids(&fact.by)),
        (wording::proof::ABOUT, ids(&fact.about)),
        (wording::proof::PLACE, wording::proof::place(index, checked.checkpoint.size, &checked.checkpoint.origin)),
        (wording::proof::RECORDED, recorded.map_or_else(String::new, |at| at.format("%Y-%m-%dT%H:%M:%SZ").to_string())),
        (wording::proof::NOTE, fact.note.clone().unwrap_or_default()),
    ];
    let content: Markup = html! {
        h1 { (plain(&fact.text)) }
        dl {
            @for (name, value) in rows.iter().filter(|(_, value)| !value.is_empty()) {
                div { dt { (name) } dd { (plain(value)) } }
            }
        }
        @if !fact.cites.is_empty() {
            h2 { (wording::SOURCES) }
            ul { @for cite in &fact.cites { li { (plain(&checked.title_of(&cite.source))) ", " (plain(&cite.at)) } } }
        }
        @let later = checked.amended();
        @if !later.is_empty() {
            h2 { (wording::proof::LATER) }
            ul { @for (index, amended) in &later { li { (plain(&amendment(*index, amended))) } } }
        }
        h2 { (wording::proof::NOT_SHOWN) }
        p { (wording::proof::not_shown(checked.checkpoint.size)) }
    };
    content.into_string()
}

fn amendment(index: u64, amended: &Amended<'_>) -> String {
    match amended {
        Amended::Corrected { reason, text } => wording::proof::corrected(index, reason, text),
        Amended::Retracted { reason } => wording::proof::retracted(index, reason),
        Amended::Reinstated { reason } => wording::proof::reinstated(index, reason),
    }
}
