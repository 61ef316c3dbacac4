//! Entries, heads, facts and system records: input that decodes is in canonical encoding.
#![no_main]

use heldto_ledger::{SystemRecord, decode_fact, decode_header, encode_fact};
use heldto_proof::{Entry, Head};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    if let Ok(entry) = Entry::decode(data) {
        assert_eq!(entry.encode().as_deref(), Ok(data));
    }
    if let Ok(head) = Head::decode(data) {
        assert_eq!(head.encode(), data);
    }
    if let Ok(fact) = decode_fact(data) {
        assert_eq!(encode_fact(&fact).as_deref(), Ok(data));
        assert_eq!(decode_header(data), Ok(fact.header(data)));
    }
    if let Ok(own) = SystemRecord::decode(data) {
        assert_eq!(own.encode().as_deref(), Ok(data));
    }
});
