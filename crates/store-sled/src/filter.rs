//! Filters of the index runs: most runs that lack a hash are not opened to look for that hash.
//!
//! A split block Bloom filter as the Parquet format defines it, with twelve bits for a hash, in a
//! file next to the databases (docs/FORMAT.md, *The database*). Only a negative answer is relied
//! on: a missing filter or a damaged page costs one look into the run. Knows no sled. Start at
//! [`BloomFilter`].

use crate::files::io;
use heldto_store::StoreError;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, OnceLock, PoisonError};

/// First byte of a page's trailer.
const VERSION: u8 = 1;
/// Length of a page in bytes: blocks, and a trailer that identifies the page.
const PAGE: usize = 512;
/// Length of a block in bytes: eight words of 32 bits, with one bit set in each for every hash.
const BLOCK: usize = 32;
/// Number of blocks to a page.
const BLOCKS: usize = (PAGE - TRAILER) / BLOCK;
/// Length of the trailer: version, run, page, pages, hashes, zeros, and a check of the page.
const TRAILER: usize = 32;
/// Number of hashes to a page, at twelve bits each.
const PER_PAGE: u64 = (BLOCKS * BLOCK * 8 / 12) as u64;
/// Longest filter kept in memory whole, in bytes: some forty million hashes.
const MAX_CACHED_BYTES: usize = 64 << 20;
/// Salts of a block's words, from the Parquet format.
const SALTS: [u32; 8] =
    [0x47b6_137b, 0x4497_4d91, 0x8824_ad5b, 0xa2b7_289d, 0x7054_95c7, 0x2df1_424b, 0x9efc_4947, 0x5c6b_fb31];

/// Returns the path of a run's filter.
pub fn path(archive: &Path, run: u32) -> PathBuf {
    archive.join(format!("filter-{run}"))
}

/// Returns the number of the run whose filter has this file name.
pub fn of(name: &str) -> Option<u32> {
    name.strip_prefix("filter-")?.parse().ok()
}

/// Returns the page of a hash, the offset of its block there, and its bit in each word.
fn place(hash: u64, pages: u32) -> (u32, usize, [u32; 8]) {
    // Index hashes are random, but have only 48 bits: the product spreads them over 64.
    let [a, b, c, d, low @ ..] = hash.wrapping_mul(0x9e37_79b9_7f4a_7c15).to_be_bytes();
    let high = u32::from_be_bytes([a, b, c, d]);
    let low = u32::from_be_bytes(low);
    let block = (u64::from(high) * u64::from(pages) * BLOCKS as u64) >> 32;
    let page =
        u32::try_from(block / BLOCKS as u64).expect("a block lies on one of the pages, which are numbered by u32");
    let begins = usize::try_from(block % BLOCKS as u64).unwrap_or(0) * BLOCK;
    (page, begins, SALTS.map(|salt| 1 << (low.wrapping_mul(salt) >> 27)))
}

/// Returns the offset of a page.
fn begins(page: u32) -> usize {
    usize::try_from(page).unwrap_or(usize::MAX).saturating_mul(PAGE)
}

/// A filter under construction, while its run is written.
pub struct FilterBuilder {
    pages: u32,
    hashes: u64,
    last: Option<u64>,
    bytes: Vec<u8>,
}

impl FilterBuilder {
    /// Creates a draft sized for this number of hashes.
    pub fn new(hashes: u64) -> Self {
        let pages = u32::try_from(hashes.div_ceil(PER_PAGE).max(1)).expect("a run has fewer than 2^40 hashes");
        Self { pages, hashes: 0, last: None, bytes: vec![0; begins(pages)] }
    }

    /// Adds a hash; hashes must come in order.
    pub fn put(&mut self, hash: u64) {
        if self.last.replace(hash) == Some(hash) {
            return;
        }
        self.hashes += 1;
        let (page, at, bits) = place(hash, self.pages);
        let at = begins(page) + at;
        for (word, bit) in self.bytes[at..at + BLOCK].as_chunks_mut::<4>().0.iter_mut().zip(bits) {
            *word = (u32::from_le_bytes(*word) | bit).to_le_bytes();
        }
    }

