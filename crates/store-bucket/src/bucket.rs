//! A folder of a bucket, read and written as the files of a publication. Start at [`Bucket::open`].

use crate::failure::Server;
use futures_util::TryStreamExt;
use heldto_store_files::{FolderError, PublishedFiles, WritableFiles, limit_of, older};
use object_store::path::Path;
use object_store::{ObjectStore, PutMode, PutOptions, PutPayload, UpdateVersion};
use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;
use tokio::runtime::Runtime;
use url::Url;

/// A folder of a bucket.
pub struct Bucket {
    runtime: Runtime,
    store: Arc<dyn ObjectStore>,
    prefix: Path,
    server: Server,
    /// Versions of the files that were read, on which a replacement depends.
    versions: RefCell<BTreeMap<String, UpdateVersion>>,
    /// The checkpoint that was read last.
    checkpoint: RefCell<Option<Vec<u8>>>,
    /// Names of all files, listed once.
    listed: RefCell<Option<BTreeSet<String>>>,
    keeps_versions: Cell<bool>,
}

/// The reason why an address is no bucket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BucketError(pub String);

/// The clouds: scheme, first letters of the variables that are read, and those with credentials.
const CLOUDS: [(&str, &str, &str); 3] = [
    ("s3", "AWS_", "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"),
    ("gs", "GOOGLE_", "GOOGLE_APPLICATION_CREDENTIALS"),
    ("az", "AZURE_", "AZURE_STORAGE_ACCOUNT_NAME and AZURE_STORAGE_ACCOUNT_KEY"),
];

/// Longest wait for the next bytes of a file, or for a page of the list, with all that is tried
/// again.
const PATIENCE: Duration = Duration::from_secs(30);
/// Longest wait for a file to be written: a line of 45 kB a second writes 27 MB in that time.
const WRITING: Duration = Duration::from_secs(600);
/// Longest time of a request for the client below, beyond that of any file.
const REQUEST: (&str, &str) = ("timeout", "3600 seconds");

/// The list of files, in messages.
const LIST: &str = "the list of files";

/// Returns `true` if a text is the address of a folder in a bucket, not a path.
#[must_use]
pub fn is_address(text: &str) -> bool {
    CLOUDS.iter().any(|(scheme, ..)| text.strip_prefix(scheme).is_some_and(|rest| rest.starts_with("://")))
}

impl Bucket {
    /// Opens a folder of a bucket with the credentials of its cloud, from the environment or, where
    /// there are none, from the machine's own service; reads nothing yet.
    ///
    /// # Errors
    /// If the address is malformed or holds a password, or the settings are not usable.
    pub fn open(address: &str, environment: &[(String, String)]) -> Result<Self, BucketError> {
        let wrong = |why: &dyn std::fmt::Display| BucketError(format!("{address} cannot be used: {why}"));
        let url = Url::parse(address).map_err(|error| BucketError(format!("the address of the bucket: {error}")))?;
        let (_, rest) = address.split_once("://").unwrap_or_default();
        let is_plain = |c: char| c.is_ascii_alphanumeric() || "._-/".contains(c);
        let has_secret = url.password().is_some() || !url.username().is_empty() || url.query().is_some();
        if has_secret || rest.contains('@') {
            let why = "the address of a bucket holds no user, no password and no options; the cloud's own variables do";
            return Err(BucketError(why.to_owned()));
        }
        let is_odd = |part: &str| part == "." || part == "..";
        if !rest.chars().all(is_plain) || rest.split('/').any(is_odd) || rest.contains("//") {
            return Err(wrong(&"in the name of a bucket and its folder are only a-z, A-Z, 0-9 and . _ - /"));
        }
        if url.host_str().is_none_or(str::is_empty) {
            return Err(wrong(&"it names no bucket"));
        }
        let is_wrong = |(name, value): &&(String, String)| {
            name.contains("ENDPOINT") && !value.is_empty() && Url::parse(value).is_err()
        };
        let cloud = CLOUDS.iter().find(|(scheme, ..)| *scheme == url.scheme());
        let (_, letters, variables) = *cloud.ok_or_else(|| wrong(&"it begins with s3://, gs:// or az://"))?;
        if let Some((name, _)) = environment.iter().filter(|(name, _)| name.starts_with(letters)).find(is_wrong) {
            return Err(BucketError(format!("the variable {name} is no address")));
        }
        // The one provider of TLS in this program; installed already if this is a second bucket.
        drop(rustls::crypto::ring::default_provider().install_default());
        let runtime =
            tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(|error| wrong(&error))?;
        let is_endpoint = |(name, value): &&(String, String)| {
            name.starts_with(letters) && name.contains("ENDPOINT") && !value.is_empty()
        };
        // Only scheme, host and port: the rest may hold a secret.
        let endpoint = environment.iter().find(is_endpoint).and_then(|(_, value)| Url::parse(value).ok());
        let endpoint = endpoint.map_or_else(String::new, |at| at.origin().ascii_serialization());
        let settings = environment
            .iter()
            .filter(|(name, value)| name.starts_with(letters) && !value.is_empty())
            .map(|(name, value)| (name.to_ascii_lowercase(), value.clone()))
            .chain([(REQUEST.0.to_owned(), REQUEST.1.to_owned())]);
        let (store, prefix) = object_store::parse_url_opts(&url, settings).map_err(|error| wrong(&error))?;
        Ok(Self {
            runtime,
            store: Arc::from(store),
            prefix,
            server: Server { letters, variables, address: address.trim_end_matches('/').to_owned(), endpoint },
            versions: RefCell::default(),
            checkpoint: RefCell::default(),
            listed: RefCell::default(),
            keeps_versions: Cell::new(false),
        })
    }

