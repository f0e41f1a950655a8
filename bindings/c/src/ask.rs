//! Asking the client
//!
//! Elicitation, sampling and roots work alike for clients of every revision: when the answer is not there yet, the
//! callback ends, and when it has come, the callback runs again from the start, with every question answered
//! before. `key` names a question within its call.
//!
//!     mcp_status status = mcp_call_elicit(call, MCP_STR("city"), message, schema, &action, &form, NULL);
//!     if (status == MCP_INPUT_REQUIRED) { mcp_call_suspend(call, NULL); return; }
//!
//! Ask all that is needed before suspending, and the client is asked all of it at once. Answers live until the call
//! ends.
//! MCP_INPUT_REQUIRED: suspend the call and return. Errors: MCP_ERR_MISSING_CAPABILITY when this client cannot be
//! asked that (finish in another way, or suspend the call to answer the error that the protocol has for it);
//! MCP_ERR_CLIENT when the client answered with an error; MCP_ERR_LIMIT_EXCEEDED; MCP_ERR_INVALID_ARGUMENT;
//! MCP_ERR_INVALID_JSON; MCP_ERR_FINISHED.

use std::mem::MaybeUninit;

use serde::Deserialize;
use serde_json::{json as object, value::RawValue};

use crate::{
    error::{Failure, MCP_ERR_CLIENT, MCP_ERR_INVALID_JSON, MCP_ERR_NOT_FOUND, answer, mcp_status},
    handle::{Required, mcp_call, mcp_error},
    json, slab,
    str::mcp_str,
};

/// What the user did with a form or a URL.
pub type mcp_action = i32;

/// Agreed; a form is filled in.
pub const MCP_ACTION_ACCEPT: mcp_action = 1;
/// Said no.
pub const MCP_ACTION_DECLINE: mcp_action = 2;
/// Closed it without an answer.
pub const MCP_ACTION_CANCEL: mcp_action = 3;

fn ask<T>(
    call: *mut mcp_call,
    key: mcp_str,
    method: &str,
    params: Option<&str>,
    read: impl FnOnce(&str) -> Result<T, Failure>,
) -> Result<T, Failure> {
    let key = key.required("key")?;
    slab::with(call, |held| read(held.call.ask(key, method, params)?))
}

#[derive(Deserialize)]
struct Elicited<'a> {
    action: &'a str,
    #[serde(borrow, default)]
    content: Option<&'a RawValue>,
}

/// The action, and what was filled in.
fn read_elicited(reply: &str) -> Result<(mcp_action, mcp_str), Failure> {
    let elicited: Elicited<'_> = serde_json::from_str(reply).map_err(|error| {
        Failure::new(MCP_ERR_CLIENT, format!("the client's answer is no ElicitResult: {error}"))
    })?;
    let action = match elicited.action {
        "accept" => MCP_ACTION_ACCEPT,
        "decline" => MCP_ACTION_DECLINE,
        _ => MCP_ACTION_CANCEL,
    };
    Ok((action, mcp_str::of_option(elicited.content.map(RawValue::get))))
}

/// Asks the client. `method` is elicitation/create, sampling/createMessage or roots/list, `params` a JSON object
/// or MCP_NONE. `*out` is the client's result, a JSON object.
#[unsafe(no_mangle)]
pub extern "C" fn mcp_call_ask(
    call: *mut mcp_call,
    key: mcp_str,
    method: mcp_str,
    params: mcp_str,
    out: Option<&mut MaybeUninit<mcp_str>>,
    error: Option<&mut MaybeUninit<*mut mcp_error>>,
) -> mcp_status {
    answer(error, || {
        let (method, params) = (method.required("method")?, params.optional("params")?);
        let out = out.required("out")?;
        out.write(ask(call, key, method, params, |reply| Ok(mcp_str::of(reply)))?);
        Ok(())
    })
}

/// Asks the user to fill in a form. `schema` is a JSON Schema of an object with plain members. `*out_content` is
/// what was filled in, a JSON object for mcp_call_member_str() and the like; MCP_NONE unless the user accepted.
#[unsafe(no_mangle)]
pub extern "C" fn mcp_call_elicit(
    call: *mut mcp_call,
    key: mcp_str,
    message: mcp_str,
    schema: mcp_str,
    out_action: Option<&mut MaybeUninit<mcp_action>>,
    out_content: Option<&mut MaybeUninit<mcp_str>>,
    error: Option<&mut MaybeUninit<*mut mcp_error>>,
) -> mcp_status {
    answer(error, || {
        let message = message.required("message")?;
        let schema: &RawValue = serde_json::from_str(json::object(schema.required("schema")?, "schema")?)
            .map_err(|error| Failure::new(MCP_ERR_INVALID_JSON, error.to_string()))?;
        let (out_action, out_content) =
            (out_action.required("out_action")?, out_content.required("out_content")?);
        let params = object!({ "mode": "form", "message": message, "requestedSchema": schema }).to_string();
        let (action, content) = ask(call, key, "elicitation/create", Some(&params), read_elicited)?;
        out_action.write(action);
        out_content.write(if action == MCP_ACTION_ACCEPT { content } else { mcp_str::NONE });
        Ok(())
    })
}

