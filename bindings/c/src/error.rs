//! Errors
//!
//! Every function that can fail returns a `mcp_status` and takes a `mcp_error **` as its last parameter. It may
//! be NULL. When the function fails and it is not NULL, it is set to an error that says what was wrong and what
//! to do, which the caller frees with mcp_error_free(). Otherwise it is left alone, as are all outputs of a
//! function that fails. Any function may return MCP_ERR_NULL, MCP_ERR_INVALID_UTF8, MCP_ERR_FORKED,
//! MCP_ERR_PANIC and MCP_ERR_INTERNAL; the other errors are named where they can occur.

use std::{
    borrow::Cow,
    ffi::CStr,
    mem::MaybeUninit,
    panic::{AssertUnwindSafe, catch_unwind},
};

use engine::{Error, Kind};

use crate::{
    handle::{Text, give, mcp_error},
    str::mcp_str,
};

/// What became of a function call. Values are never changed or reused; there may be more in a later version.
pub type mcp_status = i32;

/// It was done.
pub const MCP_OK: mcp_status = 0;
/// No error: the client has to answer first. Suspend the call and return; see "Asking the client".
pub const MCP_INPUT_REQUIRED: mcp_status = 1;
/// A handle, a pointer or a text that must be there is NULL.
pub const MCP_ERR_NULL: mcp_status = 2;
/// An argument is outside what the function takes.
pub const MCP_ERR_INVALID_ARGUMENT: mcp_status = 3;
/// Text is not UTF-8.
pub const MCP_ERR_INVALID_UTF8: mcp_status = 4;
/// Text that must be JSON is not, or is not the kind of JSON value asked for.
pub const MCP_ERR_INVALID_JSON: mcp_status = 5;
/// A JSON Schema is not valid, not supported, or past its bounds.
pub const MCP_ERR_INVALID_SCHEMA: mcp_status = 6;
/// Something of that name is registered already.
pub const MCP_ERR_ALREADY_EXISTS: mcp_status = 7;
/// There is nothing of that name or number.
pub const MCP_ERR_NOT_FOUND: mcp_status = 8;
/// A limit of the configuration is reached.
pub const MCP_ERR_LIMIT_EXCEEDED: mcp_status = 9;
/// The server is not in the state that the function needs (running, stopped).
pub const MCP_ERR_WRONG_STATE: mcp_status = 10;
/// The operating system refused: a port in use, no permission, no descriptors left.
pub const MCP_ERR_IO: mcp_status = 11;
/// Waiting here could never end: the caller runs inside a callback of a server.
pub const MCP_ERR_DEADLOCK: mcp_status = 12;
/// The process was forked after the library was used; the child has no server.
pub const MCP_ERR_FORKED: mcp_status = 13;
/// The call was cancelled; its answer is not wanted any more.
pub const MCP_ERR_CANCELLED: mcp_status = 14;
/// The call was finished, suspended or dropped before.
pub const MCP_ERR_FINISHED: mcp_status = 15;
/// The client did not declare the capability that this needs.
pub const MCP_ERR_MISSING_CAPABILITY: mcp_status = 16;
/// The client answered with a JSON-RPC error.
pub const MCP_ERR_CLIENT: mcp_status = 17;
/// No client has that number, or it is gone.
pub const MCP_ERR_NO_SUCH_CLIENT: mcp_status = 18;
/// The client has not finished `initialize` yet.
pub const MCP_ERR_NOT_INITIALIZED: mcp_status = 19;
/// The client has no stream open to push on.
pub const MCP_ERR_NO_STREAM: mcp_status = 20;
/// The client did not subscribe to this.
pub const MCP_ERR_NOT_SUBSCRIBED: mcp_status = 21;
/// The client does not keep up: its outbox is full.
pub const MCP_ERR_OUTBOX_FULL: mcp_status = 22;
/// The deadline passed first.
pub const MCP_ERR_TIMEOUT: mcp_status = 23;
/// A panic was caught at the boundary of the library. This is a fault of the library; the process is unharmed.
pub const MCP_ERR_PANIC: mcp_status = 24;
/// Another fault of the library.
pub const MCP_ERR_INTERNAL: mcp_status = 25;

/// The names by value.
const NAMES: [&CStr; 26] = [
    c"MCP_OK",
    c"MCP_INPUT_REQUIRED",
    c"MCP_ERR_NULL",
    c"MCP_ERR_INVALID_ARGUMENT",
    c"MCP_ERR_INVALID_UTF8",
    c"MCP_ERR_INVALID_JSON",
    c"MCP_ERR_INVALID_SCHEMA",
    c"MCP_ERR_ALREADY_EXISTS",
    c"MCP_ERR_NOT_FOUND",
    c"MCP_ERR_LIMIT_EXCEEDED",
    c"MCP_ERR_WRONG_STATE",
    c"MCP_ERR_IO",
    c"MCP_ERR_DEADLOCK",
    c"MCP_ERR_FORKED",
    c"MCP_ERR_CANCELLED",
    c"MCP_ERR_FINISHED",
    c"MCP_ERR_MISSING_CAPABILITY",
    c"MCP_ERR_CLIENT",
    c"MCP_ERR_NO_SUCH_CLIENT",
    c"MCP_ERR_NOT_INITIALIZED",
    c"MCP_ERR_NO_STREAM",
    c"MCP_ERR_NOT_SUBSCRIBED",
    c"MCP_ERR_OUTBOX_FULL",
    c"MCP_ERR_TIMEOUT",
    c"MCP_ERR_PANIC",
    c"MCP_ERR_INTERNAL",
];

