//! What the server offers: tools, resources, templates, prompts and completions, as one immutable snapshot that
//! is replaced when something is registered or removed. Who reads it never waits.

mod cursor;
mod definition;
mod entry;
#[cfg(fuzzing)]
pub(crate) mod fuzz;
mod node;
mod number;
mod page;
pub(crate) mod param_check;
pub(crate) mod param_header;
mod quote;
pub(crate) mod reader;
mod schema;
mod template;
mod template_match;
pub(crate) mod tree;
mod violation;
mod write;

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};

use arc_swap::ArcSwap;

pub(crate) use cursor::ListKind;
pub use definition::{Completion, CompletionRef, Prompt, PromptArgument, Resource, Tool};
pub(crate) use entry::{PromptEntry, check_icons};
use entry::{ResourceEntry, TemplateEntry, ToolEntry};
pub(crate) use page::Page;
use page::Pages;

use crate::{
    call::{CallKind, Subject},
    clients::List,
    config::{CacheHint, Limits},
    error::{Error, Kind, Result},
    protocol::Revision,
};

/// All that is registered at one moment. Lists are sorted by name or URI: the order is the same on every node
/// and after every change, and a cursor stays good whatever comes and goes.
#[derive(Clone, Default)]
pub(crate) struct Snapshot {
    pub(crate) tools: BTreeMap<Box<str>, Arc<ToolEntry>>,
    pub(crate) resources: BTreeMap<Box<str>, Arc<ResourceEntry>>,
    pub(crate) templates: BTreeMap<Box<str>, Arc<TemplateEntry>>,
    pub(crate) prompts: BTreeMap<Box<str>, Arc<PromptEntry>>,
    pub(crate) completions: BTreeMap<CompletionRef, Arc<Subject>>,
    /// Kinds of things of which there is or was one: they stay advertised when the last one goes.
    pub(crate) offers: Offers,
    pages: Arc<Pages>,
}

#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Offers {
    pub(crate) tools: bool,
    pub(crate) resources: bool,
    pub(crate) prompts: bool,
    pub(crate) completions: bool,
}

impl Snapshot {
    /// The resource of that URI, with the values of its template's variables where it comes from one.
    pub(crate) fn resource(&self, uri: &str) -> Option<(&Arc<Subject>, Variables)> {
        if let Some(entry) = self.resources.get(uri) {
            return Some((&entry.subject, Vec::new()));
        }
        self.templates.values().find_map(|entry| {
            let values = entry.template.matches(uri)?;
            Some((&entry.subject, values.into_iter().map(|(name, value)| (name.into(), value)).collect()))
        })
    }

    /// A page of a list, as the members of its result.
    ///
    /// # Errors
    /// [`Kind::InvalidArgument`] for a cursor that this server did not make.
    pub(crate) fn page(
        &self,
        kind: ListKind,
        revision: Revision,
        cursor: Option<&str>,
        terms: Terms,
    ) -> Result<Page> {
        self.pages.get(self, kind, revision, cursor, terms)
    }
}

/// The values of a URI template's variables, by name.
pub(crate) type Variables = Vec<(Box<str>, String)>;

/// What the configuration says about lists.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Terms {
    pub(crate) page_items: usize,
    pub(crate) cache: CacheHint,
}

/// The registry of a server.
pub(crate) struct Registry {
    current: ArcSwap<Snapshot>,
    /// Held while a change is made, so that none is lost.
    changing: Mutex<()>,
    bounds: schema::Bounds,
}

fn exists(what: &str, name: &str) -> Error {
    Error::new(Kind::AlreadyExists, format!("{what} {name:?} is registered already; remove it first"))
}

fn missing(what: &str, name: &str) -> Error {
    Error::new(Kind::NotFound, format!("{what} {name:?} is not registered"))
}

impl Registry {
    pub(crate) fn new(limits: &Limits) -> Self {
        let size = |value: u64| usize::try_from(value).unwrap_or(usize::MAX);
        Self {
            current: ArcSwap::default(),
            changing: Mutex::new(()),
            bounds: schema::Bounds {
                bytes: size(limits.schema_bytes),
                depth: size(limits.schema_depth),
                subschemas: size(limits.schema_subschemas),
            },
        }
    }

    pub(crate) fn load(&self) -> arc_swap::Guard<Arc<Snapshot>> {
        self.current.load()
    }