/// Asks the user to visit a URL. MCP_ACTION_ACCEPT says that the user agreed to, not that it is done.
#[unsafe(no_mangle)]
pub extern "C" fn mcp_call_elicit_url(
    call: *mut mcp_call,
    key: mcp_str,
    message: mcp_str,
    url: mcp_str,
    out_action: Option<&mut MaybeUninit<mcp_action>>,
    error: Option<&mut MaybeUninit<*mut mcp_error>>,
) -> mcp_status {
    answer(error, || {
        let (message, url) = (message.required("message")?, url.required("url")?);
        let out_action = out_action.required("out_action")?;
        let params = object!({ "mode": "url", "message": message, "url": url }).to_string();
        let (action, _) = ask(call, key, "elicitation/create", Some(&params), read_elicited)?;
        out_action.write(action);
        Ok(())
    })
}

/// Asks the client's model. `params` are those of sampling/createMessage, a JSON object. `*out` is the client's
/// result, a JSON object with `role` and `content`.
#[unsafe(no_mangle)]
pub extern "C" fn mcp_call_sample(
    call: *mut mcp_call,
    key: mcp_str,
    params: mcp_str,
    out: Option<&mut MaybeUninit<mcp_str>>,
    error: Option<&mut MaybeUninit<*mut mcp_error>>,
) -> mcp_status {
    answer(error, || {
        let params = params.required("params")?;
        let out = out.required("out")?;
        let reply = |reply: &str| Ok(mcp_str::of(reply));
        out.write(ask(call, key, "sampling/createMessage", Some(params), reply)?);
        Ok(())
    })
}

/// Asks for the client's roots. `*out` is the client's result, a JSON object with `roots`.
#[unsafe(no_mangle)]
pub extern "C" fn mcp_call_list_roots(
    call: *mut mcp_call,
    key: mcp_str,
    out: Option<&mut MaybeUninit<mcp_str>>,
    error: Option<&mut MaybeUninit<*mut mcp_error>>,
) -> mcp_status {
    answer(error, || {
        let out = out.required("out")?;
        out.write(ask(call, key, "roots/list", None, |reply| Ok(mcp_str::of(reply)))?);
        Ok(())
    })
}

/// Gives what mcp_call_remember() kept under that key in an earlier run of this call's callback, JSON.
/// Errors: MCP_ERR_NOT_FOUND when there is nothing, MCP_ERR_FINISHED.
#[unsafe(no_mangle)]
pub extern "C" fn mcp_call_recall(
    call: *mut mcp_call,
    key: mcp_str,
    out: Option<&mut MaybeUninit<mcp_str>>,
    error: Option<&mut MaybeUninit<*mut mcp_error>>,
) -> mcp_status {
    answer(error, || {
        let key = key.required("key")?;
        let out = out.required("out")?;
        let text = slab::with(call, |held| {
            let text = held.call.recall(key).map(str::to_owned);
            // Kept, as the next mcp_call_remember() may replace what stands in the call.
            Ok(text.map(|text| held.borrowed.keep(&text)))
        })?;
        out.write(text.ok_or_else(|| {
            Failure::new(MCP_ERR_NOT_FOUND, format!("nothing was remembered under {key:?}"))
        })?);
        Ok(())
    })
}

/// Keeps a result, any JSON, for later runs of this call's callback: for work that must not be done twice.
/// Errors: MCP_ERR_INVALID_JSON, MCP_ERR_FINISHED.
#[unsafe(no_mangle)]
pub extern "C" fn mcp_call_remember(
    call: *mut mcp_call,
    key: mcp_str,
    json: mcp_str,
    error: Option<&mut MaybeUninit<*mut mcp_error>>,
) -> mcp_status {
    answer(error, || {
        let (key, json) = (key.required("key")?, json.required("json")?);
        slab::with(call, |held| Ok(held.call.remember(key, json)?))
    })
}

/// Ends this run of the callback: the client is asked what has no answer yet, and the callback runs again when the
/// answers are there. After MCP_ERR_MISSING_CAPABILITY, answers the error that the protocol has for that.
/// Errors: MCP_ERR_WRONG_STATE when nothing was asked, MCP_ERR_CANCELLED, MCP_ERR_FINISHED,
/// MCP_ERR_LIMIT_EXCEEDED.
#[unsafe(no_mangle)]
pub extern "C" fn mcp_call_suspend(
    take_call: *mut mcp_call,
    error: Option<&mut MaybeUninit<*mut mcp_error>>,
) -> mcp_status {
    answer(error, || Ok(slab::take(take_call)?.call.suspend()?))
}
