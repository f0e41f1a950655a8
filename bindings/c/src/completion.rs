//! Completions
//!
//! Proposes values for an argument of a prompt, or for a variable of a template of resources. The callback reads
//! `argument` (an object with `name` and `value`) and `context` with mcp_call_arg_json() and mcp_call_member_str(),
//! and ends with mcp_call_finish_completion(). Every text is copied.

use std::{ffi::c_void, mem::MaybeUninit};

use engine::{Completion, CompletionRef};

use crate::{
    callback::{CHandler, UserData, mcp_drop_fn, mcp_handler_fn, mcp_run, run_of},
    error::{answer, mcp_status},
    handle::{Required, give, mcp_completion, mcp_error, mcp_server},
    server::engine_of,
    str::mcp_str,
};

/// Makes the completion for the prompt of that name. The caller owns `*out`.
#[unsafe(no_mangle)]
pub extern "C" fn mcp_completion_new_prompt(
    name: mcp_str,
    handler: mcp_handler_fn,
    user_data: *mut c_void,
    drop: mcp_drop_fn,
    out: Option<&mut MaybeUninit<*mut mcp_completion>>,
    error: Option<&mut MaybeUninit<*mut mcp_error>>,
) -> mcp_status {
    let user_data = UserData::new(user_data, drop);
    answer(error, move || {
        let handler = CHandler::new(handler, user_data)?;
        let of = CompletionRef::Prompt(name.required("name")?.to_owned());
        let completion = Completion::new(of, handler);
        out.required("out")?.write(give(mcp_completion { inner: completion }));
        Ok(())
    })
}

/// Makes the completion for the template of resources with that URI template. The caller owns `*out`.
#[unsafe(no_mangle)]
pub extern "C" fn mcp_completion_new_resource(
    uri_template: mcp_str,
    handler: mcp_handler_fn,
    user_data: *mut c_void,
    drop: mcp_drop_fn,
    out: Option<&mut MaybeUninit<*mut mcp_completion>>,
    error: Option<&mut MaybeUninit<*mut mcp_error>>,
) -> mcp_status {
    let user_data = UserData::new(user_data, drop);
    answer(error, move || {
        let handler = CHandler::new(handler, user_data)?;
        let of = CompletionRef::Resource(uri_template.required("uri_template")?.to_owned());
        let completion = Completion::new(of, handler);
        out.required("out")?.write(give(mcp_completion { inner: completion }));
        Ok(())
    })
}

/// Frees a completion that was not given to a server. NULL is allowed.
#[unsafe(no_mangle)]
pub extern "C" fn mcp_completion_free(take_completion: Option<Box<mcp_completion>>) {
    drop(take_completion);
}

/// Sets where the callback runs; MCP_RUN_POOL by default.
/// Errors: MCP_ERR_INVALID_ARGUMENT.
#[unsafe(no_mangle)]
pub extern "C" fn mcp_completion_set_run(
    completion: Option<&mut mcp_completion>,
    run: mcp_run,
    error: Option<&mut MaybeUninit<*mut mcp_error>>,
) -> mcp_status {
    answer(error, || {
        let run = run_of(run)?;
        completion.required("completion")?.inner.run = run;
        Ok(())
    })
}

/// Registers a completion. Any thread.
/// Errors: MCP_ERR_ALREADY_EXISTS.
#[unsafe(no_mangle)]
pub extern "C" fn mcp_server_add_completion(
    server: *mut mcp_server,
    take_completion: Option<Box<mcp_completion>>,
    error: Option<&mut MaybeUninit<*mut mcp_error>>,
) -> mcp_status {
    answer(error, move || {
        let completion = take_completion.required("take_completion")?;
        Ok(engine_of(server)?.add_completion(completion.inner)?)
    })
}

/// Removes the completion for a prompt. Any thread.
/// Errors: MCP_ERR_NOT_FOUND.
#[unsafe(no_mangle)]
pub extern "C" fn mcp_server_remove_prompt_completion(
    server: *mut mcp_server,
    name: mcp_str,
    error: Option<&mut MaybeUninit<*mut mcp_error>>,
) -> mcp_status {
    answer(error, || {
        let of = CompletionRef::Prompt(name.required("name")?.to_owned());
        Ok(engine_of(server)?.remove_completion(&of)?)
    })
}

/// Removes the completion for a template of resources. Any thread.
/// Errors: MCP_ERR_NOT_FOUND.
#[unsafe(no_mangle)]
pub extern "C" fn mcp_server_remove_resource_completion(
    server: *mut mcp_server,
    uri_template: mcp_str,
    error: Option<&mut MaybeUninit<*mut mcp_error>>,
) -> mcp_status {
    answer(error, || {
        let of = CompletionRef::Resource(uri_template.required("uri_template")?.to_owned());
        Ok(engine_of(server)?.remove_completion(&of)?)
    })
}
