//! A blocking HTTP/1.1 client on one socket, with chunked bodies and server-sent events.

use std::{
    io::{BufRead, BufReader, ErrorKind, Read, Write},
    net::{SocketAddr, TcpStream},
};

use super::HANG;

/// How the body of a response is framed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Framing {
    Length(usize),
    Chunked,
}

/// The line and the fields of a response.
#[derive(Debug)]
pub(crate) struct Head {
    pub(crate) status: u16,
    fields: Vec<(String, String)>,
}

impl Head {
    pub(crate) fn field(&self, name: &str) -> Option<&str> {
        self.fields.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    pub(crate) fn is_stream(&self) -> bool {
        self.field("content-type") == Some("text/event-stream")
    }

    fn framing(&self) -> Framing {
        match self.field("content-length") {
            Some(length) => Framing::Length(length.parse().expect("a length")),
            None if self.field("transfer-encoding") == Some("chunked") => Framing::Chunked,
            None => Framing::Length(0),
        }
    }
}

pub(crate) struct Connection {
    reader: BufReader<TcpStream>,
}

impl Connection {
    pub(crate) fn open(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).expect("a connection");
        stream.set_nodelay(true).expect("nodelay");
        stream.set_read_timeout(Some(HANG)).expect("a timeout");
        stream.set_write_timeout(Some(HANG)).expect("a timeout");
        Self { reader: BufReader::new(stream) }
    }

    pub(crate) fn socket(&self) -> &TcpStream {
        self.reader.get_ref()
    }

    pub(crate) fn write(&mut self, bytes: &[u8]) {
        self.reader.get_mut().write_all(bytes).expect("written");
    }

    pub(crate) fn send(&mut self, method: &str, fields: &[(&str, &str)], body: Option<&str>) {
        let mut out = format!("{method} /mcp HTTP/1.1\r\nhost: localhost\r\n");
        for (name, value) in fields {
            out.push_str(&format!("{name}: {value}\r\n"));
        }
        if let Some(body) = body {
            out.push_str("content-type: application/json\r\n");
            out.push_str("accept: application/json, text/event-stream\r\n");
            out.push_str(&format!("content-length: {}\r\n", body.len()));
        }
        out.push_str("\r\n");
        out.push_str(body.unwrap_or_default());
        self.write(out.as_bytes());
    }

    fn line(&mut self) -> Option<String> {
        let mut line = String::new();
        match self.reader.read_line(&mut line) {
            Ok(0) => None,
            Ok(_) => Some(line.trim_end_matches(['\r', '\n']).to_owned()),
            Err(error) if is_closed(error.kind()) => None,
            Err(error) => panic!("the server said nothing in time: {error}"),
        }
    }

    /// The head of the next response; nothing when the server closed instead.
    pub(crate) fn try_head(&mut self) -> Option<Head> {
        let status = self.line()?;
        let status = status.split(' ').nth(1).expect("a status line").parse().expect("a status");
        let mut fields = Vec::new();
        loop {
            let line = self.line()?;
            match line.split_once(": ") {
                Some((name, value)) => fields.push((name.to_owned(), value.to_owned())),
                None => break,
            }
        }
        Some(Head { status, fields })
    }

    pub(crate) fn head(&mut self) -> Head {
        self.try_head().expect("a response, not the end of the connection")
    }

    /// The whole body that belongs to a head.
    pub(crate) fn body(&mut self, head: &Head) -> String {
        let mut body = Vec::new();
        match head.framing() {
            Framing::Length(length) => {
                body.resize(length, 0);
                self.reader.read_exact(&mut body).expect("a whole body");
            }
            Framing::Chunked => {
                while let Some(chunk) = self.chunk() {
                    body.extend_from_slice(&chunk);
                }
            }
        }
        String::from_utf8(body).expect("text")
    }

    /// The next chunk; nothing at the end of the body or of the connection.
    fn chunk(&mut self) -> Option<Vec<u8>> {
        let size = usize::from_str_radix(&self.line()?, 16).expect("the size of a chunk");
        let mut chunk = vec![0; size + 2];
        self.reader.read_exact(&mut chunk).ok()?;
        chunk.truncate(size);
        (size > 0).then_some(chunk)
    }

    /// Whether the server closes, with nothing more said.
    pub(crate) fn is_closed(&mut self) -> bool {
        match self.reader.fill_buf() {
            Ok(bytes) => bytes.is_empty(),
            Err(error) => is_closed(error.kind()),
        }
    }

    /// The events of the body that belongs to a head.
    pub(crate) fn into_events(self, head: &Head) -> Events {
        assert!(head.is_stream(), "no stream: {head:?}");
        Events { connection: self, pending: String::new(), over: head.framing() == Framing::Length(0) }
    }
}

fn is_closed(kind: ErrorKind) -> bool {
    matches!(kind, ErrorKind::ConnectionReset | ErrorKind::ConnectionAborted | ErrorKind::BrokenPipe)
}

/// One server-sent event.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Event {
    pub(crate) id: Option<String>,
    pub(crate) retry: Option<u64>,
    pub(crate) data: Option<String>,
    pub(crate) comment: bool,
}

impl Event {
    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_str(self.data.as_deref().unwrap_or("null")).expect("JSON in an event")
    }

    fn is_message(&self) -> bool {
        self.data.as_deref().is_some_and(|data| !data.is_empty())
    }
}

/// The events of a chunked body.
pub(crate) struct Events {
    pub(crate) connection: Connection,
    pending: String,
    over: bool,
}

impl Events {
    /// The next event of any kind, comments and empty ones as well; nothing at the end.
    pub(crate) fn raw(&mut self) -> Option<Event> {
        loop {
            if let Some((event, rest)) = self.pending.split_once("\n\n") {
                let event = parse(event);
                self.pending = rest.to_owned();
                return Some(event);
            }
            if self.over {
                return None;
            }
            match self.connection.chunk() {
                Some(chunk) => self.pending.push_str(std::str::from_utf8(&chunk).expect("text")),
                None => self.over = true,
            }
        }
    }

    /// The next event that carries a message.
    pub(crate) fn next(&mut self) -> Option<Event> {
        std::iter::from_fn(|| self.raw()).find(Event::is_message)
    }

    /// The next message.
    pub(crate) fn message(&mut self) -> serde_json::Value {
        self.next().expect("a message, not the end of the stream").json()
    }

    /// All messages up to the end.
    pub(crate) fn rest(&mut self) -> Vec<serde_json::Value> {
        std::iter::from_fn(|| self.next()).map(|event| event.json()).collect()
    }
}

fn parse(text: &str) -> Event {
    let mut event = Event::default();
    for line in text.lines() {
        match line.split_once(':') {
            Some(("id", value)) => event.id = Some(value.trim_start().to_owned()),
            Some(("retry", value)) => event.retry = value.trim_start().parse().ok(),
            Some(("data", value)) => event.data = Some(value.trim_start().to_owned()),
            Some(("", _)) => event.comment = true,
            _ => panic!("a line that no event has: {line:?}"),
        }
    }
    event
}
