//! Addresses of the pages of a site, and the facts that they belong to. Knows no page. Start at
//! [`Address`].

use crate::{CHECKER, MANIFEST, MODULE};
use heldto_fact::{Body, FactId, Kind};
use heldto_replay::{AllView, View};
use heldto_report::Format;
use std::fmt;
use std::str::FromStr;

/// A page of a site. Its path is permanent: it depends on ids and kinds only, which never change.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Address {
    /// The whole ledger at a glance.
    Front,
    /// A list of all that is on record of one sort.
    List(List),
    /// Something that is the same for every ledger.
    Text(Text),
    /// A party.
    Body(FactId),
    /// Two pages on a party for a meeting.
    Meeting(FactId),
    /// A metric, with the bodies compared.
    Metric(FactId),
    /// The figures of a metric for a party.
    Series(FactId, FactId),
    /// A pledge or a recommendation.
    Commitment(FactId),
    /// A source.
    Source(FactId),
    /// Any other fact.
    Fact(FactId),
}

macro_rules! named_pages {
    ($(#[$doc:meta])* $name:ident { $($(#[$each:meta])* $page:ident $word:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub enum $name { $($(#[$each])* $page,)+ }

        impl $name {
            /// Every page, in the order of the navigation.
            pub const ALL: &'static [Self] = &[$(Self::$page),+];

            /// Returns the name of the file, without its ending.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$page => $word),+ }
            }
        }
    };
}

named_pages! {
    /// A list of all that is on record of one sort.
    List {
        /// Commitments, by status.
        Commitments "commitments",
        /// Bodies.
        Bodies "bodies",
        /// Facts, by the time of the event; figures are in `Figures`.
        Timeline "timeline",
        /// Amounts of money.
        Money "money",
        /// Metrics.
        Figures "figures",
        /// Questions, with their answers.
        Questions "questions",
        /// Facts that disagree.
        Contradictions "contradictions",
        /// Changes of status, by day.
        Changes "changes",
        /// Corrections and retractions, with their reasons.
        Corrections "corrections",
        /// Sources.
        Sources "sources",
    }
}

named_pages! {
    /// A page that is the same for every ledger.
    Text {
        /// The rules of judging.
        Rules "rules",
        /// The ways to check the ledger and the site.
        Check "check",
        /// The accessibility statement.
        Accessibility "accessibility",
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Front => f.write_str("index.html"),
            Self::List(list) => write!(f, "{}.html", list.as_str()),
            Self::Text(text) => write!(f, "{}.html", text.as_str()),
            Self::Body(id) => write!(f, "bodies/{id}.html"),
            Self::Meeting(id) => write!(f, "meetings/{id}.html"),
            Self::Metric(id) => write!(f, "metrics/{id}.html"),
            Self::Series(metric, party) => write!(f, "figures/{metric}/{party}.html"),
            Self::Commitment(id) => write!(f, "commitments/{id}.html"),
            Self::Source(id) => write!(f, "sources/{id}.html"),
            Self::Fact(id) => write!(f, "facts/{id}.html"),
        }
    }
}

/// The error of a path that is not that of a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("it is no page of a site")]
pub struct NotAPage;

impl FromStr for Address {
    type Err = NotAPage;

    fn from_str(path: &str) -> Result<Self, NotAPage> {
        let path = path.strip_suffix(".html").ok_or(NotAPage)?;
        let id = |text: &str| text.parse::<FactId>().map_err(|_| NotAPage);
        let parts: Vec<&str> = path.split('/').collect();
        match parts[..] {
            ["index"] => Ok(Self::Front),
            [name] => {
                let list = List::ALL.iter().find(|list| list.as_str() == name).map(|list| Self::List(*list));
                let text = || Text::ALL.iter().find(|text| text.as_str() == name).map(|text| Self::Text(*text));
                list.or_else(text).ok_or(NotAPage)
            }
            ["bodies", party] => id(party).map(Self::Body),
            ["meetings", party] => id(party).map(Self::Meeting),
            ["metrics", metric] => id(metric).map(Self::Metric),
            ["figures", metric, party] => Ok(Self::Series(id(metric)?, id(party)?)),
            ["commitments", pledge] => id(pledge).map(Self::Commitment),
            ["sources", source] => id(source).map(Self::Source),
            ["facts", fact] => id(fact).map(Self::Fact),
            _ => Err(NotAPage),
        }
    }
}

