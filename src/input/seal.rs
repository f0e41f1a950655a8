use crate::error::Result;
pub(crate) struct SealKey([u8; 32]);
pub(super) struct Claims<'a> { pub expires: u64, pub principal: Option<&'a str>, pub digest: [u8; 32] }
pub(super) struct Expect<'a> { pub principal: Option<&'a str>, pub digest: [u8; 32], pub now: u64 }
impl SealKey {
    pub(crate) fn new(b: [u8; 32]) -> Self { Self(b) }
    pub(crate) fn random() -> Result<Self> { Ok(Self([0; 32])) }
    pub(crate) fn seal(&self, _: &Claims<'_>, _: &[u8], _: usize) -> Result<String> { Ok(String::new()) }
    pub(crate) fn open(&self, _: &str, _: &Expect<'_>, _: usize) -> std::result::Result<Vec<u8>, String> { Err(String::new()) }
}
pub(super) fn digest_request(_: &str, _: &str, _: Option<&str>) -> [u8; 32] { [0; 32] }
