//! Policies (C2SP tlog-policy): which witnesses must have cosigned a checkpoint.
//!
//! Turns a policy into text and back, and decides if a note meets it; knows no network. Start with
//! [`Policy::check`].

use crate::{NoteError, SignedNote, Verifier, WitnessKey};
use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

/// A witness that a policy names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Witness {
    /// Name inside the policy.
    pub name: String,
    /// Public key.
    pub key: WitnessKey,
    /// Address to submit checkpoints to, without `/add-checkpoint`.
    pub url: Option<String>,
}

/// The number of members that must have cosigned, and the members by name.
type Group = (usize, Vec<String>);

/// The keys of ledgers, witnesses, and the quorum of them that a checkpoint needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    /// Keys of ledgers, at least one.
    pub logs: Vec<Verifier>,
    /// Witnesses, in order.
    pub witnesses: Vec<Witness>,
    groups: BTreeMap<String, Group>,
    /// Name of the witness or the group that must have cosigned; `None` if none must.
    quorum: Option<String>,
}

/// The cosignatures of a note under a policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Witnessed {
    /// Name of each witness that cosigned, and the time, in seconds since the Unix epoch.
    pub by: Vec<(String, u64)>,
    /// `true` if they meet the quorum.
    pub is_quorum: bool,
}

/// A line of a policy that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {why}")]
pub struct PolicyError {
    /// Number of the line, from 1; 0 for the whole.
    pub line: usize,
    /// Cause.
    pub why: String,
}

impl Policy {
    /// Returns the policy that any `quorum` of these witnesses must have cosigned.
    ///
    /// # Errors
    /// If there are fewer witnesses.
    pub fn any_of(log: Verifier, witnesses: Vec<Witness>, quorum: usize) -> Result<Self, PolicyError> {
        if quorum == 0 || quorum > witnesses.len() {
            let why = format!("the quorum must be from 1 to {}, the number of witnesses", witnesses.len());
            return Err(PolicyError { line: 0, why });
        }
        let names = witnesses.iter().map(|witness| witness.name.clone()).collect();
        let groups = BTreeMap::from([("witnesses".to_owned(), (quorum, names))]);
        Ok(Self { logs: vec![log], witnesses, groups, quorum: Some("witnesses".to_owned()) })
    }

    /// Returns the witnesses that cosigned a note, and if they are enough.
    #[must_use]
    pub fn check(&self, note: &SignedNote) -> Witnessed {
        let by: Vec<(String, u64)> = self
            .witnesses
            .iter()
            .filter_map(|witness| Some((witness.name.clone(), witness.key.cosigned_at(note)?)))
            .collect();
        let is_quorum = self.quorum.as_ref().is_none_or(|name| self.is_met(name, &by));
        Witnessed { by, is_quorum }
    }

    /// Returns the numbers of the quorum's members that must have cosigned, and of all of them, if
    /// it is one group of witnesses.
    #[must_use]
    pub fn quorum(&self) -> Option<(usize, usize)> {
        match self.groups.get(self.quorum.as_deref()?) {
            Some((least, members)) => Some((*least, members.len())),
            None => Some((1, 1)),
        }
    }

    fn is_met(&self, name: &str, by: &[(String, u64)]) -> bool {
        match self.groups.get(name) {
            // Members come before their group, so this ends.
            Some((least, members)) => members.iter().filter(|member| self.is_met(member, by)).count() >= *least,
            None => by.iter().any(|(witness, _)| witness == name),
        }
    }

    /// Returns the first reason why other programs may read the policy otherwise or not at all.
    ///
    /// All accept one `log`, an address with every witness, and comments on lines of their own.
    #[must_use]
    pub fn is_not_plain(&self) -> Option<&'static str> {
        if self.logs.len() != 1 {
            return Some("it has several `log` lines; some programs take one only");
        }
        if self.witnesses.iter().any(|witness| witness.url.is_none()) {
            return Some("a witness has no address; some programs want one with each");
        }
        self.quorum.is_none().then_some("its quorum is none: anybody's checkpoint meets it")
    }
}

