//! Checks that a ledger in PostgreSQL keeps the promises of a store, and that its rights, its
//! settings and its damage are told.

use heldto_store::{Notices, WritableLog, conformance};
use heldto_store_postgres::{PostgresStore, Purpose, ServerAddress};
use std::path::Path;
use std::process::{Command, Output};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{PoisonError, RwLock, RwLockReadGuard};

/// Held for reading by every test, and for writing by the one that changes the server's settings.
pub static SETTINGS: RwLock<()> = RwLock::new(());

/// Returns the address of the server, with its settings held; `None` with a line if there is none.
pub fn server() -> Option<(String, RwLockReadGuard<'static, ()>)> {
    Some((address_of_server()?, SETTINGS.read().unwrap_or_else(PoisonError::into_inner)))
}

/// # Panics
/// If there is none and `HELDTO_REQUIRE` names `postgres`.
pub fn address_of_server() -> Option<String> {
    let found = std::env::var("HELDTO_POSTGRES").ok();
    let required = std::env::var("HELDTO_REQUIRE").unwrap_or_default();
    if found.is_none() {
        assert!(!required.split(',').any(|name| name.trim() == "postgres"), "postgres is wanted here");
        eprintln!("SKIPPED, for want of postgres: HELDTO_POSTGRES names no server");
    }
    found
}

/// Returns the address of a schema that no other test uses.
pub fn fresh(server: &str) -> String {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    format!("{server}?schema=t{}_{number}", std::process::id())
}

fn address(text: &str) -> ServerAddress {
    ServerAddress::read(text, &|_| None).unwrap_or_else(|error| panic!("{}", error.why))
}

fn create(text: &str) -> PostgresStore {
    let founding = conformance::founding();
    let empty = heldto_proof::Head::empty(&founding.genesis);
    let opening = (conformance::index_hashes as heldto_store::IndexHashes, Notices::default());
    PostgresStore::create(address(text), &founding, (&[], &empty), false, opening).expect("created")
}

fn open(text: &str) -> PostgresStore {
    PostgresStore::open(address(text), Purpose::Write, conformance::index_hashes, Notices::default()).expect("opens")
}

/// Runs the program with a folder of its own for what it keeps of a server's ledger.
pub fn heldto(dir: &Path, arguments: &[&str]) -> Output {
    static SEED: AtomicU32 = AtomicU32::new(100);
    let seed = SEED.fetch_add(1, Ordering::Relaxed).to_string();
    Command::new(env!("CARGO_BIN_EXE_heldto-test"))
        .current_dir(dir)
        .env("HELDTO_NODE", dir.join("node"))
        .env("HELDTO_TEST_SEED", seed)
        .env_remove("HELDTO_LEDGER")
        .env_remove("HELDTO_KEY_FILE")
        .args(arguments)
        .output()
        .expect("the program starts")
}

pub fn ok(dir: &Path, arguments: &[&str]) -> String {
    let output = heldto(dir, arguments);
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("UTF-8")
}

/// Runs the program, expects this exit code, and returns its messages.
pub fn fails(dir: &Path, code: i32, arguments: &[&str]) -> String {
    let output = heldto(dir, arguments);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(code), "{arguments:?}: {said}{}", String::from_utf8_lossy(&output.stdout));
    said
}

/// Runs a statement on the server as its superuser.
pub fn sql(server: &str, statement: &str) -> String {
    let root = server.replace("keeper@", "postgres@");
    let done = Command::new("psql").args([&root, "-XAtqc", statement]).output().expect("psql starts");
    assert!(done.status.success(), "{statement}: {}", String::from_utf8_lossy(&done.stderr));
    String::from_utf8(done.stdout).expect("UTF-8")
}

pub fn schema(text: &str) -> &str {
    text.rsplit_once("schema=").expect("a schema").1
}

