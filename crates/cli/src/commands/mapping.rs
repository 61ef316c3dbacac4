//! `mapping`: prints the mappings that ship with the program, and makes one of a table by
//! questions. Start at [`run`].

use super::add::{Answers, Question, Sort};
use super::{append, plain};
use crate::args::{Global, MappingArgs};
use crate::error::{CommandError, INPUT};
use crate::open::Access;
use crate::prompt::{Choice, NoAnswer, Prompt};
use crate::{Env, RunOutput, input, load, open};
use chrono::NaiveDate;
use heldto_fact::{Body, FactId, Kind, PartyKind, Quantity, Voice, When};
use heldto_intake::{ExistingFacts, File, date_as_said, slug};
use heldto_replay::{AllView, Clock};
use std::collections::BTreeSet;
use std::path::Path;
use toml::Value;

/// Prints a shipped mapping, or the names of all; with `--draft`, makes one.
pub fn run(env: &mut Env<'_>, global: &Global, args: &MappingArgs) -> Result<RunOutput, CommandError> {
    if let Some(table) = &args.draft {
        return draft(env, global, table);
    }
    let names: Vec<&str> = heldto_intake::SHIPPED.iter().map(|(name, _)| *name).collect();
    let Some(name) = &args.name else { return Ok(plain(format!("{}\n", names.join("\n")))) };
    match heldto_intake::SHIPPED.iter().find(|(shipped, _)| shipped == name) {
        Some((_, text)) => Ok(plain(*text)),
        None => Err(CommandError::new(INPUT, format!("`{name}` is not a built-in mapping"))
            .hint(format!("the built-in mappings are {}", names.join(", ")))),
    }
}

/// Number of rows that are shown as they would be recorded.
const SHOWN: usize = 3;
/// Maximum number of different cells that stand for a missing number.
const MOST_WORDS: usize = 20;
/// Number of rows in which cells without a number are looked for.
const LOOKED_AT: usize = 10_000;

/// A table's header and its first rows.
struct Table {
    name: String,
    columns: Vec<String>,
    rows: Vec<Vec<String>>,
    /// The header and the first [`SHOWN`] rows, as text.
    head: String,
}

impl Table {
    fn read(file: &File) -> Result<Self, CommandError> {
        let name = file.name.rsplit(['/', '\\']).next().unwrap_or(&file.name).to_owned();
        let wrong = |why: &str| {
            CommandError::new(INPUT, format!("{}: {why}", file.name))
                .hint("save the table as CSV UTF-8, with one header row")
        };
        let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(file.text.as_bytes());
        let header = reader.headers().map_err(|e| wrong(&e.to_string()))?.clone();
        let columns: Vec<String> = header.iter().map(str::to_owned).collect();
        if let Some(column) = columns.iter().find(|name| name.contains(char::is_control)) {
            return Err(wrong(&format!("the column {column:?} has characters that cannot be seen: rename it")));
        }
        if let Some(twice) = columns.iter().find(|name| columns.iter().filter(|other| other == name).count() > 1) {
            return Err(wrong(&format!("two columns are called `{twice}`: rename one")));
        }
        if columns.len() < 2 {
            return Err(wrong("it has one column, so it is not separated by commas"));
        }
        // A name with these characters could not stand in a template.
        let unusable = columns.iter().find(|name| name.is_empty() || name.contains(['{', '}', '|', ':']));
        if let Some(column) = unusable {
            return Err(wrong(&format!("a column is called `{column}`: rename it in the table")));
        }
        let mut rows = Vec::new();
        let mut head = csv::Writer::from_writer(Vec::new());
        let failed = |e: &dyn std::fmt::Display| CommandError::new(INPUT, e.to_string());
        head.write_record(&columns).map_err(|e| failed(&e))?;
        for record in reader.records().take(LOOKED_AT) {
            let record = record.map_err(|e| wrong(&e.to_string()))?;
            if rows.len() < SHOWN {
                head.write_record(&record).map_err(|e| failed(&e))?;
            }
            rows.push(record.iter().map(str::to_owned).collect());
        }
        if rows.is_empty() {
            return Err(wrong("it has no row under its header"));
        }
        let head = String::from_utf8_lossy(&head.into_inner().map_err(|e| failed(&e))?).into_owned();
        Ok(Self { name, columns, rows, head })
    }

