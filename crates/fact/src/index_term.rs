use crate::{Body, Change, Fact, FactId};
use std::convert::Infallible;

/// What a fact is found by, without reading all the others. It names ids as `I`: as [`FactId`]s, or as they stand in bytes.
///
/// The ledger keeps an index of these, as keyed hashes; replay asks for facts by them. Both take them from [`IndexTerm::collect`], so that what is read through
/// the index is what a replay of the whole log gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum IndexTerm<I> {
    /// Its own id.
    Id(I),
    /// A fact that it corrects or retracts.
    Amended(I),
    /// A party that it names in any way.
    Party(I),
    /// An owner of the commitment that it tells of.
    Owner(I),
    /// An authority of which it tells who took control.
    Control(I),
    /// A fact that it links to, or gives a verdict on.
    Target(I),
    /// A metric that it measures, and of whom.
    Series(I, I),
    /// A metric that it measures, and which of [`PARTY_BUCKETS`] parts of all parties those that it is of fall into: enough to see, without reading them all, that
    /// many parties have figures.
    PartyBucket(I, u8),
    /// That it is about an identifiable child or family.
    Sensitive,
}

impl<I> IndexTerm<I> {
    /// The same, naming what `name` makes of each id.
    pub fn map<J>(self, mut name: impl FnMut(I) -> J) -> IndexTerm<J> {
        let Ok(mapped) = self.try_map(|id| Ok::<_, Infallible>(name(id)));
        mapped
    }

    /// The same, naming what `name` makes of each id.
    ///
    /// # Errors
    /// The first that it gives.
    pub fn try_map<J, E>(self, mut name: impl FnMut(I) -> Result<J, E>) -> Result<IndexTerm<J>, E> {
        Ok(match self {
            Self::Id(id) => IndexTerm::Id(name(id)?),
            Self::Amended(id) => IndexTerm::Amended(name(id)?),
            Self::Party(id) => IndexTerm::Party(name(id)?),
            Self::Owner(id) => IndexTerm::Owner(name(id)?),
            Self::Control(id) => IndexTerm::Control(name(id)?),
            Self::Target(id) => IndexTerm::Target(name(id)?),
            Self::Series(metric, party) => IndexTerm::Series(name(metric)?, name(party)?),
            Self::PartyBucket(metric, bucket) => IndexTerm::PartyBucket(name(metric)?, bucket),
            Self::Sensitive => IndexTerm::Sensitive,
        })
    }
}

/// Into how many parts the parties of a metric are sorted.
pub const PARTY_BUCKETS: u8 = 16;

impl<I: AsRef<str>> IndexTerm<I> {
    /// The part that a party falls into: the sum of the bytes of its id, modulo [`PARTY_BUCKETS`].
    #[must_use]
    pub fn party_bucket(metric: I, party: &I) -> Self {
        let sum = party.as_ref().bytes().fold(0_u8, u8::wrapping_add);
        Self::PartyBucket(metric, sum % PARTY_BUCKETS)
    }

    /// What it is and what it names, in words that no other handle comes to when blanks are put between.
    #[must_use]
    pub fn words(&self) -> [&str; 3] {
        const NUMBERS: [&str; PARTY_BUCKETS as usize] =
            ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11", "12", "13", "14", "15"];
        match self {
            Self::Id(id) => ["id", id.as_ref(), ""],
            Self::Amended(id) => ["amended", id.as_ref(), ""],
            Self::Party(id) => ["party", id.as_ref(), ""],
            Self::Owner(id) => ["owner", id.as_ref(), ""],
            Self::Control(id) => ["control", id.as_ref(), ""],
            Self::Target(id) => ["target", id.as_ref(), ""],
            Self::Series(metric, party) => ["series", metric.as_ref(), party.as_ref()],
            Self::PartyBucket(metric, bucket) => {
                ["share", metric.as_ref(), NUMBERS[usize::from(bucket % PARTY_BUCKETS)]]
            }
            Self::Sensitive => ["sensitive", "", ""],
        }
    }
}

