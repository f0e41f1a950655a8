//! Pushing to clients: to one with an exact error, or to all that want it.

use std::sync::Arc;

use super::{
    Client, ClientId, Clients, DisconnectReason, Event, List, Listen, Notification, Session, lock,
    no_such_client, notification::Merge,
};
use crate::{
    error::{Error, Kind, Result},
    observe::Metrics,
    protocol::json_object,
};

impl Clients {
    /// Sends one notification to one client.
    pub(crate) fn notify(&self, client: ClientId, method: &str, params: Option<&str>) -> Result<()> {
        let notification = Arc::new(parse(method, params)?);
        let found = lock(self.shard(client)).get(&client.0).cloned();
        match found {
            Some(client) => self.push(&client, &notification),
            None => Err(no_such_client(client)),
        }
    }

    /// Sends one notification to all clients that may get it. Gives how many.
    pub(crate) fn notify_all(&self, method: &str, params: Option<&str>) -> Result<usize> {
        Ok(self.broadcast(parse(method, params)?))
    }

    pub(crate) fn list_changed(&self, list: List) -> usize {
        self.broadcast(Notification::list_changed(list))
    }

    pub(crate) fn resource_updated(&self, uri: &str) -> usize {
        self.broadcast(Notification::resource_updated(uri))
    }

    fn broadcast(&self, notification: Notification) -> usize {
        let notification = Arc::new(notification);
        let mut delivered = 0;
        for shard in &self.clients {
            // Taken out of the lock first: a client that is dropped changes the table.
            let clients: Vec<Client> = lock(shard).values().cloned().collect();
            delivered += clients.iter().filter(|client| self.push(client, &notification).is_ok()).count();
        }
        delivered
    }

    fn push(&self, client: &Client, notification: &Arc<Notification>) -> Result<()> {
        let stream = match client {
            Client::Session(session) => {
                admit_to_session(session, notification)?;
                &session.standalone
            }
            Client::Listen(listen) => {
                admit_to_listen(listen, notification)?;
                &listen.stream
            }
        };
        match stream.push(Event::Shared(Arc::clone(notification))) {
            Ok(merged) => {
                Metrics::add(if merged {
                    &self.metrics.notifications_merged
                } else {
                    &self.metrics.notifications_queued
                });
                Ok(())
            }
            Err(error) => {
                // One that reads and does not keep up is dropped; one that is away may come back for what waits.
                if error.kind() == Kind::OutboxFull && stream.is_read() {
                    self.drop_slow(client);
                }
                Err(error)
            }
        }
    }

    fn drop_slow(&self, client: &Client) {
        Metrics::add(&self.metrics.clients_evicted);
        match client {
            Client::Session(session) => {
                session.standalone.overflow();
                self.end_session(session, DisconnectReason::TooSlow);
            }
            Client::Listen(listen) => {
                listen.stream.overflow();
                self.end_listen(listen, DisconnectReason::TooSlow);
            }
        }
    }
}

fn admit_to_session(session: &Session, notification: &Notification) -> Result<()> {
    if !session.is_ready() {
        return Err(Error::new(
            Kind::NotInitialized,
            "the client has not sent notifications/initialized yet",
        ));
    }
    if let Merge::Resource(uri) = &notification.merge
        && !session.is_subscribed(uri)
    {
        return Err(Error::new(Kind::NotSubscribed, format!("the client did not subscribe to {uri}")));
    }
    if !session.standalone.can_receive() {
        return Err(Error::new(Kind::NoStream, "the client has no GET stream open to push on"));
    }
    Ok(())
}

fn admit_to_listen(listen: &Listen, notification: &Notification) -> Result<()> {
    if listen.filter.wants(notification) {
        return Ok(());
    }
    Err(Error::new(
        Kind::NotSubscribed,
        "the client's subscriptions/listen did not ask for this notification",
    ))
}

/// A notification of the host's, recognised where the protocol gives it a meaning.
fn parse(method: &str, params: Option<&str>) -> Result<Notification> {
    let params = params.map(|json| json_object(json, "the params of a notification")).transpose()?;
    if method.is_empty() {
        return Err(Error::new(
            Kind::InvalidArgument,
            "a notification needs a method, such as notifications/message",
        ));
    }
    let merge = [List::Tools, List::Resources, List::Prompts]
        .into_iter()
        .find(|list| list.method() == method)
        .map_or_else(|| resource(method, params.as_deref()), |list| Ok(Merge::List(list)))?;
    Ok(Notification::new(method, params.as_deref(), merge))
}

fn resource(method: &str, params: Option<&str>) -> Result<Merge> {
    #[derive(serde::Deserialize)]
    struct Updated {
        uri: Box<str>,
    }
    if method != "notifications/resources/updated" {
        return Ok(Merge::No);
    }
    let updated: Option<Updated> = params.and_then(|params| serde_json::from_str(params).ok());
    match updated {
        Some(updated) => Ok(Merge::Resource(updated.uri)),
        None => Err(Error::new(
            Kind::InvalidArgument,
            "notifications/resources/updated needs the params {\"uri\": …}",
        )),
    }
}
