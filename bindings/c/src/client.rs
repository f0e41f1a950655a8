//! Clients
//!
//! A client is whatever can be pushed to: a session (revisions up to 2025-11-25), or a `subscriptions/listen` stream
//! (2026-07-28). Each has a number that is never used again. All of these functions may be used by any thread, also
//! inside callbacks, and return at once.

use std::{ffi::c_void, mem::MaybeUninit};

use engine::{ClientChange, ClientEvent, ClientId, ClientKind, DisconnectReason, List};
use serde_json::{json, value::RawValue};

use crate::{
    callback::{UserData, mcp_drop_fn},
    error::{Failure, MCP_ERR_INVALID_ARGUMENT, answer, mcp_status, null},
    handle::{Required, Text, give, mcp_client_id, mcp_error, mcp_server, mcp_text},
    server::engine_of,
    str::mcp_str,
};

/// What kind a client is of.
pub type mcp_client_kind = i32;

/// A session of a revision up to 2025-11-25.
pub const MCP_CLIENT_SESSION: mcp_client_kind = 1;
/// A `subscriptions/listen` stream of 2026-07-28.
pub const MCP_CLIENT_LISTEN: mcp_client_kind = 2;

/// What happened to a client. There may be more in a later version.
pub type mcp_client_change = i32;

/// It can be pushed to from now on.
pub const MCP_CLIENT_CONNECTED: mcp_client_change = 1;
/// It is gone: it ended its session or closed its stream.
pub const MCP_CLIENT_CLOSED: mcp_client_change = 2;
/// It is gone: its session was idle for too long.
pub const MCP_CLIENT_IDLE: mcp_client_change = 3;
/// It is gone: it made room for another at the limit of sessions.
pub const MCP_CLIENT_EVICTED: mcp_client_change = 4;
/// It is gone: it did not keep up with what was sent.
pub const MCP_CLIENT_TOO_SLOW: mcp_client_change = 5;
/// It is gone: the host closed it.
pub const MCP_CLIENT_CLOSED_BY_HOST: mcp_client_change = 6;
/// It is gone: the server stops.
pub const MCP_CLIENT_STOPPING: mcp_client_change = 7;

/// Is told that a client came or went. It runs on network threads and must not block.
pub type mcp_client_fn = Option<
    unsafe extern "C" fn(
        client: mcp_client_id,
        kind: mcp_client_kind,
        change: mcp_client_change,
        user_data: *mut c_void,
    ),
>;

/// A list whose entries changed.
pub type mcp_list = i32;

/// The tools.
pub const MCP_LIST_TOOLS: mcp_list = 1;
/// The resources and the templates of resources.
pub const MCP_LIST_RESOURCES: mcp_list = 2;
/// The prompts.
pub const MCP_LIST_PROMPTS: mcp_list = 3;

/// Sets the callback that is told of clients that come and go. It takes the place of one set before.
#[unsafe(no_mangle)]
pub extern "C" fn mcp_server_set_client_listener(
    server: *mut mcp_server,
    listener: mcp_client_fn,
    user_data: *mut c_void,
    drop: mcp_drop_fn,
    error: Option<&mut MaybeUninit<*mut mcp_error>>,
) -> mcp_status {
    let user_data = UserData::new(user_data, drop);
    answer(error, move || {
        let listener = listener.ok_or_else(|| null("listener"))?;
        engine_of(server)?.on_client(move |event| {
            let (kind, change) = describe(event);
            // SAFETY: the function is one of this type by the header, and its data lives as long as this closure.
            unsafe { listener(event.client.0, kind, change, user_data.pointer()) }
        });
        Ok(())
    })
}

fn kind_of(kind: ClientKind) -> mcp_client_kind {
    match kind {
        ClientKind::Session => MCP_CLIENT_SESSION,
        ClientKind::Listen => MCP_CLIENT_LISTEN,
    }
}

fn describe(event: ClientEvent) -> (mcp_client_kind, mcp_client_change) {
    let change = match event.change {
        ClientChange::Connected => MCP_CLIENT_CONNECTED,
        ClientChange::Disconnected(reason) => match reason {
            DisconnectReason::Closed => MCP_CLIENT_CLOSED,
            DisconnectReason::Idle => MCP_CLIENT_IDLE,
            DisconnectReason::Evicted => MCP_CLIENT_EVICTED,
            DisconnectReason::TooSlow => MCP_CLIENT_TOO_SLOW,
            DisconnectReason::Host => MCP_CLIENT_CLOSED_BY_HOST,
            DisconnectReason::Stopping => MCP_CLIENT_STOPPING,
        },
    };
    (kind_of(event.kind), change)
}

