//! The ways to finish a call. Each writes the whole response once, into the buffer that goes to the socket.

use super::{Answer, Call, CallKind};
use crate::{
    config::CacheHint,
    error::{Error, Kind, Result},
    protocol::{
        Content, Revision, json_object, json_value, result::Frame, write_structured, write_text_block,
    },
    rpc::{Code, Failure, write_string},
};

impl Call {
    /// Finishes with one text: the content of a tool, the contents of a resource, a message of the user.
    ///
    /// # Errors
    /// [`Kind::Cancelled`] when the answer is not wanted any more, [`Kind::InvalidArgument`] for a completion.
    pub fn finish_text(self, text: &str) -> Result<()> {
        if self.kind() != CallKind::Tool || self.request.subject.output.is_some() {
            let mut content = Content::new();
            content.text(text);
            return self.finish_content(&content);
        }
        let mut out = self.begin(48 + text.len());
        out.extend_from_slice(b"\"content\":[");
        write_text_block(&mut out, text);
        out.push(b']');
        self.complete(out)
    }

    /// Finishes with content that was built.
    ///
    /// # Errors
    /// [`Kind::Cancelled`], [`Kind::InvalidArgument`] for a completion, or when the tool has an output schema and
    /// the structured content is missing or does not fit; the client then gets a tool error that says so.
    pub fn finish_content(self, content: &Content) -> Result<()> {
        let revision = self.revision();
        let mut out = match content.meta_json() {
            Some(meta) => self.request.engine.frame().begin_with_meta(self.request.id(), revision, meta, 256),
            None => self.begin(256),
        };
        match self.kind() {
            CallKind::Tool => {
                if !content.is_error() {
                    let checked = self.check_output(content.structured_json());
                    if let Err(error) = checked {
                        return self.fail_output(error);
                    }
                }
                content.write_tool(&mut out, revision);
            }
            CallKind::Resource => {
                let subject = &self.request.subject;
                content.write_resource(
                    &mut out,
                    self.uri().unwrap_or(&subject.name),
                    subject.mime.as_deref(),
                );
                if revision.is_modern() {
                    out.push(b',');
                    write_cache_hint(&mut out, subject.cache);
                }
            }
            CallKind::Prompt => content.write_prompt(&mut out, revision),
            CallKind::Completion => return self.reject("a completion is finished with values"),
        }
        self.complete(out)
    }

    /// Finishes a tool with structured content, any JSON text; its text goes along for clients that read only that.
    ///
    /// # Errors
    /// [`Kind::InvalidJson`], [`Kind::Cancelled`], and as for [`Call::finish_content`].
    pub fn finish_structured(self, json: &str) -> Result<()> {
        if self.kind() != CallKind::Tool {
            return self.reject("only a tool has structured content");
        }
        let json = match json_value(json, "structured content") {
            Ok(json) => json,
            Err(error) => return self.fail_output(error),
        };
        if let Err(error) = self.check_output(Some(&json)) {
            return self.fail_output(error);
        }
        let mut out = self.begin(64 + 2 * json.len());
        out.extend_from_slice(b"\"content\":[");
        write_text_block(&mut out, &json);
        out.push(b']');
        write_structured(&mut out, &json, self.revision());
        self.complete(out)
    }

    /// Finishes with a whole result of the MCP schema (`CallToolResult`, `ReadResourceResult`, …) as JSON text, an
    /// object. What the client's revision wants beside it is added.
    ///
    /// # Errors
    /// [`Kind::InvalidJson`] when it is no JSON object (the client gets an internal error), [`Kind::Cancelled`].
    pub fn finish_result(self, json: &str) -> Result<()> {
        let json = match json_object(json, "a result") {
            Ok(json) => json,
            Err(error) => return self.fail_output(error),
        };
        let request = &self.request;
        let mut hint = Vec::new();
        if self.kind() == CallKind::Resource {
            write_cache_hint(&mut hint, request.subject.cache);
        }
        let hint = std::str::from_utf8(&hint).ok().filter(|hint| !hint.is_empty());
        let out = request.engine.frame().wrap(request.id(), request.revision, &json, hint);
        self.deliver(out)
    }

    /// Finishes a completion. At most 100 values go out; `total` is the number of all there are, where known.
    ///
    /// # Errors
    /// [`Kind::InvalidArgument`] for any other kind of call, [`Kind::Cancelled`].
    pub fn finish_completion<S: AsRef<str>>(
        self,
        values: &[S],
        total: Option<u64>,
        has_more: bool,
    ) -> Result<()> {
        const MOST: usize = 100;
        if self.kind() != CallKind::Completion {
            return self.reject("only a completion is finished with values");
        }
        let mut out = self.begin(64 + 16 * values.len());
        out.extend_from_slice(b"\"completion\":{\"values\":[");
        for (i, value) in values.iter().take(MOST).enumerate() {
            if i > 0 {
                out.push(b',');
            }
            write_string(&mut out, value.as_ref());
        }
        out.push(b']');
        if let Some(total) = total.or((values.len() > MOST).then_some(values.len() as u64)) {
            out.extend_from_slice(format!(",\"total\":{total}").as_bytes());
        }
        let has_more = has_more || values.len() > MOST;
        out.extend_from_slice(format!(",\"hasMore\":{has_more}}}").as_bytes());
        self.complete(out)
    }

