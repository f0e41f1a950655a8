//! Content that a callback builds: the blocks of a tool result, the messages of a prompt, the contents of a
//! resource (2026-07-28: Tools "Tool Result", Prompts "PromptMessage", Resources "Resource Contents").

use base64::{Engine as _, engine::general_purpose::STANDARD};

use super::{
    Revision,
    json::{object, value},
};
use crate::{
    error::{Error, Kind, Result},
    rpc::write_string,
};

/// Who says a message of a prompt.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Role {
    /// The user.
    #[default]
    User,
    /// The model.
    Assistant,
}

#[derive(Clone, Debug)]
enum Body {
    Text(String),
    /// `image` or `audio`, with base64 data.
    Media {
        kind: &'static str,
        mime: String,
        data: String,
    },
    /// Text (`text`) or base64 data (`blob`) of a resource.
    Resource {
        uri: String,
        mime: Option<String>,
        member: &'static str,
        value: String,
    },
    Link {
        uri: String,
        name: String,
        mime: Option<String>,
    },
    /// A block as JSON text.
    Json(String),
}

#[derive(Clone, Debug)]
struct Block {
    role: Role,
    body: Body,
    annotations: Option<String>,
}

/// Content under construction. Each function adds one block.
#[derive(Clone, Debug, Default)]
pub struct Content {
    blocks: Vec<Block>,
    role: Role,
    structured: Option<String>,
    description: Option<String>,
    meta: Option<String>,
    is_error: bool,
}

impl Content {
    /// No content yet.
    pub fn new() -> Self {
        Self::default()
    }

    fn push(&mut self, body: Body) -> &mut Self {
        self.blocks.push(Block { role: self.role, body, annotations: None });
        self
    }

    /// A text.
    pub fn text(&mut self, text: impl Into<String>) -> &mut Self {
        self.push(Body::Text(text.into()))
    }

    /// The bytes of an image of that MIME type.
    pub fn image(&mut self, bytes: &[u8], mime: impl Into<String>) -> &mut Self {
        self.push(Body::Media { kind: "image", mime: mime.into(), data: STANDARD.encode(bytes) })
    }

    /// The bytes of a sound of that MIME type. Clients of 2024-11-05, which has no sound, get it as a resource.
    pub fn audio(&mut self, bytes: &[u8], mime: impl Into<String>) -> &mut Self {
        self.push(Body::Media { kind: "audio", mime: mime.into(), data: STANDARD.encode(bytes) })
    }

    /// An embedded resource of text.
    pub fn resource_text(
        &mut self,
        uri: impl Into<String>,
        mime: Option<&str>,
        text: impl Into<String>,
    ) -> &mut Self {
        self.push(Body::Resource {
            uri: uri.into(),
            mime: mime.map(str::to_owned),
            member: "text",
            value: text.into(),
        })
    }

    /// An embedded resource of bytes.
    pub fn resource_bytes(&mut self, uri: impl Into<String>, mime: Option<&str>, bytes: &[u8]) -> &mut Self {
        self.push(Body::Resource {
            uri: uri.into(),
            mime: mime.map(str::to_owned),
            member: "blob",
            value: STANDARD.encode(bytes),
        })
    }

    /// A link to a resource. Clients before 2025-06-18, which know no links, get it as a text.
    pub fn resource_link(
        &mut self,
        uri: impl Into<String>,
        name: impl Into<String>,
        mime: Option<&str>,
    ) -> &mut Self {
        self.push(Body::Link { uri: uri.into(), name: name.into(), mime: mime.map(str::to_owned) })
    }

    /// A block given as JSON text: a `ContentBlock` of the MCP schema.
    ///
    /// # Errors
    /// [`Kind::InvalidJson`] when it is no JSON object.
    pub fn block(&mut self, json: &str) -> Result<&mut Self> {
        let json = object(json, "a content block")?;
        Ok(self.push(Body::Json(json)))
    }

    /// Annotations (`audience`, `priority`, `lastModified`) of the block added last, as a JSON object.
    ///
    /// # Errors
    /// [`Kind::InvalidJson`] when it is no JSON object, [`Kind::InvalidArgument`] when there is no block yet or
    /// the block was given as JSON, which carries its own.
    pub fn annotate(&mut self, json: &str) -> Result<&mut Self> {
        let json = object(json, "annotations")?;
        match self.blocks.last_mut() {
            Some(Block { body, annotations, .. }) if !matches!(body, Body::Json(_)) => {
                *annotations = Some(json)
            }
            _ => {
                return Err(Error::new(
                    Kind::InvalidArgument,
                    "annotations belong to the block added last, and a block given as JSON carries its own",
                ));
            }
        }
        Ok(self)
    }

