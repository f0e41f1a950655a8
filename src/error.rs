//! The one error of this crate: a kind for programs, a message for people, and the cause.

use std::{borrow::Cow, error::Error as StdError, fmt};

/// The result of every fallible function of this crate.
pub type Result<T> = std::result::Result<T, Error>;

/// What went wrong, for a program to act on. Each language binding maps it one to one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Kind {
    /// An argument is outside what the function takes.
    InvalidArgument,
    /// Text that must be UTF-8 is not.
    InvalidUtf8,
    /// Text that must be JSON is not, or is not the kind of JSON value asked for.
    InvalidJson,
    /// A JSON Schema that is not valid, not supported, or past its bounds.
    InvalidSchema,
    /// Something of that name is registered already.
    AlreadyExists,
    /// Nothing of that name is registered.
    NotFound,
    /// A limit of the configuration is reached.
    LimitExceeded,
    /// The server is not in the state that the function needs (running, stopped).
    WrongState,
    /// The operating system refused: a port in use, no permission, no descriptors left.
    Io,
    /// Waiting here could never end: the caller runs inside a callback of the same server.
    Deadlock,
    /// The process was forked after the server was made; the child has no server.
    Forked,
    /// The call was cancelled; its answer is not wanted any more.
    Cancelled,
    /// The call was answered before.
    Finished,
    /// The client has to answer first: suspend the call and return.
    InputRequired,
    /// The client did not declare the capability that this needs.
    MissingCapability,
    /// The client answered with a JSON-RPC error.
    ClientError,
    /// No client has that id, or it is gone.
    NoSuchClient,
    /// The client has not finished `initialize` yet.
    NotInitialized,
    /// The client has no stream open to push on.
    NoStream,
    /// The client did not subscribe to this.
    NotSubscribed,
    /// The client does not keep up: its outbox is full.
    OutboxFull,
    /// The deadline passed first.
    Timeout,
    /// A panic was caught at the boundary of the library.
    Panic,
    /// A fault of this library.
    Internal,
}

/// An error of this crate.
#[derive(Debug)]
pub struct Error {
    kind: Kind,
    message: Cow<'static, str>,
    source: Option<Box<dyn StdError + Send + Sync>>,
}

impl Error {
    /// Makes an error from its kind and a message that says what was wrong and what to do.
    pub fn new(kind: Kind, message: impl Into<Cow<'static, str>>) -> Self {
        Self { kind, message: message.into(), source: None }
    }

    /// Adds the error that led to this one.
    #[must_use]
    pub fn with_source(mut self, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// What went wrong.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// The message alone, without the cause.
    pub fn message(&self) -> &str {
        &self.message
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        match &self.source {
            Some(source) => write!(f, ": {source}"),
            None => Ok(()),
        }
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.source.as_deref().map(|s| s as _)
    }
}
