//! Resources
//!
//! A resource, or a template of resources, is built by one thread, then given to a server, before or after it
//! starts. Its callback finds the URI that is read with mcp_call_uri(), and the variables of a template with
//! mcp_call_variable(). Every text is copied.

use std::{ffi::c_void, mem::MaybeUninit, time::Duration};

use engine::{CacheHint, Resource};

use crate::{
    callback::{CHandler, UserData, mcp_drop_fn, mcp_handler_fn, mcp_run, run_of},
    error::{answer, mcp_status},
    handle::{Required, give, mcp_error, mcp_resource, mcp_server},
    json,
    server::engine_of,
    str::mcp_str,
};

/// Makes a resource of that URI, or a template with a URI template (RFC 6570), such as "file:///{path}". `name` is
/// for programs. The caller owns `*out`.
#[unsafe(no_mangle)]
pub extern "C" fn mcp_resource_new(
    uri: mcp_str,
    name: mcp_str,
    handler: mcp_handler_fn,
    user_data: *mut c_void,
    drop: mcp_drop_fn,
    out: Option<&mut MaybeUninit<*mut mcp_resource>>,
    error: Option<&mut MaybeUninit<*mut mcp_error>>,
) -> mcp_status {
    let user_data = UserData::new(user_data, drop);
    answer(error, move || {
        let handler = CHandler::new(handler, user_data)?;
        let resource = Resource::new(uri.required("uri")?, name.required("name")?, handler);
        out.required("out")?.write(give(mcp_resource { inner: resource }));
        Ok(())
    })
}

/// Frees a resource that was not given to a server. NULL is allowed.
#[unsafe(no_mangle)]
pub extern "C" fn mcp_resource_free(take_resource: Option<Box<mcp_resource>>) {
    drop(take_resource);
}

/// Sets the name for people; MCP_NONE for none.
#[unsafe(no_mangle)]
pub extern "C" fn mcp_resource_set_title(
    resource: Option<&mut mcp_resource>,
    title: mcp_str,
    error: Option<&mut MaybeUninit<*mut mcp_error>>,
) -> mcp_status {
    answer(error, || {
        let title = title.optional("title")?.map(str::to_owned);
        resource.required("resource")?.inner.title = title;
        Ok(())
    })
}

/// Says what it is, for the model; MCP_NONE for nothing.
#[unsafe(no_mangle)]
pub extern "C" fn mcp_resource_set_description(
    resource: Option<&mut mcp_resource>,
    description: mcp_str,
    error: Option<&mut MaybeUninit<*mut mcp_error>>,
) -> mcp_status {
    answer(error, || {
        let description = description.optional("description")?.map(str::to_owned);
        resource.required("resource")?.inner.description = description;
        Ok(())
    })
}

/// Sets the MIME type of the contents; MCP_NONE for none.
#[unsafe(no_mangle)]
pub extern "C" fn mcp_resource_set_mime_type(
    resource: Option<&mut mcp_resource>,
    mime_type: mcp_str,
    error: Option<&mut MaybeUninit<*mut mcp_error>>,
) -> mcp_status {
    answer(error, || {
        let mime_type = mime_type.optional("mime_type")?.map(str::to_owned);
        resource.required("resource")?.inner.mime_type = mime_type;
        Ok(())
    })
}

/// Sets the number of bytes of the contents. Templates have none.
#[unsafe(no_mangle)]
pub extern "C" fn mcp_resource_set_size(
    resource: Option<&mut mcp_resource>,
    size: u64,
    error: Option<&mut MaybeUninit<*mut mcp_error>>,
) -> mcp_status {
    answer(error, || {
        resource.required("resource")?.inner.size = Some(size);
        Ok(())
    })
}

/// Sets the `Annotations` (audience, priority, ...), a JSON object; MCP_NONE for none.
/// Errors: MCP_ERR_INVALID_JSON.
#[unsafe(no_mangle)]
pub extern "C" fn mcp_resource_set_annotations(
    resource: Option<&mut mcp_resource>,
    annotations: mcp_str,
    error: Option<&mut MaybeUninit<*mut mcp_error>>,
) -> mcp_status {
    answer(error, || {
        let annotations =
            annotations.optional("annotations")?.map(|text| json::object(text, "annotations")).transpose()?;
        resource.required("resource")?.inner.annotations = annotations.map(str::to_owned);
        Ok(())
    })
}

