//! Turns the address of a ledger on a server into the settings of a connection; passwords come from
//! the files that PostgreSQL's own programs read. Start at [`ServerAddress`].

use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;
use tokio_postgres::Config;
use tokio_postgres::config::{Host, SslMode};

/// The address of a ledger: `postgres://USER@HOST:PORT/DATABASE?schema=NAME`.
///
/// Several hosts, with commas, are servers of one cluster. Displays without secrets.
#[derive(Clone)]
pub struct ServerAddress {
    pub(crate) config: Config,
    pub(crate) schema: String,
    /// Longest wait for an answer, and for a server that writes to be found again.
    pub(crate) patience: Duration,
    /// `true` if a server that may lose what it acknowledges is accepted.
    pub(crate) allow_loss: bool,
    /// The password for each host, where the password file has one.
    passwords: Vec<Option<String>>,
    shown: String,
}

/// The reason why an address is refused, with the remedy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerAddressError {
    /// The problem.
    pub why: String,
    /// The remedy.
    pub remedy: String,
}

/// Seconds to wait for an answer, unless the address says otherwise.
const PATIENCE: u64 = 30;
/// Seconds to wait for a connection to one host, unless the address says otherwise.
const CONNECT: u64 = 5;
/// Length of a schema's name, so that the names of its roles fit in 63 bytes.
const MAX_SCHEMA: usize = 40;

fn wrong(why: impl Into<String>, remedy: impl Into<String>) -> ServerAddressError {
    ServerAddressError { why: why.into(), remedy: remedy.into() }
}

impl std::fmt::Display for ServerAddress {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.shown)
    }
}

impl ServerAddress {
    /// Returns `true` if a text is the address of a server, not a path.
    #[must_use]
    pub fn is_one(text: &str) -> bool {
        text.starts_with("postgres://") || text.starts_with("postgresql://")
    }

    /// Reads an address; `variable` reads the environment.
    ///
    /// # Errors
    /// If it is malformed, holds a password, or names a file that cannot be used.
    pub fn read(text: &str, variable: &dyn Fn(&str) -> Option<String>) -> Result<Self, ServerAddressError> {
        let form = "write postgres://USER@HOST/DATABASE?schema=NAME";
        let rest = text.split_once(':').map_or(text, |(_, rest)| rest);
        // A password may hold any character, so all before the last `@` is taken for it.
        let has_password = rest.rsplit_once('@').is_some_and(|(user, _)| user.contains(':'));
        let (base, query) = text.split_once('?').unwrap_or((text, ""));
        if has_password {
            return Err(password());
        }
        let mut own = Own::default();
        let mut service = None;
        let mut others = Vec::new();
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            match name {
                "schema" => own.schema = Some(value.to_owned()),
                "patience" => own.patience = Some(seconds(value)?),
                "allow-loss" => own.allow_loss = value == "yes",
                "service" => service = Some(value.to_owned()),
                "sslmode" => {
                    own.has_tls_mode = true;
                    others.push(format!("sslmode={}", tls_mode(value)?));
                }
                "sslrootcert" => {
                    let remedy = "name the authority's certificate in SSL_CERT_FILE; without it the system's count";
                    return Err(wrong("sslrootcert cannot be given in the address", remedy));
                }
                "password" => return Err(password()),
                _ => others.push(pair.to_owned()),
            }
        }
        let query = if others.is_empty() { String::new() } else { format!("?{}", others.join("&")) };
        let mut config = Config::from_str(&format!("{base}{query}")).map_err(|error| {
            // The parser names what it does not know.
            let cause = std::error::Error::source(&error).map_or_else(|| error.to_string(), ToString::to_string);
            wrong(format!("this is no address of a ledger on a server: {cause}"), form)
        })?;
        // However the password was written: the parser has found it.
        if config.get_password().is_some() {
            return Err(password());
        }
        if let Some(name) = service {
            read_service(&mut config, &name, &mut own, variable)?;
        }
        let schema = own.schema.unwrap_or_else(|| "heldto".to_owned());
        let is_plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
        let is_name = schema.starts_with(|c: char| c.is_ascii_lowercase()) && schema.chars().all(is_plain);
        if !is_name || schema.len() > MAX_SCHEMA || schema.starts_with("pg_") {
            return Err(wrong(
                format!("`{schema}` cannot be the schema of a ledger"),
                format!("give up to {MAX_SCHEMA} of a-z, 0-9 and _, with a letter first"),
            ));
        }
        if config.get_hosts().is_empty() {
            return Err(wrong("the address names no host", form));
        }
        if config.get_user().is_none() {
            let user = variable("PGUSER").or_else(|| variable("USER"));
            config.user(user.ok_or_else(|| wrong("the address names no user", form))?);
        }
        if config.get_dbname().is_none() {
            return Err(wrong("the address names no database", form));
        }
        if config.get_connect_timeout().is_none() {
            config.connect_timeout(Duration::from_secs(CONNECT));
        }
        // Nothing goes unencrypted over a network unless the address asks for it.
        if !own.has_tls_mode {
            let is_near = config.get_hosts().iter().all(is_on_this_machine);
            config.ssl_mode(if is_near { SslMode::Disable } else { SslMode::Require });
        }
        config.application_name("heldto");
        let passwords = read_passwords(&mut config, variable)?;
        let shown = shown(&config, &schema);
        let patience = own.patience.unwrap_or(Duration::from_secs(PATIENCE));
        Ok(Self { config, schema, patience, allow_loss: own.allow_loss, passwords, shown })
    }

    /// Returns the address without its user, which is the same for everybody.
    #[must_use]
    pub fn without_user(&self) -> String {
        match self.shown.split_once('@') {
            Some((_, place)) => format!("postgres://{place}"),
            None => self.shown.clone(),
        }
    }

    /// Returns the name of a folder for what belongs to this ledger on one machine.
    #[must_use]
    pub fn folder_name(&self) -> String {
        let place = self.without_user();
        place
            .trim_start_matches("postgres://")
            .chars()
            .map(|c| if c.is_ascii_alphanumeric() || ".-_".contains(c) { c } else { '-' })
            .collect()
    }

    /// Returns the settings for each server of the cluster.
    pub(crate) fn servers(&self) -> Vec<Config> {
        let of = |(n, host): (usize, &Host)| {
            let mut one = Config::new();
            match host {
                Host::Tcp(name) => one.host(name),
                #[cfg(unix)]
                Host::Unix(path) => one.host_path(path),
            };
            one.port(port(&self.config, n));
            one.user(self.config.get_user().unwrap_or_default());
            one.dbname(self.config.get_dbname().unwrap_or_default());
            let own = self.passwords.get(n).and_then(Option::as_deref).map(str::as_bytes);
            own.or(self.config.get_password()).map(|password| one.password(password));
            self.config.get_options().map(|options| one.options(options));
            one.application_name("heldto").ssl_mode(self.config.get_ssl_mode());
            one.connect_timeout(self.config.get_connect_timeout().copied().unwrap_or(Duration::from_secs(CONNECT)));
            one
        };
        self.config.get_hosts().iter().enumerate().map(of).collect()
    }

    /// Returns the user: a role of the server.
    #[must_use]
    pub fn user(&self) -> &str {
        self.config.get_user().unwrap_or_default()
    }
}