    /// Returns the cells of a column.
    fn cells(&self, column: &str) -> impl Iterator<Item = &str> {
        let place = self.columns.iter().position(|name| name == column);
        self.rows.iter().filter_map(move |row| Some(row.get(place?)?.as_str()))
    }

    fn choices(&self) -> Vec<Choice> {
        let example = |column: &String| {
            let cell = self.cells(column).find(|cell| !cell.is_empty()).unwrap_or("empty");
            Choice::new(column, &format!("a column, such as {cell}"))
        };
        self.columns.iter().map(example).collect()
    }

    /// Returns the column of this name.
    fn column(&self, typed: &str) -> Option<&str> {
        self.columns.iter().find(|name| name.eq_ignore_ascii_case(typed)).map(String::as_str)
    }
}

/// Makes a mapping of a table by questions, and shows its first rows as they would be recorded.
fn draft(env: &mut Env<'_>, global: &Global, path: &Path) -> Result<RunOutput, CommandError> {
    let file = input::files(env, &[path.to_path_buf()])?.remove(0);
    let table = Table::read(&file)?;
    let open = open::ledger(env, global, Access::Read)?;
    let facts = load::all(&open)?;
    let ground = append::ground(&open)?;
    drop(open);
    let view = AllView::new(&facts, Clock { as_of: NaiveDate::MAX, known_by: NaiveDate::MAX });
    let mut drawn =
        Draft { table: &table, answers: Answers::new(Kind::Measurement, view, env.today()), view, text: String::new() };
    let source =
        drawn.found(env, "source", "Where is the table from? (a source on record; or publisher, day)", Sort::Source)?;
    let by = drawn.found(env, "by", "Who states the figures?", Sort::Fact(Kind::Party))?;
    let voice = drawn.found(env, "voice", "Who says so?", Sort::Choice(voices))?;
    let place = drawn.place(env)?;
    let time = drawn.time(env)?;
    let measures = drawn.measures(env)?;
    let missing = drawn.missing(env, &measures)?;
    let mut text = format!(
        "# A mapping of {}; docs/MAPPING.md explains every key.\n\n{}{}[mapping]\nsource = {}\nby = {}\nvoice = {}\n",
        table.name,
        drawn.answers.new_facts(),
        drawn.text,
        quoted(&source),
        quoted(&by),
        quoted(&voice),
    );
    text.push_str(&format!("scheme = {}\n{missing}\n{}\n", quoted(&place.scheme), place.text));
    text.push_str(&format!("[[mapping.file]]\nname = {}\n{time}", quoted(&table.name)));
    for (column, metric, unit) in &measures {
        let value = format!("{{{column}}} {unit}");
        text.push_str(&format!(
            "\n[[mapping.file.measure]]\nmetric = {}\nvalue = {}\n",
            quoted(metric),
            quoted(&value)
        ));
    }
    let is_read = show(env, &File { name: "the mapping".to_owned(), text: text.clone() }, &table, &ground);
    (env.eprintln)(&format!(
        "To record the table by the mapping: heldto append {} --mapping FILE --dry-run",
        path.display()
    ));
    Ok(RunOutput { exit_code: if is_read { 0 } else { INPUT }, ..plain(text) })
}

