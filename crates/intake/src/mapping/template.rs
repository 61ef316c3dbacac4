//! Parses and fills text with column names in it: a row's cells in, text out.
//!
//! This module knows no dates, numbers or facts. Start at [`Template`].

use serde::Deserialize;

/// A text with column references: `20{time_period:4..6}-01`, `{new_name|old_name} %`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Template(Vec<Piece>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Piece {
    Text(String),
    /// A reference to the first of these columns that the table has, and optionally a character
    /// range.
    Column(Vec<String>, Option<(usize, usize)>),
}

impl TryFrom<String> for Template {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let mut pieces = Vec::new();
        let mut rest = text.as_str();
        while let Some((before, after)) = rest.split_once('{') {
            let (inside, after) = after.split_once('}').ok_or_else(|| format!("`{text}`: a `{{` has no `}}`"))?;
            pieces.push(Piece::Text(before.to_owned()));
            let (names, range) = match inside.split_once(':') {
                None => (inside, None),
                Some((names, range)) => {
                    let ends = range.split_once("..").and_then(|(a, b)| Some((a.parse().ok()?, b.parse().ok()?)));
                    (names, Some(ends.ok_or_else(|| format!("`{range}` is not a range of characters, such as 4..6"))?))
                }
            };
            pieces.push(Piece::Column(names.split('|').map(str::to_owned).collect(), range));
            rest = after;
        }
        pieces.push(Piece::Text(rest.to_owned()));
        Ok(Self(pieces))
    }
}

impl Template {
    /// Returns the column alternatives of each reference; the table must have one of each.
    pub fn columns(&self) -> impl Iterator<Item = &[String]> {
        self.0.iter().filter_map(|p| match p {
            Piece::Column(names, _) => Some(names.as_slice()),
            Piece::Text(_) => None,
        })
    }

    /// Returns the text with the cells of one row inserted.
    ///
    /// `cell` returns the cell of a column, or `None` if the table lacks that column.
    pub fn fill<'a>(&self, cell: impl Fn(&str) -> Option<&'a str>) -> String {
        let mut out = String::new();
        for piece in &self.0 {
            match piece {
                Piece::Text(text) => out.push_str(text),
                Piece::Column(names, range) => {
                    let value = names.iter().find_map(|n| cell(n)).unwrap_or_default();
                    match range {
                        Some((from, to)) => out.extend(value.chars().take(*to).skip(*from)),
                        None => out.push_str(value),
                    }
                }
            }
        }
        out.trim().to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::Template;

    #[test]
    fn columns_ranges_and_other_names() {
        let row = |name: &str| match name {
            "time" => Some("202425"),
            "new" => Some("7"),
            _ => None,
        };
        let filled = |text: &str| Template::try_from(text.to_owned()).map(|t| t.fill(row));
        assert_eq!(filled("20{time:4..6}-01"), Ok("2025-01".to_owned()));
        assert_eq!(filled("{old|new} %"), Ok("7 %".to_owned()));
        assert_eq!(filled("plain"), Ok("plain".to_owned()));
        for bad in ["{time", "{time:4}", "{time:a..b}"] {
            assert!(filled(bad).is_err(), "{bad}");
        }
    }
}