/// Returns the first host of a connection's settings, as text.
pub(crate) fn host(config: &Config) -> String {
    match config.get_hosts().first() {
        Some(Host::Tcp(name)) => format!("{name}:{}", port(config, 0)),
        #[cfg(unix)]
        Some(Host::Unix(path)) => path.display().to_string(),
        None => "the server".to_owned(),
    }
}

/// The settings of an address that are not PostgreSQL's own.
#[derive(Default)]
struct Own {
    schema: Option<String>,
    patience: Option<Duration>,
    allow_loss: bool,
    has_tls_mode: bool,
}

fn password() -> ServerAddressError {
    wrong(
        "the address holds a password, which other users of this machine can see",
        "take it out, and put it in the password file: a line host:port:database:user:password in ~/.pgpass, readable \
         by you alone",
    )
}

fn seconds(text: &str) -> Result<Duration, ServerAddressError> {
    let seconds = text.parse().ok().filter(|seconds| (1..=3600).contains(seconds));
    seconds
        .map(Duration::from_secs)
        .ok_or_else(|| wrong(format!("`{text}` is no patience"), "give a number of seconds from 1 to 3600"))
}

/// Returns the mode of a connection for a value of `sslmode`: with TLS the server's name and
/// certificate are always checked.
fn tls_mode(value: &str) -> Result<&'static str, ServerAddressError> {
    match value {
        "disable" => Ok("disable"),
        "allow" | "prefer" | "require" | "verify-ca" | "verify-full" => Ok("require"),
        other => Err(wrong(format!("`{other}` is no sslmode"), "give require, or disable for no encryption")),
    }
}

fn is_on_this_machine(host: &Host) -> bool {
    match host {
        Host::Tcp(name) => {
            name == "localhost" || name.parse().is_ok_and(|address: std::net::IpAddr| address.is_loopback())
        }
        #[cfg(unix)]
        Host::Unix(_) => true,
    }
}

