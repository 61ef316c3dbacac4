//! Draws charts as SVG that says inside the picture what it shows, as of which day, and from where,
//! because pictures are shared without their page. Knows no sections. Start at [`chart`].

use crate::{Bar, Chart, Document, Shade, Stack, TimeChart, wording};
use chrono::{Datelike, NaiveDate};
use maud::{Markup, html};

/// Number of characters of label and figure that fit on one line of a narrow screen.
const BESIDE: usize = 34;

/// Number of characters of a caption that fit on one line of a narrow screen.
const CAPTION: usize = 40;

/// Height of a line of a caption.
const CAPTION_LINE: usize = 16;

/// Draws bars as a picture with a title and a description, and lists the same figures in a table.
///
/// The scale begins at 0 and ends at the end of the chart. A bound is a range, light where the
/// number may lie; without an upper bound it ends a little beyond the lower one.
pub fn chart(document: &Document, chart: &Chart) -> Markup {
    let chars = |text: &str| text.chars().count();
    let stacked = chart.bars.iter().any(|b| chars(&b.label) + chars(&b.shown) > BESIDE);
    let row = if stacked { 62 } else { 44 };
    let title = title_lines(&chart.title);
    let mut tops = Vec::new();
    let mut height = 8 + title.len() * TITLE_LINE;
    for bar in &chart.bars {
        // The words above a bar that is cut off need a line.
        height += if bar.is_cut { CUT } else { 0 };
        tops.push(height);
        height += row;
    }
    let is_range = chart.bars.iter().filter_map(|bar| bar.value).any(|value| !value.is_exact());
    let pale = is_range.then(|| wording::document::PALE.to_owned());
    let marked = chart.lines.iter().map(|line| wording::document::line(&line.label));
    let notes = pale.into_iter().chain(marked.clone()).chain(wording::document::picture_sources(&chart.cites));
    let caption = caption(document, notes);
    let text = std::iter::once(chart.text.clone()).chain(marked).collect::<Vec<_>>().join(" ");
    let label = format!("{}. {text}", chart.title);
    html! {
        figure {
            svg role="img" width="100%" height=(height + caption.len() * CAPTION_LINE + 8) aria-label=(label) {
                title { (chart.title) }
                desc { (text) }
                @for (n, line) in title.iter().enumerate() { text x="0" y=(16 + n * TITLE_LINE) class="own" { (line) } }
                @for (bar, top) in chart.bars.iter().zip(&tops) { (self::bar(chart, *top, bar, stacked)) }
                @for line in &chart.lines {
                    @let place = share(line.at.ten_thousandths(), chart.most());
                    line x1=(place) x2=(place) y1=(8 + title.len() * TITLE_LINE) y2=(height) class="goal" {}
                }
                (lines(&caption, height))
            }
            figcaption { (label) }
            details {
                summary { (wording::document::FIGURES_AS_A_TABLE) }
                table {
                    thead { tr { th scope="col" { (wording::document::ITEM) } th scope="col" { (wording::document::FIGURE) } } }
                    tbody { @for bar in &chart.bars { tr { th scope="row" { (bar.label) } td { (bar.shown) } } } }
                }
            }
        }
    }
}

/// Height of a line of the title in a picture.
const TITLE_LINE: usize = 18;

/// Height of the words above a bar that is cut off from the one before.
const CUT: usize = 26;

/// Returns the place of a number on a scale that begins at 0, as a percentage.
fn share(n: i64, most: i64) -> String {
    let hundredths = (i128::from(n) * 10_000 / i128::from(most)).clamp(0, 10_000);
    format!("{}.{:02}%", hundredths / 100, hundredths % 100)
}

