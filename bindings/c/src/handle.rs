//! Handles
//!
//! All objects are opaque. A parameter named `take_...` is consumed: it must not be used afterwards, also when
//! the function failed. Every other handle stays with its owner.

use crate::{
    error::{Failure, null},
    str::mcp_str,
};

/// Why a function failed. Freed by mcp_error_free().
pub struct mcp_error {
    pub(crate) status: i32,
    pub(crate) message: Text,
}

/// A text that the caller owns. Freed by mcp_text_free().
pub struct mcp_text {
    pub(crate) text: Text,
}

/// What a server is told before it starts. Consumed by mcp_server_new(), or freed by mcp_config_free().
pub struct mcp_config {
    pub(crate) inner: engine::Config,
}

/// A server. Counted: mcp_server_retain(), mcp_server_release().
pub struct mcp_server {
    pub(crate) inner: engine::Server,
}

/// A tool before it is registered. Consumed by mcp_server_add_tool(), or freed by mcp_tool_free().
pub struct mcp_tool {
    pub(crate) inner: engine::Tool,
}

/// A resource or a template of resources before it is registered. Consumed by mcp_server_add_resource() or
/// mcp_server_add_resource_template(), or freed by mcp_resource_free().
pub struct mcp_resource {
    pub(crate) inner: engine::Resource,
}

/// A prompt before it is registered. Consumed by mcp_server_add_prompt(), or freed by mcp_prompt_free().
pub struct mcp_prompt {
    pub(crate) inner: engine::Prompt,
}

/// The completion of arguments before it is registered. Consumed by mcp_server_add_completion(), or freed by
/// mcp_completion_free().
pub struct mcp_completion {
    pub(crate) inner: engine::Completion,
}

/// A call of a callback. It is no address but a number that the library looks up, so that a call used after its
/// end, or never made, is answered with MCP_ERR_FINISHED or MCP_ERR_INVALID_ARGUMENT and does no harm.
pub struct mcp_call {
    _number: (),
}

/// Content under construction. Consumed by mcp_call_finish_content(), or freed by mcp_content_free().
pub struct mcp_content {
    pub(crate) inner: engine::Content,
}

/// The number of a client, which is no object; 0 is no client.
pub type mcp_client_id = u64;

/// Frees a text. NULL is allowed. Any thread.
#[unsafe(no_mangle)]
pub extern "C" fn mcp_text_free(take_text: Option<Box<mcp_text>>) {
    drop(take_text);
}

/// The text, with a NUL at its end; MCP_NONE for NULL. Lives as long as `text`. Any thread.
#[unsafe(no_mangle)]
pub extern "C" fn mcp_text_str(text: Option<&mcp_text>) -> mcp_str {
    text.map_or(mcp_str::NONE, |text| text.text.as_mcp_str())
}

/// A text with a NUL behind it, as C likes it.
pub(crate) struct Text(Box<str>);

impl Text {
    pub(crate) fn new(mut text: String) -> Self {
        text.push('\0');
        Self(text.into())
    }

    pub(crate) fn as_mcp_str(&self) -> mcp_str {
        mcp_str::of(&self.0[..self.0.len() - 1])
    }
}

/// Hands a value to the host, which gives it back as `Option<Box<T>>`.
pub(crate) fn give<T>(value: T) -> *mut T {
    Box::into_raw(Box::new(value))
}

/// A handle or a pointer that must be there.
pub(crate) trait Required {
    type Present;
    fn required(self, name: &str) -> Result<Self::Present, Failure>;
}

impl<T> Required for Option<T> {
    type Present = T;
    fn required(self, name: &str) -> Result<T, Failure> {
        self.ok_or_else(|| null(name))
    }
}
