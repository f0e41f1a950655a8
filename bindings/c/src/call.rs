//! Calls
//!
//! What a callback is called with. A call may move to any thread, and is used by one thread at a time. Texts that
//! come out of it live until it ends. After its end, and for a pointer that is no call, the functions here give
//! 0 or MCP_NONE.

use std::sync::Arc;

use engine::{Call, CallKind};

use crate::{
    cancel::{Cancellation, reason_of},
    error::value,
    handle::{mcp_call, mcp_client_id},
    json::Members,
    slab,
    str::mcp_str,
};

/// What a call is a call of.
pub type mcp_kind = i32;

/// `tools/call`.
pub const MCP_KIND_TOOL: mcp_kind = 1;
/// `resources/read`.
pub const MCP_KIND_RESOURCE: mcp_kind = 2;
/// `prompts/get`.
pub const MCP_KIND_PROMPT: mcp_kind = 3;
/// `completion/complete`.
pub const MCP_KIND_COMPLETION: mcp_kind = 4;

/// Why a call is not wanted any more. There may be more in a later version.
pub type mcp_cancel_reason = i32;

/// It is wanted.
pub const MCP_CANCEL_NONE: mcp_cancel_reason = 0;
/// It has ended, or never was a call.
pub const MCP_CANCEL_ENDED: mcp_cancel_reason = 1;
/// The client sent `notifications/cancelled`.
pub const MCP_CANCEL_CLIENT: mcp_cancel_reason = 2;
/// The client closed its connection or its stream.
pub const MCP_CANCEL_DISCONNECTED: mcp_cancel_reason = 3;
/// The client's session ended.
pub const MCP_CANCEL_SESSION_ENDED: mcp_cancel_reason = 4;
/// The server stops.
pub const MCP_CANCEL_STOPPING: mcp_cancel_reason = 5;

/// A call that the host holds.
pub(crate) struct Held {
    pub(crate) call: Call,
    pub(crate) borrowed: Borrowed,
}

/// What the host has of a call until it ends.
#[derive(Default)]
pub(crate) struct Borrowed {
    /// Where the arguments stand, once one was asked for.
    pub(crate) arguments: Option<Members>,
    /// Texts that are not in the request as they were given out.
    kept: Vec<Box<str>>,
    pub(crate) cancellation: Option<Arc<Cancellation>>,
}

impl Borrowed {
    /// Gives out a text that lives as long as the call. The same text is kept only once.
    pub(crate) fn keep(&mut self, text: &str) -> mcp_str {
        if let Some(kept) = self.kept.iter().find(|kept| ***kept == *text) {
            return mcp_str::of(kept);
        }
        let kept: Box<str> = text.into();
        let given = mcp_str::of(&kept);
        self.kept.push(kept);
        given
    }
}

impl Drop for Borrowed {
    fn drop(&mut self) {
        if let Some(cancellation) = &self.cancellation {
            cancellation.clear();
        }
    }
}

fn text(call: *mut mcp_call, get: impl FnOnce(&Call) -> Option<&str>) -> mcp_str {
    value(mcp_str::NONE, || slab::with(call, |held| Ok(mcp_str::of_option(get(&held.call)))))
}

/// What is called; 0 when there is no such call.
#[unsafe(no_mangle)]
pub extern "C" fn mcp_call_kind(call: *mut mcp_call) -> mcp_kind {
    value(0, || {
        slab::with(call, |held| {
            Ok(match held.call.kind() {
                CallKind::Tool => MCP_KIND_TOOL,
                CallKind::Resource => MCP_KIND_RESOURCE,
                CallKind::Prompt => MCP_KIND_PROMPT,
                CallKind::Completion => MCP_KIND_COMPLETION,
            })
        })
    })
}

/// The name of the tool or the prompt, or the URI or URI template that the resource was registered with.
#[unsafe(no_mangle)]
pub extern "C" fn mcp_call_name(call: *mut mcp_call) -> mcp_str {
    text(call, |call| Some(call.name()))
}

/// The arguments, a JSON object: {} when the client sent none. For a completion, the whole parameters. The next
/// section reads single arguments.
#[unsafe(no_mangle)]
pub extern "C" fn mcp_call_arguments(call: *mut mcp_call) -> mcp_str {
    text(call, |call| Some(call.arguments()))
}

/// The URI that is read (resources only).
#[unsafe(no_mangle)]
pub extern "C" fn mcp_call_uri(call: *mut mcp_call) -> mcp_str {
    text(call, Call::uri)
}

/// The value of a variable of the URI template, percent-decoded (resources of a template only).
#[unsafe(no_mangle)]
pub extern "C" fn mcp_call_variable(call: *mut mcp_call, name: mcp_str) -> mcp_str {
    value(mcp_str::NONE, || {
        let name = name.required("name")?;
        slab::with(call, |held| Ok(mcp_str::of_option(held.call.variable(name))))
    })
}

/// The request's `_meta`, a JSON object, where it has one.
#[unsafe(no_mangle)]
pub extern "C" fn mcp_call_meta(call: *mut mcp_call) -> mcp_str {
    text(call, Call::meta)
}

/// The revision of the protocol that the client speaks, such as "2026-07-28".
#[unsafe(no_mangle)]
pub extern "C" fn mcp_call_revision(call: *mut mcp_call) -> mcp_str {
    text(call, |call| Some(call.revision().as_str()))
}

/// The client to notify outside of this call; 0 for a request of 2026-07-28, whose listen streams are clients of
/// their own.
#[unsafe(no_mangle)]
pub extern "C" fn mcp_call_client(call: *mut mcp_call) -> mcp_client_id {
    value(0, || slab::with(call, |held| Ok(held.call.client().map_or(0, |client| client.0))))
}

/// The client's `Implementation`, a JSON object, where it gave one. It is what the client says: for display only.
#[unsafe(no_mangle)]
pub extern "C" fn mcp_call_client_info(call: *mut mcp_call) -> mcp_str {
    text(call, Call::client_info)
}

/// The client's declared capabilities, a JSON object.
#[unsafe(no_mangle)]
pub extern "C" fn mcp_call_client_capabilities(call: *mut mcp_call) -> mcp_str {
    text(call, |call| Some(call.client_capabilities()))
}

/// Who is calling, where the server checks that.
#[unsafe(no_mangle)]
pub extern "C" fn mcp_call_principal(call: *mut mcp_call) -> mcp_str {
    text(call, |call| call.principal().map(|principal| principal.subject.as_str()))
}

/// Why the call is not wanted any more; MCP_CANCEL_NONE while it is. A callback that runs for long looks at this
/// now and then. Any thread.
#[unsafe(no_mangle)]
pub extern "C" fn mcp_call_is_cancelled(call: *mut mcp_call) -> mcp_cancel_reason {
    value(MCP_CANCEL_ENDED, || {
        slab::with(call, |held| Ok(held.call.cancelled().map_or(MCP_CANCEL_NONE, reason_of)))
    })
}