#[test]
fn it_conforms() {
    let Some((server, _settings)) = server() else { return };
    conformance::run(|| create(&fresh(&server)));
    let text = fresh(&server);
    drop(create(&text));
    conformance::race(|| open(&text), 4, 10);
}

/// The name of the variable by which [`one_of_many_writers`] knows its ledger.
const RACING: &str = "HELDTO_RACING";

/// Appends as one process of [`processes_race`].
#[test]
fn one_of_many_writers() {
    let Ok(text) = std::env::var(RACING) else { return };
    conformance::race_alone(|| open(&text), std::process::id().into(), 20);
}

#[test]
fn processes_race_and_lose_nothing() {
    let Some((server, _settings)) = server() else { return };
    let text = fresh(&server);
    drop(create(&text));
    let program = std::env::current_exe().expect("a program");
    let start = || {
        Command::new(&program)
            .args(["--exact", "postgres::one_of_many_writers", "--quiet"])
            .env(RACING, &text)
            .stdout(std::process::Stdio::null())
            .spawn()
            .expect("starts")
    };
    let writers: Vec<_> = (0..6).map(|_| start()).collect();
    for mut writer in writers {
        assert!(writer.wait().expect("ends").success());
    }
    conformance::raced(&open(&text), 6 * 20);
}

#[test]
fn seeds_go_to_a_server_and_back_with_the_same_head() {
    let Some((server, _settings)) = server() else { return };
    let seeds = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the repository").join("seeds");
    let seeds = seeds.to_str().expect("UTF-8");
    let dir = tempfile::tempdir().expect("a folder");
    let dir = dir.path();
    let text = fresh(&server);
    let made = ok(dir, &["init", &text, "--origin", "example.org/on-a-server"]);
    assert!(made.contains(&format!("Created a ledger in {text}")), "{made}");
    ok(dir, &["--ledger", &text, "append", seeds]);
    let verified = ok(dir, &["--ledger", &text, "verify"]);
    ok(dir, &["--ledger", &text, "checkpoint"]);
    let status = ok(dir, &["--ledger", &text, "status", "--format", "md"]);
    for said in ["PostgreSQL", "on the disk of one server", "has all entries", "signed, covers all entries"] {
        assert!(status.contains(said), "{said}: {status}");
    }

    // The copy of the keeper is a ledger in sled, which only follows.
    let copied = ok(dir, &["--ledger", "node/copy", "verify"]);
    assert_eq!(first_lines(&copied), first_lines(&verified));
    let refused = fails(dir, 2, &["--ledger", "node/copy", "append", seeds]);
    assert!(refused.contains("only follows it"), "{refused}");

    // Reports are the same from the server, by its index, and from sled.
    let body = "derbyshire-cc";
    for report in [&["report", "pledges"][..], &["report", "authority", body], &["timeline"], &["list", "parties"]] {
        let of = |ledger: &str| ok(dir, &[&["--ledger", ledger, "--format", "json"], report].concat());
        assert_eq!(of(&text), of("node/copy"), "{report:?}");
    }

    // Export and restore carry it to sled, and from there to another schema.
    ok(dir, &["--ledger", &text, "export", "all.jsonl", "--private"]);
    let restored = ok(dir, &["restore", "all.jsonl", "here"]);
    let other = fresh(&server);
    let again = ok(dir, &["restore", "all.jsonl", &other]);
    let heads = |said: &str| said.lines().skip(1).take(2).map(str::to_owned).collect::<Vec<_>>();
    assert_eq!(heads(&restored), heads(&again));
    assert!(ok(dir, &["verify", &other]).contains("all verified"), "it is whole");
    ok(dir, &["follow", &other, "followed"]);
    assert_eq!(first_lines(&ok(dir, &["verify", "followed"])), first_lines(&ok(dir, &["verify", &other])));

    // Published from the server, it is verified by anyone.
    ok(dir, &["--ledger", &text, "publish", "pub"]);
    ok(dir, &["verify", "pub"]);
}

