//! Ending a call
//!
//! Each call is ended exactly once, by one of these functions or by mcp_call_suspend(), from any thread. What it
//! gave out is not valid afterwards, but may be passed to the function that ends it. The call has ended also when
//! the function fails: what the client gets then is an error that says what was wrong. Until it is ended, a call
//! keeps its memory and its client waits; mcp_server_metrics_json() counts such calls.
//! Errors of all: MCP_ERR_FINISHED when it has ended before; MCP_ERR_INVALID_ARGUMENT for a pointer that is no
//! call; MCP_ERR_CANCELLED when the answer is not wanted any more, which needs no action.

use std::mem::MaybeUninit;

use engine::{Call, Code};

use crate::{
    call::Held,
    error::{Failure, MCP_ERR_INVALID_ARGUMENT, answer, mcp_status, null},
    handle::{Required, mcp_call, mcp_content, mcp_error},
    slab,
    str::mcp_str,
};

/// Ends a call with an input of the host's. Where that cannot be used, the client is told.
fn finish<T>(
    call: *mut mcp_call,
    input: Result<T, Failure>,
    end: impl FnOnce(Call, T) -> engine::Result<()>,
) -> Result<(), Failure> {
    // The rest is borrowed by the host until the call has ended: it may be what the call is finished with.
    let Held { call, borrowed: _borrowed } = slab::take(call)?;
    match input {
        Ok(input) => Ok(end(call, input)?),
        Err(failure) => {
            let message = format!("the server's answer cannot be used: {}", failure.message);
            // The failure of the host's input is the one to report.
            let _ = call.error(Code::INTERNAL_ERROR, &message, None);
            Err(failure)
        }
    }
}

/// Finishes with one text: the content of a tool, the contents of a resource, a message of the user for a prompt.
/// Errors: MCP_ERR_INVALID_ARGUMENT for a completion, or a tool with an output schema.
#[unsafe(no_mangle)]
pub extern "C" fn mcp_call_finish_text(
    take_call: *mut mcp_call,
    text: mcp_str,
    error: Option<&mut MaybeUninit<*mut mcp_error>>,
) -> mcp_status {
    answer(error, || finish(take_call, text.required("text"), |call, text| call.finish_text(text)))
}

/// Finishes with content that was built. `take_content` is consumed too.
/// Errors: MCP_ERR_INVALID_ARGUMENT for a completion, or when the structured content does not fit the output schema.
#[unsafe(no_mangle)]
pub extern "C" fn mcp_call_finish_content(
    take_call: *mut mcp_call,
    take_content: Option<Box<mcp_content>>,
    error: Option<&mut MaybeUninit<*mut mcp_error>>,
) -> mcp_status {
    answer(error, move || {
        finish(take_call, take_content.required("take_content"), |call, content| {
            call.finish_content(&content.inner)
        })
    })
}

/// Finishes a tool with structured content, any JSON. Its text goes along for clients that read only text.
/// Errors: MCP_ERR_INVALID_JSON, MCP_ERR_INVALID_ARGUMENT when it does not fit the output schema.
#[unsafe(no_mangle)]
pub extern "C" fn mcp_call_finish_structured(
    take_call: *mut mcp_call,
    json: mcp_str,
    error: Option<&mut MaybeUninit<*mut mcp_error>>,
) -> mcp_status {
    answer(error, || finish(take_call, json.required("json"), |call, json| call.finish_structured(json)))
}

/// Finishes with a whole result of the protocol (`CallToolResult`, `ReadResourceResult`, ...), a JSON object.
/// Errors: MCP_ERR_INVALID_JSON.
#[unsafe(no_mangle)]
pub extern "C" fn mcp_call_finish_result(
    take_call: *mut mcp_call,
    json: mcp_str,
    error: Option<&mut MaybeUninit<*mut mcp_error>>,
) -> mcp_status {
    answer(error, || finish(take_call, json.required("json"), |call, json| call.finish_result(json)))
}

/// Finishes a completion with `count` values, of which at most 100 are sent. `total` is the number of all that
/// there are, or less than 0 when it is not known. `values` may be NULL when `count` is 0.
/// Errors: MCP_ERR_INVALID_ARGUMENT for another kind of call.
#[unsafe(no_mangle)]
pub extern "C" fn mcp_call_finish_completion(
    take_call: *mut mcp_call,
    values: *const mcp_str,
    count: usize,
    total: i64,
    has_more: bool,
    error: Option<&mut MaybeUninit<*mut mcp_error>>,
) -> mcp_status {
    answer(error, || {
        let values = strings(values, count);
        let texts = values.and_then(|values| values.iter().map(|value| value.required("a value")).collect());
        finish(take_call, texts, |call, texts: Vec<&str>| {
            call.finish_completion(&texts, u64::try_from(total).ok(), has_more)
        })
    })
}

fn strings<'a>(values: *const mcp_str, count: usize) -> Result<&'a [mcp_str], Failure> {
    if count == 0 {
        return Ok(&[]);
    }
    if values.is_null() {
        return Err(null("values"));
    }
    if count > isize::MAX as usize / size_of::<mcp_str>() {
        return Err(Failure::new(MCP_ERR_INVALID_ARGUMENT, format!("there cannot be {count} values")));
    }
    // SAFETY: not NULL, no longer than an object can be, and the header asks for `count` texts at `values`.
    Ok(unsafe { std::slice::from_raw_parts(values, count) })
}

/// Finishes with a failure that the model should see: a tool result with `isError`. For other kinds of calls, an
/// internal error with that message.
#[unsafe(no_mangle)]
pub extern "C" fn mcp_call_fail(
    take_call: *mut mcp_call,
    message: mcp_str,
    error: Option<&mut MaybeUninit<*mut mcp_error>>,
) -> mcp_status {
    answer(error, || finish(take_call, message.required("message"), |call, message| call.fail(message)))
}

/// Finishes with a JSON-RPC error. `data` is any JSON or MCP_NONE. Codes that the client's revision does not have
/// are sent as what took their place.
/// Errors: MCP_ERR_INVALID_JSON when `data` is not JSON; the error is sent without it.
#[unsafe(no_mangle)]
pub extern "C" fn mcp_call_error(
    take_call: *mut mcp_call,
    code: i64,
    message: mcp_str,
    data: mcp_str,
    error: Option<&mut MaybeUninit<*mut mcp_error>>,
) -> mcp_status {
    answer(error, || {
        let input = message.required("message").and_then(|message| Ok((message, data.optional("data")?)));
        finish(take_call, input, |call, (message, data)| call.error(Code(code), message, data))
    })
}

/// Finishes the read of a resource that does not exist, with the error that the client's revision has for it.
#[unsafe(no_mangle)]
pub extern "C" fn mcp_call_not_found(
    take_call: *mut mcp_call,
    error: Option<&mut MaybeUninit<*mut mcp_error>>,
) -> mcp_status {
    answer(error, || finish(take_call, Ok(()), |call, ()| call.not_found()))
}

/// Gives a call back without an answer; the client gets an internal error. Never fails: a call that has ended, or
/// never was one, is left alone.
#[unsafe(no_mangle)]
pub extern "C" fn mcp_call_drop(take_call: *mut mcp_call) {
    crate::error::value((), || slab::take(take_call).map(drop));
}
