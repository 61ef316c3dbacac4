//! Opens sites in a browser, and asks their checker without one: as a reader, and as a hostile
//! host.

use crate::site::{build, files};
use crate::{has_file, has_tool, heldto, ledger_of, ok, root, run, text};
use serde_json::{Value, json};
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// Returns the checker's module, if it was built.
fn module() -> Option<PathBuf> {
    let path = root().join("target/wasm32-unknown-unknown/page/heldto_page.wasm");
    has_file("page", &path).then_some(path)
}

/// Gives a script in JavaScript its input, and returns its output.
fn node(script: &str, arguments: &[&str], input: &Value) -> Value {
    let mut child = Command::new("node")
        .arg(root().join("tests/browser").join(script))
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("node starts");
    child.stdin.take().expect("a pipe").write_all(input.to_string().as_bytes()).expect("writes");
    let output = child.wait_with_output().expect("node ends");
    assert!(output.status.success(), "{script} failed");
    serde_json::from_slice(&output.stdout).expect("JSON")
}

/// Seven days on which the record of the seeds stood differently.
const DAYS: [&str; 7] =
    ["2024-09-01", "2024-11-30", "2025-01-20", "2025-02-13", "2025-03-01", "2025-12-31", "2026-11-22"];

#[test]
fn the_module_and_the_program_print_the_same() {
    let Some(module) = module().filter(|_| has_tool("node", "node", &["--version"])) else { return };
    let dir = ledger_of(&root().join("seeds"));
    let dir = dir.path();
    build(dir, "site");
    let key = text(&fs::read(dir.join("site/first-key")).expect("reads"));
    let reports = [
        "pledges",
        "timeline",
        "amounts",
        "metrics",
        "questions",
        "contradictions",
        "slippage",
        "deliveries",
        "agenda",
    ];
    let mut requests = vec![json!({ "do": "check", "page": "index.html", "key": key, "seen": null })];
    let mut wanted = Vec::new();
    for day in DAYS {
        for (n, report) in reports.iter().enumerate() {
            let format = ["html", "csv", "json", "md", "table"][n % 5];
            requests.push(json!({ "do": "report", "report": report, "format": format, "day": day }));
            let command = if *report == "timeline" { vec!["timeline"] } else { vec!["report", report] };
            wanted.push(ok(
                dir,
                &[&["--ledger", "ledger"], &command[..], &["--as-of", day, "--format", format]].concat(),
            ));
        }
    }
    let filter = json!({ "do": "report", "report": "timeline", "format": "csv", "day": DAYS[6],
        "text": "plan", "about": "derbyshire-cc", "kind": "statement", "since": "2024-01-01" });
    requests.push(filter);
    let asked =
        ["timeline", "--text", "plan", "--about", "derbyshire-cc", "--kind", "statement", "--since", "2024-01-01"];
    wanted.push(ok(dir, &[&["--ledger", "ledger"], &asked[..], &["--as-of", DAYS[6], "--format", "csv"]].concat()));
    let site = dir.join("site");
    let said = node("module.mjs", &[module.to_str().expect("UTF-8"), site.to_str().expect("UTF-8")], &json!(requests));
    assert_eq!(said["imports"], json!([]), "the module needs nothing of its host");
    assert_eq!(said["answers"][0]["verdict"], "sound", "{}", said["answers"][0]);
    for (n, wanted) in wanted.iter().enumerate() {
        let given = said["answers"][n + 1]["text"].as_str().unwrap_or_else(|| panic!("{}", said["answers"][n + 1]));
        assert!(given == wanted, "{}:\n{given}\n--- the program:\n{wanted}", requests[n + 1]);
    }
}

/// A server of a site, stopped at the end.
struct Served(Child, String);

impl Served {
    fn of(dir: &Path) -> Self {
        let mut command = heldto(dir);
        let mut child =
            command.args(["site", "serve", "site", "--port", "0"]).stderr(Stdio::piped()).spawn().expect("starts");
        let mut line = String::new();
        BufReader::new(child.stderr.take().expect("a pipe")).read_line(&mut line).expect("a line");
        let address = line.split_whitespace().find(|word| word.starts_with("http://")).expect("an address").to_owned();
        Self(child, address)
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        self.0.kill().expect("stops");
        self.0.wait().expect("ends");
    }
}

/// Returns the folder of the packages that browser tests need, if all their tools are there.
fn browser() -> Option<PathBuf> {
    let modules = root().join("target/node/node_modules");
    let puppeteer = modules.join("puppeteer-core/package.json");
    let is_ready = has_tool("chromium", "chromium", &["--version"])
        && has_tool("node", "node", &["--version"])
        && has_file("puppeteer", &puppeteer);
    is_ready.then_some(modules)
}

