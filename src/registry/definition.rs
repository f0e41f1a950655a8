//! What a host registers: tools, resources, templates, prompts and completions.

use std::sync::Arc;

use crate::{
    call::{Handler, Run},
    config::CacheHint,
};

/// A tool (2026-07-28, Tools "Tool"). JSON members are given as JSON text.
#[derive(Clone)]
pub struct Tool {
    /// Unique among the tools: 1 to 128 characters, best of `A-Z a-z 0-9 _ - .`.
    pub name: String,
    /// Name for people.
    pub title: Option<String>,
    /// What it does, for the model.
    pub description: Option<String>,
    /// JSON Schema of the arguments, an object schema.
    pub input_schema: String,
    /// JSON Schema of the structured content.
    pub output_schema: Option<String>,
    /// `ToolAnnotations`, an object.
    pub annotations: Option<String>,
    /// An array of icons.
    pub icons: Option<String>,
    /// `_meta`, an object.
    pub meta: Option<String>,
    /// Where the handler runs.
    pub run: Run,
    /// Whether arguments are checked against `input_schema` before the handler sees them.
    pub validate_input: bool,
    /// Whether structured content is checked against `output_schema`.
    pub validate_output: bool,
    /// Serves the calls.
    pub handler: Arc<dyn Handler>,
}

impl Tool {
    /// A tool with every default: it runs on the pool, and its input and output are checked.
    pub fn new(name: impl Into<String>, input_schema: impl Into<String>, handler: impl Handler) -> Self {
        Self {
            name: name.into(),
            title: None,
            description: None,
            input_schema: input_schema.into(),
            output_schema: None,
            annotations: None,
            icons: None,
            meta: None,
            run: Run::default(),
            validate_input: true,
            validate_output: true,
            handler: Arc::new(handler),
        }
    }
}

/// A resource, or a template of resources (2026-07-28, Resources). JSON members are given as JSON text.
#[derive(Clone)]
pub struct Resource {
    /// The URI; for a template, the URI template (RFC 6570).
    pub uri: String,
    /// Name for programs.
    pub name: String,
    /// Name for people.
    pub title: Option<String>,
    /// What it is, for the model.
    pub description: Option<String>,
    /// MIME type of its contents.
    pub mime_type: Option<String>,
    /// Bytes of its contents, where known. Templates have none.
    pub size: Option<u64>,
    /// `Annotations`, an object.
    pub annotations: Option<String>,
    /// An array of icons.
    pub icons: Option<String>,
    /// `_meta`, an object.
    pub meta: Option<String>,
    /// How long what was read may be cached.
    pub cache: CacheHint,
    /// Where the handler runs.
    pub run: Run,
    /// Serves the reads.
    pub handler: Arc<dyn Handler>,
}

impl Resource {
    /// A resource or a template of that URI, with every default.
    pub fn new(uri: impl Into<String>, name: impl Into<String>, handler: impl Handler) -> Self {
        Self {
            uri: uri.into(),
            name: name.into(),
            title: None,
            description: None,
            mime_type: None,
            size: None,
            annotations: None,
            icons: None,
            meta: None,
            cache: CacheHint::default(),
            run: Run::default(),
            handler: Arc::new(handler),
        }
    }
}

/// One argument of a prompt.
#[derive(Clone, Debug, Default)]
pub struct PromptArgument {
    /// Its name.
    pub name: String,
    /// Name for people.
    pub title: Option<String>,
    /// What it is for.
    pub description: Option<String>,
    /// Whether the prompt cannot be had without it.
    pub required: bool,
}

/// A prompt (2026-07-28, Prompts "Prompt"). JSON members are given as JSON text.
#[derive(Clone)]
pub struct Prompt {
    /// Unique among the prompts.
    pub name: String,
    /// Name for people.
    pub title: Option<String>,
    /// What it is for.
    pub description: Option<String>,
    /// What it can be filled with.
    pub arguments: Vec<PromptArgument>,
    /// An array of icons.
    pub icons: Option<String>,
    /// `_meta`, an object.
    pub meta: Option<String>,
    /// Where the handler runs.
    pub run: Run,
    /// Serves the gets.
    pub handler: Arc<dyn Handler>,
}

impl Prompt {
    /// A prompt with every default and no arguments.
    pub fn new(name: impl Into<String>, handler: impl Handler) -> Self {
        Self {
            name: name.into(),
            title: None,
            description: None,
            arguments: Vec::new(),
            icons: None,
            meta: None,
            run: Run::default(),
            handler: Arc::new(handler),
        }
    }
}

/// What a completion completes the arguments of.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CompletionRef {
    /// A prompt, by its name.
    Prompt(String),
    /// A template of resources, by its URI template.
    Resource(String),
}

/// Completes the arguments of a prompt or of a URI template (2026-07-28, Completion). The handler reads
/// `argument` and `context` from [`Call::arguments`](crate::Call::arguments) and finishes with values.
#[derive(Clone)]
pub struct Completion {
    /// Whose arguments.
    pub of: CompletionRef,
    /// Where the handler runs.
    pub run: Run,
    /// Serves the completions.
    pub handler: Arc<dyn Handler>,
}

impl Completion {
    /// A completion with every default.
    pub fn new(of: CompletionRef, handler: impl Handler) -> Self {
        Self { of, run: Run::default(), handler: Arc::new(handler) }
    }
}