/// Returns the address as it is printed and stored: without secrets and options.
fn shown(config: &Config, schema: &str) -> String {
    let ports = config.get_ports();
    let host = |(n, host): (usize, &Host)| {
        let name = match host {
            Host::Tcp(name) => name.clone(),
            #[cfg(unix)]
            Host::Unix(path) => path.to_string_lossy().replace('/', "%2F"),
        };
        match ports.get(n).or(ports.first()) {
            Some(port) if *port != 5432 => format!("{name}:{port}"),
            _ => name,
        }
    };
    let hosts: Vec<String> = config.get_hosts().iter().enumerate().map(host).collect();
    let database = config.get_dbname().unwrap_or_default();
    let user = config.get_user().unwrap_or_default();
    format!("postgres://{user}@{}/{database}?schema={schema}", hosts.join(","))
}

fn home(variable: &dyn Fn(&str) -> Option<String>) -> Option<PathBuf> {
    variable("HOME").or_else(|| variable("USERPROFILE")).map(PathBuf::from)
}

/// Adds the settings of a service, from the service file of PostgreSQL.
fn read_service(
    config: &mut Config,
    name: &str,
    own: &mut Own,
    variable: &dyn Fn(&str) -> Option<String>,
) -> Result<(), ServerAddressError> {
    let file = variable("PGSERVICEFILE").map(PathBuf::from).or_else(|| Some(home(variable)?.join(".pg_service.conf")));
    let file = file.unwrap_or_else(|| PathBuf::from(".pg_service.conf"));
    let remedy = "name the service file in PGSERVICEFILE, or make ~/.pg_service.conf";
    let text = std::fs::read_to_string(&file)
        .map_err(|error| wrong(format!("cannot read the service file {}: {error}", file.display()), remedy))?;
    let mut section = "";
    let mut is_found = false;
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')) {
        if let Some(begun) = line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
            section = begun;
            is_found |= begun == name;
            continue;
        }
        let Some((key, value)) = line.split_once('=').filter(|_| section == name) else { continue };
        let (key, value) = (key.trim(), value.trim());
        // What the address says itself comes first.
        match key {
            "schema" if own.schema.is_none() => own.schema = Some(value.to_owned()),
            "user" if config.get_user().is_none() => drop(config.user(value)),
            "dbname" if config.get_dbname().is_none() => drop(config.dbname(value)),
            "password" => {
                check_private(&file)?;
                config.password(value);
            }
            "sslmode" if !own.has_tls_mode => {
                own.has_tls_mode = true;
                config.ssl_mode(if tls_mode(value)? == "disable" { SslMode::Disable } else { SslMode::Require });
            }
            "host" if config.get_hosts().is_empty() => {
                for host in value.split(',') {
                    config.host(host);
                }
            }
            "port" if config.get_ports().is_empty() => {
                for port in value.split(',').filter_map(|port| port.parse().ok()) {
                    config.port(port);
                }
            }
            _ => {}
        }
    }
    if is_found {
        return Ok(());
    }
    Err(wrong(format!("the service file {} has no [{name}]", file.display()), "add it, or name another service"))
}

/// Returns the port of a host.
fn port(config: &Config, host: usize) -> u16 {
    let ports = config.get_ports();
    ports.get(host).or(ports.first()).copied().unwrap_or(5432)
}

/// Returns the password of each host from the password file of PostgreSQL; sets one for all from
/// `PGPASSWORD`.
fn read_passwords(
    config: &mut Config,
    variable: &dyn Fn(&str) -> Option<String>,
) -> Result<Vec<Option<String>>, ServerAddressError> {
    if config.get_password().is_some() {
        return Ok(Vec::new());
    }
    if let Some(password) = variable("PGPASSWORD") {
        config.password(password);
        return Ok(Vec::new());
    }
    let named = variable("PGPASSFILE").map(PathBuf::from);
    let Some(file) = named.clone().or_else(|| Some(home(variable)?.join(".pgpass"))) else { return Ok(Vec::new()) };
    let text = match std::fs::read_to_string(&file) {
        Ok(text) => text,
        Err(_) if named.is_none() => return Ok(Vec::new()),
        Err(error) => {
            let why = format!("cannot read the password file {}: {error}", file.display());
            return Err(wrong(why, "name another file in PGPASSFILE"));
        }
    };
    check_private(&file)?;
    let lines: Vec<Vec<String>> = text.lines().filter(|line| !line.starts_with('#')).map(fields).collect();
    let of = |(n, host): (usize, &Host)| {
        let host = match host {
            Host::Tcp(name) => name.as_str(),
            #[cfg(unix)]
            Host::Unix(_) => "localhost",
        };
        let port = port(config, n).to_string();
        let wanted = [host, &port, config.get_dbname().unwrap_or_default(), config.get_user().unwrap_or_default()];
        let is_meant = |fields: &&Vec<String>| {
            fields.len() == 5 && fields.iter().zip(&wanted).all(|(field, wanted)| field == "*" || field == wanted)
        };
        lines.iter().find(is_meant).and_then(|fields| fields.last().cloned())
    };
    Ok(config.get_hosts().iter().enumerate().map(of).collect())
}