/// Returns what `verify` says of the entries, without the signatures.
fn first_lines(said: &str) -> Vec<&str> {
    said.lines().take_while(|line| !line.contains("sign")).collect()
}

/// Writes a file with one party.
pub fn party(dir: &Path, id: &str) {
    let fact = format!("[[party]]\nid = \"{id}\"\nname = \"Name of {id}\"\nkind = \"council\"\n");
    std::fs::write(dir.join(format!("{id}.toml")), fact).expect("written");
}

/// Makes a ledger with two parties, signed; returns its folder and its address.
pub fn ledger(server: &str) -> (tempfile::TempDir, String) {
    let dir = tempfile::tempdir().expect("a folder");
    let text = fresh(server);
    ok(dir.path(), &["init", &text, "--origin", "example.org/on-a-server", "-q"]);
    for id in ["first", "second", "third"] {
        party(dir.path(), id);
    }
    for id in ["first", "second"] {
        ok(dir.path(), &["--ledger", &text, "append", &format!("{id}.toml"), "-q"]);
    }
    ok(dir.path(), &["--ledger", &text, "checkpoint", "-q"]);
    (dir, text)
}

#[test]
fn rows_edited_by_hand_are_found() {
    let Some((server, _settings)) = server() else { return };
    for (change, found) in [
        ("UPDATE S.entries SET entry = set_byte(entry, 40, 7) WHERE entry_index = 1", "entry 1"),
        ("DELETE FROM S.parts WHERE entry_index = 1", "entry 1"),
        ("DELETE FROM S.entries WHERE entry_index = 0", "entry 0"),
        ("UPDATE S.parts SET part = set_byte(part, 40, 7) WHERE entry_index = 0", "entry 0"),
        ("DELETE FROM S.terms WHERE entry_index = 1", "index"),
        (
            "UPDATE S.terms SET entry_index = 0 WHERE entry_index = 1 AND hash NOT IN (SELECT hash FROM S.terms WHERE entry_index = 0)",
            "index",
        ),
        ("INSERT INTO S.entries SELECT 2, entry FROM S.entries WHERE entry_index = 1", "beyond the head"),
        ("UPDATE S.ledger SET key = set_byte(key, 0, 255 - get_byte(key, 0))", ""),
        ("ALTER TABLE S.head DISABLE TRIGGER ALL; UPDATE S.head SET size = 1", "head"),
        ("DELETE FROM S.head", "head"),
        ("DROP TABLE S.terms", "schema"),
        (
            "ALTER TABLE S.checkpoint DISABLE TRIGGER ALL; UPDATE S.checkpoint SET chain = set_byte(chain, 0, 255 - get_byte(chain, 0))",
            "signed",
        ),
        ("INSERT INTO S.entries VALUES (50, 'x')", "beyond the head"),
        ("INSERT INTO S.parts VALUES (99, 0, 'x')", "beyond the head"),
        ("INSERT INTO S.entries VALUES (-5, 'x')", "beyond the head"),
        ("ALTER TABLE S.checkpoint ALTER size TYPE int", "schema is damaged"),
        ("ALTER TABLE S.parts ALTER number TYPE bigint", "schema is damaged"),
        ("ALTER TABLE S.ledger ALTER layout TYPE int", "schema is damaged"),
        (
            "ALTER TABLE S.entries ALTER entry DROP NOT NULL; UPDATE S.entries SET entry = NULL WHERE entry_index = 1",
            "schema is damaged",
        ),
    ] {
        let (dir, text) = ledger(&server);
        sql(&server, &change.replace("S.", &format!("{}.", schema(&text))));
        let said = fails(dir.path(), 4, &["--ledger", &text, "verify"]);
        assert!(said.contains(found), "{change}: {said}");
    }
}