    /// Returns `true` if the bucket said that it keeps earlier versions of what was replaced.
    ///
    /// Only S3 says so.
    #[must_use]
    pub const fn keeps_versions(&self) -> bool {
        self.keeps_versions.get()
    }

    pub(crate) fn path(&self, file: &str) -> Path {
        let parts = self.prefix.parts().map(|part| part.as_ref().to_owned());
        Path::from_iter(parts.chain(file.split('/').map(str::to_owned)))
    }

    pub(crate) fn store(&self) -> &Arc<dyn ObjectStore> {
        &self.store
    }

    /// Waits for an answer; `what` names the file or the list that is asked for.
    pub(crate) fn wait<T>(
        &self,
        what: &str,
        limit: Duration,
        answer: impl Future<Output = Result<T, object_store::Error>>,
    ) -> Result<Result<T, object_store::Error>, FolderError> {
        let answered = self.runtime.block_on(async { tokio::time::timeout(limit, answer).await });
        answered.map_err(|_| self.server.silence(what, limit))
    }

    pub(crate) fn failed(&self, what: &str, error: &object_store::Error) -> FolderError {
        self.server.failure(what, error)
    }

    /// Writes a file on a condition; `None` if the condition does not hold.
    fn put(&self, path: &str, bytes: &[u8], mode: PutMode) -> Result<Option<()>, FolderError> {
        let options = PutOptions { mode, ..PutOptions::default() };
        let payload = PutPayload::from(bytes.to_vec());
        match self.wait(path, WRITING, self.store.put_opts(&self.path(path), payload, options))? {
            Ok(result) => {
                // Google's generations and Azure's tags are versions whether or not any are kept.
                self.keeps_versions
                    .set(self.keeps_versions.get() || (self.server.letters == "AWS_" && result.version.is_some()));
                self.versions.borrow_mut().insert(path.to_owned(), result.into());
                if let Some(listed) = self.listed.borrow_mut().as_mut() {
                    listed.insert(path.to_owned());
                }
                Ok(Some(()))
            }
            Err(object_store::Error::AlreadyExists { .. } | object_store::Error::Precondition { .. }) => Ok(None),
            Err(error) => Err(self.failed(path, &error)),
        }
    }

    /// Lists all files, without which nothing is published: an erasure would not reach those that
    /// an older checkpoint left.
    ///
    /// # Errors
    /// If the bucket does not allow it.
    pub fn ready(&self) -> Result<(), FolderError> {
        self.list()
    }

    /// Lists all files, once.
    fn list(&self) -> Result<(), FolderError> {
        if self.listed.borrow().is_some() {
            return Ok(());
        }
        let prefix = (!self.prefix.as_ref().is_empty()).then_some(&self.prefix);
        let skipped = self.prefix.parts().count();
        let mut listing = self.store.list(prefix);
        let mut found: Vec<Path> = Vec::new();
        while let Some(about) =
            self.wait(LIST, PATIENCE, listing.try_next())?.map_err(|error| self.failed(LIST, &error))?
        {
            found.push(about.location);
        }
        let name =
            |path: &Path| path.parts().skip(skipped).map(|part| part.as_ref().to_owned()).collect::<Vec<_>>().join("/");
        *self.listed.borrow_mut() = Some(found.iter().map(name).collect());
        Ok(())
    }

    fn names_in(&self, folder: &str) -> Vec<String> {
        let listed = self.listed.borrow();
        let names = listed.iter().flat_map(|listed| listed.range(folder.to_owned()..));
        names.map_while(|name| name.strip_prefix(folder)).map(str::to_owned).collect()
    }
}