/// The name of a status, such as "MCP_ERR_NULL", with a NUL at its end; "MCP_ERR_INTERNAL" for a number that is
/// no status. Lives forever. Any thread.
#[unsafe(no_mangle)]
pub extern "C" fn mcp_status_name(status: mcp_status) -> mcp_str {
    let known = usize::try_from(status).ok().and_then(|at| NAMES.get(at));
    mcp_str::of_c(known.unwrap_or(&c"MCP_ERR_INTERNAL"))
}

/// The status that the function returned; MCP_OK for NULL. Any thread.
#[unsafe(no_mangle)]
pub extern "C" fn mcp_error_status(error: Option<&mcp_error>) -> mcp_status {
    error.map_or(MCP_OK, |error| error.status)
}

/// What was wrong, for people: one line with a NUL at its end; MCP_NONE for NULL. Lives as long as the error.
/// Any thread.
#[unsafe(no_mangle)]
pub extern "C" fn mcp_error_message(error: Option<&mcp_error>) -> mcp_str {
    error.map_or(mcp_str::NONE, |error| error.message.as_mcp_str())
}

/// Frees an error. NULL is allowed. Any thread.
#[unsafe(no_mangle)]
pub extern "C" fn mcp_error_free(take_error: Option<Box<mcp_error>>) {
    drop(take_error);
}

/// Why a function of the ABI fails.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) status: mcp_status,
    pub(crate) message: Cow<'static, str>,
}

impl Failure {
    pub(crate) fn new(status: mcp_status, message: impl Into<Cow<'static, str>>) -> Self {
        Self { status, message: message.into() }
    }
}

pub(crate) fn null(name: &str) -> Failure {
    Failure::new(MCP_ERR_NULL, format!("{name} is NULL"))
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::new(status_of(error.kind()), error.to_string())
    }
}

fn status_of(kind: Kind) -> mcp_status {
    match kind {
        Kind::InputRequired => MCP_INPUT_REQUIRED,
        Kind::InvalidArgument => MCP_ERR_INVALID_ARGUMENT,
        Kind::InvalidUtf8 => MCP_ERR_INVALID_UTF8,
        Kind::InvalidJson => MCP_ERR_INVALID_JSON,
        Kind::InvalidSchema => MCP_ERR_INVALID_SCHEMA,
        Kind::AlreadyExists => MCP_ERR_ALREADY_EXISTS,
        Kind::NotFound => MCP_ERR_NOT_FOUND,
        Kind::LimitExceeded => MCP_ERR_LIMIT_EXCEEDED,
        Kind::WrongState => MCP_ERR_WRONG_STATE,
        Kind::Io => MCP_ERR_IO,
        Kind::Deadlock => MCP_ERR_DEADLOCK,
        Kind::Forked => MCP_ERR_FORKED,
        Kind::Cancelled => MCP_ERR_CANCELLED,
        Kind::Finished => MCP_ERR_FINISHED,
        Kind::MissingCapability => MCP_ERR_MISSING_CAPABILITY,
        Kind::ClientError => MCP_ERR_CLIENT,
        Kind::NoSuchClient => MCP_ERR_NO_SUCH_CLIENT,
        Kind::NotInitialized => MCP_ERR_NOT_INITIALIZED,
        Kind::NoStream => MCP_ERR_NO_STREAM,
        Kind::NotSubscribed => MCP_ERR_NOT_SUBSCRIBED,
        Kind::OutboxFull => MCP_ERR_OUTBOX_FULL,
        Kind::Timeout => MCP_ERR_TIMEOUT,
        Kind::Panic => MCP_ERR_PANIC,
        _ => MCP_ERR_INTERNAL,
    }
}

/// Runs the body of a function of the ABI: a panic ends here, and a failure becomes a status and an error.
pub(crate) fn answer(
    error: Option<&mut MaybeUninit<*mut mcp_error>>,
    body: impl FnOnce() -> Result<(), Failure>,
) -> mcp_status {
    let failure = match catch_unwind(AssertUnwindSafe(body)) {
        Ok(Ok(())) => return MCP_OK,
        Ok(Err(failure)) => failure,
        Err(_) => Failure::new(MCP_ERR_PANIC, "the library panicked; this is a fault of the library"),
    };
    let status = failure.status;
    if status != MCP_INPUT_REQUIRED
        && let Some(error) = error
    {
        error.write(give(mcp_error { status, message: Text::new(failure.message.into_owned()) }));
    }
    status
}

/// The same for a function that returns a value: `otherwise` is what it returns when it cannot.
pub(crate) fn value<T>(otherwise: T, body: impl FnOnce() -> Result<T, Failure>) -> T {
    match catch_unwind(AssertUnwindSafe(body)) {
        Ok(Ok(value)) => value,
        Ok(Err(_)) | Err(_) => otherwise,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_becomes_a_status() {
        let mut error = MaybeUninit::uninit();
        assert_eq!(answer(Some(&mut error), || panic!("boom")), MCP_ERR_PANIC);
        // SAFETY: a function that fails writes its error, made by `give`.
        let error = unsafe { Box::from_raw(error.assume_init()) };
        assert_eq!(mcp_error_status(Some(&error)), MCP_ERR_PANIC);
        assert_eq!(value(7, || panic!("boom")), 7);
    }

    #[test]
    fn statuses_have_their_names() {
        for (status, name) in [
            (MCP_OK, "MCP_OK"),
            (MCP_ERR_FINISHED, "MCP_ERR_FINISHED"),
            (MCP_ERR_INTERNAL, "MCP_ERR_INTERNAL"),
            (-1, "MCP_ERR_INTERNAL"),
            (1000, "MCP_ERR_INTERNAL"),
        ] {
            assert_eq!(mcp_status_name(status).required("name").unwrap(), name);
        }
        assert_eq!(status_of(Kind::OutboxFull), MCP_ERR_OUTBOX_FULL);
    }
}
