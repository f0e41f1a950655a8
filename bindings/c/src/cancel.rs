//! The callback of a call's cancellation. It runs at most once, never with a lock held, and is dropped when the
//! call ends.

use std::{
    ffi::c_void,
    sync::{Arc, Mutex, PoisonError},
};

use engine::CancelReason;

use crate::{
    call::{
        MCP_CANCEL_CLIENT, MCP_CANCEL_DISCONNECTED, MCP_CANCEL_SESSION_ENDED, MCP_CANCEL_STOPPING,
        mcp_cancel_reason,
    },
    callback::{UserData, as_host},
};

pub(crate) fn reason_of(reason: CancelReason) -> mcp_cancel_reason {
    match reason {
        CancelReason::Client => MCP_CANCEL_CLIENT,
        CancelReason::Disconnected => MCP_CANCEL_DISCONNECTED,
        CancelReason::SessionEnded => MCP_CANCEL_SESSION_ENDED,
        CancelReason::Stopping => MCP_CANCEL_STOPPING,
    }
}

pub(crate) struct CancelCallback {
    pub(crate) function: unsafe extern "C" fn(mcp_cancel_reason, *mut c_void),
    pub(crate) user_data: UserData,
}

impl CancelCallback {
    fn run(&self, reason: mcp_cancel_reason) {
        // SAFETY: the function is one of this type by the header, and its data lives as long as `self`.
        as_host(|| unsafe { (self.function)(reason, self.user_data.pointer()) });
    }
}

enum State {
    Waiting(Option<CancelCallback>),
    Cancelled(mcp_cancel_reason),
}

/// What the engine tells of a cancellation, and the host's callback, whichever comes first.
pub(crate) struct Cancellation(Mutex<State>);

impl Cancellation {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self(Mutex::new(State::Waiting(None))))
    }

    fn swap(&self, change: impl FnOnce(&mut State) -> State) -> State {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let next = change(&mut state);
        std::mem::replace(&mut state, next)
    }

    /// The engine says that the call is cancelled.
    pub(crate) fn fire(&self, reason: mcp_cancel_reason) {
        if let State::Waiting(Some(callback)) = self.swap(|_| State::Cancelled(reason)) {
            callback.run(reason);
        }
    }

    /// The host wants to be told. A callback set before is dropped.
    pub(crate) fn set(&self, callback: CancelCallback) {
        let mut callback = Some(callback);
        let before = self.swap(|state| match state {
            State::Waiting(_) => State::Waiting(callback.take()),
            State::Cancelled(reason) => State::Cancelled(*reason),
        });
        if let (State::Cancelled(reason), Some(callback)) = (before, callback) {
            callback.run(reason);
        }
    }

    /// The call is over: nobody is told any more.
    pub(crate) fn clear(&self) {
        self.swap(|state| match state {
            State::Waiting(_) => State::Waiting(None),
            State::Cancelled(reason) => State::Cancelled(*reason),
        });
    }
}
