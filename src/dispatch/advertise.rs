//! What the server says about itself: `Implementation`, capabilities, `initialize` and `server/discover`.

use super::Dispatcher;
use crate::{
    call::write_cache_hint,
    config::ServerInfo,
    protocol::{Revision, result::Frame},
    rpc::write_string,
};

/// The server's `Implementation`, with the members that the revision knows.
pub(super) fn implementation(info: &ServerInfo, revision: Revision) -> String {
    let mut out = b"{\"name\":".to_vec();
    write_string(&mut out, &info.name);
    out.extend_from_slice(b",\"version\":");
    write_string(&mut out, &info.version);
    let mut text = |name: &str, value: &Option<String>, since: Revision| {
        if let Some(value) = value.as_deref().filter(|_| revision >= since) {
            out.extend_from_slice(format!(",\"{name}\":").as_bytes());
            write_string(&mut out, value);
        }
    };
    text("title", &info.title, Revision::V2025_06_18);
    text("description", &info.description, Revision::V2025_11_25);
    text("websiteUrl", &info.website_url, Revision::V2025_11_25);
    if let Some(icons) = info.icons.as_deref().filter(|_| revision >= Revision::V2025_11_25) {
        out.extend_from_slice(b",\"icons\":");
        out.extend_from_slice(icons.as_bytes());
    }
    out.push(b'}');
    String::from_utf8(out).unwrap_or_default()
}

impl Dispatcher {
    fn write_capabilities(&self, out: &mut Vec<u8>, revision: Revision) {
        let offers = self.registry.load().offers;
        let mut parts: Vec<String> = Vec::new();
        if offers.tools {
            parts.push("\"tools\":{\"listChanged\":true}".into());
        }
        if offers.resources {
            parts.push("\"resources\":{\"subscribe\":true,\"listChanged\":true}".into());
        }
        if offers.prompts {
            parts.push("\"prompts\":{\"listChanged\":true}".into());
        }
        if offers.completions && revision >= Revision::V2025_03_26 {
            parts.push("\"completions\":{}".into());
        }
        if self.config.logging {
            parts.push("\"logging\":{}".into());
        }
        if revision.is_modern() && !self.config.extensions.is_empty() {
            let mut extensions = b"\"extensions\":{".to_vec();
            for (i, (name, settings)) in self.config.extensions.iter().enumerate() {
                if i > 0 {
                    extensions.push(b',');
                }
                write_string(&mut extensions, name);
                extensions.push(b':');
                extensions.extend_from_slice(settings.as_bytes());
            }
            extensions.push(b'}');
            parts.push(String::from_utf8(extensions).unwrap_or_default());
        }
        out.push(b'{');
        out.extend_from_slice(parts.join(",").as_bytes());
        out.push(b'}');
    }

    fn write_instructions(&self, out: &mut Vec<u8>) {
        if let Some(instructions) = &self.config.instructions {
            out.extend_from_slice(b",\"instructions\":");
            write_string(out, instructions);
        }
    }

    /// The `InitializeResult` (2025-11-25, Lifecycle).
    pub(super) fn initialize_result(&self, id: &str, revision: Revision) -> Vec<u8> {
        let mut out = self.frame.begin(id, revision, 256);
        out.extend_from_slice(format!("\"protocolVersion\":\"{revision}\",\"capabilities\":").as_bytes());
        self.write_capabilities(&mut out, revision);
        out.extend_from_slice(b",\"serverInfo\":");
        out.extend_from_slice(implementation(&self.config.info, revision).as_bytes());
        self.write_instructions(&mut out);
        Frame::end(&mut out);
        out
    }

    /// The `DiscoverResult` (2026-07-28, Discovery).
    pub(super) fn discover_result(&self, id: &str) -> Vec<u8> {
        let revision = Revision::V2026_07_28;
        let mut out = self.frame.begin(id, revision, 256);
        out.extend_from_slice(b"\"supportedVersions\":");
        out.extend_from_slice(supported_versions().as_bytes());
        out.extend_from_slice(b",\"capabilities\":");
        self.write_capabilities(&mut out, revision);
        self.write_instructions(&mut out);
        out.push(b',');
        write_cache_hint(&mut out, self.config.list_cache);
        Frame::end(&mut out);
        out
    }
}

/// All revisions as a JSON array, the newest first.
pub(crate) fn supported_versions() -> String {
    let names: Vec<String> = Revision::ALL.iter().map(|revision| format!("\"{revision}\"")).collect();
    format!("[{}]", names.join(","))
}
