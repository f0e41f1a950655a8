//! While a call runs
//!
//! What a callback can tell its client before the answer, and hear from it. Any thread, as long as the call has
//! not ended.
//! Errors: MCP_ERR_FINISHED after the end of the call; MCP_ERR_CANCELLED when it is not wanted any more;
//! MCP_ERR_OUTBOX_FULL when the client does not keep up; MCP_ERR_INVALID_ARGUMENT; MCP_ERR_INVALID_JSON.

use std::{ffi::c_void, mem::MaybeUninit, sync::Arc, time::Duration};

use engine::LogLevel;

use crate::{
    call::mcp_cancel_reason,
    callback::{UserData, mcp_drop_fn},
    cancel::{CancelCallback, Cancellation, reason_of},
    error::{Failure, MCP_ERR_INVALID_ARGUMENT, answer, mcp_status, null},
    handle::{mcp_call, mcp_error},
    slab,
    str::mcp_str,
};

/// How severe a log message to a client is.
pub type mcp_level = i32;

/// Detail for debugging.
pub const MCP_LEVEL_DEBUG: mcp_level = 0;
/// What goes on.
pub const MCP_LEVEL_INFO: mcp_level = 1;
/// Normal, yet worth a note.
pub const MCP_LEVEL_NOTICE: mcp_level = 2;
/// Something may be wrong.
pub const MCP_LEVEL_WARNING: mcp_level = 3;
/// An operation failed.
pub const MCP_LEVEL_ERROR: mcp_level = 4;
/// A component failed.
pub const MCP_LEVEL_CRITICAL: mcp_level = 5;
/// Somebody has to act at once.
pub const MCP_LEVEL_ALERT: mcp_level = 6;
/// The system is unusable.
pub const MCP_LEVEL_EMERGENCY: mcp_level = 7;

fn level_of(level: mcp_level) -> Result<LogLevel, Failure> {
    u8::try_from(level).ok().and_then(LogLevel::from_number).ok_or_else(|| {
        Failure::new(
            MCP_ERR_INVALID_ARGUMENT,
            format!("{level} is no level of a log message; use MCP_LEVEL_INFO, ..."),
        )
    })
}

/// Is told that a call is not wanted any more. It runs on the thread that brought the news and must not block.
pub type mcp_cancel_fn = Option<unsafe extern "C" fn(reason: mcp_cancel_reason, user_data: *mut c_void)>;

/// Sets the callback that is told when the call is cancelled: at once if it was already, never once the call has
/// ended. It takes the place of one set before.
#[unsafe(no_mangle)]
pub extern "C" fn mcp_call_on_cancel(
    call: *mut mcp_call,
    callback: mcp_cancel_fn,
    user_data: *mut c_void,
    drop: mcp_drop_fn,
    error: Option<&mut MaybeUninit<*mut mcp_error>>,
) -> mcp_status {
    let user_data = UserData::new(user_data, drop);
    answer(error, move || {
        let function = callback.ok_or_else(|| null("callback"))?;
        let cancellation = slab::with(call, |held| {
            if let Some(cancellation) = &held.borrowed.cancellation {
                return Ok(Arc::clone(cancellation));
            }
            let cancellation = Arc::clone(held.borrowed.cancellation.insert(Cancellation::new()));
            let told = Arc::clone(&cancellation);
            held.call.on_cancel(move |reason| told.fire(reason_of(reason)));
            Ok(cancellation)
        })?;
        cancellation.set(CancelCallback { function, user_data });
        Ok(())
    })
}

/// Reports progress, if the client asked for it. `total` is 0 when it is not known; `message` may be MCP_NONE.
/// Progress that is not more than what was reported before is not sent.
#[unsafe(no_mangle)]
pub extern "C" fn mcp_call_progress(
    call: *mut mcp_call,
    progress: f64,
    total: f64,
    message: mcp_str,
    error: Option<&mut MaybeUninit<*mut mcp_error>>,
) -> mcp_status {
    answer(error, || {
        let message = message.optional("message")?;
        let total = (total != 0.0).then_some(total);
        slab::with(call, |held| Ok(held.call.progress(progress, total, message)?))
    })
}

/// Sends a log message to the client, if it wants that level. `logger` says who speaks and may be MCP_NONE.
#[unsafe(no_mangle)]
pub extern "C" fn mcp_call_log(
    call: *mut mcp_call,
    level: mcp_level,
    logger: mcp_str,
    text: mcp_str,
    error: Option<&mut MaybeUninit<*mut mcp_error>>,
) -> mcp_status {
    answer(error, || {
        let (level, logger, text) = (level_of(level)?, logger.optional("logger")?, text.required("text")?);
        let data = serde_json::Value::from(text).to_string();
        slab::with(call, |held| Ok(held.call.log(level, logger, &data)?))
    })
}

/// Sends a log message that is any JSON. `logger` may be MCP_NONE.
#[unsafe(no_mangle)]
pub extern "C" fn mcp_call_log_json(
    call: *mut mcp_call,
    level: mcp_level,
    logger: mcp_str,
    data: mcp_str,
    error: Option<&mut MaybeUninit<*mut mcp_error>>,
) -> mcp_status {
    answer(error, || {
        let (level, logger, data) = (level_of(level)?, logger.optional("logger")?, data.required("data")?);
        slab::with(call, |held| Ok(held.call.log(level, logger, data)?))
    })
}

/// Sends a notification on the stream of this call. `params` is a JSON object or MCP_NONE.
#[unsafe(no_mangle)]
pub extern "C" fn mcp_call_notify(
    call: *mut mcp_call,
    method: mcp_str,
    params: mcp_str,
    error: Option<&mut MaybeUninit<*mut mcp_error>>,
) -> mcp_status {
    answer(error, || {
        let (method, params) = (method.required("method")?, params.optional("params")?);
        slab::with(call, |held| Ok(held.call.notify(method, params)?))
    })
}

/// Closes the connection of this call while it goes on: the client comes back after `retry_ms` and takes the rest
/// then (2025-11-25). `out_closed` may be NULL; otherwise it tells whether that was done. With clients of other
/// revisions the connection stays.
#[unsafe(no_mangle)]
pub extern "C" fn mcp_call_close_stream(
    call: *mut mcp_call,
    retry_ms: u64,
    out_closed: Option<&mut MaybeUninit<bool>>,
    error: Option<&mut MaybeUninit<*mut mcp_error>>,
) -> mcp_status {
    answer(error, || {
        let closed = slab::with(call, |held| Ok(held.call.close_stream(Duration::from_millis(retry_ms))))?;
        if let Some(out) = out_closed {
            out.write(closed);
        }
        Ok(())
    })
}
