//! Reads the input files of commands: facts files, folders of them, standard input, keys and
//! checkpoints. Knows no ledger. Start at [`files`].

use crate::Env;
use crate::error::{CommandError, INPUT, INTEGRITY};
use heldto_exchange::Trust;
use heldto_intake::File;
use heldto_proof::{Policy, Verifier};
use std::io::Read;
use std::path::{Path, PathBuf};

/// Reads files, the facts files in folders, and standard input (`-`).
pub fn files(env: &mut Env<'_>, paths: &[PathBuf]) -> Result<Vec<File>, CommandError> {
    let mut all = Vec::new();
    for path in paths {
        if path.as_os_str() == "-" {
            let text = (env.input)().map_err(|e| crate::error::io("cannot read standard input", &e))?;
            all.push(File { name: "standard input".to_owned(), text });
        } else if path.is_dir() {
            let mut inside: Vec<PathBuf> = std::fs::read_dir(path)
                .map_err(|e| crate::error::io(&format!("cannot read the folder {}", path.display()), &e))?
                .flatten()
                .map(|entry| entry.path())
                .filter(|p| p.extension().is_some_and(|x| x == "toml" || x == "jsonl"))
                .collect();
            inside.sort();
            // Pipes and devices are skipped, because reading one might never end.
            let (files, others): (Vec<PathBuf>, Vec<PathBuf>) = inside.into_iter().partition(|p| p.is_file());
            others.iter().for_each(|p| (env.eprintln)(&format!("note: {} is not a file and was skipped", p.display())));
            let inside = files;
            if inside.is_empty() {
                let message = format!("the folder {} holds no facts file (.toml or .jsonl)", path.display());
                return Err(CommandError::new(INPUT, message));
            }
            for file in inside {
                all.push(read(&file)?);
            }
        } else {
            all.push(read(path)?);
        }
    }
    Ok(all)
}

/// Files that are not text, by what they begin with: what they are, and what to do with them.
const OTHERS: [(&[u8], &str, &str); 4] = [
    (b"PK\x03\x04", "an Excel or Word file", SAVE_AS),
    (b"\xd0\xcf\x11\xe0", "an old Excel or Word file", SAVE_AS),
    (b"%PDF", "a PDF", "quote it as a source: heldto quote takes the words of a text copy of it"),
    (b"\xff\xfe", "text in UTF-16", "save it as UTF-8"),
];

const SAVE_AS: &str = "save a table as CSV UTF-8, then: heldto mapping --draft TABLE.csv; facts are recorded by questions, \
                       with heldto add";

/// Maximum size of a facts file: 1 GiB.
const MAX_FILE: u64 = 1 << 30;

fn read(path: &Path) -> Result<File, CommandError> {
    let name = path.display().to_string();
    let mut bytes = Vec::new();
    let read = std::fs::File::open(path).and_then(|file| file.take(MAX_FILE + 1).read_to_end(&mut bytes));
    read.map_err(|e| CommandError::new(INPUT, format!("cannot read {name}: {e}")))?;
    if bytes.len() as u64 > MAX_FILE {
        let message = format!("{name} is too large: a facts file may have at most {} MB", MAX_FILE >> 20);
        return Err(CommandError::new(INPUT, message).hint("split it into several files"));
    }
    if let Some((_, what, remedy)) = OTHERS.iter().find(|(magic, ..)| bytes.starts_with(magic)) {
        return Err(CommandError::new(INPUT, format!("{name} is {what}, and not a text file")).hint(*remedy));
    }
    let text = String::from_utf8(bytes).map_err(|e| {
        let line = 1 + e.as_bytes()[..e.utf8_error().valid_up_to()].iter().filter(|b| **b == b'\n').count();
        CommandError::new(INPUT, format!("{name}: line {line} is not UTF-8 text")).hint("save the file as UTF-8")
    })?;
    let text = text.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(text);
    Ok(File { name, text })
}

/// Reads the bytes of a file, or of standard input.
pub fn bytes_of(env: &mut Env<'_>, path: &Path) -> Result<Vec<u8>, CommandError> {
    if path.as_os_str() == "-" {
        return (env.input)().map(String::into_bytes).map_err(|e| crate::error::io("cannot read standard input", &e));
    }
    std::fs::read(path).map_err(|e| crate::error::io(&format!("cannot read {}", path.display()), &e))
}

/// Reads the text of a file, or of standard input.
pub fn text_of(env: &mut Env<'_>, path: &Path) -> Result<String, CommandError> {
    let bytes = bytes_of(env, path)?;
    String::from_utf8(bytes)
        .map_err(|_| CommandError::new(INTEGRITY, format!("broken: {} is not a text file", path.display())))
}

/// Reads the reader's trust anchors: a key (as text, or from a file) and an earlier checkpoint.
///
/// A policy with one key of a ledger gives the key too.
pub fn trust(
    env: &mut Env<'_>,
    key: Option<&str>,
    expect: Option<&Path>,
    policy: Option<&Path>,
) -> Result<Trust, CommandError> {
    let expected = expect.map(|path| bytes_of(env, path)).transpose()?;
    let policy = policy.map(|path| self::policy(env, path)).transpose()?;
    let key = key.map(verifier).transpose()?;
    let of_policy = policy.as_ref().and_then(|policy| match &policy.logs[..] {
        [only] => Some(only.clone()),
        _ => None,
    });
    if key.is_none() && policy.is_some() && of_policy.is_none() {
        return Err(CommandError::new(INPUT, "the policy has the keys of several ledgers").hint("say which: add --key"));
    }
    if let (Some(key), Some(policy)) = (&key, &policy)
        && !policy.logs.iter().any(|log| log.name == key.name)
    {
        let message = format!("the policy is not one of {}, which the key is of", key.name);
        return Err(CommandError::new(INPUT, message).hint("give the policy of that ledger"));
    }
    Ok(Trust { key: key.or(of_policy), expected, policy })
}

/// Reads a policy.
pub fn policy(env: &mut Env<'_>, path: &Path) -> Result<Policy, CommandError> {
    let text = text_of(env, path).map_err(|error| CommandError { exit_code: INPUT, ..error })?;
    text.parse().map_err(|error| {
        CommandError::new(INPUT, format!("{}: {error}", path.display()))
            .hint("a policy has the lines log, witness, group and quorum of C2SP tlog-policy; to write one: heldto witness add")
    })
}

/// Returns the first of the keys that are given.
fn verifier(key: &str) -> Result<Verifier, CommandError> {
    keys(key)?.into_iter().next().ok_or_else(|| CommandError::new(INPUT, format!("{key} holds no key")))
}

/// Returns the keys that are given: one, or those of a file, one on each line.
pub fn keys(key: &str) -> Result<Vec<Verifier>, CommandError> {
    let text = if key.contains('+') {
        key.to_owned()
    } else {
        std::fs::read_to_string(key).map_err(|e| {
            crate::error::io(&format!("cannot read the key {key}"), &e)
                .hint("give the publisher's key, of the form origin+hash+base64, or a file that holds it")
        })?
    };
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    lines
        .map(str::parse::<Verifier>)
        .collect::<Result<Vec<_>, _>>()
        .map_err(|e| CommandError::new(INPUT, e.to_string()).hint("a public key has the form origin+hash+base64"))
}
