//! A source with the places that are cited from it, as reports print it. Knows no views and no
//! formats. Start at [`Cited`].

/// A source, with what a reader needs to find the places cited from it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Cited {
    /// Id of the source.
    pub source: String,
    /// Title of the source; its id if the source is not known by the day.
    pub title: String,
    /// Publisher of the source, if stated.
    pub publisher: Option<String>,
    /// Address of the source, if stated.
    pub url: Option<String>,
    /// `true` if the source was retracted.
    pub is_retracted: bool,
    /// Places in the source, in the order of the facts that cite them.
    pub places: Vec<CitedPlace>,
}

/// A place in a source.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CitedPlace {
    /// Line, paragraph, page or column.
    pub at: String,
    /// Words quoted from there, if at hand.
    pub words: Option<String>,
}

impl Cited {
    /// Returns the citation with `map` applied to every text.
    pub(crate) fn map_text(&self, map: &dyn Fn(&str) -> String) -> Self {
        let place = |place: &CitedPlace| CitedPlace { at: map(&place.at), words: place.words.as_deref().map(map) };
        Self {
            source: map(&self.source),
            title: map(&self.title),
            publisher: self.publisher.as_deref().map(map),
            url: self.url.as_deref().map(map),
            is_retracted: self.is_retracted,
            places: self.places.iter().map(place).collect(),
        }
    }
}
