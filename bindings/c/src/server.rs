//! Server
//!
//! The server as a host sees it: make, register, start, push, stop. All of these functions may be used by any
//! thread at any time, also inside callbacks.

use std::{mem::MaybeUninit, sync::Arc, thread, time::Duration};

use engine::{CallKind, Server, StopReport};
use serde_json::json;

use crate::{
    callback::in_host,
    error::{
        Failure, MCP_ERR_DEADLOCK, MCP_ERR_IO, MCP_ERR_NOT_FOUND, MCP_ERR_WRONG_STATE, answer, mcp_status,
        null, value,
    },
    fork,
    handle::{Required, Text, give, mcp_config, mcp_error, mcp_server, mcp_text},
    slab,
};

/// How long the last release of a server waits for callbacks that run.
const RELEASE_DEADLINE: Duration = Duration::from_secs(5);

/// The engine behind a handle that threads share.
pub(crate) fn engine_of<'a>(server: *mut mcp_server) -> Result<&'a Server, Failure> {
    // SAFETY: NULL, or by the header a server that the caller holds a count of until this function returns.
    let server = unsafe { server.as_ref() }.ok_or_else(|| null("server"))?;
    fork::check()?;
    Ok(&server.inner)
}

impl Drop for mcp_server {
    fn drop(&mut self) {
        // Nobody is left to hear what it has to say.
        let _ = stop(&self.inner, RELEASE_DEADLINE);
    }
}

/// Stops a server. In code of the host's that the engine does not know of, another thread does.
fn stop(server: &Server, deadline: Duration) -> Result<StopReport, Failure> {
    if !in_host() {
        return Ok(server.stop(deadline)?);
    }
    if !server.is_running() {
        return Err(Failure::new(MCP_ERR_WRONG_STATE, "the server does not run"));
    }
    let server = server.clone();
    let stopping = thread::Builder::new().name("mcp-stop".into()).spawn(move || drop(server.stop(deadline)));
    stopping.map_err(|error| {
        Failure::new(MCP_ERR_IO, format!("cannot start the thread that stops the server: {error}"))
    })?;
    Ok(StopReport::default())
}

fn give_text(out: Option<&mut MaybeUninit<*mut mcp_text>>, text: String) {
    if let Some(out) = out {
        out.write(give(mcp_text { text: Text::new(text) }));
    }
}

/// Makes a server. Nothing runs before mcp_server_start(). The caller owns `*out`, with a count of one.
/// Errors: MCP_ERR_INVALID_ARGUMENT, MCP_ERR_INVALID_JSON, MCP_ERR_IO.
#[unsafe(no_mangle)]
pub extern "C" fn mcp_server_new(
    take_config: Option<Box<mcp_config>>,
    out: Option<&mut MaybeUninit<*mut mcp_server>>,
    error: Option<&mut MaybeUninit<*mut mcp_error>>,
) -> mcp_status {
    answer(error, move || {
        fork::watch();
        fork::check()?;
        let config = take_config.required("take_config")?;
        let out = out.required("out")?;
        let server = mcp_server { inner: Server::new(config.inner)? };
        out.write(Arc::into_raw(Arc::new(server)).cast_mut());
        Ok(())
    })
}

/// Counts one more owner and returns `server`. NULL is allowed.
#[unsafe(no_mangle)]
pub extern "C" fn mcp_server_retain(server: *mut mcp_server) -> *mut mcp_server {
    value(std::ptr::null_mut(), || {
        count_up(server);
        Ok(server)
    })
}

/// Counts one owner less. The last release stops the server and waits for callbacks that run, at most 5 seconds;
/// use mcp_server_stop() first for another deadline. Inside a callback it does not wait. NULL is allowed.
#[unsafe(no_mangle)]
pub extern "C" fn mcp_server_release(take_server: *mut mcp_server) {
    value((), || {
        // In a forked child there is nothing to stop, and waiting for threads that do not exist never ends.
        if !fork::happened() {
            count_down(take_server);
        }
        Ok(())
    })
}

fn count_up(server: *mut mcp_server) {
    if !server.is_null() {
        // SAFETY: by the header the caller holds a count of the server, which came from `Arc::into_raw`.
        unsafe { Arc::increment_strong_count(server) };
    }
}

fn count_down(server: *mut mcp_server) {
    if !server.is_null() {
        // SAFETY: by the header the caller gives up a count of the server, which came from `Arc::into_raw`.
        drop(unsafe { Arc::from_raw(server) });
    }
}

/// Starts to listen and to serve, and returns.
/// Errors: MCP_ERR_IO when it cannot listen, MCP_ERR_WRONG_STATE when it is running.
#[unsafe(no_mangle)]
pub extern "C" fn mcp_server_start(
    server: *mut mcp_server,
    error: Option<&mut MaybeUninit<*mut mcp_error>>,
) -> mcp_status {
    answer(error, || Ok(engine_of(server)?.start()?))
}

