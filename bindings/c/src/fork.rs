//! Whether this process is a child that was forked after the library was used: it has none of its threads, and
//! its locks may be held by threads that do not exist.

use std::sync::{
    Once,
    atomic::{AtomicBool, Ordering},
};

use crate::error::{Failure, MCP_ERR_FORKED};

static FORKED: AtomicBool = AtomicBool::new(false);

extern "C" fn in_child() {
    FORKED.store(true, Ordering::Relaxed);
}

/// From now on, forks are noticed. A flag costs less than a `getpid` at each use.
pub(crate) fn watch() {
    static WATCHING: Once = Once::new();
    // SAFETY: `in_child` does nothing but store to an atomic, which is allowed in a child of a threaded process.
    WATCHING.call_once(|| unsafe {
        libc::pthread_atfork(None, None, Some(in_child));
    });
}

pub(crate) fn happened() -> bool {
    FORKED.load(Ordering::Relaxed)
}

pub(crate) fn check() -> Result<(), Failure> {
    if happened() {
        return Err(Failure::new(
            MCP_ERR_FORKED,
            "this process was forked after its server was made, and has none; make the server after fork()",
        ));
    }
    Ok(())
}
