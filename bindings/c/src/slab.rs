//! Where calls are kept while the host holds them. A `mcp_call *` is a number made of a place and a generation,
//! never an address: one that is stale or forged is noticed and harms nothing.
//!
//! A place is found without a lock, in chunks that are never moved or freed; each has a lock of its own, so calls
//! do not wait for each other. Places are reused, hence there are no more of them than calls at one time.

use std::{
    cell::Cell,
    ptr,
    sync::{
        Mutex, MutexGuard, OnceLock, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
};

use engine::Call;

use crate::{
    call::{Borrowed, Held},
    error::{Failure, MCP_ERR_FINISHED, MCP_ERR_INVALID_ARGUMENT, null},
    fork,
    handle::mcp_call,
};

/// The low bits of every number. No address of an object ends like this, so one passed by mistake is refused.
const TAG: usize = 0b101;
const TAG_BITS: u32 = 3;
const PLACE_BITS: u32 = if usize::BITS == 64 { 24 } else { 15 };
const PLACES: usize = 1 << PLACE_BITS;
/// What is left: a stale number is mistaken for a new one after 2^37 calls in one place.
const GENERATION_MASK: usize = usize::MAX >> (TAG_BITS + PLACE_BITS);

/// Lists of free places, so that threads seldom meet at one lock.
const SHARDS: usize = 8;
const FIRST_CHUNK: usize = 64;
const CHUNKS: usize = (PLACE_BITS - FIRST_CHUNK.ilog2()) as usize + 1;

#[derive(Default)]
struct Place {
    generation: usize,
    held: Option<Held>,
}

struct Free {
    places: Vec<usize>,
    /// How many places of this shard were ever used.
    made: usize,
}

type Chunk = OnceLock<Box<[Mutex<Place>]>>;

static SLAB: [Chunk; CHUNKS] = [const { OnceLock::new() }; CHUNKS];
static FREE: [Mutex<Free>; SHARDS] = [const { Mutex::new(Free { places: Vec::new(), made: 0 }) }; SHARDS];

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The chunk of a place, and where in it: each chunk is twice as large as the one before.
fn locate(place: usize) -> (usize, usize) {
    let chunk = (place / FIRST_CHUNK + 1).ilog2() as usize;
    (chunk, place - FIRST_CHUNK * ((1 << chunk) - 1))
}

fn chunk(number: usize) -> &'static [Mutex<Place>] {
    SLAB[number].get_or_init(|| (0..FIRST_CHUNK << number).map(|_| Mutex::default()).collect())
}

fn shard() -> usize {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    thread_local! {
        static MINE: Cell<usize> = Cell::new(NEXT.fetch_add(1, Ordering::Relaxed) % SHARDS);
    }
    MINE.try_with(Cell::get).unwrap_or(0)
}

fn take_place() -> Option<usize> {
    let shard = shard();
    let mut free = lock(&FREE[shard]);
    if let Some(place) = free.places.pop() {
        return Some(place);
    }
    let place = free.made * SHARDS + shard;
    // The last chunk reaches beyond what a number can tell.
    (place < PLACES - FIRST_CHUNK).then(|| {
        free.made += 1;
        place
    })
}

/// Keeps a call for the host. `None` when there is no room for one more.
pub(crate) fn keep(call: Call) -> Option<*mut mcp_call> {
    let place = take_place()?;
    let (number, at) = locate(place);
    let mut slot = lock(&chunk(number)[at]);
    slot.held = Some(Held { call, borrowed: Borrowed::default() });
    let bits = (slot.generation << PLACE_BITS | place) << TAG_BITS | TAG;
    Some(ptr::without_provenance_mut(bits))
}

/// How many calls the host holds.
pub(crate) fn count() -> usize {
    FREE.iter().map(|free| lock(free)).map(|free| free.made - free.places.len()).sum()
}

fn find(call: *mut mcp_call) -> Result<(MutexGuard<'static, Place>, usize), Failure> {
    if call.is_null() {
        return Err(null("call"));
    }
    fork::check()?;
    let bits = call.addr();
    let (place, generation) = (bits >> TAG_BITS & (PLACES - 1), bits >> (TAG_BITS + PLACE_BITS));
    let (number, at) = locate(place);
    let slot = match SLAB.get(number).and_then(OnceLock::get) {
        Some(chunk) if bits & !(usize::MAX << TAG_BITS) == TAG => lock(&chunk[at]),
        _ => return Err(Failure::new(MCP_ERR_INVALID_ARGUMENT, "this is no call that the library made")),
    };
    if slot.generation != generation || slot.held.is_none() {
        return Err(Failure::new(MCP_ERR_FINISHED, "the call was finished, suspended or dropped before"));
    }
    Ok((slot, place))
}

/// Uses a call that the host holds. `work` must not run callbacks of the host: the place is locked meanwhile.
pub(crate) fn with<T>(
    call: *mut mcp_call,
    work: impl FnOnce(&mut Held) -> Result<T, Failure>,
) -> Result<T, Failure> {
    let (mut slot, _) = find(call)?;
    let held = slot.held.as_mut().expect("find gives places in use");
    work(held)
}

/// Takes a call back from the host. Only one caller ever gets it.
pub(crate) fn take(call: *mut mcp_call) -> Result<Held, Failure> {
    let (mut slot, place) = find(call)?;
    let held = slot.held.take().expect("find gives places in use");
    slot.generation = (slot.generation + 1) & GENERATION_MASK;
    drop(slot);
    lock(&FREE[place % SHARDS]).places.push(place);
    Ok(held)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_follow_each_other_through_the_chunks() {
        let mut expected = (0, 0);
        for place in 0..10_000 {
            assert_eq!(locate(place), expected, "{place}");
            expected.1 += 1;
            if expected.1 == FIRST_CHUNK << expected.0 {
                expected = (expected.0 + 1, 0);
            }
        }
        assert!(locate(PLACES - FIRST_CHUNK - 1).0 < CHUNKS);
    }

    #[test]
    fn forged_numbers_are_refused() {
        let forged = |bits| with(ptr::without_provenance_mut(bits), |_| Ok(())).unwrap_err().status;
        let local = 0;
        assert_eq!(forged((&raw const local).addr()), MCP_ERR_INVALID_ARGUMENT);
        assert_eq!(forged(0), crate::error::MCP_ERR_NULL);
        assert_eq!(forged(usize::MAX), MCP_ERR_INVALID_ARGUMENT);
        assert_eq!(forged((PLACES - 1) << TAG_BITS | TAG), MCP_ERR_INVALID_ARGUMENT);
    }
}
