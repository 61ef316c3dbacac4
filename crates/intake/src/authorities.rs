//! The local authorities of the United Kingdom with their codes, by which official figures find
//! them; from the list that mySociety keeps (CC BY 4.0).
//!
//! This module knows names and codes, but no facts. Start at [`authorities`].

use heldto_fact::Identifier;

const LIST: &str = include_str!("../data/uk-authorities.csv");

/// A local authority of today, with its codes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Authority {
    /// Official name.
    pub name: String,
    /// Codes: that of the Government Statistical Service, and mySociety's.
    pub identifiers: Vec<Identifier>,
}

/// Returns the authorities in the order of their names.
pub fn authorities() -> impl Iterator<Item = Authority> {
    let reader = csv::ReaderBuilder::new().comment(Some(b'#')).from_reader(LIST.as_bytes());
    reader.into_records().flatten().map(|row| {
        let code = |scheme: &str, at| Identifier { scheme: scheme.to_owned(), value: row[at].to_owned() };
        Authority { name: row[0].to_owned(), identifiers: vec![code("gss", 1), code("mysociety", 2)] }
    })
}

#[cfg(test)]
mod tests {
    use super::authorities;
    use std::collections::BTreeSet;

    #[test]
    fn every_authority_has_a_name_and_codes_of_its_own() {
        let all: Vec<_> = authorities().collect();
        assert!(all.len() > 390, "{}", all.len());
        let names: BTreeSet<&str> = all.iter().map(|authority| authority.name.as_str()).collect();
        let codes: BTreeSet<&str> = all.iter().flat_map(|a| &a.identifiers).map(|code| code.value.as_str()).collect();
        assert_eq!((names.len(), codes.len()), (all.len(), 2 * all.len()));
        let derbyshire = all.iter().find(|authority| authority.name == "Derbyshire County Council").expect("is there");
        assert_eq!(derbyshire.identifiers[0].value, "E10000007");
    }
}