/// Sets the icons, a JSON array of `Icon`; MCP_NONE for none.
/// Errors: MCP_ERR_INVALID_JSON.
#[unsafe(no_mangle)]
pub extern "C" fn mcp_resource_set_icons(
    resource: Option<&mut mcp_resource>,
    icons: mcp_str,
    error: Option<&mut MaybeUninit<*mut mcp_error>>,
) -> mcp_status {
    answer(error, || {
        let icons = icons.optional("icons")?.map(|text| json::array(text, "icons")).transpose()?;
        resource.required("resource")?.inner.icons = icons.map(str::to_owned);
        Ok(())
    })
}

/// Sets the `_meta`, a JSON object; MCP_NONE for none.
/// Errors: MCP_ERR_INVALID_JSON.
#[unsafe(no_mangle)]
pub extern "C" fn mcp_resource_set_meta(
    resource: Option<&mut mcp_resource>,
    meta: mcp_str,
    error: Option<&mut MaybeUninit<*mut mcp_error>>,
) -> mcp_status {
    answer(error, || {
        let meta = meta.optional("meta")?.map(|text| json::object(text, "meta")).transpose()?;
        resource.required("resource")?.inner.meta = meta.map(str::to_owned);
        Ok(())
    })
}

/// Lets clients keep what they read for that long; 0, the default, for not at all. `is_public`: the contents are
/// the same for every caller.
#[unsafe(no_mangle)]
pub extern "C" fn mcp_resource_set_cache(
    resource: Option<&mut mcp_resource>,
    ttl_ms: u64,
    is_public: bool,
    error: Option<&mut MaybeUninit<*mut mcp_error>>,
) -> mcp_status {
    answer(error, || {
        resource.required("resource")?.inner.cache =
            CacheHint { ttl: Duration::from_millis(ttl_ms), public: is_public };
        Ok(())
    })
}

/// Sets where the callback runs; MCP_RUN_POOL by default.
/// Errors: MCP_ERR_INVALID_ARGUMENT.
#[unsafe(no_mangle)]
pub extern "C" fn mcp_resource_set_run(
    resource: Option<&mut mcp_resource>,
    run: mcp_run,
    error: Option<&mut MaybeUninit<*mut mcp_error>>,
) -> mcp_status {
    answer(error, || {
        let run = run_of(run)?;
        resource.required("resource")?.inner.run = run;
        Ok(())
    })
}

/// Registers a resource. Clients that listen are told. Any thread.
/// Errors: MCP_ERR_ALREADY_EXISTS, MCP_ERR_INVALID_ARGUMENT, MCP_ERR_INVALID_JSON.
#[unsafe(no_mangle)]
pub extern "C" fn mcp_server_add_resource(
    server: *mut mcp_server,
    take_resource: Option<Box<mcp_resource>>,
    error: Option<&mut MaybeUninit<*mut mcp_error>>,
) -> mcp_status {
    answer(error, move || {
        let resource = take_resource.required("take_resource")?;
        Ok(engine_of(server)?.add_resource(resource.inner)?)
    })
}

/// Removes a resource. Reads that run already go on. Any thread.
/// Errors: MCP_ERR_NOT_FOUND.
#[unsafe(no_mangle)]
pub extern "C" fn mcp_server_remove_resource(
    server: *mut mcp_server,
    uri: mcp_str,
    error: Option<&mut MaybeUninit<*mut mcp_error>>,
) -> mcp_status {
    answer(error, || Ok(engine_of(server)?.remove_resource(uri.required("uri")?)?))
}

/// Registers a template of resources. Clients that listen are told. Any thread.
/// Errors: MCP_ERR_ALREADY_EXISTS, MCP_ERR_INVALID_ARGUMENT, MCP_ERR_INVALID_JSON.
#[unsafe(no_mangle)]
pub extern "C" fn mcp_server_add_resource_template(
    server: *mut mcp_server,
    take_resource: Option<Box<mcp_resource>>,
    error: Option<&mut MaybeUninit<*mut mcp_error>>,
) -> mcp_status {
    answer(error, move || {
        let resource = take_resource.required("take_resource")?;
        Ok(engine_of(server)?.add_resource_template(resource.inner)?)
    })
}

/// Removes a template of resources. Reads that run already go on. Any thread.
/// Errors: MCP_ERR_NOT_FOUND.
#[unsafe(no_mangle)]
pub extern "C" fn mcp_server_remove_resource_template(
    server: *mut mcp_server,
    uri_template: mcp_str,
    error: Option<&mut MaybeUninit<*mut mcp_error>>,
) -> mcp_status {
    answer(error, || Ok(engine_of(server)?.remove_resource_template(uri_template.required("uri_template")?)?))
}
