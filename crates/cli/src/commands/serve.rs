//! `site serve`: shows a site on this machine, as a web host would. Start at [`serve`].
//!
//! One answer for each connection, to GET and HEAD only: libraries for more bring a runtime, or
//! keep idle connections that starve the next.

use super::plain;
use crate::args::SiteServeArgs;
use crate::error::{CommandError, FAILED, USAGE};
use crate::{Env, RunOutput};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::{Component, Path, PathBuf};
use std::time::Duration;

/// Serves the files of a site on the loopback interface until the program is stopped.
///
/// Only files of a site are served, and no link is followed out of the folder.
pub fn serve(env: &mut Env<'_>, args: &SiteServeArgs) -> Result<RunOutput, CommandError> {
    if !args.dir.join("checkpoint").is_file() {
        let message = format!("{} is not a site: it has no checkpoint", args.dir.display());
        return Err(CommandError::new(USAGE, message).hint("build one first: heldto site build DIR"));
    }
    let failed = |what: &dyn std::fmt::Display, e: &std::io::Error| CommandError::new(FAILED, format!("{what}: {e}"));
    let root = args.dir.canonicalize().map_err(|e| failed(&args.dir.display(), &e))?;
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, args.port)).map_err(|e| {
        failed(&format!("port {}", args.port), &e).hint("name another one with --port, or any free one with --port 0")
    })?;
    let port = listener.local_addr().map_err(|e| failed(&"the address", &e))?.port();
    (env.eprintln)(&format!("{} is at http://127.0.0.1:{port}/ on this machine; Ctrl-C stops it", args.dir.display()));
    for connection in listener.incoming() {
        let Ok(connection) = connection else {
            // Out of descriptors: wait until some connections have ended.
            std::thread::sleep(Duration::from_millis(50));
            continue;
        };
        let root = root.clone();
        // A browser that went away, or sends nothing, is no error of the server.
        std::thread::spawn(move || drop(answer(&root, connection)));
    }
    Ok(plain(""))
}

/// Maximum length of a request, in bytes.
const MAX_REQUEST: u64 = 16 * 1024;

fn answer(root: &Path, mut connection: TcpStream) -> std::io::Result<()> {
    connection.set_read_timeout(Some(Duration::from_secs(10)))?;
    let mut lines = BufReader::new(Read::by_ref(&mut connection).take(MAX_REQUEST)).lines();
    let first = lines.next().transpose()?.unwrap_or_default();
    // The rest of the request says nothing that is needed, but must be read.
    while lines.next().transpose()?.is_some_and(|line| !line.is_empty()) {}
    let mut words = first.split(' ');
    let (method, url) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    if !matches!(method, "GET" | "HEAD") {
        return connection
            .write_all(b"HTTP/1.1 405 Method Not Allowed\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    }
    let held = found(root, url).and_then(|path| Some((std::fs::read(&path).ok()?, path)));
    let is_found = held.is_some();
    let (bytes, path) = held.unwrap_or_else(|| {
        let missing = found(root, "/404.html").unwrap_or_default();
        (std::fs::read(&missing).unwrap_or_default(), PathBuf::from("404.html"))
    });
    let status = if is_found { "200 OK" } else { "404 Not Found" };
    let own = [("Content-Type", kind_of(&path)), ("Cache-Control", "no-cache"), ("Connection", "close")];
    let headers: String =
        own.iter().chain(heldto_site::HEADERS).map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    write!(connection, "HTTP/1.1 {status}\r\n{headers}Content-Length: {}\r\n\r\n", bytes.len())?;
    if method == "GET" { connection.write_all(&bytes) } else { Ok(()) }
}

/// Returns the file at an address, if it is one inside the folder.
fn found(root: &Path, url: &str) -> Option<PathBuf> {
    let path = url.split(['?', '#']).next()?.strip_prefix('/')?;
    let path = if path.is_empty() { "index.html" } else { path };
    let is_published =
        ["checkpoint", "first-key"].contains(&path) || ["tile/", "parts/"].iter().any(|of| path.starts_with(of));
    let is_inside = Path::new(path).components().all(|part| matches!(part, Component::Normal(_)));
    let is_served = is_inside && (is_published || heldto_site::is_of_a_site(path));
    let file = root.join(path).canonicalize().ok().filter(|_| is_served)?;
    (file.starts_with(root) && file.is_file()).then_some(file)
}

fn kind_of(path: &Path) -> &'static str {
    match path.extension().and_then(|ending| ending.to_str()) {
        Some("html") => "text/html; charset=utf-8",
        Some("css") => "text/css",
        Some("js") => "text/javascript",
        Some("json") => "application/json",
        Some("wasm") => "application/wasm",
        Some("csv") => "text/csv; charset=utf-8",
        Some("ics") => "text/calendar",
        Some("atom") => "application/atom+xml",
        Some("txt") => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}
