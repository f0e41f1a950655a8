//! A notification for many clients, written once and shared by all of them.

use bytes::Bytes;

use crate::rpc::write_string;

/// Kinds of which one that waits already says all that a second would say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Merge {
    /// Never merged.
    No,
    /// `list_changed` of a list.
    List(List),
    /// `resources/updated` of that URI.
    Resource(Box<str>),
}

/// A list that clients can follow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum List {
    /// The tools.
    Tools,
    /// The resources and their templates.
    Resources,
    /// The prompts.
    Prompts,
}

impl List {
    pub(crate) const fn method(self) -> &'static str {
        match self {
            Self::Tools => "notifications/tools/list_changed",
            Self::Resources => "notifications/resources/list_changed",
            Self::Prompts => "notifications/prompts/list_changed",
        }
    }
}

/// A notification in both forms: as sessions get it, and as a listen stream gets it, which names the
/// subscription in `_meta` and so differs from client to client in its middle only.
#[derive(Debug)]
pub(crate) struct Notification {
    pub(crate) merge: Merge,
    plain: Bytes,
    /// `plain` up to where the subscription id belongs, and what comes after it.
    head: Bytes,
    tail: Bytes,
}

impl Notification {
    /// `params` is the JSON text of an object.
    pub(crate) fn new(method: &str, params: Option<&str>, merge: Merge) -> Self {
        const ID: &[u8] = b"\"_meta\":{\"io.modelcontextprotocol/subscriptionId\":";
        let plain = crate::rpc::notification(method, params);
        let mut head = Vec::with_capacity(plain.len() + ID.len());
        head.extend_from_slice(b"{\"jsonrpc\":\"2.0\",\"method\":");
        write_string(&mut head, method);
        head.extend_from_slice(b",\"params\":{");
        head.extend_from_slice(ID);
        // A `_meta` of the host's own gives way: the protocol's is the one a listen stream cannot do without.
        let own: crate::protocol::result::Members<'_> =
            params.and_then(|params| serde_json::from_str(params).ok()).unwrap_or_default();
        let mut tail = b"}".to_vec();
        for (name, value) in own.0.iter().filter(|(name, _)| name != "_meta") {
            tail.push(b',');
            write_string(&mut tail, name);
            tail.push(b':');
            tail.extend_from_slice(value.get().as_bytes());
        }
        tail.extend_from_slice(b"}}");
        Self { merge, plain, head: head.into(), tail: tail.into() }
    }

    pub(crate) fn list_changed(list: List) -> Self {
        Self::new(list.method(), None, Merge::List(list))
    }

    pub(crate) fn resource_updated(uri: &str) -> Self {
        let mut params = b"{\"uri\":".to_vec();
        write_string(&mut params, uri);
        params.push(b'}');
        let params = String::from_utf8(params).unwrap_or_default();
        Self::new("notifications/resources/updated", Some(&params), Merge::Resource(uri.into()))
    }

    /// Bytes of the notification, about.
    pub(crate) fn size(&self) -> usize {
        self.plain.len()
    }

    /// Appends it as a session gets it, or as the listen stream of that subscription does.
    pub(crate) fn write(&self, out: &mut Vec<u8>, subscription: Option<&str>) {
        match subscription {
            None => out.extend_from_slice(&self.plain),
            Some(id) => {
                out.extend_from_slice(&self.head);
                out.extend_from_slice(id.as_bytes());
                out.extend_from_slice(&self.tail);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_notification_has_two_forms() {
        let updated = Notification::resource_updated("a:b");
        let mut out = Vec::new();
        updated.write(&mut out, None);
        assert_eq!(
            std::str::from_utf8(&out).unwrap(),
            r#"{"jsonrpc":"2.0","method":"notifications/resources/updated","params":{"uri":"a:b"}}"#
        );
        out.clear();
        updated.write(&mut out, Some("7"));
        assert_eq!(
            std::str::from_utf8(&out).unwrap(),
            r#"{"jsonrpc":"2.0","method":"notifications/resources/updated","params":{"_meta":{"io.modelcontextprotocol/subscriptionId":7},"uri":"a:b"}}"#
        );
    }
}
