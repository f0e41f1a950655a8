//! The methods that call a handler: `tools/call`, `resources/read`, `prompts/get`, `completion/complete`.

use std::{collections::BTreeMap, sync::Arc};

use serde::Deserialize;
use serde_json::value::RawValue;

use super::{Dispatcher, Incoming, Outcome, Parts, refuse};
use crate::{
    call::{Answer, CallKind, Engine, Request, RequestState, Span, Subject},
    input::Brought,
    observe::Metrics,
    protocol::{Revision, result::Frame, write_text_block},
    registry::{CompletionRef, PromptEntry, Variables, param_check},
    rpc::{Code, Failure, check_id, write_string},
};

/// What one call is about, as far as its method fixes it.
struct Target {
    subject: Arc<Subject>,
    arguments: Option<Span>,
    uri: Option<Box<str>>,
    variables: Variables,
}

fn invalid(message: impl Into<String>) -> Failure {
    Failure::new(Code::INVALID_PARAMS, message)
}

impl Dispatcher {
    /// Serves `tools/call`.
    pub(super) fn call_tool(self: &Arc<Self>, incoming: &Incoming<'_>, parts: Parts<'_>) -> Outcome {
        let Some(name) = incoming.params.name.as_deref() else {
            return Outcome::Answer(refuse(
                Some(incoming.id),
                &invalid("params.name is missing: name the tool to call"),
            ));
        };
        let snapshot = self.registry.load();
        let Some(tool) = snapshot.tools.get(name) else {
            return Outcome::failure(incoming.id, &invalid(format!("Unknown tool: {name}")));
        };
        let arguments = match object(incoming.params.arguments, "params.arguments") {
            Ok(arguments) => arguments,
            Err(failure) => return Outcome::Answer(refuse(Some(incoming.id), &failure)),
        };
        if !tool.headers.is_empty()
            && let Some(headers) = incoming.headers.filter(|_| parts.revision.is_modern())
            && let Err(message) = param_check::check(headers, &tool.headers, arguments)
        {
            return Outcome::Answer(refuse(Some(incoming.id), &Failure::new(Code::HEADER_MISMATCH, message)));
        }
        if let Some(schema) = &tool.input
            && let Err(violation) = schema.validate(arguments.unwrap_or("{}"))
        {
            return Outcome::Answer(Answer::result(self.invalid_arguments(
                incoming.id,
                parts.revision,
                &violation,
            )));
        }
        let target = Target {
            subject: Arc::clone(&tool.subject),
            arguments: arguments.map(|json| Span::of(incoming.body, json)),
            uri: None,
            variables: Vec::new(),
        };
        self.start(incoming, target, parts)
    }

    /// Arguments that do not fit are something for the model to mend: a tool result (SEP-1303).
    fn invalid_arguments(&self, id: &str, revision: Revision, violation: &dyn std::fmt::Display) -> Vec<u8> {
        let mut out = self.frame().begin(id, revision, 128);
        out.extend_from_slice(b"\"content\":[");
        write_text_block(&mut out, &format!("Invalid arguments: {violation}"));
        out.extend_from_slice(b"],\"isError\":true");
        Frame::end(&mut out);
        out
    }

    /// Serves `resources/read`.
    pub(super) fn read_resource(self: &Arc<Self>, incoming: &Incoming<'_>, parts: Parts<'_>) -> Outcome {
        let Some(uri) = incoming.params.uri.as_deref() else {
            return Outcome::Answer(refuse(
                Some(incoming.id),
                &invalid("params.uri is missing: give the URI to read"),
            ));
        };
        let snapshot = self.registry.load();
        let Some((subject, variables)) = snapshot.resource(uri) else {
            return Outcome::failure(incoming.id, &resource_not_found(uri, parts.revision));
        };
        let target =
            Target { subject: Arc::clone(subject), arguments: None, uri: Some(uri.into()), variables };
        self.start(incoming, target, parts)
    }

