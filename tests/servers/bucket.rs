//! Checks publication in buckets: on `moto`, and on a small server that keeps conditions or ignores
//! them.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

/// A server of buckets, killed at the end of its test.
struct Server {
    child: Child,
    url: String,
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

fn python() -> String {
    std::env::var("HELDTO_PYTHON").unwrap_or_else(|_| "python3".to_owned())
}

/// Starts a Python program that prints its address.
fn start(arguments: &[&str]) -> Server {
    let mut child = Command::new(python())
        .args(arguments)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("python starts");
    let mut lines = BufReader::new(child.stdout.take().expect("piped")).lines().map_while(Result::ok);
    let url = lines.find(|line| line.starts_with("http")).expect("an address");
    std::thread::spawn(move || lines.for_each(drop));
    Server { child, url }
}

fn script(name: &str) -> String {
    let path: PathBuf = Path::new(env!("CARGO_MANIFEST_DIR")).join("python").join(name);
    path.to_str().expect("UTF-8").to_owned()
}

fn small(ignored: &[&str]) -> Server {
    let script = script("bucket.py");
    let ignored = ignored.iter().flat_map(|what| ["--ignore", what]);
    start(&std::iter::once(script.as_str()).chain(ignored).collect::<Vec<_>>())
}

/// Starts `moto` with a bucket; `None`, with a line, where it is not installed.
///
/// # Panics
/// If it is missing and `HELDTO_REQUIRE` names `moto`.
fn moto(is_versioned: bool) -> Option<Server> {
    let has_moto = Command::new(python()).args(["-c", "import moto.server"]).output().is_ok_and(|o| o.status.success());
    let required = std::env::var("HELDTO_REQUIRE").unwrap_or_default();
    if !has_moto {
        assert!(!required.split(',').any(|name| name.trim() == "moto"), "moto is wanted here");
        eprintln!("SKIPPED, for want of moto: it is not installed");
        return None;
    }
    let program = "\
import boto3, sys
from moto.server import ThreadedMotoServer
server = ThreadedMotoServer(ip_address='127.0.0.1', port=0)
server.start()
host, port = server.get_host_and_port()
url = f'http://{host}:{port}'
client = boto3.client('s3', endpoint_url=url, region_name='us-east-1', aws_access_key_id='a', aws_secret_access_key='b')
client.create_bucket(Bucket='ledgers')
if sys.argv[1:] == ['versioned']:
    client.put_bucket_versioning(Bucket='ledgers', VersioningConfiguration={'Status': 'Enabled'})
print(url, flush=True)
import time
time.sleep(600)
";
    Some(start(&["-c", program, if is_versioned { "versioned" } else { "plain" }]))
}

const SECRET: &str = "not-to-be-printed";

fn heldto_at(server: &Server, dir: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_heldto-test"));
    command
        .current_dir(dir)
        .env_remove("HELDTO_LEDGER")
        .env_remove("HELDTO_KEY_FILE")
        .env("AWS_ENDPOINT", &server.url)
        .env("AWS_ALLOW_HTTP", "true")
        .env("AWS_ACCESS_KEY_ID", "key")
        .env("AWS_SECRET_ACCESS_KEY", SECRET)
        .env("AWS_REGION", "us-east-1")
        .args(arguments);
    command
}

fn run(server: &Server, dir: &Path, arguments: &[&str]) -> Output {
    let output = heldto_at(server, dir, arguments).output().expect("the program starts");
    let all = [&output.stdout[..], &output.stderr].concat();
    assert!(memchr::memmem::find(&all, SECRET.as_bytes()).is_none(), "no secret is printed");
    output
}

fn ok(server: &Server, dir: &Path, arguments: &[&str]) -> String {
    let output = run(server, dir, arguments);
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    [&output.stdout[..], &output.stderr].map(|bytes| String::from_utf8_lossy(bytes).into_owned()).concat()
}

fn fails(server: &Server, dir: &Path, code: i32, arguments: &[&str]) -> String {
    let output = run(server, dir, arguments);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(code), "{arguments:?}: {said}");
    said
}