/// Looks at a page of each template as a reader does, in light and dark, on a narrow screen and on
/// a wide one; `HELDTO_SITE_PAGES=all` looks at every page.
#[test]
fn every_template_is_accessible() {
    let Some(modules) = browser() else { return };
    let dir = ledger_of(&root().join("seeds"));
    let dir = dir.path();
    build(dir, "site");
    let served = Served::of(dir);
    let folder = dir.join("site");
    let of_every_template = [
        "index.html",
        "commitments.html",
        "check.html",
        "changes.html",
        "bodies/derbyshire-cc.html",
        "meetings/derbyshire-cc.html",
        "commitments/notice-priority-impact-plan.html",
        "metrics/ehcp-caseload.html",
        "figures/ehcp-caseload/derbyshire-cc.html",
        "sources/src-ombudsman-news.html",
        "facts/dcc-huge-improvement-claim.html",
        "404.html",
        "checker.html",
    ];
    let all = std::env::var("HELDTO_SITE_PAGES").is_ok_and(|which| which == "all");
    let site = files(&folder);
    let pages: Vec<&str> = if all {
        site.keys().filter(|name| name.ends_with(".html")).map(String::as_str).collect()
    } else {
        of_every_template.into_iter().filter(|name| site.contains_key(*name)).collect()
    };
    let look = |page: &&str| {
        [(320, false), (1280, true)]
            .map(|(width, dark)| json!({ "path": page, "look": { "width": width, "dark": dark } }))
    };
    let steps: Vec<Value> = pages.iter().flat_map(look).collect();
    let arguments = [modules.to_str().expect("UTF-8"), &served.1, folder.to_str().expect("UTF-8")];
    let found = node("site.mjs", &arguments, &json!(steps));
    let mut failed = Vec::new();
    for (step, found) in steps.iter().zip(found.as_array().expect("results")) {
        assert!(found["passes"].as_u64() > Some(8), "{step}: axe did not run: {found}");
        let is_sound = found["violations"] == json!([]) && found["faint"] == json!([]) && found["sideways"] == false;
        failed.extend((!is_sound).then(|| format!("{step}: {found}")));
    }
    assert!(failed.is_empty(), "{} of {}:\n{}", failed.len(), steps.len(), failed.join("\n"));
}

