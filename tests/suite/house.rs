//! Checks how the code is written: names, doc comments, modules and defaults, as ARCHITECTURE.md
//! says under *How the code is written*.

use crate::root;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// Returns the files of Rust under a folder, without those that a build made.
fn sources(folder: &Path) -> Vec<PathBuf> {
    let (mut found, mut open) = (Vec::new(), vec![folder.to_owned()]);
    while let Some(dir) = open.pop() {
        for entry in std::fs::read_dir(dir).expect("a folder").flatten() {
            let path = entry.path();
            if path.is_dir() {
                open.extend((entry.file_name() != "target").then_some(path));
            } else if path.extension().is_some_and(|x| x == "rs") {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

fn crates() -> Vec<PathBuf> {
    let mut all: Vec<PathBuf> =
        std::fs::read_dir(root().join("crates")).expect("crates").flatten().map(|e| e.path().join("src")).collect();
    all.sort();
    all
}

/// Returns the files that ship, each with its text.
fn shipped() -> Vec<(PathBuf, String)> {
    let all = crates().into_iter().flat_map(|src| sources(&src));
    all.map(|path| (path.clone(), std::fs::read_to_string(path).expect("text"))).collect()
}

/// Returns a line that is a comment, without its indentation and slashes, and its kind.
fn comment(line: &str) -> Option<(&'static str, &str)> {
    let line = line.trim_start();
    ["///", "//!", "//"].iter().find_map(|mark| Some((*mark, line.strip_prefix(mark)?.trim_start())))
}

/// Returns the name of a public type that a line declares.
fn declared(line: &str) -> Option<&str> {
    let line = line.strip_prefix("pub ")?;
    let rest = ["struct ", "enum ", "trait ", "type "].iter().find_map(|word| line.strip_prefix(word))?;
    rest.split(|c: char| !c.is_alphanumeric() && c != '_').next()
}

#[test]
fn no_two_public_types_have_one_name() {
    let mut places: BTreeMap<String, BTreeSet<PathBuf>> = BTreeMap::new();
    for (path, text) in shipped() {
        for name in text.lines().filter_map(declared) {
            places.entry(name.to_owned()).or_default().insert(path.clone());
        }
    }
    assert!(places.len() > 150, "{} types", places.len());
    let twice: Vec<_> = places.iter().filter(|(_, paths)| paths.len() > 1).collect();
    assert!(twice.is_empty(), "{twice:#?}");
}

#[test]
fn summaries_say_what_is_returned_or_done() {
    const RIDDLES: [&str; 9] = ["What", "How", "Whether", "Where", "Who", "Which", "Of", "So", "Why"];
    let mut wrong = Vec::new();
    let mut summaries = 0;
    for (path, text) in shipped() {
        let mut before = None;
        for (n, line) in text.lines().enumerate() {
            let now = comment(line).filter(|(mark, _)| *mark != "//");
            if let Some((mark, words)) = now
                && before != Some(mark)
            {
                summaries += 1;
                let first = words.split(|c: char| !c.is_alphabetic()).next().unwrap_or_default();
                if RIDDLES.contains(&first) {
                    wrong.push(format!("{}:{}: {words}", path.display(), n + 1));
                }
            }
            before = now.map(|(mark, _)| mark);
        }
    }
    assert!(summaries > 1500, "{summaries} summaries");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_module_says_what_it_is() {
    for (path, text) in shipped() {
        assert!(text.starts_with("//!"), "{} begins without `//!`", path.display());
    }
}

#[test]
fn comments_keep_to_their_width() {
    for (path, text) in shipped() {
        for (n, line) in text.lines().enumerate().filter(|(_, line)| comment(line).is_some()) {
            assert!(line.chars().count() <= 100, "{}:{}: {} columns", path.display(), n + 1, line.len());
        }
    }
}

/// Checks that no value is invented where a number does not fit, because it would be stored.
#[test]
fn nothing_is_stored_in_place_of_a_number_that_does_not_fit() {
    for (path, text) in shipped() {
        for kind in ["u8", "u16", "u32", "u64", "i32", "i64"] {
            assert!(!text.contains(&format!("unwrap_or({kind}::MAX)")), "{} invents a number", path.display());
        }
    }
}

/// The modules of a crate and those that each uses, by their names at the top of the crate.
type Uses = BTreeMap<String, BTreeSet<String>>;

/// Returns a text without comments and without the tests at its end.
fn code(text: &str) -> String {
    let shipped = text.split("#[cfg(test)]\nmod ").next().unwrap_or_default();
    shipped.lines().filter(|line| comment(line).is_none()).collect::<Vec<_>>().join("\n")
}

/// Returns the names that follow `crate::` in a text, those inside braces each.
fn used(code: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for rest in code.split("crate::").skip(1) {
        let Some(inside) = rest.strip_prefix('{') else {
            found.extend(rest.split(|c: char| !c.is_alphanumeric() && c != '_').next().map(str::to_owned));
            continue;
        };
        let (mut depth, mut name) = (0, String::new());
        for c in inside.chars() {
            match c {
                '{' => depth += 1,
                '}' if depth == 0 => break,
                '}' => depth -= 1,
                ',' if depth == 0 => {
                    found.insert(std::mem::take(&mut name));
                }
                _ if depth == 0 => name.push(c),
                _ => {}
            }
        }
        found.insert(name);
    }
    found
        .iter()
        .filter_map(|n| n.trim().split(|c: char| !c.is_alphanumeric() && c != '_').next())
        .map(str::to_owned)
        .collect()
}

/// Returns the modules at the top of a crate, and for each name that `lib.rs` exports its module.
fn exports(lib: &str) -> (BTreeSet<String>, BTreeMap<String, String>) {
    let lib = code(lib);
    let modules = lib.lines().filter_map(|line| {
        let line = line.trim_start_matches("pub ").trim_start_matches("pub(crate) ");
        line.strip_prefix("mod ")?.strip_suffix(';').map(str::to_owned)
    });
    let mut names = BTreeMap::new();
    for export in lib.split("pub use ").chain(lib.split("pub(crate) use ")).skip(1) {
        let Some((module, rest)) = export.split(';').next().and_then(|e| e.split_once("::")) else { continue };
        for name in rest.split(|c: char| !c.is_alphanumeric() && c != '_').filter(|name| !name.is_empty()) {
            names.insert(name.to_owned(), module.to_owned());
        }
    }
    (modules.collect(), names)
}

fn uses(src: &Path) -> Uses {
    let Ok(lib) = std::fs::read_to_string(src.join("lib.rs")) else { return Uses::new() };
    let (modules, names) = exports(&lib);
    let mut all = Uses::new();
    for path in sources(src) {
        let inside = path.strip_prefix(src).expect("inside");
        let top = inside.iter().next().and_then(|c| c.to_str()).expect("a name").trim_end_matches(".rs").to_owned();
        if !modules.contains(&top) {
            continue;
        }
        let text = std::fs::read_to_string(&path).expect("text");
        let found = used(&code(&text)).into_iter();
        let found = found.filter_map(|name| modules.get(&name).or_else(|| names.get(&name)).cloned());
        let found = found.filter(|module| *module != top);
        all.entry(top.clone()).or_default().extend(found);
    }
    all
}

/// Returns a module that leads back to itself, with its way there.
fn circle(uses: &Uses) -> Option<Vec<String>> {
    for start in uses.keys() {
        let (mut seen, mut open) = (BTreeSet::new(), vec![vec![start.clone()]]);
        while let Some(way) = open.pop() {
            let last = way.last().expect("a start");
            for next in uses.get(last).into_iter().flatten() {
                let further = way.iter().chain([next]).cloned().collect();
                if next == start {
                    return Some(further);
                }
                if seen.insert(next) {
                    open.push(further);
                }
            }
        }
    }
    None
}

#[test]
fn no_modules_lean_on_each_other() {
    let mut counted = 0;
    for src in crates() {
        let uses = uses(&src);
        counted += uses.values().map(BTreeSet::len).sum::<usize>();
        assert_eq!(circle(&uses), None, "{}", src.display());
    }
    assert!(counted > 150, "{counted} uses");
    let both = [("a", "b"), ("b", "a")].map(|(a, b)| (a.to_owned(), BTreeSet::from([b.to_owned()])));
    assert!(circle(&both.into_iter().collect()).is_some(), "a circle is found");
}

/// Returns the literals of text in code, each line break as a space.
///
/// The messages of panics are left out.
fn literals(code: &str) -> Vec<String> {
    let plain = ["\\\\", "\\\"", "\\n", "'\"'"].iter().fold(code.to_owned(), |text, mark| text.replace(mark, " "));
    let parts: Vec<&str> = plain.split('"').collect();
    let told = parts.chunks(2).filter(|pair| !pair[0].ends_with(".expect("));
    told.filter_map(|pair| pair.get(1)).map(|literal| literal.replace('\n', " ")).collect()
}

/// Returns `true` if a literal has a word beside a space, or begins like a heading.
///
/// A single word in small letters may name data, and between braces is code.
fn is_english(literal: &str) -> bool {
    let outside = literal.split(['{', '}']).step_by(2).collect::<Vec<_>>().join("_");
    let is_word = |token: &str| {
        let word = token.trim_matches(|c: char| c.is_ascii_punctuation());
        word.len() > 1 && word.chars().all(char::is_alphabetic)
    };
    let mut first = outside.chars();
    let begins_high = first.next().is_some_and(char::is_uppercase) && first.next().is_some_and(char::is_lowercase);
    begins_high || (outside.contains(' ') && outside.split(' ').any(is_word))
}

/// Checks that another language of reports is a change of one folder.
#[test]
fn english_of_reports_is_made_in_one_room() {
    // A value of a column, the names of fields, the style of a page, and ratings of other trackers.
    const OTHERS: [(&str, &str); 4] = [
        ("authority.rs", "figure {metric}"),
        ("calc.rs", "amount, amount.2,"),
        ("render/html.rs", " :root"),
        ("scale.rs", ""),
    ];
    let src = root().join("crates/report/src");
    let (mut stray, mut made) = (Vec::new(), 0);
    for path in sources(&src) {
        let file = path.strip_prefix(&src).expect("inside").to_string_lossy().into_owned();
        let text = std::fs::read_to_string(&path).expect("text");
        let english = literals(&code(&text)).into_iter().filter(|literal| is_english(literal));
        if file.starts_with("wording") {
            made += english.count();
        } else {
            let is_other = |literal: &str| OTHERS.iter().any(|(of, begin)| *of == file && literal.starts_with(begin));
            stray.extend(english.filter(|literal| !is_other(literal)).map(|literal| format!("{file}: {literal}")));
        }
    }
    assert!(made > 500, "{made} literals of English");
    assert!(stray.is_empty(), "these belong in `wording`:\n{}", stray.join("\n"));
}

/// Checks that prose has one sentence a line, so that a changed word is a changed line.
#[test]
fn a_line_of_prose_is_one_sentence() {
    let mut pages = vec![root().join("README.md"), root().join("ARCHITECTURE.md")];
    for folder in ["docs", "seeds"] {
        let inside = std::fs::read_dir(root().join(folder)).expect(folder).flatten().map(|e| e.path());
        pages.extend(inside.filter(|path| path.extension().is_some_and(|x| x == "md")));
    }
    assert!(pages.len() > 10, "{pages:?}");
    for page in pages {
        let text = std::fs::read_to_string(&page).expect("text");
        let mut is_code = false;
        for (n, line) in text.lines().enumerate() {
            is_code ^= line.starts_with("```");
            if is_code || line.trim_start().starts_with('|') {
                continue;
            }
            // A quoted word is one word.
            let prose: String = line.split('`').step_by(2).collect::<Vec<_>>().join("x");
            let ends = prose.match_indices(". ").filter(|(at, _)| {
                let before = prose[..*at].chars().last().is_some_and(|c| c.is_ascii_lowercase() || ")*\"".contains(c));
                before && prose[at + 2..].starts_with(|c: char| c.is_ascii_uppercase())
            });
            assert_eq!(ends.count(), 0, "{}:{}: {line}", page.display(), n + 1);
        }
    }
}

/// Checks that the glossary is sorted, names each term once, and names only types that there are.
#[test]
fn the_glossary_is_that_of_the_code() {
    let text = std::fs::read_to_string(root().join("docs/GLOSSARY.md")).expect("a glossary");
    let rows: Vec<&str> = text.lines().filter(|l| l.starts_with("| ") && !l.starts_with("| term ")).collect();
    let terms: Vec<String> =
        rows.iter().filter_map(|row| row.split('|').nth(1)).map(|t| t.trim().to_lowercase()).collect();
    assert!(terms.len() >= 60, "{} terms", terms.len());
    for pair in terms.windows(2) {
        assert!(pair[0] < pair[1], "`{}` comes after `{}`", pair[0], pair[1]);
    }
    let code: String = shipped().into_iter().map(|(_, text)| text).collect();
    let names: BTreeSet<&str> = code.split(|c: char| !c.is_alphanumeric() && c != '_').collect();
    let is_type =
        |word: &&str| word.starts_with(|c: char| c.is_ascii_uppercase()) && word.chars().any(char::is_lowercase);
    for word in rows.iter().flat_map(|row| row.split('`').skip(1).step_by(2)).filter(is_type) {
        let parts = word.split("::").map(|part| part.trim_end_matches("()"));
        parts.for_each(|part| assert!(names.contains(part), "the glossary names `{word}`, which is not in the code"));
    }
}