/// Makes a ledger with `count` parties.
fn ledger(server: &Server, name: &str, count: usize) -> tempfile::TempDir {
    let dir = tempfile::tempdir().expect("a folder");
    ok(server, dir.path(), &["init", name, "--origin", "example.org/bucket", "-q"]);
    append(server, dir.path(), name, 0..count);
    dir
}

fn append(server: &Server, dir: &Path, name: &str, of: std::ops::Range<usize>) {
    let party = |n: usize| format!("[[party]]\nid = \"p-{n}\"\nname = \"Name of {n}.\"\nkind = \"council\"\n");
    std::fs::write(dir.join("facts.toml"), of.map(party).collect::<String>()).expect("written");
    ok(server, dir, &["--ledger", name, "append", "facts.toml", "-q"]);
}

#[test]
fn a_bucket_holds_a_published_ledger_that_grows_and_is_erased_from() {
    let moto = moto(false);
    for server in [Some(small(&[])), moto].into_iter().flatten() {
        let dir = ledger(&server, "ledger", 300);
        let dir = dir.path();
        let bucket = "s3://ledgers/derbyshire";
        assert!(ok(&server, dir, &["store", "check", bucket]).contains("a ledger can be published there"));
        let said = ok(&server, dir, &["--ledger", "ledger", "publish", bucket]);
        assert!(said.contains("300 entries published in s3://ledgers/derbyshire"), "{said}");
        assert!(ok(&server, dir, &["verify", bucket]).contains("300 entries, all verified"));
        let again = ok(&server, dir, &["--ledger", "ledger", "publish", bucket]);
        assert!(again.contains("0 files written"), "{again}");
        append(&server, dir, "ledger", 300..520);
        ok(&server, dir, &["--ledger", "ledger", "publish", bucket]);
        ok(&server, dir, &["follow", bucket, "mirror"]);
        let redact = ["redact", "p-7", "--ground", "an order", "--by", "the editor", "--yes"];
        ok(&server, dir, &[&["--ledger", "ledger"], &redact[..]].concat());
        let said = ok(&server, dir, &["verify", bucket]);
        assert!(said.contains("1 part was erased for good"), "an erasure reaches the bucket: {said}");
        ok(&server, dir, &["follow", bucket, "mirror"]);
        let has_name = Command::new("grep").args(["-rqF", "Name of 7.", "mirror"]).current_dir(dir).status();
        assert_eq!(has_name.expect("grep starts").code(), Some(1), "and the mirror");

        // Another ledger is not published over it.
        let other = ledger(&server, "other", 3);
        let said = fails(&server, other.path(), 4, &["--ledger", "other", "publish", bucket]);
        assert!(said.contains("does not continue"), "{said}");
        ok(&server, dir, &["verify", bucket]);
    }
}

#[test]
fn a_bucket_that_keeps_versions_is_told() {
    let Some(server) = moto(true) else { return };
    let dir = ledger(&server, "ledger", 3);
    ok(&server, dir.path(), &["--ledger", "ledger", "publish", "s3://ledgers/kept"]);
    let redact = ["--ledger", "ledger", "redact", "p-1", "--ground", "an order", "--by", "the editor", "--yes"];
    let said = ok(&server, dir.path(), &redact);
    assert!(said.contains("keeps earlier versions: what was erased stays in them"), "{said}");
}

#[test]
fn a_bucket_that_ignores_conditions_is_refused() {
    for ignored in [&["create"][..], &["update"], &["create", "update"]] {
        let server = small(ignored);
        let dir = ledger(&server, "ledger", 3);
        for arguments in [&["store", "check", "s3://b/x"][..], &["--ledger", "ledger", "publish", "s3://b/x"]] {
            let said = fails(&server, dir.path(), 1, arguments);
            assert!(said.contains("ignores conditions"), "{ignored:?}: {said}");
        }
    }
}

