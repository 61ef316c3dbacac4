//! Builds sites and reads them as strangers do: every link, every byte, every hostile text.

use crate::{ledger_of, ok, root, run, text};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// Returns every file in a folder by its path from there.
pub fn files(dir: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut open = vec![dir.to_owned()];
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(&folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                open.push(path);
            } else {
                let name = path.strip_prefix(dir).expect("inside").to_str().expect("UTF-8").to_owned();
                found.insert(name, fs::read(&path).expect("reads"));
            }
        }
    }
    found
}

pub fn build(dir: &Path, to: &str) -> String {
    let site = ["--ledger", "ledger", "site", "build", to, "--name", "Test <ledger>", "--as-of", "2026-11-22"];
    ok(dir, &[&site[..], &["--contact", "keeper@example.org"]].concat())
}

/// Returns the values of an attribute in a page, with entities resolved.
fn values<'p>(page: &'p str, attribute: &str) -> Vec<String> {
    let parts = page.split(&format!(" {attribute}=\"")).skip(1).collect::<Vec<&'p str>>();
    let value = |part: &&str| part[..part.find('"').expect("a quote")].replace("&amp;", "&").replace("&quot;", "\"");
    parts.iter().map(value).collect()
}

/// Returns the path that a link of a page leads to, and the anchor there.
fn target(page: &str, link: &str) -> (String, Option<String>) {
    let (path, anchor) = link.split_once('#').map_or((link, None), |(path, anchor)| (path, Some(anchor.to_owned())));
    let mut at: Vec<&str> = page.split('/').collect();
    at.pop();
    let mut at = if path.is_empty() { page.split('/').collect() } else { at };
    for part in path.split('/').filter(|part| !part.is_empty()) {
        if part == ".." {
            at.pop().expect("no link leaves the site");
        } else {
            at.push(part);
        }
    }
    (at.join("/"), anchor)
}

#[test]
fn every_link_leads_somewhere_and_the_same_ledger_gives_the_same_bytes() {
    let dir = ledger_of(&root().join("seeds"));
    let dir = dir.path();
    let said = build(dir, "site");
    let site = files(&dir.join("site"));
    assert!(said.contains("0 already there, 0 removed"), "{said}");
    let mut links = 0;
    for (name, bytes) in site
        .iter()
        .filter(|(name, _)| name.ends_with(".html") && !["404.html", "checker.html"].contains(&name.as_str()))
    {
        let page = std::str::from_utf8(bytes).expect("UTF-8");
        let ids = values(page, "id");
        assert_eq!(ids.len(), ids.iter().collect::<BTreeSet<_>>().len(), "{name}: an id twice");
        for link in values(page, "href").iter().chain(&values(page, "src")) {
            if link.contains(':') {
                assert!(link.starts_with("https://") || link.starts_with("mailto:keeper@"), "{name}: {link}");
                continue;
            }
            let (path, anchor) = target(name, link);
            // The checker is there if the program was built with it.
            if path == "check.js" {
                continue;
            }
            let there = site.get(&path).unwrap_or_else(|| panic!("{name}: {link} leads nowhere"));
            if let Some(anchor) = anchor {
                let has = text(there).contains(&format!(" id=\"{anchor}\""));
                assert!(has, "{name}: {link} has no anchor");
            }
            links += 1;
        }
        assert!(!page.contains("style=\""), "{name}: a style that the policy forbids");
    }
    assert!(links > 5000, "{links}");
    // The folder is the published ledger, and its manifest is right.
    ok(dir, &["verify", "site"]);
    let manifest = text(&site["manifest.txt"]);
    for line in manifest.lines() {
        let (digest, path) = line.split_once("  ").expect("two fields");
        assert_eq!(blake3::hash(&site[path]).to_string(), digest, "{path}");
    }
    let of_ledger = |path: &str| {
        ["checkpoint", "first-key"].contains(&path) || path.starts_with("tile/") || path.starts_with("parts/")
    };
    for path in site.keys().filter(|path| !of_ledger(path) && *path != "manifest.txt") {
        assert!(manifest.contains(&format!("  {path}\n")), "{path} is not in the manifest");
    }
    let again = build(dir, "site");
    assert!(again.contains("0 written") && again.contains("0 removed"), "{again}");
    build(dir, "other");
    assert_eq!(files(&dir.join("other")), site);
}

