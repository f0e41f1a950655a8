//! Prompts
//!
//! A prompt is built by one thread, then given to a server, before or after it starts. Its callback reads the
//! arguments as a tool does. Every text is copied.

use std::{ffi::c_void, mem::MaybeUninit};

use engine::{Prompt, PromptArgument};

use crate::{
    callback::{CHandler, UserData, mcp_drop_fn, mcp_handler_fn, mcp_run, run_of},
    error::{answer, mcp_status},
    handle::{Required, give, mcp_error, mcp_prompt, mcp_server},
    json,
    server::engine_of,
    str::mcp_str,
};

/// Makes a prompt without arguments. The caller owns `*out`.
#[unsafe(no_mangle)]
pub extern "C" fn mcp_prompt_new(
    name: mcp_str,
    handler: mcp_handler_fn,
    user_data: *mut c_void,
    drop: mcp_drop_fn,
    out: Option<&mut MaybeUninit<*mut mcp_prompt>>,
    error: Option<&mut MaybeUninit<*mut mcp_error>>,
) -> mcp_status {
    let user_data = UserData::new(user_data, drop);
    answer(error, move || {
        let handler = CHandler::new(handler, user_data)?;
        let prompt = Prompt::new(name.required("name")?, handler);
        out.required("out")?.write(give(mcp_prompt { inner: prompt }));
        Ok(())
    })
}

/// Frees a prompt that was not given to a server. NULL is allowed.
#[unsafe(no_mangle)]
pub extern "C" fn mcp_prompt_free(take_prompt: Option<Box<mcp_prompt>>) {
    drop(take_prompt);
}

/// Sets the name for people; MCP_NONE for none.
#[unsafe(no_mangle)]
pub extern "C" fn mcp_prompt_set_title(
    prompt: Option<&mut mcp_prompt>,
    title: mcp_str,
    error: Option<&mut MaybeUninit<*mut mcp_error>>,
) -> mcp_status {
    answer(error, || {
        let title = title.optional("title")?.map(str::to_owned);
        prompt.required("prompt")?.inner.title = title;
        Ok(())
    })
}

/// Says what it is, for the user; MCP_NONE for nothing.
#[unsafe(no_mangle)]
pub extern "C" fn mcp_prompt_set_description(
    prompt: Option<&mut mcp_prompt>,
    description: mcp_str,
    error: Option<&mut MaybeUninit<*mut mcp_error>>,
) -> mcp_status {
    answer(error, || {
        let description = description.optional("description")?.map(str::to_owned);
        prompt.required("prompt")?.inner.description = description;
        Ok(())
    })
}

/// Adds an argument. `title` and `description` may be MCP_NONE.
#[unsafe(no_mangle)]
pub extern "C" fn mcp_prompt_add_argument(
    prompt: Option<&mut mcp_prompt>,
    name: mcp_str,
    title: mcp_str,
    description: mcp_str,
    required: bool,
    error: Option<&mut MaybeUninit<*mut mcp_error>>,
) -> mcp_status {
    answer(error, || {
        let argument = PromptArgument {
            name: name.required("name")?.to_owned(),
            title: title.optional("title")?.map(str::to_owned),
            description: description.optional("description")?.map(str::to_owned),
            required,
        };
        prompt.required("prompt")?.inner.arguments.push(argument);
        Ok(())
    })
}

/// Sets the icons, a JSON array of `Icon`; MCP_NONE for none.
/// Errors: MCP_ERR_INVALID_JSON.
#[unsafe(no_mangle)]
pub extern "C" fn mcp_prompt_set_icons(
    prompt: Option<&mut mcp_prompt>,
    icons: mcp_str,
    error: Option<&mut MaybeUninit<*mut mcp_error>>,
) -> mcp_status {
    answer(error, || {
        let icons = icons.optional("icons")?.map(|text| json::array(text, "icons")).transpose()?;
        prompt.required("prompt")?.inner.icons = icons.map(str::to_owned);
        Ok(())
    })
}

/// Sets the `_meta`, a JSON object; MCP_NONE for none.
/// Errors: MCP_ERR_INVALID_JSON.
#[unsafe(no_mangle)]
pub extern "C" fn mcp_prompt_set_meta(
    prompt: Option<&mut mcp_prompt>,
    meta: mcp_str,
    error: Option<&mut MaybeUninit<*mut mcp_error>>,
) -> mcp_status {
    answer(error, || {
        let meta = meta.optional("meta")?.map(|text| json::object(text, "meta")).transpose()?;
        prompt.required("prompt")?.inner.meta = meta.map(str::to_owned);
        Ok(())
    })
}

/// Sets where the callback runs; MCP_RUN_POOL by default.
/// Errors: MCP_ERR_INVALID_ARGUMENT.
#[unsafe(no_mangle)]
pub extern "C" fn mcp_prompt_set_run(
    prompt: Option<&mut mcp_prompt>,
    run: mcp_run,
    error: Option<&mut MaybeUninit<*mut mcp_error>>,
) -> mcp_status {
    answer(error, || {
        let run = run_of(run)?;
        prompt.required("prompt")?.inner.run = run;
        Ok(())
    })
}

/// Registers a prompt. Clients that listen are told. Any thread.
/// Errors: MCP_ERR_ALREADY_EXISTS, MCP_ERR_INVALID_ARGUMENT, MCP_ERR_INVALID_JSON.
#[unsafe(no_mangle)]
pub extern "C" fn mcp_server_add_prompt(
    server: *mut mcp_server,
    take_prompt: Option<Box<mcp_prompt>>,
    error: Option<&mut MaybeUninit<*mut mcp_error>>,
) -> mcp_status {
    answer(error, move || {
        let prompt = take_prompt.required("take_prompt")?;
        Ok(engine_of(server)?.add_prompt(prompt.inner)?)
    })
}

/// Removes a prompt. Calls of it that run already go on. Any thread.
/// Errors: MCP_ERR_NOT_FOUND.
#[unsafe(no_mangle)]
pub extern "C" fn mcp_server_remove_prompt(
    server: *mut mcp_server,
    name: mcp_str,
    error: Option<&mut MaybeUninit<*mut mcp_error>>,
) -> mcp_status {
    answer(error, || Ok(engine_of(server)?.remove_prompt(name.required("name")?)?))
}