impl FromStr for Policy {
    type Err = PolicyError;

    fn from_str(text: &str) -> Result<Self, PolicyError> {
        let mut policy = Self { logs: Vec::new(), witnesses: Vec::new(), groups: BTreeMap::new(), quorum: None };
        let mut has_quorum = false;
        for (line, words) in (1..).zip(text.lines().map(|line| line.split_whitespace().collect::<Vec<_>>())) {
            let fail = |why: &str| Err(PolicyError { line, why: why.to_owned() });
            let of_key = |error: NoteError| PolicyError { line, why: error.to_string() };
            let is_known = |policy: &Self, name: &str| {
                policy.groups.contains_key(name) || policy.witnesses.iter().any(|witness| witness.name == name)
            };
            match words[..] {
                [] => {}
                [first, ..] if first.starts_with('#') => {}
                ["log", key] | ["log", key, _] => policy.logs.push(key.parse().map_err(of_key)?),
                ["witness", name, key, ref url @ ..] if url.len() < 2 => {
                    if is_known(&policy, name) || name == "none" {
                        return fail("the name is taken");
                    }
                    let key: WitnessKey = key.parse().map_err(of_key)?;
                    if policy.witnesses.iter().any(|witness| witness.key.key == key.key) {
                        return fail("the key is that of another witness: one would count twice");
                    }
                    let url = url.first().map(|url| (*url).trim_end_matches('/').to_owned());
                    policy.witnesses.push(Witness { name: name.to_owned(), key, url });
                }
                ["group", name, least, ref members @ ..] => {
                    if is_known(&policy, name) || name == "none" {
                        return fail("the name is taken");
                    }
                    if let Some(unknown) = members.iter().find(|member| !is_known(&policy, member)) {
                        return fail(&format!("`{unknown}` is no witness and no group of a line before"));
                    }
                    if (1..members.len()).any(|n| members[..n].contains(&members[n])) {
                        return fail("a member is named twice, and would count twice");
                    }
                    let least = match least {
                        "any" => 1,
                        "all" => members.len(),
                        number => match number.parse() {
                            Ok(number) => number,
                            Err(_) => return fail("a group needs `any`, `all` or a number"),
                        },
                    };
                    if least == 0 || least > members.len() {
                        return fail("a group needs at least one member, and no more than it has");
                    }
                    let members = members.iter().map(|member| (*member).to_owned()).collect();
                    policy.groups.insert(name.to_owned(), (least, members));
                }
                ["quorum", _] if has_quorum => return fail("there is a quorum already"),
                ["quorum", name] => {
                    if name != "none" && !is_known(&policy, name) {
                        return fail(&format!("`{name}` is no witness and no group of a line before"));
                    }
                    has_quorum = true;
                    policy.quorum = Some(name).filter(|name| *name != "none").map(str::to_owned);
                }
                _ => return fail("write `log`, `witness`, `group` or `quorum`, or a comment on a line of its own"),
            }
        }
        match (policy.logs.is_empty(), has_quorum) {
            (true, _) => Err(PolicyError { line: 0, why: "there is no `log` line".to_owned() }),
            (_, false) => Err(PolicyError { line: 0, why: "there is no `quorum` line".to_owned() }),
            _ => Ok(policy),
        }
    }
}

impl fmt::Display for Policy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.logs.iter().try_for_each(|log| writeln!(f, "log {log}"))?;
        for Witness { name, key, url } in &self.witnesses {
            let url = url.as_ref().map(|url| format!(" {url}")).unwrap_or_default();
            writeln!(f, "witness {name} {key}{url}")?;
        }
        for (name, (least, members)) in &self.groups {
            writeln!(f, "group {name} {least} {}", members.join(" "))?;
        }
        writeln!(f, "quorum {}", self.quorum.as_deref().unwrap_or("none"))
    }
}

