//! Writes a document as text for a terminal. Knows no terminal: width and colour are arguments.
//! Start at [`render`].

use super::{Screen, basis, footing};
use crate::wording;
use crate::{Bar, Block, Chart, Cited, Document, Item, Tone};
use anstyle::{AnsiColor, Style};
use comfy_table::{ContentArrangement, Table, presets};

/// Writes text of any width, with or without colour; colour adds nothing that the words do not say.
pub fn render(document: &Document, digest: &str, screen: Screen) -> String {
    let mut out = String::new();
    let mut line = |text: &str| {
        out.push_str(text.trim_end());
        out.push('\n');
    };
    line(&styled(&document.title, Style::new().bold(), screen));
    line(&wrap(&basis(document), screen, ""));
    for text in &document.summary {
        line("");
        line(&wrap(text, screen, ""));
    }
    for section in document.sections.iter().filter(|section| !section.is_picture()) {
        line("");
        line(&styled(&section.heading, tone(section.tone).bold(), screen));
        for block in section.blocks.iter().filter(|block| !block.is_picture()) {
            line(&self::block(block, screen));
        }
    }
    let sources = document.sources();
    if !sources.is_empty() {
        line("");
        line(&styled(wording::document::SOURCES, Style::new().bold(), screen));
        let row = |cited: &&Cited| vec![plain(&cited.source), plain(&wording::fact_line::source_in_full(cited))];
        line(&columns(sources.iter().map(row).collect(), screen));
    }
    line("");
    for text in footing(document, digest) {
        line(&text);
    }
    out
}

fn tone(tone: Tone) -> Style {
    let colour = |c: AnsiColor| Style::new().fg_color(Some(c.into()));
    match tone {
        Tone::Plain => Style::new(),
        Tone::Good => colour(AnsiColor::Green),
        Tone::Warning => colour(AnsiColor::Yellow),
        Tone::Bad => colour(AnsiColor::Red),
    }
}

fn styled(text: &str, style: Style, screen: Screen) -> String {
    let text = wrap(text, screen, "");
    if screen.colour { format!("{style}{text}{style:#}") } else { text }
}

fn wrap(text: &str, screen: Screen, indent: &str) -> String {
    let options = textwrap::Options::new(screen.width.max(20)).initial_indent(indent).subsequent_indent(indent);
    textwrap::fill(&plain(text), options)
}

fn block(block: &Block, screen: Screen) -> String {
    match block {
        Block::Text(text) => wrap(text, screen, ""),
        Block::List(lines) => lines.iter().map(|l| bullet(l, screen)).collect::<Vec<_>>().join("\n"),
        Block::Pairs(pairs) => {
            let rows = pairs.iter().map(|(k, v)| vec![plain(k), plain(v)]).collect();
            columns(rows, screen)
        }
        Block::Items(items) => columns(items.iter().map(|i| vec![plain(&i.mark), item(i)]).collect(), screen),
        Block::Chart(chart) => self::chart(chart, screen),
        Block::Stack(_) | Block::TimeChart(_) => String::new(),
    }
}

/// Draws bars after their labels: full up to the lower bound, light up to the upper bound, with an
/// arrow if there is none.
fn chart(chart: &Chart, screen: Screen) -> String {
    let chars = |text: &str| text.chars().count();
    let longest = |of: fn(&Bar) -> &str| chart.bars.iter().map(|b| chars(of(b))).max().unwrap_or(0);
    let label = longest(|b| &b.label);
    let shown = longest(|b| &b.shown);
    // If label, figure and bar do not fit on one line, the bar goes below.
    let is_one_line = label + shown + 6 + LEAST <= screen.width;
    let room = screen.width.saturating_sub(if is_one_line { label + shown + 7 } else { 5 }).clamp(LEAST, 60);
    let marked = chart.lines.iter().map(|line| format!(" {}.", line.label)).collect::<String>();
    let mut lines = vec![wrap(&format!("{}. {}{marked}", chart.title, chart.text), screen, "")];
    for bar in &chart.bars {
        let drawn = drawn(bar, chart.most(), room);
        let mark = if bar.own { ">" } else { " " };
        let name = plain(&bar.label);
        let text = plain(&bar.shown);
        if is_one_line {
            lines.push(format!("{mark} {name:<label$}  {text:>shown$}  {drawn}").trim_end().to_owned());
        } else {
            lines.push(wrap(&format!("{mark} {name}: {text}"), screen, ""));
            lines.extend((!drawn.is_empty()).then(|| format!("    {drawn}")));
        }
    }
    lines.join("\n")
}

/// Smallest width of a bar, in columns.
const LEAST: usize = 16;

fn drawn(bar: &Bar, most: i64, room: usize) -> String {
    let cells = |n: i64| usize::try_from(i128::from(n) * room as i128 / i128::from(most)).unwrap_or(0).min(room);
    let Some(value) = bar.value else { return String::new() };
    let low = cells(value.low.value.ten_thousandths());
    let high = value.high.map(|h| cells(h.value.ten_thousandths()));
    let full = if low == 0 && value.low.value.ten_thousandths() > 0 { 1 } else { low };
    let light = high.map_or(0, |h| h.saturating_sub(low));
    format!("{}{}{}", "█".repeat(full), "░".repeat(light), if high.is_none() { "→" } else { "" })
}

fn item(item: &Item) -> String {
    let cites = item.cites.iter().map(wording::fact_line::source_in_short);
    let lines = std::iter::once(&item.line).chain(&item.details).cloned().chain(cites);
    lines.map(|line| plain(&line)).collect::<Vec<_>>().join("\n")
}

fn bullet(text: &str, screen: Screen) -> String {
    let options = textwrap::Options::new(screen.width.max(20)).initial_indent("- ").subsequent_indent("  ");
    textwrap::fill(&plain(text), options)
}

fn columns(rows: Vec<Vec<String>>, screen: Screen) -> String {
    let mut table = Table::new();
    table.load_preset(presets::NOTHING).set_content_arrangement(ContentArrangement::Dynamic);
    table.set_width(u16::try_from(screen.width.clamp(20, 1000)).expect("at most 1,000 columns"));
    table.add_rows(rows);
    let widest = u16::try_from(screen.width.max(20) / 4).unwrap_or(20).max(13);
    if let Some(first) = table.column_mut(0) {
        first.set_constraint(comfy_table::ColumnConstraint::UpperBoundary(comfy_table::Width::Fixed(widest)));
        first.set_padding((0, 2));
    }
    if let Some(second) = table.column_mut(1) {
        second.set_padding((0, 0));
    }
    table.lines().map(|l| l.trim_end().to_owned()).collect::<Vec<_>>().join("\n")
}

/// Longest word that is shown whole, in characters; longer than any address that a reader would
/// type.
const LONGEST_WORD: usize = 400;

/// Cuts overlong words, because wrapping a word takes time quadratic in its length.
fn plain(text: &str) -> String {
    if text.split(' ').all(|word| word.len() <= LONGEST_WORD) {
        return text.to_owned();
    }
    let cut = |word: &str| match word.char_indices().nth(LONGEST_WORD) {
        Some((at, _)) => format!("{}…", &word[..at]),
        None => word.to_owned(),
    };
    text.split(' ').map(cut).collect::<Vec<_>>().join(" ")
}
