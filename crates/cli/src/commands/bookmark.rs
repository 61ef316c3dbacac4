//! Keeps how far a report on changes was read, in a file of the user. Start at [`Bookmark`].

use crate::error::{CommandError, INPUT, io};
use chrono::NaiveDate;
use std::path::Path;

/// End of the last report on changes, as its file keeps it: a day and a number of entries.
#[derive(Debug, Clone, Copy)]
pub struct Bookmark {
    /// Day as at which the report was judged.
    pub day: NaiveDate,
    /// Number of entries that it counted.
    pub entries: u64,
}

impl Bookmark {
    /// Reads a bookmark; `None` if there is no such file.
    pub fn read(path: &Path) -> Result<Option<Self>, CommandError> {
        let text = match std::fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(io(&format!("cannot read the bookmark {}", path.display()), &error)),
        };
        let parts = text.trim_end().split_once(' ');
        let read =
            parts.and_then(|(day, entries)| Some(Self { day: day.parse().ok()?, entries: entries.parse().ok()? }));
        read.map(Some).ok_or_else(|| {
            CommandError::new(INPUT, format!("{} is not a bookmark: a day and a number of entries", path.display()))
                .hint("name another file, or remove this one to start anew")
        })
    }

    /// Returns the text of the bookmark's file.
    pub fn text(self) -> String {
        format!("{} {}\n", self.day, self.entries)
    }
}

impl std::fmt::Display for Bookmark {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}, entry {}", heldto_report::day(self.day), self.entries)
    }
}
