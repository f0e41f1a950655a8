//! Many open event streams: opening them, what they tell, closing them.

use std::{
    cell::{Cell, RefCell},
    rc::Rc,
    time::{Duration, Instant},
};

use tokio::{
    sync::{Notify, Semaphore},
    task::{JoinHandle, spawn_local},
    time::{sleep, timeout},
};

use crate::{
    client::Client,
    http::{Conn, Head},
    numbers::nanos,
    reply::Message,
    sse,
    target::{Era, Target},
    work::Work,
};

/// What the streams have seen, together.
#[derive(Default)]
pub struct Board {
    /// Streams that are open and, where the era has one, acknowledged.
    pub open: Cell<usize>,
    lost: Cell<usize>,
    pub failed: RefCell<Vec<String>>,
    /// The broadcast that is under way, and when it was sent.
    pub round: Cell<u32>,
    pub began: Cell<Option<Instant>>,
    /// One delivery time per stream that has its notification of this round.
    pub got: RefCell<Vec<u32>>,
    /// How many to wait for, and the signal that they are all there.
    pub want: Cell<usize>,
    pub all: Notify,
    /// Notifications that no broadcast had asked for.
    pub strays: Cell<u64>,
}

impl Board {
    /// The first few failures, for the row.
    pub fn samples(&self) -> Vec<String> {
        self.failed.borrow().iter().take(3).cloned().collect()
    }

    fn settled(&self) -> usize {
        self.open.get() + self.failed.borrow().len() + self.lost.get()
    }

    /// A `list_changed` came to a stream whose last one was in round `last`; returns the round it counts for.
    fn delivered(&self, last: u32) -> u32 {
        let now = self.round.get();
        match self.began.get() {
            Some(began) if last != now => {
                let mut got = self.got.borrow_mut();
                got.push(nanos(began.elapsed()));
                if got.len() == self.want.get() {
                    self.all.notify_one();
                }
            }
            _ => self.strays.set(self.strays.get() + 1),
        }
        now
    }
}

pub struct Opened {
    pub board: Rc<Board>,
    pub seconds: f64,
    tasks: Vec<JoinHandle<()>>,
    sessions: Rc<RefCell<Vec<String>>>,
}

struct Opening {
    target: Rc<Target>,
    board: Rc<Board>,
    sessions: Rc<RefCell<Vec<String>>>,
    gate: Semaphore,
    join: bool,
}

impl Opening {
    async fn open(&self, id: u64) -> Result<(Client, Head), String> {
        let mut client = Client::ready(&self.target).await?;
        if let Some(session) = &client.session {
            self.sessions.borrow_mut().push(session.clone());
        }
        if self.join {
            client.call(&self.target, &Work::Named("join"), 1).await?;
        }
        let head = client.stream(&self.target, id).await?;
        Ok((client, head))
    }

    async fn hold(&self, id: u64) {
        let Ok(permit) = self.gate.acquire().await else {
            return;
        };
        let opened = timeout(Duration::from_secs(60), self.open(id)).await.unwrap_or(Err("timed out".into()));
        let (mut client, mut head) = match opened {
            Ok(stream) => stream,
            Err(e) => return self.board.failed.borrow_mut().push(e),
        };
        let board = &self.board;
        let mut permit = Some(permit);
        let mut acknowledge = || {
            if permit.take().is_some() {
                board.open.set(board.open.get() + 1);
            }
        };
        // A session's GET stream is open at once; a modern one when the server has acknowledged it.
        if self.target.era == Era::Legacy {
            acknowledge();
        }
        let mut last = 0;
        let mut buf = Vec::new();
        while let Ok(true) = client.conn.part(&mut head, &mut buf).await {
            let used = sse::events(&buf, |data| {
                let Ok(message) = serde_json::from_slice::<Message>(data) else {
                    return;
                };
                match message.method.as_deref() {
                    Some("notifications/subscriptions/acknowledged") => acknowledge(),
                    Some("notifications/tools/list_changed") => last = board.delivered(last),
                    _ => {
                        if let Some(error) = message.error {
                            board.failed.borrow_mut().push(error.get().to_string());
                        }
                    }
                }
            });
            buf.drain(..used);
            if buf.is_empty() {
                buf = Vec::new();
            }
        }
        if permit.is_none() {
            board.open.set(board.open.get() - 1);
        }
        board.lost.set(board.lost.get() + 1);
    }
}

/// Opens `n` streams, `parallel` at a time. Bounded: each opens, fails or times out. With `join`, legacy sessions enter
/// the server's broadcast list by a call first.
pub async fn open(target: &Rc<Target>, n: usize, parallel: usize, join: bool) -> Opened {
    let opening = Rc::new(Opening {
        target: target.clone(),
        board: Rc::default(),
        sessions: Rc::default(),
        gate: Semaphore::new(parallel),
        join,
    });
    let began = Instant::now();
    let tasks = (1..=n as u64)
        .map(|id| {
            let opening = opening.clone();
            spawn_local(async move { opening.hold(id).await })
        })
        .collect();
    while began.elapsed() < Duration::from_secs(240) && opening.board.settled() < n {
        sleep(Duration::from_millis(20)).await;
    }
    let seconds = began.elapsed().as_secs_f64();
    Opened { board: opening.board.clone(), seconds, tasks, sessions: opening.sessions.clone() }
}

/// Ends the legacy sessions with DELETE, then closes the sockets. Returns how many sessions the server ended.
pub async fn close(target: &Target, opened: Opened) -> usize {
    let deleted = delete(target, &opened.sessions.take()).await;
    for task in &opened.tasks {
        task.abort();
    }
    for task in opened.tasks {
        let _ = task.await;
    }
    deleted
}

async fn delete(target: &Target, sessions: &[String]) -> usize {
    let mut deleted = 0;
    let mut client = None;
    let mut body = Vec::new();
    for session in sessions {
        let mut open = match client.take() {
            Some(open) => open,
            None => match Conn::open(target.addr).await {
                Ok(conn) => Client { conn, session: None },
                Err(_) => break,
            },
        };
        let request = target.delete(session);
        let asked = timeout(Duration::from_secs(10), open.exchange(&request, &mut body)).await;
        if let Ok(Ok(head)) = asked {
            deleted += usize::from((200..300).contains(&head.status));
            client = Some(open).filter(|_| !head.close);
        }
    }
    deleted
}
