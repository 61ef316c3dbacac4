//! Counts commitments by status, drawn and in words. Knows no views. Start at [`counts`].

use crate::wording;
use crate::{Block, Section, Shade, Stack, StackPart, Tone};
use heldto_replay::{Class, Grade, Judgement, Status};

/// Returns the commitments counted by status, drawn and in words.
pub(crate) fn counts(all: &[Judgement<'_>]) -> Section {
    let pairs = Status::ALL.iter().filter_map(|status| {
        let grades: Vec<Grade> = all.iter().filter(|j| j.status == *status).map(|j| j.grade).collect();
        let by_grade = [Grade::Proven, Grade::Reported, Grade::Claimed, Grade::Disputed]
            .map(|grade| (grade, grades.iter().filter(|g| **g == grade).count()));
        (!grades.is_empty()).then(|| (status.as_str().to_owned(), wording::pledges::graded(grades.len(), &by_grade)))
    });
    Section {
        heading: wording::pledges::BY_STATUS.to_owned(),
        tone: Tone::Plain,
        blocks: vec![Block::Stack(standing(all)), Block::Pairs(pairs.collect())],
    }
}

/// Returns the shade of a status in pictures.
pub(crate) const fn shade_of(status: Status, grade: Grade) -> Shade {
    match (status.class(), grade) {
        (Class::Met, Grade::Reported | Grade::Proven) => Shade::Kept,
        (Class::Met, _) => Shade::Claimed,
        (Class::Failed, _) => Shade::Broken,
        (Class::Unsettled, _) if matches!(status, Status::Overdue) => Shade::Overdue,
        (Class::Unsettled | Class::Unanswered | Class::Unknown, _) => Shade::Unknown,
        (Class::Open, _) if matches!(status, Status::FallingDue) => Shade::Due,
        (Class::Open, _) => Shade::Open,
        (Class::Untestable | Class::Ended, _) => Shade::Vague,
    }
}

/// Returns the commitments as one bar, by how they stand.
fn standing(all: &[Judgement<'_>]) -> Stack {
    let shades = [
        Shade::Kept,
        Shade::Claimed,
        Shade::Broken,
        Shade::Overdue,
        Shade::Unknown,
        Shade::Due,
        Shade::Open,
        Shade::Vague,
    ];
    let parts = shades.into_iter().filter_map(|wanted| {
        let count = all.iter().filter(|j| shade_of(j.status, j.grade) == wanted).count();
        (count > 0).then(|| StackPart { label: wording::pledges::shade(wanted).to_owned(), count, shade: wanted })
    });
    Stack { title: wording::pledges::STANDING.to_owned(), parts: parts.collect() }
}
