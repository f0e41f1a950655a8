//! Content
//!
//! Content with more than one text: the blocks of a tool's result, the messages of a prompt, the contents of a
//! resource. It is built by one thread at a time, and consumed by mcp_call_finish_content(). All is copied.

use std::mem::MaybeUninit;

use engine::{Content, Role};

use crate::{
    error::{Failure, MCP_ERR_INVALID_ARGUMENT, answer, mcp_status, value},
    handle::{Required, give, mcp_content, mcp_error},
    str::{bytes, mcp_str},
};

/// Who says a message of a prompt.
pub type mcp_role = i32;

/// The user. The default.
pub const MCP_ROLE_USER: mcp_role = 1;
/// The model.
pub const MCP_ROLE_ASSISTANT: mcp_role = 2;

/// Makes content without a block. The caller owns it.
#[unsafe(no_mangle)]
pub extern "C" fn mcp_content_new() -> *mut mcp_content {
    value(std::ptr::null_mut(), || Ok(give(mcp_content { inner: Content::new() })))
}

/// Frees content that was not consumed. NULL is allowed.
#[unsafe(no_mangle)]
pub extern "C" fn mcp_content_free(take_content: Option<Box<mcp_content>>) {
    drop(take_content);
}

/// Adds a text.
#[unsafe(no_mangle)]
pub extern "C" fn mcp_content_add_text(
    content: Option<&mut mcp_content>,
    text: mcp_str,
    error: Option<&mut MaybeUninit<*mut mcp_error>>,
) -> mcp_status {
    answer(error, || {
        content.required("content")?.inner.text(text.required("text")?);
        Ok(())
    })
}

/// Adds an image, by its bytes and their MIME type.
#[unsafe(no_mangle)]
pub extern "C" fn mcp_content_add_image(
    content: Option<&mut mcp_content>,
    data: *const u8,
    len: usize,
    mime_type: mcp_str,
    error: Option<&mut MaybeUninit<*mut mcp_error>>,
) -> mcp_status {
    answer(error, || {
        let mime = mime_type.required("mime_type")?;
        content.required("content")?.inner.image(bytes(data, len, "data")?, mime);
        Ok(())
    })
}

/// Adds a sound, by its bytes and their MIME type.
#[unsafe(no_mangle)]
pub extern "C" fn mcp_content_add_audio(
    content: Option<&mut mcp_content>,
    data: *const u8,
    len: usize,
    mime_type: mcp_str,
    error: Option<&mut MaybeUninit<*mut mcp_error>>,
) -> mcp_status {
    answer(error, || {
        let mime = mime_type.required("mime_type")?;
        content.required("content")?.inner.audio(bytes(data, len, "data")?, mime);
        Ok(())
    })
}

/// Adds a resource of text. `mime_type` may be MCP_NONE.
#[unsafe(no_mangle)]
pub extern "C" fn mcp_content_add_resource_text(
    content: Option<&mut mcp_content>,
    uri: mcp_str,
    mime_type: mcp_str,
    text: mcp_str,
    error: Option<&mut MaybeUninit<*mut mcp_error>>,
) -> mcp_status {
    answer(error, || {
        let (uri, mime) = (uri.required("uri")?, mime_type.optional("mime_type")?);
        content.required("content")?.inner.resource_text(uri, mime, text.required("text")?);
        Ok(())
    })
}

/// Adds a resource of bytes. `mime_type` may be MCP_NONE.
#[unsafe(no_mangle)]
pub extern "C" fn mcp_content_add_resource_bytes(
    content: Option<&mut mcp_content>,
    uri: mcp_str,
    mime_type: mcp_str,
    data: *const u8,
    len: usize,
    error: Option<&mut MaybeUninit<*mut mcp_error>>,
) -> mcp_status {
    answer(error, || {
        let (uri, mime) = (uri.required("uri")?, mime_type.optional("mime_type")?);
        content.required("content")?.inner.resource_bytes(uri, mime, bytes(data, len, "data")?);
        Ok(())
    })
}

