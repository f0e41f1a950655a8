//! Writes the entries of lists, each with the members that its revision knows.

use super::{
    definition::{Prompt, Resource, Tool},
    entry::{PromptEntry, ResourceEntry, TemplateEntry, ToolEntry},
};
use crate::{
    protocol::Revision::{self, V2025_03_26, V2025_06_18, V2025_11_25},
    rpc::write_string,
};

/// Writes members of one object, as far as the revision has them.
struct Members<'a> {
    out: &'a mut Vec<u8>,
    revision: Revision,
    first: bool,
}

impl<'a> Members<'a> {
    fn open(out: &'a mut Vec<u8>, revision: Revision) -> Self {
        out.push(b'{');
        Self { out, revision, first: true }
    }

    fn name(&mut self, name: &str) {
        if !std::mem::take(&mut self.first) {
            self.out.push(b',');
        }
        write_string(self.out, name);
        self.out.push(b':');
    }

    fn text(&mut self, name: &str, value: &str) {
        self.name(name);
        write_string(self.out, value);
    }

    fn json(&mut self, name: &str, json: &str) {
        self.name(name);
        self.out.extend_from_slice(json.as_bytes());
    }

    fn text_since(&mut self, since: Revision, name: &str, value: Option<&str>) {
        if let Some(value) = value.filter(|_| self.revision >= since) {
            self.text(name, value);
        }
    }

    fn json_since(&mut self, since: Revision, name: &str, json: Option<&str>) {
        if let Some(json) = json.filter(|_| self.revision >= since) {
            self.json(name, json);
        }
    }

    fn close(self) {
        self.out.push(b'}');
    }
}

const ALWAYS: Revision = Revision::V2024_11_05;

pub(super) trait Listed {
    fn write(&self, out: &mut Vec<u8>, revision: Revision);
}

impl Listed for ToolEntry {
    fn write(&self, out: &mut Vec<u8>, revision: Revision) {
        let Tool { name, title, description, input_schema, output_schema, annotations, icons, meta, .. } =
            &self.definition;
        let mut members = Members::open(out, revision);
        members.text("name", name);
        members.text_since(V2025_06_18, "title", title.as_deref());
        members.text_since(ALWAYS, "description", description.as_deref());
        members.json("inputSchema", input_schema);
        // Before 2026-07-28 structured content is an object, and so is its schema.
        let output = output_schema.as_deref().filter(|json| revision.is_modern() || describes_object(json));
        members.json_since(V2025_06_18, "outputSchema", output);
        members.json_since(V2025_03_26, "annotations", annotations.as_deref());
        members.json_since(V2025_11_25, "icons", icons.as_deref());
        members.json_since(V2025_06_18, "_meta", meta.as_deref());
        members.close();
    }
}

fn describes_object(schema: &str) -> bool {
    #[derive(serde::Deserialize)]
    struct Root<'a> {
        #[serde(borrow, default)]
        r#type: Option<&'a serde_json::value::RawValue>,
    }
    serde_json::from_str::<Root<'_>>(schema)
        .is_ok_and(|root| root.r#type.is_some_and(|t| t.get() == "\"object\""))
}

impl Listed for ResourceEntry {
    fn write(&self, out: &mut Vec<u8>, revision: Revision) {
        write_resource(&self.definition, "uri", out, revision);
    }
}

impl Listed for TemplateEntry {
    fn write(&self, out: &mut Vec<u8>, revision: Revision) {
        write_resource(&self.definition, "uriTemplate", out, revision);
    }
}

fn write_resource(resource: &Resource, key: &str, out: &mut Vec<u8>, revision: Revision) {
    let Resource { uri, name, title, description, mime_type, size, annotations, icons, meta, .. } = resource;
    let mut members = Members::open(out, revision);
    members.text(key, uri);
    members.text("name", name);
    members.text_since(V2025_06_18, "title", title.as_deref());
    members.text_since(ALWAYS, "description", description.as_deref());
    members.text_since(ALWAYS, "mimeType", mime_type.as_deref());
    if let Some(size) = size.filter(|_| key == "uri") {
        members.json("size", &size.to_string());
    }
    members.json_since(ALWAYS, "annotations", annotations.as_deref());
    members.json_since(V2025_11_25, "icons", icons.as_deref());
    members.json_since(V2025_06_18, "_meta", meta.as_deref());
    members.close();
}

impl Listed for PromptEntry {
    fn write(&self, out: &mut Vec<u8>, revision: Revision) {
        let Prompt { name, title, description, arguments, icons, meta, .. } = &self.definition;
        let mut members = Members::open(out, revision);
        members.text("name", name);
        members.text_since(V2025_06_18, "title", title.as_deref());
        members.text_since(ALWAYS, "description", description.as_deref());
        if !arguments.is_empty() {
            members.name("arguments");
            members.out.push(b'[');
            for (i, argument) in arguments.iter().enumerate() {
                if i > 0 {
                    members.out.push(b',');
                }
                let mut inner = Members::open(members.out, revision);
                inner.text("name", &argument.name);
                inner.text_since(V2025_06_18, "title", argument.title.as_deref());
                inner.text_since(ALWAYS, "description", argument.description.as_deref());
                if argument.required {
                    inner.json("required", "true");
                }
                inner.close();
            }
            members.out.push(b']');
        }
        members.json_since(V2025_11_25, "icons", icons.as_deref());
        members.json_since(V2025_06_18, "_meta", meta.as_deref());
        members.close();
    }
}
