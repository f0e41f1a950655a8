//! Callbacks
//!
//! A callback is a function, a `user_data` that it is called with, and a function that drops the `user_data`
//! (NULL when there is nothing to drop). `drop` runs exactly once, when the callback cannot run any more: also
//! when the function that was given the callback fails. Callbacks and `drop` run on threads of the library, more
//! than one at a time: `user_data` has to bear that. A C++ exception must not leave a callback. A callback and
//! `drop` may call every function of this header, except that mcp_server_wait() returns MCP_ERR_DEADLOCK there,
//! and that the callback of the log calls none.

use std::{cell::Cell, ffi::c_void};

use engine::{Call, Handler, Run};

use crate::{
    error::{Failure, MCP_ERR_INVALID_ARGUMENT, null},
    handle::mcp_call,
    slab,
};

/// Drops the `user_data` of a callback.
pub type mcp_drop_fn = Option<unsafe extern "C" fn(user_data: *mut c_void)>;

/// Serves one call. The callback owns the call and ends it exactly once with one of the functions that take it:
/// before it returns, or later from any thread. A client waits until then.
pub type mcp_handler_fn = Option<unsafe extern "C" fn(take_call: *mut mcp_call, user_data: *mut c_void)>;

/// Where a callback runs.
pub type mcp_run = i32;

/// On a thread of the server's pool; it may block. The default.
pub const MCP_RUN_POOL: mcp_run = 1;
/// On the network thread: only for callbacks that hand the call on, or take microseconds. It must not block.
pub const MCP_RUN_INLINE: mcp_run = 2;

pub(crate) fn run_of(run: mcp_run) -> Result<Run, Failure> {
    match run {
        MCP_RUN_POOL => Ok(Run::Pool),
        MCP_RUN_INLINE => Ok(Run::Inline),
        _ => Err(Failure::new(
            MCP_ERR_INVALID_ARGUMENT,
            format!("{run} is no place to run a callback; use MCP_RUN_POOL or MCP_RUN_INLINE"),
        )),
    }
}

/// What a host gave along with a callback. Its `Drop` is the host's, so it runs exactly once on every path.
pub(crate) struct UserData {
    pointer: *mut c_void,
    drop: mcp_drop_fn,
}

// SAFETY: the header tells hosts that callbacks, and so their data, are used from any thread.
unsafe impl Send for UserData {}
// SAFETY: as above; several at a time.
unsafe impl Sync for UserData {}

impl UserData {
    pub(crate) fn new(pointer: *mut c_void, drop: mcp_drop_fn) -> Self {
        Self { pointer, drop }
    }

    pub(crate) fn pointer(&self) -> *mut c_void {
        self.pointer
    }
}

impl Drop for UserData {
    fn drop(&mut self) {
        if let Some(drop) = self.drop {
            // SAFETY: the host gave the function for this pointer, and it is called once, here.
            as_host(|| unsafe { drop(self.pointer) });
        }
    }
}

thread_local! {
    static IN_HOST: Cell<u32> = const { Cell::new(0) };
}

/// Runs code of the host that the engine does not know of: the end of a callback's data, or of a call. Like in any
/// callback, the host must not wait for a server there, as the thread may be one of that server's.
pub(crate) fn as_host(work: impl FnOnce()) {
    // A thread that ends has no count any more, and is none of a server's.
    let counted = IN_HOST.try_with(|count| count.set(count.get() + 1)).is_ok();
    work();
    if counted {
        let _ = IN_HOST.try_with(|count| count.set(count.get() - 1));
    }
}

/// Whether this thread runs such code right now.
pub(crate) fn in_host() -> bool {
    IN_HOST.try_with(|count| count.get() > 0).unwrap_or(false)
}

/// A handler of the host's.
pub(crate) struct CHandler {
    function: unsafe extern "C" fn(*mut mcp_call, *mut c_void),
    user_data: UserData,
}

impl CHandler {
    pub(crate) fn new(function: mcp_handler_fn, user_data: UserData) -> Result<Self, Failure> {
        let function = function.ok_or_else(|| null("handler"))?;
        Ok(Self { function, user_data })
    }
}

impl Handler for CHandler {
    fn call(&self, call: Call) {
        // Without room for one more, the call is dropped here, which answers the client.
        if let Some(call) = slab::keep(call) {
            // SAFETY: the function is one of this type by the header, and its data lives as long as `self`.
            unsafe { (self.function)(call, self.user_data.pointer()) }
        }
    }
}
