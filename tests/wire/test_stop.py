"""Stopping with everything under way: streams end in good order, and the server is gone in time."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Iterator

import pytest

from conftest import LOGS, WIRE_SERVER
from wire import META, Server, call, command_from_environment, listening, modern, session

Limited = Callable[..., Server]


@pytest.fixture(params=["SIGTERM", "stop"])
def stopping(request: pytest.FixtureRequest) -> Iterator[tuple[Server, Callable[[], None]]]:
    """A server of its own, and what makes it stop: a signal, or a callback that stops it."""
    by_signal = request.param == "SIGTERM"
    command = command_from_environment() if by_signal else [WIRE_SERVER]
    if by_signal and "wire-server" in command[0]:
        pytest.skip("this server knows no signals")
    with Server(command, log=LOGS / "stopping.log") as server:
        yield server, server.terminate if by_signal else lambda: server.call("stop", {"ms": 4000}) and None


def has_ended(server: Server, within: float) -> None:
    began = time.monotonic()
    assert server.wait(within) == 0, f"it did not end within {within} s"
    assert time.monotonic() - began < within


def test_an_idle_server(stopping: tuple[Server, Callable[[], None]]) -> None:
    server, stop = stopping
    with server.connect(), server.connect() as used, server.connect() as half:
        used.send(server.text(modern("server/discover")))
        assert used.read().says == (200, None)
        half.send(b"POST /mcp HTTP/1.1\r\nhost:")
        stop()
        assert used.is_closed()
        has_ended(server, 5)


def test_streams_get_their_goodbye(stopping: tuple[Server, Callable[[], None]]) -> None:
    """A listen stream gets its result, which says that the end was no accident (2026-07-28, "Graceful Closure")."""
    server, stop = stopping
    with session(server) as opened, opened.stream() as stream:
        with listening(server, {"toolsListChanged": True}, 1) as one, listening(server, {}, "two") as two:
            stop()
            for connection, id in ((one, 1), (two, "two")):
                first, *others, last = connection.messages()
                assert first["method"] == "notifications/subscriptions/acknowledged" and not others
                assert last["id"] == id and last["result"]["resultType"] == "complete"
                assert last["result"]["_meta"][META + "subscriptionId"] == id
                assert connection.is_closed()
        assert not [event for event in stream.events() if event.data]
        assert stream.is_closed()
        has_ended(server, 5)
        opened.delete = lambda: None  # type: ignore[assignment, method-assign, return-value]


def test_calls_are_finished(stopping: tuple[Server, Callable[[], None]]) -> None:
    server, stop = stopping
    with server.connect() as connection:
        before = server.metrics()["calls"]
        connection.send(server.text(call("sleep", {"ms": 300})))
        server.until(lambda now: now["calls"] > before)
        stop()
        assert connection.read().json["result"]["content"][0]["text"]
        assert connection.is_closed()
        has_ended(server, 5)


def test_calls_that_take_too_long_are_cancelled(stopping: tuple[Server, Callable[[], None]]) -> None:
    server, stop = stopping
    with server.connect() as connection:
        before = server.metrics()["calls"]
        connection.send(server.text(call("sleep", {"ms": 600_000})))
        server.until(lambda now: now["calls"] > before)
        stop()
        connection.rest()
        has_ended(server, 15)


def test_nobody_is_let_in_any_more(stopping: tuple[Server, Callable[[], None]]) -> None:
    server, stop = stopping
    address = server.address
    with server.connect() as connection:
        before = server.metrics()["calls"]
        connection.send(server.text(call("sleep", {"ms": 1000})))
        server.until(lambda now: now["calls"] > before)
        stop()
        refused = False
        while not refused and server.wait(0) is None:
            try:
                with socket.create_connection(address, 5) as late:
                    late.sendall(server.text(modern("server/discover")))
                    refused = late.recv(1) == b""
            except OSError:
                refused = True
        has_ended(server, 10)


def test_hundreds_of_streams_that_nobody_reads(stopping: tuple[Server, Callable[[], None]]) -> None:
    server, stop = stopping
    connections = []
    for id in range(500):
        connection = server.connect(receive_buffer=2304)
        body = modern("subscriptions/listen", {"notifications": {"toolsListChanged": True}}, f"{id}" + "x" * 900)
        connection.send(server.text(body))
        connections.append(connection)
    server.until(lambda now: now["clients"] == 500)
    for _ in range(10):
        server.count("broadcast")
    stop()
    has_ended(server, 10)
    for connection in connections:
        connection.socket.close()


def test_a_call_that_never_ends(limited: Limited) -> None:
    """The deadline holds whatever the callbacks do."""
    server = limited()
    with server.connect() as connection:
        connection.send(server.text(call("hold")))
        server.until(lambda now: now["calls"] == 1)
        began = time.monotonic()
        server.call("stop", {"ms": 1000})
        assert server.wait(10) == 0 and time.monotonic() - began < 3
