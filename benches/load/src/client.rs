//! An MCP client on one connection: the handshake of its era, checked calls, and the switch to an event stream.

use std::io;

use crate::{
    http::{Conn, Head, Kind},
    reply,
    target::{Era, Target},
    work::{self, Work},
};

pub struct Client {
    pub conn: Conn,
    pub session: Option<String>,
}

impl Client {
    /// Connects, and does the legacy handshake where the era has one.
    pub async fn ready(target: &Target) -> Result<Self, String> {
        let conn = Conn::open(target.addr).await.map_err(|e| format!("connect: {e}"))?;
        let mut client = Self { conn, session: None };
        if target.era == Era::Legacy {
            client.initialize(target).await?;
        }
        Ok(client)
    }

    async fn initialize(&mut self, target: &Target) -> Result<(), String> {
        let mut out = String::new();
        let mut body = Vec::new();
        target.post(&mut out, None, "initialize", None, &work::initialize());
        let mut head = self.exchange(&out, &mut body).await.map_err(|e| format!("initialize: {e}"))?;
        if head.status != 200 {
            let text = reply::clip(&String::from_utf8_lossy(&body));
            return Err(format!("initialize: status {}: {text}", head.status));
        }
        self.session = head.session.take();
        target.post(&mut out, self.session.as_deref(), "notifications/initialized", None, work::INITIALIZED);
        let head = self.exchange(&out, &mut body).await.map_err(|e| format!("initialized: {e}"))?;
        match head.status {
            200..=299 => Ok(()),
            status => Err(format!("initialized: status {status}")),
        }
    }

    /// Writes the request for `work` into `out`.
    pub fn request(&self, target: &Target, work: &Work, id: u64, out: &mut String) {
        let body = work.body(target.era, id);
        target.post(out, self.session.as_deref(), work.method(), work.tool(), &body);
    }

    /// Sends one call and checks the answer.
    pub async fn call(&mut self, target: &Target, work: &Work, id: u64) -> Result<(), String> {
        let mut out = String::new();
        let mut body = Vec::new();
        self.request(target, work, id, &mut out);
        let head = self.exchange(&out, &mut body).await.map_err(|e| e.to_string())?;
        reply::check_http(&head, &body, work, id)
    }

    pub async fn exchange(&mut self, request: &str, body: &mut Vec<u8>) -> io::Result<Head> {
        self.conn.send(request.as_bytes()).await?;
        let mut head = self.conn.head().await?;
        body.clear();
        self.conn.body(&mut head, body).await?;
        Ok(head)
    }

    /// The server's count of its own tasks, where it tells.
    pub async fn alive_tasks(&mut self, target: &Target) -> Option<u64> {
        let mut out = String::new();
        let mut body = Vec::new();
        self.request(target, &Work::Named("runtime_metrics"), 1, &mut out);
        let head = self.exchange(&out, &mut body).await.ok()?;
        reply::alive_tasks(&head, &body)
    }

    /// Turns this connection into a long-lived event stream.
    pub async fn stream(&mut self, target: &Target, id: u64) -> Result<Head, String> {
        let mut out = String::new();
        match target.era {
            Era::Modern => target.post(&mut out, None, "subscriptions/listen", None, &work::listen(id)),
            Era::Legacy => out = target.get_stream(self.session.as_deref()),
        }
        self.conn.send(out.as_bytes()).await.map_err(|e| format!("stream: {e}"))?;
        let mut head = self.conn.head().await.map_err(|e| format!("stream: {e}"))?;
        if head.status == 200 && head.kind == Kind::Sse {
            return Ok(head);
        }
        let mut body = Vec::new();
        if head.kind != Kind::Sse {
            let _ = self.conn.body(&mut head, &mut body).await;
        }
        let text = reply::clip(&String::from_utf8_lossy(&body));
        Err(format!("stream: status {}, {:?}: {text}", head.status, head.kind))
    }
}