impl Address {
    /// Returns the address of the page of a fact, standing or retracted; `None` if it has none.
    ///
    /// A figure has a row on the page of its series.
    #[must_use]
    pub fn of(view: &View<'_>, id: &FactId) -> Option<Self> {
        let fact = view.versions(id).iter().rev().find_map(|version| version.fact.as_ref())?;
        Some(match (&fact.body, fact.kind()) {
            (Body::Measurement { metric, .. }, _) => Self::Series(metric.clone(), fact.subjects().first()?.clone()),
            (_, Kind::Party) => Self::Body(id.clone()),
            (_, Kind::Metric) => Self::Metric(id.clone()),
            (_, Kind::Source) => Self::Source(id.clone()),
            (_, Kind::Pledge | Kind::Recommendation) => Self::Commitment(id.clone()),
            (_, Kind::Correction | Kind::Retraction) => return None,
            _ => Self::Fact(id.clone()),
        })
    }

    /// Returns every page of a ledger, each once.
    #[must_use]
    pub fn all(all: &AllView<'_>) -> Vec<Self> {
        let lists = List::ALL.iter().map(|list| Self::List(*list));
        let texts = Text::ALL.iter().map(|text| Self::Text(*text));
        let authored = all.ids().filter(|id| id.is_authored());
        let facts = authored.filter_map(|id| Self::of(all, id));
        let owners = all.of_kind(Kind::Party).filter(|id| all.owes(id)).map(|id| Self::Meeting(id.clone()));
        let mut pages: Vec<Self> =
            std::iter::once(Self::Front).chain(lists).chain(texts).chain(facts).chain(owners).collect();
        pages.sort_unstable();
        pages.dedup();
        pages
    }

    /// Returns the number of folders between the page and the front page.
    #[must_use]
    pub fn depth(&self) -> usize {
        self.to_string().matches('/').count()
    }
}

/// Names of the files of a site that are no pages.
const OTHER_FILES: &[&str] =
    &["404.html", "style.css", "icon.svg", "robots.txt", "_headers", "check.js", MODULE, CHECKER, MANIFEST];

/// Returns the paths of the files that a site of any ledger may have: all but those of its facts.
pub fn fixed_files() -> impl Iterator<Item = String> {
    let lists = List::ALL.iter().map(|list| list.as_str());
    let texts = Text::ALL.iter().map(|text| text.as_str());
    let stems = std::iter::once("index").chain(lists).chain(texts);
    let pages = stems.flat_map(|stem| {
        let data = Format::ALL.iter().map(move |(_, word)| format!("{stem}.{word}"));
        std::iter::once(format!("{stem}.html")).chain(data)
    });
    pages.chain(OTHER_FILES.iter().map(|path| (*path).to_owned()))
}

/// Returns `true` if a path is that of a file that a site may have: a page, its data, or another.
#[must_use]
pub fn is_of_a_site(path: &str) -> bool {
    let is_data = |ending: &str| Format::ALL.iter().any(|(_, word)| *word == ending);
    let stem = path.rsplit_once('.').filter(|(_, ending)| is_data(ending)).map(|(stem, _)| stem);
    OTHER_FILES.contains(&path) || stem.is_some_and(|stem| format!("{stem}.html").parse::<Address>().is_ok())
}

#[cfg(test)]
mod tests {
    use super::{Address, List, OTHER_FILES, Text, is_of_a_site};

    #[test]
    fn a_path_leads_back_to_its_page() {
        let id = || "an-id".parse().expect("an id");
        let lists = List::ALL.iter().map(|list| Address::List(*list));
        let texts = Text::ALL.iter().map(|text| Address::Text(*text));
        let of =
            [Address::Body, Address::Meeting, Address::Metric, Address::Commitment, Address::Source, Address::Fact];
        let facts = of.into_iter().map(|make| make(id())).chain([Address::Front, Address::Series(id(), id())]);
        for address in lists.chain(texts).chain(facts) {
            assert_eq!(address.to_string().parse(), Ok(address));
        }
        for path in
            ["", "index", "else.html", "facts/.html", "facts/../x.html", "a/b/c.html", "facts/x/y.html", "/index.html"]
        {
            assert!(path.parse::<Address>().is_err() && !is_of_a_site(path), "{path}");
        }
        let own = ["index.html", "facts/an-id.json", "figures/an-id/an-id.csv", "commitments.ics"];
        assert!(own.iter().chain(OTHER_FILES).all(|path| is_of_a_site(path)));
        let foreign =
            ["CNAME", ".git/config", "notes.txt", "checkpoint", "tile/0/000", "facts/an-id.exe", "../index.html"];
        assert!(!foreign.iter().any(|path| is_of_a_site(path)));
    }
}
