//! The frame of a page: head, navigation, checker and foot. Knows no facts. Start at
//! [`Frame::around`].

use crate::contact::address;
use crate::content::PageContent;
use crate::{Address, List, Settings, wording};
use chrono::NaiveDate;
use heldto_replay::{AllView, View};
use heldto_report::{AddressOf, LogPosition, basis_of, html_content, plain};
use maud::{DOCTYPE, Markup, PreEscaped, html};
use serde_json::{Value, json};

/// The settings, the place in the log and the address of a page.
pub struct Frame<'a> {
    pub settings: &'a Settings,
    pub log: &'a LogPosition,
    pub address: &'a Address,
    /// First day on which a source was public, for the checker; `None` if the page has no checker.
    pub checked_from: Option<NaiveDate>,
    /// Day that the page is judged by.
    pub as_of: NaiveDate,
}

impl Frame<'_> {
    /// Writes a page around its content.
    pub fn around(&self, content: &PageContent, link: &AddressOf<'_>) -> String {
        let up = "../".repeat(self.address.depth());
        let title = plain(&content.title);
        let name = plain(&self.settings.name);
        let path = self.address.to_string();
        let file = path.rsplit('/').next().unwrap_or(&path);
        let stem = file.trim_end_matches(".html");
        let data: Vec<String> = content.data().map(|(format, _)| format!("{stem}.{format}")).collect();
        let page = html! {
            (DOCTYPE)
            html lang=(wording::LANGUAGE) {
                head {
                    meta charset="utf-8";
                    meta name="viewport" content="width=device-width, initial-scale=1";
                    meta http-equiv="Content-Security-Policy" content=(POLICY);
                    title { @if title != name { (title) " · " } (name) }
                    link rel="stylesheet" href={ (up) "style.css" };
                    link rel="icon" href={ (up) "icon.svg" };
                    @for feed in data.iter().filter(|name| name.ends_with(".atom")) {
                        link rel="alternate" type="application/atom+xml" href=(feed) title=(title);
                    }
                    script type="application/ld+json" { (embedded(&self.described(content, &title, &data))) }
                    script type="application/json" id="settings_" { (embedded(&json!(self.settings))) }
                    @if self.checked_from.is_some() { script src={ (up) "check.js" } defer {} }
                }
                body {
                    a.skip href="#main_" { (wording::SKIP) }
                    header.site {
                        a.name href={ (up) "index.html" } { (name) }
                        nav aria-label=(wording::SITE) {
                            ul { @for list in List::ALL { li { a href={ (up) (list.as_str()) ".html" } { (wording::list(*list)) } } } }
                        }
                    }
                    p.then id="then_" role="status" {}
                    main id="main_" { (self.main(content, link, &data)) }
                    @if let Some(first) = self.checked_from { (checker(first, false)) }
                    footer.site { (self.foot(&up)) }
                }
            }
        };
        let mut text = page.into_string();
        text.push('\n');
        text
    }

    /// Writes the content with its title, basis and citation, and with links to its data.
    pub fn main(&self, content: &PageContent, link: &AddressOf<'_>, data: &[String]) -> Markup {
        let (title, name) = (plain(&content.title), plain(&self.settings.name));
        // Rows are beside the page; only figures are found by their row.
        let has_rows = matches!(self.address, Address::Series(..));
        let shown = content.document.as_ref().map(|document| document.shortened(LONGEST, has_rows));
        html! {
            h1 { (title) }
            @if let Some(document) = &content.document { p.basis { (basis_of(document)) } }
            @if let (Some(contact), Some(_)) = (&self.settings.contact, &content.document) {
                p.challenge { (wording::CHALLENGE) " " (address(contact, &self.address.to_string())) }
            }
            @if let Some(text) = &content.text { (text) }
            @if let Some(document) = &shown { (PreEscaped(html_content(document, link))) }
            @if !data.is_empty() { p.data { (wording::DATA) @for name in data { " " a href=(name) { (name) } } } }
            p.cite { (wording::cite(&name, &title, self.as_of, self.log)) }
        }
    }

    fn foot(&self, up: &str) -> Markup {
        html! {
            p {
                (wording::NO_VOUCHER) " "
                a href={ (up) "check.html" } { (wording::CHECK) } " · "
                a href={ (up) "rules.html" } { (wording::RULES) } " · "
                a href={ (up) "accessibility.html" } { (wording::ACCESSIBILITY) }
            }
            p { (wording::log(self.log)) }
            @if let Some(cosigned) = wording::cosigned(&self.settings.checkpoint) { p { (cosigned) } }
        }
    }

    /// Returns the page for search engines and archives, in the terms of schema.org.
    fn described(&self, content: &PageContent, title: &str, data: &[String]) -> Value {
        let sources = content.document.as_ref().map(heldto_report::Document::sources).unwrap_or_default();
        let cited = sources.iter().filter(|source| !source.is_retracted).map(|source| {
            let url = source.url.as_deref().filter(|url| url.starts_with("https://") || url.starts_with("http://"));
            json!({ "@type": "CreativeWork", "name": source.title, "url": url, "publisher": source.publisher })
        });
        let is_set = *self.address == Address::Front;
        let files = data.iter().map(|name| json!({ "@type": "DataDownload", "contentUrl": name }));
        let mut described = json!({
            "@context": "https://schema.org",
            "@type": if is_set { "Dataset" } else { "WebPage" },
            "name": title,
            "dateModified": self.settings.as_of.to_string(),
            "inLanguage": wording::LANGUAGE,
            "citation": cited.collect::<Vec<_>>(),
        });
        if is_set {
            described["description"] = json!(wording::described(self.log));
            described["distribution"] = files.collect();
        }
        described
    }
}

