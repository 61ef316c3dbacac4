//! Runs ledgers on the server at `HELDTO_POSTGRES`, an address of an empty database; skipped, with
//! a line, where there is none.

#[path = "postgres.rs"]
mod postgres;
