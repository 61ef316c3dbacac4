//! Dates as people state them: the part of EDTF (ISO 8601-2:2019) that public records need, each
//! with an earliest and a latest day.
//!
//! Knows no clock and no time zone. Start with [`When`] and [`When::window`].

use crate::{Invalid, Truth};
use chrono::{Datelike, Days, Months, NaiveDate};
use std::fmt;

mod parse;

/// Precision of a point.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Precision {
    /// A year.
    Year,
    /// A month.
    Month,
    /// A day.
    Day,
}

/// A day, or an unknown day within a month or a year, with its qualifiers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Point {
    first: NaiveDate,
    precision: Precision,
    /// `~`: approximate.
    pub approximate: bool,
    /// `?`: the source is doubtful.
    pub uncertain: bool,
}

impl Point {
    /// Returns a day stated exactly.
    #[must_use]
    pub const fn day(day: NaiveDate) -> Self {
        Self { first: day, precision: Precision::Day, approximate: false, uncertain: false }
    }

    /// Returns the point at `precision` that contains `day`, with its qualifiers.
    #[must_use]
    pub fn new(day: NaiveDate, precision: Precision, approximate: bool, uncertain: bool) -> Self {
        let (month, day_of_month) = match precision {
            Precision::Year => (1, 1),
            Precision::Month => (day.month(), 1),
            Precision::Day => (day.month(), day.day()),
        };
        let first = NaiveDate::from_ymd_opt(day.year(), month, day_of_month).unwrap_or(day);
        Self { first, precision, approximate, uncertain }
    }

    /// Returns the precision.
    #[must_use]
    pub const fn precision(self) -> Precision {
        self.precision
    }

    /// Returns the first possible day.
    #[must_use]
    pub const fn earliest(self) -> NaiveDate {
        self.first
    }

    /// Returns the last possible day.
    #[must_use]
    pub fn latest(self) -> NaiveDate {
        let next = match self.precision {
            Precision::Day => return self.first,
            Precision::Month => self.first.checked_add_months(Months::new(1)),
            Precision::Year => self.first.checked_add_months(Months::new(12)),
        };
        next.and_then(|d| d.pred_opt()).unwrap_or(self.first)
    }

    /// Returns the first and last possible day, one unit wider on each side if the point is
    /// qualified.
    ///
    /// A day within is neither certainly before nor certainly after the point.
    fn doubtful(self) -> (NaiveDate, NaiveDate) {
        if !self.approximate && !self.uncertain {
            return (self.earliest(), self.latest());
        }
        let (earlier, later) = match self.precision {
            Precision::Day => (self.first.pred_opt(), self.latest().succ_opt()),
            Precision::Month => (self.first.checked_sub_months(Months::new(1)), self.last_of_next(1)),
            Precision::Year => (self.first.checked_sub_months(Months::new(12)), self.last_of_next(12)),
        };
        (earlier.unwrap_or(self.first), later.unwrap_or_else(|| self.latest()))
    }

    fn last_of_next(self, months: u32) -> Option<NaiveDate> {
        self.first.checked_add_months(Months::new(2 * months))?.pred_opt()
    }
}

/// One end of an interval of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Bound {
    /// Begins or ends at this point.
    At(Point),
    /// Has no beginning or end (`..`): was so before, or goes on.
    Open,
    /// Has a beginning or end that is unknown.
    Unknown,
}

/// The form in which a date is stated.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Form {
    /// Not known.
    Unknown,
    /// One day, month or year.
    Point(Point),
    /// A state that lasted throughout, from one bound to the other.
    Throughout(Bound, Bound),
    /// One unknown day inside, with at least one end.
    Within(Option<Point>, Option<Point>),
    /// One of these points: two or more, in order.
    OneOf(Vec<Point>),
}

/// The first and the last possible day of an event; `None` if there is no bound.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Window {
    /// The first day.
    pub earliest: Option<NaiveDate>,
    /// The last day.
    pub latest: Option<NaiveDate>,
}

impl Window {
    /// The window about which nothing is known.
    pub const ANY: Self = Self { earliest: None, latest: None };

    /// Returns the window of one day.
    #[must_use]
    pub const fn day(day: NaiveDate) -> Self {
        Self { earliest: Some(day), latest: Some(day) }
    }

    /// Returns `Yes` if an event in this window certainly happened on or before `day`, `No` if
    /// certainly after.
    #[must_use]
    pub fn by(self, day: NaiveDate) -> Truth {
        if self.latest.is_some_and(|l| l <= day) {
            Truth::Yes
        } else if self.earliest.is_some_and(|e| e > day) {
            Truth::No
        } else {
            Truth::CannotTell
        }
    }

    /// Returns `true` if the windows have, or may have, a day in common.
    #[must_use]
    pub fn overlaps(self, other: Self) -> bool {
        let apart = |a: Option<NaiveDate>, b: Option<NaiveDate>| matches!((a, b), (Some(a), Some(b)) if a < b);
        !apart(self.latest, other.earliest) && !apart(other.latest, self.earliest)
    }

    /// Returns the smallest window that contains both.
    #[must_use]
    pub fn span(self, other: Self) -> Self {
        let both = |a: Option<NaiveDate>, b: Option<NaiveDate>| a.zip(b);
        Self {
            earliest: both(self.earliest, other.earliest).map(|(a, b)| a.min(b)),
            latest: both(self.latest, other.latest).map(|(a, b)| a.max(b)),
        }
    }
}

/// The order of two dates.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Precedence {
    /// The first date is earlier.
    Before,
    /// The second date is earlier.
    After,
    /// The order is unknown; also if both fall on the same day.
    CannotTell,
}