#[test]
fn what_is_gone_says_so_and_what_is_sensitive_is_nowhere() {
    let dir = ledger_of(&root().join("tests/suite/sensitive.toml"));
    let dir = dir.path();
    let facts = "[[party]]\nid = \"a-council\"\nname = \"A Council\"\nkind = \"council\"\n\n\
        [[statement]]\nid = \"wrong\"\ntext = \"A mistaken sentence\"\nact = \"claim\"\nby = \"a-council\"\nvoice = \"self\"\noccurred = \"2025-01-01\"\n\
        cites = [{ source = \"a-letter\", at = \"line 1\" }]\n\n\
        [[source]]\nid = \"a-letter\"\ntitle = \"A letter\"\npublished = \"2025-01-02\"\n";
    fs::write(dir.join("facts.toml"), facts).expect("writes");
    ok(dir, &["--ledger", "ledger", "append", "facts.toml"]);
    build(dir, "site");
    assert!(text(&fs::read(dir.join("site/facts/wrong.html")).expect("a page")).contains("A mistaken sentence"));
    ok(dir, &["--ledger", "ledger", "retract", "wrong", "--reason", "Not said", "--yes"]);
    build(dir, "site");
    let site = files(&dir.join("site"));
    let page = text(&site["facts/wrong.html"]);
    assert!(page.contains("retracted: Not said") && !page.contains("A mistaken sentence"), "{page}");
    assert!(text(&site["corrections.html"]).contains("Not said"));
    let missing = text(&site["404.html"]);
    assert!(missing.contains("identifiable children or families"), "{missing}");
    let listed = ok(dir, &["--ledger", "ledger", "timeline", "--sensitive", "--json"]);
    let listed: Value = serde_json::from_str(&listed).expect("JSON");
    let public = ok(dir, &["--ledger", "ledger", "timeline", "--json"]);
    let mut hidden = 0;
    for row in listed["rows"].as_array().expect("rows") {
        let id = row["id"].as_str().expect("an id");
        if public.contains(&format!("\"{id}\"")) {
            continue;
        }
        hidden += 1;
        // The checker is the same for every ledger; a short id is in its bytes by chance.
        for (path, bytes) in site.iter().filter(|(path, _)| !["checker.html", "heldto.wasm"].contains(&path.as_str())) {
            let holds = bytes.windows(id.len()).any(|window| window == id.as_bytes());
            assert!(!holds && !path.contains(id), "{path} tells of {id}");
        }
    }
    assert!(hidden > 0, "nothing sensitive is recorded");
    ok(dir, &["init", "empty", "--origin", "example.org/empty", "-q"]);
    ok(dir, &["--ledger", "empty", "site", "build", "of-none", "-q"]);
    let of_none = files(&dir.join("of-none"));
    for same in ["checker.html", "heldto.wasm"] {
        assert!(of_none.get(same) == site.get(same), "{same} is not the same for every ledger");
    }
    // A page whose fact is no longer known on the day is taken away.
    let earlier = ["--ledger", "ledger", "site", "build", "site", "--as-of", "2001-01-01", "-q"];
    ok(dir, &earlier);
    assert!(files(&dir.join("site")).len() < site.len());
}

#[test]
fn a_build_touches_only_what_is_its_own() {
    let dir = ledger_of(&root().join("tests/suite/every-kind.toml"));
    let dir = dir.path();
    let refuse = |arguments: &[&str], why: &str| {
        let refused = run(dir, &[&["--ledger", "ledger", "site", "build"], arguments].concat());
        let said = text(&refused.stderr);
        assert!(refused.status.code() == Some(2) && said.contains(why), "{said}");
    };
    // The folder around the ledger would be served with its key.
    refuse(&["."], "the ledger is inside");
    fs::create_dir(dir.join("site")).expect("a folder");
    fs::write(dir.join("site/index.html"), "My own page").expect("writes");
    refuse(&["site"], "is no file of a site");
    assert_eq!(fs::read(dir.join("site/index.html")).expect("reads"), b"My own page");
    assert!(!dir.join("site/checkpoint").exists(), "nothing is published before the folder is looked at");
    fs::remove_file(dir.join("site/index.html")).expect("removes");
    // A foreign first key makes a folder another ledger's; a draft is of a killed build.
    ok(dir, &["init", "else", "--origin", "example.org/else", "-q"]);
    ok(dir, &["--ledger", "else", "publish", "public", "-q"]);
    fs::copy(dir.join("public/first-key"), dir.join("site/first-key")).expect("copies");
    let refused = run(dir, &["--ledger", "ledger", "site", "build", "site"]);
    assert_eq!(refused.status.code(), Some(4), "{}", text(&refused.stderr));
    fs::remove_file(dir.join("site/first-key")).expect("removes");
    fs::write(dir.join("site/.heldto-site-killed"), "half a page").expect("writes");
    // A manifest from elsewhere names files that no site has, and one that a site had.
    fs::write(dir.join("site/CNAME"), "example.org").expect("writes");
    fs::create_dir(dir.join("site/facts")).expect("a folder");
    fs::write(dir.join("site/facts/old.html"), "old").expect("writes");
    let digest = "0".repeat(64);
    let manifest = format!("{digest}  CNAME\n{digest}  ../secret.html\n{digest}  facts/old.html\n");
    fs::write(dir.join("secret.html"), "secret").expect("writes");
    fs::write(dir.join("site/manifest.txt"), manifest).expect("writes");
    build(dir, "site");
    assert!(dir.join("site/CNAME").is_file() && dir.join("secret.html").is_file());
    assert!(!dir.join("site/facts/old.html").exists() && !dir.join("site/.heldto-site-killed").exists());
}