/// Draws a label, its figure on the same line or below, and the bar under both.
fn bar(chart: &Chart, top: usize, bar: &Bar, stacked: bool) -> Markup {
    let share = |n: i64| share(n, chart.most());
    let class = if bar.own { "own" } else { "other" };
    html! {
        @if bar.is_cut {
            line x1="0" x2="100%" y1=(top - 20) y2=(top - 20) class="cut" {}
            text x="0" y=(top - 6) class="caption" { (wording::document::CUT) }
        }
        text x="0" y=(top + 14) class=(class) { (fitting(&bar.label)) }
        @if stacked {
            text x="0" y=(top + 32) class=(class) { (fitting(&bar.shown)) }
        } @else {
            text x="100%" y=(top + 14) text-anchor="end" class=(class) { (fitting(&bar.shown)) }
        }
        @if let Some(value) = bar.value {
            @let top = if stacked { top + 18 } else { top };
            @let low = value.low.value.ten_thousandths();
            // Without an upper bound the number may end anywhere beyond: drawn as a stub.
            @let high = share(value.high.map_or_else(|| low.saturating_add(chart.most() / 16), |high| high.value.ten_thousandths()));
            rect x="0" y=(top + 20) height="14" width=(high) class="perhaps" {}
            rect x="0" y=(top + 20) height="14" width=(share(value.low.value.ten_thousandths())) class=(class) {}
        }
    }
}

/// Draws counts as one bar of their whole, and lists them with their shades inside the picture.
///
/// The first picture of a page has the patterns of all.
pub fn stack(document: &Document, stack: &Stack, is_first: bool) -> Markup {
    let whole: usize = stack.parts.iter().map(|part| part.count).sum();
    let place = |n: usize| format!("{}.{:02}%", n * 100 / whole.max(1), n * 10_000 / whole.max(1) % 100);
    let mut begun = 0;
    let parts = stack.parts.iter().map(|part| {
        let from = begun;
        begun += part.count;
        (from, part)
    });
    let parts: Vec<_> = parts.collect();
    let caption = caption(document, std::iter::empty());
    let top = 8 + TITLE_LINE + 4;
    let foot = top + 44 + stack.parts.len() * LEGEND;
    html! {
        figure {
            svg role="img" width="100%" height=(foot + caption.len() * CAPTION_LINE + 8) aria-label=(wording::document::stack(stack)) {
                title { (stack.title) }
                desc { (wording::document::stack(stack)) }
                @if is_first { (claimed()) }
                text x="0" y="16" class="own" { (stack.title) }
                @for (from, part) in &parts {
                    rect x=(place(*from)) y=(top) width=(place(part.count)) height="30" class=(class(part.shade)) stroke="var(--paper)" {}
                }
                @for (n, (_, part)) in parts.iter().enumerate() {
                    @let y = top + 44 + n * LEGEND;
                    rect x="0" y=(y) width="12" height="12" class=(class(part.shade)) stroke="var(--ink)" stroke-width="0.5" {}
                    text x="20" y=(y + 11) { (part.label) ": " (part.count) }
                }
                (lines(&caption, foot))
            }
        }
    }
}

/// Height of a line of a legend.
const LEGEND: usize = 20;

/// Height of a lane: its name, and its days under it.
const LANE: usize = 46;

/// Draws days on one axis with a mark at each new year, or at both ends of a short axis.
///
/// The first picture of a page has the patterns of all.
pub fn time_chart(document: &Document, chart: &TimeChart, is_first: bool) -> Markup {
    let title = title_lines(&chart.title);
    let top = 8 + title.len() * TITLE_LINE;
    let foot = top + chart.lanes.len() * LANE;
    let caption = caption(document, std::iter::once(chart.text.clone()));
    let share = |place: i64| format!("{}.{:02}%", place / 100, place % 100);
    html! {
        figure {
            svg role="img" width="100%" height=(foot + 24 + caption.len() * CAPTION_LINE + 8) aria-label={ (chart.title) ". " (chart.text) } {
                title { (chart.title) }
                desc { (chart.text) }
                @if is_first { (claimed()) }
                @for (n, line) in title.iter().enumerate() { text x="0" y=(16 + n * TITLE_LINE) class="own" { (line) } }
                @for mark in marks(chart) {
                    @let (place, anchor, label) = mark;
                    line x1=(share(place)) x2=(share(place)) y1=(top + 20) y2=(foot) class="axis" {}
                    text x=(share(place)) y=(foot + 16) text-anchor=(anchor) class="caption" { (label) }
                }
                @for (n, lane) in chart.lanes.iter().enumerate() {
                    @let y = top + n * LANE;
                    text x="0" y=(y + 14) { (fitting(&lane.label)) }
                    @for span in &lane.spans {
                        @let from = chart.place(span.from);
                        // A single day is as wide as can be seen.
                        @let width = (chart.place(span.to) - from).max(LEAST);
                        rect x=(share(from.min(10_000 - width))) y=(y + 22) height="18" width=(share(width)) class=(class(span.shade)) stroke="var(--ink)" stroke-width="0.5" {}
                    }
                }
                (lines(&caption, foot + 20))
            }
        }
    }
}

