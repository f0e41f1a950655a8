//! A small HTTP/1.1 client: one socket, one request at a time. It is kept cheaper than any server under test, so that
//! the client is not the limit.

use std::{io, net::SocketAddr, ops::ControlFlow};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Json,
    Sse,
    Other,
}

#[derive(Debug)]
pub struct Head {
    pub status: u16,
    pub kind: Kind,
    pub close: bool,
    pub session: Option<String>,
    body: Body,
}

/// What is left of a response body.
#[derive(Debug)]
enum Body {
    Length(usize),
    Chunked(Chunk),
    UntilClose,
    Done,
}

/// Where in the chunked encoding the next byte is.
#[derive(Debug)]
enum Chunk {
    Size,
    Data(usize),
    Crlf,
    Trailer,
}

pub struct Conn {
    socket: TcpStream,
    buf: Vec<u8>,
    pos: usize,
}

fn bad(what: impl Into<String>) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what.into())
}

impl Conn {
    pub async fn open(addr: SocketAddr) -> io::Result<Self> {
        let socket = TcpStream::connect(addr).await?;
        socket.set_nodelay(true)?;
        Ok(Self { socket, buf: Vec::new(), pos: 0 })
    }

    pub async fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.socket.write_all(bytes).await
    }

    async fn fill(&mut self) -> io::Result<()> {
        if self.pos == self.buf.len() {
            self.buf.clear();
            self.pos = 0;
        } else if self.pos > 64 * 1024 {
            self.buf.drain(..self.pos);
            self.pos = 0;
        }
        if self.buf.capacity() - self.buf.len() < 2048 {
            self.buf.reserve(4096.max(self.buf.len()));
        }
        match self.socket.read_buf(&mut self.buf).await? {
            0 => Err(io::ErrorKind::UnexpectedEof.into()),
            _ => Ok(()),
        }
    }

    pub async fn head(&mut self) -> io::Result<Head> {
        loop {
            match self.try_head()? {
                Some(head) if (100..200).contains(&head.status) => {}
                Some(head) => return Ok(head),
                None => self.fill().await?,
            }
        }
    }

    fn try_head(&mut self) -> io::Result<Option<Head>> {
        let mut fields = [httparse::EMPTY_HEADER; 48];
        let mut parsed = httparse::Response::new(&mut fields);
        let status = parsed.parse(&self.buf[self.pos..]).map_err(|e| bad(format!("response head: {e}")))?;
        let httparse::Status::Complete(used) = status else {
            return Ok(None);
        };
        let status = parsed.code.unwrap_or(0);
        let bodiless = status == 204 || status == 304 || status < 200;
        let body = if bodiless { Body::Done } else { Body::UntilClose };
        let mut head = Head { status, kind: Kind::Other, close: false, session: None, body };
        for field in parsed.headers.iter() {
            head.take(field.name, std::str::from_utf8(field.value).unwrap_or("").trim())?;
        }
        self.pos += used;
        Ok(Some(head))
    }

    /// Appends the next part of the body to `out`. False when it has ended.
    pub async fn part(&mut self, head: &mut Head, out: &mut Vec<u8>) -> io::Result<bool> {
        loop {
            if let ControlFlow::Break(more) = self.buffered(&mut head.body, out)? {
                return Ok(more);
            }
            match self.fill().await {
                Err(e)
                    if e.kind() == io::ErrorKind::UnexpectedEof && matches!(head.body, Body::UntilClose) =>
                {
                    head.body = Body::Done;
                    head.close = true;
                }
                filled => filled?,
            }
        }
    }

    pub async fn body(&mut self, head: &mut Head, out: &mut Vec<u8>) -> io::Result<()> {
        while self.part(head, out).await? {}
        Ok(())
    }

    /// Takes from the buffer what it has: `Break(true)` after some data, `Break(false)` at the end, else more is needed.
    fn buffered(&mut self, body: &mut Body, out: &mut Vec<u8>) -> io::Result<ControlFlow<bool>> {
        let state = match body {
            Body::Done => return Ok(ControlFlow::Break(false)),
            Body::UntilClose => {
                return Ok(self
                    .copy(usize::MAX, out)
                    .map_or(ControlFlow::Continue(()), |_| ControlFlow::Break(true)));
            }
            Body::Length(left) => {
                let Some(n) = self.copy(*left, out) else {
                    return Ok(ControlFlow::Continue(()));
                };
                *left -= n;
                if *left == 0 {
                    *body = Body::Done;
                }
                return Ok(ControlFlow::Break(true));
            }
            Body::Chunked(state) => state,
        };
        loop {
            match state {
                Chunk::Size => match self.line() {
                    None => return Ok(ControlFlow::Continue(())),
                    Some(line) => {
                        let digits = line.split(|b| *b == b';').next().unwrap_or_default();
                        let text = std::str::from_utf8(digits).map_err(|_| bad("chunk size"))?;
                        let size = usize::from_str_radix(text.trim(), 16).map_err(|_| bad("chunk size"))?;
                        *state = if size == 0 { Chunk::Trailer } else { Chunk::Data(size) };
                    }
                },
                Chunk::Data(left) => {
                    let Some(n) = self.copy(*left, out) else {
                        return Ok(ControlFlow::Continue(()));
                    };
                    *left -= n;
                    if *left == 0 {
                        *state = Chunk::Crlf;
                    }
                    return Ok(ControlFlow::Break(true));
                }
                Chunk::Crlf => match self.line() {
                    None => return Ok(ControlFlow::Continue(())),
                    Some(_) => *state = Chunk::Size,
                },
                Chunk::Trailer => match self.line() {
                    None => return Ok(ControlFlow::Continue(())),
                    Some([]) => {
                        *body = Body::Done;
                        return Ok(ControlFlow::Break(false));
                    }
                    Some(_) => {}
                },
            }
        }
    }

    fn copy(&mut self, limit: usize, out: &mut Vec<u8>) -> Option<usize> {
        let n = limit.min(self.buf.len() - self.pos);
        out.extend_from_slice(&self.buf[self.pos..self.pos + n]);
        self.pos += n;
        (n > 0).then_some(n)
    }

    fn line(&mut self) -> Option<&[u8]> {
        let data = &self.buf[self.pos..];
        let end = data.windows(2).position(|pair| pair == b"\r\n")?;
        self.pos += end + 2;
        Some(&data[..end])
    }
}

impl Head {
    fn take(&mut self, name: &str, value: &str) -> io::Result<()> {
        if name.eq_ignore_ascii_case("content-length") {
            let n = value.parse().map_err(|_| bad(format!("content-length {value}")))?;
            self.body = if n == 0 { Body::Done } else { Body::Length(n) };
        } else if name.eq_ignore_ascii_case("transfer-encoding") {
            if value.eq_ignore_ascii_case("chunked") {
                self.body = Body::Chunked(Chunk::Size);
            }
        } else if name.eq_ignore_ascii_case("content-type") {
            self.kind = match value {
                v if v.starts_with("application/json") => Kind::Json,
                v if v.starts_with("text/event-stream") => Kind::Sse,
                _ => Kind::Other,
            };
        } else if name.eq_ignore_ascii_case("connection") {
            self.close = value.eq_ignore_ascii_case("close");
        } else if name.eq_ignore_ascii_case("mcp-session-id") {
            self.session = Some(value.to_string());
        }
        Ok(())
    }
}
