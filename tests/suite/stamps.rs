//! Checks that an OpenSSL time-stamping authority stamps a checkpoint, and that stamps of something
//! else, of an expired certificate and of another authority are refused.

use crate::proofs::{init, ok_with};
use crate::{has_tool, ok, run, text};
use std::io::{Read, Write};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Command;

const CONFIG: &str = "
[ca]
default_ca = own
[own]
dir = .
database = index.txt
new_certs_dir = .
serial = serial
default_md = sha256
policy = any
x509_extensions = tsa
[any]
commonName = supplied
[tsa]
extendedKeyUsage = critical, timeStamping
[root]
basicConstraints = critical, CA:true
[web]
extendedKeyUsage = serverAuth
[req]
distinguished_name = name
prompt = no
[name]
commonName = An authority of the tests
[ts]
default_tsa = authority
[authority]
serial = ./tsaserial
default_policy = 1.2.3.4.1
digests = sha256
signer_digest = sha256
";

/// An authority in a folder, with a root and several certificates of its own.
struct Authority {
    dir: PathBuf,
}

impl Authority {
    fn of(dir: &Path) -> Self {
        std::fs::create_dir(dir).expect("new");
        let authority = Self { dir: dir.to_owned() };
        for (name, content) in [("config", CONFIG), ("index.txt", ""), ("serial", "01\n"), ("tsaserial", "01\n")] {
            std::fs::write(dir.join(name), content).expect("written");
        }
        authority.openssl("req -x509 -newkey rsa:2048 -nodes -config config -extensions root -keyout root.key -out root.pem -days 3650");
        for (name, extensions, dates) in [
            ("good", "tsa", "-days 3650"),
            ("expired", "tsa", "-startdate 20200101000000Z -enddate 20200201000000Z"),
            ("web", "web", "-days 3650"),
        ] {
            authority.openssl(&format!(
                "req -newkey rsa:2048 -nodes -config config -subj /CN={name} -keyout {name}.key -out {name}.csr"
            ));
            authority.openssl(&format!(
                "ca -batch -notext -config config -extensions {extensions} {dates} -cert root.pem -keyfile root.key -in {name}.csr -out {name}.pem"
            ));
        }
        authority
    }

    fn openssl(&self, arguments: &str) {
        let output = Command::new("openssl").current_dir(&self.dir).args(arguments.split(' ')).output().expect("runs");
        assert!(output.status.success(), "openssl {arguments}: {}", String::from_utf8_lossy(&output.stderr));
    }

    /// Answers one request for a stamp, with this certificate, on a thread; returns the address.
    fn serve(&self, certificate: &str) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = format!("http://{}", listener.local_addr().expect("bound"));
        let (dir, certificate) = (self.dir.clone(), certificate.to_owned());
        std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().expect("a request");
            let mut request = Vec::new();
            let body = loop {
                let mut buffer = [0; 4096];
                let read = stream.read(&mut buffer).expect("reads");
                request.extend_from_slice(&buffer[..read]);
                let Some(end) = memchr::memmem::find(&request, b"\r\n\r\n") else { continue };
                let head = String::from_utf8_lossy(&request[..end]).to_lowercase();
                let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).expect("a length");
                let length: usize = length.parse().expect("a number");
                if request.len() >= end + 4 + length {
                    break request[end + 4..].to_vec();
                }
            };
            std::fs::write(dir.join("query.tsq"), body).expect("written");
            Self { dir: dir.clone() }.openssl(&format!(
                "ts -reply -config config -section authority -queryfile query.tsq -signer {certificate}.pem -inkey {certificate}.key -out answer.tsr"
            ));
            let answer = std::fs::read(dir.join("answer.tsr")).expect("an answer");
            let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", answer.len());
            stream.write_all(&[head.as_bytes(), &answer].concat()).expect("answers");
        });
        address
    }
}

fn append(dir: &Path, seed: &str, id: &str) {
    let fact = format!("[[party]]\nid = \"{id}\"\nname = \"Name of {id}\"\nkind = \"council\"\n");
    std::fs::write(dir.join("facts.toml"), fact).expect("written");
    ok_with(dir, seed, &["--ledger", "ledger", "append", "facts.toml", "-q"]);
}