/// Whether the server is started and not stopped. False for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn mcp_server_is_running(server: *mut mcp_server) -> bool {
    value(false, || Ok(engine_of(server)?.is_running()))
}

/// Gives the port of an endpoint of a running server; 0 is the endpoint added first.
/// Errors: MCP_ERR_NOT_FOUND.
#[unsafe(no_mangle)]
pub extern "C" fn mcp_server_port(
    server: *mut mcp_server,
    index: usize,
    out: Option<&mut MaybeUninit<u16>>,
    error: Option<&mut MaybeUninit<*mut mcp_error>>,
) -> mcp_status {
    answer(error, || {
        let out = out.required("out")?;
        let addresses = engine_of(server)?.addresses();
        let address = addresses.get(index).ok_or_else(|| no_endpoint(index, addresses.len()))?;
        out.write(address.port());
        Ok(())
    })
}

/// Gives the URL of an endpoint of a running server, such as http://127.0.0.1:8000/mcp. The caller owns `*out`.
/// Errors: MCP_ERR_NOT_FOUND.
#[unsafe(no_mangle)]
pub extern "C" fn mcp_server_url(
    server: *mut mcp_server,
    index: usize,
    out: Option<&mut MaybeUninit<*mut mcp_text>>,
    error: Option<&mut MaybeUninit<*mut mcp_error>>,
) -> mcp_status {
    answer(error, || {
        let out = out.required("out")?;
        let mut urls = engine_of(server)?.urls();
        if index >= urls.len() {
            return Err(no_endpoint(index, urls.len()));
        }
        give_text(Some(out), urls.swap_remove(index));
        Ok(())
    })
}

fn no_endpoint(index: usize, count: usize) -> Failure {
    Failure::new(MCP_ERR_NOT_FOUND, format!("there is no endpoint {index}: the server listens on {count}"))
}

/// Stops the server: it takes no more requests, streams end in good order, calls get three quarters of the time to
/// end and are then cancelled. Waits until all is done, at most until the deadline. Inside a callback it begins to
/// stop and returns at once, with an empty report. The server can be started again.
///
/// `out_report` may be NULL. Otherwise the caller owns `*out_report`, a JSON object: `cancelled`, the number of calls that
/// did not end in time, and `running`, the callbacks that had not returned at the deadline, each with `kind`,
/// `name` and `running_ms`.
/// Errors: MCP_ERR_WRONG_STATE when it does not run, MCP_ERR_IO.
#[unsafe(no_mangle)]
pub extern "C" fn mcp_server_stop(
    server: *mut mcp_server,
    deadline_ms: u64,
    out_report: Option<&mut MaybeUninit<*mut mcp_text>>,
    error: Option<&mut MaybeUninit<*mut mcp_error>>,
) -> mcp_status {
    answer(error, || {
        let report = stop(engine_of(server)?, Duration::from_millis(deadline_ms))?;
        give_text(out_report, report_json(&report));
        Ok(())
    })
}

/// Waits until the server has stopped.
/// Errors: MCP_ERR_DEADLOCK inside a callback of a server.
#[unsafe(no_mangle)]
pub extern "C" fn mcp_server_wait(
    server: *mut mcp_server,
    error: Option<&mut MaybeUninit<*mut mcp_error>>,
) -> mcp_status {
    answer(error, || {
        let server = engine_of(server)?;
        if in_host() {
            return Err(Failure::new(MCP_ERR_DEADLOCK, "a callback cannot wait for the server to stop"));
        }
        Ok(server.wait()?)
    })
}

/// Gives the counters of the server as a JSON object of numbers. The caller owns `*out`. `calls_held` counts the
/// calls, of all servers of the process, that callbacks have taken and not ended.
#[unsafe(no_mangle)]
pub extern "C" fn mcp_server_metrics_json(
    server: *mut mcp_server,
    out: Option<&mut MaybeUninit<*mut mcp_text>>,
    error: Option<&mut MaybeUninit<*mut mcp_error>>,
) -> mcp_status {
    answer(error, || {
        let out = out.required("out")?;
        let mut json = engine_of(server)?.metrics().to_json();
        json.pop();
        json.push_str(&format!(",\"calls_held\":{}}}", slab::count()));
        give_text(Some(out), json);
        Ok(())
    })
}

pub(crate) fn kind_name(kind: CallKind) -> &'static str {
    match kind {
        CallKind::Tool => "tool",
        CallKind::Resource => "resource",
        CallKind::Prompt => "prompt",
        CallKind::Completion => "completion",
    }
}

fn report_json(report: &StopReport) -> String {
    let running = report.running.iter().map(|call| {
        let running_ms = u64::try_from(call.running_for.as_millis()).unwrap_or(u64::MAX);
        json!({ "kind": kind_name(call.kind), "name": call.name, "running_ms": running_ms })
    });
    let running: Vec<_> = running.collect();
    json!({ "cancelled": report.cancelled, "running": running }).to_string()
}