#[cfg(test)]
mod tests {
    use super::{Policy, Witness};
    use crate::{NoteSigner, SignedNote, WitnessKey};
    use data_encoding::BASE64;

    fn witness(number: u8) -> (NoteSigner, Witness) {
        let name = format!("w{number}.example");
        let signer = NoteSigner::new(&name, [number; 32]).expect("a name");
        let key = WitnessKey { name: name.clone(), key: signer.verifier().key };
        (signer, Witness { name: format!("w{number}"), key, url: Some(format!("https://{name}")) })
    }

    fn cosigned(note: &SignedNote, by: &[u8]) -> SignedNote {
        by.iter().fold(note.clone(), |note, number| {
            let (signer, witness) = witness(*number);
            let time = u64::from(*number) + 1_000;
            let signature = signer.sign(WitnessKey::message(time, note.text()).as_bytes());
            let hash = crate::hash::key_hash(&witness.key.name, 4, &witness.key.key);
            let bytes = [&hash[..], &time.to_be_bytes(), &signature].concat();
            note.with_signatures(&format!("— {} {}\n", witness.key.name, BASE64.encode(&bytes))).expect("a line")
        })
    }

    #[test]
    fn a_quorum_is_met_by_enough_of_its_members_and_no_others() {
        let log = NoteSigner::new("example.org/log", [5; 32]).expect("a name");
        let text = "example.org/log\n3\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n";
        let note = SignedNote::sign(text, &[&log]).expect("signs");
        let three: Vec<Witness> = [1, 2, 3].map(|number| witness(number).1).to_vec();
        let policy = Policy::any_of(log.verifier(), three, 2).expect("a quorum");
        assert_eq!(policy.to_string().parse(), Ok(policy.clone()));
        assert_eq!(policy.is_not_plain(), None);
        assert!(!policy.check(&cosigned(&note, &[1])).is_quorum);
        assert!(!policy.check(&cosigned(&note, &[1, 4])).is_quorum, "a stranger does not count");
        let two = policy.check(&cosigned(&note, &[3, 1]));
        assert!(two.is_quorum && two.by == [("w1".to_owned(), 1_001), ("w3".to_owned(), 1_003)]);
        let nested = policy.to_string().replace("quorum witnesses", "group more all witnesses w1\nquorum more");
        let nested: Policy = nested.parse().expect("a policy");
        assert!(nested.check(&cosigned(&note, &[1, 2])).is_quorum);
        assert!(!nested.check(&cosigned(&note, &[2, 3])).is_quorum);
    }

    #[test]
    fn what_is_no_policy_is_refused_at_its_line() {
        let log = NoteSigner::new("example.org/log", [5; 32]).expect("a name").verifier();
        let witness = witness(1).1.key;
        for (text, line) in [
            (format!("log {log}\n"), 0),
            ("quorum none\n".to_owned(), 0),
            (format!("log {log}\nwitness w1 {log}\nquorum w1\n"), 2),
            (format!("log {log}\nwitness w1 {witness}\nwitness w1 {witness}\nquorum w1\n"), 3),
            (format!("log {log}\nwitness w1 {witness}\nwitness w2 {witness}\nquorum w1\n"), 3),
            (format!("log {log}\nwitness w1 {witness}\ngroup g 2 w1 w1\nquorum g\n"), 3),
            (format!("log {log}\nwitness w1 {witness}\ngroup g 2 w1\nquorum g\n"), 3),
            (format!("log {log}\ngroup g any g\nquorum g\n"), 2),
            (format!("log {log}\nquorum nobody\n"), 2),
            (format!("log {log} # the log\nquorum none\n"), 1),
        ] {
            assert_eq!(text.parse::<Policy>().map_err(|error| error.line), Err(line), "{text}");
        }
    }
}