#[test]
fn rights_make_it_append_only() {
    let Some((server, _settings)) = server() else { return };
    let (dir, text) = ledger(&server);
    let dir = dir.path();
    let schema = schema(&text);
    for role in ["reader", "writer", "keeper"] {
        sql(&server, &format!("CREATE ROLE {schema}_the_{role} LOGIN; GRANT {schema}_{role} TO {schema}_the_{role}"));
    }
    let of = |role: &str| text.replace("keeper@", &format!("{schema}_the_{role}@"));
    ok(dir, &["--ledger", &of("reader"), "verify"]);
    let said = fails(dir, 1, &["--ledger", &of("reader"), "append", "third.toml"]);
    assert!(said.contains("too few rights") && said.contains("GRANT"), "{said}");
    ok(dir, &["--ledger", &of("writer"), "append", "third.toml"]);
    let redact = ["redact", "third", "--ground", "an order", "--by", "the editor", "--yes"];
    let said = fails(dir, 1, &[&["--ledger", &of("writer")], &redact[..]].concat());
    assert!(said.contains("too few rights"), "{said}");
    assert!(ok(dir, &["--ledger", &text, "list", "parties"]).contains("Name of third"), "nothing is half erased");
    let said = fails(dir, 1, &["--ledger", &of("writer"), "checkpoint"]);
    assert!(said.contains("too few rights"), "{said}");
    let said = heldto(dir, &[&["--ledger", &of("keeper")], &redact[..]].concat());
    assert!(said.status.success(), "{}", String::from_utf8_lossy(&said.stderr));
    assert!(String::from_utf8_lossy(&said.stderr).contains("redact --clean"), "what its owner has to do is said");
    // A writer who owns another schema may make operators there.
    sql(
        &server,
        &format!(
            "CREATE SCHEMA IF NOT EXISTS tricks; CREATE FUNCTION tricks.never(bigint, bigint) RETURNS boolean LANGUAGE sql \
             IMMUTABLE AS 'SELECT false'; \
             CREATE OPERATOR tricks.< (LEFTARG = bigint, RIGHTARG = bigint, FUNCTION = tricks.never); \
             CREATE OPERATOR tricks.<> (LEFTARG = bigint, RIGHTARG = bigint, FUNCTION = tricks.never); \
             GRANT USAGE ON SCHEMA tricks TO {schema}_the_writer"
        ),
    );
    for (role, statement) in [
        ("writer", "UPDATE S.entries SET entry = ''"),
        ("writer", "DELETE FROM S.entries"),
        ("writer", "DELETE FROM S.parts"),
        ("writer", "UPDATE S.parts SET part = ''"),
        ("writer", "UPDATE S.head SET size = 0"),
        ("writer", "UPDATE S.head SET record = ''"),
        ("writer", "UPDATE S.head SET size = 9000000000000000000"),
        ("writer", "UPDATE S.erasure SET rewritten = 9000"),
        (
            "writer",
            "SET search_path = tricks, pg_catalog; UPDATE S.head SET size = 1, record = (SELECT record FROM S.head)",
        ),
        ("keeper", "UPDATE S.entries SET entry = ''"),
        ("keeper", "TRUNCATE S.entries"),
        ("keeper", "UPDATE S.checkpoint SET size = 0"),
        ("keeper", "DELETE FROM S.head"),
    ] {
        let as_role = server.replace("keeper@", &format!("{schema}_the_{role}@"));
        let statement = statement.replace("S.", &format!("{schema}."));
        let done = Command::new("psql").args([&as_role, "-XAtqc", &statement]).output().expect("psql starts");
        assert!(!done.status.success(), "{role} may not: {statement}");
    }
    ok(dir, &["--ledger", &text, "verify"]);
}