#[test]
fn two_publishers_race_and_fork_nothing() {
    let server = moto(false).unwrap_or_else(|| small(&[]));
    let races = std::env::var("HELDTO_RACES").ok().and_then(|text| text.parse().ok()).unwrap_or(6);
    let bucket = "s3://ledgers/raced";
    let dir = ledger(&server, "one", 3);
    let dir = dir.path();
    ok(&server, dir, &["--ledger", "one", "publish", bucket]);
    let mut size = 3;
    let mut overtaken = 0;
    for race in 0..races {
        // A copy of the folder publishes what the other has not got yet.
        drop(std::fs::remove_dir_all(dir.join("two")));
        assert!(Command::new("cp").args(["-r", "one", "two"]).current_dir(dir).status().expect("runs").success());
        append(&server, dir, "one", size..size + 1);
        size += 1;
        let mut publishing: Vec<Child> = ["one", "two"]
            .map(|name| {
                let arguments = ["--ledger", name, "publish", bucket];
                let mut command = heldto_at(&server, dir, &arguments);
                command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().expect("starts")
            })
            .into();
        for publisher in publishing.drain(..) {
            let output = publisher.wait_with_output().expect("ends");
            let said = String::from_utf8_lossy(&output.stderr);
            let is_expected = output.status.success()
                || said.contains("another publisher changed it meanwhile")
                || said.contains("does not continue");
            assert!(is_expected, "race {race}: {said}");
            overtaken += usize::from(!output.status.success());
        }
        let key = ok(&server, dir, &["--ledger", "one", "key"]);
        let key = key.split_whitespace().find(|word| word.starts_with("example.org/bucket+")).expect("a key");
        ok(&server, dir, &["verify", bucket, "--key", key]);
        ok(&server, dir, &["follow", bucket, "mirror", "--key", key]);
    }
    ok(&server, dir, &["--ledger", "one", "publish", bucket]);
    let said = ok(&server, dir, &["follow", bucket, "mirror"]);
    assert!(said.contains(&format!("{size} entries")), "{said}");
    eprintln!("{races} races, {overtaken} publishers overtaken, one history");
}

#[test]
fn a_plain_web_host_is_verified_and_followed_by_its_address() {
    let server = small(&[]);
    let dir = ledger(&server, "ledger", 260);
    let dir = dir.path();
    ok(&server, dir, &["--ledger", "ledger", "publish", "pub"]);
    let program = "\
import functools, http.server, sys
handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=sys.argv[1])
server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), handler)
print(f'http://127.0.0.1:{server.server_address[1]}', flush=True)
server.serve_forever()
";
    let web = start(&["-c", program, dir.join("pub").to_str().expect("UTF-8")]);
    assert!(ok(&server, dir, &["verify", &web.url]).contains("260 entries, all verified"));
    ok(&server, dir, &["follow", &web.url, "mirror"]);
    std::fs::remove_file(dir.join("pub/tile/entries/000")).expect("there");
    let said = fails(&server, dir, 4, &["verify", &web.url]);
    assert!(said.contains("tile/entries/000: the source does not have it"), "{said}");
}

#[test]
fn an_erasure_is_not_called_done_where_it_was_not() {
    let (server, other, hidden) = (small(&[]), small(&[]), small(&["list"]));
    let dir = ledger(&server, "ledger", 3);
    let dir = dir.path();
    let said = fails(&hidden, dir, 1, &["--ledger", "ledger", "publish", "s3://b/x"]);
    assert!(said.contains("the list of files"), "without a list nothing is published: {said}");
    ok(&server, dir, &["--ledger", "ledger", "publish", "s3://b/x"]);
    let redact = ["--ledger", "ledger", "redact", "p-1", "--ground", "an order", "--by", "the editor", "--yes"];
    // The same name at another cloud is not the place that was published to.
    let elsewhere = run(&other, dir, &redact);
    assert_eq!(elsewhere.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&elsewhere.stdout).contains("not found    s3://b/x"));
    fails(&other, dir, 1, &["verify", "s3://b/x"]);
    ok(&server, dir, &["--ledger", "ledger", "redact", "--clean"]);
    assert!(ok(&server, dir, &["verify", "s3://b/x"]).contains("1 part was erased for good"));
}