    /// Whose messages follow (prompts only). The user's, until told otherwise.
    pub fn role(&mut self, role: Role) -> &mut Self {
        self.role = role;
        self
    }

    /// The structured result of a tool, as JSON text. Where no block was added, its text is added as one, for
    /// clients that read only text.
    ///
    /// # Errors
    /// [`Kind::InvalidJson`] when it is not JSON.
    pub fn structured(&mut self, json: &str) -> Result<&mut Self> {
        self.structured = Some(value(json, "structured content")?);
        Ok(self)
    }

    /// The description of a prompt's result.
    pub fn description(&mut self, text: impl Into<String>) -> &mut Self {
        self.description = Some(text.into());
        self
    }

    /// The `_meta` of the result, as a JSON object.
    ///
    /// # Errors
    /// [`Kind::InvalidJson`] when it is no JSON object.
    pub fn meta(&mut self, json: &str) -> Result<&mut Self> {
        self.meta = Some(object(json, "_meta")?);
        Ok(self)
    }

    /// Marks a tool result as an error that the model should see (`isError`).
    pub fn error(&mut self, is_error: bool) -> &mut Self {
        self.is_error = is_error;
        self
    }

    pub(crate) fn structured_json(&self) -> Option<&str> {
        self.structured.as_deref()
    }

    pub(crate) fn meta_json(&self) -> Option<&str> {
        self.meta.as_deref()
    }

    pub(crate) fn is_error(&self) -> bool {
        self.is_error
    }

    /// The members of a `CallToolResult`.
    pub(crate) fn write_tool(&self, out: &mut Vec<u8>, revision: Revision) {
        out.extend_from_slice(b"\"content\":[");
        for (i, block) in self.blocks.iter().enumerate() {
            separate(out, i);
            block.write(out, revision);
        }
        if self.blocks.is_empty()
            && let Some(json) = &self.structured
        {
            write_text_block(out, json);
        }
        out.push(b']');
        if let Some(json) = &self.structured {
            write_structured(out, json, revision);
        }
        if self.is_error {
            out.extend_from_slice(b",\"isError\":true");
        }
    }

    /// The members of a `GetPromptResult`.
    pub(crate) fn write_prompt(&self, out: &mut Vec<u8>, revision: Revision) {
        if let Some(description) = &self.description {
            out.extend_from_slice(b"\"description\":");
            write_string(out, description);
            out.push(b',');
        }
        out.extend_from_slice(b"\"messages\":[");
        for (i, block) in self.blocks.iter().enumerate() {
            separate(out, i);
            out.extend_from_slice(match block.role {
                Role::User => b"{\"role\":\"user\",\"content\":".as_slice(),
                Role::Assistant => b"{\"role\":\"assistant\",\"content\":",
            });
            block.write(out, revision);
            out.push(b'}');
        }
        out.push(b']');
    }

    /// The members of a `ReadResourceResult`. Blocks without a URI are contents of `uri`.
    pub(crate) fn write_resource(&self, out: &mut Vec<u8>, uri: &str, mime: Option<&str>) {
        out.extend_from_slice(b"\"contents\":[");
        for (i, block) in self.blocks.iter().enumerate() {
            separate(out, i);
            match &block.body {
                Body::Text(text) => write_contents(out, uri, mime, "text", text),
                Body::Media { mime, data, .. } => write_contents(out, uri, Some(mime), "blob", data),
                Body::Resource { uri, mime, member, value } => {
                    write_contents(out, uri, mime.as_deref(), member, value);
                }
                Body::Link { uri: to, .. } => write_contents(out, uri, Some("text/uri-list"), "text", to),
                Body::Json(json) => out.extend_from_slice(json.as_bytes()),
            }
        }
        out.push(b']');
    }
}

