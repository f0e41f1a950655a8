//! Lists in pages (2026-07-28, Pagination; Caching). The first page of each list is written once for each
//! revision and then shared; it is the only one that most clients ever ask for.

use std::{
    collections::BTreeMap,
    ops::Bound,
    sync::{Arc, OnceLock},
};

use bytes::Bytes;

use super::{
    Snapshot, Terms,
    cursor::{self, ListKind},
    write::Listed,
};
use crate::{call::write_cache_hint, error::Result, protocol::Revision, rpc::write_string};

/// The members of the result of a list method.
pub(crate) type Page = Bytes;

const KINDS: usize = 4;

/// First pages, by kind and revision.
#[derive(Default)]
pub(super) struct Pages {
    first: [[OnceLock<Page>; Revision::COUNT]; KINDS],
}

impl Pages {
    pub(super) fn get(
        &self,
        snapshot: &Snapshot,
        kind: ListKind,
        revision: Revision,
        cursor: Option<&str>,
        terms: Terms,
    ) -> Result<Page> {
        match cursor {
            None => {
                let slot = &self.first[kind as usize][revision.index()];
                Ok(slot.get_or_init(|| write_page(snapshot, kind, revision, None, terms)).clone())
            }
            Some(cursor) => {
                let after = cursor::decode(kind, cursor)?;
                Ok(write_page(snapshot, kind, revision, Some(&after), terms))
            }
        }
    }
}

fn write_page(
    snapshot: &Snapshot,
    kind: ListKind,
    revision: Revision,
    after: Option<&str>,
    terms: Terms,
) -> Page {
    let mut out = Vec::with_capacity(1024);
    let next = match kind {
        ListKind::Tools => write_items(&mut out, "tools", &snapshot.tools, revision, after, terms),
        ListKind::Resources => {
            write_items(&mut out, "resources", &snapshot.resources, revision, after, terms)
        }
        ListKind::ResourceTemplates => {
            write_items(&mut out, "resourceTemplates", &snapshot.templates, revision, after, terms)
        }
        ListKind::Prompts => write_items(&mut out, "prompts", &snapshot.prompts, revision, after, terms),
    };
    if let Some(last) = next {
        out.extend_from_slice(b",\"nextCursor\":");
        write_string(&mut out, &cursor::encode(kind, &last));
    }
    if revision.is_modern() {
        out.push(b',');
        write_cache_hint(&mut out, terms.cache);
    }
    out.into()
}

/// Writes the items behind `after`. Gives the key of the last one when more follow.
fn write_items<T: Listed>(
    out: &mut Vec<u8>,
    name: &str,
    items: &BTreeMap<Box<str>, Arc<T>>,
    revision: Revision,
    after: Option<&str>,
    terms: Terms,
) -> Option<Box<str>> {
    write_string(out, name);
    out.extend_from_slice(b":[");
    let from = after.map_or(Bound::Unbounded, Bound::Excluded);
    let mut rest = items.range::<str, _>((from, Bound::Unbounded));
    let mut last = None;
    for (i, (key, item)) in rest.by_ref().take(terms.page_items).enumerate() {
        if i > 0 {
            out.push(b',');
        }
        item.write(out, revision);
        last = Some(key);
    }
    out.push(b']');
    last.filter(|_| rest.next().is_some()).cloned()
}
