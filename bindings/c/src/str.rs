//! Strings
//!
//! Text goes in and out as pointer and length, in UTF-8. It needs no NUL at its end. What goes in is copied,
//! unless a function says otherwise. What comes out is borrowed, for as long as its function says.

use std::{
    ffi::{CStr, c_char},
    slice,
};

use crate::error::{Failure, MCP_ERR_INVALID_ARGUMENT, MCP_ERR_INVALID_UTF8, null};

/// A text. `ptr` NULL with `len` 0 is no text at all (`MCP_NONE`), which is how an optional text is left out;
/// an empty text has a `ptr`.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct mcp_str {
    /// The first byte.
    pub ptr: *const c_char,
    /// The number of bytes.
    pub len: usize,
}

impl mcp_str {
    pub(crate) const NONE: Self = Self { ptr: std::ptr::null(), len: 0 };

    pub(crate) fn of(text: &str) -> Self {
        Self { ptr: text.as_ptr().cast(), len: text.len() }
    }

    pub(crate) fn of_c(text: &CStr) -> Self {
        Self { ptr: text.as_ptr(), len: text.count_bytes() }
    }

    pub(crate) fn of_option(text: Option<&str>) -> Self {
        text.map_or(Self::NONE, Self::of)
    }

    /// The text, which may be left out.
    pub(crate) fn optional(&self, name: &str) -> Result<Option<&str>, Failure> {
        if self.ptr.is_null() && self.len == 0 {
            return Ok(None);
        }
        let text = std::str::from_utf8(bytes(self.ptr.cast(), self.len, name)?);
        text.map(Some).map_err(|error| {
            Failure::new(
                MCP_ERR_INVALID_UTF8,
                format!("{name} is not UTF-8: byte {} is wrong", error.valid_up_to()),
            )
        })
    }

    /// The text, which may not be left out.
    pub(crate) fn required(&self, name: &str) -> Result<&str, Failure> {
        self.optional(name)?.ok_or_else(|| null(name))
    }
}

/// The bytes that a host passed. They live as long as the call of the function that they were passed to.
pub(crate) fn bytes<'a>(ptr: *const u8, len: usize, name: &str) -> Result<&'a [u8], Failure> {
    if ptr.is_null() {
        return Err(null(name));
    }
    if isize::try_from(len).is_err() {
        return Err(Failure::new(MCP_ERR_INVALID_ARGUMENT, format!("{name} cannot have {len} bytes")));
    }
    // SAFETY: not NULL, no longer than an object can be, and the header asks for `len` readable bytes at `ptr`.
    Ok(unsafe { slice::from_raw_parts(ptr, len) })
}