/// Policy of a page of a site: nothing leaves its host.
const POLICY: &str = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; connect-src 'self'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'";

/// Writes a value that no browser can read as the end of its element.
pub fn embedded(value: &Value) -> PreEscaped<String> {
    PreEscaped(value.to_string().replace('<', "\\u003c"))
}

/// Maximum number of items in a section of a page, which a phone can load and a reader scroll.
const LONGEST: usize = 250;

/// Formats of text that the checker writes.
const TEXT_FORMATS: &[&str] = &["csv", "json", "md", "html", "table"];

/// Writes the checker, which is hidden until its script runs.
///
/// `first` is the first day on which a source was public. With `of_any` it checks a ledger at an
/// address, or in a folder of the reader, in place of the page.
pub fn checker(first: NaiveDate, of_any: bool) -> Markup {
    let title = if of_any { wording::CHECK_LEDGER } else { wording::CHECK_THIS };
    html! {
        section.panel id="check_" aria-label=(title) hidden data-first=(first) data-none=(wording::NO_MODULE) data-broken=(wording::BROKEN) data-failed=(wording::CHECK_FAILED) data-changed=(wording::CHANGED) data-found=(wording::FOUND) data-then=(wording::THEN) data-day=(wording::NO_SUCH_DAY) data-unknown=(wording::NOTHING_YET) data-unread=(wording::UNREAD) data-where=(wording::WHERE) data-checked=(wording::CHECKED) {
            h2 { (title) }
            @if of_any {
                label for="address_" { (wording::ADDRESS) }
                input id="address_" type="text" inputmode="url" spellcheck="false" autocomplete="off";
                label for="folder_" { (wording::FOLDER) }
                input id="folder_" type="file" webkitdirectory;
            } @else {
                p { (wording::DO_NOT_TRUST) }
            }
            label for="key_" { (wording::KEY) }
            input id="key_" type="text" spellcheck="false" autocomplete="off";
            p.detail { (if of_any { wording::KEY_OF_ANY } else { wording::KEY_FROM_ELSEWHERE }) }
            button id="run_" type="button" { (title) }
            progress id="progress_" hidden aria-label=(wording::CHECKING) {}
            div id="verdict_" role="status" {}
            div id="after_" hidden {
                label for="day_" { (wording::GO_BACK) }
                input id="slider_" type="range" aria-label=(wording::GO_BACK);
                input id="day_" type="date";
                fieldset {
                    legend { (wording::SEARCH) }
                    label for="words_" { (wording::WORDS) }
                    input id="words_" type="text" autocomplete="off";
                    label for="since_" { (wording::SINCE) }
                    input id="since_" type="date";
                    label for="until_" { (wording::UNTIL) }
                    input id="until_" type="date";
                    button id="search_" type="button" { (wording::SEARCH) }
                }
                fieldset {
                    legend { (wording::DOWNLOAD) }
                    label for="report_" { (wording::REPORT) }
                    select id="report_" { @for (word, name) in wording::REPORTS { option value=(word) { (name) } } }
                    label for="format_" { (wording::FORMAT) }
                    select id="format_" { @for format in TEXT_FORMATS { option { (format) } } }
                    button id="download_" type="button" { (wording::DOWNLOAD) }
                }
            }
        }
    }
}

