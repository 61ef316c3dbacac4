//! Compares this crate with independent implementations: the same roots, proofs and verdicts. Knows
//! only the public items.

use ct_merkle::mem_backed_tree::MemoryBackedTree;
use heldto_proof::{
    Checkpoint, Hash, Leaves, NoteSigner, SignedNote, consistency, inclusion, leaf_hash, naive_root,
    verify_consistency, verify_inclusion,
};
use sha2_of_ct_merkle::Sha256;
use signed_note::{Note, StandardSigner, StandardVerifier, VerifierList};
use tlog_tiles::{HashReader, check_record, check_tree, prove_record, prove_tree, split_stored_hash_index};

fn entries(n: u32) -> Vec<Vec<u8>> {
    (0..n).map(|i| i.to_be_bytes().repeat(i as usize % 5 + 1)).collect()
}

fn theirs(hash: &Hash) -> tlog_tiles::Hash {
    tlog_tiles::Hash(hash.0)
}

/// A source of the hashes that `tlog_tiles` asks for.
struct Stored<'a>(&'a [Hash]);

impl HashReader for Stored<'_> {
    fn read_hashes(&self, indexes: &[u64]) -> Result<Vec<tlog_tiles::Hash>, tlog_tiles::Error> {
        let subtree = |index: &u64| {
            let (level, n) = split_stored_hash_index(*index);
            let (width, n) = (1 << level, usize::try_from(n).expect("small"));
            theirs(&naive_root(&self.0[n * width..(n + 1) * width]))
        };
        Ok(indexes.iter().map(subtree).collect())
    }
}

#[test]
fn tlog_tiles_makes_the_same_proofs_and_accepts_ours() {
    let all: Vec<Hash> = entries(70).iter().map(|e| leaf_hash(e)).collect();
    for size in 1..=70_usize {
        let (tree, stored) = (&all[..size], Stored(&all[..size]));
        let root = naive_root(tree);
        for n in 0..size as u64 {
            let ours = inclusion(n, size as u64, &mut Leaves(tree)).expect("in memory");
            let path: Vec<_> = ours.iter().map(theirs).collect();
            assert_eq!(prove_record(size as u64, n, &stored).expect("made"), path, "{n} of {size}");
            let leaf = &tree[usize::try_from(n).expect("small")];
            assert!(check_record(&path, size as u64, theirs(&root), n, theirs(leaf)).is_ok());
        }
        for old in 1..size as u64 {
            let ours = consistency(old, size as u64, &mut Leaves(tree)).expect("in memory");
            let path: Vec<_> = ours.iter().map(theirs).collect();
            assert_eq!(prove_tree(size as u64, old, &stored).expect("made"), path, "{old} to {size}");
            let before = naive_root(&tree[..usize::try_from(old).expect("small")]);
            assert!(check_tree(&path, size as u64, theirs(&root), old, theirs(&before)).is_ok());
        }
    }
}

#[test]
fn ct_merkle_has_the_same_roots_and_its_proofs_are_accepted() {
    let hashes = |bytes: &[u8]| bytes.chunks(32).map(|c| Hash(c.try_into().expect("32 bytes"))).collect::<Vec<_>>();
    let mut tree = MemoryBackedTree::<Sha256, Vec<u8>>::new();
    let mut leaves = Vec::new();
    for entry in entries(70) {
        leaves.push(leaf_hash(&entry));
        tree.push(entry);
        let (size, root) = (leaves.len(), naive_root(&leaves));
        assert_eq!(tree.root().as_bytes().as_slice(), root.0);
        for (n, leaf) in leaves.iter().enumerate() {
            let path = hashes(tree.prove_inclusion(n).as_bytes());
            assert_eq!(verify_inclusion(leaf, n as u64, size as u64, &path, &root), Ok(()));
        }
        for old in 1..size {
            let path = hashes(tree.prove_consistency(size - old).as_bytes());
            let before = naive_root(&leaves[..old]);
            assert_eq!(
                verify_consistency((old as u64, &before), (size as u64, &root), &path),
                Ok(()),
                "{old} to {size}"
            );
        }
    }
}

#[test]
fn signed_note_opens_ours_and_ours_opens_its() {
    let key = NoteSigner::new("example.org/log", [7; 32]).expect("a name");
    let checkpoint = Checkpoint { origin: "example.org/log".to_owned(), size: 5, root: Hash([3; 32]) };
    let ours = checkpoint.sign(&[&key]).expect("signs");
    let verifier = || StandardVerifier::new(&key.verifier().to_string()).expect("a key");
    let note = Note::from_bytes(ours.to_string().as_bytes()).expect("a note");
    assert!(note.verify(&VerifierList::new(vec![Box::new(verifier())])).is_ok());
    let mut theirs = Note::new(ours.text().as_bytes(), &[]).expect("a note");
    theirs.add_sigs(&[&StandardSigner::new(key.to_file().trim_end()).expect("a key")]).expect("signs");
    assert_eq!(SignedNote::parse(&theirs.to_bytes()), Ok(ours));
    assert_eq!(Checkpoint::open(&theirs.to_bytes(), &key.verifier()), Ok(checkpoint));
}
