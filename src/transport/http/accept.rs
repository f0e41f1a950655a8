//! Listening sockets, and the loop that accepts connections.

use std::{io, net::SocketAddr, sync::Arc, time::Duration};

use socket2::{Domain, Protocol, SockRef, Socket, TcpKeepalive, Type};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::Semaphore,
};
use tokio_util::task::TaskTracker;

use super::{Endpoint, connection};
use crate::{
    error::{Error, Kind, Result},
    observe::Metrics,
};

const BACKLOG: i32 = 4096;

/// When nothing else tells a dead client from a silent one.
const TCP_KEEP_ALIVE: Duration = Duration::from_secs(60);

/// How long to wait when the system has no descriptor left for a new connection.
const OUT_OF_DESCRIPTORS: Duration = Duration::from_millis(100);

/// Binds an address.
pub(crate) fn bind(address: SocketAddr) -> Result<std::net::TcpListener> {
    let listen = || -> io::Result<std::net::TcpListener> {
        let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
        socket.set_reuse_address(true)?;
        socket.bind(&address.into())?;
        socket.listen(BACKLOG)?;
        socket.set_nonblocking(true)?;
        Ok(socket.into())
    };
    listen().map_err(|error| {
        Error::new(Kind::Io, format!("cannot listen on {address}; choose a free port, or 0 for any"))
            .with_source(error)
    })
}

/// A listening socket with what its connections share.
pub(crate) struct Listener {
    pub(crate) socket: TcpListener,
    pub(crate) endpoint: Arc<Endpoint>,
    pub(crate) room: Arc<Semaphore>,
    pub(crate) tasks: TaskTracker,
}

impl Listener {
    /// Accepts connections until the server stops.
    pub(crate) async fn run(self) {
        loop {
            let accepted = tokio::select! {
                accepted = self.socket.accept() => accepted,
                () = self.endpoint.shutdown.gracefully.cancelled() => return,
            };
            match accepted {
                Ok((stream, from)) => self.admit(stream, from),
                // The client was gone before it was accepted.
                Err(error)
                    if matches!(
                        error.kind(),
                        io::ErrorKind::ConnectionAborted | io::ErrorKind::ConnectionReset
                    ) => {}
                Err(error) => {
                    tracing::warn!(target: "mcpserver::transport", %error, "cannot accept connections; trying again");
                    tokio::time::sleep(OUT_OF_DESCRIPTORS).await;
                }
            }
        }
    }

    fn admit(&self, stream: TcpStream, from: SocketAddr) {
        let metrics = Arc::clone(&self.endpoint.dispatcher.metrics);
        let Ok(permit) = Arc::clone(&self.room).try_acquire_owned() else {
            Metrics::add(&metrics.connections_refused);
            tracing::warn!(target: "mcpserver::transport", %from, "a connection was turned away: the limit of connections is reached");
            let response = b"HTTP/1.1 503 Service Unavailable\r\nretry-after: 1\r\nconnection: close\r\ncontent-length: 0\r\n\r\n";
            let _ = stream.try_write(response);
            return;
        };
        if let Err(error) = tune(&stream) {
            tracing::debug!(target: "mcpserver::transport", %from, %error, "a connection was gone before it was served");
            return;
        }
        Metrics::add(&metrics.connections_accepted);
        Metrics::add(&metrics.connections_open);
        let endpoint = Arc::clone(&self.endpoint);
        self.tasks.spawn(async move {
            connection::serve(stream, endpoint).await;
            metrics.connections_open.fetch_sub(1, std::sync::atomic::Ordering::Relaxed);
            drop(permit);
        });
    }
}

fn tune(stream: &TcpStream) -> io::Result<()> {
    stream.set_nodelay(true)?;
    SockRef::from(stream).set_tcp_keepalive(&TcpKeepalive::new().with_time(TCP_KEEP_ALIVE))
}
