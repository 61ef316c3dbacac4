//! Writes the events of a document as a calendar. Knows no rows and no sections. Start at
//! [`render`].

use crate::Document;
use chrono::{DateTime, Utc};
use icalendar::{Calendar, Component, Event, EventLike, Property};

const UTC: &str = "BEGIN:VTIMEZONE\r\nTZID:Etc/UTC\r\nBEGIN:STANDARD\r\nDTSTART:19700101T000000\r\n\
                   TZOFFSETFROM:+0000\r\nTZOFFSETTO:+0000\r\nEND:STANDARD\r\nEND:VTIMEZONE\r\nEND:VCALENDAR";

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
    let text = calendar.to_string();
    // A calendar has a component; one without a day has its time zone.
    if document.events.is_empty() { text.replace("END:VCALENDAR", UTC) } else { text }
}
