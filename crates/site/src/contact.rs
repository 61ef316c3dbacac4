//! Writes the contact of a site. Knows no page. Start at [`address`].

use heldto_report::plain;
use maud::{Markup, html};

/// Writes a contact as a link, if it is an address of the web or of mail; a mail names the page.
pub fn address(contact: &str, path: &str) -> Markup {
    let is_web =
        contact.starts_with("https://") && !contact.contains(|c: char| c.is_whitespace() || "<>\"\\".contains(c));
    let is_mail = contact.contains('@') && !contact.contains(|c: char| c.is_whitespace() || ":/<>\"?&%".contains(c));
    html! {
        @if is_web { a href=(contact) rel="noreferrer" { (contact) } }
        @else if is_mail { a href={ "mailto:" (contact) "?subject=" (path) } { (contact) } }
        @else { (plain(contact)) }
    }
}