#[test]
fn bad_buckets_are_told() {
    let server = small(&[]);
    let dir = ledger(&server, "ledger", 3);
    let dir = dir.path();
    let said = fails(&server, dir, 2, &["--ledger", "ledger", "publish", "s3://me:hunter2@b/x"]);
    assert!(said.contains("no user, no password") && !said.contains("hunter2"), "{said}");
    for address in ["s3://b/~x", "s3://b/../y", "s3://b//x", "s3://b/a#b", "s3://b/%2e", "s3://b/ü"] {
        let said = fails(&server, dir, 2, &["--ledger", "ledger", "publish", address]);
        assert!(said.contains("cannot be used"), "{address}: {said}");
    }
    for address in ["http://h/x", "s3a://b/x", "S3://b/x"] {
        let said = fails(&server, dir, 2, &["--ledger", "ledger", "publish", address]);
        assert!(said.contains("cannot be used here") || said.contains("cannot be used"), "{address}: {said}");
        fails(&server, dir, 2, &["init", address]);
    }
    let said = fails(&server, dir, 1, &["verify", "http://me:hunter2@127.0.0.1:1/x?key=hunter2"]);
    assert!(!said.contains("hunter2"), "{said}");
    let said = fails(&server, dir, 2, &["store", "check", "folder"]);
    assert!(said.contains("is no bucket"), "{said}");
    let said = fails(&server, dir, 1, &["verify", "s3://b/nothing"]);
    assert!(said.contains("has no checkpoint"), "{said}");
    let said = fails(&server, dir, 2, &["--ledger", "ledger", "site", "build", "s3://b/x"]);
    assert!(said.contains("built in a folder"), "{said}");
    ok(&server, dir, &["--ledger", "ledger", "publish", "s3://b/x"]);
    // A file that the bucket changed is a fork; one that it forgot is written again.
    let curl = |method: &str, body: &str| {
        let program = "import sys, urllib.request as u; u.urlopen(u.Request(sys.argv[1], method=sys.argv[2], data=sys.argv[3].encode()))";
        let url = format!("{}/b/x/tile/entries/000.p/3", server.url);
        assert!(Command::new(python()).args(["-c", program, &url, method, body]).status().expect("runs").success());
    };
    curl("PUT", "other bytes");
    let said = fails(&server, dir, 4, &["--ledger", "ledger", "publish", "s3://b/x"]);
    assert!(said.contains("other bytes are published under this name"), "{said}");
    curl("DELETE", "");
    ok(&server, dir, &["--ledger", "ledger", "publish", "s3://b/x"]);
    ok(&server, dir, &["verify", "s3://b/x"]);
}

#[test]
fn a_bucket_that_cannot_be_reached_is_told_with_its_address_and_a_remedy() {
    let Some(server) = moto(false) else { return };
    let dir = ledger(&server, "ledger", 1);
    let publish = ["--ledger", "ledger", "publish", "s3://ledgers/pub"];
    let http: &[(&str, &str)] = &[("AWS_ALLOW_HTTP", "")];
    let gone: &[(&str, &str)] = &[("AWS_ENDPOINT", "http://127.0.0.1:1")];
    let metadata =
        &[("AWS_ACCESS_KEY_ID", ""), ("AWS_SECRET_ACCESS_KEY", ""), ("AWS_METADATA_ENDPOINT", "http://127.0.0.1:1")];
    for (settings, arguments, why, remedy) in [
        (http, &publish[..], "http://", "AWS_ALLOW_HTTP"),
        (gone, &publish, "http://127.0.0.1:1, the list of files: no answer", "AWS_ENDPOINT"),
        (&metadata[..], &publish, "no credentials were found", "AWS_"),
        (gone, &["verify", "s3://ledgers/metadata"], "no answer", "AWS_ENDPOINT"),
        (&[], &["verify", "s3://nobody/pub"], "there is no such bucket", "make the bucket"),
        (&[], &["store", "check", "s3://nobody/pub"], "there is no such bucket", "make the bucket"),
    ] {
        let mut command = heldto_at(&server, dir.path(), arguments);
        for (name, value) in settings {
            if value.is_empty() {
                command.env_remove(name)
            } else {
                command.env(name, value)
            };
        }
        let output = command.output().expect("the program starts");
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{arguments:?}: {said}");
        assert!(said.contains("s3://") && said.contains(why) && said.contains(remedy), "{arguments:?}: {said}");
        assert!(!said.contains('<') && !said.contains(SECRET), "{said}");
    }
}
