"""Every limit that a client can run into, with the answer that tells of it."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import ExitStack

import pytest
from wire import Closed, Headers, Server, call, dump, mirrors, modern, request_text, session

DISCOVER = modern("server/discover")
BODY_BYTES = 4 << 20
Limited = Callable[..., Server]


def padded(size: int) -> bytes:
    """A request of exactly that many bytes."""
    text = dump(DISCOVER)
    return text + b" " * (size - len(text))


def headers(server: Server) -> Headers:
    return server.base() + mirrors(DISCOVER)


@pytest.mark.parametrize(
    "more",
    [
        [("x-large", "x" * 140_000)],
        [(f"x-{i}", "y" * 700) for i in range(95)],
        [("x" * 70_000, "y")],
        [(f"x-{i}", "y") for i in range(200)],
    ],
    ids=["value", "all-values", "name", "count"],
)
def test_headers_over_their_limits(server: Server, more: Headers) -> None:
    with server.connect() as connection:
        connection.try_send(server.text(DISCOVER, [*headers(server), *more]))
        assert connection.read().status == 431
        assert connection.is_closed()


def test_endless_headers(server: Server) -> None:
    """Refused although they never end."""
    with server.connect() as connection:
        connection.try_send(b"POST /mcp HTTP/1.1\r\n" + b"x-a: b\r\n" * 50_000)
        assert connection.read().status == 431


@pytest.mark.parametrize("length", [70_000, 1_000_000])
def test_a_request_line_that_is_too_long(server: Server, length: int) -> None:
    with server.connect() as connection:
        connection.try_send(b"GET /" + b"x" * length + b" HTTP/1.1\r\nhost: localhost\r\n\r\n")
        assert connection.read().status in (414, 431)


def test_as_many_headers_as_are_taken(server: Server) -> None:
    found = headers(server)
    more = [(f"x-{i}", "y") for i in range(100 - len(found) - 1)]
    assert server.post(DISCOVER, [*found, *more]).says == (200, None)


def test_bodies_at_and_over_the_limit(server: Server) -> None:
    assert server.post(padded(BODY_BYTES), headers(server)).says == (200, None)
    assert server.post(padded(BODY_BYTES + 1), headers(server)).says == (413, -32600)


@pytest.mark.parametrize("length", [BODY_BYTES + 1, 1 << 40, (1 << 63) - 1])
def test_a_length_that_is_too_large_is_refused_unread(server: Server, length: int) -> None:
    with server.connect() as connection:
        connection.send(request_text(b"", [*headers(server), ("content-length", str(length))]))
        assert connection.read().says == (413, -32600)
        assert connection.is_closed()


def test_chunks_over_the_limit(server: Server) -> None:
    before = server.resident()
    with server.connect() as connection:
        connection.try_send(request_text(b"", [*headers(server), ("transfer-encoding", "chunked")]))
        chunk = b"100000\r\n" + b" " * (1 << 20) + b"\r\n"
        for _ in range(32):
            connection.try_send(chunk)
        assert connection.read().says == (413, -32600)
        assert connection.is_closed()
    assert server.resident() - before < 32 << 10


def test_a_chunk_of_a_size_that_nothing_holds(server: Server) -> None:
    with server.connect() as connection:
        connection.send(request_text(b"7fffffffffffffff\r\n", [*headers(server), ("transfer-encoding", "chunked")]))
        connection.try_send(b" " * (BODY_BYTES + 100_000))
        assert connection.read().says == (413, -32600)


def test_a_client_that_sends_all_still_sees_the_refusal(server: Server) -> None:
    """The connection is not reset under an answer that the client has not read."""
    for _ in range(20):
        with server.connect() as connection:
            connection.try_send(server.text(b" " * (BODY_BYTES + 1_000_000), headers(server)))
            assert connection.read().says == (413, -32600)


def test_a_head_that_does_not_come(limited: Limited) -> None:
    server = limited(header_read_ms=300)
    for start in (b"P", b"POST /mcp HTTP/1.1\r\n", b"POST /mcp HTTP/1.1\r\nhost: localhost\r\nx-a: "):
        with server.connect() as connection:
            connection.send(start)
            assert connection.read().status == 408
            assert connection.is_closed()


def test_a_head_that_comes_too_slowly(limited: Limited) -> None:
    """Every byte is progress, and the whole head has its time all the same."""
    server = limited(header_read_ms=300)
    with server.connect() as connection:
        connection.socket.settimeout(0.05)
        began = time.monotonic()
        text = iter(request_text(b"", [("host", server.host), ("x-a", "b" * 1000)], "GET"))
        while not connection.buffer:
            connection.try_send(bytes([next(text)]))
            try:
                connection._more()
            except (TimeoutError, ConnectionResetError, Closed):
                pass
            assert time.monotonic() - began < 5
        assert connection.read().status == 408


def test_a_body_that_does_not_come(limited: Limited) -> None:
    server = limited(body_read_ms=300)
    for body in (b"", b"{"):
        with server.connect() as connection:
            connection.send(request_text(body, [*headers(server), ("content-length", "100")]))
            assert connection.read().status == 408
            assert connection.is_closed()
    with server.connect() as connection:
        connection.send(request_text(b"5\r\n{", [*headers(server), ("transfer-encoding", "chunked")]))
        assert connection.read().status == 408


def test_a_second_head_that_does_not_come(limited: Limited) -> None:
    server = limited(header_read_ms=300)
    with server.connect() as connection:
        connection.send(server.text(DISCOVER))
        assert connection.read().says == (200, None)
        connection.send(b"POST /mcp")
        assert connection.read().status == 408


def test_a_second_head_that_begins_with_the_first_request(limited: Limited) -> None:
    """It does not keep the connection: at the latest, the limit for idle ones ends it."""
    server = limited(header_read_ms=300, connection_idle_ms=600)
    with server.connect() as connection:
        connection.send(server.text(DISCOVER) + b"POST /mcp")
        assert connection.read().says == (200, None)
        assert connection.rest().startswith((b"", b"HTTP/1.1 408 "))


def test_idle_connections_are_closed(limited: Limited) -> None:
    server = limited(connection_idle_ms=300)
    with server.connect() as silent, server.connect() as used:
        used.send(server.text(DISCOVER))
        assert used.read().says == (200, None)
        assert used.is_closed() and silent.is_closed()


def test_a_long_call_is_not_idle(limited: Limited) -> None:
    server = limited(connection_idle_ms=100, header_read_ms=100, body_read_ms=100, write_ms=100)
    with server.connect() as connection:
        connection.send(server.text(call("sleep", {"ms": 1000})))
        assert connection.read().json["result"]["content"][0]["text"] == "slept"


def test_connections_over_the_limit(limited: Limited) -> None:
    server = limited(connections=4)
    with ExitStack() as stack:
        others = [stack.enter_context(server.connect()) for _ in range(4)]
        for connection in others:
            connection.send(server.text(DISCOVER))
            assert connection.read().says == (200, None)
        answer = server.post(DISCOVER)
        assert answer.status == 503 and answer.header("retry-after")
        others[0].send(server.text(DISCOVER))
        assert others[0].read().says == (200, None)
    # Room again, once the server has seen that they are gone.
    deadline = time.monotonic() + 10
    while (status := server.post(DISCOVER).status) == 503:
        assert time.monotonic() < deadline
    assert status == 200


def test_sessions_over_the_limit(limited: Limited) -> None:
    """The one that has been idle longest makes room; one that is used does not."""
    server = limited(sessions=3)
    with session(server) as used, session(server) as idle, session(server) as newer:
        stream = used.stream()
        newer.notify("notifications/ping")
        with session(server) as newest:
            assert idle.post(idle.request("ping")).status == 404
            for other in (used, newer, newest):
                assert other.post(other.request("ping")).says == (200, None)
        assert server.metrics()["sessions_evicted"] == 1
        stream.socket.close()


def test_sessions_that_are_all_in_use(limited: Limited) -> None:
    server = limited(sessions=2)
    with session(server) as a, session(server) as b, a.stream(), b.stream():
        hello = {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "n", "version": "1"}}
        answer = server.post({"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": hello}, server.base())
        assert answer.code == -32603 and answer.header("mcp-session-id") is None


def test_idle_sessions_end(limited: Limited) -> None:
    server = limited(session_idle_ms=200)
    with session(server) as idle, session(server) as used, used.stream() as stream:
        server.until(lambda now: now["sessions_expired"] == 1)
        assert idle.post(idle.request("ping")).status == 404
        assert used.post(used.request("ping")).says == (200, None)
        stream.socket.close()
        server.until(lambda now: now["sessions_expired"] == 2)
        assert used.post(used.request("ping")).status == 404


def test_requests_of_one_session(limited: Limited) -> None:
    server = limited(session_requests=3)
    with session(server) as opened:
        held = [opened.begin(opened.call("hold")) for _ in range(3)]
        answer = opened.post(opened.call("echo", {"message": "one too many"}))
        while answer.code is None:
            answer = opened.post(opened.call("echo", {"message": "one too many"}))
        assert answer.code == -32600
        assert opened.post(opened.request("ping")).says == (200, None)
        for connection in held:
            connection.socket.close()


def test_subscriptions_of_one_session(limited: Limited) -> None:
    server = limited(subscriptions=2)
    with session(server) as opened:
        for id, code in [("a", None), ("b", None), ("a", None), ("c", -32602)]:
            answer = opened.post(opened.request("resources/subscribe", {"uri": f"test://template/{id}/data"}))
            assert answer.says == (200, code)
        opened.post(opened.request("resources/unsubscribe", {"uri": "test://template/a/data"}))
        assert opened.post(opened.request("resources/subscribe", {"uri": "test://template/c/data"})).says == (200, None)


def test_subscriptions_of_one_stream(limited: Limited) -> None:
    server = limited(subscriptions=2)
    filter = {"resourceSubscriptions": ["test://static-text"] * 3}
    assert server.post(modern("subscriptions/listen", {"notifications": filter})).says == (400, -32602)


def test_clients_over_the_limit(limited: Limited) -> None:
    server = limited(clients=1)
    listen = modern("subscriptions/listen", {"notifications": {"toolsListChanged": True}})
    with server.connect() as connection:
        connection.send(server.text(listen))
        assert next(connection.messages() if connection.read_head() else iter(()))
        assert server.post(listen).code == -32603
    server.until(lambda now: now["clients"] == 0)


def test_calls_over_the_pool(limited: Limited) -> None:
    """The queue of the pool is bounded, and says at once that it is full."""
    server = limited(pool_threads=1, pool_queue=1)
    with server.connect() as running, server.connect() as waiting:
        running.send(server.text(call("sleep", {"ms": 60_000})))
        server.until(lambda now: now["pool_threads"] == 1 and now["pool_queue"] == 0)
        waiting.send(server.text(call("sleep", {"ms": 60_000})))
        server.until(lambda now: now["pool_queue"] == 1)
        assert server.post(call("echo_pool", {"message": "m"})).says == (200, -32603)
        assert server.post(call("echo", {"message": "inline"})).says == (200, None)
    server.until(lambda now: now["pool_queue"] == 0)
    assert server.post(call("echo_pool", {"message": "m"})).says == (200, None)


def test_refusals_are_short(server: Server) -> None:
    """A large text does not come back, let alone with its escapes."""
    large = "\x01\u200b" * 200_000
    bodies = [
        modern("server/discover", version=large),
        modern(large),
        modern("server/discover") | {"jsonrpc": large},
        modern("server/discover") | {"method": [large]},
        modern("server/discover") | {"params": {"_meta": large}},
        modern("server/discover") | {"params": {"name": [large]}},
        modern("server/discover") | {"id": [large]},
        call(large),
        call("echo", {large: 1}),
        call("echo", {"message": [large]}),
        modern("prompts/get", {"name": large}),
        modern("tools/list", {"cursor": large}),
        modern("completion/complete", {"ref": {"type": large}, "argument": {"name": "a", "value": "v"}}),
        modern("completion/complete", {"ref": {"type": "ref/prompt", "name": large}, "argument": {"name": "a", "value": "v"}}),
        modern("subscriptions/listen", {"notifications": {"toolsListChanged": large}}),
        call("echo", {"message": "m"}, progressToken=[large]),
        dump(DISCOVER) + large.encode(),
    ]
    for body in bodies:
        method = body["method"] if isinstance(body, dict) and isinstance(body["method"], str) and len(body["method"]) < 100 else "x"
        answer = server.post(body, [*server.base(), ("mcp-protocol-version", "2026-07-28"), ("mcp-method", method), ("mcp-name", "echo")])
        assert len(answer.body) < 10_000, (len(answer.body), answer.body[:200])
        assert answer.status >= 400 or answer.code is not None or answer.json["result"]["isError"]


def test_identifiers_that_a_client_leaves_with_the_server(server: Server) -> None:
    """What one client makes the server keep is bounded, whatever the size of one body."""
    large = "x" * 1_000_000
    with session(server) as opened:
        answer = opened.post(opened.request("resources/subscribe", {"uri": f"test://template/{large}/data"}))
        assert answer.code in (-32002, -32602)
        codes = [
            opened.post(opened.request("resources/subscribe", {"uri": f"test://template/{id:08000}/data"})).code
            for id in range(1024)
        ]
        kept = codes.index(-32602)
        assert codes == [None] * kept + [-32602] * (1024 - kept) and kept * 8000 < 1 << 20
    hello = {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": large, "version": "1"}}
    assert server.post({"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": hello}, server.base()).code == -32602
    hello = {"protocolVersion": "2025-11-25", "capabilities": {"experimental": {"x": {"y": large}}}, "clientInfo": {"name": "n", "version": "1"}}
    assert server.post({"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": hello}, server.base()).code == -32602
    filter = {"resourceSubscriptions": [large]}
    assert server.post(modern("subscriptions/listen", {"notifications": filter})).says == (400, -32602)
    token = call("progress", {"n": 3}, progressToken=large)
    assert server.post(token).says == (400, -32602)
