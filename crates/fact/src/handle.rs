use crate::{Body, Change, Fact, FactId};
use std::convert::Infallible;

/// What a fact is found by, without reading all the others. It names ids as `I`: as [`FactId`]s, or as they stand in bytes.
///
/// The ledger keeps an index of these, as keyed hashes; replay asks for facts by them. Both take them from [`Handle::all_of`], so that what is read through
/// the index is what a replay of the whole log gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Handle<I> {
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
    /// A metric that it measures, and which of [`SHARES`] parts of all parties those that it is of fall into: enough to see, without reading them all, that
    /// many parties have figures.
    Share(I, u8),
    /// That it is about an identifiable child or family.
    Sensitive,
}

impl<I> Handle<I> {
    /// The same, naming what `name` makes of each id.
    pub fn map<J>(self, mut name: impl FnMut(I) -> J) -> Handle<J> {
        let Ok(mapped) = self.try_map(|id| Ok::<_, Infallible>(name(id)));
        mapped
    }

    /// The same, naming what `name` makes of each id.
    ///
    /// # Errors
    /// The first that it gives.
    pub fn try_map<J, E>(self, mut name: impl FnMut(I) -> Result<J, E>) -> Result<Handle<J>, E> {
        Ok(match self {
            Self::Id(id) => Handle::Id(name(id)?),
            Self::Amended(id) => Handle::Amended(name(id)?),
            Self::Party(id) => Handle::Party(name(id)?),
            Self::Owner(id) => Handle::Owner(name(id)?),
            Self::Control(id) => Handle::Control(name(id)?),
            Self::Target(id) => Handle::Target(name(id)?),
            Self::Series(metric, party) => Handle::Series(name(metric)?, name(party)?),
            Self::Share(metric, share) => Handle::Share(name(metric)?, share),
            Self::Sensitive => Handle::Sensitive,
        })
    }
}

/// Into how many parts the parties of a metric are sorted.
pub const SHARES: u8 = 16;

impl<I: AsRef<str>> Handle<I> {
    /// The part that a party falls into: the sum of the bytes of its id, modulo [`SHARES`].
    #[must_use]
    pub fn share(metric: I, party: &I) -> Self {
        let sum = party.as_ref().bytes().fold(0_u8, u8::wrapping_add);
        Self::Share(metric, sum % SHARES)
    }

    /// What it is and what it names, in words that no other handle comes to when blanks are put between.
    #[must_use]
    pub fn words(&self) -> [&str; 3] {
        const NUMBERS: [&str; SHARES as usize] =
            ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11", "12", "13", "14", "15"];
        match self {
            Self::Id(id) => ["id", id.as_ref(), ""],
            Self::Amended(id) => ["amended", id.as_ref(), ""],
            Self::Party(id) => ["party", id.as_ref(), ""],
            Self::Owner(id) => ["owner", id.as_ref(), ""],
            Self::Control(id) => ["control", id.as_ref(), ""],
            Self::Target(id) => ["target", id.as_ref(), ""],
            Self::Series(metric, party) => ["series", metric.as_ref(), party.as_ref()],
            Self::Share(metric, share) => ["share", metric.as_ref(), NUMBERS[usize::from(share % SHARES)]],
            Self::Sensitive => ["sensitive", "", ""],
        }
    }
}

/// What of a fact's kind finds it, with the parties that are found so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Tells<I, Parties> {
    /// A commitment, of these owners.
    Commitment(Parties),
    /// Who took control of these.
    Control(Parties),
    /// A figure for this metric, of these.
    Measurement(I, Parties),
    /// Nothing else.
    Other,
}

impl<I: AsRef<str> + Copy> Handle<I> {
    /// Everything that finds a fact but its id, of all the parties and facts that it names; some perhaps twice.
    #[must_use]
    pub fn all_of(
        parties: impl Iterator<Item = I>,
        targets: impl Iterator<Item = I>,
        tells: Tells<I, impl Iterator<Item = I>>,
    ) -> Vec<Self> {
        let mut all: Vec<Self> = parties.map(Self::Party).chain(targets.map(Self::Target)).collect();
        match tells {
            Tells::Commitment(owners) => all.extend(owners.map(Self::Owner)),
            Tells::Control(of) => all.extend(of.map(Self::Control)),
            Tells::Measurement(metric, of) => {
                all.extend(of.flat_map(|party| [Self::Series(metric, party), Self::share(metric, &party)]));
            }
            Tells::Other => {}
        }
        all
    }
}

impl Fact {
    /// Everything that finds it but its id, the ids as they are asked for; some perhaps twice.
    pub(crate) fn finders<'a, I: AsRef<str> + Copy>(&'a self, give: impl Fn(&'a FactId) -> I + Copy) -> Vec<Handle<I>> {
        let tells = match &self.body {
            Body::Pledge(_) => Tells::Commitment(self.by.iter().map(give)),
            Body::Change { what: Change::Control, .. } => Tells::Control(self.subjects().iter().map(give)),
            Body::Measurement { metric, .. } => Tells::Measurement(give(metric), self.subjects().iter().map(give)),
            _ => Tells::Other,
        };
        let mut all = Handle::all_of(self.parties().map(give), self.targets().map(give), tells);
        all.extend(self.sensitive.then_some(Handle::Sensitive));
        all
    }

    /// Everything that finds it, each once. A correction is found by all that finds its replacement, but the id, which stays that of the fact first recorded.
    #[must_use]
    pub fn handles(&self) -> Vec<Handle<&FactId>> {
        let mut all = self.finders(|id| id);
        all.push(Handle::Id(&self.id));
        match &self.body {
            Body::Correction { of, replacement, .. } => {
                all.push(Handle::Amended(of));
                all.extend(replacement.finders(|id| id));
            }
            Body::Retraction { of, .. } => all.push(Handle::Amended(of)),
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
    pub const fn thing(&self) -> &FactId {
        match &self.body {
            Body::Correction { of, .. } | Body::Retraction { of, .. } => of,
            _ => &self.id,
        }
    }
}
