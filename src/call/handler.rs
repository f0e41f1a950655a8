//! What a host registers: the callback, and where it runs.

use super::Call;

/// A callback of the host.
///
/// It takes the call by value and may finish it now, later, or from another thread. It must not block when it
/// runs [`Run::Inline`]. Dropping the call unfinished answers an internal error, so no client ever hangs on a
/// forgetful host. A closure that takes a [`Call`] is a handler.
pub trait Handler: Send + Sync + 'static {
    /// Serves one call.
    fn call(&self, call: Call);
}

impl<F: Fn(Call) + Send + Sync + 'static> Handler for F {
    fn call(&self, call: Call) {
        self(call);
    }
}

/// Where a callback runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Run {
    /// On a thread of the server's pool; it may block.
    #[default]
    Pool,
    /// On the network thread; only for callbacks that hand the call on, or take microseconds.
    Inline,
}

/// What a call is a call of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CallKind {
    /// `tools/call`.
    Tool,
    /// `resources/read`.
    Resource,
    /// `prompts/get`.
    Prompt,
    /// `completion/complete`.
    Completion,
}