#[test]
fn a_browser_finds_the_page_sound_and_every_change_broken() {
    let (Some(modules), Some(module)) = (browser(), module()) else { return };
    let module = module.to_str().expect("UTF-8");
    let dir = ledger_of(&root().join("seeds"));
    let dir = dir.path();
    let site = ["--ledger", "ledger", "site", "build", "site", "--as-of", "2026-11-22", "--module", module, "-q"];
    ok(dir, &site);
    let key = text(&fs::read(dir.join("site/first-key")).expect("reads"));
    let served = Served::of(dir);
    let folder = dir.join("site");
    let browse = |steps: &Value| {
        let arguments = [modules.to_str().expect("UTF-8"), &served.1, folder.to_str().expect("UTF-8")];
        node("site.mjs", &arguments, steps).as_array().expect("results").clone()
    };
    let page = "commitments/duty-20-weeks.html";
    let other = "example.org/other+00000000+AQ";
    // Whatever byte is changed, and whatever is changed, the page is never called sound.
    let files = files(&folder);
    let is_checked = |name: &&String| name.starts_with("tile/") || name.starts_with("parts/") || *name == "checkpoint";
    let checked: Vec<&String> = files.keys().filter(is_checked).collect();
    let changes: usize = std::env::var("HELDTO_SITE_CHANGES").ok().and_then(|n| n.parse().ok()).unwrap_or(6);
    let change = |n: usize| {
        let file = if n.is_multiple_of(3) { page } else { checked[n % checked.len()].as_str() };
        json!({ "path": page, "key": key, "change": { "file": file, "at": n.wrapping_mul(7_919) + 31 } })
    };
    let mut steps = vec![
        json!({ "path": page, "key": key, "day": "2024-09-30" }),
        json!({ "path": "index.html", "key": key, "day": "2001-01-01" }),
        json!({ "path": page, "key": key, "show": "<p>Every promise was kept.</p>" }),
        json!({ "path": page, "key": key, "search": "wheelchair" }),
        json!({ "path": page, "key": other }),
        json!({ "path": page, "key": "no key" }),
    ];
    steps.extend((0..changes).map(change));
    let found = browse(&json!(steps));
    for (n, result) in found.iter().enumerate() {
        let verdict = result["verdict"].as_str().expect("a verdict");
        assert_eq!(verdict == "sound", n < 4, "{}: {result}", steps[n]);
        let hosts = result["hosts"].as_array().expect("hosts");
        let own = |host: &Value| host.as_str().is_some_and(|host| served.1.contains(host));
        assert!(hosts.iter().all(own), "{hosts:?}");
        assert!(n >= 6 || result["errors"] == json!([]), "{}", result["errors"]);
    }
    assert!(found[0]["main"].as_str().expect("text").contains("As at 30 Sep 2024"), "{}", found[0]["main"]);
    let searched = found[3]["main"].as_str().expect("text");
    assert!(searched.contains("wheelchair") && !searched.contains("Owed in every case"), "{searched}");
    assert!(found[5]["text"].as_str().expect("text").contains("not a public key"), "{}", found[5]["text"]);
    // What is shown after the check is what was checked, not what was shown before.
    let body = found[2]["body"].as_str().expect("text");
    assert!(!body.contains("Every promise was kept") && body.contains("Owed in every case"), "{body}");
    // A page at another address than its own is not what the ledger gives there.
    fs::copy(folder.join(page), folder.join("commitments/dcc-500-places.html")).expect("copies");
    let moved = browse(&json!([{ "path": "commitments/dcc-500-places.html", "key": key }]));
    assert_eq!(moved[0]["verdict"], "broken", "{}", moved[0]);
    fs::write(folder.join("commitments/dcc-500-places.html"), &files["commitments/dcc-500-places.html"])
        .expect("writes");
    // A later publication leaves the page as it was; one that takes something away says so.
    fs::write(dir.join("more.toml"), "[[party]]\nid = \"more\"\nname = \"More\"\nkind = \"council\"\n")
        .expect("writes");
    ok(dir, &["--ledger", "ledger", "append", "more.toml", "-q"]);
    ok(dir, &["--ledger", "ledger", "publish", "site", "-q"]);
    let newer = text(&fs::read(folder.join("checkpoint")).expect("reads"));
    let grown = browse(&json!([{ "path": page, "key": key, "seen": newer }]));
    assert_eq!(grown[0]["verdict"], "sound", "{}", grown[0]);
    assert!(grown[0]["text"].as_str().expect("text").contains("made from the first"), "{}", grown[0]["text"]);
    // The ledger of before, put back, is older than the one that this reader saw.
    for (name, bytes) in &files {
        fs::write(folder.join(name), bytes).expect("writes");
    }
    let older = browse(&json!([{ "path": page, "key": key, "seen": newer }]));
    assert_eq!(older[0]["verdict"], "broken", "{}", older[0]);
    assert!(older[0]["text"].as_str().expect("text").contains("cut off"), "{}", older[0]["text"]);
    let part = checked.iter().find(|name| name.starts_with("parts/")).expect("parts");
    fs::remove_file(folder.join(part)).expect("removes");
    let missing = browse(&json!([{ "path": page, "key": key }]));
    assert_eq!(missing[0]["verdict"], "broken", "{}", missing[0]);
    assert!(missing[0]["text"].as_str().expect("text").contains("missing"), "{}", missing[0]["text"]);
}

