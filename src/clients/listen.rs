//! A `subscriptions/listen` stream (2026-07-28, Subscriptions).

use std::sync::Arc;

use serde::Deserialize;
use tokio::sync::OwnedSemaphorePermit;

use super::{
    notification::{List, Merge, Notification},
    stream::Stream,
};
use crate::{
    call::{ClientId, Principal},
    rpc::write_string,
};

/// What a client asked to be told. Serves as what the server agreed to as well.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Filter {
    #[serde(default)]
    pub(crate) tools_list_changed: bool,
    #[serde(default)]
    pub(crate) prompts_list_changed: bool,
    #[serde(default)]
    pub(crate) resources_list_changed: bool,
    #[serde(default)]
    pub(crate) resource_subscriptions: Vec<Box<str>>,
}

impl Filter {
    /// Whether a notification is among what was asked for.
    pub(crate) fn wants(&self, notification: &Notification) -> bool {
        match &notification.merge {
            Merge::List(List::Tools) => self.tools_list_changed,
            Merge::List(List::Prompts) => self.prompts_list_changed,
            Merge::List(List::Resources) => self.resources_list_changed,
            Merge::Resource(uri) => self.resource_subscriptions.contains(uri),
            Merge::No => false,
        }
    }

    /// As JSON text, without what is not asked for.
    fn write(&self, out: &mut Vec<u8>) {
        out.push(b'{');
        for (name, wanted) in [
            ("toolsListChanged", self.tools_list_changed),
            ("promptsListChanged", self.prompts_list_changed),
            ("resourcesListChanged", self.resources_list_changed),
        ] {
            if wanted {
                separate(out);
                write_string(out, name);
                out.extend_from_slice(b":true");
            }
        }
        if !self.resource_subscriptions.is_empty() {
            separate(out);
            out.extend_from_slice(b"\"resourceSubscriptions\":[");
            for (i, uri) in self.resource_subscriptions.iter().enumerate() {
                if i > 0 {
                    out.push(b',');
                }
                write_string(out, uri);
            }
            out.push(b']');
        }
        out.push(b'}');
    }
}

fn separate(out: &mut Vec<u8>) {
    if out.last() != Some(&b'{') {
        out.push(b',');
    }
}

pub(crate) struct Listen {
    pub(crate) client: ClientId,
    /// JSON text of the id of the request that opened it.
    pub(crate) subscription: Box<str>,
    pub(crate) filter: Filter,
    pub(crate) stream: Arc<Stream>,
    pub(crate) principal: Option<Arc<Principal>>,
    pub(crate) info: Option<Box<str>>,
    pub(super) _permit: OwnedSemaphorePermit,
}

impl Listen {
    /// The first message of the stream.
    pub(crate) fn acknowledgement(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(192);
        out.extend_from_slice(
            b"{\"jsonrpc\":\"2.0\",\"method\":\"notifications/subscriptions/acknowledged\",\"params\":{",
        );
        self.write_meta(&mut out);
        out.extend_from_slice(b",\"notifications\":");
        self.filter.write(&mut out);
        out.extend_from_slice(b"}}");
        out
    }

    /// The result that closes the stream in good order.
    fn farewell(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(160);
        out.extend_from_slice(b"{\"jsonrpc\":\"2.0\",\"id\":");
        out.extend_from_slice(self.subscription.as_bytes());
        out.extend_from_slice(b",\"result\":{\"resultType\":\"complete\",");
        self.write_meta(&mut out);
        out.extend_from_slice(b"}}");
        out
    }

    fn write_meta(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(b"\"_meta\":{\"io.modelcontextprotocol/subscriptionId\":");
        out.extend_from_slice(self.subscription.as_bytes());
        out.push(b'}');
    }

    /// Ends the stream with its result.
    pub(crate) fn end(&self) {
        self.stream.end(Some(self.farewell().into()));
    }
}