impl Block {
    fn write(&self, out: &mut Vec<u8>, revision: Revision) {
        match &self.body {
            Body::Text(text) => open_text_block(out, text),
            Body::Media { kind: "audio", mime, data } if revision < Revision::V2025_03_26 => {
                out.extend_from_slice(b"{\"type\":\"resource\",\"resource\":");
                write_contents(out, "data:,audio", Some(mime), "blob", data);
            }
            Body::Media { kind, mime, data } => {
                out.extend_from_slice(b"{\"type\":\"");
                out.extend_from_slice(kind.as_bytes());
                out.extend_from_slice(b"\",\"data\":\"");
                out.extend_from_slice(data.as_bytes());
                out.extend_from_slice(b"\",\"mimeType\":");
                write_string(out, mime);
            }
            Body::Resource { uri, mime, member, value } => {
                out.extend_from_slice(b"{\"type\":\"resource\",\"resource\":");
                write_contents(out, uri, mime.as_deref(), member, value);
            }
            Body::Link { uri, name, .. } if revision < Revision::V2025_06_18 => {
                open_text_block(out, &format!("{name}: {uri}"));
            }
            Body::Link { uri, name, mime } => {
                out.extend_from_slice(b"{\"type\":\"resource_link\",\"uri\":");
                write_string(out, uri);
                out.extend_from_slice(b",\"name\":");
                write_string(out, name);
                if let Some(mime) = mime {
                    out.extend_from_slice(b",\"mimeType\":");
                    write_string(out, mime);
                }
            }
            Body::Json(json) => {
                out.extend_from_slice(json.as_bytes());
                return;
            }
        }
        if let Some(annotations) = &self.annotations {
            out.extend_from_slice(b",\"annotations\":");
            out.extend_from_slice(annotations.as_bytes());
        }
        out.push(b'}');
    }
}

/// Structured content, where the revision has it: from 2025-06-18 as an object, from 2026-07-28 as any value.
pub(crate) fn write_structured(out: &mut Vec<u8>, json: &str, revision: Revision) {
    let fits = revision.is_modern() || (revision >= Revision::V2025_06_18 && json.starts_with('{'));
    if fits {
        out.extend_from_slice(b",\"structuredContent\":");
        out.extend_from_slice(json.as_bytes());
    }
}

fn open_text_block(out: &mut Vec<u8>, text: &str) {
    out.extend_from_slice(b"{\"type\":\"text\",\"text\":");
    write_string(out, text);
}

pub(crate) fn write_text_block(out: &mut Vec<u8>, text: &str) {
    open_text_block(out, text);
    out.push(b'}');
}

/// One `TextResourceContents` or `BlobResourceContents`.
fn write_contents(out: &mut Vec<u8>, uri: &str, mime: Option<&str>, member: &str, value: &str) {
    out.extend_from_slice(b"{\"uri\":");
    write_string(out, uri);
    if let Some(mime) = mime {
        out.extend_from_slice(b",\"mimeType\":");
        write_string(out, mime);
    }
    out.extend_from_slice(b",\"");
    out.extend_from_slice(member.as_bytes());
    out.extend_from_slice(b"\":");
    write_string(out, value);
    out.push(b'}');
}

fn separate(out: &mut Vec<u8>, index: usize) {
    if index > 0 {
        out.push(b',');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tool(content: &Content, revision: Revision) -> String {
        let mut out = b"{".to_vec();
        content.write_tool(&mut out, revision);
        out.push(b'}');
        serde_json::from_slice::<serde_json::Value>(&out).expect("JSON");
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn blocks_follow_the_revision() {
        let mut content = Content::new();
        content.audio(b"\0", "audio/wav").resource_link("a:b", "n", None);
        let old = tool(&content, Revision::V2024_11_05);
        assert!(old.contains(r#""type":"resource","resource":{"uri":"data:,audio""#), "{old}");
        assert!(old.contains(r#""text":"n: a:b""#), "{old}");
        let new = tool(&content, Revision::V2025_11_25);
        assert!(new.contains(r#"{"type":"audio","data":"AA==","mimeType":"audio/wav"}"#), "{new}");
        assert!(new.contains(r#"{"type":"resource_link","uri":"a:b","name":"n"}"#), "{new}");
    }

    #[test]
    fn structured_content_comes_with_its_text() {
        let mut content = Content::new();
        content.structured(" [1] ").unwrap();
        assert_eq!(
            tool(&content, Revision::V2026_07_28),
            r#"{"content":[{"type":"text","text":"[1]"}],"structuredContent":[1]}"#
        );
        assert_eq!(tool(&content, Revision::V2025_11_25), r#"{"content":[{"type":"text","text":"[1]"}]}"#);
        content.structured(r#"{"a":1}"#).unwrap();
        assert!(tool(&content, Revision::V2025_06_18).ends_with(r#""structuredContent":{"a":1}}"#));
        assert!(!tool(&content, Revision::V2025_03_26).contains("structuredContent"));
    }

    #[test]
    fn hosts_json_is_checked() {
        assert_eq!(Content::new().block("{").unwrap_err().kind(), Kind::InvalidJson);
        assert_eq!(Content::new().block("[]").unwrap_err().kind(), Kind::InvalidJson);
        assert_eq!(Content::new().structured("NaN").unwrap_err().kind(), Kind::InvalidJson);
        assert_eq!(Content::new().annotate("{}").unwrap_err().kind(), Kind::InvalidArgument);
    }
}
