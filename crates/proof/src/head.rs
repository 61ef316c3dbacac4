//! The head record: the state from which a ledger continues.
//!
//! Turns a head into bytes and back; knows no store and no entries. Start with [`Head`].

use crate::{Chain, CompactRange, Genesis, Hash};
use bincode::{Decode, Encode};

/// The current state of a ledger, written atomically with the entries that advance it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// The chain value after the last entry.
    pub chain: Chain,
    /// The compact range of the tree, which includes the size.
    pub edge: CompactRange,
    /// `recorded_at` of the last entry; `i64::MIN` if there is none.
    pub recorded_at: i64,
    /// The encoded last checkpoint. Reserved: the program leaves this field empty and keeps the
    /// checkpoint in a separate file.
    pub checkpoint: Option<Vec<u8>>,
}

/// Bytes that are not a head record.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the head record is damaged: {0}")]
pub struct HeadError(&'static str);

#[derive(Encode, Decode)]
struct Wire {
    version: u8,
    size: u64,
    chain: [u8; 32],
    edge: Vec<[u8; 32]>,
    recorded_at: i64,
    checkpoint: Option<Vec<u8>>,
}

const LIMIT: usize = 64 * 1024;

impl Head {
    /// Returns the head of a ledger without entries.
    #[must_use]
    pub fn empty(genesis: &Genesis) -> Self {
        Self { chain: genesis.chain(), edge: CompactRange::default(), recorded_at: i64::MIN, checkpoint: None }
    }

    /// Returns the number of entries.
    #[must_use]
    pub const fn size(&self) -> u64 {
        self.edge.size()
    }

    /// Returns the bytes that are stored.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let wire = Wire {
            version: 1,
            size: self.size(),
            chain: self.chain.0.0,
            edge: self.edge.hashes().iter().map(|h| h.0).collect(),
            recorded_at: self.recorded_at,
            checkpoint: self.checkpoint.clone(),
        };
        bincode::encode_to_vec(wire, bincode::config::standard()).expect("numbers, arrays and bytes always encode")
    }

    /// Reads a head record.
    ///
    /// # Errors
    /// When the bytes are not the canonical encoding of a head record of version 1.
    pub fn decode(bytes: &[u8]) -> Result<Self, HeadError> {
        let config = bincode::config::standard().with_limit::<LIMIT>();
        let (wire, used): (Wire, usize) =
            bincode::decode_from_slice(bytes, config).map_err(|_| HeadError("its bytes cannot be decoded"))?;
        if wire.version != 1 {
            return Err(HeadError("its version is unknown"));
        }
        let edge = CompactRange::new(wire.size, wire.edge.into_iter().map(Hash).collect())
            .ok_or(HeadError("its hashes do not fit its size"))?;
        let head =
            Self { chain: Chain(Hash(wire.chain)), edge, recorded_at: wire.recorded_at, checkpoint: wire.checkpoint };
        if used == bytes.len() && head.encode() == bytes {
            Ok(head)
        } else {
            Err(HeadError("its bytes are not the standard encoding"))
        }
    }
}
