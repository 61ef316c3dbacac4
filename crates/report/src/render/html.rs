//! Writes a document as one HTML file. Knows no files and no network. Start at [`render`].

use super::{basis, footing, link, picture};
use crate::{Block, Cell, Cited, Document, Item, Tone, wording};
use maud::{DOCTYPE, Markup, PreEscaped, html};
use std::cell::RefCell;
use std::collections::BTreeSet;

/// Writes one self-contained file, without scripts, fonts or external images.
pub fn render(document: &Document, digest: &str) -> String {
    let page = html! {
        (DOCTYPE)
        html lang=(wording::document::LANGUAGE) {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (document.title) " · " (document.basis.log.origin) }
                style { (PreEscaped(STYLE)) }
            }
            body {
                header {
                    h1 { (document.title) }
                    p.basis { (basis(document)) }
                }
                main { (content(document, &|_| None)) }
                footer { @for line in footing(document, digest) { p { (line) } } }
            }
        }
    };
    let mut text = page.into_string();
    text.push('\n');
    text
}

/// Address of the page of a fact, relative to the page that is written; `None` if it has none.
pub type AddressOf<'a> = dyn Fn(&str) -> Option<String> + 'a;

/// The links of a page: to other pages, and to the facts on it.
struct Links<'a> {
    address_of: &'a AddressOf<'a>,
    /// Ids of facts that the page has as anchors so far; its own ids have `_`, which no id of a
    /// fact has.
    anchors: RefCell<BTreeSet<String>>,
}

impl Links<'_> {
    /// Returns an id, if the page has no such anchor yet.
    fn anchor<'i>(&self, id: &'i str) -> Option<&'i str> {
        (!id.is_empty() && self.anchors.borrow_mut().insert(id.to_owned())).then_some(id)
    }
}

/// Writes summary, contents, sections and rows, with links to the pages that `address_of` knows.
pub fn content(document: &Document, address_of: &AddressOf<'_>) -> Markup {
    let links = Links { address_of, anchors: RefCell::default() };
    html! {
        @for line in &document.summary { p.summary { (line) } }
        @if document.sections.len() > 2 { (contents(document)) }
        @for (n, section) in document.sections.iter().enumerate() {
            section id={ "section_" (n + 1) } {
                h2 class=(tone(section.tone)) { (section.heading) }
                @for block in &section.blocks { (self::block(document, block, &links)) }
            }
        }
        @if !document.data.rows.is_empty() { (rows(document, &links)) }
    }
}

/// Lists the sections, each with a link to it.
fn contents(document: &Document) -> Markup {
    html! {
        nav aria-label=(wording::document::CONTENTS) {
            ul {
                @for (n, section) in document.sections.iter().enumerate() {
                    li { a href={ "#section_" (n + 1) } { (section.heading) } }
                }
            }
        }
    }
}

const fn tone(tone: Tone) -> &'static str {
    match tone {
        Tone::Plain => "plain",
        Tone::Good => "good",
        Tone::Warning => "care",
        Tone::Bad => "bad",
    }
}

fn block(document: &Document, block: &Block, links: &Links<'_>) -> Markup {
    html! {
        @match block {
            Block::Text(text) => p { (text) },
            Block::List(lines) => ul { @for line in lines { li { (line) } } },
            Block::Pairs(pairs) => dl { @for (name, value) in pairs { div { dt { (name) } dd { (value) } } } },
            Block::Items(items) => ul.items { @for item in items { (self::item(item, links)) } },
            Block::Chart(chart) => (picture::chart(document, chart)),
            Block::Stack(stack) => (picture::stack(document, stack, links.anchor(picture::CLAIMED).is_some())),
            Block::TimeChart(chart) => (picture::time_chart(document, chart, links.anchor(picture::CLAIMED).is_some())),
        }
    }
}

fn item(item: &Item, links: &Links<'_>) -> Markup {
    let own = Some(&item.id).filter(|id| !id.is_empty()).and_then(|id| (links.address_of)(id));
    html! {
        li id=[links.anchor(&item.id)] {
            @if !item.mark.is_empty() { span.mark { (item.mark) } }
            div {
                p.line { @match own { Some(page) => a href=(page) { (item.line) }, None => (item.line) } }
                @for detail in &item.details { p.detail { (detail) } }
                @for cite in &item.cites { p.detail { (cited(cite, links)) } }
            }
        }
    }
}

/// Writes a citation, whose title is a link to the page of the source, or else to its address.
fn cited(cited: &Cited, links: &Links<'_>) -> Markup {
    let (before, after) = wording::fact_line::around_title(cited);
    let url = cited.url.as_deref().and_then(link);
    html! {
        (before)
        @match ((links.address_of)(&cited.source), url) {
            (Some(page), _) => a href=(page) { (cited.title) },
            (None, Some(url)) => a href=(url) rel="noreferrer" { (cited.title) },
            (None, None) => (cited.title),
        }
        (after)
    }
}

