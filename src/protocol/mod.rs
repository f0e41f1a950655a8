//! What MCP itself fixes: revisions, capabilities, content, and what each era requires of a message.

mod capability;
mod content;
#[cfg(fuzzing)]
pub(crate) mod fuzz;
pub(crate) mod header;
mod json;
mod level;
pub(crate) mod result;
mod revision;

pub(crate) use capability::ClientCapability;
pub use content::{Content, Role};
pub(crate) use content::{write_structured, write_text_block};
pub(crate) use json::{object as json_object, value as json_value};
pub use level::LogLevel;
pub use revision::Revision;
