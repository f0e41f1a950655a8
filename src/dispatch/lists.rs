//! `tools/list`, `resources/list`, `resources/templates/list` and `prompts/list`.

use super::{Dispatcher, Incoming, Outcome};
use crate::{
    call::Answer,
    protocol::{Revision, result::Frame},
    registry::{ListKind, Terms},
    rpc::{Code, Failure},
};

impl Dispatcher {
    /// Serves a list method; `None` where nothing of the kind is offered.
    pub(super) fn list(
        &self,
        incoming: &Incoming<'_>,
        kind: ListKind,
        revision: Revision,
    ) -> Option<Outcome> {
        let snapshot = self.registry.load();
        let offered = match kind {
            ListKind::Tools => snapshot.offers.tools,
            ListKind::Prompts => snapshot.offers.prompts,
            ListKind::Resources | ListKind::ResourceTemplates => snapshot.offers.resources,
        };
        if !offered {
            return None;
        }
        let terms = Terms {
            page_items: usize::try_from(self.config.limits.page_items).unwrap_or(usize::MAX),
            cache: self.config.list_cache,
        };
        let cursor = incoming.params.cursor.as_deref();
        Some(match snapshot.page(kind, revision, cursor, terms) {
            Ok(page) => {
                let mut out = self.frame.begin(incoming.id, revision, page.len());
                out.extend_from_slice(&page);
                Frame::end(&mut out);
                Outcome::Answer(Answer::result(out))
            }
            Err(error) => Outcome::failure(incoming.id, &Failure::new(Code::INVALID_PARAMS, error.message())),
        })
    }
}
