//! Which callbacks the network threads run right now, so that a stop can name one that does not return.

use std::{
    cell::RefCell,
    sync::{Arc, Mutex, PoisonError},
    time::Instant,
};

use super::RunningCall;
use crate::call::Request;

/// What one thread runs, and since when. Only that thread writes it, so its lock is free but for a stop.
type Slot = Arc<Mutex<Option<(Arc<Request>, Instant)>>>;

std::thread_local! {
    static SLOT: RefCell<Option<Slot>> = const { RefCell::new(None) };
}

fn put(slot: &Slot, value: Option<(Arc<Request>, Instant)>) -> Option<(Arc<Request>, Instant)> {
    std::mem::replace(&mut *slot.lock().unwrap_or_else(PoisonError::into_inner), value)
}

/// Runs a callback on a network thread, and notes that it runs there.
pub(super) fn noted(request: Arc<Request>, run: impl FnOnce(Arc<Request>)) {
    SLOT.with_borrow(|slot| match slot {
        Some(slot) => {
            let outer = put(slot, Some((Arc::clone(&request), Instant::now())));
            run(request);
            put(slot, outer);
        }
        None => run(request),
    });
}

/// The network threads of one run of a server.
#[derive(Default)]
pub(super) struct Threads(Mutex<Vec<Slot>>);

impl Threads {
    /// Adds the thread that this runs on.
    pub(super) fn adopt(&self) {
        let slot = Slot::default();
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(Arc::clone(&slot));
        SLOT.set(Some(slot));
    }

    /// The callbacks that have not returned.
    pub(super) fn running(&self) -> Vec<RunningCall> {
        let slots = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let running = slots.iter().filter_map(|slot| {
            let slot = slot.lock().unwrap_or_else(PoisonError::into_inner);
            slot.as_ref().map(|(request, since)| RunningCall::new(request, *since))
        });
        running.collect()
    }
}
