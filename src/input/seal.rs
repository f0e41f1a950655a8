//! `requestState`: what a server gives a client to bring back, sealed so that nobody else can read, change or use it
//! (2026-07-28, Multi Round-Trip Requests, server requirements 4 and 5).
//!
//! The state itself is not remembered: it can be brought back more than once until it expires.

use std::fmt;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use ring::{
    aead::{Aad, CHACHA20_POLY1305, LessSafeKey, NONCE_LEN, Nonce, UnboundKey},
    hkdf::{HKDF_SHA256, Prk, Salt},
    rand::{SecureRandom, SystemRandom},
};

use crate::error::{Error, Kind, Result};

const VERSION: u8 = 1;
/// Keeps the keys of this use apart from those of any other use of the same secret.
const LABEL: &[u8] = b"mcpserver requestState 1";
/// Random bytes that give each state a key of its own. A random nonce alone would repeat after some 2^32 states of
/// one key, which many nodes reach together.
const SALT_LEN: usize = 16;
/// Bytes before the sealed ones.
const HEAD: usize = 1 + SALT_LEN + NONCE_LEN;

/// The secret of one server, or of all nodes that serve the same clients.
#[derive(Clone)]
pub(crate) struct SealKey(Prk);

/// What a state is good for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Claims<'a> {
    /// The last moment at which it is taken back, in milliseconds since 1970.
    pub expires: u64,
    /// Who it is given to.
    pub principal: Option<&'a str>,
    /// The request that it belongs to.
    pub digest: [u8; 32],
}

/// What a state that is brought back has to be good for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Expect<'a> {
    /// The present, in milliseconds since 1970.
    pub now: u64,
    pub principal: Option<&'a str>,
    pub digest: [u8; 32],
}

/// Why a state is not taken back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum OpenError {
    /// It is longer than any that is given out.
    TooLong,
    /// It is no state at all.
    Malformed,
    /// It was changed, or sealed with another key.
    Tampered,
    Expired,
    OtherPrincipal,
    OtherRequest,
}

impl fmt::Display for OpenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::TooLong => "requestState is longer than any that this server gives; send it back as it came",
            Self::Malformed => "requestState is none of this server's; send it back as it came",
            Self::Tampered => "requestState was changed or is of another server; send it back as it came",
            Self::Expired => "requestState is expired; send the request again without it",
            Self::OtherPrincipal => "requestState was given to somebody else; send the request again without it",
            Self::OtherRequest => {
                "requestState belongs to another request; send it with the same method, name and arguments only"
            }
        })
    }
}

impl fmt::Debug for SealKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SealKey")
    }
}

impl SealKey {
    /// A key from a secret that the host sets.
    pub(crate) fn new(secret: &[u8; 32]) -> Self {
        Self(Salt::new(HKDF_SHA256, LABEL).extract(secret))
    }

    /// A key that lives as long as this process.
    ///
    /// # Errors
    /// [`Kind::Io`] when the system has no randomness to give.
    pub(crate) fn random() -> Result<Self> {
        let mut secret = [0; 32];
        fill(&mut secret)?;
        Ok(Self::new(&secret))
    }