/// What of a fact's kind finds it, with the parties that are found so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KindTerms<I, Parties> {
    /// A commitment, of these owners.
    Commitment(Parties),
    /// Who took control of these.
    Control(Parties),
    /// A figure for this metric, of these.
    Measurement(I, Parties),
    /// Nothing else.
    Other,
}

impl<I: AsRef<str> + Copy> IndexTerm<I> {
    /// Everything that finds a fact but its id, of all the parties and facts that it names; some perhaps twice.
    #[must_use]
    pub fn collect(
        parties: impl Iterator<Item = I>,
        targets: impl Iterator<Item = I>,
        of_kind: KindTerms<I, impl Iterator<Item = I>>,
    ) -> Vec<Self> {
        let mut all: Vec<Self> = parties.map(Self::Party).chain(targets.map(Self::Target)).collect();
        match of_kind {
            KindTerms::Commitment(owners) => all.extend(owners.map(Self::Owner)),
            KindTerms::Control(of) => all.extend(of.map(Self::Control)),
            KindTerms::Measurement(metric, of) => {
                all.extend(of.flat_map(|party| [Self::Series(metric, party), Self::party_bucket(metric, &party)]));
            }
            KindTerms::Other => {}
        }
        all
    }
}

impl Fact {
    /// Everything that finds it but its id, the ids as they are asked for; some perhaps twice.
    pub(crate) fn terms_without_id<'a, I: AsRef<str> + Copy>(
        &'a self,
        give: impl Fn(&'a FactId) -> I + Copy,
    ) -> Vec<IndexTerm<I>> {
        let of_kind = match &self.body {
            Body::Pledge(_) => KindTerms::Commitment(self.by.iter().map(give)),
            Body::Change { what: Change::Control, .. } => KindTerms::Control(self.subjects().iter().map(give)),
            Body::Measurement { metric, .. } => KindTerms::Measurement(give(metric), self.subjects().iter().map(give)),
            _ => KindTerms::Other,
        };
        let mut all = IndexTerm::collect(self.parties().map(give), self.targets().map(give), of_kind);
        all.extend(self.sensitive.then_some(IndexTerm::Sensitive));
        all
    }

    /// Everything that finds it, each once. A correction is found by all that finds its replacement, but the id, which stays that of the fact first recorded.
    #[must_use]
    pub fn index_terms(&self) -> Vec<IndexTerm<&FactId>> {
        let mut all = self.terms_without_id(|id| id);
        all.push(IndexTerm::Id(&self.id));
        match &self.body {
            Body::Correction { of, replacement, .. } => {
                all.push(IndexTerm::Amended(of));
                all.extend(replacement.terms_without_id(|id| id));
            }
            Body::Retraction { of, .. } => all.push(IndexTerm::Amended(of)),
            _ => {}
        }
        all.sort_unstable();
        all.dedup();
        all
    }

    /// Every party that it names in any way; some perhaps twice.
    pub fn parties(&self) -> impl Iterator<Item = &FactId> {
        let payers = self.amounts.iter().filter_map(|a| a.payer.as_ref());
        let (of, passes) = match &self.body {
            Body::Succession { of, passes } => (Some(of), passes.as_slice()),
            _ => (None, &[][..]),
        };
        let followers = passes.iter().filter_map(|p| p.to.as_ref());
        self.by.iter().chain(&self.about).chain(&self.to).chain(&self.reporter).chain(payers).chain(of).chain(followers)
    }

    /// Every fact that it links to, gives a verdict on or decides about; some perhaps twice.
    pub fn targets(&self) -> impl Iterator<Item = &FactId> {
        let judged = match &self.body {
            Body::Assessment { of, .. } => std::slice::from_ref(of),
            Body::Decision { on, .. } => on.as_slice(),
            _ => &[],
        };
        self.links.iter().map(|l| &l.to).chain(judged)
    }

    /// The thing that it tells of: the fact that it corrects or retracts, else itself.
    #[must_use]
    pub const fn entity_id(&self) -> &FactId {
        match &self.body {
            Body::Correction { of, .. } | Body::Retraction { of, .. } => of,
            _ => &self.id,
        }
    }
}