/// Shows the first rows of the table as the facts that they become; returns `true` if they can be
/// read.
fn show(env: &mut Env<'_>, mapping: &File, table: &Table, ground: &ExistingFacts) -> bool {
    let head = File { name: table.name.clone(), text: table.head.clone() };
    match heldto_intake::map(mapping, &[head], ground) {
        Ok((facts, _)) => {
            (env.eprintln)("The first rows become:");
            for fact in facts.iter().filter(|fact| fact.kind() == Kind::Measurement) {
                let amounts: Vec<String> = fact.amounts.iter().map(heldto_report::amount).collect();
                let about: Vec<&str> = fact.about.iter().map(FactId::as_str).collect();
                (env.eprintln)(&format!("  {}: {} ({})", fact.text, amounts.join(", "), about.join(", ")));
            }
            true
        }
        Err(problems) => {
            (env.eprintln)(&format!("The first rows cannot be read so:\n{}", problems.render(false)));
            false
        }
    }
}

fn voices() -> Vec<&'static str> {
    Voice::ALL.iter().map(|voice| voice.as_str()).collect()
}

fn quoted(text: &str) -> String {
    Value::from(text).to_string()
}

/// The places that the figures are about, as text of a mapping.
struct Places {
    scheme: String,
    text: String,
}

/// A mapping that is being made.
struct Draft<'a> {
    table: &'a Table,
    answers: Answers<'a>,
    view: AllView<'a>,
    /// Figures that the mapping declares, as text of a facts file.
    text: String,
}