/// Writes every row with every column, folded until opened.
fn rows(document: &Document, links: &Links<'_>) -> Markup {
    let id = document.data.columns.iter().position(|column| *column == "id");
    let anchor = |row: &[Cell]| match row.get(id?)? {
        Cell::Text(id) => links.anchor(id).map(str::to_owned),
        _ => None,
    };
    html! {
        section.rows {
            h2 { (wording::document::EVERY_ROW) }
            details {
                summary { (wording::document::show_all_rows(document.data.rows.len())) }
                div.scroll tabindex="0" role="region" aria-label=(wording::document::EVERY_ROW_WITH_EVERY_COLUMN) {
                    table {
                        thead { tr { @for column in &document.data.columns { th scope="col" { (column) } } } }
                        tbody {
                            @for row in &document.data.rows { tr id=[anchor(row)] { @for cell in row { td { (text(cell)) } } } }
                        }
                    }
                }
            }
        }
    }
}

fn text(cell: &Cell) -> String {
    match cell {
        Cell::Empty => String::new(),
        Cell::Text(text) | Cell::Number(text) => text.clone(),
        Cell::Day(day) => day.to_string(),
        Cell::Words(words) => words.join("; "),
        Cell::Record(fields) => fields.first().map_or_else(String::new, |(_, first)| text(first)),
        Cell::Flag(flag) => wording::document::flag(*flag).to_owned(),
        Cell::Parties(all) => all.iter().map(|(_, name)| name.as_str()).collect::<Vec<_>>().join("; "),
        Cell::Cites(cites) => cites.iter().map(wording::fact_line::cited_in_full).collect::<Vec<_>>().join("; "),
    }
}

/// Look of a page, without fonts or images.
pub const STYLE: &str = "
:root { color-scheme: light dark; --ink: #1a1a1a; --paper: #fff; --faint: #595959; --line: #d0d0d0; --good: #00602b; --care: #7a4b00; --bad: #a4001d; --bar: #1d5c9e; --other: #7d8b99; --perhaps: #c9d6e3; --soon: #6b3fa0; }
@media (prefers-color-scheme: dark) { :root { --ink: #ececec; --paper: #161616; --faint: #b0b0b0; --line: #444; --good: #6fd394; --care: #f0b75c; --bad: #ff8d9b; --bar: #7db5ee; --other: #93a1ae; --perhaps: #3a4856; --soon: #c3a6f0; } }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 1rem; max-width: 60rem; font: 1rem/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper); overflow-wrap: anywhere; }
h1 { font-size: 1.6rem; line-height: 1.2; margin: .5rem 0; }
h2 { font-size: 1.2rem; margin: 2rem 0 .5rem; padding-top: .5rem; border-top: 2px solid var(--line); }
h2.good { color: var(--good); border-color: currentColor; } h2.care { color: var(--care); border-color: currentColor; } h2.bad { color: var(--bad); border-color: currentColor; }
.basis, .detail, footer, figcaption { color: var(--faint); font-size: .9rem; }
.summary { font-size: 1.1rem; }
p { margin: .3rem 0; }
ul.items { list-style: none; padding: 0; }
ul.items > li { display: grid; grid-template-columns: 11rem 1fr; gap: 0 1rem; padding: .5rem 0; border-bottom: 1px solid var(--line); }
ul.items > li > div { grid-column: 2; }
.mark { font-weight: 600; }
.line { font-weight: 500; }
dl > div { display: grid; grid-template-columns: 11rem 1fr; gap: 0 1rem; padding: .2rem 0; }
dt { font-weight: 600; } dd { margin: 0; white-space: pre-line; }
figure { margin: 1rem 0; }
svg text { fill: var(--ink); font-size: .9rem; } svg text.own { font-weight: 700; }
svg .goal { stroke: var(--ink); stroke-width: 2; } svg .axis { stroke: var(--line); }
svg .caption { fill: var(--faint); font-size: .75rem; } svg .cut { stroke: var(--ink); stroke-dasharray: 4 4; }
.kept { fill: var(--good); } .claimed { fill: url(#claimed_); } .broken { fill: var(--bad); } .overdue { fill: var(--care); } .unknown { fill: var(--other); } .soon { fill: var(--soon); } .open { fill: var(--bar); } .vague { fill: var(--line); }
svg rect.own { fill: var(--bar); } svg rect.other { fill: var(--other); } svg rect.perhaps { fill: var(--perhaps); stroke: var(--faint); }
table { border-collapse: collapse; font-size: .85rem; } th, td { text-align: left; vertical-align: top; padding: .25rem .5rem; border: 1px solid var(--line); overflow-wrap: normal; }
.scroll { overflow-x: auto; }
nav ul { list-style: none; padding: 0; display: flex; flex-wrap: wrap; gap: 0 1.2rem; } nav li { padding: .3rem 0; }
a { color: var(--bar); text-underline-offset: .15em; } :focus-visible { outline: 3px solid var(--care); outline-offset: 2px; }
summary { cursor: pointer; padding: .25rem 0; }
footer { margin-top: 2rem; border-top: 2px solid var(--line); font-family: ui-monospace, monospace; white-space: pre-wrap; }
@media (max-width: 40rem) { ul.items > li, dl > div { grid-template-columns: 1fr; } ul.items > li > div { grid-column: 1; } }
@media print { nav { display: none; } body { max-width: none; padding: 0; font-size: 10pt; } details:not([open]) { display: none; } ul.items > li, figure { break-inside: avoid; } h2 { break-after: avoid; } }
";
