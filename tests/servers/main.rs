//! Runs ledgers on the server at `HELDTO_POSTGRES`, an address of an empty database, and publishes
//! in buckets of servers that the tests start; skipped, with a line, where there is none.

#[path = "bucket.rs"]
mod bucket;
#[path = "erasure.rs"]
mod erasure;
#[path = "postgres.rs"]
mod postgres;
#[path = "recovery.rs"]
mod recovery;
