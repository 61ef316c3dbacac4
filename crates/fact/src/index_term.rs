//! Index terms: the keys under which a fact is found without reading the others.
//!
//! Turns a fact into its terms; knows no index, no hash and no bytes. Start with [`IndexTerm`] and
//! [`Fact::index_terms`].

use crate::{Body, Change, Fact, FactId};
use std::convert::Infallible;

/// An index term of a fact.
///
/// `I` is the type of the ids: [`FactId`], or `&str` borrowed from bytes.
///
/// The ledger indexes facts by keyed hashes of these terms, and replay asks for facts by them. Both
/// use [`IndexTerm::collect`], so that reading through the index gives the same facts as replaying
/// the whole log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum IndexTerm<I> {
    /// The fact's own id.
    Id(I),
    /// A fact that this one corrects or retracts.
    Amended(I),
    /// A party that the fact names in any role.
    Party(I),
    /// An owner of the commitment in the fact.
    Owner(I),
    /// An authority over which the fact records a change of control.
    Control(I),
    /// A body that the fact says is followed by others, or follows another.
    Succession(I),
    /// A fact that this one links to, assesses or decides about.
    Target(I),
    /// A metric, and a party that the fact measures it for.
    Series(I, I),
    /// A metric, and one of [`PARTY_BUCKETS`] buckets that the measured parties fall into. Shows
    /// cheaply that many parties have figures, without reading all of the figures.
    PartyBucket(I, u8),
    /// The fact is about an identifiable child or family.
    Sensitive,
}

impl<I> IndexTerm<I> {
    /// Returns the term with each id replaced by `name(id)`.
    pub fn map<J>(self, mut name: impl FnMut(I) -> J) -> IndexTerm<J> {
        let Ok(mapped) = self.try_map(|id| Ok::<_, Infallible>(name(id)));
        mapped
    }

    /// Returns the term with each id replaced by `name(id)`.
    ///
    /// # Errors
    /// The first error of `name`.
    pub fn try_map<J, E>(self, mut name: impl FnMut(I) -> Result<J, E>) -> Result<IndexTerm<J>, E> {
        Ok(match self {
            Self::Id(id) => IndexTerm::Id(name(id)?),
            Self::Amended(id) => IndexTerm::Amended(name(id)?),
            Self::Party(id) => IndexTerm::Party(name(id)?),
            Self::Owner(id) => IndexTerm::Owner(name(id)?),
            Self::Control(id) => IndexTerm::Control(name(id)?),
            Self::Succession(id) => IndexTerm::Succession(name(id)?),
            Self::Target(id) => IndexTerm::Target(name(id)?),
            Self::Series(metric, party) => IndexTerm::Series(name(metric)?, name(party)?),
            Self::PartyBucket(metric, bucket) => IndexTerm::PartyBucket(name(metric)?, bucket),
            Self::Sensitive => IndexTerm::Sensitive,
        })
    }
}

/// Number of buckets into which the parties of a metric are sorted.
pub const PARTY_BUCKETS: u8 = 16;

impl<I: AsRef<str>> IndexTerm<I> {
    /// Returns the bucket term of a party: the sum of the bytes of its id, modulo
    /// [`PARTY_BUCKETS`].
    #[must_use]
    pub fn party_bucket(metric: I, party: &I) -> Self {
        let sum = party.as_ref().bytes().fold(0_u8, u8::wrapping_add);
        Self::PartyBucket(metric, sum % PARTY_BUCKETS)
    }

    /// Returns the term as three strings; joined by spaces, they are unique to the term.
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
            Self::Succession(id) => ["succession", id.as_ref(), ""],
            Self::Target(id) => ["target", id.as_ref(), ""],
            Self::Series(metric, party) => ["series", metric.as_ref(), party.as_ref()],
            Self::PartyBucket(metric, bucket) => {
                ["share", metric.as_ref(), NUMBERS[usize::from(bucket % PARTY_BUCKETS)]]
            }
            Self::Sensitive => ["sensitive", "", ""],
        }
    }
}

/// The kind-specific index terms of a fact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KindTerms<I, Parties> {
    /// A commitment with these owners.
    Commitment(Parties),
    /// A change of control of these authorities.
    Control(Parties),
    /// A succession: the body that is followed, and those that follow.
    Succession(I, Parties),
    /// A figure for this metric, about these parties.
    Measurement(I, Parties),
    /// No kind-specific terms.
    Other,
}

impl<I: AsRef<str> + Copy> IndexTerm<I> {
    /// Returns the index terms of a fact without its id, from the parties and facts that the fact
    /// names.
    ///
    /// May contain duplicates.
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
            KindTerms::Succession(of, to) => {
                all.push(Self::Succession(of));
                all.extend(to.map(Self::Succession));
            }
            KindTerms::Measurement(metric, of) => {
                all.extend(of.flat_map(|party| [Self::Series(metric, party), Self::party_bucket(metric, &party)]));
            }
            KindTerms::Other => {}
        }
        all
    }
}