    /// Seals a payload; the state has at most `max_bytes`.
    ///
    /// # Errors
    /// [`Kind::LimitExceeded`] for a payload that makes the state longer.
    pub(crate) fn seal(&self, claims: &Claims<'_>, payload: &[u8], max_bytes: usize) -> Result<String> {
        let principal = claims.principal.unwrap_or_default().as_bytes();
        let plain_len = 8 + 32 + 1 + 8 + principal.len() + payload.len();
        let state_len = (HEAD + plain_len + CHACHA20_POLY1305.tag_len()).div_ceil(3) * 4;
        if state_len > max_bytes {
            return Err(Error::new(
                Kind::LimitExceeded,
                format!(
                    "the state of this call takes {state_len} bytes, and request_state_bytes is {max_bytes}; remember \
                     less, or raise the limit"
                ),
            ));
        }
        let mut random = [0; SALT_LEN + NONCE_LEN];
        fill(&mut random)?;
        let mut plain = Vec::with_capacity(plain_len + CHACHA20_POLY1305.tag_len());
        plain.extend_from_slice(&claims.expires.to_be_bytes());
        plain.extend_from_slice(&claims.digest);
        plain.push(u8::from(claims.principal.is_some()));
        plain.extend_from_slice(&(principal.len() as u64).to_be_bytes());
        plain.extend_from_slice(principal);
        plain.extend_from_slice(payload);
        let (salt, nonce) = random.split_at(SALT_LEN);
        let mut state = Vec::with_capacity(HEAD + plain.capacity());
        state.push(VERSION);
        state.extend_from_slice(&random);
        self.key(salt)
            .and_then(|key| {
                key.seal_in_place_append_tag(read_nonce(nonce)?, Aad::from([VERSION]), &mut plain).ok()
            })
            .ok_or_else(|| Error::new(Kind::Internal, "the state of this call cannot be sealed"))?;
        state.extend_from_slice(&plain);
        Ok(URL_SAFE_NO_PAD.encode(state))
    }

    /// Opens a state, and gives back its payload.
    ///
    /// # Errors
    /// Says why the state is not taken back.
    pub(crate) fn open(
        &self,
        state: &str,
        expect: &Expect<'_>,
        max_bytes: usize,
    ) -> std::result::Result<Vec<u8>, OpenError> {
        if state.len() > max_bytes {
            return Err(OpenError::TooLong);
        }
        let mut bytes = URL_SAFE_NO_PAD.decode(state).map_err(|_| OpenError::Malformed)?;
        let (head, sealed) = bytes.split_at_mut_checked(HEAD).ok_or(OpenError::Malformed)?;
        if head[0] != VERSION {
            return Err(OpenError::Malformed);
        }
        let (salt, nonce) = head[1..].split_at(SALT_LEN);
        let key = self.key(salt).ok_or(OpenError::Malformed)?;
        let nonce = read_nonce(nonce).ok_or(OpenError::Malformed)?;
        let plain =
            key.open_in_place(nonce, Aad::from([VERSION]), sealed).map_err(|_| OpenError::Tampered)?;
        let sealed = read_plain(plain).ok_or(OpenError::Malformed)?;
        if sealed.claims.principal != expect.principal {
            return Err(OpenError::OtherPrincipal);
        }
        if sealed.claims.digest != expect.digest {
            return Err(OpenError::OtherRequest);
        }
        if sealed.claims.expires < expect.now {
            return Err(OpenError::Expired);
        }
        Ok(sealed.payload.to_vec())
    }

    fn key(&self, salt: &[u8]) -> Option<LessSafeKey> {
        let info = [salt];
        let key = self.0.expand(&info, &CHACHA20_POLY1305).ok()?;
        Some(LessSafeKey::new(UnboundKey::from(key)))
    }
}

/// What was sealed.
struct Plain<'a> {
    claims: Claims<'a>,
    payload: &'a [u8],
}

fn read_plain(plain: &[u8]) -> Option<Plain<'_>> {
    let (expires, rest) = plain.split_first_chunk()?;
    let (digest, rest) = rest.split_first_chunk()?;
    let (known, rest) = rest.split_first()?;
    let (length, rest) = rest.split_first_chunk()?;
    let length = usize::try_from(u64::from_be_bytes(*length)).ok()?;
    let (principal, payload) = rest.split_at_checked(length)?;
    let principal = std::str::from_utf8(principal).ok()?;
    let principal = (*known == 1).then_some(principal);
    Some(Plain {
        claims: Claims { expires: u64::from_be_bytes(*expires), principal, digest: *digest },
        payload,
    })
}

fn read_nonce(bytes: &[u8]) -> Option<Nonce> {
    Nonce::try_assume_unique_for_key(bytes).ok()
}

