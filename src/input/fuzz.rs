//! Fuzzing: `requestState` as a client may send it.

use super::{
    digest::digest_request,
    seal::{Claims, Expect, SealKey},
};

const MAX_BYTES: usize = 64 << 10;

pub(crate) fn digest(arguments: &str) -> [u8; 32] {
    digest_request("tools/call", "tool", Some(arguments))
}

/// Opens a state that was never given, and one that was, changed in one place. The input is the state, and the
/// payload of the other.
pub fn state(input: &[u8]) {
    let key = SealKey::new(&[7; 32]);
    let expect = Expect { now: 1000, principal: Some("ann"), digest: [7; 32] };
    if let Ok(text) = std::str::from_utf8(input) {
        assert!(key.open(text, &expect, MAX_BYTES).is_err(), "a state was forged: {text}");
    }
    let claims = Claims { expires: 1000, principal: Some("ann"), digest: [7; 32] };
    let Ok(state) = key.seal(&claims, input, MAX_BYTES) else { return };
    assert_eq!(key.open(&state, &expect, MAX_BYTES).as_deref(), Ok(input));
    let (Some(at), Some(byte)) = (input.first(), input.last()) else { return };
    let mut changed = state.into_bytes();
    let at = usize::from(*at) * changed.len() / 256;
    if byte.is_ascii() && changed[at] != *byte {
        changed[at] = *byte;
        let changed = String::from_utf8(changed).expect("ASCII stays ASCII");
        assert!(key.open(&changed, &expect, MAX_BYTES).is_err(), "a change passed: {changed}");
    }
}
