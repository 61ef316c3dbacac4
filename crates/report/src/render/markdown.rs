//! Writes a document as Markdown. Knows no rows, only the sections for readers. Start at
//! [`render`].

use super::{basis, footing};
use crate::{Block, Document};

/// Writes a document for tools and web pages that take Markdown.
pub fn render(document: &Document, digest: &str) -> String {
    let mut out = format!("# {}\n\n{}\n", safe(&document.title), safe(&basis(document)));
    for line in &document.summary {
        out.push_str(&format!("\n{}\n", safe(line)));
    }
    for section in &document.sections {
        out.push_str(&format!("\n## {}\n", safe(&section.heading)));
        for block in &section.blocks {
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
                format!("- {mark}{}\n{details}", safe(&i.line))
            })
            .collect(),
        Block::Chart(chart) => {
            let rows = chart.bars.iter().map(|b| format!("| {} | {} |\n", cell(&b.label), cell(&b.shown)));
            let head = format!("{}\n\n| {} | |\n|---|---|\n", safe(&chart.text), cell(&chart.title));
            std::iter::once(head).chain(rows).collect()
        }
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
