"""HTTP/1.1 framing: what is malformed is refused, and nobody gets a second request past the first (RFC 9112)."""

from __future__ import annotations

import json
import socket

import pytest

from wire import Closed, Connection, Headers, Server, call, dump, mirrors, modern, replaced, request_text, without

DISCOVER = modern("server/discover")
BODY = dump(DISCOVER)
SMUGGLED = b"GET /smuggled HTTP/1.1\r\nhost: localhost\r\n\r\n"


def headers(server: Server) -> Headers:
    return server.base() + mirrors(DISCOVER)


def chunked(*parts: bytes) -> bytes:
    return b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in parts) + b"0\r\n\r\n"


def answers(connection: Connection) -> list[int]:
    """The statuses of all answers until the server closes."""
    found = []
    try:
        while True:
            found.append(connection.read().status)
    except (Closed, ConnectionResetError):
        return found


def test_bytes_one_by_one(server: Server) -> None:
    with server.connect() as connection:
        for byte in server.text(DISCOVER):
            connection.send(bytes([byte]))
        assert connection.read().says == (200, None)


def test_a_connection_is_reused(server: Server) -> None:
    with server.connect() as connection:
        for id in range(50):
            connection.send(server.text(modern("server/discover", id=id)))
            assert connection.read().json["id"] == id


def test_pipelined_requests_are_answered_in_order(server: Server) -> None:
    with server.connect() as connection:
        connection.send(b"".join(server.text(modern("server/discover", id=id)) for id in range(100)))
        assert [connection.read().json["id"] for _ in range(100)] == list(range(100))


def test_pipelined_errors_do_not_shift_the_answers(server: Server) -> None:
    with server.connect() as connection:
        bad = server.text(b"{", headers(server))
        connection.send(server.text(modern("server/discover", id="a")) + bad + server.text(modern("server/discover", id="b")))
        assert connection.read().json["id"] == "a"
        assert connection.read().says == (400, -32700)
        assert connection.read().json["id"] == "b"


@pytest.mark.parametrize(
    "parts",
    [
        [BODY],
        [BODY[:1], BODY[1:]],
        [bytes([byte]) for byte in BODY],
    ],
    ids=["one", "two", "many"],
)
def test_chunked_bodies(server: Server, parts: list[bytes]) -> None:
    text = request_text(chunked(*parts), [*headers(server), ("transfer-encoding", "chunked")])
    with server.connect() as connection:
        connection.send(text + server.text(modern("server/discover", id="next")))
        assert connection.read().says == (200, None)
        assert connection.read().json["id"] == "next"


def test_chunk_extensions_and_trailers_are_passed_over(server: Server) -> None:
    body = b"%x;name=value\r\n%s\r\n0\r\nx-trailer: y\r\n\r\n" % (len(BODY), BODY)
    text = request_text(body, [*headers(server), ("transfer-encoding", "chunked")])
    with server.connect() as connection:
        connection.send(text + server.text(modern("server/discover", id="next")))
        assert connection.read().says == (200, None)
        assert connection.read().json["id"] == "next"


