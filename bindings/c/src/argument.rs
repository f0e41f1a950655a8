//! Arguments
//!
//! Reads single arguments, so that an ordinary callback parses no JSON. `out` is set only when the argument is
//! there and fits.
//! Errors: MCP_ERR_NOT_FOUND when it is absent or null; MCP_ERR_INVALID_ARGUMENT when it is of another type, with
//! a message that names it and can be shown to the model.

use std::{borrow::Cow, mem::MaybeUninit};

use crate::{
    error::{Failure, answer, mcp_status},
    handle::{Required, mcp_call, mcp_error},
    json::{Members, Value},
    slab,
    str::mcp_str,
};

/// Reads an argument of a call that the host holds.
fn argument<T>(
    call: *mut mcp_call,
    name: &str,
    read: impl FnOnce(&Value<'_>) -> Result<T, Failure>,
) -> Result<T, Failure> {
    slab::with(call, |held| {
        let text = held.call.arguments();
        let members = match &mut held.borrowed.arguments {
            Some(members) => members,
            none => none.insert(Members::of(text, "the arguments")?),
        };
        read(&members.get(text, name)?)
    })
}

/// Reads a member of an object that the host passed, on behalf of a call.
fn member<T>(
    call: *mut mcp_call,
    object: &mcp_str,
    name: mcp_str,
    read: impl FnOnce(&Value<'_>) -> Result<T, Failure>,
) -> Result<T, Failure> {
    slab::with(call, |_| Ok(()))?;
    let text = object.required("object")?;
    read(&Members::of(text, "object")?.get(text, name.required("name")?)?)
}

/// Gives out a string: where it stands, or kept with the call where it had to be decoded.
fn give(call: *mut mcp_call, text: Text) -> Result<mcp_str, Failure> {
    match text {
        Text::Stands(text) => Ok(text),
        Text::Decoded(text) => slab::with(call, |held| Ok(held.borrowed.keep(&text))),
    }
}

enum Text {
    Stands(mcp_str),
    Decoded(String),
}

fn read_text(value: &Value<'_>) -> Result<Text, Failure> {
    Ok(match value.as_str()? {
        Cow::Borrowed(text) => Text::Stands(mcp_str::of(text)),
        Cow::Owned(text) => Text::Decoded(text),
    })
}

/// Gives an argument that is a string. It lives until the call ends.
#[unsafe(no_mangle)]
pub extern "C" fn mcp_call_arg_str(
    call: *mut mcp_call,
    name: mcp_str,
    out: Option<&mut MaybeUninit<mcp_str>>,
    error: Option<&mut MaybeUninit<*mut mcp_error>>,
) -> mcp_status {
    answer(error, || {
        let out = out.required("out")?;
        let text = argument(call, name.required("name")?, read_text)?;
        out.write(give(call, text)?);
        Ok(())
    })
}

/// Gives an argument that is an integer; 3.0 is one too.
#[unsafe(no_mangle)]
pub extern "C" fn mcp_call_arg_i64(
    call: *mut mcp_call,
    name: mcp_str,
    out: Option<&mut MaybeUninit<i64>>,
    error: Option<&mut MaybeUninit<*mut mcp_error>>,
) -> mcp_status {
    answer(error, || {
        out.required("out")?.write(argument(call, name.required("name")?, |value| value.as_i64())?);
        Ok(())
    })
}

/// Gives an argument that is a number.
#[unsafe(no_mangle)]
pub extern "C" fn mcp_call_arg_f64(
    call: *mut mcp_call,
    name: mcp_str,
    out: Option<&mut MaybeUninit<f64>>,
    error: Option<&mut MaybeUninit<*mut mcp_error>>,
) -> mcp_status {
    answer(error, || {
        out.required("out")?.write(argument(call, name.required("name")?, |value| value.as_f64())?);
        Ok(())
    })
}

/// Gives an argument that is true or false.
#[unsafe(no_mangle)]
pub extern "C" fn mcp_call_arg_bool(
    call: *mut mcp_call,
    name: mcp_str,
    out: Option<&mut MaybeUninit<bool>>,
    error: Option<&mut MaybeUninit<*mut mcp_error>>,
) -> mcp_status {
    answer(error, || {
        out.required("out")?.write(argument(call, name.required("name")?, |value| value.as_bool())?);
        Ok(())
    })
}

/// Gives an argument of any type as JSON text. It lives until the call ends.
#[unsafe(no_mangle)]
pub extern "C" fn mcp_call_arg_json(
    call: *mut mcp_call,
    name: mcp_str,
    out: Option<&mut MaybeUninit<mcp_str>>,
    error: Option<&mut MaybeUninit<*mut mcp_error>>,
) -> mcp_status {
    answer(error, || {
        out.required("out")?
            .write(argument(call, name.required("name")?, |value| Ok(mcp_str::of(value.raw)))?);
        Ok(())
    })
}

/// Gives a member of `object` that is a string. `object` is the JSON text of an object: an argument that is one,
/// what the user filled in, `_meta`. The string lives until the call ends, and no longer than `object`.
/// Errors of all five: as for arguments, and MCP_ERR_INVALID_JSON when `object` is none.
#[unsafe(no_mangle)]
pub extern "C" fn mcp_call_member_str(
    call: *mut mcp_call,
    object: mcp_str,
    name: mcp_str,
    out: Option<&mut MaybeUninit<mcp_str>>,
    error: Option<&mut MaybeUninit<*mut mcp_error>>,
) -> mcp_status {
    answer(error, || {
        let out = out.required("out")?;
        let text = member(call, &object, name, read_text)?;
        out.write(give(call, text)?);
        Ok(())
    })
}

/// Gives a member of `object` that is an integer.
#[unsafe(no_mangle)]
pub extern "C" fn mcp_call_member_i64(
    call: *mut mcp_call,
    object: mcp_str,
    name: mcp_str,
    out: Option<&mut MaybeUninit<i64>>,
    error: Option<&mut MaybeUninit<*mut mcp_error>>,
) -> mcp_status {
    answer(error, || {
        out.required("out")?.write(member(call, &object, name, |value| value.as_i64())?);
        Ok(())
    })
}

/// Gives a member of `object` that is a number.
#[unsafe(no_mangle)]
pub extern "C" fn mcp_call_member_f64(
    call: *mut mcp_call,
    object: mcp_str,
    name: mcp_str,
    out: Option<&mut MaybeUninit<f64>>,
    error: Option<&mut MaybeUninit<*mut mcp_error>>,
) -> mcp_status {
    answer(error, || {
        out.required("out")?.write(member(call, &object, name, |value| value.as_f64())?);
        Ok(())
    })
}

/// Gives a member of `object` that is true or false.
#[unsafe(no_mangle)]
pub extern "C" fn mcp_call_member_bool(
    call: *mut mcp_call,
    object: mcp_str,
    name: mcp_str,
    out: Option<&mut MaybeUninit<bool>>,
    error: Option<&mut MaybeUninit<*mut mcp_error>>,
) -> mcp_status {
    answer(error, || {
        out.required("out")?.write(member(call, &object, name, |value| value.as_bool())?);
        Ok(())
    })
}

/// Gives a member of `object` as JSON text. It lives as long as `object`.
#[unsafe(no_mangle)]
pub extern "C" fn mcp_call_member_json(
    call: *mut mcp_call,
    object: mcp_str,
    name: mcp_str,
    out: Option<&mut MaybeUninit<mcp_str>>,
    error: Option<&mut MaybeUninit<*mut mcp_error>>,
) -> mcp_status {
    answer(error, || {
        out.required("out")?.write(member(call, &object, name, |value| Ok(mcp_str::of(value.raw)))?);
        Ok(())
    })
}