impl PublishedFiles for Bucket {
    fn read(&self, path: &str) -> Result<Option<Vec<u8>>, FolderError> {
        let limit = limit_of(path);
        let place = self.path(path);
        let asked = self.store.get_opts(&place, object_store::GetOptions::default());
        let read = match self.wait(path, PATIENCE, asked)? {
            Ok(got) if got.meta.size > limit => Ok(None),
            Ok(got) => {
                let version = UpdateVersion { e_tag: got.meta.e_tag.clone(), version: got.meta.version.clone() };
                let mut stream = got.into_stream();
                let mut bytes = Vec::new();
                loop {
                    match self.wait(path, PATIENCE, stream.try_next())? {
                        Ok(Some(some)) => bytes.extend_from_slice(&some),
                        Ok(None) => break Ok(Some((bytes, version))),
                        Err(error) => break Err(error),
                    }
                }
            }
            Err(error) => Err(error),
        };
        match read {
            Ok(Some((bytes, version))) => {
                self.versions.borrow_mut().insert(path.to_owned(), version);
                if path == "checkpoint" {
                    *self.checkpoint.borrow_mut() = Some(bytes.clone());
                }
                Ok(Some(bytes))
            }
            Ok(None) => Err(FolderError::Broken {
                path: path.to_owned(),
                why: "it is longer than a file of its kind can be".to_owned(),
            }),
            // A bucket that is not there has no file either.
            Err(object_store::Error::NotFound { source, .. }) if !source.to_string().contains("NoSuchBucket") => {
                self.versions.borrow_mut().remove(path);
                Ok(None)
            }
            Err(error) => Err(self.failed(path, &error)),
        }
    }

    fn older_partials(&self, path: &str, width: u64) -> Vec<usize> {
        // `ready` has the list, or the publication is not begun.
        if self.list().is_err() {
            return Vec::new();
        }
        older(self.names_in(&format!("{path}.p/")).iter().map(String::as_str), width)
    }
}

impl WritableFiles for Bucket {
    fn create(&self, path: &str, bytes: &[u8]) -> Result<bool, FolderError> {
        if self.put(path, bytes, PutMode::Create)?.is_some() {
            return Ok(true);
        }
        match self.read(path)? {
            Some(there) if there == bytes => Ok(false),
            _ => Err(FolderError::Broken {
                path: path.to_owned(),
                why: "other bytes are published under this name: the ledger was forked".to_owned(),
            }),
        }
    }

    fn replace(&self, path: &str, bytes: &[u8]) -> Result<bool, FolderError> {
        // On the version that was read and compared, not on the one that is there now.
        let version = self.versions.borrow().get(path).cloned();
        let mode = version.map_or(PutMode::Create, PutMode::Update);
        match self.put(path, bytes, mode)? {
            Some(()) => Ok(true),
            // A request that was tried again may have failed by its own success.
            None if self.read(path)?.as_deref() == Some(bytes) => Ok(true),
            None => Err(FolderError::Overtaken { path: path.to_owned() }),
        }
    }

    /// Moves the checkpoint on from the one that was read last.
    fn put_checkpoint(&self, bytes: &[u8]) -> Result<bool, FolderError> {
        let is_same = self.checkpoint.borrow().as_deref() == Some(bytes);
        let version = self.versions.borrow().get("checkpoint").cloned();
        let mode = version.map_or(PutMode::Create, PutMode::Update);
        // Written even if it is the same: a publisher that was overtaken learns it here.
        match self.put("checkpoint", bytes, mode)? {
            Some(()) => Ok(!is_same),
            None if self.read("checkpoint")?.as_deref() == Some(bytes) => Ok(false),
            None => Err(FolderError::Overtaken { path: "checkpoint".to_owned() }),
        }
    }

    fn remove_partials(&self, path: &str) -> Result<usize, FolderError> {
        self.list()?;
        let folder = format!("{path}.p/");
        let names = self.names_in(&folder);
        for name in &names {
            let file = format!("{folder}{name}");
            match self.wait(&file, PATIENCE, object_store::ObjectStoreExt::delete(&self.store, &self.path(&file)))? {
                Ok(()) | Err(object_store::Error::NotFound { .. }) => {}
                Err(error) => return Err(self.failed(&file, &error)),
            }
            if let Some(listed) = self.listed.borrow_mut().as_mut() {
                listed.remove(&file);
            }
        }
        Ok(names.len())
    }

    /// Checks that the files of this publication are in the list by which older ones are found: a
    /// list that cannot be had, or leaves files out, hides what an erasure has to reach.
    fn finish(&self) -> Result<(), FolderError> {
        *self.listed.borrow_mut() = None;
        self.list()?;
        let is_listed = |name: &str| self.listed.borrow().as_ref().is_some_and(|listed| listed.contains(name));
        if is_listed("checkpoint") && is_listed("first-key") {
            return Ok(());
        }
        Err(FolderError::Broken { path: LIST.to_owned(), why: "it leaves files out".to_owned() })
    }
}
