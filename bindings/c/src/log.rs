//! The server's own log
//!
//! What the library has to say about itself goes to a callback, or nowhere. Nothing is installed for the whole
//! process.

use std::{ffi::c_void, mem::MaybeUninit, sync::Arc};

use engine::{LogRecord, Severity};

use crate::{
    callback::{UserData, mcp_drop_fn},
    error::{answer, mcp_status, null},
    handle::{Required, mcp_config, mcp_error},
    str::mcp_str,
};

/// How severe a record of the log is.
pub type mcp_severity = i32;

/// Something failed that somebody should look at.
pub const MCP_SEVERITY_ERROR: mcp_severity = 1;
/// Something that may be wrong.
pub const MCP_SEVERITY_WARN: mcp_severity = 2;
/// What goes on.
pub const MCP_SEVERITY_INFO: mcp_severity = 3;
/// Detail.
pub const MCP_SEVERITY_DEBUG: mcp_severity = 4;
/// Every step.
pub const MCP_SEVERITY_TRACE: mcp_severity = 5;

/// Takes a record of the log: the part of the library that it comes from, such as "mcpserver::transport", one line
/// of text, and the values that belong to it, a JSON object. The texts live until the callback returns. It runs on
/// threads of the server, must not block for long, and must not call functions of this header.
pub type mcp_log_fn = Option<
    unsafe extern "C" fn(
        severity: mcp_severity,
        target: mcp_str,
        message: mcp_str,
        fields: mcp_str,
        user_data: *mut c_void,
    ),
>;

/// Sets the callback that takes the log of the server. The configuration is used by one thread at a time.
#[unsafe(no_mangle)]
pub extern "C" fn mcp_config_set_log(
    config: Option<&mut mcp_config>,
    log: mcp_log_fn,
    user_data: *mut c_void,
    drop: mcp_drop_fn,
    error: Option<&mut MaybeUninit<*mut mcp_error>>,
) -> mcp_status {
    let user_data = UserData::new(user_data, drop);
    answer(error, move || {
        let log = log.ok_or_else(|| null("log"))?;
        config.required("config")?.inner.log = Some(Arc::new(move |record: &LogRecord<'_>| {
            let severity = match record.severity {
                Severity::Error => MCP_SEVERITY_ERROR,
                Severity::Warn => MCP_SEVERITY_WARN,
                Severity::Info => MCP_SEVERITY_INFO,
                Severity::Debug => MCP_SEVERITY_DEBUG,
                Severity::Trace => MCP_SEVERITY_TRACE,
            };
            let [target, message, fields] = [record.target, record.message, record.fields].map(mcp_str::of);
            // SAFETY: the function is one of this type by the header, and its data lives as long as this closure.
            unsafe { log(severity, target, message, fields, user_data.pointer()) }
        }));
        Ok(())
    })
}