/// Smallest width of a stretch of days, in ten-thousandths of the axis.
const LEAST: i64 = 80;

/// Returns the marks of an axis: place, anchor of the text, and text.
fn marks(chart: &TimeChart) -> Vec<(i64, &'static str, String)> {
    let years: Vec<i32> = (chart.from.year() + 1..=chart.to.year()).collect();
    // At most five names fit a narrow screen.
    let step = years.len().div_ceil(5).max(1);
    let new_year = |year: &i32| Some((chart.place(NaiveDate::from_ymd_opt(*year, 1, 1)?), "middle", year.to_string()));
    let inside = |(place, ..): &(i64, &str, String)| (800..=9_200).contains(place);
    let inner: Vec<_> = years.iter().step_by(step).filter_map(new_year).filter(inside).collect();
    if inner.len() > 1 {
        return inner;
    }
    vec![(0, "start", wording::day(chart.from)), (10_000, "end", wording::day(chart.to))]
}

/// Id of the pattern of what is kept by the owner's word only; the first picture of a page has it.
pub const CLAIMED: &str = "claimed_";

/// Returns the pattern of what is kept by the owner's word only.
fn claimed() -> Markup {
    html! {
        defs {
            pattern id=(CLAIMED) width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)" {
                rect width="3" height="6" class="kept" {}
            }
        }
    }
}

const fn class(shade: Shade) -> &'static str {
    match shade {
        Shade::Kept => "kept",
        Shade::Claimed => "claimed",
        Shade::Broken => "broken",
        Shade::Overdue => "overdue",
        Shade::Unknown => "unknown",
        Shade::Due => "soon",
        Shade::Open => "open",
        Shade::Vague => "vague",
    }
}

/// Returns the lines under a picture: its sources, its day and its place in the log.
fn caption(document: &Document, notes: impl Iterator<Item = String>) -> Vec<String> {
    let basis = &document.basis;
    let log = &basis.log;
    let newest = basis.newest_source.filter(|newest| *newest < basis.clock.as_of);
    let of_log = wording::document::picture(basis.clock.as_of, newest, &log.origin, log.entries, &log.root);
    notes.chain([of_log]).flat_map(|text| wrapped(&text)).collect()
}

/// Returns text in lines that fit a narrow screen.
fn wrapped(text: &str) -> Vec<String> {
    textwrap::wrap(text, CAPTION).into_iter().map(String::from).collect()
}

/// Returns a title in lines that fit a narrow screen: its letters are wider than a caption's.
fn title_lines(text: &str) -> Vec<String> {
    textwrap::wrap(text, BESIDE).into_iter().map(String::from).collect()
}

/// Returns text that fits a line of a narrow screen, with a mark where it was cut; the table under
/// the picture has it whole.
fn fitting(text: &str) -> String {
    if text.chars().count() <= BESIDE {
        return text.to_owned();
    }
    text.chars().take(BESIDE - 1).chain(['…']).collect()
}

fn lines(lines: &[String], top: usize) -> Markup {
    html! {
        @for (n, line) in lines.iter().enumerate() {
            text x="0" y=(top + (n + 1) * CAPTION_LINE) class="caption" { (line) }
        }
    }
}
