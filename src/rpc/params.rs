//! The members of a message, read in one pass into the place where they stay, borrowing from the bytes they came in.
//!
//! The parameters of all MCP methods are one struct: reading them at once, rather than as a raw value that is
//! read again, is what keeps a call close to the cost of its bytes. It is a large one, so it is filled where it
//! stands; what a derived reader returns is moved a dozen times.

use std::{borrow::Cow, fmt};

use serde::{
    Deserialize, Deserializer,
    de::{self, DeserializeSeed, IgnoredAny, MapAccess, Visitor},
};
use serde_json::value::RawValue;

/// A string that is borrowed unless it holds escapes. (`Option<Cow<str>>` would always be copied by serde.)
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Str<'a>(pub(crate) Cow<'a, str>);

impl std::ops::Deref for Str<'_> {
    type Target = str;
    fn deref(&self) -> &str {
        &self.0
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Str<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;
        impl<'de> Visitor<'de> for Text {
            type Value = Str<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string")
            }
            fn visit_borrowed_str<E: de::Error>(self, v: &'de str) -> Result<Self::Value, E> {
                Ok(Str(Cow::Borrowed(v)))
            }
            fn visit_str<E: de::Error>(self, v: &str) -> Result<Self::Value, E> {
                Ok(Str(Cow::Owned(v.to_owned())))
            }
        }
        deserializer.deserialize_str(Text)
    }
}

/// A struct that is filled where it stands.
trait Members<'de>: Default {
    fn read<M: MapAccess<'de>>(&mut self, map: M) -> Result<(), M::Error>;
}

/// Reads an object, or `null`, into an empty place.
struct Into<'s, T>(&'s mut Option<T>);

impl<'de, T: Members<'de>> Visitor<'de> for Into<'_, T> {
    type Value = ();
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }
    fn visit_map<M: MapAccess<'de>>(self, map: M) -> Result<(), M::Error> {
        self.0.insert(T::default()).read(map)
    }
    fn visit_unit<E: de::Error>(self) -> Result<(), E> {
        Ok(())
    }
}

impl<'de, T: Members<'de>> DeserializeSeed<'de> for Into<'_, T> {
    type Value = ();
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

/// Ways to read a member. Each refuses one that is there twice.
struct Member<'m, M> {
    map: &'m mut M,
    name: &'static str,
}

impl<'de, M: MapAccess<'de>> Member<'_, M> {
    fn once<T>(&self, slot: &Option<T>) -> Result<(), M::Error> {
        if slot.is_some() { Err(de::Error::duplicate_field(self.name)) } else { Ok(()) }
    }

    /// A string, or `null` for none.
    fn text(self, slot: &mut Option<Str<'de>>) -> Result<(), M::Error> {
        self.once(slot)?;
        *slot = self.map.next_value()?;
        Ok(())
    }

    /// Any value, or `null` for none.
    fn raw(self, slot: &mut Option<&'de RawValue>) -> Result<(), M::Error> {
        self.once(slot)?;
        *slot = self.map.next_value()?;
        Ok(())
    }

    /// Any value, `null` among them.
    fn any(self, slot: &mut Option<&'de RawValue>) -> Result<(), M::Error> {
        self.once(slot)?;
        *slot = Some(self.map.next_value()?);
        Ok(())
    }

    /// An object, or `null` for none.
    fn object<T: Members<'de>>(self, slot: &mut Option<T>) -> Result<(), M::Error> {
        self.once(slot)?;
        self.map.next_value_seed(Into(slot))
    }
}

macro_rules! members {
    ($(#[doc = $doc:literal])+ $visibility:vis $name:ident { $($field:ident: $type:ty = $key:literal as $read:ident,)+ }) => {
        $(#[doc = $doc])+
        #[derive(Debug, Default)]
        $visibility struct $name<'a> { $(pub(crate) $field: $type,)+ }

        impl<'de> Members<'de> for $name<'de> {
            fn read<M: MapAccess<'de>>(&mut self, mut map: M) -> Result<(), M::Error> {
                while let Some(key) = map.next_key::<Str<'de>>()? {
                    match &*key {
                        $($key => Member { map: &mut map, name: $key }.$read(&mut self.$field)?,)+
                        _ => drop(map.next_value::<IgnoredAny>()?),
                    }
                }
                Ok(())
            }
        }
    };
}

members! {
    /// A message, whatever it is.
    pub(super) Envelope {
        jsonrpc: Option<Str<'a>> = "jsonrpc" as text,
        id: Option<&'a RawValue> = "id" as any,
        method: Option<Str<'a>> = "method" as text,
        params: Option<Params<'a>> = "params" as object,
        result: Option<&'a RawValue> = "result" as any,
        error: Option<&'a RawValue> = "error" as any,
    }
}

members! {
    /// The parameters of every method. Members of the wrong type are refused, unknown ones are passed over.
    pub(crate) Params {
        name: Option<Str<'a>> = "name" as text,
        uri: Option<Str<'a>> = "uri" as text,
        arguments: Option<&'a RawValue> = "arguments" as raw,
        cursor: Option<Str<'a>> = "cursor" as text,
        level: Option<Str<'a>> = "level" as text,
        reference: Option<&'a RawValue> = "ref" as raw,
        argument: Option<&'a RawValue> = "argument" as raw,
        notifications: Option<&'a RawValue> = "notifications" as raw,
        protocol_version: Option<Str<'a>> = "protocolVersion" as text,
        capabilities: Option<&'a RawValue> = "capabilities" as raw,
        client_info: Option<&'a RawValue> = "clientInfo" as raw,
        request_id: Option<&'a RawValue> = "requestId" as raw,
        reason: Option<Str<'a>> = "reason" as text,
        input_responses: Option<&'a RawValue> = "inputResponses" as raw,
        request_state: Option<Str<'a>> = "requestState" as text,
        meta: Option<RequestMeta<'a>> = "_meta" as object,
    }
}

members! {
    /// The members of `_meta` that the protocol reserves.
    pub(crate) RequestMeta {
        protocol_version: Option<Str<'a>> = "io.modelcontextprotocol/protocolVersion" as text,
        client_info: Option<&'a RawValue> = "io.modelcontextprotocol/clientInfo" as raw,
        client_capabilities: Option<&'a RawValue> = "io.modelcontextprotocol/clientCapabilities" as raw,
        log_level: Option<Str<'a>> = "io.modelcontextprotocol/logLevel" as text,
        progress_token: Option<&'a RawValue> = "progressToken" as raw,
    }
}

/// An empty place for a message, and then the message.
#[derive(Debug, Default)]
pub(crate) struct Slot<'a>(Option<Envelope<'a>>);

impl<'a> Slot<'a> {
    /// Reads a message, an object, into this empty place.
    pub(super) fn fill(&mut self, text: &'a str) -> serde_json::Result<&mut Envelope<'a>> {
        let mut deserializer = serde_json::Deserializer::from_str(text);
        Into(&mut self.0).deserialize(&mut deserializer)?;
        deserializer.end()?;
        Ok(self.0.get_or_insert_default())
    }
}

/// Reads parameters alone, to see what is wrong with them.
pub(super) fn read_params(text: &str) -> serde_json::Result<()> {
    Into::<Params<'_>>(&mut None).deserialize(&mut serde_json::Deserializer::from_str(text))
}
