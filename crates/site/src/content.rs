//! Chooses what a page shows: the report, and the data beside it. Knows no HTML but the pages of
//! text. Start at [`of`].

use crate::{Address, DATED, List, PublishedFacts, Site, TABLES, Text, wording};
use heldto_fact::{FactId, Kind};
use heldto_replay::{AllView, View};
use heldto_report::{
    AmountFilter, Document, FactFilter, Format, PledgeFilter, ReportBasis, Scope, Selection, SortOrder,
};
use maud::Markup;
use std::collections::BTreeMap;

/// The title of a page, its report or its text, and the data beside it.
pub struct PageContent {
    /// Title of the page.
    pub title: String,
    /// The report; `None` on a page of text.
    pub document: Option<Document>,
    /// Text before the report.
    pub text: Option<Markup>,
    /// Formats of the report beside the page.
    formats: &'static [Format],
    /// Other reports beside the page, each in a format of its own.
    beside: Vec<(Format, Document)>,
}

impl PageContent {
    fn report(document: Document, formats: &'static [Format]) -> Self {
        Self { title: document.title.clone(), document: Some(document), text: None, formats, beside: Vec::new() }
    }

    const fn words(title: String, text: Markup) -> Self {
        Self { title, document: None, text: Some(text), formats: &[], beside: Vec::new() }
    }

    fn with(mut self, format: Format, document: Option<Document>) -> Self {
        self.beside.extend(document.map(|document| (format, document)));
        self
    }

    /// Returns the formats beside the page, each with its document.
    ///
    /// Calendars and feeds that would be empty are left out.
    pub fn data(&self) -> impl Iterator<Item = (Format, &Document)> {
        let own = self.document.iter().flat_map(|document| self.formats.iter().map(move |format| (*format, document)));
        let beside = self.beside.iter().map(|(format, document)| (*format, document));
        own.chain(beside)
            .filter(|(format, document)| !matches!(format, Format::Ics | Format::Atom) || document.has_days())
    }
}

/// Formats of pages on one thing.
const ONE: &[Format] = &[Format::Csv, Format::Json];

/// Returns the content of a page; `None` if there is no such page on this day.
pub fn of(site: &Site<'_>, address: &Address) -> Option<PageContent> {
    let Site { view, published, settings, has_checker } = site;
    let page = Page { view: *view, published };
    let name = |title: String| {
        // Reports on one fact are titled for a terminal, by ids.
        move |content: PageContent| PageContent { title, ..content }
    };
    let text_of = |id: &FactId| view.fact(id).map_or_else(|| id.to_string(), |fact| fact.text.clone());
    Some(match address {
        Address::Front => {
            let document = heldto_report::overview(view, page.basis());
            let text = Some(wording::front());
            PageContent { title: settings.name.clone(), text, ..PageContent::report(document, ONE) }
        }
        Address::List(list) => page.list(*list)?,
        Address::Text(Text::Rules) => PageContent::words(wording::RULES.to_owned(), wording::rules()),
        Address::Text(Text::Check) => {
            PageContent::words(wording::CHECK.to_owned(), wording::check(settings, &published.log, *has_checker))
        }
        Address::Text(Text::Accessibility) => {
            PageContent::words(wording::ACCESSIBILITY.to_owned(), wording::accessibility(settings))
        }
        Address::Body(id) => page.body(id)?,
        Address::Meeting(id) => PageContent::report(heldto_report::digest(view, id, page.basis_of(id))?, ONE),
        Address::Metric(id) => page.metric(id)?,
        Address::Series(metric, party) => {
            let filter = FactFilter { about: Some(party.clone()), ..FactFilter::default() };
            let document = heldto_report::metrics(view, &filter, Some(metric), page.basis_of(metric));
            let title = format!("{}: {}", text_of(metric), text_of(party));
            name(title)(PageContent::report(document, ONE))
        }
        Address::Commitment(id) => {
            let explained = heldto_report::explain(view, id, page.basis_of(id));
            name(text_of(id))(PageContent::report(explained.or_else(|| page.show(id))?, ONE))
        }
        Address::Source(id) => {
            let filter = FactFilter { source: Some(id.clone()), kind: dated(), ..FactFilter::default() };
            let cited = Selection::of(**view, &filter)
                .map(|selection| heldto_report::timeline(&selection, SortOrder::Occurred, false, page.basis_of(id)));
            let mut document = page.show(id)?;
            if let Some(cited) = cited {
                document.sections.extend(cited.sections);
                document.data = cited.data;
            }
            name(text_of(id))(PageContent::report(document, ONE))
        }
        Address::Fact(id) => name(text_of(id))(PageContent::report(page.show(id)?, ONE)),
    })
}

/// Returns the kinds of facts that are listed by time: not declarations, amendments, or figures,
/// which have pages of their own.
fn dated() -> Vec<Kind> {
    use Kind::{Correction, Measurement, Metric, Party, Retraction, Source};
    let is_dated = |kind: &Kind| !matches!(kind, Party | Source | Metric | Measurement | Correction | Retraction);
    Kind::ALL.iter().copied().filter(is_dated).filter(|kind| !kind.is_system()).collect()
}

