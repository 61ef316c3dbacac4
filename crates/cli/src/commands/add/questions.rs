//! The questions that make a fact of each kind, and the words that they may be answered by. Knows
//! no answers. Start at [`questions`].

use heldto_fact::{
    Act, Answer, Basis, Better, Change, Decision, Force, Kind, Outcome, PartyKind, PublicationForm, Ruling, Voice,
};

/// Sort of an answer.
#[derive(Debug, Clone, Copy)]
pub enum Sort {
    /// Words of one's own.
    Words,
    /// One of these words.
    Choice(fn() -> Vec<&'static str>),
    /// A fact of this kind on record, by its id or its name.
    Fact(Kind),
    /// A commitment on record: a pledge or a recommendation.
    Commitment,
    /// A date.
    Date,
    /// A number and what it counts.
    Amount,
    /// An amount, or what is to be there.
    Target,
    /// A source, on record or new.
    Source,
}

/// A question, whose answer is a field of the fact.
#[derive(Debug, Clone, Copy)]
pub struct Question {
    /// Name of the field, or of the option that gives it.
    pub key: &'static str,
    /// The question.
    pub asks: &'static str,
    /// Sort of the answer.
    pub sort: Sort,
    /// `true` if there is no fact without an answer.
    pub is_needed: bool,
}

const fn needed(key: &'static str, asks: &'static str, sort: Sort) -> Question {
    Question { key, asks, sort, is_needed: true }
}

const fn optional(key: &'static str, asks: &'static str, sort: Sort) -> Question {
    Question { key, asks, sort, is_needed: false }
}

macro_rules! choice {
    ($name:ident) => {
        Sort::Choice(|| $name::ALL.iter().map(|word| word.as_str()).collect())
    };
}

const TEXT: Question = needed("text", "What does it say, in one short sentence of your own?", Sort::Words);
const ON: Question = optional("on", "When did it happen?", Sort::Date);
const VOICE: Question = needed("voice", "Who says so?", choice!(Voice));
const SOURCE: Question =
    needed("source", "Where is that written? (a source on record; or publisher, day)", Sort::Source);
const AT: Question = needed("at", "Where in it? (a paragraph, page or line)", Sort::Words);
const TARGET: Question = optional("target", "How much, or what, is to be there?", Sort::Target);
const DUE: Question = optional("due", "By when?", Sort::Date);
const BODY: Sort = Sort::Fact(Kind::Party);

/// Returns the questions of a kind, in the order in which they are asked.
///
/// Empty for a kind that only the program writes.
pub fn questions(kind: Kind) -> Vec<Question> {
    let own: &[Question] = match kind {
        Kind::Party => &[
            needed("text", "What is the body called?", Sort::Words),
            needed("kind", "What is it?", choice!(PartyKind)),
        ],
        Kind::Source => &[
            needed("text", "What is the document called?", Sort::Words),
            optional("publisher", "Who published it?", Sort::Words),
            optional("published", "When was it published?", Sort::Date),
            optional("url", "At which address?", Sort::Words),
        ],
        Kind::Metric => &[
            needed("text", "What is the figure called?", Sort::Words),
            needed("definition", "How is it computed?", Sort::Words),
            needed("unit", "What does it count? (% or a noun)", Sort::Words),
            optional("better", "Which way is better?", choice!(Better)),
        ],
        Kind::Pledge => &[
            TEXT,
            needed("by", "Who owes it?", BODY),
            needed("force", "How binding is it?", choice!(Force)),
            optional("to", "To whom?", BODY),
            TARGET,
            DUE,
            optional("on", "When was it promised or imposed?", Sort::Date),
        ],
        Kind::Delivery => &[
            needed("for", "Towards which commitment?", Sort::Commitment),
            optional("amount", "How much was delivered?", Sort::Amount),
            optional(
                "basis",
                "Is that all so far, earlier counts included (in-total), or is it unknown?",
                choice!(Basis),
            ),
            needed("outcome", "What was done?", choice!(Outcome)),
            ON,
        ],
        Kind::Payout => &[
            TEXT,
            needed("by", "Who pays?", BODY),
            needed("amount", "How much?", Sort::Amount),
            needed("settles", "What does it settle?", Sort::Words),
            optional("to", "To whom?", BODY),
            ON,
        ],
        Kind::Complaint => &[
            TEXT,
            needed("by", "Who decided on it?", BODY),
            needed("about", "Against whom?", BODY),
            needed("decision", "How was it decided?", choice!(Decision)),
            ON,
        ],
        Kind::Statement => &[
            TEXT,
            needed("by", "Who said it?", BODY),
            needed("act", "What kind of statement is it?", choice!(Act)),
            optional("about", "About whom?", BODY),
            ON,
        ],
        Kind::Question => &[
            TEXT,
            needed("by", "Who asked?", BODY),
            optional("to", "Whom?", BODY),
            needed("answer", "Was it answered?", choice!(Answer)),
            ON,
        ],
        Kind::Notice => &[
            TEXT,
            needed("by", "Who issued it?", BODY),
            needed("about", "To whom?", BODY),
            needed("form", "What is it? (such as improvement notice)", Sort::Words),
            ON,
        ],
        Kind::Inspection => &[
            TEXT,
            needed("by", "Who inspected?", BODY),
            needed("about", "Whom?", BODY),
            needed("outcome", "What did the inspection conclude?", Sort::Words),
            ON,
        ],
        Kind::Publication => &[
            TEXT,
            needed("by", "Who published it?", BODY),
            needed("form", "What is it?", choice!(PublicationForm)),
            ON,
        ],
        Kind::Measurement => &[
            needed("metric", "Which figure?", Sort::Fact(Kind::Metric)),
            needed("about", "Whose?", BODY),
            needed("amount", "How much is it?", Sort::Amount),
            needed("period", "For which day, month or year?", Sort::Date),
        ],
        Kind::Change => &[
            TEXT,
            needed("about", "Whose?", BODY),
            needed("what", "What changed?", choice!(Change)),
            optional("value", "Who or what is it now?", Sort::Words),
            ON,
        ],
        Kind::Recommendation => &[
            TEXT,
            needed("by", "Who recommends it?", BODY),
            needed("to", "To whom?", BODY),
            TARGET,
            DUE,
            optional("on", "When was it recommended?", Sort::Date),
        ],
        Kind::Decision => &[
            TEXT,
            needed("by", "Who decided?", BODY),
            needed("for", "On which commitment?", Sort::Commitment),
            needed("decision", "What was decided?", choice!(Ruling)),
            ON,
        ],
        Kind::Assessment => &[
            TEXT,
            needed("by", "Who judged?", BODY),
            needed("for", "Which commitment?", Sort::Commitment),
            needed("verdict", "What is the verdict?", Sort::Words),
            needed("scale", "On which scale?", Sort::Words),
            ON,
        ],
        Kind::Succession => &[
            TEXT,
            needed("of", "Which body is followed?", BODY),
            needed("to", "By which body?", BODY),
            needed("on", "From which day?", Sort::Date),
        ],
        Kind::Correction
        | Kind::Retraction
        | Kind::Redaction
        | Kind::Key
        | Kind::Withholding
        | Kind::ReserveKey
        | Kind::Revocation => &[],
    };
    let declares = matches!(kind, Kind::Party | Kind::Source | Kind::Metric);
    let sourced: &[Question] = if declares || own.is_empty() { &[] } else { &[VOICE, SOURCE, AT] };
    own.iter().chain(sourced).copied().collect()
}
