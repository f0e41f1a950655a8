//! The server as a host sees it: build, register, start, push, stop.

use std::{
    net::SocketAddr,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use crate::{
    call::ClientId,
    callback,
    clients::{ClientEvent, ClientInfo, List},
    config::Config,
    dispatch::Dispatcher,
    error::{Error, Kind, Result},
    observe::{Snapshot, dispatch},
    protocol::json_object,
    registry::{Completion, CompletionRef, Prompt, Resource, Tool},
    runtime::{Running, StopReport},
};

/// How long a server that is dropped while it runs takes to stop, at most.
const DROP_DEADLINE: Duration = Duration::from_secs(5);

/// An MCP server. Clones are handles to the same server; all functions may be called from any thread.
///
/// ```no_run
/// use mcpserver::{Call, Config, Server, Tool};
///
/// let mut config = Config::new("greeter", "1.0");
/// config.listen_http("127.0.0.1:8000", "/mcp")?;
/// let server = Server::new(config)?;
/// server.add_tool(Tool::new("greet", r#"{"type":"object"}"#, |call: Call| {
///     let _ = call.finish_text("Hello!");
/// }))?;
/// server.start()?;
/// server.wait()?;
/// # Ok::<(), mcpserver::Error>(())
/// ```
#[derive(Clone)]
pub struct Server {
    inner: Arc<Inner>,
}

struct Inner {
    dispatcher: Arc<Dispatcher>,
    /// The process that made it: a child that was forked has none of its threads.
    process: u32,
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
enum State {
    #[default]
    Stopped,
    Starting,
    Running(Running),
    Stopping,
}

impl Server {
    /// Makes a server. It listens once it is started.
    ///
    /// # Errors
    /// [`Kind::InvalidJson`] for JSON members of the configuration that are not what they have to be,
    /// [`Kind::InvalidArgument`] for a name or version that is missing.
    pub fn new(mut config: Config) -> Result<Self> {
        if config.info.name.is_empty() || config.info.version.is_empty() {
            return Err(Error::new(Kind::InvalidArgument, "a server needs a name and a version"));
        }
        for (name, settings) in &mut config.extensions {
            *settings = json_object(settings, &format!("the settings of extension {name:?}"))?;
        }
        let inner = Inner {
            dispatcher: Arc::new(Dispatcher::new(config)?),
            process: std::process::id(),
            state: Mutex::default(),
            changed: Condvar::new(),
        };
        Ok(Self { inner: Arc::new(inner) })
    }

    fn check_process(&self) -> Result<()> {
        if self.inner.process == std::process::id() {
            return Ok(());
        }
        Err(Error::new(
            Kind::Forked,
            "this process was forked after the server was made; make a new server in it",
        ))
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.inner.lock()
    }

    /// Adds a tool; clients are told. Takes effect at once, also while serving.
    ///
    /// # Errors
    /// [`Kind::InvalidArgument`], [`Kind::InvalidSchema`], [`Kind::InvalidJson`], [`Kind::AlreadyExists`],
    /// [`Kind::Forked`].
    pub fn add_tool(&self, tool: Tool) -> Result<()> {
        self.register(|dispatcher| dispatcher.registry.add_tool(tool))
    }

    /// Removes a tool; clients are told. Calls that are under way go on.
    ///
    /// # Errors
    /// [`Kind::NotFound`], [`Kind::Forked`].
    pub fn remove_tool(&self, name: &str) -> Result<()> {
        self.register(|dispatcher| dispatcher.registry.remove_tool(name))
    }

    /// Adds a resource; clients are told.
    ///
    /// # Errors
    /// As [`Server::add_tool`].
    pub fn add_resource(&self, resource: Resource) -> Result<()> {
        self.register(|dispatcher| dispatcher.registry.add_resource(resource))
    }

    /// Removes a resource; clients are told.
    ///
    /// # Errors
    /// [`Kind::NotFound`], [`Kind::Forked`].
    pub fn remove_resource(&self, uri: &str) -> Result<()> {
        self.register(|dispatcher| dispatcher.registry.remove_resource(uri))
    }

    /// Adds a template of resources, whose `uri` is an RFC 6570 URI template; clients are told.
    ///
    /// # Errors
    /// As [`Server::add_tool`].
    pub fn add_resource_template(&self, template: Resource) -> Result<()> {
        self.register(|dispatcher| dispatcher.registry.add_template(template))
    }

    /// Removes a template of resources; clients are told.
    ///
    /// # Errors
    /// [`Kind::NotFound`], [`Kind::Forked`].
    pub fn remove_resource_template(&self, uri_template: &str) -> Result<()> {
        self.register(|dispatcher| dispatcher.registry.remove_template(uri_template))
    }

    /// Adds a prompt; clients are told.
    ///
    /// # Errors
    /// As [`Server::add_tool`].
    pub fn add_prompt(&self, prompt: Prompt) -> Result<()> {
        self.register(|dispatcher| dispatcher.registry.add_prompt(prompt))
    }

    /// Removes a prompt; clients are told.
    ///
    /// # Errors
    /// [`Kind::NotFound`], [`Kind::Forked`].
    pub fn remove_prompt(&self, name: &str) -> Result<()> {
        self.register(|dispatcher| dispatcher.registry.remove_prompt(name))
    }

    /// Adds the completion of a prompt's or a template's arguments.
    ///
    /// # Errors
    /// [`Kind::AlreadyExists`], [`Kind::Forked`].
    pub fn add_completion(&self, completion: Completion) -> Result<()> {
        self.check_process()?;
        self.inner.dispatcher.registry.add_completion(completion)
    }

    /// Removes a completion.
    ///
    /// # Errors
    /// [`Kind::NotFound`], [`Kind::Forked`].
    pub fn remove_completion(&self, of: &CompletionRef) -> Result<()> {
        self.check_process()?;
        self.inner.dispatcher.registry.remove_completion(of)
    }

    fn register(&self, change: impl FnOnce(&Dispatcher) -> Result<List>) -> Result<()> {
        self.check_process()?;
        let list = change(&self.inner.dispatcher)?;
        self.inner.dispatcher.clients.list_changed(list);
        Ok(())
    }

    /// Sets who is told when clients come and go, in place of an earlier one. It runs on threads of the server and
    /// must not block.
    pub fn on_client(&self, listener: impl Fn(ClientEvent) + Send + Sync + 'static) {
        self.inner.dispatcher.clients.set_listener(Box::new(listener));
    }

    /// Sends a notification to one client, and returns at once. `params` is the JSON text of an object.
    ///
    /// # Errors
    /// [`Kind::NoSuchClient`]; [`Kind::NotInitialized`]; [`Kind::NoStream`] when a session has no GET stream;
    /// [`Kind::NotSubscribed`] when the client did not ask for this; [`Kind::OutboxFull`], after which a client
    /// that is connected is dropped; [`Kind::InvalidJson`]; [`Kind::InvalidArgument`]; [`Kind::Forked`].
    pub fn notify_client(&self, client: ClientId, method: &str, params: Option<&str>) -> Result<()> {
        self.check_process()?;
        self.inner.dispatcher.clients.notify(client, method, params)
    }

    /// Sends a notification to all clients that may get it, and returns at once. Gives how many that were.
    ///
    /// # Errors
    /// [`Kind::InvalidJson`], [`Kind::InvalidArgument`], [`Kind::Forked`].
    pub fn notify_all(&self, method: &str, params: Option<&str>) -> Result<usize> {
        self.check_process()?;
        self.inner.dispatcher.clients.notify_all(method, params)
    }

    /// Tells all clients that follow it that a list changed. Registering does that by itself.
    ///
    /// # Errors
    /// [`Kind::Forked`].
    pub fn list_changed(&self, list: List) -> Result<usize> {
        self.check_process()?;
        Ok(self.inner.dispatcher.clients.list_changed(list))
    }

    /// Tells all clients that subscribed to a resource that it changed. Gives how many.
    ///
    /// # Errors
    /// [`Kind::Forked`].
    pub fn resource_updated(&self, uri: &str) -> Result<usize> {
        self.check_process()?;
        Ok(self.inner.dispatcher.clients.resource_updated(uri))
    }

    /// All clients, in the order in which they came.
    pub fn clients(&self) -> Vec<ClientInfo> {
        self.inner.dispatcher.clients.list()
    }

    /// Ends a client: its session, or its listen stream.
    ///
    /// # Errors
    /// [`Kind::NoSuchClient`], [`Kind::Forked`].
    pub fn close_client(&self, client: ClientId) -> Result<()> {
        self.check_process()?;
        self.inner.dispatcher.clients.close(client)
    }

    /// Starts to serve, on threads of its own, and returns once it listens.
    ///
    /// # Errors
    /// [`Kind::WrongState`] when it runs already, [`Kind::Io`] when an address cannot be had, [`Kind::Forked`].
    pub fn start(&self) -> Result<()> {
        self.check_process()?;
        {
            let mut state = self.lock();
            if !matches!(*state, State::Stopped) {
                return Err(Error::new(Kind::WrongState, "the server runs already; stop it first"));
            }
            // Not locked while it starts: what it logs goes to a callback that may ask the server something.
            *state = State::Starting;
        }
        let log = self.inner.dispatcher.config.log.as_ref().map(dispatch);
        let _log = log.as_ref().map(tracing::dispatcher::set_default);
        let started = Running::start(&self.inner.dispatcher, log.clone());
        let mut state = self.lock();
        match started {
            Ok(running) => *state = State::Running(running),
            Err(error) => {
                *state = State::Stopped;
                self.inner.changed.notify_all();
                return Err(error);
            }
        }
        Ok(())
    }

    /// Where it listens, in the order of the configuration. Empty while it is stopped.
    pub fn addresses(&self) -> Vec<SocketAddr> {
        match &*self.lock() {
            State::Running(running) => running.addresses.clone(),
            _ => Vec::new(),
        }
    }

    /// The URLs of its endpoints, in the order of the configuration. Empty while it is stopped.
    pub fn urls(&self) -> Vec<String> {
        let listen = &self.inner.dispatcher.config.listen;
        let urls = self.addresses().into_iter().zip(listen);
        urls.map(|(address, listen)| format!("http://{address}{}", listen.path)).collect()
    }

    /// Whether it serves.
    pub fn is_running(&self) -> bool {
        matches!(*self.lock(), State::Running(_))
    }

    /// Stops, and returns by the deadline whatever the callbacks do: streams end in good order, calls get the
    /// greater part of the time to finish, are then cancelled, and what is left is closed. The server can be
    /// started again. Inside a callback it begins to stop and returns at once, with an empty report.
    ///
    /// # Errors
    /// [`Kind::WrongState`] when it does not run, [`Kind::Io`], [`Kind::Forked`].
    pub fn stop(&self, deadline: Duration) -> Result<StopReport> {
        self.check_process()?;
        let running = {
            let mut state = self.lock();
            match std::mem::replace(&mut *state, State::Stopping) {
                State::Running(running) => running,
                other => {
                    *state = other;
                    return Err(Error::new(Kind::WrongState, "the server does not run"));
                }
            }
        };
        if !callback::inside() {
            return Ok(self.inner.finish(running, deadline));
        }
        let inner = Arc::clone(&self.inner);
        std::thread::Builder::new()
            .name("mcp-stop".into())
            .spawn(move || drop(inner.finish(running, deadline)))
            .map_err(|error| {
                Error::new(Kind::Io, "cannot start the thread that stops the server").with_source(error)
            })?;
        Ok(StopReport::default())
    }

    /// Waits until the server is stopped, by whoever stops it.
    ///
    /// # Errors
    /// [`Kind::Deadlock`] inside a callback, [`Kind::Forked`].
    pub fn wait(&self) -> Result<()> {
        self.check_process()?;
        if callback::inside() {
            return Err(Error::new(
                Kind::Deadlock,
                "a callback cannot wait for the server to stop: the server waits for the callback",
            ));
        }
        let mut state = self.lock();
        while !matches!(*state, State::Stopped) {
            state = self.inner.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        Ok(())
    }

    /// The counters of the server, over all its runs.
    pub fn metrics(&self) -> Snapshot {
        let mut snapshot = self.inner.dispatcher.metrics.snapshot();
        if let State::Running(running) = &*self.lock() {
            snapshot.alive_tasks = running.alive_tasks() as u64;
            let (queue, threads) = running.pool_load();
            snapshot.pool_queue = queue as u64;
            snapshot.pool_threads = threads as u64;
        }
        let (sessions, clients) = self.inner.dispatcher.clients.count();
        snapshot.sessions = sessions as u64;
        snapshot.clients = clients as u64;
        snapshot
    }
}

impl Inner {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn finish(&self, running: Running, deadline: Duration) -> StopReport {
        // On a thread of its own: the caller's may be inside a runtime of the host, where nothing may block.
        let report =
            std::thread::scope(|scope| scope.spawn(|| running.stop(deadline)).join()).unwrap_or_default();
        *self.lock() = State::Stopped;
        self.changed.notify_all();
        report
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        if self.process != std::process::id() {
            // The threads of the runtime stayed in the parent, and one of them may have held the lock.
            if let Ok(mut state) = self.state.try_lock() {
                std::mem::forget(std::mem::take(&mut *state));
            }
            return;
        }
        let state = std::mem::take(&mut *self.lock());
        if let State::Running(running) = state {
            let stopping = std::thread::spawn(move || running.stop(DROP_DEADLINE));
            if !callback::inside() {
                let _ = stopping.join();
            }
        }
    }
}
