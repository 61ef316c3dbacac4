//! Requests over HTTP(S): one synchronous client, in builds with the feature `network`. Knows no
//! ledger. Start at [`get`].

use crate::error::{CommandError, FAILED};

/// The way to a build with a network, and with checks of time-stamps.
#[cfg(not(feature = "network"))]
pub const BUILD: &str = "build the program with it: cargo install --path crates/cli --features network";

/// Returns `true` if a source is an address, not a folder.
pub fn is_address(source: &str) -> bool {
    source.starts_with("https://") || source.starts_with("http://")
}

/// Returns the bytes at an address, at most `limit`; `None` if there is nothing there.
///
/// # Errors
/// If the host cannot be reached or answers otherwise, or the answer is too long.
pub fn get(address: &str, limit: u64) -> Result<Option<Vec<u8>>, CommandError> {
    let (status, bytes) = client::get(address, limit)?;
    match status {
        200 => Ok(Some(bytes)),
        404 | 410 => Ok(None),
        status => Err(failed(address, &format!("the host answers {status}"))),
    }
}

/// Sends bytes of a media type to an address, and returns the status and the body of the answer, at
/// most `limit` bytes.
///
/// # Errors
/// If the host cannot be reached, or the answer is too long.
pub fn post(address: &str, media_type: &str, body: &[u8], limit: u64) -> Result<(u16, Vec<u8>), CommandError> {
    client::post(address, media_type, body, limit)
}

/// Returns a source without the name, the password and the options that its address may have.
pub fn shown(source: &str) -> String {
    match source.split_once("://") {
        Some((scheme, rest)) => {
            let (host, path) = rest.split_once('/').map_or((rest, None), |(host, path)| (host, Some(path)));
            let host = host.rsplit_once('@').map_or(host, |(_, host)| host);
            let path = path.map(|path| path.split('?').next().unwrap_or(path));
            format!("{scheme}://{host}{}", path.map(|path| format!("/{path}")).unwrap_or_default())
        }
        None => source.to_owned(),
    }
}

fn failed(address: &str, why: &str) -> CommandError {
    CommandError::new(FAILED, format!("cannot reach {}: {why}", shown(address)))
}

#[cfg(feature = "network")]
mod client {
    //! The client.

    use super::failed;
    use crate::error::CommandError;
    use std::sync::{Arc, OnceLock};
    use std::time::Duration;

    /// Returns the client: the system's root certificates, at most 5 redirects, a minute for each
    /// request.
    fn agent() -> &'static ureq::Agent {
        static AGENT: OnceLock<ureq::Agent> = OnceLock::new();
        AGENT.get_or_init(|| {
            let tls = ureq::tls::TlsConfig::builder()
                .unversioned_rustls_crypto_provider(Arc::new(rustls::crypto::ring::default_provider()))
                .root_certs(ureq::tls::RootCerts::PlatformVerifier)
                .build();
            ureq::Agent::config_builder()
                .tls_config(tls)
                .http_status_as_error(false)
                .max_redirects(5)
                .timeout_global(Some(Duration::from_secs(60)))
                .user_agent(concat!("heldto/", env!("CARGO_PKG_VERSION")))
                .build()
                .into()
        })
    }

    /// Returns the status and the body of an answer.
    pub fn get(address: &str, limit: u64) -> Result<(u16, Vec<u8>), CommandError> {
        let failed = |error: ureq::Error| {
            let why = error.to_string();
            let is_plain = why.contains("InvalidContentType");
            let failed = failed(address, why.trim_start_matches("io: "));
            let hint = if is_plain {
                "the host does not answer in https: is the address http://…?"
            } else {
                "check the address, and the network"
            };
            failed.hint(hint)
        };
        let mut answer = agent().get(address).call().map_err(failed)?;
        let bytes = answer.body_mut().with_config().limit(limit).read_to_vec().map_err(failed)?;
        Ok((answer.status().as_u16(), bytes))
    }

    /// Returns the status and the body of an answer to bytes.
    pub fn post(address: &str, media_type: &str, body: &[u8], limit: u64) -> Result<(u16, Vec<u8>), CommandError> {
        let failed = |error: ureq::Error| failed(address, &error.to_string());
        let mut answer = agent().post(address).content_type(media_type).send(body).map_err(failed)?;
        let bytes = answer.body_mut().with_config().limit(limit).read_to_vec().map_err(failed)?;
        Ok((answer.status().as_u16(), bytes))
    }
}

#[cfg(not(feature = "network"))]
mod client {
    //! The client of a build without a network.

    use super::failed;
    use crate::error::CommandError;

    pub fn get(address: &str, _: u64) -> Result<(u16, Vec<u8>), CommandError> {
        Err(none(address))
    }

    pub fn post(address: &str, _: &str, _: &[u8], _: u64) -> Result<(u16, Vec<u8>), CommandError> {
        Err(none(address))
    }

    fn none(address: &str) -> CommandError {
        failed(address, "this build has no network").hint(super::BUILD)
    }
}
