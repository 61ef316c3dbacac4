//! The files of a published ledger in object storage: S3, Google Cloud Storage, Azure.
//!
//! Entries and tiles are created only where there are none, parts are replaced only if they are
//! still those that were read, and the checkpoint moves by compare-and-swap: two publishers cannot
//! fork what the public sees. Knows files and conditions, never entries. Async stays inside. Start
//! at [`Bucket`]; [`check()`] races writers to find out if a store keeps conditions.

#![cfg(feature = "client")]

mod bucket;
mod check;
mod failure;

pub use bucket::{Bucket, BucketError, is_address};
pub use check::check;