    fn change(&self, change: impl FnOnce(&mut Snapshot) -> Result<()>) -> Result<()> {
        let one_at_a_time = self.changing.lock().unwrap_or_else(PoisonError::into_inner);
        let mut next = Snapshot::clone(&self.current.load());
        change(&mut next)?;
        next.pages = Arc::default();
        let before = self.current.swap(Arc::new(next));
        // What is removed drops the host's data, and that may use the registry.
        drop(one_at_a_time);
        drop(before);
        Ok(())
    }

    pub(crate) fn add_tool(&self, tool: Tool) -> Result<List> {
        let entry = Arc::new(ToolEntry::new(tool, self.bounds)?);
        self.change(|next| {
            let name = entry.subject.name.clone();
            if next.tools.contains_key(&name) {
                return Err(exists("the tool", &name));
            }
            next.offers.tools = true;
            next.tools.insert(name, Arc::clone(&entry));
            Ok(())
        })?;
        Ok(List::Tools)
    }

    pub(crate) fn remove_tool(&self, name: &str) -> Result<List> {
        self.change(|next| next.tools.remove(name).map(drop).ok_or_else(|| missing("the tool", name)))?;
        Ok(List::Tools)
    }

    pub(crate) fn add_resource(&self, resource: Resource) -> Result<List> {
        let entry = Arc::new(ResourceEntry::new(resource)?);
        self.change(|next| {
            let uri = entry.subject.name.clone();
            if next.resources.contains_key(&uri) {
                return Err(exists("the resource", &uri));
            }
            next.offers.resources = true;
            next.resources.insert(uri, Arc::clone(&entry));
            Ok(())
        })?;
        Ok(List::Resources)
    }

    pub(crate) fn remove_resource(&self, uri: &str) -> Result<List> {
        self.change(|next| next.resources.remove(uri).map(drop).ok_or_else(|| missing("the resource", uri)))?;
        Ok(List::Resources)
    }

    pub(crate) fn add_template(&self, template: Resource) -> Result<List> {
        let entry = Arc::new(TemplateEntry::new(template)?);
        self.change(|next| {
            let uri = entry.subject.name.clone();
            if next.templates.contains_key(&uri) {
                return Err(exists("the resource template", &uri));
            }
            next.offers.resources = true;
            next.templates.insert(uri, Arc::clone(&entry));
            Ok(())
        })?;
        Ok(List::Resources)
    }

    pub(crate) fn remove_template(&self, uri: &str) -> Result<List> {
        self.change(|next| {
            next.templates.remove(uri).map(drop).ok_or_else(|| missing("the resource template", uri))
        })?;
        Ok(List::Resources)
    }

    pub(crate) fn add_prompt(&self, prompt: Prompt) -> Result<List> {
        let entry = Arc::new(PromptEntry::new(prompt)?);
        self.change(|next| {
            let name = entry.subject.name.clone();
            if next.prompts.contains_key(&name) {
                return Err(exists("the prompt", &name));
            }
            next.offers.prompts = true;
            next.prompts.insert(name, Arc::clone(&entry));
            Ok(())
        })?;
        Ok(List::Prompts)
    }

    pub(crate) fn remove_prompt(&self, name: &str) -> Result<List> {
        self.change(|next| next.prompts.remove(name).map(drop).ok_or_else(|| missing("the prompt", name)))?;
        Ok(List::Prompts)
    }

    pub(crate) fn add_completion(&self, completion: Completion) -> Result<()> {
        let (CompletionRef::Prompt(name) | CompletionRef::Resource(name)) = &completion.of;
        let subject = Arc::new(Subject {
            kind: CallKind::Completion,
            name: name.as_str().into(),
            handler: completion.handler,
            run: completion.run,
            output: None,
            mime: None,
            cache: CacheHint::default(),
        });
        self.change(|next| {
            if next.completions.contains_key(&completion.of) {
                return Err(exists("the completion of", &subject.name));
            }
            next.offers.completions = true;
            next.completions.insert(completion.of.clone(), Arc::clone(&subject));
            Ok(())
        })
    }

    pub(crate) fn remove_completion(&self, of: &CompletionRef) -> Result<()> {
        let (CompletionRef::Prompt(name) | CompletionRef::Resource(name)) = of;
        self.change(|next| {
            next.completions.remove(of).map(drop).ok_or_else(|| missing("the completion of", name))
        })
    }
}
