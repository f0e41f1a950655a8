//! A client as the host sees it, and its coming and going.

use crate::{
    call::{ClientId, Principal},
    protocol::Revision,
};

/// What kind of client it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClientKind {
    /// A session of a revision up to 2025-11-25.
    Session,
    /// A `subscriptions/listen` stream (2026-07-28).
    Listen,
}

/// Why a client is gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DisconnectReason {
    /// The client ended its session or closed its stream.
    Closed,
    /// Its session was idle for too long.
    Idle,
    /// It made room for another at the limit of sessions.
    Evicted,
    /// It did not keep up with what was sent.
    TooSlow,
    /// The host closed it.
    Host,
    /// The server stops.
    Stopping,
}

/// Whether a client came or went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClientChange {
    /// It can be pushed to from now on.
    Connected,
    /// It is gone, and its number will not be used again.
    Disconnected(DisconnectReason),
}

/// A client that came or went.
#[derive(Clone, Copy, Debug)]
pub struct ClientEvent {
    /// Its number.
    pub client: ClientId,
    /// What kind it is.
    pub kind: ClientKind,
    /// Whether it came or went.
    pub change: ClientChange,
}

/// A client as the host sees it.
#[derive(Clone, Debug)]
pub struct ClientInfo {
    /// Its number.
    pub client: ClientId,
    /// What kind it is.
    pub kind: ClientKind,
    /// The revision that it speaks.
    pub revision: Revision,
    /// Its `Implementation` as JSON text, where it gave one. Self-reported.
    pub info: Option<String>,
    /// Who it is, where the server checks that.
    pub principal: Option<Principal>,
}