impl Fact {
    /// Returns the index terms without the id, each id given as `give` returns it.
    ///
    /// May contain duplicates.
    pub(crate) fn terms_without_id<'a, I: AsRef<str> + Copy>(
        &'a self,
        give: impl Fn(&'a FactId) -> I + Copy,
    ) -> Vec<IndexTerm<I>> {
        let of_kind = match &self.body {
            Body::Pledge(_) => KindTerms::Commitment(self.by.iter().map(give)),
            Body::Change { what: Change::Control, .. } => KindTerms::Control(self.subjects().iter().map(give)),
            Body::Succession { of, .. } => KindTerms::Succession(give(of), self.to.iter().map(give)),
            Body::Measurement { metric, .. } => KindTerms::Measurement(give(metric), self.subjects().iter().map(give)),
            Body::Party { .. }
            | Body::Source(_)
            | Body::Metric { .. }
            | Body::Inspection { .. }
            | Body::Notice { .. }
            | Body::Statement { .. }
            | Body::Question { .. }
            | Body::Delivery { .. }
            | Body::Complaint { .. }
            | Body::Payout { .. }
            | Body::Change { .. }
            | Body::Publication { .. }
            | Body::Assessment { .. }
            | Body::Recommendation(_)
            | Body::Decision { .. }
            | Body::Correction { .. }
            | Body::Retraction { .. } => KindTerms::Other,
        };
        let mut all = IndexTerm::collect(self.parties().map(give), self.targets().map(give), of_kind);
        all.extend(self.sensitive.then_some(IndexTerm::Sensitive));
        all
    }

    /// Returns all index terms, sorted and without duplicates.
    ///
    /// A correction has the terms of its replacement too, except the id.
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
            Body::Party { .. }
            | Body::Source(_)
            | Body::Metric { .. }
            | Body::Inspection { .. }
            | Body::Notice { .. }
            | Body::Statement { .. }
            | Body::Question { .. }
            | Body::Pledge(_)
            | Body::Delivery { .. }
            | Body::Complaint { .. }
            | Body::Payout { .. }
            | Body::Measurement { .. }
            | Body::Change { .. }
            | Body::Publication { .. }
            | Body::Assessment { .. }
            | Body::Succession { .. }
            | Body::Recommendation(_)
            | Body::Decision { .. } => {}
        }
        all.sort_unstable();
        all.dedup();
        all
    }

    /// Returns every party that the fact names in any role.
    ///
    /// May contain duplicates.
    pub fn parties(&self) -> impl Iterator<Item = &FactId> {
        let payers = self.amounts.iter().filter_map(|a| a.payer.as_ref());
        let (of, passes) = match &self.body {
            Body::Succession { of, passes } => (Some(of), passes.as_slice()),
            Body::Party { .. }
            | Body::Source(_)
            | Body::Metric { .. }
            | Body::Inspection { .. }
            | Body::Notice { .. }
            | Body::Statement { .. }
            | Body::Question { .. }
            | Body::Pledge(_)
            | Body::Delivery { .. }
            | Body::Complaint { .. }
            | Body::Payout { .. }
            | Body::Measurement { .. }
            | Body::Change { .. }
            | Body::Publication { .. }
            | Body::Assessment { .. }
            | Body::Recommendation(_)
            | Body::Decision { .. }
            | Body::Correction { .. }
            | Body::Retraction { .. } => (None, &[][..]),
        };
        let followers = passes.iter().filter_map(|p| p.to.as_ref());
        self.by.iter().chain(&self.about).chain(&self.to).chain(&self.reporter).chain(payers).chain(of).chain(followers)
    }

    /// Returns every fact that this one links to, assesses or decides about.
    ///
    /// May contain duplicates.
    pub fn targets(&self) -> impl Iterator<Item = &FactId> {
        let judged = match &self.body {
            Body::Assessment { of, .. } => std::slice::from_ref(of),
            Body::Decision { on, .. } => on.as_slice(),
            Body::Party { .. }
            | Body::Source(_)
            | Body::Metric { .. }
            | Body::Inspection { .. }
            | Body::Notice { .. }
            | Body::Statement { .. }
            | Body::Question { .. }
            | Body::Pledge(_)
            | Body::Delivery { .. }
            | Body::Complaint { .. }
            | Body::Payout { .. }
            | Body::Measurement { .. }
            | Body::Change { .. }
            | Body::Publication { .. }
            | Body::Succession { .. }
            | Body::Recommendation(_)
            | Body::Correction { .. }
            | Body::Retraction { .. } => &[],
        };
        self.links.iter().map(|l| &l.to).chain(judged)
    }

    /// Returns the id of the entity: the fact that this one corrects or retracts, else the fact's
    /// own id.
    #[must_use]
    pub const fn entity_id(&self) -> &FactId {
        match &self.body {
            Body::Correction { of, .. } | Body::Retraction { of, .. } => of,
            Body::Party { .. }
            | Body::Source(_)
            | Body::Metric { .. }
            | Body::Inspection { .. }
            | Body::Notice { .. }
            | Body::Statement { .. }
            | Body::Question { .. }
            | Body::Pledge(_)
            | Body::Delivery { .. }
            | Body::Complaint { .. }
            | Body::Payout { .. }
            | Body::Measurement { .. }
            | Body::Change { .. }
            | Body::Publication { .. }
            | Body::Assessment { .. }
            | Body::Succession { .. }
            | Body::Recommendation(_)
            | Body::Decision { .. } => &self.id,
        }
    }
}
