//! Version

use std::ffi::CStr;

use crate::str::mcp_str;

/// The version of the binary interface that this header describes. It is the number in the name of the shared
/// library (libmcpserver.so.0) and grows only when a program would have to be compiled again.
pub const MCP_ABI_VERSION: u32 = 0;

/// The version of the binary interface of the library that is loaded. Any thread.
#[unsafe(no_mangle)]
pub extern "C" fn mcp_abi_version() -> u32 {
    MCP_ABI_VERSION
}

/// The version of the library that is loaded, such as "0.1.0", with a NUL at its end. Lives forever. Any thread.
#[unsafe(no_mangle)]
pub extern "C" fn mcp_version() -> mcp_str {
    const VERSION: &CStr =
        match CStr::from_bytes_with_nul(concat!(env!("CARGO_PKG_VERSION"), "\0").as_bytes()) {
            Ok(version) => version,
            Err(_) => c"",
        };
    mcp_str::of_c(VERSION)
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_soname_is_the_abi_version() {
        assert_eq!(env!("CARGO_PKG_VERSION_MAJOR"), super::MCP_ABI_VERSION.to_string());
    }
}
