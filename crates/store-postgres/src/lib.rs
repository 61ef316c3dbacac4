//! A ledger as a schema of a PostgreSQL server: every entry, part and index record a row, appended
//! in one transaction that moves the head row.
//!
//! Knows bytes, heads and SQL, never facts. The server keeps the index and the copies; an append
//! returns when the server and, where it has synchronous standbys, one of them have it on disk.
//! Async stays inside `session`. docs/STORAGE.md says what an acknowledgement means. Start at
//! [`PostgresStore`].

#![cfg(feature = "client")]

mod address;
mod append;
mod durability;
mod erase;
mod read;
mod rows;
mod schema;
mod session;
mod store;

pub use address::{ServerAddress, ServerAddressError};
pub use durability::Durability;
pub use store::{PostgresStore, Purpose};