#[test]
fn a_page_of_ones_own_checks_any_ledger() {
    let (Some(modules), Some(module)) = (browser(), module()) else { return };
    let dir = ledger_of(&root().join("seeds"));
    let dir = dir.path();
    let module = module.to_str().expect("UTF-8");
    ok(dir, &["--ledger", "ledger", "site", "build", "site", "--as-of", "2026-11-22", "--module", module, "-q"]);
    // The reader's own copy, and two copies of the ledger: as published, and with one byte changed.
    fs::copy(dir.join("site/checker.html"), dir.join("checker.html")).expect("copies");
    for (name, bytes) in files(&dir.join("site")) {
        let is_of_the_ledger = ["tile/", "parts/", "checkpoint", "first-key"].iter().any(|of| name.starts_with(of));
        for folder in ["copy", "changed"].iter().filter(|_| is_of_the_ledger) {
            let path = dir.join(folder).join(&name);
            fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
            let mut bytes = bytes.clone();
            bytes[9] ^= u8::from(*folder == "changed" && name == "parts/000");
            fs::write(path, bytes).expect("writes");
        }
    }
    let key = text(&fs::read(dir.join("site/first-key")).expect("reads"));
    let served = Served::of(dir);
    let (page, site) = (format!("{}commitments.html", served.1), &served.1);
    let steps = json!([
        { "file": "checker.html", "folder": "copy", "key": key, "day": "2024-09-30" },
        { "path": "checker.html", "address": site, "key": key, "search": "wheelchair" },
        { "path": "checker.html", "address": page, "key": key },
        { "file": "checker.html", "folder": "changed", "key": key },
        { "file": "checker.html", "folder": "copy", "key": "example.org/other+00000000+AQ" },
        { "file": "checker.html", "address": "not an address", "key": key },
        { "path": "checker.html", "address": format!("{site}facts/"), "key": key },
    ]);
    let arguments = [modules.to_str().expect("UTF-8"), site, dir.to_str().expect("UTF-8")];
    let found = node("site.mjs", &arguments, &steps);
    for (n, found) in found.as_array().expect("results").iter().enumerate() {
        let wanted = ["sound", "sound", "sound", "broken", "unsure", "unsure", "unsure"][n];
        assert_eq!(found["verdict"], wanted, "{}: {found}", steps[n]);
        let hosts = found["hosts"].as_array().expect("hosts");
        assert!(hosts.iter().all(|host| host.as_str().is_some_and(|host| site.contains(host))), "{hosts:?}");
        assert!(n == 6 || found["errors"] == json!([]), "{}: {found}", steps[n]);
    }
    assert_eq!(found[0]["hosts"], json!([]), "a folder is read without a network");
    assert!(found[0]["main"].as_str().expect("text").contains("As at 30 Sep 2024"), "{}", found[0]["main"]);
    assert!(found[1]["main"].as_str().expect("text").contains("wheelchair"), "{}", found[1]["main"]);
    assert!(found[5]["text"].as_str().expect("text").contains("https://example.org/ledger/"), "{}", found[5]["text"]);
    // The verdict names what was checked.
    assert!(found[0]["text"].as_str().expect("text").contains("What was checked: copy"), "{}", found[0]["text"]);
    let of_site = format!("What was checked: {site}");
    assert!((1..3).all(|n| found[n]["text"].as_str().expect("text").contains(&of_site)), "{found}");
    // A ledger that fails is not shown.
    assert!(!found[3]["body"].as_str().expect("text").contains("Owed in every case"), "{}", found[3]["body"]);
}

#[test]
fn a_page_in_one_file_proves_itself_without_a_network() {
    let (Some(modules), Some(module)) = (browser(), module()) else { return };
    let module = module.to_str().expect("UTF-8");
    let dir = ledger_of(&root().join("seeds"));
    let dir = dir.path();
    let single = ["--ledger", "ledger", "site", "build", "--single", "ledger.html", "--as-of", "2026-11-22"];
    ok(dir, &[&single[..], &["--module", module]].concat());
    ok(dir, &["--ledger", "ledger", "publish", "public", "-q"]);
    let key = text(&fs::read(dir.join("public/first-key")).expect("reads"));
    let proof = ok(dir, &["--ledger", "ledger", "prove", "dcc-500-places", "--page", "--module", module]);
    let whole = fs::read_to_string(dir.join("ledger.html")).expect("reads");
    fs::write(dir.join("proof.html"), &proof).expect("writes");
    // One byte of the ledger inside, of what the page says, or of the proof.
    let changed = |page: &str, before: &str, at: usize| {
        let place = page.find(before).expect(before) + before.len() + at;
        let mut page = page.as_bytes().to_vec();
        page[place] = if page[place] == b'A' { b'B' } else { b'A' };
        page
    };
    fs::write(dir.join("entry.html"), changed(&whole, "\"tile/entries/000\":\"", 4_000)).expect("writes");
    fs::write(dir.join("part.html"), changed(&whole, "\"parts/000\":\"", 4_000)).expect("writes");
    fs::write(dir.join("says.html"), changed(&whole, "class=\"summary\">", 3)).expect("writes");
    fs::write(dir.join("proof-says.html"), changed(&proof, "<h1>", 0)).expect("writes");
    fs::write(dir.join("proof-inside.html"), changed(&proof, "\"proof\":\"", 900)).expect("writes");
    let steps = json!([
        { "file": "ledger.html", "key": key, "day": "2024-09-30" },
        { "file": "proof.html", "key": key },
        { "file": "entry.html", "key": key },
        { "file": "part.html", "key": key },
        { "file": "says.html", "key": key },
        { "file": "proof-says.html", "key": key },
        { "file": "proof-inside.html", "key": key },
        { "file": "proof.html", "key": "example.org/other+00000000+AQ" },
    ]);
    let arguments = [modules.to_str().expect("UTF-8"), "", dir.to_str().expect("UTF-8")];
    let found = node("site.mjs", &arguments, &steps);
    for (n, found) in found.as_array().expect("results").iter().enumerate() {
        assert_eq!(found["verdict"] == "sound", n < 2, "{}: {found}", steps[n]);
        assert!(found["hosts"] == json!([]) && found["errors"] == json!([]), "{}: {found}", steps[n]);
    }
    assert!(found[0]["main"].as_str().expect("text").contains("As at 30 Sep 2024"), "{}", found[0]["main"]);
    // A folder is no place for it, and without a checker there is no such page.
    let refuse = |file: &str| {
        let refused = run(dir, &["--ledger", "ledger", "site", "build", "--single", file, "--module", module]);
        assert_eq!(refused.status.code(), Some(2), "{file}: {}", text(&refused.stderr));
    };
    refuse("public");
    // Nothing else is overwritten, and nothing in the ledger's folder.
    fs::write(dir.join("novel.html"), "<!DOCTYPE html><p>A novel.").expect("writes");
    let before = fs::read(dir.join("ledger/signing.key")).expect("a key");
    ["novel.html", "ledger/signing.key", "ledger/hot/new.html"].iter().for_each(|file| refuse(file));
    assert!(fs::read(dir.join("ledger/signing.key")).expect("a key") == before);
    ok(dir, &[&single[..], &["--module", module, "-q"]].concat());
    let refused = run(dir, &["--ledger", "ledger", "prove", "dcc-500-places", "--page", "--module", "ledger.html"]);
    assert!(text(&refused.stderr).contains("not the checker of this version"), "{}", text(&refused.stderr));
}