/// Writes the page that a host shows where no page is.
///
/// It has no links and no style, because it stands at addresses of any depth.
pub fn missing(settings: &Settings, view: &AllView<'_>) -> String {
    let view: &View<'_> = view;
    let page = html! {
        (DOCTYPE)
        html lang=(wording::LANGUAGE) {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (wording::NO_PAGE) " · " (plain(&settings.name)) }
            }
            body {
                main {
                    h1 { (wording::NO_PAGE) }
                    p { (wording::gone(view.sensitive_entries(), view.erased())) }
                }
            }
        }
    };
    format!("{}\n", page.into_string())
}

/// Writes the page of a published folder that has no other: what it is, and how to check it.
#[must_use]
pub fn plain_index(origin: &str) -> String {
    let page = html! {
        (DOCTYPE)
        html lang=(wording::LANGUAGE) {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (plain(origin)) }
            }
            body { main { h1 { (plain(origin)) } (wording::published()) } }
        }
    };
    format!("{}\n", page.into_string())
}

/// Returns the style sheet: the look of reports, and that of the frame.
pub fn style() -> String {
    format!("{}{FRAME}", heldto_report::STYLE)
}

/// The icon: a ledger's line that is ticked.
pub const ICON: &str = r##"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16"><rect width="16" height="16" rx="3" fill="#1d5c9e"/><path d="M4 8.5l3 3 5-7" fill="none" stroke="#fff" stroke-width="2"/></svg>
"##;

const FRAME: &str = "
.skip { position: absolute; left: -100rem; } .skip:focus { position: static; }
header.site { display: flex; flex-wrap: wrap; gap: .2rem 1.5rem; align-items: baseline; border-bottom: 2px solid var(--line); padding-bottom: .5rem; }
header.site .name { font-weight: 700; font-size: 1.1rem; color: inherit; text-decoration: none; }
footer.site { font-family: inherit; white-space: normal; }
.then { position: sticky; top: 0; margin: 0; padding: .3rem .8rem; background: var(--care); color: var(--paper); font-weight: 600; } .then:empty { display: none; }
.challenge { font-size: .9rem; } .data a { margin-left: .5rem; } .cite { color: var(--faint); font-size: .9rem; }
.panel { margin-top: 2rem; padding: 0 1rem 1rem; border: 2px solid var(--line); border-radius: .5rem; } .panel h2 { border: 0; margin-top: .5rem; }
.panel label { font-weight: 600; display: block; margin-top: .5rem; }
fieldset { border: 1px solid var(--line); border-radius: .3rem; margin: 1rem 0 0; } legend { font-weight: 600; }
input, button, select { font: inherit; color: inherit; max-width: 100%; } input[type=text] { width: 100%; background: var(--paper); border: 1px solid var(--faint); padding: .4rem; } input[type=range] { width: 100%; }
input[type=date], select { background: var(--paper); border: 1px solid var(--faint); padding: .3rem; }
button { background: var(--bar); color: var(--paper); border: 0; border-radius: .3rem; padding: .5rem 1rem; font-weight: 600; cursor: pointer; margin-top: .5rem; }
.verdict { border-left: .5rem solid var(--faint); padding-left: .8rem; margin: 1rem 0; } .verdict.sound { border-color: var(--good); } .verdict.broken { border-color: var(--bad); } .verdict.unsure { border-color: var(--care); }
@page { margin: 12mm; }
@media print { header.site nav, .panel, .data, .skip, section.rows { display: none; } body { font-size: 9pt; line-height: 1.35; } h2 { margin-top: .8rem; } * { print-color-adjust: exact; -webkit-print-color-adjust: exact; } }
";
