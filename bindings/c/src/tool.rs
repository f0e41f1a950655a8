//! Tools
//!
//! A tool is built by one thread, then given to a server, before or after it starts. Every text is copied.

use std::{ffi::c_void, mem::MaybeUninit};

use engine::Tool;

use crate::{
    callback::{CHandler, UserData, mcp_drop_fn, mcp_handler_fn, mcp_run, run_of},
    error::{answer, mcp_status},
    handle::{Required, give, mcp_error, mcp_server, mcp_tool},
    json,
    server::engine_of,
    str::mcp_str,
};

/// Makes a tool. `name`: 1 to 128 characters, best of A-Z a-z 0-9 _ - and the full stop. `input_schema`: a JSON
/// Schema for the arguments, an object schema; MCP_NONE for a tool that takes anything. The caller owns `*out`.
/// Errors: MCP_ERR_INVALID_JSON.
#[unsafe(no_mangle)]
pub extern "C" fn mcp_tool_new(
    name: mcp_str,
    input_schema: mcp_str,
    handler: mcp_handler_fn,
    user_data: *mut c_void,
    drop: mcp_drop_fn,
    out: Option<&mut MaybeUninit<*mut mcp_tool>>,
    error: Option<&mut MaybeUninit<*mut mcp_error>>,
) -> mcp_status {
    let user_data = UserData::new(user_data, drop);
    answer(error, move || {
        let handler = CHandler::new(handler, user_data)?;
        let schema = input_schema.optional("input_schema")?.unwrap_or(r#"{"type":"object"}"#);
        let tool = Tool::new(name.required("name")?, json::object(schema, "input_schema")?, handler);
        out.required("out")?.write(give(mcp_tool { inner: tool }));
        Ok(())
    })
}

/// Frees a tool that was not given to a server. NULL is allowed.
#[unsafe(no_mangle)]
pub extern "C" fn mcp_tool_free(take_tool: Option<Box<mcp_tool>>) {
    drop(take_tool);
}

/// Sets the name for people; MCP_NONE for none.
#[unsafe(no_mangle)]
pub extern "C" fn mcp_tool_set_title(
    tool: Option<&mut mcp_tool>,
    title: mcp_str,
    error: Option<&mut MaybeUninit<*mut mcp_error>>,
) -> mcp_status {
    answer(error, || {
        let title = title.optional("title")?.map(str::to_owned);
        tool.required("tool")?.inner.title = title;
        Ok(())
    })
}

/// Says what the tool does, for the model; MCP_NONE for nothing.
#[unsafe(no_mangle)]
pub extern "C" fn mcp_tool_set_description(
    tool: Option<&mut mcp_tool>,
    description: mcp_str,
    error: Option<&mut MaybeUninit<*mut mcp_error>>,
) -> mcp_status {
    answer(error, || {
        let description = description.optional("description")?.map(str::to_owned);
        tool.required("tool")?.inner.description = description;
        Ok(())
    })
}

/// Sets the JSON Schema of the structured content; MCP_NONE for none.
/// Errors: MCP_ERR_INVALID_JSON.
#[unsafe(no_mangle)]
pub extern "C" fn mcp_tool_set_output_schema(
    tool: Option<&mut mcp_tool>,
    output_schema: mcp_str,
    error: Option<&mut MaybeUninit<*mut mcp_error>>,
) -> mcp_status {
    answer(error, || {
        let output_schema = output_schema
            .optional("output_schema")?
            .map(|text| json::object(text, "output_schema"))
            .transpose()?;
        tool.required("tool")?.inner.output_schema = output_schema.map(str::to_owned);
        Ok(())
    })
}

/// Sets the `ToolAnnotations` (readOnlyHint, ...), a JSON object; MCP_NONE for none.
/// Errors: MCP_ERR_INVALID_JSON.
#[unsafe(no_mangle)]
pub extern "C" fn mcp_tool_set_annotations(
    tool: Option<&mut mcp_tool>,
    annotations: mcp_str,
    error: Option<&mut MaybeUninit<*mut mcp_error>>,
) -> mcp_status {
    answer(error, || {
        let annotations =
            annotations.optional("annotations")?.map(|text| json::object(text, "annotations")).transpose()?;
        tool.required("tool")?.inner.annotations = annotations.map(str::to_owned);
        Ok(())
    })
}

/// Sets the icons, a JSON array of `Icon`; MCP_NONE for none.
/// Errors: MCP_ERR_INVALID_JSON.
#[unsafe(no_mangle)]
pub extern "C" fn mcp_tool_set_icons(
    tool: Option<&mut mcp_tool>,
    icons: mcp_str,
    error: Option<&mut MaybeUninit<*mut mcp_error>>,
) -> mcp_status {
    answer(error, || {
        let icons = icons.optional("icons")?.map(|text| json::array(text, "icons")).transpose()?;
        tool.required("tool")?.inner.icons = icons.map(str::to_owned);
        Ok(())
    })
}

/// Sets the `_meta`, a JSON object; MCP_NONE for none.
/// Errors: MCP_ERR_INVALID_JSON.
#[unsafe(no_mangle)]
pub extern "C" fn mcp_tool_set_meta(
    tool: Option<&mut mcp_tool>,
    meta: mcp_str,
    error: Option<&mut MaybeUninit<*mut mcp_error>>,
) -> mcp_status {
    answer(error, || {
        let meta = meta.optional("meta")?.map(|text| json::object(text, "meta")).transpose()?;
        tool.required("tool")?.inner.meta = meta.map(str::to_owned);
        Ok(())
    })
}

/// Sets where the callback runs; MCP_RUN_POOL by default.
/// Errors: MCP_ERR_INVALID_ARGUMENT.
#[unsafe(no_mangle)]
pub extern "C" fn mcp_tool_set_run(
    tool: Option<&mut mcp_tool>,
    run: mcp_run,
    error: Option<&mut MaybeUninit<*mut mcp_error>>,
) -> mcp_status {
    answer(error, || {
        let run = run_of(run)?;
        tool.required("tool")?.inner.run = run;
        Ok(())
    })
}

/// Says whether arguments are checked against the input schema before the callback sees them, and structured
/// content against the output schema before it is sent. Both are, by default.
#[unsafe(no_mangle)]
pub extern "C" fn mcp_tool_set_validation(
    tool: Option<&mut mcp_tool>,
    input: bool,
    output: bool,
    error: Option<&mut MaybeUninit<*mut mcp_error>>,
) -> mcp_status {
    answer(error, || {
        let tool = tool.required("tool")?;
        tool.inner.validate_input = input;
        tool.inner.validate_output = output;
        Ok(())
    })
}

/// Registers a tool. Clients that listen are told. Any thread.
/// Errors: MCP_ERR_ALREADY_EXISTS, MCP_ERR_INVALID_SCHEMA, MCP_ERR_INVALID_ARGUMENT, MCP_ERR_INVALID_JSON.
#[unsafe(no_mangle)]
pub extern "C" fn mcp_server_add_tool(
    server: *mut mcp_server,
    take_tool: Option<Box<mcp_tool>>,
    error: Option<&mut MaybeUninit<*mut mcp_error>>,
) -> mcp_status {
    answer(error, move || {
        let tool = take_tool.required("take_tool")?;
        Ok(engine_of(server)?.add_tool(tool.inner)?)
    })
}

/// Removes a tool. Calls of it that run already go on. Any thread.
/// Errors: MCP_ERR_NOT_FOUND.
#[unsafe(no_mangle)]
pub extern "C" fn mcp_server_remove_tool(
    server: *mut mcp_server,
    name: mcp_str,
    error: Option<&mut MaybeUninit<*mut mcp_error>>,
) -> mcp_status {
    answer(error, || Ok(engine_of(server)?.remove_tool(name.required("name")?)?))
}
