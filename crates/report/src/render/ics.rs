//! Writes the events of a document as a calendar. Knows no rows and no sections. Start at
//! [`render`].

use crate::Document;
use chrono::{DateTime, Utc};
use icalendar::{Calendar, Component, Event, EventLike, Property};

/// Writes a calendar (RFC 5545) with each event as a whole day, which needs no end.
///
/// The same document gives the same bytes: the stamp is the time of recording of the newest entry.
pub fn render(document: &Document) -> String {
    let origin = &document.basis.log.origin;
    let stamp: DateTime<Utc> = document.basis.last_recorded.unwrap_or_default();
    let mut calendar = Calendar::empty();
    calendar.append_property(Property::new("VERSION", "2.0"));
    calendar.append_property(Property::new("PRODID", "-//Heldto//heldto//EN"));
    calendar.append_property(Property::new("CALSCALE", "GREGORIAN"));
    calendar.name(&format!("{} ({origin})", document.title));
    for event in &document.events {
        let uid = format!("{}.{}@{}", event.id, event.day, origin.replace('/', "."));
        let mut day = Event::new();
        day.uid(&uid).timestamp(stamp).starts(event.day).summary(&event.title).description(&event.text);
        calendar.push(day.done());
    }
    calendar.to_string()
}