#[test]
fn what_was_withheld_stays_away_whatever_a_build_left_behind() {
    let dir = ledger_of(&root().join("tests/suite/every-kind.toml"));
    let dir = dir.path();
    let facts = |sensitive: &str| {
        format!(
            "[[statement]]\nid = \"said\"\ntext = \"A child called Xanthippe\"\nact = \"claim\"\nby = \"speaker\"\nvoice = \"self\"\n{sensitive}\
             occurred = \"2025-01-01\"\ncites = [{{ source = \"a-letter\", at = \"line 1\" }}]\n"
        )
    };
    let others = "[[party]]\nid = \"speaker\"\nname = \"A Speaker\"\nkind = \"council\"\n\n\
        [[source]]\nid = \"a-letter\"\ntitle = \"A letter\"\npublished = \"2025-01-02\"\n\n";
    fs::write(dir.join("facts.toml"), format!("{others}{}", facts(""))).expect("writes");
    ok(dir, &["--ledger", "ledger", "append", "facts.toml", "-q"]);
    build(dir, "site");
    let before = files(&dir.join("site"));
    let holds = |bytes: &[u8]| bytes.windows(9).any(|window| window == b"Xanthippe");
    assert!(before.values().any(|bytes| holds(bytes)));
    fs::write(dir.join("correction.toml"), facts("sensitive = true\n")).expect("writes");
    ok(dir, &["--ledger", "ledger", "correct", "said", "correction.toml", "--reason", "It names a child", "-q"]);
    build(dir, "site");
    let after = files(&dir.join("site"));
    let left: Vec<&String> = after.iter().filter(|(_, bytes)| holds(bytes)).map(|(name, _)| name).collect();
    assert!(left.is_empty(), "{left:?}");
    // A host that puts the withheld parts back does not bring the fact back to the pages.
    let parts: Vec<&String> = before.keys().filter(|name| name.starts_with("parts/")).collect();
    for part in parts {
        fs::create_dir_all(dir.join("site").join(part).parent().expect("a folder")).expect("a folder");
        fs::write(dir.join("site").join(part), &before[part]).expect("writes");
    }
    let Some(module) = module().filter(|_| has_tool("node", "node", &["--version"])) else { return };
    let key = text(&after["first-key"]);
    let requests = json!([
        { "do": "check", "page": "bodies/speaker.html", "key": key, "seen": null },
        { "do": "page", "page": "facts/said.html", "day": "2026-11-22" },
    ]);
    let site = dir.join("site");
    let said = node("module.mjs", &[module.to_str().expect("UTF-8"), site.to_str().expect("UTF-8")], &requests);
    assert_eq!(said["answers"][0]["verdict"], "sound", "{said}");
    assert_eq!(said["answers"][1]["page"], Value::Null, "{said}");
}