/// Splits a line of a password file; a backslash takes the next character as it is.
fn fields(line: &str) -> Vec<String> {
    let mut fields = vec![String::new()];
    let mut characters = line.chars();
    while let Some(character) = characters.next() {
        match character {
            ':' if fields.len() < 5 => fields.push(String::new()),
            '\\' => fields.last_mut().expect("one at least").extend(characters.next()),
            other => fields.last_mut().expect("one at least").push(other),
        }
    }
    fields
}

/// Refuses a password file that others may read, as PostgreSQL's own programs do.
fn check_private(file: &Path) -> Result<(), ServerAddressError> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let is_open = std::fs::metadata(file).is_ok_and(|about| about.permissions().mode() & 0o077 != 0);
        if is_open {
            let why = format!("other users may read {}, which holds a password", file.display());
            return Err(wrong(why, format!("take that right away: chmod 600 {}", file.display())));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{ServerAddress, fields};
    use tokio_postgres::config::SslMode;

    fn read(text: &str) -> Result<ServerAddress, String> {
        let variable = |name: &str| (name == "USER").then(|| "clerk".to_owned());
        ServerAddress::read(text, &variable).map_err(|error| error.why)
    }

    #[test]
    fn an_address_is_shown_without_options_and_refused_with_a_password() {
        let address = read("postgres://clerk@db.example.org:5433,db2.example.org/ledgers?schema=derbyshire&patience=9");
        let address = address.expect("an address");
        assert_eq!(
            address.to_string(),
            "postgres://clerk@db.example.org:5433,db2.example.org/ledgers?schema=derbyshire"
        );
        assert_eq!((address.patience.as_secs(), address.allow_loss), (9, false));
        assert_eq!(address.servers().len(), 2);
        for secret in ["postgres://clerk:s3cret@h/d", "postgres://clerk@h/d?password=s3cret"] {
            let why = read(secret).map(|_| ()).expect_err("refused");
            assert!(why.contains("holds a password") && !why.contains("s3cret"), "{why}");
        }
        let why = read("postgres://h/d?shcema=x").map(|_| ()).expect_err("refused");
        assert!(why.contains("shcema"), "{why}");
        for wrong in ["postgres:///d", "postgres://h/d?schema=A", "postgres://h/d?patience=0", "postgres://h/"] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn nothing_goes_unencrypted_over_a_network_unasked() {
        let mode = |text| read(text).expect("an address").config.get_ssl_mode();
        assert_eq!(mode("postgres://db.example.org/d"), SslMode::Require);
        assert_eq!(mode("postgres://127.0.0.1/d"), SslMode::Disable);
        assert_eq!(mode("postgres://127.0.0.1,db.example.org/d"), SslMode::Require);
        assert_eq!(mode("postgres://db.example.org/d?sslmode=disable"), SslMode::Disable);
    }

    #[test]
    #[cfg(unix)]
    fn each_host_is_given_its_own_password() {
        use std::os::unix::fs::PermissionsExt;
        let file = std::env::temp_dir().join(format!("heldto-pgpass-{}", std::process::id()));
        std::fs::write(&file, "one:5432:*:*:first\ntwo:5433:d:clerk:second\n").expect("written");
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)).expect("set");
        let variable = |name: &str| match name {
            "PGPASSFILE" => Some(file.to_string_lossy().into_owned()),
            "PGUSER" => Some("clerk".to_owned()),
            _ => None,
        };
        let address = ServerAddress::read("postgres://one:5432,two:5433,three:5433/d", &variable);
        let address = address.map_err(|error| error.why).expect("an address");
        std::fs::remove_file(&file).expect("there");
        let servers = address.servers();
        let passwords: Vec<_> = servers.iter().map(|one| one.get_password()).collect();
        assert_eq!(passwords, [Some(&b"first"[..]), Some(b"second"), None]);
    }

    #[test]
    fn a_password_file_may_escape() {
        assert_eq!(fields(r"h:5432:d:u\:v:p\\w:x"), ["h", "5432", "d", "u:v", r"p\w:x"]);
    }
}
