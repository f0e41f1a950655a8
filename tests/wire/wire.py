"""Speaks HTTP and MCP over plain sockets, well or badly as a test wants, and tells exactly what came back."""

from __future__ import annotations

import json
import re
import socket
import struct
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "setup"))
from everything import Everything  # noqa: E402
from everything import ServerError as ServerError  # noqa: E402
from everything import command_from_environment as command_from_environment  # noqa: E402

TIMEOUT = 15.0
MODERN = "2026-07-28"
LEGACY = ["2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25"]
NEWEST = LEGACY[-1]
META = "io.modelcontextprotocol/"
BOTH = "application/json, text/event-stream"

Header = tuple[str | bytes, str | bytes]
Headers = list[Header]


def encode(text: str | bytes) -> bytes:
    return text if isinstance(text, bytes) else text.encode("latin-1")


def dump(body: Any) -> bytes:
    return body if isinstance(body, bytes) else json.dumps(body).encode()


def without(headers: Headers, *names: str) -> Headers:
    return [(name, value) for name, value in headers if encode(name).lower().decode("latin-1") not in names]


def replaced(headers: Headers, *more: Header) -> Headers:
    """Those headers, with every header of the same name replaced."""
    names = {encode(name).lower().decode("latin-1") for name, _ in more}
    return without(headers, *names) + list(more)


class Closed(Exception):
    """The server closed the connection where something was expected of it."""


