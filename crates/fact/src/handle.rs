use crate::{Body, Change, Fact, FactId};

/// What a fact is found by, without reading all the others.
///
/// The ledger keeps an index of these, as keyed hashes; replay asks for facts by them. Both take them from [`Fact::handles`], so that what is read through
/// the index is what a replay of the whole log gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Handle<'a> {
    /// Its own id.
    Id(&'a FactId),
    /// A party that it names in any way.
    Party(&'a FactId),
    /// An owner of the commitment that it tells of.
    Owner(&'a FactId),
    /// An authority of which it tells who took control.
    Control(&'a FactId),
    /// A fact that it links to, or gives a verdict on.
    Target(&'a FactId),
    /// A metric that it measures, and of whom.
    Series(&'a FactId, &'a FactId),
    /// A metric that it measures, and which of [`Self::SHARES`] parts of all parties those that it is of fall into: enough to see, without reading them all,
    /// that many parties have figures.
    Share(&'a FactId, u8),
}

impl<'a> Handle<'a> {
    /// Into how many parts the parties of a metric are sorted.
    pub const SHARES: u8 = 16;

    /// The part that a party falls into: the sum of the bytes of its id, modulo [`Self::SHARES`].
    #[must_use]
    pub fn share(metric: &'a FactId, party: &FactId) -> Self {
        let sum = party.as_str().bytes().fold(0_u8, u8::wrapping_add);
        Self::Share(metric, sum % Self::SHARES)
    }

    /// What it is and what it names, in words that no other handle comes to when blanks are put between.
    #[must_use]
    pub fn words(&self) -> [&'a str; 3] {
        const NUMBERS: [&str; Handle::SHARES as usize] =
            ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11", "12", "13", "14", "15"];
        match *self {
            Self::Id(id) => ["id", id.as_str(), ""],
            Self::Party(id) => ["party", id.as_str(), ""],
            Self::Owner(id) => ["owner", id.as_str(), ""],
            Self::Control(id) => ["control", id.as_str(), ""],
            Self::Target(id) => ["target", id.as_str(), ""],
            Self::Series(metric, party) => ["series", metric.as_str(), party.as_str()],
            Self::Share(metric, share) => ["share", metric.as_str(), NUMBERS[usize::from(share % Self::SHARES)]],
        }
    }
}

impl Fact {
    /// Everything that finds it, each once. A correction is found by all that finds its replacement.
    #[must_use]
    pub fn handles(&self) -> Vec<Handle<'_>> {
        let mut all = vec![Handle::Id(&self.id)];
        all.extend(self.parties().map(Handle::Party));
        all.extend(self.targets().map(Handle::Target));
        match &self.body {
            Body::Pledge(_) => all.extend(self.by.iter().map(Handle::Owner)),
            Body::Change { what: Change::Control, .. } => all.extend(self.subjects().iter().map(Handle::Control)),
            Body::Measurement { metric, .. } => {
                for party in self.subjects() {
                    all.extend([Handle::Series(metric, party), Handle::share(metric, party)]);
                }
            }
            Body::Correction { of, replacement, .. } => {
                all.push(Handle::Id(of));
                all.extend(replacement.handles());
            }
            Body::Retraction { of, .. } => all.push(Handle::Id(of)),
            _ => {}
        }
        all.sort_unstable();
        all.dedup();
        all
    }

    /// Every party that it names in any way; some perhaps twice.
    pub fn parties(&self) -> impl Iterator<Item = &FactId> {
        let payers = self.amounts.iter().filter_map(|a| a.payer.as_ref());
        self.by.iter().chain(&self.about).chain(&self.to).chain(&self.reporter).chain(payers)
    }

    /// Every fact that it links to or gives a verdict on; some perhaps twice.
    pub fn targets(&self) -> impl Iterator<Item = &FactId> {
        let judged = match &self.body {
            Body::Assessment { of, .. } => Some(of),
            _ => None,
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