fn fill(bytes: &mut [u8]) -> Result<()> {
    SystemRandom::new()
        .fill(bytes)
        .map_err(|_| Error::new(Kind::Io, "the operating system gives no random bytes for sealing"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const MAX: usize = 1024;
    const CLAIMS: Claims<'_> = Claims { expires: 1000, principal: Some("ann"), digest: [7; 32] };
    const EXPECT: Expect<'_> = Expect { now: 1000, principal: Some("ann"), digest: [7; 32] };

    #[test]
    fn states_come_back() {
        let key = SealKey::new(&[1; 32]);
        let other_node = SealKey::new(&[1; 32]);
        for principal in [None, Some(""), Some("ann"), Some("é")] {
            for payload in [&b""[..], b"x", &[0xff; 300]] {
                let state = key.seal(&Claims { principal, ..CLAIMS }, payload, MAX).unwrap();
                assert!(
                    state.len() <= MAX
                        && state.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b))
                );
                let opened = other_node.open(&state, &Expect { principal, ..EXPECT }, MAX);
                assert_eq!(opened.as_deref(), Ok(payload));
            }
        }
        let twice = [(); 2].map(|()| key.seal(&CLAIMS, b"same", MAX).unwrap());
        assert_ne!(twice[0], twice[1]);
    }

    #[test]
    fn states_are_for_one_caller_and_request_and_time() {
        let key = SealKey::random().unwrap();
        let state = key.seal(&CLAIMS, b"payload", MAX).unwrap();
        let cases = [
            (EXPECT, Ok(())),
            (Expect { now: 0, ..EXPECT }, Ok(())),
            (Expect { now: 1001, ..EXPECT }, Err(OpenError::Expired)),
            (Expect { principal: None, ..EXPECT }, Err(OpenError::OtherPrincipal)),
            (Expect { principal: Some("bob"), ..EXPECT }, Err(OpenError::OtherPrincipal)),
            (Expect { principal: Some(""), ..EXPECT }, Err(OpenError::OtherPrincipal)),
            (Expect { digest: [8; 32], ..EXPECT }, Err(OpenError::OtherRequest)),
        ];
        for (expect, want) in cases {
            assert_eq!(key.open(&state, &expect, MAX).map(|_| ()), want, "{expect:?}");
        }
        let anonymous = key.seal(&Claims { principal: None, ..CLAIMS }, b"", MAX).unwrap();
        let nobody = Expect { principal: Some(""), ..EXPECT };
        assert_eq!(key.open(&anonymous, &nobody, MAX), Err(OpenError::OtherPrincipal));
    }

    #[test]
    fn changed_and_foreign_states_are_refused() {
        let key = SealKey::random().unwrap();
        let state = key.seal(&CLAIMS, b"payload", MAX).unwrap();
        for at in 0..state.len() {
            let other = if &state[at..=at] == "A" { "B" } else { "A" };
            let changed = format!("{}{other}{}", &state[..at], &state[at + 1..]);
            let got = key.open(&changed, &EXPECT, MAX).unwrap_err();
            assert!(matches!(got, OpenError::Tampered | OpenError::Malformed), "{at}: {got:?}");
            let got = key.open(&state[..at], &EXPECT, MAX).unwrap_err();
            assert!(matches!(got, OpenError::Tampered | OpenError::Malformed), "{at}: {got:?}");
        }
        assert_eq!(SealKey::random().unwrap().open(&state, &EXPECT, MAX), Err(OpenError::Tampered));
        for garbage in ["", "garbage", "====", "é", "eyJhIjoxfQ"] {
            assert_eq!(key.open(garbage, &EXPECT, MAX), Err(OpenError::Malformed), "{garbage}");
        }
    }

    #[test]
    fn states_are_bounded_both_ways() {
        let key = SealKey::random().unwrap();
        let state = key.seal(&CLAIMS, &[0; 100], MAX).unwrap();
        assert_eq!(key.open(&state, &EXPECT, state.len() - 1), Err(OpenError::TooLong));
        assert!(key.open(&state, &EXPECT, state.len()).is_ok());
        assert_eq!(key.seal(&CLAIMS, &[0; MAX], MAX).unwrap_err().kind(), Kind::LimitExceeded);
    }

    #[test]
    fn keys_do_not_show_themselves() {
        assert_eq!(format!("{:?}", SealKey::new(&[1; 32])), "SealKey");
    }
}
