//! What may be told unasked: everything but what is sensitive, and what names it.
//!
//! It knows which facts are sensitive by what the whole ledger says, whatever part of it is looked at. Start at
//! [`Disclosure::public`].

use elsa::FrozenMap;
use heldto_fact::{FactId, Version};
use std::borrow::Cow;
use std::collections::BTreeSet;

/// What is about an identifiable child or family.
#[derive(Default)]
pub(crate) struct Disclosure {
    sensitive: BTreeSet<FactId>,
    /// How many entries tell of it.
    entries: u64,
    /// Of facts that name something sensitive, their versions without it.
    public: FrozenMap<FactId, Vec<Version>>,
}

impl std::fmt::Debug for Disclosure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Disclosure").field("entries", &self.entries).finish_non_exhaustive()
    }
}

impl Disclosure {
    pub fn new(sensitive: BTreeSet<FactId>, entries: u64) -> Self {
        Self { sensitive, entries, public: FrozenMap::new() }
    }

    /// Returns how many entries are withheld.
    pub const fn entries(&self) -> u64 {
        self.entries
    }

    /// Returns `true` if nothing is sensitive.
    pub fn is_all_public(&self) -> bool {
        self.sensitive.is_empty()
    }

    /// Returns the facts that are sensitive in any version.
    pub const fn sensitive(&self) -> &BTreeSet<FactId> {
        &self.sensitive
    }

    /// Returns the versions of a fact as they may be told: none of a sensitive one, and without what names one.
    pub fn public<'s>(&'s self, id: &FactId, versions: &'s [Version]) -> &'s [Version] {
        if self.sensitive.is_empty() {
            return versions;
        }
        if self.sensitive.contains(id) {
            return &[];
        }
        if let Some(public) = self.public.get(id) {
            return public;
        }
        let without = |version: &'s Version| version.fact.as_ref().map(|fact| fact.without(&self.sensitive));
        if versions.iter().all(|v| without(v).is_none_or(|fact| matches!(fact, Some(Cow::Borrowed(_))))) {
            return versions;
        }
        let told = versions.iter().filter_map(|version| match without(version) {
            None => Some(version.clone()),
            Some(fact) => Some(Version { fact: Some(fact?.into_owned()), ..version.clone() }),
        });
        self.public.insert(id.clone(), told.collect())
    }
}
