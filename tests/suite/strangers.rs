//! Checks that independent verifiers accept published files and proofs, and reject them with one
//! bit flipped.

use crate::formats::python;
use crate::{has_file, has_tool, ok, root};
use data_encoding::BASE64;
use heldto_proof::{Verifier, consistency, root_at};
use heldto_store_files::Folder;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A published ledger of at least 383 entries, with the proof of one fact and a proof of
/// consistency with its first 100 entries.
struct Case {
    dir: tempfile::TempDir,
    key: String,
}

impl Case {
    fn new() -> Self {
        let dir = tempfile::tempdir().expect("a folder");
        let said = ok(dir.path(), &["init", "ledger", "--origin", "example.org/strangers"]);
        let key = said.lines().find_map(|l| l.trim().strip_prefix("public key   ")).expect("a key").to_owned();
        let seeds = root().join("seeds");
        ok(dir.path(), &["--ledger", "ledger", "append", seeds.to_str().expect("a path"), "-q"]);
        ok(dir.path(), &["--ledger", "ledger", "publish", "public", "-q"]);
        let proof = ok(dir.path(), &["--ledger", "ledger", "prove", "dcc-500-places"]);
        std::fs::write(dir.path().join("proof"), proof).expect("writes");
        let case = Self { dir, key };
        std::fs::write(case.path("consistency"), case.consistent_with(100)).expect("writes");
        case
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// Returns the old size, the old root and the consistency proof, from the published tiles.
    fn consistent_with(&self, old: u64) -> String {
        let folder = Folder::new(&self.path("public"));
        let key: Verifier = self.key.parse().expect("a key");
        let checkpoint = heldto_proof::Checkpoint::open(&folder.checkpoint().expect("reads").expect("is there"), &key)
            .expect("signed");
        let mut tiles = folder.tiles(checkpoint.size);
        let proof = consistency(old, checkpoint.size, &mut tiles).expect("tiles");
        let root = root_at(old, &mut tiles).expect("tiles");
        let lines = std::iter::once(root).chain(proof).map(|h| BASE64.encode(&h.0));
        std::iter::once(old.to_string()).chain(lines).map(|l| format!("{l}\n")).collect()
    }

    /// Changes one byte in each file, and checks that the verifier rejects each change.
    ///
    /// In text, one base64 digit is replaced by another.
    fn rejects(&self, names: &[&str], verify: &dyn Fn() -> bool) {
        assert!(verify(), "what was not touched is accepted");
        for name in names {
            let path = self.path(name);
            let bytes = std::fs::read(&path).expect("reads");
            let text = std::str::from_utf8(&bytes).is_ok();
            // In text, within the last hash or signature.
            let at = if text { bytes.len() - 12 } else { bytes.len() / 2 };
            let mut changed = bytes.clone();
            changed[at] = if text { if bytes[at] == b'A' { b'B' } else { b'A' } } else { bytes[at] ^ 4 };
            std::fs::write(&path, &changed).expect("writes");
            assert!(!verify(), "{name} with byte {at} changed is rejected");
            std::fs::write(&path, &bytes).expect("writes");
        }
        assert!(verify(), "put back, it is accepted again");
    }
}

fn accepts(command: &mut Command) -> bool {
    command.output().is_ok_and(|o| o.status.success())
}

#[test]
fn gos_sumdb_accepts_checkpoint_tiles_inclusion_and_consistency() {
    let packages = Path::new("/usr/share/gocode/src/golang.org/x/mod/sumdb");
    if !has_tool("go", "go", &["version"]) || !has_file("go", packages) {
        return;
    }
    let case = Case::new();
    let build = Command::new("go")
        .args(["build", "-o"])
        .arg(case.path("verify"))
        .arg(root().join("tests/go/verify.go"))
        .env("GO111MODULE", "off")
        .env("GOPATH", "/usr/share/gocode")
        .env("GOCACHE", case.path("cache"))
        .output()
        .expect("go runs");
    assert!(build.status.success(), "{}", String::from_utf8_lossy(&build.stderr));
    let verify = || {
        let files = [case.path("proof"), case.path("consistency")];
        accepts(Command::new(case.path("verify")).arg(case.path("public")).arg(&case.key).args(files))
    };
    let touched = [
        "public/checkpoint",
        "public/tile/0/000",
        "public/tile/1/000.p/1",
        "public/tile/entries/000",
        "proof",
        "consistency",
    ];
    case.rejects(&touched, &verify);
}

#[test]
fn sigstores_python_accepts_checkpoint_and_inclusion() {
    let Some(python) = python("sigstore") else { return };
    let case = Case::new();
    let script = root().join("tests/python/sigstore_check.py");
    let verify = || {
        let mut command = Command::new(&python);
        accepts(command.arg("-B").arg(&script).arg(case.path("public")).arg(&case.key).arg(case.path("proof")))
    };
    case.rejects(&["proof"], &verify);
    // Another audit path.
    let proof = std::fs::read_to_string(case.path("proof")).expect("reads");
    let line = proof.lines().nth(3).expect("a hash").to_owned();
    let other = if line.starts_with('A') { line.replacen('A', "B", 1) } else { format!("A{}", &line[1..]) };
    std::fs::write(case.path("proof"), proof.replacen(&line, &other, 1)).expect("writes");
    assert!(!verify(), "another audit path is rejected");
}

/// Has Tessera's own check go through a publication, before and after an erasure.
#[test]
fn tesseras_fsck_passes_on_a_publication_and_after_an_erasure() {
    let case = Case::new();
    let dir = case.dir.path();
    let Some(fsck) = crate::sid::go_program("tessera", "github.com/transparency-dev/tessera/fsck", dir) else { return };
    let check = || Command::new(&fsck).arg(case.path("public")).arg(&case.key).output().expect("runs");
    let checked = check();
    assert!(checked.status.success(), "{}", String::from_utf8_lossy(&checked.stderr));
    let list = ["--ledger", "ledger", "list", "commitments", "--json", "--columns", "id"];
    let list: serde_json::Value = serde_json::from_str(&ok(dir, &list)).expect("JSON");
    let id = list["rows"][0]["id"].as_str().expect("a commitment").to_owned();
    let why = ["--ground", "an order", "--by", "the editor", "--keep-others", "--yes"];
    ok(dir, &[&["--ledger", "ledger", "redact", &id], &why[..]].concat());
    let checked = check();
    assert!(checked.status.success(), "{}", String::from_utf8_lossy(&checked.stderr));
    let tile = case.path("public/tile/entries/000");
    let mut bytes = std::fs::read(&tile).expect("reads");
    bytes[100] ^= 4;
    std::fs::write(&tile, bytes).expect("written");
    assert!(!check().status.success(), "a flipped bit is found");
}