#[test]
fn bad_addresses_and_servers_are_told() {
    let Some((server, _settings)) = server() else { return };
    let (dir, text) = ledger(&server);
    let dir = dir.path();
    let with_password = text.replace("keeper@", "keeper:hunter2@");
    for arguments in [vec!["--ledger", &with_password, "status"], vec!["verify", &with_password]] {
        let said = fails(dir, 2, &arguments);
        assert!(said.contains("holds a password") && !said.contains("hunter2"), "{said}");
    }
    for text in ["Postgres://keeper:hunter2@h/d", "postgres://keeper:hunt/er2@h/d", "postgres://h/d?p%61ssword=hunter2"]
    {
        let said = fails(dir, 2, &["--ledger", text, "status"]);
        assert!(!said.contains("er2"), "{said}");
    }
    let gone = "postgres://keeper@127.0.0.1:1/ledgers?schema=x";
    let said = fails(dir, 1, &["--ledger", gone, "status"]);
    assert!(said.contains("cannot reach 127.0.0.1:1"), "{said}");
    let none = fresh(&server);
    let said = fails(dir, 1, &["--ledger", &none, "status"]);
    assert!(said.contains("there is no ledger at") && said.contains(&none), "{said}");
    let said = fails(dir, 1, &["init", &text, "--origin", "example.org/on-a-server"]);
    assert!(said.contains("there is already a ledger"), "{said}");
    let said = fails(dir, 1, &["--ledger", &text.replace("/ledgers", "/nowhere"), "status"]);
    assert!(said.contains("does not exist"), "{said}");
    let said = fails(dir, 1, &["--ledger", &text.replace("keeper@", "nobody@"), "status"]);
    assert!(said.contains("nobody"), "{said}");
    sql(&server, "CREATE ROLE clerk LOGIN");
    let said = fails(dir, 1, &["--ledger", &text.replace("keeper@", "clerk@"), "status"]);
    assert!(said.contains("clerk has too few rights") && said.contains("GRANT"), "{said}");
    let said = fails(dir, 2, &["--ledger", &text, "repair"]);
    assert!(said.contains("on a server"), "{said}");

    // A schema half made, or of a later version.
    let half = fresh(&server);
    sql(
        &server,
        &format!("CREATE SCHEMA {0} AUTHORIZATION keeper; CREATE TABLE {0}.ledger (layout int)", schema(&half)),
    );
    let said = fails(dir, 4, &["--ledger", &half, "status"]);
    assert!(said.contains("schema is damaged"), "{said}");
    sql(&server, &format!("UPDATE {}.ledger SET layout = 9", schema(&text)));
    let said = fails(dir, 1, &["--ledger", &text, "status"]);
    assert!(said.contains("later version"), "{said}");
    sql(&server, &format!("UPDATE {}.ledger SET layout = 1", schema(&text)));

    // A server, or a role, set to be read only.
    sql(&server, "CREATE ROLE read_only LOGIN SUPERUSER; ALTER ROLE read_only SET default_transaction_read_only = on");
    let read_only = text.replace("keeper@", "read_only@");
    ok(dir, &["--ledger", &read_only, "status"]);
    let said = fails(dir, 1, &["--ledger", &read_only, "append", "third.toml"]);
    assert!(said.contains("can only be read"), "{said}");
}

