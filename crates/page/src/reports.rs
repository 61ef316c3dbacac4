//! Writes reports on a ledger that was checked. Knows no report but by name. Start at [`report`].

use crate::check::Checked;
use chrono::NaiveDate;
use heldto_fact::{FactId, Kind};
use heldto_replay::{AllView, Clock};
use heldto_report::{
    AmountFilter, FactFilter, Format, PledgeFilter, ReportBasis, Scope, Screen, Selection, SortOrder, render,
};
use serde::Deserialize;

/// A report that a reader asked for.
#[derive(Debug, Deserialize)]
pub struct Asked {
    report: String,
    format: String,
    pub day: NaiveDate,
    #[serde(default)]
    about: String,
    #[serde(default)]
    by: String,
    #[serde(default)]
    kind: String,
    #[serde(default)]
    text: String,
    since: Option<NaiveDate>,
    until: Option<NaiveDate>,
}

/// Writes a report in a format of text, as the program would.
///
/// # Errors
/// If a word is unknown, or the format is none of text.
pub fn report(checked: &Checked, asked: &Asked) -> Result<String, String> {
    let clock = Clock { as_of: asked.day, known_by: asked.day };
    let all = AllView::new(&checked.facts.facts, clock);
    let id = |text: &str| match text {
        "" => Ok(None),
        text => text.parse::<FactId>().map(Some).map_err(|e| e.to_string()),
    };
    let kind = match asked.kind.as_str() {
        "" => Vec::new(),
        word => vec![word.parse::<Kind>().map_err(|e| e.to_string())?],
    };
    let text = Some(asked.text.clone()).filter(|text| !text.is_empty());
    let (since, until) = (asked.since, asked.until);
    let facts =
        FactFilter { about: id(&asked.about)?, by: id(&asked.by)?, kind, text, since, until, ..FactFilter::default() };
    let format: Format = asked.format.parse()?;
    let Some(selection) = Selection::of(*all, &facts) else { return Err(crate::wording::CHECK_FIRST.to_owned()) };
    let basis = || ReportBasis::of(checked.facts.log.clone(), &Scope::Selection(selection));
    let pledges = || PledgeFilter { facts: facts.clone(), ..PledgeFilter::default() };
    let document = match asked.report.as_str() {
        "pledges" => heldto_report::pledges(&selection, &pledges(), basis()),
        "timeline" => heldto_report::timeline(&selection, SortOrder::Occurred, false, basis()),
        "amounts" => {
            let filter = AmountFilter { facts: facts.clone(), ..AmountFilter::default() };
            heldto_report::amounts(&selection, &filter, basis())
        }
        "metrics" => heldto_report::metrics(&all, &facts, None, basis()),
        "questions" => heldto_report::questions(&selection, basis()),
        "contradictions" => heldto_report::contradictions(&selection, basis()),
        "slippage" => heldto_report::slippage(&selection, &pledges(), basis()),
        "deliveries" => heldto_report::deliveries(&selection, false, basis()),
        "agenda" => heldto_report::agenda(&selection, &pledges(), basis()),
        other => return Err(format!("There is no report {other}.")),
    };
    let bytes = render(&document, format, Screen { width: 80, colour: false }).map_err(|e| e.to_string())?;
    String::from_utf8(bytes).map_err(|e| e.to_string())
}
