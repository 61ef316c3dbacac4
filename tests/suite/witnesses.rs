//! Checks that witnesses cosign a ledger's checkpoints, that nothing is published without their
//! quorum, and that a reader can ask for it.

use crate::proofs::{init, ok_with};
use crate::{has_tool, ok, run, text};
use heldto_proof::WitnessKey;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

/// A witness on this machine, stopped when dropped.
struct Running {
    child: Child,
    key: String,
    address: String,
}

impl Running {
    /// Starts a witness of a ledger; `None` if Python with its packages is not here.
    fn of(log: &str, name: &str, behave: &str) -> Option<Self> {
        let python = crate::formats::python("cryptography")?;
        let script = crate::root().join("tests/python/witness.py");
        let mut child = Command::new(python)
            .arg(script)
            .args(["--log", log, "--name", name, "--behave", behave])
            .stdout(Stdio::piped())
            .spawn()
            .expect("starts");
        let mut lines = BufReader::new(child.stdout.take().expect("piped")).lines();
        let mut line = || lines.next().expect("a line").expect("text");
        let (key, address) = (line(), line());
        Some(Self { child, key, address })
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

fn append(dir: &Path, seed: &str, id: &str) {
    let fact = format!("[[party]]\nid = \"{id}\"\nname = \"Name of {id}\"\nkind = \"council\"\n");
    std::fs::write(dir.join("facts.toml"), fact).expect("written");
    ok_with(dir, seed, &["--ledger", "ledger", "append", "facts.toml", "-q"]);
}

#[test]
fn nothing_is_published_without_the_quorum_and_readers_can_ask_for_it() {
    let dir = tempfile::tempdir().expect("a folder");
    let dir = dir.path();
    let key = init(dir, "ledger");
    append(dir, "2", "first");
    let Some(one) = Running::of(&key, "w1.example", "well") else { return };
    let Some(two) = Running::of(&key, "w2.example", "well") else { return };
    let said = ok(dir, &["--ledger", "ledger", "witness", "add", &one.key, &one.address]);
    assert!(said.contains("1 of 1 witness must cosign") && said.contains(&key), "{said}");
    ok(dir, &["--ledger", "ledger", "publish", "pub", "-q"]);
    let policy = "ledger/witnesses.policy";
    ok(dir, &["witness", "check-policy", policy]);
    ok(dir, &["--ledger", "ledger", "site", "build", "site", "-q"]);
    let page = std::fs::read_to_string(dir.join("site/index.html")).expect("a page");
    assert!(page.contains("Cosigned by w1.example on "), "the page says who cosigned, and when");
    let said = ok(dir, &["verify", "pub", "--policy", policy]);
    assert!(said.contains("  witness w1.example at 20") && said.contains("1 witness says"), "{said}");
    // Growth, then a rotation: the witness knows the first key only, and goes on.
    append(dir, "3", "second");
    ok_with(dir, "4", &["--ledger", "ledger", "key", "rotate"]);
    ok(dir, &["--ledger", "ledger", "publish", "pub", "-q"]);
    ok(dir, &["verify", "pub", "--policy", policy]);
    // The same for a proof, and a stranger's policy is not met.
    ok(dir, &["--ledger", "ledger", "prove", "first", "-o", "first.proof"]);
    ok(dir, &["verify", "first.proof", "--policy", policy]);
    let other = std::fs::read_to_string(dir.join(policy)).expect("a policy").replace(&one.key, &two.key);
    std::fs::write(dir.join("other.policy"), other).expect("written");
    for target in ["pub", "first.proof"] {
        let refused = run(dir, &["verify", target, "--policy", "other.policy"]);
        assert_eq!(refused.status.code(), Some(6), "{target}");
        assert!(text(&refused.stderr).contains("no witness of the policy cosigned it"), "{}", text(&refused.stderr));
    }
    // A second is needed, and asked for what it has not seen.
    ok(dir, &["--ledger", "ledger", "witness", "add", &two.key, &two.address, "--quorum", "2"]);
    ok(dir, &["--ledger", "ledger", "publish", "pub", "-q"]);
    let said = ok(dir, &["verify", "pub", "--policy", policy, "--json"]);
    assert!(said.contains("w1.example") && said.contains("w2.example"), "{said}");
    // One is gone: nothing is published, and the old publication stands.
    let before = std::fs::read(dir.join("pub/checkpoint")).expect("there");
    append(dir, "5", "third");
    drop(two);
    let refused = run(dir, &["--ledger", "ledger", "publish", "pub"]);
    let said = text(&refused.stderr);
    assert_eq!(refused.status.code(), Some(6), "{said}");
    assert!(said.contains("w2.example did not cosign: ") && said.contains("2 of 2 must have"), "{said}");
    assert_eq!(std::fs::read(dir.join("pub/checkpoint")).expect("there"), before);
    let listed = ok(dir, &["--ledger", "ledger", "witness", "list"]);
    assert!(listed.contains("2 of 2 witnesses must cosign") && listed.contains("cosigned  4 entries"), "{listed}");
}

#[test]
fn what_a_witness_says_against_a_ledger_is_told() {
    let dir = tempfile::tempdir().expect("a folder");
    let dir = dir.path();
    let key = init(dir, "ledger");
    append(dir, "2", "first");
    append(dir, "3", "second");
    let Some(one) = Running::of(&key, "w1.example", "well") else { return };
    ok(dir, &["--ledger", "ledger", "witness", "add", &one.key, &one.address]);
    ok(dir, &["--ledger", "ledger", "publish", "pub", "-q"]);
    let refusal = |ledger: &str, why: &str| {
        let refused = run(dir, &["--ledger", ledger, "checkpoint"]);
        let said = text(&refused.stderr);
        assert!(refused.status.code() == Some(6) && said.contains(why), "{said}");
    };
    // The sizes are lost: the witness says what it has, and is asked again.
    append(dir, "4", "third");
    std::fs::remove_file(dir.join("ledger/witnesses.json")).expect("there");
    ok(dir, &["--ledger", "ledger", "checkpoint"]);
    // Another ledger of the same key, shorter, then longer than what was cosigned.
    let policy = std::fs::read(dir.join("ledger/witnesses.policy")).expect("a policy");
    assert_eq!(init(dir, "forked"), key);
    std::fs::write(dir.join("forked/witnesses.policy"), policy).expect("written");
    let add = |id: &str| {
        let fact = format!("[[party]]\nid = \"{id}\"\nname = \"Other {id}\"\nkind = \"council\"\n");
        std::fs::write(dir.join("other.toml"), fact).expect("written");
        ok_with(dir, "6", &["--ledger", "forked", "append", "other.toml", "-q"]);
    };
    add("one");
    refusal("forked", "it has seen 3 entries of this ledger, more than there are here");
    ["two", "three", "four"].iter().for_each(|id| add(id));
    refusal("forked", "the log was rewritten since it had 3 entries");
    // A ledger that the witness does not know, and a witness that answers falsely or not at all.
    init(dir, "fresh");
    for (behave, why) in [("false", "its cosignature is wrong, or by another key"), ("silent", "it answers 500")] {
        let Some(bad) = Running::of(&key, "bad.example", behave) else { return };
        drop(std::fs::remove_file(dir.join("ledger/witnesses.policy")));
        ok(dir, &["--ledger", "ledger", "witness", "add", &bad.key, &bad.address]);
        refusal("ledger", why);
    }
    // A witness that adds a false signature by the ledger's key spoils nothing.
    let Some(spoiling) = Running::of(&key, "spoil.example", "spoil") else { return };
    drop(std::fs::remove_file(dir.join("ledger/witnesses.policy")));
    ok(dir, &["--ledger", "ledger", "witness", "add", &spoiling.key, &spoiling.address]);
    append(dir, "7", "fourth");
    ok(dir, &["--ledger", "ledger", "publish", "pub", "-q"]);
    ok(dir, &["verify", "pub", "--key", &key, "--policy", "ledger/witnesses.policy"]);
    let refused = run(dir, &["--ledger", "ledger", "witness", "add", &one.key, "http://a b"]);
    assert!(text(&refused.stderr).contains("cannot stand in a policy"), "{}", text(&refused.stderr));
    assert!(ok(dir, &["--ledger", "ledger", "witness", "remove", "spoil.example"]).contains("there is none left"));
    let stranger = Running::of(&key.replacen("example.org", "example.com", 1), "w1.example", "well").expect("starts");
    drop(std::fs::remove_file(dir.join("ledger/witnesses.policy")));
    ok(dir, &["--ledger", "ledger", "witness", "add", &stranger.key, &stranger.address]);
    refusal("ledger", "it does not know this ledger");
}

/// Builds the check by torchwood's library, and has it check a proof with and without cosignature.
#[test]
fn torchwood_accepts_a_proof_with_the_quorum_and_refuses_it_without() {
    let dir = tempfile::tempdir().expect("a folder");
    let dir = dir.path();
    let Some(torchwood) = crate::sid::go_program("torchwood", "filippo.io/torchwood", dir) else { return };
    let key = init(dir, "ledger");
    append(dir, "2", "first");
    append(dir, "3", "second");
    let Some(one) = Running::of(&key, "w1.example", "well") else { return };
    ok(dir, &["--ledger", "ledger", "witness", "add", &one.key, &one.address]);
    ok(dir, &["--ledger", "ledger", "checkpoint"]);
    ok(dir, &["--ledger", "ledger", "prove", "second", "-o", "second.proof"]);
    let export = ok(dir, &["--ledger", "ledger", "export"]);
    let line: serde_json::Value = serde_json::from_str(export.lines().nth(2).expect("the second entry")).expect("JSON");
    let entry = data_encoding::BASE64.decode(line["entry"].as_str().expect("base64").as_bytes()).expect("base64");
    std::fs::write(dir.join("entry"), entry).expect("written");
    let verify = |proof: &str| {
        let mut command = Command::new(&torchwood);
        let output = command.current_dir(dir).args(["ledger/witnesses.policy", proof, "entry"]).output().expect("runs");
        (output.status.success(), text(&output.stderr))
    };
    let (is_accepted, why) = verify("second.proof");
    assert!(is_accepted, "{why}");
    let proof = std::fs::read_to_string(dir.join("second.proof")).expect("a proof");
    let without: String = proof.lines().filter(|line| !line.contains("w1.example")).map(|l| format!("{l}\n")).collect();
    assert_ne!(proof, without);
    std::fs::write(dir.join("without.proof"), without).expect("written");
    assert!(!verify("without.proof").0, "without the quorum it is refused");
    assert!(!run(dir, &["verify", "without.proof", "--policy", "ledger/witnesses.policy"]).status.success());
}

/// The program that public witnesses run, with its key in an agent; both are stopped when dropped.
struct Litewitness {
    agent: Child,
    witness: Child,
}

impl Litewitness {
    /// Starts it for a ledger at a free port, and returns its key and its address.
    fn of(dir: &Path, origin: &str, log: &str) -> (Self, WitnessKey, String) {
        let done = |program: &str, arguments: &[&str]| {
            let mut command = Command::new(program);
            command.current_dir(dir).args(arguments).env("SSH_AUTH_SOCK", dir.join("agent.sock"));
            let output = command.output().expect("runs");
            assert!(output.status.success(), "{program}: {}", text(&output.stderr));
            text(&output.stdout)
        };
        let mut agent = Command::new("ssh-agent");
        agent.current_dir(dir).args(["-D", "-a", "agent.sock"]).stdout(Stdio::null());
        let agent = agent.spawn().expect("starts");
        let wait = |is_ready: &dyn Fn() -> bool| {
            let ready = (0..200).any(|_| {
                std::thread::sleep(std::time::Duration::from_millis(50));
                is_ready()
            });
            assert!(ready, "it starts within ten seconds");
        };
        wait(&|| dir.join("agent.sock").exists());
        done("ssh-keygen", &["-q", "-t", "ed25519", "-N", "", "-f", "witness"]);
        done("ssh-add", &["-q", "witness"]);
        let fingerprint = done("ssh-keygen", &["-lf", "witness.pub"]);
        let fingerprint = fingerprint.split(' ').find(|word| word.starts_with("SHA256:")).expect("a fingerprint");
        let public = std::fs::read_to_string(dir.join("witness.pub")).expect("a key");
        let public =
            data_encoding::BASE64.decode(public.split(' ').nth(1).expect("base64").as_bytes()).expect("base64");
        let name = "witness.example/lite".to_owned();
        let key = WitnessKey { name, key: *public.last_chunk().expect("32 bytes") };
        done("witnessctl", &["add-log", "-db", "witness.db", "-origin", origin]);
        done("witnessctl", &["add-key", "-db", "witness.db", "-origin", origin, "-key", log]);
        let port = std::net::TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("bound").port();
        let address = format!("127.0.0.1:{port}");
        let mut witness = Command::new("litewitness");
        witness.current_dir(dir).args(["-db", "witness.db", "-name", &key.name, "-key", fingerprint]);
        witness.args(["-ssh-agent", "agent.sock", "-listen", &address]).stdout(Stdio::null()).stderr(Stdio::null());
        let witness = witness.spawn().expect("starts");
        let started = Self { agent, witness };
        wait(&|| std::net::TcpStream::connect(&address).is_ok());
        (started, key, format!("http://{address}"))
    }
}

impl Drop for Litewitness {
    fn drop(&mut self) {
        for child in [&mut self.witness, &mut self.agent] {
            drop(child.kill());
            drop(child.wait());
        }
    }
}

/// The Debian package `torchwood` has the witness; its programs are to be on the path.
#[test]
fn litewitness_cosigns_growth_goes_on_after_a_rotation_and_refuses_a_fork() {
    if !["litewitness", "witnessctl"].iter().all(|tool| has_tool("litewitness", "which", &[*tool]))
        || !has_tool("ssh", "which", &["ssh-agent"])
    {
        return;
    }
    let dir = tempfile::tempdir().expect("a folder");
    let dir = dir.path();
    let key = init(dir, "ledger");
    append(dir, "2", "first");
    let (_running, witness, address) = Litewitness::of(dir, "example.org/proofs", &key);
    let policy = "ledger/witnesses.policy";
    ok(dir, &["--ledger", "ledger", "witness", "add", &witness.to_string(), &address]);
    ok(dir, &["--ledger", "ledger", "publish", "pub", "-q"]);
    let said = ok(dir, &["verify", "pub", "--policy", policy]);
    assert!(said.contains("  witness witness.example/lite at 20"), "{said}");
    append(dir, "3", "second");
    ok_with(dir, "4", &["--ledger", "ledger", "key", "rotate"]);
    ok(dir, &["--ledger", "ledger", "publish", "pub", "-q"]);
    ok(dir, &["verify", "pub", "--policy", policy]);
    // A size that is out of date is told, and asked for again.
    std::fs::write(dir.join("ledger/witnesses.json"), "{}").expect("written");
    append(dir, "5", "third");
    ok(dir, &["--ledger", "ledger", "publish", "pub", "-q"]);
    // A shorter and a longer ledger of the same key.
    assert_eq!(init(dir, "forked"), key);
    std::fs::copy(dir.join(policy), dir.join("forked/witnesses.policy")).expect("copied");
    for (count, why) in [(1, "more than there are here"), (6, "the log was rewritten since it had 4 entries")] {
        for number in 0..count {
            let fact = format!("[[party]]\nid = \"other-{count}-{number}\"\nname = \"Other\"\nkind = \"council\"\n");
            std::fs::write(dir.join("other.toml"), fact).expect("written");
            ok_with(dir, "6", &["--ledger", "forked", "append", "other.toml", "-q"]);
        }
        let refused = run(dir, &["--ledger", "forked", "checkpoint"]);
        let said = text(&refused.stderr);
        assert!(refused.status.code() == Some(6) && said.contains(why), "{said}");
    }
}