@dataclass
class Answer:
    """One HTTP response."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes = b""

    def header(self, name: str) -> str | None:
        values = [value for known, value in self.headers if known == name]
        assert len(values) <= 1, (name, values)
        return values[0] if values else None

    @property
    def json(self) -> Any:
        assert self.header("content-type") == "application/json", (self.status, self.headers, self.body)
        return json.loads(self.body)

    @property
    def code(self) -> int | None:
        """The code of the JSON-RPC error, or None for a result or no message at all."""
        if self.header("content-type") != "application/json":
            return None
        message = self.json
        assert message["jsonrpc"] == "2.0" and ("result" in message) != ("error" in message), message
        if "error" not in message:
            return None
        assert isinstance(message["error"]["code"], int) and isinstance(message["error"]["message"], str), message
        return int(message["error"]["code"])

    @property
    def says(self) -> tuple[int, int | None]:
        """Status and error code: what most tests are about."""
        return self.status, self.code


@dataclass
class Event:
    """One server-sent event."""

    data: str = ""
    id: str | None = None
    retry: int | None = None

    @property
    def json(self) -> Any:
        return json.loads(self.data)


class Connection:
    """A TCP connection to a server."""

    def __init__(self, address: tuple[str, int], receive_buffer: int | None = None) -> None:
        self.socket = socket.socket()
        if receive_buffer is not None:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self.socket.settimeout(TIMEOUT)
        self.socket.connect(address)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.buffer = b""
        self.head: Answer | None = None

    def __enter__(self) -> Connection:
        return self

    def __exit__(self, *_: Any) -> None:
        self.socket.close()

    def reset(self) -> None:
        """Closes with RST, as a process that dies does."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.socket.close()

    def send(self, data: bytes) -> None:
        self.socket.sendall(data)

    def try_send(self, data: bytes) -> None:
        """Sends what a server may not want to hear to the end."""
        with suppress(BrokenPipeError, ConnectionResetError):
            self.socket.sendall(data)

    def _more(self) -> None:
        data = self.socket.recv(65536)
        if not data:
            raise Closed(self.buffer)
        self.buffer += data

    def _line(self) -> bytes:
        while (end := self.buffer.find(b"\r\n")) < 0:
            self._more()
        line, self.buffer = self.buffer[:end], self.buffer[end + 2 :]
        return line

    def _take(self, count: int) -> bytes:
        while len(self.buffer) < count:
            self._more()
        taken, self.buffer = self.buffer[:count], self.buffer[count:]
        return taken

    def read_head(self) -> Answer:
        status = self._line()
        match = re.fullmatch(rb"HTTP/1\.[01] (\d{3}) [\x20-\x7e]*", status)
        assert match, status
        headers = []
        while line := self._line():
            name, _, value = line.decode("latin-1").partition(":")
            assert re.fullmatch(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+", name), line
            headers.append((name.lower(), value.strip()))
        self.head = Answer(int(match[1]), headers)
        return self.head

    def chunks(self) -> Iterator[bytes]:
        while size := int(self._line(), 16):
            yield self._take(size)
            assert self._take(2) == b"\r\n"
        assert self._line() == b"", "trailers"

    def read(self, head_only: bool = False) -> Answer:
        """The next response; informational ones are passed over."""
        while (answer := self.read_head()).status < 200:
            pass
        if head_only or answer.status in (204, 304):
            return answer
        if (length := answer.header("content-length")) is not None:
            assert answer.header("transfer-encoding") is None, answer.headers
            answer.body = self._take(int(length))
        elif answer.header("transfer-encoding") == "chunked":
            answer.body = b"".join(self.chunks())
        else:
            answer.body = self.rest()
        return answer

    def rest(self) -> bytes:
        """Everything until the server closes; a reset counts as well."""
        try:
            while True:
                self._more()
        except (Closed, ConnectionResetError):
            taken, self.buffer = self.buffer, b""
            return taken

    def is_closed(self) -> bool:
        """Waits for the end of the connection, and tells whether nothing came before it."""
        return self.rest() == b""

    def events(self) -> Iterator[Event]:
        """The events of a stream whose head was read, until it ends in good order. Comments are passed over."""
        text, event, any_field = b"", Event(), False
        for chunk in self.chunks():
            text += chunk
            while (end := text.find(b"\n")) >= 0:
                line, text = text[:end].decode(), text[end + 1 :]
                name, _, value = line.partition(":")
                value = value.removeprefix(" ")
                if not line:
                    if any_field:
                        yield event
                    event, any_field = Event(), False
                elif name == "data":
                    event.data, any_field = event.data + value, True
                elif name == "id":
                    event.id, any_field = value, True
                elif name == "retry":
                    event.retry, any_field = int(value), True
                else:
                    assert name == "", line
        assert not text and not any_field, text

    def messages(self) -> Iterator[Any]:
        """The JSON-RPC messages of a stream."""
        return (event.json for event in self.events() if event.data)


def request_text(
    body: bytes = b"", headers: Headers | None = None, method: str = "POST", target: str = "/mcp", version: str = "HTTP/1.1"
) -> bytes:
    lines = [f"{method} {target} {version}".encode()]
    lines += [encode(name) + b": " + encode(value) for name, value in headers or []]
    return b"\r\n".join(lines) + b"\r\n\r\n" + body


def meta(version: str | None = MODERN, capabilities: Any = None, **more: Any) -> dict[str, Any]:
    found = {META + "protocolVersion": version, META + "clientCapabilities": {} if capabilities is None else capabilities}
    return {name: value for name, value in found.items() if value is not None} | more


def modern(method: str, params: dict[str, Any] | None = None, id: Any = 1, **of_meta: Any) -> dict[str, Any]:
    """A request of 2026-07-28."""
    return {"jsonrpc": "2.0", "id": id, "method": method, "params": (params or {}) | {"_meta": meta(**of_meta)}}


def call(tool: str, arguments: dict[str, Any] | None = None, id: Any = 1, **of_meta: Any) -> dict[str, Any]:
    return modern("tools/call", {"name": tool, "arguments": arguments or {}}, id, **of_meta)


def mirrors(body: dict[str, Any]) -> Headers:
    """The headers that 2026-07-28 wants beside that body."""
    found: Headers = [("mcp-protocol-version", MODERN), ("mcp-method", body["method"])]
    params = body.get("params", {})
    if body["method"] in ("tools/call", "prompts/get") and isinstance(params.get("name"), str):
        found.append(("mcp-name", params["name"]))
    if body["method"] == "resources/read" and isinstance(params.get("uri"), str):
        found.append(("mcp-name", params["uri"]))
    return found


class Server(Everything):
    """A running server, and the ways to talk to it."""

    asked = 0

    def __enter__(self) -> Server:
        self.start()
        return self

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    @property
    def address(self) -> tuple[str, int]:
        parts = urlsplit(self.url)
        assert parts.hostname and parts.port
        return parts.hostname, parts.port

    @property
    def host(self) -> str:
        return "{}:{}".format(*self.address)

    def connect(self, receive_buffer: int | None = None) -> Connection:
        return Connection(self.address, receive_buffer)

    def base(self) -> Headers:
        """What every POST carries."""
        return [("host", self.host), ("content-type", "application/json"), ("accept", BOTH)]

    def text(self, body: Any, headers: Headers | None = None, **how: Any) -> bytes:
        """A POST of that body, with those headers or the usual ones, and a length."""
        data = dump(body)
        if headers is None:
            headers = self.base() + (mirrors(body) if isinstance(body, dict) else [])
        return request_text(data, [*headers, ("content-length", str(len(data)))], **how)

    def post(self, body: Any, headers: Headers | None = None, **how: Any) -> Answer:
        """POSTs on a connection of its own."""
        return self.exchange(self.text(body, headers, **how))

    def exchange(self, text: bytes) -> Answer:
        """Sends that, on a connection of its own, and gives the answer."""
        with self.connect() as connection:
            connection.try_send(text)
            return connection.read()

    def get(self, headers: Headers, method: str = "GET", **how: Any) -> Answer:
        return self.exchange(request_text(b"", [("host", self.host), *headers], method, **how))

    def call(self, tool: str, arguments: dict[str, Any] | None = None) -> Any:
        """The result of a tool that does what it should."""
        answer = self.post(call(tool, arguments))
        assert answer.status == 200, answer
        result = answer.json["result"]
        assert not result.get("isError"), result
        return result

    def count(self, tool: str, arguments: dict[str, Any] | None = None) -> int:
        """The number that a tool answers with as text."""
        return int(self.call(tool, arguments)["content"][0]["text"])

    def metrics(self) -> dict[str, int]:
        """The counters of the server, without the calls that ask for them."""
        found: dict[str, int] = self.call("runtime_metrics")["structuredContent"]
        self.asked += 1
        return found | {name: found[name] - self.asked for name in ("calls", "requests")}

    def until(self, what: Callable[[dict[str, int]], Any], within: float = TIMEOUT) -> dict[str, int]:
        """Asks for the metrics until they are as they should be."""
        deadline = time.monotonic() + within
        while not what(found := self.metrics()):
            assert time.monotonic() < deadline, found
        return found

    def resident(self) -> int:
        """KiB of memory."""
        status = Path(f"/proc/{self.pid}/status").read_text()
        match = re.search(r"^VmRSS:\s+(\d+) kB$", status, re.MULTILINE)
        assert match
        return int(match[1])

    def wait(self, within: float) -> int | None:
        """Waits for the process to end by itself, and gives its status; None when it does not."""
        assert self._process is not None
        try:
            return self._process.wait(within)
        except subprocess.TimeoutExpired:
            return None

    def terminate(self) -> None:
        assert self._process is not None
        self._process.terminate()


@dataclass
class Session:
    """A session of one of the earlier revisions."""

    server: Server
    revision: str
    id: str = ""
    last_id: int = 0
    answers: list[Any] = field(default_factory=list)

    @property
    def headers(self) -> Headers:
        found = [*self.server.base(), ("mcp-session-id", self.id)]
        return found + ([("mcp-protocol-version", self.revision)] if self.revision >= "2025-06-18" else [])

    def request(self, method: str, params: Any = None) -> dict[str, Any]:
        self.last_id += 1
        message = {"jsonrpc": "2.0", "id": self.last_id, "method": method}
        return message | ({} if params is None else {"params": params})

    def call(self, tool: str, arguments: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
        return self.request("tools/call", {"name": tool, "arguments": arguments or {}} | more)

    def post(self, body: Any) -> Answer:
        return self.server.post(body, self.headers)

    def notify(self, method: str, params: Any = None) -> None:
        message = {"jsonrpc": "2.0", "method": method} | ({} if params is None else {"params": params})
        answer = self.post(message)
        assert answer.says == (202, None) and not answer.body, answer

    def delete(self) -> Answer:
        return self.server.get(without(self.headers, "host", "content-type"), "DELETE")

    def open(self, *more: Header) -> Connection:
        """Sends a GET for a stream."""
        connection = self.server.connect()
        headers = [*without(self.headers, "content-type", "accept"), ("accept", "text/event-stream"), *more]
        connection.send(request_text(b"", headers, "GET"))
        return connection

    def stream(self, *more: Header) -> Connection:
        """A GET stream that is open."""
        connection = self.open(*more)
        head = connection.read_head()
        assert head.status == 200 and head.header("content-type") == "text/event-stream", head
        return connection

    def begin(self, body: Any) -> Connection:
        """POSTs something, and leaves its answer to be read."""
        connection = self.server.connect()
        connection.send(self.server.text(body, self.headers))
        return connection


@contextmanager
def session(server: Server, revision: str = NEWEST, capabilities: Any = None, ready: bool = True) -> Iterator[Session]:
    found = Session(server, revision)
    hello = {"protocolVersion": revision, "capabilities": capabilities or {}, "clientInfo": {"name": "wire", "version": "1"}}
    answer = server.post(found.request("initialize", hello), server.base())
    assert answer.says == (200, None), answer
    assert answer.json["result"]["protocolVersion"] == revision
    found.id = answer.header("mcp-session-id") or ""
    assert re.fullmatch(r"[\x21-\x7e]{16,}", found.id), found.id
    try:
        if ready:
            found.notify("notifications/initialized")
        yield found
    finally:
        found.delete()


@contextmanager
def listening(server: Server, notifications: dict[str, Any], id: Any = "listen") -> Iterator[Connection]:
    """A `subscriptions/listen` stream that was acknowledged; the acknowledgement is in `.first`."""
    with server.connect() as connection:
        connection.send(server.text(modern("subscriptions/listen", {"notifications": notifications}, id)))
        head = connection.read_head()
        assert head.status == 200 and head.header("content-type") == "text/event-stream", head
        yield connection