struct Page<'a, 'r> {
    view: AllView<'a>,
    published: &'r PublishedFacts,
}

impl<'a> Page<'a, '_> {
    fn basis(&self) -> ReportBasis {
        ReportBasis::of(self.published.log.clone(), &Scope::All(self.view))
    }

    fn basis_of(&self, id: &FactId) -> ReportBasis {
        ReportBasis::of(self.published.log.clone(), &Scope::Fact(*self.view, id))
    }

    fn show(&self, id: &FactId) -> Option<Document> {
        heldto_report::show(&self.view, id, &BTreeMap::new(), self.basis_of(id))
    }

    fn list(&self, list: List) -> Option<PageContent> {
        let view: View<'a> = *self.view;
        let all = FactFilter::default();
        let of_kind = |kind: &[Kind]| FactFilter { kind: kind.to_vec(), ..FactFilter::default() };
        let selection = Selection::of(view, &all)?;
        let timeline = |filter: &FactFilter, order: SortOrder, title: Option<&str>| {
            let selection = Selection::of(view, filter)?;
            let document = heldto_report::timeline(&selection, order, false, self.basis());
            let title = title.map_or_else(|| document.title.clone(), str::to_owned);
            Some(Document {
                title,
                asked: None,
                summary: document.summary.last().cloned().into_iter().collect(),
                ..document
            })
        };
        Some(match list {
            List::Commitments => {
                let report = heldto_report::pledges(&selection, &PledgeFilter::default(), self.basis());
                PageContent::report(report, DATED)
            }
            List::Bodies => PageContent::report(
                timeline(&of_kind(&[Kind::Party]), SortOrder::Recorded, Some(wording::BODIES))?,
                TABLES,
            ),
            List::Sources => {
                let report = timeline(&of_kind(&[Kind::Source]), SortOrder::Published, Some(wording::SOURCES))?;
                PageContent::report(report, TABLES)
            }
            List::Timeline => PageContent::report(timeline(&of_kind(&dated()), SortOrder::Occurred, None)?, DATED),
            List::Corrections => {
                let amended = of_kind(&[Kind::Correction, Kind::Retraction]);
                let mut report = timeline(&amended, SortOrder::Recorded, Some(wording::CORRECTIONS))?;
                if report.data.rows.is_empty() {
                    report.summary = vec![wording::NO_CORRECTIONS.to_owned()];
                }
                PageContent::report(report, TABLES)
            }
            List::Money => {
                let money = AmountFilter { money: true, ..AmountFilter::default() };
                PageContent::report(heldto_report::amounts(&selection, &money, self.basis()), TABLES)
            }
            List::Figures => PageContent::report(heldto_report::newest(&self.view, None, self.basis()), TABLES),
            List::Questions => PageContent::report(heldto_report::questions(&selection, self.basis()), TABLES),
            List::Contradictions => {
                PageContent::report(heldto_report::contradictions(&selection, self.basis()), TABLES)
            }
            List::Changes => PageContent::report(heldto_report::standings(&self.view, self.basis()), TABLES),
        })
    }

    /// Returns a party's briefing, with its due days as a calendar and its facts as a feed.
    fn body(&self, id: &FactId) -> Option<PageContent> {
        let view: View<'a> = *self.view;
        let Some(document) = heldto_report::authority(&view, id, self.basis_of(id)) else {
            return self.show(id).map(|document| PageContent::report(document, ONE));
        };
        let owed = PledgeFilter {
            facts: FactFilter { by: Some(id.clone()), ..FactFilter::default() },
            ..PledgeFilter::default()
        };
        let calendar = Selection::of(view, &owed.facts)
            .map(|selection| heldto_report::pledges(&selection, &owed, self.basis_of(id)));
        let named = FactFilter { about: Some(id.clone()), ..FactFilter::default() };
        let feed = Selection::of(view, &named)
            .map(|selection| heldto_report::timeline(&selection, SortOrder::Published, false, self.basis_of(id)));
        let mut content = PageContent::report(document, ONE).with(Format::Ics, calendar).with(Format::Atom, feed);
        content.text = self.view.owes(id).then(|| wording::for_a_meeting(id));
        Some(content)
    }

    /// Returns a metric's definition, with the bodies compared by it.
    fn metric(&self, id: &FactId) -> Option<PageContent> {
        let mut document = self.show(id)?;
        let newest = heldto_report::newest(&self.view, Some(id), self.basis_of(id));
        document.sections.splice(0..0, newest.sections);
        document.data = newest.data;
        if let Some(bodies) = heldto_report::bodies(&self.view, id, self.basis_of(id)) {
            document.summary.extend(bodies.summary);
            document.sections.splice(0..0, bodies.sections);
            document.data = bodies.data;
        }
        let title = self.view.fact(id).map_or_else(|| id.to_string(), |fact| fact.text.clone());
        Some(PageContent { title, ..PageContent::report(document, ONE) })
    }
}
