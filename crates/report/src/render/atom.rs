//! Writes the events of a document as an Atom feed. Knows no rows and no sections. Start at
//! [`render`].

use crate::{Document, Event};
use atom_syndication::{Content, Entry, Feed, FixedDateTime, Person, Text};
use chrono::{NaiveDate, NaiveTime};

/// Writes a feed (RFC 4287), newest first.
///
/// The same document gives the same bytes: `updated` is the time of recording of the newest entry.
pub fn render(document: &Document) -> String {
    let origin = &document.basis.log.origin;
    let mut events: Vec<&Event> = document.events.iter().collect();
    events.sort_by(|a, b| b.day.cmp(&a.day).then(a.id.cmp(&b.id)));
    let entry = |event: &&Event| Entry {
        id: format!("urn:heldto:{origin}:{}:{}", event.id, event.day),
        title: Text::plain(event.title.clone()),
        updated: midnight(event.day),
        content: Some(Content {
            value: Some(event.text.clone()),
            content_type: Some("text".to_owned()),
            ..Content::default()
        }),
        ..Entry::default()
    };
    let feed = Feed {
        // Each request has a feed of its own: the id holds the title and the filters.
        id: format!(
            "urn:heldto:{origin}:{}",
            slug(
                &[document.feed.as_deref().unwrap_or_default(), document.asked.as_deref().unwrap_or_default()]
                    .join(" ")
            )
        ),
        title: Text::plain(format!("{} ({origin})", document.title)),
        updated: document.basis.last_recorded.unwrap_or_default().fixed_offset(),
        authors: vec![Person { name: origin.clone(), ..Person::default() }],
        entries: events.iter().map(entry).collect(),
        ..Feed::default()
    };
    let mut text = feed.to_string();
    text.push('\n');
    text
}

/// Returns a title as part of a stable id: `What is new since 1 Mar 2025` gives
/// `what-is-new-since-1-mar-2025`.
fn slug(title: &str) -> String {
    let words = title.split(|c: char| !c.is_ascii_alphanumeric()).filter(|w| !w.is_empty());
    words.map(str::to_ascii_lowercase).collect::<Vec<_>>().join("-")
}

fn midnight(day: NaiveDate) -> FixedDateTime {
    day.and_time(NaiveTime::MIN).and_utc().fixed_offset()
}