    /// Serves `prompts/get`.
    pub(super) fn get_prompt(self: &Arc<Self>, incoming: &Incoming<'_>, parts: Parts<'_>) -> Outcome {
        let Some(name) = incoming.params.name.as_deref() else {
            return Outcome::Answer(refuse(
                Some(incoming.id),
                &invalid("params.name is missing: name the prompt to get"),
            ));
        };
        let snapshot = self.registry.load();
        let Some(prompt) = snapshot.prompts.get(name) else {
            return Outcome::failure(incoming.id, &invalid(format!("Unknown prompt: {name}")));
        };
        let arguments = match object(incoming.params.arguments, "params.arguments").and_then(|json| {
            check_prompt_arguments(prompt, json)?;
            Ok(json)
        }) {
            Ok(arguments) => arguments,
            Err(failure) => return Outcome::failure(incoming.id, &failure),
        };
        let target = Target {
            subject: Arc::clone(&prompt.subject),
            arguments: arguments.map(|json| Span::of(incoming.body, json)),
            uri: None,
            variables: Vec::new(),
        };
        self.start(incoming, target, parts)
    }

    /// Serves `completion/complete`.
    pub(super) fn complete(self: &Arc<Self>, incoming: &Incoming<'_>, parts: Parts<'_>) -> Outcome {
        let of = match completion_ref(incoming) {
            Ok(of) => of,
            Err(failure) => return Outcome::failure(incoming.id, &failure),
        };
        let snapshot = self.registry.load();
        let Some(subject) = snapshot.completions.get(&of) else {
            let known = match &of {
                CompletionRef::Prompt(name) => snapshot.prompts.contains_key(name.as_str()),
                CompletionRef::Resource(uri) => {
                    snapshot.templates.contains_key(uri.as_str()) || snapshot.resource(uri).is_some()
                }
            };
            if !known {
                return Outcome::failure(
                    incoming.id,
                    &invalid(format!("nothing is registered for the reference {of:?}")),
                );
            }
            let mut out = self.frame().begin(incoming.id, parts.revision, 48);
            out.extend_from_slice(b"\"completion\":{\"values\":[],\"hasMore\":false}");
            Frame::end(&mut out);
            return Outcome::Answer(Answer::result(out));
        };
        // The handler reads `argument` and `context` itself, so it is given all parameters.
        let params = raw_params(incoming.message).map(|json| Span::of(incoming.body, json));
        let target =
            Target { subject: Arc::clone(subject), arguments: params, uri: None, variables: Vec::new() };
        self.start(incoming, target, parts)
    }

    fn start(self: &Arc<Self>, incoming: &Incoming<'_>, target: Target, parts: Parts<'_>) -> Outcome {
        let params = incoming.params;
        let span = |raw: &RawValue| Span::of(incoming.body, raw.get());
        let mut rounds = None;
        if parts.revision.is_modern() && (params.input_responses.is_some() || params.request_state.is_some())
        {
            let brought = Brought {
                kind: target.subject.kind,
                name: target.uri.as_deref().unwrap_or(&target.subject.name),
                arguments: params.arguments.filter(|_| target.arguments.is_some()).map(RawValue::get),
                principal: incoming.principal.as_deref().map(|principal| principal.subject.as_str()),
                responses: params.input_responses.map(RawValue::get),
                state: params.request_state.as_deref(),
            };
            rounds = match self.input.open(&brought) {
                Ok(rounds) => rounds,
                Err(failure) => return Outcome::Answer(refuse(Some(incoming.id), &failure)),
            };
        }
        let progress_token = params.meta.as_ref().and_then(|meta| meta.progress_token);
        if let Some(token) = progress_token
            && let Err(message) = check_id(token.get(), "_meta.progressToken")
        {
            return Outcome::Answer(refuse(Some(incoming.id), &invalid(message)));
        }
        let request = Arc::new(Request {
            subject: target.subject,
            revision: parts.revision,
            body: incoming.body.clone(),
            id: Span::of(incoming.body, incoming.id),
            message: Span::of(incoming.body, incoming.message),
            arguments: target.arguments,
            progress_token: progress_token.map(span),
            peer: parts.peer,
            principal: incoming.principal.clone(),
            uri: target.uri,
            variables: target.variables,
            outbox: parts.outbox,
            engine: Arc::clone(self) as Arc<dyn Engine>,
            state: RequestState::default(),
        });
        if let Some(session) = parts.session
            && let Err(error) = session.begin(&request)
        {
            return Outcome::failure(incoming.id, &Failure::new(Code::INVALID_REQUEST, error.message()));
        }
        Metrics::add(&self.metrics.calls);
        self.run(Arc::clone(&request), rounds);
        Outcome::Running(request)
    }
}

