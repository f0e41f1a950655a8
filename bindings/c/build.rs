//! How the shared library is linked: its SONAME, and what makes it safe to load into somebody else's process.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let env = |name: &str| std::env::var(name).unwrap_or_default();
    if env("CARGO_CFG_TARGET_OS") != "linux" {
        return;
    }
    // The major of the SONAME is what mcp_abi_version() answers; a unit test holds the two together.
    println!("cargo::rustc-cdylib-link-arg=-Wl,-soname,libmcpserver.so.{}", env("CARGO_PKG_VERSION_MAJOR"));
    // Threads and thread-local destructors may outlive a dlclose().
    println!("cargo::rustc-cdylib-link-arg=-Wl,-z,nodelete");
    println!("cargo::rustc-cdylib-link-arg=-Wl,-z,defs");
}