    /// Finishes with a failure that the model should see: a tool result with `isError`. For other kinds of calls,
    /// an internal error with that message.
    ///
    /// # Errors
    /// [`Kind::Cancelled`] when the answer is not wanted any more.
    pub fn fail(self, message: &str) -> Result<()> {
        if self.kind() != CallKind::Tool {
            return self.error(Code::INTERNAL_ERROR, message, None);
        }
        let out = self.tool_error(message);
        self.deliver(out)
    }

    /// Finishes with a JSON-RPC error. `data` is JSON text. Codes that the client's revision does not have are
    /// sent as what took their place: -32002 (no such resource) as -32602 in 2026-07-28, -32042 as -32603 outside
    /// of 2025-11-25.
    ///
    /// # Errors
    /// [`Kind::InvalidJson`] when `data` is not JSON (the error goes out without it), [`Kind::Cancelled`].
    pub fn error(mut self, code: Code, message: &str, data: Option<&str>) -> Result<()> {
        self.finished = true;
        let data = data.map(|json| json_value(json, "the data of an error")).transpose();
        let code = match code {
            Code::RESOURCE_NOT_FOUND if self.revision().is_modern() => Code::INVALID_PARAMS,
            Code::URL_ELICITATION_REQUIRED if self.revision() != Revision::V2025_11_25 => {
                Code::INTERNAL_ERROR
            }
            code => code,
        };
        let mut failure = Failure::new(code, message);
        failure.data = data.as_ref().ok().cloned().flatten();
        if !self.request.fail(&failure) {
            return self.late();
        }
        data.map(|_| ())
    }

    /// Finishes the read of a resource that does not exist, with the error that the client's revision has for it.
    ///
    /// # Errors
    /// [`Kind::Cancelled`] when the answer is not wanted any more.
    pub fn not_found(self) -> Result<()> {
        let uri = self.uri().unwrap_or_default().to_owned();
        let mut data = b"{\"uri\":".to_vec();
        write_string(&mut data, &uri);
        data.push(b'}');
        let data = String::from_utf8(data).unwrap_or_default();
        self.error(Code::RESOURCE_NOT_FOUND, &format!("Resource not found: {uri}"), Some(&data))
    }

    pub(super) fn tool_error(&self, message: &str) -> Vec<u8> {
        let mut out = self.begin(64 + message.len());
        out.extend_from_slice(b"\"content\":[");
        write_text_block(&mut out, message);
        out.extend_from_slice(b"],\"isError\":true");
        Frame::end(&mut out);
        out
    }

    fn begin(&self, room: usize) -> Vec<u8> {
        self.request.engine.frame().begin(self.request.id(), self.request.revision, room)
    }

    fn complete(self, mut out: Vec<u8>) -> Result<()> {
        Frame::end(&mut out);
        self.deliver(out)
    }

    fn deliver(mut self, out: Vec<u8>) -> Result<()> {
        self.finished = true;
        if self.request.answer(Answer::result(out)) { Ok(()) } else { self.late() }
    }

    fn late(&self) -> Result<()> {
        self.request.engine.metrics().late_answer();
        Err(Error::new(Kind::Cancelled, "the call was cancelled; its answer was not sent"))
    }

    /// The host finished a call in a way that its kind does not have.
    fn reject(mut self, why: &'static str) -> Result<()> {
        self.finished = true;
        self.request.fail(&Failure::new(Code::INTERNAL_ERROR, why));
        Err(Error::new(Kind::InvalidArgument, why))
    }

    fn check_output(&self, structured: Option<&str>) -> Result<()> {
        let Some(check) = &self.request.subject.output else { return Ok(()) };
        let found = match structured {
            Some(json) => check(json),
            None => Err("structured content is missing".to_owned()),
        };
        found.map_err(|why| {
            Error::new(
                Kind::InvalidArgument,
                format!("the result of tool {:?} does not match its output schema: {why}", self.name()),
            )
        })
    }

    /// The host's own result is at fault: the client is told, and so is the host.
    fn fail_output(self, error: Error) -> Result<()> {
        self.fail(error.message()).and(Err(error))
    }
}

/// `"ttlMs":…,"cacheScope":…` (2026-07-28, Caching).
pub(crate) fn write_cache_hint(out: &mut Vec<u8>, hint: CacheHint) {
    let scope = if hint.public { "public" } else { "private" };
    let ttl = u64::try_from(hint.ttl.as_millis()).unwrap_or(u64::MAX);
    out.extend_from_slice(format!("\"ttlMs\":{ttl},\"cacheScope\":\"{scope}\"").as_bytes());
}

impl Drop for Call {
    fn drop(&mut self) {
        if !self.finished {
            let message = format!("{:?} ended without an answer", self.name());
            self.request.fail(&Failure::new(Code::INTERNAL_ERROR, message));
        }
    }
}
