//! The boundary to the host's callbacks: which threads are inside one, and panics that must not get out of one.

use std::{
    cell::Cell,
    panic::{AssertUnwindSafe, catch_unwind},
};

thread_local! {
    static DEPTH: Cell<u32> = const { Cell::new(0) };
}

/// Whether this thread is inside a callback of the host: it must not wait for a server to stop.
pub(crate) fn inside() -> bool {
    DEPTH.get() > 0
}

/// Runs a callback of the host. Gives nothing when it panicked.
pub(crate) fn run<T>(callback: impl FnOnce() -> T) -> Option<T> {
    DEPTH.set(DEPTH.get() + 1);
    let result = catch_unwind(AssertUnwindSafe(callback));
    DEPTH.set(DEPTH.get() - 1);
    result.ok()
}
