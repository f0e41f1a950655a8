"""Many clients, clients that leave, and clients that do not read: what they cost while they are there, and after."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from typing import Any

import pytest
from conftest import LOGS, WIRE_SERVER
from wire import NEWEST, Connection, Server, Session, call, modern, request_text, session, without

Limited = Callable[..., Server]
DISCOVER = modern("server/discover")
LISTEN = modern("subscriptions/listen", {"notifications": {"toolsListChanged": True}})
MEGABYTE = 1024


def flat(server: Server, work: Callable[[], None], within: int) -> None:
    """The work leaves no more than that many KiB behind, once the heap has the shape that it needs."""
    for _ in range(4):
        work()
    before = server.resident()
    for _ in range(3):
        work()
    assert server.resident() - before < within


def alone(server: Server) -> None:
    server.until(lambda now: now["connections_open"] <= 1)


def test_two_thousand_connections(server: Server) -> None:
    """Opened all at one time and dropped: silent, in the middle of a request, and after one."""
    texts = [b"", b"POST /m", server.text(DISCOVER)[:-10], server.text(DISCOVER)]

    def work() -> None:
        with ExitStack() as stack:
            connections = [stack.enter_context(server.connect()) for _ in range(2000)]
            for at, connection in enumerate(connections):
                connection.send(texts[at % 4])
            for connection in connections[3::4]:
                assert connection.read().says == (200, None)
            server.until(lambda now: now["connections_open"] >= 2000)
            assert server.metrics()["alive_tasks"] >= 2000
            for connection in connections[::2]:
                connection.reset()
        alone(server)

    flat(server, work, 4 * MEGABYTE)


def test_two_thousand_streams(server: Server) -> None:
    """One task each, all told, and nothing left."""
    alone(server)
    before = server.metrics()

    def work() -> None:
        with ExitStack() as stack:
            connections = []
            for id in range(2000):
                connection = stack.enter_context(server.connect())
                connection.send(server.text(LISTEN | {"id": id}))
                connections.append(connection)
            streams = []
            for connection in connections:
                assert connection.read_head().status == 200
                streams.append(connection.messages())
                assert next(streams[-1])["method"] == "notifications/subscriptions/acknowledged"
            # The connection that asks for the metrics has a task as well, and the one before may not be gone yet.
            server.until(lambda now: now["alive_tasks"] == before["alive_tasks"] + 2000)
            assert server.metrics()["clients"] == before["clients"] + 2000
            assert server.count("broadcast") == 2000
            for messages in streams:
                assert next(messages)["method"] == "notifications/tools/list_changed"
        server.until(lambda now: now["clients"] == before["clients"] and now["connections_open"] <= 1)

    flat(server, work, 4 * MEGABYTE)


def test_more_connections_than_descriptors() -> None:
    """The others wait to be accepted, and are served once there is room."""
    with Server(["sh", "-c", 'ulimit -n 64; exec "$0" "$@"', WIRE_SERVER], log=LOGS / "descriptors.log") as server:
        with ExitStack() as stack:
            connections = [stack.enter_context(server.connect()) for _ in range(200)]
            for connection in connections:
                connection.send(server.text(DISCOVER))
            served = 0
            for connection in connections:
                # Each makes room for another.
                assert connection.read().says == (200, None)
                connection.socket.close()
                served += 1
            assert served == 200
        server.until(lambda now: now["connections_open"] == 1)
        assert server.died() is None


def test_sessions_leave_nothing(server: Server) -> None:
    def work() -> None:
        for _ in range(200):
            with (
                session(server) as opened,
                opened.stream() as stream,
                opened.begin(opened.call("progress", {"n": 20}, _meta={"progressToken": 1})) as answer,
            ):
                answer.read()
                server.count("broadcast")
                next(stream.events())
        alone(server)

    flat(server, work, 2 * MEGABYTE)


def test_refusals_leave_nothing(server: Server) -> None:
    large = server.text(b"[" * 1_000_000, server.base())
    texts = [large, b"GET / HTTP/9.9\r\n\r\n", server.text(b"{", server.base()), server.text(modern("x" * 10_000))]

    def work() -> None:
        for text in texts * 20:
            assert server.exchange(text).status >= 400
        alone(server)

    flat(server, work, 4 * MEGABYTE)


def test_clients_all_at_once(server: Server) -> None:
    """Every kind of client at one time, each with its own answers."""

    def echo(index: int) -> None:
        with server.connect() as connection:
            for id in range(100):
                tool = "echo" if id % 2 else "echo_pool"
                connection.send(server.text(call(tool, {"message": f"{index}-{id}"}, id=id)))
                message = connection.read().json
                assert message["id"] == id and message["result"]["content"][0]["text"] == f"{index}-{id}"

    def leave(index: int) -> None:
        for id in range(100):
            connection = server.connect()
            connection.send(server.text(call("echo_pool", {"message": "m"}))[: -(id % 3) or None])
            connection.reset()

    def stream(index: int) -> None:
        for _ in range(20):
            with session(server) as opened, opened.stream():
                assert opened.post(opened.call("echo", {"message": "m"})).says == (200, None)

    with ThreadPoolExecutor(24) as pool:
        for done in [pool.submit(work, index) for index in range(8) for work in (echo, leave, stream)]:
            done.result()
    alone(server)


# Clients that do not read, of servers whose limits make them show soon.


def until_gone(connection: Connection) -> None:
    """Reads what is there up to the end of the connection, in good order or not."""
    connection.rest()


def answers_to_nobody(server: Server) -> Iterator[tuple[Connection, bytes]]:
    text = "x" * 3_000_000
    yield server.connect(receive_buffer=4096), server.text(call("echo", {"message": text}))
    yield server.connect(receive_buffer=4096), server.text(call("progress", {"n": 100_000}, progressToken="x" * 1000))


def test_an_answer_that_is_not_read(limited: Limited) -> None:
    # The second fits into the socket, and its connection is just idle.
    server = limited(write_ms=300, connection_idle_ms=300)
    before = server.resident()
    for connection, text in answers_to_nobody(server):
        connection.send(text)
        server.until(lambda now: now["connections_open"] == 1)
        until_gone(connection)
    assert server.resident() - before < 32 * MEGABYTE


@pytest.mark.parametrize("behind", [b"", b"POST /m"], ids=["alone", "half-a-request"])
def test_an_answer_that_is_read_slowly(limited: Limited, behind: bytes) -> None:
    """Slow is not dead: it may take longer than any limit, as long as it goes on. What the client has sent behind the
    request may be late by then, and its refusal does not get into the answer."""
    server = limited(write_ms=400, connection_idle_ms=400, header_read_ms=400)
    text = "x" * 3_000_000
    with server.connect(receive_buffer=65536) as connection:
        connection.send(server.text(call("echo", {"message": text})) + behind)
        began = time.monotonic()
        received = b""
        while time.monotonic() - began < 1.5:
            # Not a wait for something to happen: the rate at which this client reads.
            time.sleep(0.05)
            received += connection.socket.recv(50_000)
        connection.buffer = received
        answer = connection.read()
        assert answer.json["result"]["content"][0]["text"] == text


def test_a_stream_that_is_not_read(limited: Limited) -> None:
    """Past the bound the client is dropped, and nobody waits for it."""
    server = limited(outbox_messages=64, event_log_bytes=10_000)
    before = server.resident()
    with session(server) as slow, session(server) as quick:
        stuck = Connection(server.address, receive_buffer=4096)
        headers = [*without(slow.headers, "content-type", "accept"), ("accept", "text/event-stream")]
        stuck.send(request_text(b"", headers, "GET"))
        stuck.read_head()
        with quick.stream() as connection:
            events = connection.events()
            next(events)
            for _ in range(10_000):
                server.count("notify", {"n": 32, "bytes": 1000})
                for number in range(1, 33):
                    assert next(events).json["params"]["logger"] == str(number)
                if server.metrics()["clients_evicted"]:
                    break
            assert server.metrics()["clients_evicted"] == 1
            assert slow.post(slow.request("ping")).status == 404
            assert quick.post(quick.request("ping")).says == (200, None)
            until_gone(stuck)
    alone(server)
    assert server.resident() - before < 16 * MEGABYTE


def test_streams_that_are_not_read_are_closed_in_time(limited: Limited) -> None:
    """Also where nothing overflows: the merged notifications of a client that is stuck."""
    server = limited(write_ms=300)
    stuck = Connection(server.address, receive_buffer=2304)
    stuck.send(server.text(LISTEN | {"id": "x" * 1000}))
    stuck.read_head()
    deadline = time.monotonic() + 15
    while server.metrics()["clients"]:
        for _ in range(50):
            server.call("broadcast")
        assert time.monotonic() < deadline
    until_gone(stuck)
    alone(server)


def test_keep_alive_comments(limited: Limited) -> None:
    """They tell a client that the stream lives, and the server that the client does."""
    server = limited(keep_alive_ms=50)
    with session(server) as opened:
        streams: list[Any] = [opened.stream(), server.connect(), opened.begin(opened.call("sleep", {"ms": 60_000}))]
        streams[1].send(server.text(LISTEN))
        streams[1].read_head()
        for connection in streams[:2]:
            comments = 0
            for chunk in connection.chunks():
                comments += chunk.startswith(b":")
                if comments == 5:
                    break
        for connection in streams:
            connection.socket.close()


def test_a_client_that_vanishes_is_found_by_keep_alive(limited: Limited) -> None:
    server = limited(keep_alive_ms=50)
    with server.connect() as connection:
        connection.send(server.text(LISTEN))
        connection.read_head()
        # Half of the connection stays open; only a write shows that nobody is there.
        connection.socket.shutdown(socket.SHUT_RD)
        connection.reset()
        server.until(lambda now: now["clients"] == 0)


def test_sessions_that_are_opened_and_left(limited: Limited) -> None:
    """A flood of handshakes holds no more than the limit of sessions."""
    server = limited(sessions=100)
    hello = {"protocolVersion": NEWEST, "capabilities": {}, "clientInfo": {"name": "n", "version": "1"}}
    text = server.text({"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": hello}, server.base())

    def work() -> None:
        with server.connect() as connection:
            for _ in range(1000):
                connection.send(text)
                assert connection.read().says == (200, None)

    flat(server, work, 2 * MEGABYTE)
    now = server.metrics()
    assert now["sessions"] <= 100 and now["sessions_evicted"] >= 4900
    assert Session(server, NEWEST, "x").post({"jsonrpc": "2.0", "id": 1, "method": "ping"}).status == 404