    /// Writes the draft as the filter of a run, durable on return.
    pub fn write(mut self, archive: &Path, run: u32) -> Result<BloomFilter, StoreError> {
        for (number, page) in (0..).zip(self.bytes.chunks_exact_mut(PAGE)) {
            let trailer = trailer(run, number, self.pages, self.hashes);
            page[PAGE - TRAILER..PAGE - 4].copy_from_slice(&trailer);
            let check = crc32fast::hash(&page[..PAGE - 4]);
            page[PAGE - 4..].copy_from_slice(&check.to_be_bytes());
        }
        let path = path(archive, run);
        let write = || {
            let mut file = File::options().read(true).write(true).create(true).truncate(true).open(&path)?;
            file.write_all(&self.bytes)?;
            file.sync_all()?;
            Ok(file)
        };
        let file = Mutex::new(write().map_err(io(format!("writing {}", path.display())))?);
        let whole = if self.bytes.len() <= MAX_CACHED_BYTES { OnceLock::from(self.bytes) } else { OnceLock::new() };
        Ok(BloomFilter { run, pages: self.pages, hashes: self.hashes, file, whole })
    }
}

fn trailer(run: u32, page: u32, pages: u32, hashes: u64) -> [u8; TRAILER - 4] {
    let mut trailer = [0; TRAILER - 4];
    trailer[0] = VERSION;
    trailer[1..5].copy_from_slice(&run.to_be_bytes());
    trailer[5..9].copy_from_slice(&page.to_be_bytes());
    trailer[9..13].copy_from_slice(&pages.to_be_bytes());
    trailer[13..21].copy_from_slice(&hashes.to_be_bytes());
    trailer
}

/// The filter of a run, in a file and, if loaded, in memory.
pub struct BloomFilter {
    run: u32,
    pages: u32,
    hashes: u64,
    file: Mutex<File>,
    whole: OnceLock<Vec<u8>>,
}

impl BloomFilter {
    /// Opens the filter of a run; `None` if missing, cut short or damaged in its first page.
    pub fn open(archive: &Path, run: u32) -> Option<Self> {
        let mut file = File::open(path(archive, run)).ok()?;
        let mut first = [0; PAGE];
        file.read_exact(&mut first).ok()?;
        let pages = u32::from_be_bytes(*first[PAGE - TRAILER + 9..].first_chunk()?);
        let hashes = u64::from_be_bytes(*first[PAGE - TRAILER + 13..].first_chunk()?);
        let whole = file.metadata().ok()?.len() == begins(pages) as u64;
        let filter = Self { run, pages, hashes, file: Mutex::new(file), whole: OnceLock::new() };
        (whole && filter.is_sound(0, &first)).then_some(filter)
    }

    /// Returns the number of hashes in the run.
    pub const fn hashes(&self) -> u64 {
        self.hashes
    }

    /// Returns `true` if these bytes are page `number` of this filter, unchanged.
    fn is_sound(&self, number: u32, page: &[u8]) -> bool {
        page.split_last_chunk::<4>().is_some_and(|(page, check)| {
            page.ends_with(&trailer(self.run, number, self.pages, self.hashes))
                && crc32fast::hash(page) == u32::from_be_bytes(*check)
        })
    }

    /// Loads the filter into memory if `asked` look-ups make that cheaper.
    ///
    /// Damaged pages then match every hash.
    pub fn prepare(&self, asked: usize) {
        let length = begins(self.pages);
        if self.whole.get().is_some() || length > MAX_CACHED_BYTES || asked.saturating_mul(4 * PAGE) < length {
            return;
        }
        let mut bytes = Vec::with_capacity(length);
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        if file.seek(SeekFrom::Start(0)).and_then(|_| file.read_to_end(&mut bytes)).is_ok() && bytes.len() == length {
            for (number, page) in (0..).zip(bytes.chunks_exact_mut(PAGE)) {
                if !self.is_sound(number, page) {
                    page.fill(0xff);
                }
            }
            drop(self.whole.set(bytes));
        }
    }

