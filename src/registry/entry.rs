//! What was registered, checked and compiled once so that no request pays for it.

use std::sync::Arc;

use super::{
    definition::{Prompt, Resource, Tool},
    param_header::{self, ParamHeader},
    schema::{Bounds, Root, Schema},
    template::Template,
};
use crate::{
    call::{CallKind, OutputCheck, Subject},
    config::CacheHint,
    error::{Error, Kind, Result},
    protocol::{json_object, json_value},
};

/// Longer names help nobody, and every one goes into headers, logs and metrics.
const MAX_NAME_BYTES: usize = 256;
const MAX_URI_BYTES: usize = 8192;

pub(crate) struct ToolEntry {
    pub(crate) subject: Arc<Subject>,
    /// Absent when the host checks its arguments itself.
    pub(crate) input: Option<Schema>,
    /// Arguments that are mirrored into headers.
    pub(crate) headers: Vec<ParamHeader>,
    pub(super) definition: Tool,
}

impl ToolEntry {
    pub(super) fn new(mut tool: Tool, bounds: Bounds) -> Result<Self> {
        check_name("tool", &tool.name)?;
        let context = |error: Error| {
            let message = format!("tool {:?}: {}", tool.name, error.message());
            Error::new(error.kind(), message)
        };
        let (input, value) = Schema::compile(&tool.input_schema, bounds, Root::Object).map_err(context)?;
        let headers = param_header::find(&value).map_err(context)?;
        let output = match &tool.output_schema {
            Some(text) => Some(Schema::compile(text, bounds, Root::Any).map_err(context)?.0),
            None => None,
        };
        for (json, what) in [(&mut tool.annotations, "annotations"), (&mut tool.meta, "_meta")] {
            *json = json.as_deref().map(|text| json_object(text, what)).transpose()?;
        }
        check_icons(tool.icons.as_deref())?;
        tool.input_schema = json_object(&tool.input_schema, "the input schema")?;
        tool.output_schema =
            tool.output_schema.as_deref().map(|text| json_object(text, "the output schema")).transpose()?;
        let output: Option<OutputCheck> = output.filter(|_| tool.validate_output).map(|schema| {
            let check: OutputCheck = Box::new(move |json| {
                schema.validate(json).map_err(|violation| violation.describe("the structured content"))
            });
            check
        });
        let subject = Arc::new(Subject {
            kind: CallKind::Tool,
            name: tool.name.as_str().into(),
            handler: Arc::clone(&tool.handler),
            run: tool.run,
            output,
            mime: None,
            cache: CacheHint::default(),
        });
        Ok(Self { subject, input: tool.validate_input.then_some(input), headers, definition: tool })
    }
}

pub(crate) struct ResourceEntry {
    pub(crate) subject: Arc<Subject>,
    pub(super) definition: Resource,
}

impl ResourceEntry {
    pub(super) fn new(resource: Resource) -> Result<Self> {
        // RFC 3986: a scheme, a colon, and no white space or control characters.
        let uri = &resource.uri;
        let scheme = uri.split_once(':').map_or("", |(scheme, _)| scheme);
        let valid = scheme.starts_with(|c: char| c.is_ascii_alphabetic())
            && scheme.bytes().all(|b| b.is_ascii_alphanumeric() || b"+-.".contains(&b))
            && !uri.contains(|c: char| c.is_whitespace() || c.is_control());
        if !valid || uri.len() > MAX_URI_BYTES {
            return Err(Error::new(
                Kind::InvalidArgument,
                format!("{uri:?} is no URI: give a scheme and a path, such as file:///notes.txt"),
            ));
        }
        let definition = check_resource(resource)?;
        Ok(Self { subject: resource_subject(&definition), definition })
    }
}

pub(crate) struct TemplateEntry {
    pub(crate) subject: Arc<Subject>,
    pub(crate) template: Template,
    pub(super) definition: Resource,
}

impl TemplateEntry {
    pub(super) fn new(resource: Resource) -> Result<Self> {
        let template = Template::parse(&resource.uri)?;
        let definition = check_resource(resource)?;
        Ok(Self { subject: resource_subject(&definition), template, definition })
    }
}

fn check_resource(mut resource: Resource) -> Result<Resource> {
    check_name("resource", &resource.name)?;
    for (json, what) in [(&mut resource.annotations, "annotations"), (&mut resource.meta, "_meta")] {
        *json = json.as_deref().map(|text| json_object(text, what)).transpose()?;
    }
    check_icons(resource.icons.as_deref())?;
    Ok(resource)
}

fn resource_subject(resource: &Resource) -> Arc<Subject> {
    Arc::new(Subject {
        kind: CallKind::Resource,
        name: resource.uri.as_str().into(),
        handler: Arc::clone(&resource.handler),
        run: resource.run,
        output: None,
        mime: resource.mime_type.as_deref().map(Into::into),
        cache: resource.cache,
    })
}

pub(crate) struct PromptEntry {
    pub(crate) subject: Arc<Subject>,
    pub(crate) definition: Prompt,
}

impl PromptEntry {
    pub(super) fn new(mut prompt: Prompt) -> Result<Self> {
        check_name("prompt", &prompt.name)?;
        for (i, argument) in prompt.arguments.iter().enumerate() {
            check_name("prompt argument", &argument.name)?;
            if prompt.arguments[..i].iter().any(|other| other.name == argument.name) {
                return Err(exists_twice(&prompt.name, &argument.name));
            }
        }
        prompt.meta = prompt.meta.as_deref().map(|text| json_object(text, "_meta")).transpose()?;
        check_icons(prompt.icons.as_deref())?;
        let subject = Arc::new(Subject {
            kind: CallKind::Prompt,
            name: prompt.name.as_str().into(),
            handler: Arc::clone(&prompt.handler),
            run: prompt.run,
            output: None,
            mime: None,
            cache: CacheHint::default(),
        });
        Ok(Self { subject, definition: prompt })
    }
}

fn exists_twice(prompt: &str, argument: &str) -> Error {
    Error::new(Kind::AlreadyExists, format!("prompt {prompt:?} has the argument {argument:?} twice"))
}

fn check_name(what: &str, name: &str) -> Result<()> {
    if name.is_empty() || name.len() > MAX_NAME_BYTES || name.contains(char::is_control) {
        return Err(Error::new(
            Kind::InvalidArgument,
            format!(
                "the name of a {what} has 1 to {MAX_NAME_BYTES} bytes and no control characters, not {name:?}"
            ),
        ));
    }
    Ok(())
}

pub(crate) fn check_icons(json: Option<&str>) -> Result<()> {
    match json.map(|text| json_value(text, "icons")).transpose()? {
        Some(text) if !text.starts_with('[') => {
            Err(Error::new(Kind::InvalidJson, "icons have to be a JSON array of objects with \"src\""))
        }
        _ => Ok(()),
    }
}