/// Adds a link to a resource. `mime_type` may be MCP_NONE.
#[unsafe(no_mangle)]
pub extern "C" fn mcp_content_add_resource_link(
    content: Option<&mut mcp_content>,
    uri: mcp_str,
    name: mcp_str,
    mime_type: mcp_str,
    error: Option<&mut MaybeUninit<*mut mcp_error>>,
) -> mcp_status {
    answer(error, || {
        let (uri, mime) = (uri.required("uri")?, mime_type.optional("mime_type")?);
        content.required("content")?.inner.resource_link(uri, name.required("name")?, mime);
        Ok(())
    })
}

/// Adds a block given as JSON: a `ContentBlock` of the protocol.
/// Errors: MCP_ERR_INVALID_JSON.
#[unsafe(no_mangle)]
pub extern "C" fn mcp_content_add_block(
    content: Option<&mut mcp_content>,
    block: mcp_str,
    error: Option<&mut MaybeUninit<*mut mcp_error>>,
) -> mcp_status {
    answer(error, || {
        content.required("content")?.inner.block(block.required("block")?)?;
        Ok(())
    })
}

/// Annotates the block added last: a JSON object with `audience`, `priority`, `lastModified`.
/// Errors: MCP_ERR_INVALID_JSON, MCP_ERR_INVALID_ARGUMENT when there is none or it was given as JSON.
#[unsafe(no_mangle)]
pub extern "C" fn mcp_content_annotate(
    content: Option<&mut mcp_content>,
    annotations: mcp_str,
    error: Option<&mut MaybeUninit<*mut mcp_error>>,
) -> mcp_status {
    answer(error, || {
        content.required("content")?.inner.annotate(annotations.required("annotations")?)?;
        Ok(())
    })
}

/// Says whose messages follow (prompts only).
/// Errors: MCP_ERR_INVALID_ARGUMENT.
#[unsafe(no_mangle)]
pub extern "C" fn mcp_content_set_role(
    content: Option<&mut mcp_content>,
    role: mcp_role,
    error: Option<&mut MaybeUninit<*mut mcp_error>>,
) -> mcp_status {
    answer(error, || {
        let role = match role {
            MCP_ROLE_USER => Role::User,
            MCP_ROLE_ASSISTANT => Role::Assistant,
            _ => {
                return Err(Failure::new(
                    MCP_ERR_INVALID_ARGUMENT,
                    format!("{role} is no role; use MCP_ROLE_USER, ..."),
                ));
            }
        };
        content.required("content")?.inner.role(role);
        Ok(())
    })
}

/// Sets the structured content of a tool's result, any JSON. Without another block, its text is sent along for
/// clients that read only text.
/// Errors: MCP_ERR_INVALID_JSON.
#[unsafe(no_mangle)]
pub extern "C" fn mcp_content_set_structured(
    content: Option<&mut mcp_content>,
    structured: mcp_str,
    error: Option<&mut MaybeUninit<*mut mcp_error>>,
) -> mcp_status {
    answer(error, || {
        content.required("content")?.inner.structured(structured.required("structured")?)?;
        Ok(())
    })
}

/// Sets the description of a prompt's result.
#[unsafe(no_mangle)]
pub extern "C" fn mcp_content_set_description(
    content: Option<&mut mcp_content>,
    description: mcp_str,
    error: Option<&mut MaybeUninit<*mut mcp_error>>,
) -> mcp_status {
    answer(error, || {
        content.required("content")?.inner.description(description.required("description")?);
        Ok(())
    })
}

/// Sets the `_meta` of the result, a JSON object.
/// Errors: MCP_ERR_INVALID_JSON.
#[unsafe(no_mangle)]
pub extern "C" fn mcp_content_set_meta(
    content: Option<&mut mcp_content>,
    meta: mcp_str,
    error: Option<&mut MaybeUninit<*mut mcp_error>>,
) -> mcp_status {
    answer(error, || {
        content.required("content")?.inner.meta(meta.required("meta")?)?;
        Ok(())
    })
}

/// Says whether a tool's result is a failure that the model should see (`isError`).
#[unsafe(no_mangle)]
pub extern "C" fn mcp_content_set_error(
    content: Option<&mut mcp_content>,
    is_error: bool,
    error: Option<&mut MaybeUninit<*mut mcp_error>>,
) -> mcp_status {
    answer(error, || {
        content.required("content")?.inner.error(is_error);
        Ok(())
    })
}