#[test]
fn over_a_network_the_server_must_be_the_one_that_was_named() {
    let Some((server, _settings)) = server() else { return };
    let authority = std::env::var("HELDTO_POSTGRES_CA").unwrap_or_default();
    if authority.is_empty() {
        let required = std::env::var("HELDTO_REQUIRE").unwrap_or_default();
        assert!(!required.split(',').any(|name| name.trim() == "postgres"), "openssl is wanted here");
        eprintln!("SKIPPED, for want of openssl: the server has no certificate");
        return;
    }
    let (dir, text) = ledger(&server);
    let dir = dir.path();
    sql(&server, &format!("CREATE ROLE tls_only LOGIN; GRANT {}_reader TO tls_only", schema(&text)));
    let text = text.replace("keeper@", "tls_only@");
    let named = text.replace("127.0.0.1", "localhost");
    let status = |text: &str, roots: Option<&str>| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_heldto-test"));
        command.args(["--ledger", text, "status"]).env("HELDTO_NODE", dir.join("node"));
        roots.map(|roots| command.env("SSL_CERT_FILE", roots));
        let output = command.output().expect("the program starts");
        (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
    };
    let (code, said) = status(&named, Some(&authority));
    assert!(code == Some(1) && said.contains("no encryption"), "plain text on this machine, unless asked: {said}");
    let (code, said) = status(&format!("{named}&sslmode=require"), Some(&authority));
    assert_eq!(code, Some(0), "{said}");
    for (text, roots) in [(&named, None), (&text, Some(authority.as_str()))] {
        let (code, said) = status(&format!("{text}&sslmode=require"), roots);
        assert!(code == Some(1) && said.contains("no safe connection to") && said.contains("SSL_CERT_FILE"), "{said}");
    }
}

#[test]
fn tables_that_lose_rows_are_refused() {
    let Some((server, _settings)) = server() else { return };
    for change in [
        "ALTER TABLE S.parts SET UNLOGGED",
        "CREATE RULE lose AS ON INSERT TO S.parts DO INSTEAD NOTHING",
        "CREATE FUNCTION S.lose() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'; \
         CREATE TRIGGER lose BEFORE INSERT ON S.parts FOR EACH ROW EXECUTE FUNCTION S.lose()",
        "ALTER TABLE S.head ENABLE ROW LEVEL SECURITY",
    ] {
        let (dir, text) = ledger(&server);
        sql(&server, &change.replace("S.", &format!("{}.", schema(&text))));
        let said = fails(dir.path(), 1, &["--ledger", &text, "append", "third.toml"]);
        assert!(said.contains("was changed, and may lose"), "{change}: {said}");
    }
}

#[test]
fn a_server_that_forgets_is_refused() {
    let Some(server) = address_of_server() else { return };
    let _changing = SETTINGS.write().unwrap_or_else(PoisonError::into_inner);
    let (dir, text) = ledger(&server);
    let dir = dir.path();
    // `full_page_writes` can be turned off while the server runs.
    sql(&server, "ALTER SYSTEM SET full_page_writes = off");
    sql(&server, "SELECT pg_reload_conf()");
    std::thread::sleep(std::time::Duration::from_millis(500));
    let said = fails(dir, 1, &["--ledger", &text, "append", "third.toml"]);
    assert!(said.contains("may lose what it acknowledges") && said.contains("full_page_writes = off"), "{said}");
    let status = ok(dir, &["--ledger", &text, "status", "--format", "md"]);
    assert!(status.contains("may lose it in a crash"), "{status}");
    ok(dir, &["--ledger", &format!("{text}&allow-loss=yes"), "append", "third.toml"]);
    sql(&server, "ALTER SYSTEM RESET full_page_writes");
    sql(&server, "SELECT pg_reload_conf()");
}

#[test]
fn a_reader_in_its_snapshot_sees_no_writer() {
    let Some((server, _settings)) = server() else { return };
    let text = fresh(&server);
    let mut writer = create(&text);
    let head = heldto_store::Log::head(&writer).expect("a head");
    let (entries, next) = conformance::entries(&head, &[10; 100]);
    writer.append(&head, &entries, &next).expect("appended");
    let reader = PostgresStore::open(address(&text), Purpose::Read, conformance::index_hashes, Notices::default())
        .expect("opens");
    let (more, last) = conformance::entries(&next, &[10; 100]);
    writer.append_and_erase(&next, &more, &last, &[(5, 0)]).expect("erased");
    let there = conformance::collect(heldto_store::Log::entries(&reader, 0..100)).expect("reads");
    assert!(there[5].parts.iter().any(|(number, _)| *number == 0), "a part of the snapshot");
    assert_eq!(heldto_store::Log::head(&reader).expect("a head"), next);
}
