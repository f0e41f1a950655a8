//! Configuration
//!
//! Everything a server is told before it starts. A configuration is used by one thread at a time. Every text is
//! copied. What is not set has a default.

use std::{mem::MaybeUninit, time::Duration};

use engine::{CacheHint, Config, Limits};

use crate::{
    error::{Failure, MCP_ERR_INVALID_ARGUMENT, MCP_ERR_NOT_FOUND, answer, mcp_status},
    handle::{Required, give, mcp_config, mcp_error},
    json,
    str::{bytes, mcp_str},
};

/// Makes a configuration with every default, for a server of that name and version. The caller owns `*out`.
#[unsafe(no_mangle)]
pub extern "C" fn mcp_config_new(
    name: mcp_str,
    version: mcp_str,
    out: Option<&mut MaybeUninit<*mut mcp_config>>,
    error: Option<&mut MaybeUninit<*mut mcp_error>>,
) -> mcp_status {
    answer(error, || {
        let config = Config::new(name.required("name")?, version.required("version")?);
        out.required("out")?.write(give(mcp_config { inner: config }));
        Ok(())
    })
}

/// Frees a configuration that was not given to mcp_server_new(). NULL is allowed.
#[unsafe(no_mangle)]
pub extern "C" fn mcp_config_free(take_config: Option<Box<mcp_config>>) {
    drop(take_config);
}

/// Sets the name of the server for people; MCP_NONE for none.
#[unsafe(no_mangle)]
pub extern "C" fn mcp_config_set_title(
    config: Option<&mut mcp_config>,
    title: mcp_str,
    error: Option<&mut MaybeUninit<*mut mcp_error>>,
) -> mcp_status {
    answer(error, || {
        let title = title.optional("title")?.map(str::to_owned);
        config.required("config")?.inner.info.title = title;
        Ok(())
    })
}

/// Says what the server is for; MCP_NONE for none.
#[unsafe(no_mangle)]
pub extern "C" fn mcp_config_set_description(
    config: Option<&mut mcp_config>,
    description: mcp_str,
    error: Option<&mut MaybeUninit<*mut mcp_error>>,
) -> mcp_status {
    answer(error, || {
        let description = description.optional("description")?.map(str::to_owned);
        config.required("config")?.inner.info.description = description;
        Ok(())
    })
}

/// Says where to read about the server; MCP_NONE for none.
#[unsafe(no_mangle)]
pub extern "C" fn mcp_config_set_website_url(
    config: Option<&mut mcp_config>,
    website_url: mcp_str,
    error: Option<&mut MaybeUninit<*mut mcp_error>>,
) -> mcp_status {
    answer(error, || {
        let website_url = website_url.optional("website_url")?.map(str::to_owned);
        config.required("config")?.inner.info.website_url = website_url;
        Ok(())
    })
}

/// Sets the icons of the server: a JSON array of `Icon`; MCP_NONE for none.
/// Errors: MCP_ERR_INVALID_JSON.
#[unsafe(no_mangle)]
pub extern "C" fn mcp_config_set_icons(
    config: Option<&mut mcp_config>,
    icons: mcp_str,
    error: Option<&mut MaybeUninit<*mut mcp_error>>,
) -> mcp_status {
    answer(error, || {
        let icons = icons.optional("icons")?.map(|text| json::array(text, "icons")).transpose()?;
        config.required("config")?.inner.info.icons = icons.map(str::to_owned);
        Ok(())
    })
}

/// Says what a model should know to use the server; MCP_NONE for nothing.
#[unsafe(no_mangle)]
pub extern "C" fn mcp_config_set_instructions(
    config: Option<&mut mcp_config>,
    instructions: mcp_str,
    error: Option<&mut MaybeUninit<*mut mcp_error>>,
) -> mcp_status {
    answer(error, || {
        let instructions = instructions.optional("instructions")?.map(str::to_owned);
        config.required("config")?.inner.instructions = instructions;
        Ok(())
    })
}

/// Adds an HTTP endpoint. `address` is HOST:PORT with a numeric host or `localhost`; port 0 lets the system choose
/// one, which mcp_server_port() tells. `path` is that of the endpoint; MCP_NONE for /mcp.
/// Errors: MCP_ERR_INVALID_ARGUMENT.
#[unsafe(no_mangle)]
pub extern "C" fn mcp_config_listen_http(
    config: Option<&mut mcp_config>,
    address: mcp_str,
    path: mcp_str,
    error: Option<&mut MaybeUninit<*mut mcp_error>>,
) -> mcp_status {
    answer(error, || {
        let path = path.optional("path")?.unwrap_or("/mcp");
        Ok(config.required("config")?.inner.listen_http(address.required("address")?, path)?)
    })
}

/// Serves requests with that `Host` too, beside those for a loopback address. "*" serves all, which gives up the
/// protection against DNS rebinding.
#[unsafe(no_mangle)]
pub extern "C" fn mcp_config_allow_host(
    config: Option<&mut mcp_config>,
    host: mcp_str,
    error: Option<&mut MaybeUninit<*mut mcp_error>>,
) -> mcp_status {
    answer(error, || {
        let host = host.required("host")?.to_owned();
        config.required("config")?.inner.allowed_hosts.push(host);
        Ok(())
    })
}

/// Serves requests of web pages with that `Origin` too, beside those of a loopback address. "*" serves all.
#[unsafe(no_mangle)]
pub extern "C" fn mcp_config_allow_origin(
    config: Option<&mut mcp_config>,
    origin: mcp_str,
    error: Option<&mut MaybeUninit<*mut mcp_error>>,
) -> mcp_status {
    answer(error, || {
        let origin = origin.required("origin")?.to_owned();
        config.required("config")?.inner.allowed_origins.push(origin);
        Ok(())
    })
}