/// The error for a resource that does not exist: another code since 2026-07-28.
pub(super) fn resource_not_found(uri: &str, revision: Revision) -> Failure {
    let mut data = b"{\"uri\":".to_vec();
    write_string(&mut data, uri);
    data.push(b'}');
    let code = if revision.is_modern() { Code::INVALID_PARAMS } else { Code::RESOURCE_NOT_FOUND };
    Failure::new(code, format!("Resource not found: {uri}"))
        .with_data(String::from_utf8(data).unwrap_or_default())
}

fn object<'a>(raw: Option<&'a RawValue>, what: &str) -> Result<Option<&'a str>, Failure> {
    match raw.map(RawValue::get) {
        Some(json) if !json.starts_with('{') => Err(invalid(format!("{what} has to be an object"))),
        other => Ok(other),
    }
}

fn check_prompt_arguments(prompt: &PromptEntry, json: Option<&str>) -> Result<(), Failure> {
    let given: BTreeMap<String, String> = serde_json::from_str(json.unwrap_or("{}"))
        .map_err(|error| invalid(format!("the arguments of a prompt have to be strings: {error}")))?;
    let missing = prompt.definition.arguments.iter().find(|a| a.required && !given.contains_key(&a.name));
    match missing {
        Some(argument) => Err(invalid(format!(
            "prompt {:?} needs the argument {:?}",
            prompt.definition.name, argument.name
        ))),
        None => Ok(()),
    }
}

fn completion_ref(incoming: &Incoming<'_>) -> Result<CompletionRef, Failure> {
    #[derive(Deserialize)]
    struct Reference {
        r#type: String,
        #[serde(default)]
        name: Option<String>,
        #[serde(default)]
        uri: Option<String>,
    }
    #[derive(Deserialize)]
    struct Argument {
        #[serde(rename = "name")]
        _name: String,
        #[serde(rename = "value")]
        _value: String,
    }
    let reference = object(incoming.params.reference, "params.ref")?.unwrap_or("null");
    let reference: Reference = serde_json::from_str(reference)
        .map_err(|error| invalid(format!("params.ref has to be a ref/prompt or a ref/resource: {error}")))?;
    let argument = object(incoming.params.argument, "params.argument")?.unwrap_or("null");
    serde_json::from_str::<Argument>(argument).map_err(|error| {
        invalid(format!("params.argument needs a name and a value, both strings: {error}"))
    })?;
    match (reference.r#type.as_str(), reference.name, reference.uri) {
        ("ref/prompt", Some(name), _) => Ok(CompletionRef::Prompt(name)),
        ("ref/resource", _, Some(uri)) => Ok(CompletionRef::Resource(uri)),
        (other, ..) => Err(invalid(format!(
            "params.ref of type {other:?} is not served: give ref/prompt with a name, or ref/resource with a uri"
        ))),
    }
}

/// The text of `params` within a message.
fn raw_params(message: &str) -> Option<&str> {
    #[derive(Deserialize)]
    struct Outer<'a> {
        #[serde(borrow)]
        params: &'a RawValue,
    }
    serde_json::from_str::<Outer<'_>>(message).ok().map(|outer| outer.params.get())
}

impl Dispatcher {
    /// Serves a method that calls a handler.
    pub(super) fn call(
        self: &Arc<Self>,
        kind: CallKind,
        incoming: &Incoming<'_>,
        parts: Parts<'_>,
    ) -> Outcome {
        match kind {
            CallKind::Tool => self.call_tool(incoming, parts),
            CallKind::Resource => self.read_resource(incoming, parts),
            CallKind::Prompt => self.get_prompt(incoming, parts),
            CallKind::Completion => self.complete(incoming, parts),
        }
    }
}