#[test]
fn a_stamp_counts_for_its_checkpoint_and_by_its_authority_alone() {
    if !has_tool("openssl", "openssl", &["version"]) {
        return;
    }
    let dir = tempfile::tempdir().expect("a folder");
    let dir = dir.path();
    init(dir, "ledger");
    append(dir, "2", "first");
    ok(dir, &["--ledger", "ledger", "publish", "pub", "-q"]);
    let authority = Authority::of(&dir.join("authority"));
    let said = ok(dir, &["--ledger", "ledger", "stamp", &authority.serve("good")]);
    assert!(said.contains("checkpoint-1.tsr is a time-stamp of the checkpoint of size 1, not checked yet"), "{said}");
    let verify = |target: &str, stamp: &str, certificate: &str| {
        let output = run(dir, &["verify", target, "--stamp", stamp, "--tsa", certificate]);
        (output.status.code(), text(&output.stdout) + &text(&output.stderr))
    };
    let good = "authority/root.pem";
    let (code, said) = verify("pub", "checkpoint-1.tsr", good);
    assert!(code == Some(0) && said.contains("  stamp   the first 1 entry was recorded no later than 20"), "{said}");
    // Another program finds it good too: the text that was stamped is the checkpoint's first lines.
    let note = std::fs::read_to_string(dir.join("pub/checkpoint")).expect("a checkpoint");
    let body = note.lines().take(3).map(|line| format!("{line}\n")).collect::<String>();
    std::fs::write(dir.join("authority/body"), body).expect("written");
    authority.openssl("ts -verify -data body -in ../checkpoint-1.tsr -CAfile root.pem");
    // The ledger grows, and the stamp stays one of its beginning.
    append(dir, "3", "second");
    ok(dir, &["--ledger", "ledger", "publish", "pub", "-q"]);
    assert_eq!(verify("pub", "checkpoint-1.tsr", good).0, Some(0));
    assert_eq!(verify("ledger", "checkpoint-1.tsr", good).0, Some(0));
    // Of another ledger, by another authority, by a certificate that had expired or is for
    // something else, and with a changed byte.
    ok_with(dir, "9", &["init", "other", "--origin", "example.org/other", "-q"]);
    ok(dir, &["--ledger", "other", "checkpoint"]);
    ok(dir, &["--ledger", "other", "stamp", &authority.serve("good"), "other.tsr"]);
    let (code, said) = verify("pub", "other.tsr", good);
    assert!(code == Some(4) && said.contains("is of no checkpoint of this ledger"), "{said}");
    Authority::of(&dir.join("stranger"));
    let (code, said) = verify("pub", "checkpoint-1.tsr", "stranger/root.pem");
    assert!(code == Some(6) && said.contains("does not vouch for the time-stamp"), "{said}");
    for (certificate, why) in [("expired", "had expired at that time"), ("web", "is not for time-stamps")] {
        let file = format!("{certificate}.tsr");
        let made = run(dir, &["--ledger", "ledger", "stamp", &authority.serve(certificate), &file]);
        // OpenSSL itself may refuse to stamp with a certificate that is for something else.
        if made.status.success() {
            let (code, said) = verify("pub", &file, good);
            assert!(code == Some(6) && said.contains(why), "{certificate}: {said}");
        } else {
            assert_eq!(certificate, "web");
        }
    }
    let bytes = std::fs::read(dir.join("checkpoint-1.tsr")).expect("reads");
    let (_, sound) = verify("pub", "checkpoint-1.tsr", good);
    let (mut tried, mut refused) = (0, 0);
    for at in (0..bytes.len()).step_by(7) {
        let mut changed = bytes.clone();
        changed[at] ^= 1;
        std::fs::write(dir.join("changed.tsr"), &changed).expect("written");
        let (code, said) = verify("pub", "changed.tsr", good);
        tried += 1;
        match code {
            Some(3 | 4 | 6) => refused += 1,
            // The status, and what nobody signed, may change; the time may not.
            Some(0) => assert_eq!(said, sound, "byte {at}"),
            code => panic!("byte {at}: {code:?} {said}"),
        }
    }
    assert!(refused * 10 > tried * 9, "{refused} of {tried} changed bytes are refused");
    let again = run(dir, &["--ledger", "ledger", "stamp", "http://127.0.0.1:9", "checkpoint-1.tsr"]);
    assert!(!again.status.success());
}