@pytest.mark.parametrize(
    "cut",
    [1, 10, 60, -len(BODY) - 2, -len(BODY), -len(BODY) // 2, -1],
    ids=["line", "target", "headers", "end-of-head", "no-body", "half-body", "last-byte"],
)
@pytest.mark.parametrize("how", ["half-close", "reset", "close"])
def test_truncated_requests(server: Server, cut: int, how: str) -> None:
    with server.connect() as connection:
        connection.send(server.text(DISCOVER)[:cut])
        if how == "reset":
            connection.reset()
        elif how == "half-close":
            connection.socket.shutdown(socket.SHUT_WR)
            # A head that is cut off is none to answer; a body that is cut off is never served.
            assert all(status == 400 for status in answers(connection))


def test_a_truncated_chunked_body_is_never_served(server: Server) -> None:
    with server.connect() as connection:
        calls = server.metrics()["requests"]
        connection.send(request_text(chunked(BODY)[:-5], [*headers(server), ("transfer-encoding", "chunked")]))
        connection.socket.shutdown(socket.SHUT_WR)
        assert all(status == 400 for status in answers(connection))
        assert server.metrics()["requests"] == calls


# Two ways to say where the body ends: the request is refused, or taken as chunked and the connection closed after it.
AMBIGUOUS = {
    "length-then-chunked": [("content-length", "{whole}"), ("transfer-encoding", "chunked")],
    "chunked-then-length": [("transfer-encoding", "chunked"), ("content-length", "{whole}")],
    "length-0-and-chunked": [("content-length", "0"), ("transfer-encoding", "chunked")],
    "chunked-in-capitals": [("content-length", "{whole}"), ("Transfer-Encoding", "CHUNKED")],
    "chunked-with-tab": [("content-length", "{whole}"), ("transfer-encoding", "\tchunked")],
    "two-encodings": [("content-length", "{whole}"), ("transfer-encoding", "identity"), ("transfer-encoding", "chunked")],
}


@pytest.mark.parametrize("more", AMBIGUOUS.values(), ids=AMBIGUOUS.keys())
def test_length_and_chunked_together(server: Server, more: list[tuple[str, str]]) -> None:
    body = chunked(BODY)
    whole = str(len(body) + len(SMUGGLED))
    more = [(name, value.format(whole=whole)) for name, value in more]
    with server.connect() as connection:
        connection.try_send(request_text(body + SMUGGLED, [*headers(server), *more]))
        found = answers(connection)
    assert found in ([200], [400]), found


REFUSED_HEADERS = {
    "two-lengths": [("content-length", str(len(BODY))), ("content-length", "0")],
    "two-lengths-reversed": [("content-length", "0"), ("content-length", str(len(BODY)))],
    "list-of-lengths": [("content-length", f"{len(BODY)}, 0")],
    "negative-length": [("content-length", "-1")],
    "plus-length": [("content-length", f"+{len(BODY)}")],
    "hexadecimal-length": [("content-length", "0x10")],
    "length-with-space": [("content-length", "1 0")],
    "empty-length": [("content-length", "")],
    "huge-length": [("content-length", "18446744073709551616")],
    "unicode-digits": [("content-length", "\u00b2")],
    "encoding-not-chunked": [("transfer-encoding", "gzip")],
    "chunked-not-last": [("transfer-encoding", "chunked, gzip")],
    "unknown-encoding": [("transfer-encoding", "xchunked")],
    "encoding-with-bad-byte": [("transfer-encoding", b"\x0bchunked")],
    "nul-in-value": [("x-a", b"b\0c"), ("content-length", str(len(BODY)))],
    "cr-in-value": [("x-a", b"b\rc"), ("content-length", str(len(BODY)))],
    "nul-in-name": [(b"x\0a", "b"), ("content-length", str(len(BODY)))],
    "space-in-name": [("x a", "b"), ("content-length", str(len(BODY)))],
    "space-before-colon": [("content-length ", str(len(BODY)))],
    "empty-name": [("", "b"), ("content-length", str(len(BODY)))],
    "folded-line": [("x-a", b"b\r\n c"), ("content-length", str(len(BODY)))],
    "folded-encoding": [("content-length", str(len(BODY))), ("transfer-encoding", b"\r\n chunked")],
    "folded-with-tab": [("x-a", b"b\r\n\tc"), ("content-length", str(len(BODY)))],
    "control-in-value": [("x-a", b"b\x01c"), ("content-length", str(len(BODY)))],
    "delete-in-value": [("x-a", b"b\x7fc"), ("content-length", str(len(BODY)))],
}


@pytest.mark.parametrize("more", REFUSED_HEADERS.values(), ids=REFUSED_HEADERS.keys())
def test_malformed_headers(server: Server, more: Headers) -> None:
    with server.connect() as connection:
        connection.try_send(request_text(BODY + SMUGGLED, [*headers(server), *more]))
        assert answers(connection) == [400]


REFUSED_LINES = {
    "no-version": b"POST /mcp\r\n",
    "two-spaces": b"POST  /mcp HTTP/1.1\r\n",
    "http-2": b"POST /mcp HTTP/2.0\r\n",
    "http-0.9": b"GET /mcp\r\n\r\n",
    "lower-case-version": b"POST /mcp http/1.1\r\n",
    "no-such-minor": b"POST /mcp HTTP/1.9\r\n",
    "nul-in-target": b"POST /m\0cp HTTP/1.1\r\n",
    "space-in-target": b"POST /mcp /x HTTP/1.1\r\n",
    "no-target": b"POST HTTP/1.1\r\n",
    "bad-method": b"PO\x00ST /mcp HTTP/1.1\r\n",
    "space-first": b" POST /mcp HTTP/1.1\r\n",
    "tls-hello": bytes.fromhex("160301020001000 1fc0303".replace(" ", "")),
    "garbage": bytes(range(128, 256)) + b"\r\n\r\n",
}


@pytest.mark.parametrize("line", REFUSED_LINES.values(), ids=REFUSED_LINES.keys())
def test_malformed_request_lines(server: Server, line: bytes) -> None:
    rest = server.text(DISCOVER).split(b"\r\n", 1)[1]
    with server.connect() as connection:
        connection.try_send(line + rest)
        connection.socket.shutdown(socket.SHUT_WR)
        assert answers(connection) == [400]


def test_http_2_is_not_spoken(server: Server) -> None:
    with server.connect() as connection:
        connection.try_send(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes(100))
        assert connection.rest().count(b"HTTP/1.1 200") == 0


BAD_CHUNKS = {
    "not-a-number": b"xyz\r\n",
    "negative": b"-1\r\n",
    "prefixed": b"0x10\r\n",
    "plus": b"+10\r\n",
    "empty-size": b"\r\n",
    "overflow": b"fffffffffffffffff\r\n",
    "space-in-size": b"1 0\r\n",
    "no-crlf-after": b"1\r\naX\r\n0\r\n\r\n",
    "lone-lf-after-size": b"5\n{    \r\n0\r\n\r\n",
    "lone-cr-after-size": b"5\r{    \r\n0\r\n\r\n",
    "lone-lf-after-data": b"1\r\n{\n0\r\n\r\n",
    "lf-in-extension": b"5;a\nb\r\n{    \r\n0\r\n\r\n",
    "endless-extension": b"5;" + b"a" * 100_000,
    "endless-trailers": b"0\r\n" + b"a: b\r\n" * 20_000 + b"\r\n",
}


@pytest.mark.parametrize("body", BAD_CHUNKS.values(), ids=BAD_CHUNKS.keys())
def test_bad_chunks(server: Server, body: bytes) -> None:
    text = request_text(body + SMUGGLED, [*headers(server), ("transfer-encoding", "chunked")])
    with server.connect() as connection:
        connection.try_send(text)
        assert answers(connection) == [400]


def test_lone_line_feeds_hide_nothing(server: Server) -> None:
    """A recipient may take LF as the end of a line; what it must not do is to see one request where others see two."""
    text = server.text(DISCOVER).replace(b"\r\n", b"\n")
    with server.connect() as connection:
        connection.send(text + server.text(modern("server/discover", id="next")))
        first = connection.read()
        if first.status == 200:
            assert connection.read().json["id"] == "next"
        else:
            assert first.status == 400 and connection.is_closed()


def test_http_1_0_gets_its_answer_and_a_closed_connection(server: Server) -> None:
    with server.connect() as connection:
        connection.send(server.text(DISCOVER, version="HTTP/1.0"))
        answer = connection.read()
        assert answer.says == (200, None) and answer.header("transfer-encoding") is None
        assert connection.is_closed()


def test_http_1_0_has_no_chunks(server: Server) -> None:
    text = request_text(chunked(BODY), [*headers(server), ("transfer-encoding", "chunked")], version="HTTP/1.0")
    with server.connect() as connection:
        connection.send(text)
        assert answers(connection) == [400]


def test_a_stream_for_http_1_0_is_not_chunked(server: Server) -> None:
    """RFC 9112, 6.1: no Transfer-Encoding in a response to HTTP/1.0."""
    body = modern("subscriptions/listen", {"notifications": {"toolsListChanged": True}})
    with server.connect() as connection:
        connection.send(server.text(body, version="HTTP/1.0"))
        head = connection.read_head()
        assert head.status == 200 and head.header("transfer-encoding") is None, head
        while b"\n\n" not in connection.buffer:
            connection._more()
        assert connection.buffer.startswith(b"data: {")
        assert json.loads(connection.buffer[6:])["method"] == "notifications/subscriptions/acknowledged"


def test_an_answer_that_is_a_stream_for_http_1_0(server: Server) -> None:
    body = call("progress", {"n": 3}, progressToken="t")
    with server.connect() as connection:
        connection.send(server.text(body, version="HTTP/1.0"))
        head = connection.read_head()
        assert head.header("content-type") == "text/event-stream" and head.header("transfer-encoding") is None
        text = connection.rest()
        assert text.count(b"data: {") == 4 and text.endswith(b"}\n\n")


def test_a_stream_says_that_its_connection_closes(server: Server) -> None:
    """RFC 9112, 9.6: the connection serves nothing after the stream, so the client must not send more on it."""
    body = modern("subscriptions/listen", {"notifications": {"toolsListChanged": True}})
    with server.connect() as connection:
        connection.send(server.text(body))
        assert (connection.read_head().header("connection") or "").lower() == "close"


def test_connection_close_is_kept(server: Server) -> None:
    with server.connect() as connection:
        connection.send(server.text(DISCOVER, [*headers(server), ("connection", "close")]))
        assert connection.read().says == (200, None)
        assert connection.is_closed()


def test_expect_continue(server: Server) -> None:
    with server.connect() as connection:
        text = server.text(DISCOVER, [*headers(server), ("expect", "100-continue")])
        connection.send(text[: -len(BODY)])
        assert connection.read_head().status == 100
        connection.send(BODY)
        assert connection.read().says == (200, None)


@pytest.mark.parametrize(
    ("change", "status"),
    [
        (("content-type", "text/plain"), 415),
        (("accept", "text/html"), 406),
        (("host", "evil.example.com"), 403),
        (("content-length", "99999999"), 413),
    ],
    ids=["type", "accept", "host", "length"],
)
def test_what_is_refused_is_not_asked_for(server: Server, change: tuple[str, str], status: int) -> None:
    """No 100 Continue for a body that nobody wants."""
    with server.connect() as connection:
        found = replaced([*headers(server), ("expect", "100-continue"), ("content-length", str(len(BODY)))], change)
        connection.send(request_text(b"", found))
        assert connection.read_head().status == status


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_absolute_targets(server: Server, scheme: str) -> None:
    assert server.post(DISCOVER, target=f"{scheme}://{server.host}/mcp").status == 200
    # The authority of the target counts, not the Host beside it (RFC 9112, 3.2.2).
    assert server.post(DISCOVER, target=f"{scheme}://evil.example.com/mcp").status == 403


def test_an_absolute_target_does_not_replace_host(server: Server) -> None:
    """RFC 9112, 3.2: a request of HTTP/1.1 without Host is a bad one, whatever its target."""
    found = without(headers(server), "host")
    assert server.post(DISCOVER, found).status == 400
    assert server.post(DISCOVER, found, target=f"http://{server.host}/mcp").status == 400


def test_answers_before_a_stream_come_whole(server: Server) -> None:
    """Requests and then a stream, all in one write, by a client that reads late."""
    message = "x" * 100_000
    ask = modern("tools/call", {"name": "echo", "arguments": {"message": message}})
    listen = modern("subscriptions/listen", {"notifications": {"toolsListChanged": True}}, "listen")
    with server.connect(receive_buffer=4096) as connection:
        count = 60
        connection.socket.settimeout(0.5)
        text = server.text(ask) * count + server.text(listen)
        # Answers fill the socket both ways, so what is sent has to be sent while nothing is read.
        sent = 0
        try:
            while sent < len(text):
                sent += connection.socket.send(text[sent:])
        except TimeoutError:
            pass
        connection.socket.settimeout(15)
        for _ in range(count):
            if sent < len(text):
                connection.socket.setblocking(False)
                try:
                    sent += connection.socket.send(text[sent:])
                except BlockingIOError:
                    pass
                connection.socket.settimeout(15)
            answer = connection.read()
            assert answer.says == (200, None) and answer.json["result"]["content"][0]["text"] == message
        connection.send(text[sent:])
        assert connection.read_head().header("content-type") == "text/event-stream"
        assert next(connection.messages())["method"] == "notifications/subscriptions/acknowledged"