/// Sends a notification to one client. `params` is a JSON object or MCP_NONE. A client that is slow is never waited
/// for: what waits for it is bounded.
/// Errors: MCP_ERR_NO_SUCH_CLIENT, MCP_ERR_NOT_INITIALIZED, MCP_ERR_NO_STREAM, MCP_ERR_NOT_SUBSCRIBED,
/// MCP_ERR_OUTBOX_FULL, MCP_ERR_INVALID_JSON, MCP_ERR_INVALID_ARGUMENT.
#[unsafe(no_mangle)]
pub extern "C" fn mcp_server_notify_client(
    server: *mut mcp_server,
    client: mcp_client_id,
    method: mcp_str,
    params: mcp_str,
    error: Option<&mut MaybeUninit<*mut mcp_error>>,
) -> mcp_status {
    answer(error, || {
        let params = params.optional("params")?;
        Ok(engine_of(server)?.notify_client(ClientId(client), method.required("method")?, params)?)
    })
}

/// Sends a notification to all clients that may get it. `params` is a JSON object or MCP_NONE. `out_count` may be
/// NULL; otherwise it is set to the number of clients that it was queued for.
/// Errors: MCP_ERR_INVALID_JSON, MCP_ERR_INVALID_ARGUMENT.
#[unsafe(no_mangle)]
pub extern "C" fn mcp_server_notify_all(
    server: *mut mcp_server,
    method: mcp_str,
    params: mcp_str,
    out_count: Option<&mut MaybeUninit<usize>>,
    error: Option<&mut MaybeUninit<*mut mcp_error>>,
) -> mcp_status {
    answer(error, || {
        let params = params.optional("params")?;
        let count = engine_of(server)?.notify_all(method.required("method")?, params)?;
        if let Some(out) = out_count {
            out.write(count);
        }
        Ok(())
    })
}

/// Tells clients that a list changed, where the library cannot know; it says so itself when something is added or
/// removed. `out_count` may be NULL; otherwise it is set to the number of clients that it was queued for.
/// Errors: MCP_ERR_INVALID_ARGUMENT.
#[unsafe(no_mangle)]
pub extern "C" fn mcp_server_list_changed(
    server: *mut mcp_server,
    list: mcp_list,
    out_count: Option<&mut MaybeUninit<usize>>,
    error: Option<&mut MaybeUninit<*mut mcp_error>>,
) -> mcp_status {
    answer(error, || {
        let list = match list {
            MCP_LIST_TOOLS => List::Tools,
            MCP_LIST_RESOURCES => List::Resources,
            MCP_LIST_PROMPTS => List::Prompts,
            _ => {
                return Err(Failure::new(
                    MCP_ERR_INVALID_ARGUMENT,
                    format!("{list} is no list; use MCP_LIST_TOOLS, ..."),
                ));
            }
        };
        let count = engine_of(server)?.list_changed(list)?;
        if let Some(out) = out_count {
            out.write(count);
        }
        Ok(())
    })
}

/// Tells the clients that subscribed to a resource that its contents changed. `out_count` may be NULL; otherwise it
/// is set to the number of clients that it was queued for.
#[unsafe(no_mangle)]
pub extern "C" fn mcp_server_resource_updated(
    server: *mut mcp_server,
    uri: mcp_str,
    out_count: Option<&mut MaybeUninit<usize>>,
    error: Option<&mut MaybeUninit<*mut mcp_error>>,
) -> mcp_status {
    answer(error, || {
        let count = engine_of(server)?.resource_updated(uri.required("uri")?)?;
        if let Some(out) = out_count {
            out.write(count);
        }
        Ok(())
    })
}

/// Gives the clients as a JSON array, in the order in which they came. Each is an object with `client` (the number),
/// `kind` ("session" or "listen"), `revision`, `info` (the client's `Implementation`, or null) and `principal` (or
/// null). The caller owns `*out`.
#[unsafe(no_mangle)]
pub extern "C" fn mcp_server_clients_json(
    server: *mut mcp_server,
    out: Option<&mut MaybeUninit<*mut mcp_text>>,
    error: Option<&mut MaybeUninit<*mut mcp_error>>,
) -> mcp_status {
    answer(error, || {
        let out = out.required("out")?;
        let clients = engine_of(server)?.clients();
        let clients: Vec<_> = clients
            .iter()
            .map(|client| {
                json!({
                    "client": client.client.0,
                    "kind": match client.kind {
                        ClientKind::Session => "session",
                        ClientKind::Listen => "listen",
                    },
                    "revision": client.revision.as_str(),
                    "info": client.info.as_deref().and_then(|info| serde_json::from_str::<&RawValue>(info).ok()),
                    "principal": client.principal.as_ref().map(|principal| &principal.subject),
                })
            })
            .collect();
        let text = serde_json::Value::from(clients).to_string();
        out.write(give(mcp_text { text: Text::new(text) }));
        Ok(())
    })
}

/// Ends the session or the stream of a client.
/// Errors: MCP_ERR_NO_SUCH_CLIENT.
#[unsafe(no_mangle)]
pub extern "C" fn mcp_server_close_client(
    server: *mut mcp_server,
    client: mcp_client_id,
    error: Option<&mut MaybeUninit<*mut mcp_error>>,
) -> mcp_status {
    answer(error, || Ok(engine_of(server)?.close_client(ClientId(client))?))
}
