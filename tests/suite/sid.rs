//! Programs of others that are not in Debian's stable release: `tests/campaign/sid.sh` unpacks
//! Debian's packages of them into a folder, which `HELDTO_SID` names.

use crate::{has_file, root, text};
use std::path::{Path, PathBuf};
use std::process::Command;

/// Returns the folder of unpacked packages, if it is here with this file.
pub fn sid(tool: &str, file: &str) -> Option<PathBuf> {
    let folder = std::env::var_os("HELDTO_SID").map_or_else(|| PathBuf::from("/nonexistent"), PathBuf::from);
    has_file(tool, &folder.join(file)).then_some(folder)
}

/// Builds a program of `tests/go` in a folder, with a library from the packages; `None` without
/// them.
pub fn go_program(name: &str, package: &str, dir: &Path) -> Option<PathBuf> {
    let sid = sid(name, &format!("usr/share/gocode/src/{package}"))?;
    let go = sid.join("usr/lib/go-1.26");
    let program = dir.join(name);
    let build = Command::new(go.join("bin/go"))
        .args(["build", "-o"])
        .arg(&program)
        .arg(".")
        .current_dir(root().join("tests/go").join(name))
        .env("GOROOT", &go)
        .env("GO111MODULE", "off")
        .env("GOFLAGS", "")
        .env("GOPATH", sid.join("usr/share/gocode"))
        .env("GOCACHE", sid.join("gocache"))
        .output()
        .expect("go runs");
    assert!(build.status.success(), "{}", text(&build.stderr));
    Some(program)
}
