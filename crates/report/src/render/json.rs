//! Writes a document as JSON, and gives the value that its digest is made of. Knows no other
//! format. Start at [`value`].

use crate::{Block, Cell, Chart, Cited, Document, Item, Lane, LaneSpan};
use heldto_fact::Interval;
use heldto_replay::Erasure;
use serde_json::{Map, Value, json};

/// Writes the whole document: basis, summary, every row, the sections for readers, and the digest.
pub fn render(document: &Document) -> String {
    let mut value = value(document);
    if let Some(fields) = value.as_object_mut() {
        fields.insert("digest".to_owned(), document.digest().into());
    }
    let mut text = serde_json::to_string_pretty(&value).expect("its keys are text");
    text.push('\n');
    text
}

/// Returns the document without its digest; docs/REPORTS.md describes every key.
pub fn value(document: &Document) -> Value {
    let row = |cells: &Vec<Cell>| -> Value {
        let columns = document.data.columns.iter().map(|c| (*c).to_owned());
        columns.zip(cells.iter().map(value_of)).collect::<Map<String, Value>>().into()
    };
    let basis = &document.basis;
    let mut value = json!({
        "title": document.title,
        "as-of": basis.clock.as_of.to_string(),
        "known-by": basis.clock.known_by.to_string(),
        "newest-source": basis.newest_source.map(|d| d.to_string()),
        "last-recorded": basis.last_recorded.map(|t| t.format("%Y-%m-%dT%H:%M:%SZ").to_string()),
        "sensitive-entries": basis.sensitive.entries,
        "sensitive-counted": basis.sensitive.are_counted,
        "origin": basis.log.origin,
        "entries": basis.log.entries,
        "tree-head": basis.log.root,
        "chain": basis.log.chain,
        "summary": document.summary,
        "rows": document.data.rows.iter().map(row).collect::<Vec<_>>(),
        "sections": document.sections.iter().map(|s| json!({
            "heading": s.heading,
            "blocks": s.blocks.iter().map(block).collect::<Vec<_>>(),
        })).collect::<Vec<_>>(),
    });
    if !basis.erasures.is_empty() {
        value["erasures"] = basis.erasures.iter().map(erasure).collect();
    }
    value
}

fn erasure(erasure: &Erasure) -> Value {
    json!({
        "entry": erasure.entry,
        "day": erasure.recorded_at.date_naive().to_string(),
        "ground": erasure.ground,
        "by": erasure.by,
        "facts": erasure.facts,
        "others": erasure.others,
    })
}

fn value_of(cell: &Cell) -> Value {
    match cell {
        Cell::Empty => Value::Null,
        Cell::Text(s) => s.as_str().into(),
        // A number with decimals stays text, so that no program rounds it.
        Cell::Number(n) => n.parse::<i64>().map_or_else(|_| n.as_str().into(), Into::into),
        Cell::Day(day) => day.to_string().into(),
        Cell::Words(words) => words.clone().into(),
        Cell::Flag(flag) => (*flag).into(),
        Cell::Parties(all) => all.iter().map(|(id, _)| id.as_str()).collect::<Vec<_>>().into(),
        Cell::Cites(cites) => cites.iter().map(cited).collect::<Vec<_>>().into(),
        Cell::Record(fields) => {
            let fields = fields.iter().map(|(name, cell)| ((*name).to_owned(), value_of(cell)));
            Value::Object(fields.collect())
        }
    }
}

fn cited(cited: &Cited) -> Value {
    json!({
        "source": cited.source,
        "title": cited.title,
        "publisher": cited.publisher,
        "url": cited.url,
        "retracted": cited.is_retracted,
        "places": cited.places.iter().map(|p| json!({ "at": p.at, "words": p.words })).collect::<Vec<_>>(),
    })
}

fn block(block: &Block) -> Value {
    match block {
        Block::Text(text) => json!({ "text": text }),
        Block::List(lines) => json!({ "list": lines }),
        Block::Pairs(pairs) => {
            let fields: Vec<Value> = pairs.iter().map(|(k, v)| json!({ "name": k, "value": v })).collect();
            json!({ "pairs": fields })
        }
        Block::Items(items) => {
            let item = |i: &Item| {
                let cites: Vec<Value> = i.cites.iter().map(cited).collect();
                let id = (!i.id.is_empty()).then_some(&i.id);
                json!({ "id": id, "mark": i.mark, "line": i.line, "details": i.details, "cites": cites })
            };
            json!({ "items": items.iter().map(item).collect::<Vec<_>>() })
        }
        Block::Chart(chart) => json!({ "chart": self::chart(chart) }),
        Block::Stack(stack) => {
            let parts = stack.parts.iter().map(|part| json!({ "label": part.label, "count": part.count }));
            json!({ "stack": { "title": stack.title, "parts": parts.collect::<Vec<_>>() } })
        }
        Block::TimeChart(chart) => {
            let span = |span: &LaneSpan| json!({ "from": span.from.to_string(), "to": span.to.to_string() });
            let lane =
                |lane: &Lane| json!({ "label": lane.label, "spans": lane.spans.iter().map(span).collect::<Vec<_>>() });
            let lanes: Vec<Value> = chart.lanes.iter().map(lane).collect();
            json!({ "time-chart": { "title": chart.title, "text": chart.text, "lanes": lanes } })
        }
    }
}

fn chart(chart: &Chart) -> Value {
    let bars = chart.bars.iter().map(|bar| {
        json!({
            "label": bar.label,
            "low": bar.value.map(|v| v.low.value.to_string()),
            "high": bar.value.and_then(|v: Interval| v.high).map(|h| h.value.to_string()),
            "shown": bar.shown,
            "own": bar.own,
            "cut": bar.is_cut,
        })
    });
    let lines = chart.lines.iter().map(|line| json!({ "at": line.at.to_string(), "label": line.label }));
    json!({
        "title": chart.title,
        "text": chart.text,
        "end": chart.end.map(|end| end.to_string()),
        "bars": bars.collect::<Vec<_>>(),
        "lines": lines.collect::<Vec<_>>(),
        "cites": chart.cites.iter().map(cited).collect::<Vec<_>>(),
    })
}
