//! Writes a document as Markdown. Knows no rows, only the sections for readers. Start at
//! [`render`].

use super::{basis, footing, link};
use crate::wording;
use crate::{Block, Cited, Document};

/// Writes a document for tools and web pages that take Markdown.
pub fn render(document: &Document, digest: &str) -> String {
    let mut out = format!("# {}\n\n{}\n", safe(&document.title), safe(&basis(document)));
    for line in &document.summary {
        out.push_str(&format!("\n{}\n", safe(line)));
    }
    for section in document.sections.iter().filter(|section| !section.is_picture()) {
        out.push_str(&format!("\n## {}\n", safe(&section.heading)));
        for block in section.blocks.iter().filter(|block| !block.is_picture()) {
            out.push('\n');
            out.push_str(&self::block(block));
        }
    }
    out.push_str(&format!(
        "\n---\n\n{}\n",
        footing(document, digest).iter().map(|line| safe(line)).collect::<Vec<_>>().join("  \n")
    ));
    out
}

fn block(block: &Block) -> String {
    match block {
        Block::Text(text) => format!("{}\n", safe(text)),
        Block::List(lines) => lines.iter().map(|l| format!("- {}\n", safe(l))).collect(),
        Block::Pairs(pairs) => {
            let rows = pairs.iter().map(|(k, v)| format!("| {} | {} |\n", cell(k), cell(v)));
            std::iter::once("| | |\n|---|---|\n".to_owned()).chain(rows).collect()
        }
        Block::Items(items) => items
            .iter()
            .map(|i| {
                let mark = if i.mark.is_empty() { String::new() } else { format!("**{}** ", safe(&i.mark)) };
                let details: String = i.details.iter().map(|d| format!("  - {}\n", safe(d))).collect();
                let cites: String = i.cites.iter().map(|c| format!("  - {}\n", cited(c))).collect();
                format!("- {mark}{}\n{details}{cites}", safe(&i.line))
            })
            .collect(),
        Block::Stack(_) | Block::TimeChart(_) => String::new(),
        Block::Chart(chart) => {
            let rows = chart.bars.iter().map(|b| format!("| {} | {} |\n", cell(&b.label), cell(&b.shown)));
            let marked = chart.lines.iter().map(|line| format!(" {}.", safe(&line.label))).collect::<String>();
            let head = format!("{}{marked}\n\n| {} | |\n|---|---|\n", safe(&chart.text), cell(&chart.title));
            std::iter::once(head).chain(rows).collect()
        }
    }
}

/// Writes a citation, whose title is a link if the source has an address.
fn cited(cited: &Cited) -> String {
    match cited.url.as_deref().and_then(link) {
        Some(url) => {
            let (before, after) = wording::fact_line::around_title(cited);
            format!("{}[{}](<{url}>){}", safe(&before), safe(&cited.title), safe(&after))
        }
        None => safe(&wording::fact_line::source(cited)),
    }
}

/// Escapes characters that Markdown would read as markup.
fn safe(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if matches!(c, '\\' | '*' | '_' | '`' | '<' | '>' | '#' | '[' | ']' | '|' | '&' | '~') {
            out.push('\\');
        }
        out.push(c);
    }
    out
}

fn cell(text: &str) -> String {
    safe(text)
}