#[test]
fn hostile_text_stays_text() {
    let evil = "</script><script>alert(1)</script><!--<img src=x onerror=alert(2)>'&quot;]]>";
    let quoted = serde_json::to_string(evil).expect("JSON");
    let facts = format!(
        "[[party]]\nid = \"a-council\"\nname = {quoted}\nkind = \"council\"\n\n\
         [[source]]\nid = \"a-source\"\ntitle = {quoted}\npublisher = {quoted}\npublished = \"2025-01-01\"\nurl = {quoted}\n\n\
         [[pledge]]\nid = \"a-pledge\"\ntext = {quoted}\nby = \"a-council\"\nvoice = \"self\"\nforce = \"pledge\"\n\
         target = {{ deliverable = {quoted} }}\ndue = {{ mode = \"by\", date = \"2025-05-31\", terms = {quoted} }}\ntest = {quoted}\nnote = {quoted}\n\
         occurred = \"2025-01-01\"\ncites = [{{ source = \"a-source\", at = {quoted} }}]\n"
    );
    let dir = tempfile::tempdir().expect("a folder");
    let dir = dir.path();
    fs::write(dir.join("facts.toml"), facts).expect("writes");
    ok(dir, &["init", "ledger", "--origin", "example.org/test", "-q"]);
    ok(dir, &["--ledger", "ledger", "append", "facts.toml", "-q"]);
    ok(
        dir,
        &["--ledger", "ledger", "site", "build", "site", "--name", evil, "--contact", evil, "--as-of", "2026-11-22"],
    );
    let site = files(&dir.join("site"));
    let mut told = 0;
    let scripts = if site.contains_key("check.js") { 3 } else { 2 };
    for (name, bytes) in site.iter().filter(|(name, _)| name.ends_with(".html") && *name != "checker.html") {
        let page = text(bytes);
        assert!(!page.contains("<script>") && !page.contains("<img") && !page.contains("<!--"), "{name}: {page}");
        assert_eq!(page.matches("<script ").count(), if name == "404.html" { 0 } else { scripts }, "{name}");
        told += page.matches("&lt;script&gt;alert(1)").count();
        for kind in ["application/ld+json", "application/json"].iter().filter(|_| name != "404.html") {
            let block = page.split(&format!("<script type=\"{kind}\"")).nth(1).expect("a block");
            let block = &block[block.find('>').expect("its end") + 1..block.find("</script>").expect("an end")];
            let value: Value = serde_json::from_str(block).expect("JSON");
            assert!(value["name"].is_string(), "{name}: {value}");
        }
    }
    assert!(told > 20, "{told}");
    // A link of another scheme is text.
    let pages = site.iter().filter(|(name, _)| name.ends_with(".html"));
    assert!(!pages.into_iter().any(|(_, bytes)| text(bytes).contains("href=\"&lt;/script")));
}

#[test]
fn a_site_goes_into_no_ledger_and_follows_no_link() {
    let dir = ledger_of(&root().join("tests/suite/every-kind.toml"));
    let dir = dir.path();
    let refused = run(dir, &["--ledger", "ledger", "site", "build", "ledger"]);
    assert_eq!(refused.status.code(), Some(2), "{}", text(&refused.stderr));
    #[cfg(unix)]
    {
        // A folder of the site that is a link is not written through.
        let outside: PathBuf = dir.join("outside");
        fs::create_dir(&outside).expect("a folder");
        fs::create_dir(dir.join("site")).expect("a folder");
        std::os::unix::fs::symlink(&outside, dir.join("site/facts")).expect("a link");
        let refused = run(dir, &["--ledger", "ledger", "site", "build", "site"]);
        assert!(!refused.status.success(), "{}", text(&refused.stdout));
        assert!(text(&refused.stderr).contains("facts"), "{}", text(&refused.stderr));
        assert!(fs::read_dir(&outside).expect("reads").next().is_none());
    }
}
