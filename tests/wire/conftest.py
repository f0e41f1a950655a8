"""One server for all tests of a run, checked after each test and for leaks after each file; others with lower limits."""

from __future__ import annotations

import os
import resource
import signal
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from wire import ROOT, Server, ServerError, Session, command_from_environment, modern, session

LOGS = ROOT / "target" / "wire"
WIRE_SERVER = os.environ.get("MCP_WIRE_SERVER") or "target/debug/examples/wire-server"

# One arena: what is resident then tells what is kept, and not how threads happened to share the heap.
os.environ["MALLOC_ARENA_MAX"] = "1"

# Thousands of connections are opened at one time.
_, most = resource.getrlimit(resource.RLIMIT_NOFILE)
resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


@pytest.fixture(scope="session")
def running() -> Iterator[Server]:
    server = Server(command_from_environment(), log=LOGS / "server.log")
    try:
        server.start()
    except ServerError as error:
        pytest.exit(str(error), returncode=2)

    def on_terminate(*_: Any) -> None:
        # No server outlives a run that is told to end.
        server.stop(within=0)
        os._exit(128 + signal.SIGTERM)

    signal.signal(signal.SIGTERM, on_terminate)
    try:
        yield server
    finally:
        server.stop()


KEPT = ("alive_tasks", "connections_open", "sessions", "clients", "pool_queue")


@pytest.fixture(scope="module")
def without_leaks(running: Server) -> Iterator[Server]:
    """After all tests of a file, nothing of what they did is left."""
    before = running.metrics()
    yield running
    running.until(lambda now: all(now[name] <= before[name] for name in KEPT))
    assert running.metrics()["panics"] == before["panics"]


@pytest.fixture(autouse=True)
def in_time() -> Iterator[None]:
    """A test that waits for what never comes fails, whatever it waits for."""

    def on_alarm(*_: Any) -> None:
        raise TimeoutError("the test takes more than two minutes")

    signal.signal(signal.SIGALRM, on_alarm)
    signal.alarm(120)
    yield
    signal.alarm(0)


@pytest.fixture
def server(without_leaks: Server) -> Iterator[Server]:
    yield without_leaks
    check_alive(without_leaks)


def check_alive(server: Server) -> None:
    assert server.died() is None, f"the server ended with status {server.died()}; its log: {server.log}"
    assert server.post(modern("server/discover")).says == (200, None)


@pytest.fixture
def opened(server: Server) -> Iterator[Session]:
    with session(server) as found:
        yield found


@pytest.fixture
def limited() -> Iterator[Callable[..., Server]]:
    """Starts servers with other limits."""
    started: list[Server] = []

    def start(**limits: int) -> Server:
        command = [WIRE_SERVER, *(word for name, value in limits.items() for word in ("--limit", f"{name}={value}"))]
        server = Server(command, log=LOGS / "limited.log")
        started.append(server)
        server.start()
        return server

    yield start
    died = [server.died() for server in started]
    for server in started:
        server.stop()
    assert all(status is None or status == 0 for status in died), died
