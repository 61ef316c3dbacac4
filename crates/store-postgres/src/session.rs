//! One connection to a server, as a synchronous client with a time limit on every answer. The one
//! place with async code. Start at [`Session`].

use crate::ServerAddress;
use crate::address::host;
use heldto_store::StoreError;
use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::runtime::Runtime;
use tokio_postgres::config::SslMode;
use tokio_postgres::error::{Severity, SqlState};
use tokio_postgres::tls::{MakeTlsConnect, TlsConnect};
use tokio_postgres::{AsyncMessage, Client, Config, NoTls, Socket, Statement};

/// The reason why a server did not do what it was asked.
#[derive(Debug)]
pub enum Failure {
    /// The server refused: it did nothing.
    Refused(StoreError),
    /// The connection was lost, or no answer came: the outcome is unknown.
    Lost(String),
}

impl From<Failure> for StoreError {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Refused(error) => error,
            Failure::Lost(why) => server(
                format!("the server gave no answer: {why}"),
                "everything that was acknowledged is kept; run the command again when the server answers",
            ),
        }
    }
}

/// Returns the error of a server, with its remedy.
pub fn server(why: impl Into<String>, remedy: impl Into<String>) -> StoreError {
    StoreError::Server { why: why.into(), remedy: remedy.into() }
}

/// A connection to one server.
pub struct Session {
    runtime: Runtime,
    pub client: Client,
    said: Arc<Mutex<Said>>,
    patience: Duration,
    user: String,
    schema: String,
    /// The statement that was prepared last, which is usually the one that is needed again.
    prepared: Mutex<Option<(&'static str, Statement)>>,
}

impl Session {
    /// Connects to a server, and fixes what its sessions depend on.
    pub fn open(address: &ServerAddress, config: &Config) -> Result<Self, Failure> {
        let lost = |error: std::io::Error| Failure::Lost(error.to_string());
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(lost)?;
        let said = Arc::<Mutex<Said>>::default();
        let (user, schema) = (address.user().to_owned(), address.schema.clone());
        let connecting = async {
            match config.get_ssl_mode() {
                SslMode::Disable => connect(config, NoTls, &said).await,
                _ => connect(config, tls().map_err(Unconnected::Tls)?, &said).await,
            }
        };
        let limit = config.get_connect_timeout().copied().unwrap_or(address.patience);
        let connected = runtime.block_on(async { tokio::time::timeout(limit, connecting).await });
        let client = match connected {
            Ok(Ok(client)) => client,
            Ok(Err(Unconnected::Tls(why))) => return Err(Failure::Lost(why)),
            Ok(Err(Unconnected::Server(error))) => {
                return Err(unsafe_connection(&host(config), failure(&error, &user, &schema)));
            }
            Err(_) => return Err(Failure::Lost(format!("no connection within {} seconds", limit.as_secs()))),
        };
        let session =
            Self { runtime, client, said, patience: address.patience, user, schema, prepared: Mutex::default() };
        // A commit waits for the disk, and for a standby where there is one, whatever a role or a
        // database was set to. A time limit of the server would end that wait and report success.
        session.run(&format!(
            "SET search_path = pg_catalog, \"{}\", pg_temp; SET statement_timeout = 0; SET lock_timeout = 0; \
             SET default_transaction_isolation = 'read committed'; \
             SET idle_in_transaction_session_timeout = 0; SET client_min_messages = warning; \
             SELECT set_config('synchronous_commit', 'on', false) \
             WHERE current_setting('synchronous_commit') NOT IN ('on', 'remote_apply')",
            session.schema
        ))?;
        Ok(session)
    }

    /// Sets the longest wait for an answer.
    pub const fn set_patience(&mut self, patience: Duration) {
        self.patience = patience;
    }

    /// Waits for an answer.
    pub fn wait<T>(&self, answer: impl Future<Output = Result<T, tokio_postgres::Error>>) -> Result<T, Failure> {
        match self.runtime.block_on(async { tokio::time::timeout(self.patience, answer).await }) {
            Ok(answered) => answered.map_err(|error| failure(&error, &self.user, &self.schema)),
            Err(_) => Err(Failure::Lost(format!("none within {} seconds", self.patience.as_secs()))),
        }
    }

    /// Returns a prepared statement.
    pub fn prepared(&self, text: &'static str) -> Result<Statement, Failure> {
        let mut held = self.prepared.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((held_text, statement)) = &*held
            && *held_text == text
        {
            return Ok(statement.clone());
        }
        let statement = self.wait(self.client.prepare(text))?;
        *held = Some((text, statement.clone()));
        Ok(statement)
    }

    /// Runs statements that return nothing.
    pub fn run(&self, statements: &str) -> Result<(), Failure> {
        self.wait(self.client.batch_execute(statements))
    }

    /// Runs the statement that commits.
    ///
    /// A server that stops waiting for its standby commits alone and says so in a warning only: the
    /// outcome is unknown then.
    pub fn commit<T>(&self, statement: impl Future<Output = Result<T, tokio_postgres::Error>>) -> Result<T, Failure> {
        *self.said() = Said::default();
        let done = self.wait(statement)?;
        match self.said().warnings.first() {
            Some(warning) => Err(Failure::Lost(warning.clone())),
            None => Ok(done),
        }
    }

    /// Returns the details that the server gave while it did what was committed last.
    pub fn details(&self) -> Vec<String> {
        self.said().details.clone()
    }

