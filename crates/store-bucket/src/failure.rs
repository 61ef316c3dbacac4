//! Says why a request to a bucket failed, and what to do: the clouds answer in codes and XML. Start
//! at [`Server::failure`].

use heldto_store_files::FolderError;
use object_store::Error;
use std::time::Duration;

/// The bucket that is asked, and how it is named in messages.
pub struct Server {
    /// First letters of the variables that its cloud reads.
    pub letters: &'static str,
    /// The variables that hold its credentials.
    pub variables: &'static str,
    /// Address of the folder in the bucket.
    pub address: String,
    /// Host that is asked in place of the cloud's own; empty if there is none.
    pub endpoint: String,
}

/// A kind of failure.
struct Kind {
    /// Texts of which an answer of this kind has one.
    signs: &'static [&'static str],
    why: &'static str,
    remedy: &'static str,
}

const NO_CREDENTIALS: &str =
    "no credentials were found in the variables of the cloud, and this machine has none of its own";

/// The kinds of failure, the most telling first. `LETTERS` stands for the first letters of the
/// cloud's variables, `VARIABLES` for those that hold its credentials.
const KINDS: [Kind; 9] = [
    Kind {
        signs: &["URL scheme is not allowed"],
        why: "the endpoint is http://, which anybody on the way can read",
        remedy: "use https://; for a server of your own on a network of your own, set LETTERSALLOW_HTTP=true",
    },
    Kind { signs: &["169.254.169.254", "metadata.google.internal"], why: NO_CREDENTIALS, remedy: "set VARIABLES" },
    Kind {
        signs: &["RequestTimeTooSkewed"],
        why: "the clock of this machine is wrong",
        remedy: "set it, then run the command again",
    },
    Kind {
        signs: &["NoSuchBucket", "The specified bucket does not exist", "ContainerNotFound"],
        why: "there is no such bucket",
        remedy: "make the bucket first, or check its name and its region",
    },
    Kind {
        signs: &[
            "InvalidAccessKeyId",
            "SignatureDoesNotMatch",
            "InvalidToken",
            "ExpiredToken",
            "Unauthenticated",
            "AuthenticationFailed",
            "401 Unauthorized",
        ],
        why: "the credentials are refused",
        remedy: "check VARIABLES",
    },
    Kind {
        signs: &["PermanentRedirect", "redirect without LOCATION", "AuthorizationHeaderMalformed", "IllegalLocation"],
        why: "the bucket is in another region",
        remedy: "set its region: LETTERSREGION",
    },
    Kind {
        signs: &["AccessDenied", "PermissionDenied", "403 Forbidden"],
        why: "the credentials do not allow it",
        remedy: "let them list, read, write and delete in this bucket",
    },
    Kind {
        signs: &["/latest/api/token", "/metadata/identity/oauth2/token"],
        why: NO_CREDENTIALS,
        remedy: "set VARIABLES",
    },
    Kind {
        signs: &["onnection refused", "dns error", "error sending request", "timed out", "operation timed out"],
        why: "no answer",
        remedy: "check the endpoint in LETTERSENDPOINT, if one is set, and the network",
    },
];

impl Server {
    /// Returns the error for a request that failed; `what` names the file or the list.
    pub fn failure(&self, what: &str, error: &Error) -> FolderError {
        let mut text = format!("{error:?}");
        let mut cause: Option<&dyn std::error::Error> = Some(error);
        let mut innermost = String::new();
        while let Some(inner) = cause {
            innermost = inner.to_string();
            text.push_str(&innermost);
            cause = inner.source();
        }
        match KINDS.iter().find(|kind| kind.signs.iter().any(|sign| text.contains(sign))) {
            Some(kind) => self.error(what, kind.why, kind.remedy),
            None => {
                let code = text.split_once("<Code>").and_then(|(_, rest)| rest.split_once("</Code>"));
                let first = innermost.lines().next().unwrap_or_default();
                let why = match code {
                    Some((code, _)) => format!("the bucket answers {code}"),
                    None => first.split('<').next().unwrap_or_default().trim_end_matches([':', ' ']).to_owned(),
                };
                self.error(what, &why, "run the command again; what is published stays as it is until then")
            }
        }
    }

    /// Returns the error for a request that had no answer in time.
    pub fn silence(&self, what: &str, limit: Duration) -> FolderError {
        let why = format!("no answer within {} seconds", limit.as_secs());
        let remedy = "check the network and the endpoint in LETTERSENDPOINT, if one is set; without \
                      VARIABLES this machine's own service is asked for credentials";
        self.error(what, &why, remedy)
    }

    fn error(&self, what: &str, why: &str, remedy: &str) -> FolderError {
        let at = if self.endpoint.is_empty() { String::new() } else { format!(" at {}", self.endpoint) };
        let why = format!("{}{at}, {what}: {why}", self.address);
        let remedy = remedy.replace("LETTERS", self.letters).replace("VARIABLES", self.variables);
        FolderError::Store(heldto_store::StoreError::Server { why, remedy })
    }
}