/// Sets the number of network threads; 0, the default, chooses: the cores of the machine, at most 4.
#[unsafe(no_mangle)]
pub extern "C" fn mcp_config_set_network_threads(
    config: Option<&mut mcp_config>,
    threads: u32,
    error: Option<&mut MaybeUninit<*mut mcp_error>>,
) -> mcp_status {
    answer(error, || {
        config.required("config")?.inner.network_threads = threads as usize;
        Ok(())
    })
}

/// Sets the 32 bytes of the key that seals what clients carry between two runs of a callback; random by default.
/// Nodes that serve the same clients share it.
/// Errors: MCP_ERR_INVALID_ARGUMENT for any other length.
#[unsafe(no_mangle)]
pub extern "C" fn mcp_config_set_request_state_key(
    config: Option<&mut mcp_config>,
    key: *const u8,
    len: usize,
    error: Option<&mut MaybeUninit<*mut mcp_error>>,
) -> mcp_status {
    answer(error, || {
        let key = <[u8; 32]>::try_from(bytes(key, len, "key")?).map_err(|_| {
            Failure::new(MCP_ERR_INVALID_ARGUMENT, format!("the key has 32 bytes, not {len}"))
        })?;
        config.required("config")?.inner.request_state_key = Some(key);
        Ok(())
    })
}

/// Lets clients keep lists (tools, resources, prompts) for that long; 0, the default, for not at all. `is_public`:
/// the lists are the same for every caller, so that caches may share them.
#[unsafe(no_mangle)]
pub extern "C" fn mcp_config_set_list_cache(
    config: Option<&mut mcp_config>,
    ttl_ms: u64,
    is_public: bool,
    error: Option<&mut MaybeUninit<*mut mcp_error>>,
) -> mcp_status {
    answer(error, || {
        config.required("config")?.inner.list_cache =
            CacheHint { ttl: Duration::from_millis(ttl_ms), public: is_public };
        Ok(())
    })
}

/// Advertises an extension of the protocol with its settings, a JSON object; MCP_NONE for an empty one.
/// Errors: MCP_ERR_INVALID_JSON.
#[unsafe(no_mangle)]
pub extern "C" fn mcp_config_add_extension(
    config: Option<&mut mcp_config>,
    name: mcp_str,
    settings: mcp_str,
    error: Option<&mut MaybeUninit<*mut mcp_error>>,
) -> mcp_status {
    answer(error, || {
        let name = name.required("name")?.to_owned();
        let settings = json::object(settings.optional("settings")?.unwrap_or("{}"), "settings")?.to_owned();
        config.required("config")?.inner.extensions.push((name, settings));
        Ok(())
    })
}

/// Says whether clients are told that calls may log to them; true by default.
#[unsafe(no_mangle)]
pub extern "C" fn mcp_config_set_logging(
    config: Option<&mut mcp_config>,
    enabled: bool,
    error: Option<&mut MaybeUninit<*mut mcp_error>>,
) -> mcp_status {
    answer(error, || {
        config.required("config")?.inner.logging = enabled;
        Ok(())
    })
}

/// Sets a limit by its name; the table of limits is below.
/// Errors: MCP_ERR_NOT_FOUND for an unknown name, MCP_ERR_INVALID_ARGUMENT below the smallest value it takes.
#[unsafe(no_mangle)]
pub extern "C" fn mcp_config_set_limit(
    config: Option<&mut mcp_config>,
    name: mcp_str,
    value: u64,
    error: Option<&mut MaybeUninit<*mut mcp_error>>,
) -> mcp_status {
    answer(error, || Ok(config.required("config")?.inner.limits.set(name.required("name")?, value)?))
}

/// Gives the value of a limit by its name.
/// Errors: MCP_ERR_NOT_FOUND.
#[unsafe(no_mangle)]
pub extern "C" fn mcp_config_limit(
    config: Option<&mcp_config>,
    name: mcp_str,
    out: Option<&mut MaybeUninit<u64>>,
    error: Option<&mut MaybeUninit<*mut mcp_error>>,
) -> mcp_status {
    answer(error, || {
        let (name, out) = (name.required("name")?, out.required("out")?);
        let value = config.required("config")?.inner.limits.get(name);
        let value = value
            .ok_or_else(|| Failure::new(MCP_ERR_NOT_FOUND, format!("there is no limit named {name:?}")))?;
        out.write(value);
        Ok(())
    })
}

/// The number of limits there are. This and the next four: any thread.
#[unsafe(no_mangle)]
pub extern "C" fn mcp_limit_count() -> usize {
    Limits::TABLE.len()
}

/// The name of the limit at `index`; MCP_NONE past the end. Lives forever.
#[unsafe(no_mangle)]
pub extern "C" fn mcp_limit_name(index: usize) -> mcp_str {
    mcp_str::of_option(Limits::TABLE.get(index).map(|row| row.name))
}

/// What the limit at `index` bounds, with the unit; MCP_NONE past the end. Lives forever.
#[unsafe(no_mangle)]
pub extern "C" fn mcp_limit_about(index: usize) -> mcp_str {
    mcp_str::of_option(Limits::TABLE.get(index).map(|row| row.about.trim()))
}

/// The value of the limit at `index` when nobody sets it; 0 past the end.
#[unsafe(no_mangle)]
pub extern "C" fn mcp_limit_default(index: usize) -> u64 {
    Limits::TABLE.get(index).map_or(0, |row| row.default)
}

/// The smallest value that the limit at `index` takes; 0 past the end.
#[unsafe(no_mangle)]
pub extern "C" fn mcp_limit_min(index: usize) -> u64 {
    Limits::TABLE.get(index).map_or(0, |row| row.min)
}