    fn said(&self) -> MutexGuard<'_, Said> {
        self.said.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The messages of a server that are no answers.
#[derive(Default)]
struct Said {
    warnings: Vec<String>,
    details: Vec<String>,
}

/// The reason why no connection was made.
enum Unconnected {
    Server(tokio_postgres::Error),
    Tls(String),
}

/// Returns the failure to connect, with the remedy if it is one of TLS.
fn unsafe_connection(host: &str, failure: Failure) -> Failure {
    let Failure::Lost(why) = &failure else { return failure };
    let remedy = if why.contains("certificate") {
        "the certificate must be for the name in the address, by an authority that this machine trusts; for an \
         authority of your own, name its file in SSL_CERT_FILE"
    } else if why.contains("password missing") {
        "put the password in ~/.pgpass, in a line host:port:database:user:password, readable by you alone"
    } else if why.contains("does not support TLS") {
        "have TLS set up on the server; on a network that nobody else can read, add sslmode=disable to the address"
    } else {
        return failure;
    };
    Failure::Refused(server(format!("there is no safe connection to {host}: {why}"), remedy))
}

/// Connects, and keeps the messages that the server sends.
async fn connect<T>(config: &Config, tls: T, said: &Arc<Mutex<Said>>) -> Result<Client, Unconnected>
where
    T: MakeTlsConnect<Socket>,
    T::Stream: Send + 'static,
    T::TlsConnect: TlsConnect<Socket>,
{
    let (client, mut connection) = config.connect(tls).await.map_err(Unconnected::Server)?;
    let said = Arc::clone(said);
    tokio::spawn(async move {
        while let Some(Ok(message)) = futures_util::future::poll_fn(|context| connection.poll_message(context)).await {
            if let AsyncMessage::Notice(notice) = message {
                let mut said = said.lock().unwrap_or_else(PoisonError::into_inner);
                if notice.parsed_severity() == Some(Severity::Info) {
                    said.details.extend(notice.detail().map(str::to_owned));
                } else {
                    said.warnings.push(notice.message().to_owned());
                }
            }
        }
    });
    Ok(client)
}

/// Returns the TLS client: ring, and the roots of the system.
fn tls() -> Result<tokio_postgres_rustls::MakeRustlsConnect, String> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .and_then(rustls_platform_verifier::BuilderVerifierExt::with_platform_verifier)
        .map_err(|error| error.to_string())?;
    Ok(tokio_postgres_rustls::MakeRustlsConnect::new(config.with_no_client_auth()))
}

/// Sorts an error: the server refused, or the outcome is unknown.
fn failure(error: &tokio_postgres::Error, user: &str, schema: &str) -> Failure {
    let Some(said) = error.as_db_error() else {
        let mut why = error.to_string();
        let mut cause = std::error::Error::source(error);
        while let Some(inner) = cause {
            why = format!("{why}: {inner}");
            cause = inner.source();
        }
        return Failure::Lost(why);
    };
    let message = said.message().to_owned();
    let code = said.code();
    let refused = |why: String, remedy: String| Failure::Refused(server(why, remedy));
    if *code == SqlState::INVALID_PASSWORD || *code == SqlState::INVALID_AUTHORIZATION_SPECIFICATION {
        return refused(
            format!("the server does not let {user} in: {message}"),
            "check the user, and the password in ~/.pgpass: host:port:database:user:password".to_owned(),
        );
    }
    if *code == SqlState::INSUFFICIENT_PRIVILEGE {
        return refused(
            format!("{user} has too few rights: {message}"),
            format!(
                "ask the ledger's keeper for one of its roles. To read: GRANT {schema}_reader TO {user}; to record: \
                 {schema}_writer; to sign and to erase: {schema}_keeper"
            ),
        );
    }
    if *code == SqlState::UNIQUE_VIOLATION {
        return refused(
            format!("the server has a row that no append wrote: {message}"),
            "nothing of this was recorded; heldto verify names the row, and the owner of the schema can delete it"
                .to_owned(),
        );
    }
    if *code == SqlState::DISK_FULL {
        return refused(
            format!("the server's disk is full: {message}"),
            "everything that was acknowledged is kept, and nothing of this was recorded; free space on the server"
                .to_owned(),
        );
    }
    if *code == SqlState::READ_ONLY_SQL_TRANSACTION {
        return refused(
            "this server can only be read: it is a standby, or was set so".to_owned(),
            "name the server that writes, or all of them: postgres://USER@ONE,OTHER/DATABASE".to_owned(),
        );
    }
    if *code == SqlState::INVALID_CATALOG_NAME {
        return refused(message, "create the database first, or name another".to_owned());
    }
    if *code == SqlState::TOO_MANY_CONNECTIONS {
        return refused(format!("the server is busy: {message}"), "run the command again in a moment".to_owned());
    }
    // The server is going down, or is not up yet: what it was doing may be done.
    if code.code().starts_with("57P") || code.code().starts_with("08") {
        return Failure::Lost(message);
    }
    if *code == SqlState::UNDEFINED_TABLE || *code == SqlState::UNDEFINED_COLUMN {
        return Failure::Refused(StoreError::Damaged { record: "schema", why: message });
    }
    refused(
        format!("the server refused: {message} ({})", code.code()),
        "nothing of this was recorded; show the message to the server's administrator".to_owned(),
    )
}
