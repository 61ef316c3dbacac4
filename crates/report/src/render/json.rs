use crate::{Block, Cell, Document};
use serde_json::{Map, Value, json};

/// The whole document: what it rests on, the summary, every row, and the sections that people read.
pub fn render(document: &Document) -> String {
    let row = |cells: &Vec<Cell>| -> Value {
        let columns = document.data.columns.iter().map(|c| (*c).to_owned());
        columns.zip(cells.iter().map(value)).collect::<Map<String, Value>>().into()
    };
    let value = json!({
        "title": document.title,
        "as-of": document.basis.clock.as_of.to_string(),
        "known-by": document.basis.clock.known_by.to_string(),
        "entries": document.basis.entries,
        "chain": document.basis.chain,
        "summary": document.summary,
        "rows": document.data.rows.iter().map(row).collect::<Vec<_>>(),
        "sections": document.sections.iter().map(|s| json!({
            "heading": s.heading,
            "blocks": s.blocks.iter().map(block).collect::<Vec<_>>(),
        })).collect::<Vec<_>>(),
    });
    let mut text = serde_json::to_string_pretty(&value).unwrap_or_default();
    text.push('\n');
    text
}

fn value(cell: &Cell) -> Value {
    match cell {
        Cell::Empty => Value::Null,
        Cell::Text(s) => s.as_str().into(),
        // A number with decimals stays text, so that no program rounds it.
        Cell::Number(n) => n.parse::<u64>().map_or_else(|_| n.as_str().into(), Into::into),
        Cell::Day(day) => day.to_string().into(),
        Cell::Words(words) => words.clone().into(),
        Cell::Flag(flag) => (*flag).into(),
    }
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
            let items: Vec<Value> =
                items.iter().map(|i| json!({ "mark": i.mark, "line": i.line, "details": i.details })).collect();
            json!({ "items": items })
        }
    }
}