/// A date as stated, with the window given by the recorder, if any.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct When {
    form: Form,
    stated: Option<(NaiveDate, NaiveDate)>,
}

impl When {
    /// Returns a date of this form.
    #[must_use]
    pub const fn new(form: Form) -> Self {
        Self { form, stated: None }
    }

    /// Returns the date of one day.
    #[must_use]
    pub const fn day(day: NaiveDate) -> Self {
        Self::new(Form::Point(Point::day(day)))
    }

    /// Returns the date with a window stated by the recorder, which overrides every rule.
    ///
    /// # Errors
    /// When the window ends before it begins.
    pub fn with_window(mut self, earliest: NaiveDate, latest: NaiveDate) -> Result<Self, Invalid> {
        if latest < earliest {
            return Err(Invalid::Window { earliest: earliest.to_string(), latest: latest.to_string() });
        }
        self.stated = Some((earliest, latest));
        Ok(self)
    }

    /// Returns the form.
    #[must_use]
    pub const fn form(&self) -> &Form {
        &self.form
    }

    /// Returns the window stated by the recorder.
    #[must_use]
    pub const fn stated_window(&self) -> Option<(NaiveDate, NaiveDate)> {
        self.stated
    }

    /// Returns the first and last possible or covered day.
    ///
    /// `~` and `?` do not widen the window.
    #[must_use]
    pub fn window(&self) -> Window {
        self.window_with(|p| (p.earliest(), p.latest()))
    }

    /// Returns the window that comparisons use: one unit wider on each side of an approximate or
    /// uncertain point.
    #[must_use]
    pub fn doubtful_window(&self) -> Window {
        self.window_with(Point::doubtful)
    }

    fn window_with(&self, ends: impl Fn(Point) -> (NaiveDate, NaiveDate)) -> Window {
        if let Some((earliest, latest)) = self.stated {
            return Window { earliest: Some(earliest), latest: Some(latest) };
        }
        let at = |bound: &Bound| match bound {
            Bound::At(p) => Some(*p),
            Bound::Open | Bound::Unknown => None,
        };
        match &self.form {
            Form::Unknown => Window::ANY,
            Form::Point(p) => Window { earliest: Some(ends(*p).0), latest: Some(ends(*p).1) },
            Form::Throughout(a, b) => Window { earliest: at(a).map(|p| ends(p).0), latest: at(b).map(|p| ends(p).1) },
            Form::Within(a, b) => Window { earliest: a.map(|p| ends(p).0), latest: b.map(|p| ends(p).1) },
            Form::OneOf(points) => Window {
                earliest: points.iter().map(|p| ends(*p).0).min(),
                latest: points.iter().map(|p| ends(*p).1).max(),
            },
        }
    }

    /// Returns `true` if the date states that a state lasted throughout.
    #[must_use]
    pub const fn is_throughout(&self) -> bool {
        matches!(self.form, Form::Throughout(..))
    }

    /// Returns `true` if a `~` or a `?` widens the window.
    ///
    /// A window stated by the recorder is never widened.
    #[must_use]
    pub fn is_qualified(&self) -> bool {
        self.doubtful_window() != self.window()
    }

    /// Returns the order of the two dates.
    #[must_use]
    pub fn compare(&self, other: &Self) -> Precedence {
        let a = self.doubtful_window();
        let b = other.doubtful_window();
        if matches!((a.latest, b.earliest), (Some(l), Some(e)) if l < e) {
            Precedence::Before
        } else if matches!((a.earliest, b.latest), (Some(e), Some(l)) if e > l) {
            Precedence::After
        } else {
            Precedence::CannotTell
        }
    }
}

impl fmt::Display for Point {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day) = (self.first.year(), self.first.month(), self.first.day());
        match self.precision {
            Precision::Year => write!(f, "{year:04}")?,
            Precision::Month => write!(f, "{year:04}-{month:02}")?,
            Precision::Day => write!(f, "{year:04}-{month:02}-{day:02}")?,
        }
        let qualifier = match (self.approximate, self.uncertain) {
            (false, false) => "",
            (true, false) => "~",
            (false, true) => "?",
            (true, true) => "%",
        };
        f.write_str(qualifier)
    }
}

impl fmt::Display for When {
    /// Writes the canonical EDTF text.
    ///
    /// The recorder's window is not part of it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.form {
            Form::Unknown => f.write_str("unknown"),
            Form::Point(p) => p.fmt(f),
            Form::Throughout(a, b) => write!(f, "{a}/{b}"),
            Form::Within(a, b) => {
                f.write_str("[")?;
                a.iter().try_for_each(|p| p.fmt(f))?;
                f.write_str("..")?;
                b.iter().try_for_each(|p| p.fmt(f))?;
                f.write_str("]")
            }
            Form::OneOf(points) => {
                f.write_str("[")?;
                for (n, point) in points.iter().enumerate() {
                    write!(f, "{}{point}", if n == 0 { "" } else { "," })?;
                }
                f.write_str("]")
            }
        }
    }
}

impl fmt::Display for Bound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::At(p) => p.fmt(f),
            Self::Open => f.write_str(".."),
            Self::Unknown => Ok(()),
        }
    }
}

/// Returns the day `days` later, or the calendar's last day.
pub(crate) fn days_later(day: NaiveDate, days: u64) -> NaiveDate {
    day.checked_add_days(Days::new(days)).unwrap_or(NaiveDate::MAX)
}

/// Returns the day `days` earlier, or the calendar's first day.
pub(crate) fn days_earlier(day: NaiveDate, days: u64) -> NaiveDate {
    day.checked_sub_days(Days::new(days)).unwrap_or(NaiveDate::MIN)
}