impl Draft<'_> {
    /// Asks a free question; an empty answer is taken for `default`.
    fn asked(env: &mut Env<'_>, text: &str, choices: &[Choice], default: Option<&str>) -> Result<String, CommandError> {
        loop {
            let answer = (env.ask)(&Prompt { text, choices }).map_err(nobody)?;
            match (answer.as_str(), default) {
                ("", Some(default)) => return Ok(default.to_owned()),
                ("", None) => (env.eprintln)("  this is needed; Ctrl-C leaves without a mapping"),
                ("?", _) => choices.iter().for_each(|choice| (env.eprintln)(&format!("  {choice}"))),
                _ => return Ok(answer),
            }
        }
    }

    /// Asks until the answer is one of the choices.
    fn chosen(
        env: &mut Env<'_>,
        text: &str,
        choices: &[Choice],
        default: Option<&str>,
    ) -> Result<String, CommandError> {
        loop {
            let answer = Self::asked(env, text, choices, default)?.to_lowercase();
            if choices.iter().any(|choice| choice.answer == answer) {
                return Ok(answer);
            }
            let words: Vec<&str> = choices.iter().map(|choice| choice.answer.as_str()).collect();
            (env.eprintln)(&format!("  one of: {}", words.join(", ")));
        }
    }

    /// Asks for a fact on record, or one that is made on the way, as `add` does.
    fn found(
        &mut self,
        env: &mut Env<'_>,
        key: &'static str,
        asks: &'static str,
        sort: Sort,
    ) -> Result<String, CommandError> {
        let question = Question { key, asks, sort, is_needed: true };
        let asked = super::add::ask(env, &mut self.answers, &question);
        asked.map_err(|error| if error.exit_code == INPUT { nobody(NoAnswer::Nobody) } else { error })?;
        Ok(self.answers.given(key).unwrap_or_default().to_owned())
    }

    /// Asks whose figures they are.
    fn place(&mut self, env: &mut Env<'_>) -> Result<Places, CommandError> {
        let mut choices = self.table.choices();
        choices.extend(self.answers.choices(&Question {
            key: "about",
            asks: "",
            sort: Sort::Fact(Kind::Party),
            is_needed: true,
        }));
        loop {
            let text = "Whose figures are they? (the column of their codes, or one body)";
            let answer = Self::asked(env, text, &choices, None)?;
            if let Some(code) = self.table.column(&answer) {
                let name = self.column(env, "Which column has their names?")?;
                let scheme =
                    Self::asked(env, "Which scheme are the codes of? (Enter: gss)", &[], Some("gss"))?.to_lowercase();
                let kinds: Vec<Choice> = PartyKind::ALL.iter().map(|kind| Choice::new(kind.as_str(), "")).collect();
                let kind = Self::chosen(env, "What are they? (Enter: council)", &kinds, Some("council"))?;
                return Ok(places(&scheme, &format!("{{{code}}}"), &format!("{{{name}}}"), &kind));
            }
            let question = Question { key: "about", asks: "", sort: Sort::Fact(Kind::Party), is_needed: true };
            if let Err(refusal) = self.answers.answer(&question, &answer) {
                (env.eprintln)(&format!("  {}", refusal.message));
                continue;
            }
            let body = self.answers.given("about").and_then(|id| self.view.fact(&id.parse().ok()?));
            match body.map(|fact| (&fact.text, &fact.body)) {
                Some((name, Body::Party { kind, identifiers })) if !identifiers.is_empty() => {
                    let code = &identifiers[0];
                    return Ok(places(&code.scheme, &code.value, name, kind.as_str()));
                }
                _ => (env.eprintln)(&format!(
                    "  {answer} has no code on record, by which figures find it; to give it one, such as \
                     identifiers = [\"gss:E10000007\"]: heldto edit {answer}"
                )),
            }
        }
    }

    fn column(&self, env: &mut Env<'_>, asks: &str) -> Result<String, CommandError> {
        loop {
            let answer = Self::asked(env, asks, &self.table.choices(), None)?;
            match self.table.column(&answer) {
                Some(column) => return Ok(column.to_owned()),
                None => (env.eprintln)(&format!(
                    "  no column is called `{answer}`; they are {}",
                    self.table.columns.join(", ")
                )),
            }
        }
    }

    /// Asks for the time of each row, and returns the line of the mapping.
    fn time(&self, env: &mut Env<'_>) -> Result<String, CommandError> {
        loop {
            let text = "For which time is each row? (a column, or one date for all)";
            let answer = Self::asked(env, text, &self.table.choices(), None)?;
            let Some(column) = self.table.column(&answer) else {
                match date_as_said(&answer, Some(env.today())) {
                    Ok(date) => return Ok(format!("period = {}\n", quoted(&date))),
                    Err(why) => (env.eprintln)(&format!("  no column is called that, and {why}")),
                }
                continue;
            };
            let is_time = |cell: &str| cell.parse::<When>().is_ok();
            // `202425` is a year that runs over two.
            let is_double = |cell: &str| cell.len() == 6 && cell.chars().all(|c| c.is_ascii_digit());
            let is_day = |cell: &str| cell.parse::<NaiveDate>().is_ok();
            // `2009-10` and `2009/10` are years that run over two, if all cells are; not months.
            let parted = |cell: &str| {
                let (year, next) = cell.split_once(['-', '/'])?;
                let is_next = next.parse::<u32>().ok()? % 100 == (year.parse::<u32>().ok()? + 1) % 100;
                (year.len() == 4 && matches!(next.len(), 2 | 4) && is_next).then_some(next.len())
            };
            let lengths: BTreeSet<Option<usize>> = self.table.cells(column).map(parted).collect();
            if let [Some(length)] = lengths.iter().copied().collect::<Vec<_>>()[..] {
                let choices =
                    [Choice::new("financial", "April to March"), Choice::new("school", "September to August")];
                let example = self.table.cells(column).next().unwrap_or_default();
                let year =
                    Self::chosen(env, &format!("Which year is {example}? (financial or school)"), &choices, None)?;
                let (first, last) = if year == "school" { ("09", "08") } else { ("04", "03") };
                let century = if length == 2 { "20" } else { "" };
                if length == 2 && self.table.cells(column).any(|cell| !cell.starts_with("20")) {
                    let message = format!("a year in `{column}` is of another century: write both years whole");
                    return Err(CommandError::new(INPUT, message).hint("such as 1998/1999"));
                }
                let end = 5 + length;
                let period = format!("{{{column}:0..4}}-{first}/{century}{{{column}:5..{end}}}-{last}");
                return Ok(format!("period = {}\n", quoted(&period)));
            }
            let follows = |cell: &str| {
                let parts = cell.get(..4).zip(cell.get(4..)).filter(|_| is_double(cell));
                let parts = parts.and_then(|(year, next)| Some((year.parse::<u32>().ok()?, next.parse::<u32>().ok()?)));
                parts.is_some_and(|(year, next)| (2000..2099).contains(&year) && year % 100 + 1 == next)
            };
            let Some(odd) = self.table.cells(column).find(|cell| !is_time(cell)) else {
                // A count as at a day is of no longer time.
                let key = if self.table.cells(column).all(is_day) { "day" } else { "period" };
                return Ok(format!("{key} = {}\n", quoted(&format!("{{{column}}}"))));
            };
            let is_month = |cell: &str| is_double(cell) && matches!(cell[4..].parse(), Ok(1..=12_u8));
            if self.table.cells(column).all(is_month) && !self.table.cells(column).all(follows) {
                let period = format!("{{{column}:0..4}}-{{{column}:4..6}}");
                (env.eprintln)(&format!("  {odd} is taken for a month"));
                return Ok(format!("period = {}\n", quoted(&period)));
            }
            if self.table.cells(column).all(is_double) {
                if let Some(wrong) = self.table.cells(column).find(|cell| !follows(cell)) {
                    let message = format!("`{wrong}` in the column `{column}` is no year and the next");
                    return Err(CommandError::new(INPUT, message).hint("correct the cell in the table"));
                }
                let choices =
                    [Choice::new("financial", "April to March"), Choice::new("school", "September to August")];
                let year = Self::chosen(env, &format!("Which year is {odd}? (financial or school)"), &choices, None)?;
                let (first, last) = if year == "school" { ("09", "08") } else { ("04", "03") };
                let period = format!("{{{column}:0..4}}-{first}/20{{{column}:4..6}}-{last}");
                return Ok(format!("period = {}\n", quoted(&period)));
            }
            (env.eprintln)(&format!(
                "  `{odd}` is no date of a facts file: write the column as 2024, 2024-03 or 2024-03-31, or see docs/MAPPING.md"
            ));
        }
    }

    /// Asks which columns are figures; returns each with its figure and its unit.
    fn measures(&mut self, env: &mut Env<'_>) -> Result<Vec<(String, String, String)>, CommandError> {
        let columns = loop {
            let text = "Which columns are figures? (names with commas between them)";
            let answer = Self::asked(env, text, &self.table.choices(), None)?;
            let named: Vec<&str> = answer.split(',').map(str::trim).filter(|name| !name.is_empty()).collect();
            match named.iter().find(|name| self.table.column(name).is_none()) {
                Some(unknown) => (env.eprintln)(&format!(
                    "  no column is called `{unknown}`; they are {}",
                    self.table.columns.join(", ")
                )),
                None => {
                    let known: Vec<String> =
                        named.iter().filter_map(|name| self.table.column(name)).map(str::to_owned).collect();
                    break known;
                }
            }
        };
        // A number of thousands would be recorded as one of ones.
        let scaled = |column: &&String| {
            let lower = column.to_lowercase();
            ["thousand", "million", "billion", "£m", "£k", "£bn", "000s", "'000", "(m)", "(k)", "(bn)"]
                .iter()
                .any(|word| lower.contains(word))
        };
        if let Some(column) = columns.iter().find(scaled) {
            let message =
                format!("the column `{column}` counts in thousands or more, and a mapping reads numbers as they stand");
            return Err(
                CommandError::new(INPUT, message).hint("write the whole numbers in the table, and rename the column")
            );
        }
        let mut measures = Vec::new();
        for column in columns {
            let (column, metric, unit) = self.measure(env, column)?;
            let cells = || self.table.cells(&column).filter(|cell| cell.contains(|c: char| c.is_ascii_digit()));
            let has_sign = |cell: &str| cell.ends_with('%');
            let is_share = |cell: &str| cell.parse::<f64>().is_ok_and(|share| share <= 1.0);
            let is_mixed = cells().any(has_sign) && !cells().all(has_sign);
            if unit == "%" && (is_mixed || (cells().all(is_share) && cells().any(|cell| cell.contains('.')))) {
                let message = format!("the cells of `{column}` may be shares of one, and not per cent");
                return Err(CommandError::new(INPUT, message).hint("write all of them in per cent: 48.5 for 0.485"));
            }
            measures.push((column, metric, unit));
        }
        Ok(measures)
    }

    /// Asks what a column counts: a figure on record, or a new one.
    fn measure(&mut self, env: &mut Env<'_>, column: String) -> Result<(String, String, String), CommandError> {
        let question = Question { key: "metric", asks: "", sort: Sort::Fact(Kind::Metric), is_needed: true };
        let choices = self.answers.choices(&question);
        let text = format!("Which figure is {column}? (one on record, or the name of a new one)");
        let answer = Self::asked(env, &text, &choices, None)?;
        // A part of a name may be another figure's.
        let known = choices.iter().find(|choice| choice.answer == answer || choice.has_name(&answer));
        if let Some(known) = known
            && self.answers.answer(&question, &known.answer).is_ok()
        {
            (env.eprintln)(&format!("  {known}"));
            let id = self.answers.given("metric").unwrap_or_default().to_owned();
            if let Some(Body::Metric { unit, .. }) =
                id.parse().ok().and_then(|id| self.view.fact(&id)).map(|fact| &fact.body)
            {
                return Ok((column, id, unit.clone()));
            }
        }
        let definition = Self::asked(env, "How is it computed?", &[], None)?;
        let unit = Self::asked(env, "What does it count? (%, GBP or a noun)", &[], None)?;
        let unit = if matches!(unit.as_str(), "pounds" | "£") { "GBP".to_owned() } else { unit };
        let id = self.answers.reserved(&slug(&answer));
        self.text.push_str(&format!(
            "[[metric]]\nid = {}\nname = {}\ndefinition = {}\nunit = {}\n\n",
            quoted(id.as_str()),
            quoted(&answer),
            quoted(&definition),
            quoted(&unit)
        ));
        Ok((column, id.to_string(), unit))
    }

    /// Asks what cells without a number stand for; returns the line of the mapping.
    fn missing(&self, env: &mut Env<'_>, measures: &[(String, String, String)]) -> Result<String, CommandError> {
        let is_number = |cell: &str| cell.trim_end_matches('%').replace(',', "").parse::<Quantity>().is_ok();
        let cells = measures.iter().flat_map(|(column, ..)| self.table.cells(column));
        let odd: BTreeSet<&str> = cells.filter(|cell| !is_number(cell)).collect();
        if odd.len() > MOST_WORDS {
            let message =
                format!("{} different cells of the figures are no numbers: a column may be of words", odd.len());
            return Err(CommandError::new(INPUT, message).hint("name the columns of figures alone"));
        }
        let mut meanings = toml::Table::new();
        // A number that is written otherwise is not to be lost.
        if let Some(cell) = odd.iter().find(|cell| cell.contains(|c: char| c.is_ascii_digit())) {
            let message = format!("the cell `{cell}` is no number in digits");
            return Err(CommandError::new(INPUT, message)
                .hint("write it in the table as 1200000 or 50.3, and what it is not apart"));
        }
        for cell in odd {
            let text = format!("What does the cell `{cell}` stand for? (Enter: not available)");
            meanings.insert(cell.to_owned(), Value::from(Self::asked(env, &text, &[], Some("not available"))?));
        }
        Ok(if meanings.is_empty() { String::new() } else { format!("not-given = {}\n", Value::Table(meanings)) })
    }
}

fn places(scheme: &str, code: &str, name: &str, kind: &str) -> Places {
    let codes = Value::Table(std::iter::once((scheme.to_owned(), Value::from(code))).collect());
    let text = format!("[[mapping.place]]\ncodes = {codes}\nname = {}\nkind = {}\n", quoted(name), quoted(kind));
    Places { scheme: scheme.to_owned(), text }
}

/// Returns the error of a question without an answer.
fn nobody(none: NoAnswer) -> CommandError {
    none.or(CommandError::new(INPUT, "a mapping is made by questions, and nobody is there to answer")
        .hint("run the command on a terminal, or write the mapping: docs/MAPPING.md"))
}
