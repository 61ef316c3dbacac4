//! The calls of the module and their memory: bytes in, bytes out. The only unsafe code of the
//! project. Start at [`heldto_call`].
#![allow(unsafe_code, reason = "a host gives and takes bytes by address; each use says why it is sound")]

use crate::Checker;
use std::cell::RefCell;

thread_local! {
    static CHECKER: RefCell<Checker> = RefCell::default();
}

/// Returns room for `len` bytes, which the host fills and gives to another call.
#[unsafe(no_mangle)]
pub extern "C" fn heldto_room(len: usize) -> *mut u8 {
    Box::into_raw(vec![0_u8; len].into_boxed_slice()).cast()
}

/// Takes back the bytes of [`heldto_room`] or of an answer.
///
/// # Safety
/// `at` must be from [`heldto_room`] with this `len`, or from an answer with its length, and be
/// given back once.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn heldto_take(at: *mut u8, len: usize) {
    // SAFETY: by the contract, this is a box of a slice of this length that nobody else owns.
    drop(unsafe { Box::from_raw(std::ptr::slice_from_raw_parts_mut(at, len)) });
}

/// Keeps a file of the ledger; takes the room of its path and that of its bytes.
///
/// # Safety
/// Both must be as [`heldto_take`] demands.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn heldto_put(path: *mut u8, path_len: usize, bytes: *mut u8, len: usize) {
    // SAFETY: by the contract, these are two boxes of slices that nobody else owns.
    let (path, bytes) = unsafe { (owned(path, path_len), owned(bytes, len)) };
    CHECKER.with_borrow_mut(|checker| checker.put(String::from_utf8_lossy(&path).into_owned(), bytes));
}

/// Answers a request; takes its room, and returns the address of the answer in the upper and its
/// length in the lower 32 bits.
///
/// # Safety
/// The room must be as [`heldto_take`] demands.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn heldto_call(request: *mut u8, len: usize) -> u64 {
    // SAFETY: by the contract, this is a box of a slice of this length that nobody else owns.
    let request = unsafe { owned(request, len) };
    let answer = CHECKER.with_borrow_mut(|checker| checker.answer(&request)).into_bytes().into_boxed_slice();
    let len = answer.len() as u64;
    ((Box::into_raw(answer).cast::<u8>() as u64) << 32) | len
}

/// Returns the bytes of a room.
///
/// # Safety
/// As for [`heldto_take`].
unsafe fn owned(at: *mut u8, len: usize) -> Vec<u8> {
    // SAFETY: by the contract, this is a box of a slice of this length that nobody else owns.
    unsafe { Box::from_raw(std::ptr::slice_from_raw_parts_mut(at, len)) }.into_vec()
}
