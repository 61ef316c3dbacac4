//! Pictures before they are drawn: numbers as bars on one scale, counts that make a whole, and days
//! on one axis. Knows no views and no formats. Start at [`Chart`], [`Stack`] and [`TimeChart`].

use crate::Cited;
use chrono::NaiveDate;
use heldto_fact::{Interval, Quantity};

/// Days drawn on one axis. The blocks beside it say in words all that it shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TimeChart {
    /// Title.
    pub title: String,
    /// Description, also inside the picture.
    pub text: String,
    /// First day of the axis.
    pub from: NaiveDate,
    /// Last day of the axis.
    pub to: NaiveDate,
    /// Lanes, from the top.
    pub lanes: Vec<Lane>,
}

impl TimeChart {
    /// Returns the chart with `map` applied to every text.
    pub(crate) fn map_text(&self, map: &dyn Fn(&str) -> String) -> Self {
        let lane = |lane: &Lane| Lane { label: map(&lane.label), spans: lane.spans.clone() };
        Self {
            title: map(&self.title),
            text: map(&self.text),
            lanes: self.lanes.iter().map(lane).collect(),
            from: self.from,
            to: self.to,
        }
    }

    /// Returns the place of a day on the axis, in ten-thousandths of its length.
    ///
    /// A day outside the axis is at its end.
    #[must_use]
    pub fn place(&self, day: NaiveDate) -> i64 {
        let whole = (self.to - self.from).num_days().max(1);
        ((day - self.from).num_days().clamp(0, whole)) * 10_000 / whole
    }
}

/// Days of one sort in a [`TimeChart`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lane {
    /// Name.
    pub label: String,
    /// Stretches of days.
    pub spans: Vec<LaneSpan>,
}

/// A stretch of days in a [`Lane`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LaneSpan {
    /// First day.
    pub from: NaiveDate,
    /// Last day.
    pub to: NaiveDate,
    /// Shade, which says nothing that the words beside the picture do not say.
    pub shade: Shade,
}

/// Numbers of one unit, drawn as bars.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chart {
    /// Title.
    pub title: String,
    /// Description for readers who cannot see the bars.
    pub text: String,
    /// Bars, from the top.
    pub bars: Vec<Bar>,
    /// End of the scale, which begins at 0: 100 for shares; `None` for that of the largest number.
    pub end: Option<Quantity>,
    /// Lines across the bars, such as a target.
    pub lines: Vec<ChartLine>,
    /// Sources of the numbers.
    pub cites: Vec<Cited>,
}

/// A line across the bars of a chart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChartLine {
    /// Place on the scale.
    pub at: Quantity,
    /// Name, also inside the picture.
    pub label: String,
}

/// Counts that make a whole, drawn as one bar.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stack {
    /// Title.
    pub title: String,
    /// Parts, from the left; none is 0.
    pub parts: Vec<StackPart>,
}

impl Stack {
    /// Returns the stack with `map` applied to every text.
    pub(crate) fn map_text(&self, map: &dyn Fn(&str) -> String) -> Self {
        let part = |part: &StackPart| StackPart { label: map(&part.label), ..part.clone() };
        Self { title: map(&self.title), parts: self.parts.iter().map(part).collect() }
    }
}

/// One part of a stack.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StackPart {
    /// Name of the part.
    pub label: String,
    /// Number of things in it.
    pub count: usize,
    /// Shade of the part, which says nothing that the name does not say.
    pub shade: Shade,
}

/// Shade of a part of a stack.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shade {
    /// Kept.
    Kept,
    /// Kept, by the owner's word only.
    Claimed,
    /// Not kept.
    Broken,
    /// Overdue.
    Overdue,
    /// Unknown.
    Unknown,
    /// Falling due now.
    Due,
    /// Not due.
    Open,
    /// Cannot be judged, or need not be.
    Vague,
}

impl Chart {
    /// Returns the chart with `map` applied to every text.
    pub(crate) fn map_text(&self, map: &dyn Fn(&str) -> String) -> Self {
        let bar = |bar: &Bar| Bar { label: map(&bar.label), shown: map(&bar.shown), ..bar.clone() };
        Self {
            title: map(&self.title),
            text: map(&self.text),
            bars: self.bars.iter().map(bar).collect(),
            end: self.end,
            lines: self.lines.iter().map(|line| ChartLine { at: line.at, label: map(&line.label) }).collect(),
            cites: self.cites.iter().map(|cite| cite.map_text(map)).collect(),
        }
    }

    /// Returns the end of the scale, in ten-thousandths; at least 1.
    ///
    /// A number without an upper bound needs room beyond it.
    #[must_use]
    pub fn most(&self) -> i64 {
        let values = || self.bars.iter().filter_map(|bar| bar.value);
        let ends = values().map(|v| v.high.map_or(v.low.value, |high| high.value).ten_thousandths());
        let lines = self.lines.iter().map(|line| line.at.ten_thousandths());
        let most = ends.chain(lines).max().unwrap_or(0).max(1);
        // A share of more than the whole is drawn at its length.
        if let Some(end) = self.end {
            return end.ten_thousandths().max(most);
        }
        if values().any(|v| v.high.is_none()) { most.saturating_add(most / 4) } else { most }
    }
}

/// One number of a chart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bar {
    /// Party or time of the number.
    pub label: String,
    /// Bounds of the number; `None` if there is no figure.
    pub value: Option<Interval>,
    /// The number as displayed.
    pub shown: String,
    /// `true` if the bar belongs to the party that the chart is about.
    pub own: bool,
    /// `true` if the bar above was measured in another way, so that the two are not compared.
    pub is_cut: bool,
}