    /// Returns `true` if the run may hold this hash; `false` is certain.
    pub fn may_hold(&self, hash: u64) -> bool {
        let (number, at, bits) = place(hash, self.pages);
        let holds = |block: Option<&[u8]>| {
            block.is_none_or(|block| {
                block.as_chunks::<4>().0.iter().zip(bits).all(|(word, bit)| u32::from_le_bytes(*word) & bit != 0)
            })
        };
        if let Some(whole) = self.whole.get() {
            let at = begins(number) + at;
            return holds(whole.get(at..at + BLOCK));
        }
        let mut page = [0; PAGE];
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        let read = file.seek(SeekFrom::Start(begins(number) as u64)).and_then(|_| file.read_exact(&mut page));
        read.is_err() || !self.is_sound(number, &page) || holds(page.get(at..at + BLOCK))
    }
}

#[cfg(test)]
mod tests {
    use super::{BloomFilter, FilterBuilder, PAGE, path};

    /// Returns a hash as in the index: 48 bits, the highest set only for ids.
    fn hash(n: u64) -> u64 {
        let hash = u64::from_be_bytes(*heldto_proof::leaf_hash(&n.to_be_bytes()).0.first_chunk().expect("32 bytes"));
        hash >> 16 | if n.is_multiple_of(5) { 0 } else { 1 << 47 }
    }

    #[test]
    fn what_is_there_is_never_ruled_out_and_little_else_is_let_through() {
        let folder = tempfile::tempdir().expect("a folder");
        for count in [0, 1, 319, 320, 5000, 40_000] {
            let mut there: Vec<u64> = (0..count).map(hash).collect();
            there.sort_unstable();
            let mut builder = FilterBuilder::new(count);
            // A hash may have many records.
            there.iter().flat_map(|hash| [hash, hash]).for_each(|hash| builder.put(*hash));
            let written = builder.write(folder.path(), 7).expect("room");
            let opened = BloomFilter::open(folder.path(), 7).expect("is there");
            assert!(written.hashes() == count && opened.hashes() == count);
            let prepared = BloomFilter::open(folder.path(), 7).expect("is there");
            prepared.prepare(usize::MAX);
            for filter in [&written, &opened, &prepared] {
                assert!(there.iter().all(|hash| filter.may_hold(*hash)), "{count}");
                let wrongly = (count..count + 10_000).filter(|n| filter.may_hold(hash(*n))).count();
                assert!(wrongly < 100, "{wrongly} of 10,000 beside {count}");
            }
        }
        assert!(BloomFilter::open(folder.path(), 8).is_none());
    }

    #[test]
    fn a_page_that_was_changed_rules_nothing_out() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = path(folder.path(), 3);
        let mut builder = FilterBuilder::new(2000);
        (0..2000).map(hash).for_each(|hash| builder.put(hash));
        drop(builder.write(folder.path(), 3).expect("room"));
        let bytes = std::fs::read(&file).expect("reads");
        for at in (0..bytes.len()).step_by(97).chain([bytes.len() - 1, bytes.len() - 20]) {
            let mut changed = bytes.clone();
            changed[at] ^= 0x10;
            std::fs::write(&file, changed).expect("writes");
            let open = || BloomFilter::open(folder.path(), 3);
            // The first page identifies the filter.
            assert_eq!(open().is_none(), at < PAGE, "byte {at}");
            for (filter, asked) in open().into_iter().zip([0]).chain(open().into_iter().zip([usize::MAX])) {
                filter.prepare(asked);
                assert!((0..2000).all(|n| filter.may_hold(hash(n))), "byte {at}");
                let through = (2000..12_000).filter(|n| filter.may_hold(hash(*n))).count();
                assert!((1000..3000).contains(&through), "a page of seven: {through}");
            }
        }
        // A page in the place of another, a filter in the place of another run's, and one cut
        // short.
        let mut swapped = bytes.clone();
        swapped.copy_within(PAGE..2 * PAGE, 2 * PAGE);
        std::fs::write(&file, swapped).expect("writes");
        let filter = BloomFilter::open(folder.path(), 3).expect("its first page is whole");
        assert!((0..2000).all(|n| filter.may_hold(hash(n))));
        std::fs::rename(&file, path(folder.path(), 4)).expect("renames");
        assert!(BloomFilter::open(folder.path(), 4).is_none());
        std::fs::write(&file, &bytes[..bytes.len() - 1]).expect("writes");
        assert!(BloomFilter::open(folder.path(), 3).is_none());
    }
}
