"""Who is let in: DNS rebinding, the path, methods and media types (2026-07-28 and 2025-11-25, Streamable HTTP)."""

from __future__ import annotations

import pytest

from wire import BOTH, MODERN, Headers, Server, mirrors, modern, replaced, request_text, without

DISCOVER = modern("server/discover")


def headers(server: Server, *more: tuple[str | bytes, str | bytes]) -> Headers:
    return replaced(server.base() + mirrors(DISCOVER), *more)


SERVED_HOSTS = ["127.0.0.1", "127.0.0.1:1", "localhost", "LOCALHOST:80", "localhost:65535", "[::1]", "[::1]:80", "127.0.0.2"]
FOREIGN_HOSTS = [
    "evil.example.com",
    "evil.example.com:80",
    "127.0.0.1.evil.example.com",
    "localhost.evil.example.com",
    "evil.example.com:localhost",
    "localhost:80@evil.example.com",
    "localhost@evil.example.com",
    "localhost:evil.example.com",
    "localhost:80:80",
    "localhost:-1",
    "localhost:99999999",
    "[::1].evil.example.com",
    "[::1]evil.example.com",
    "[::1]:evil.example.com",
    "[::1",
    "[::1]:80@evil.example.com",
    "0.0.0.0",
    "2130706433",
    "localhost/evil.example.com",
    "localhost evil.example.com",
    "",
]


@pytest.mark.parametrize("host", SERVED_HOSTS)
def test_hosts_that_are_served(server: Server, host: str) -> None:
    assert server.post(DISCOVER, headers(server, ("host", host))).says == (200, None)


@pytest.mark.parametrize("host", FOREIGN_HOSTS)
def test_hosts_that_are_not(server: Server, host: str) -> None:
    assert server.post(DISCOVER, headers(server, ("host", host))).says == (403, -32600)


def test_missing_and_repeated_hosts(server: Server) -> None:
    assert server.post(DISCOVER, without(headers(server), "host")).status == 400
    assert server.post(DISCOVER, [("host", server.host), *headers(server)]).status == 400
    assert server.post(DISCOVER, [*headers(server), ("host", "evil.example.com")]).status == 400
    assert server.post(DISCOVER, headers(server, ("host", b"localhost\xff"))).status == 400


FOREIGN_ORIGINS = [f"http://{host}" for host in FOREIGN_HOSTS] + [
    "null",
    "localhost",
    "//localhost",
    "",
    "file://",
    "http://localhost, http://evil.example.com",
    "http://evil.example.com/http://localhost",
    "http://evil.example.com#localhost",
]


@pytest.mark.parametrize("host", SERVED_HOSTS)
def test_origins_that_are_served(server: Server, host: str) -> None:
    for scheme in ("http", "https"):
        answer = server.post(DISCOVER, headers(server, ("origin", f"{scheme}://{host}")))
        assert answer.says == (200, None)
        assert answer.header("access-control-allow-origin") == f"{scheme}://{host}"


@pytest.mark.parametrize("origin", FOREIGN_ORIGINS)
def test_origins_that_are_not(server: Server, origin: str) -> None:
    """Refused on its own, with a Host that is served, and told nothing."""
    answer = server.post(DISCOVER, headers(server, ("origin", origin)))
    assert answer.says == (403, -32600)
    assert answer.header("access-control-allow-origin") is None


@pytest.mark.parametrize("method", ["GET", "DELETE", "OPTIONS", "PUT"])
def test_origins_of_every_method(server: Server, method: str) -> None:
    assert server.get([("origin", "http://evil.example.com")], method).status == 403


def test_repeated_origins(server: Server) -> None:
    same = [*headers(server), ("origin", "http://localhost"), ("origin", "http://localhost")]
    assert server.post(DISCOVER, same).status == 400
    assert server.post(DISCOVER, headers(server, ("origin", b"http://localhost\xff"))).status == 400


@pytest.mark.parametrize(
    "target", ["/", "/mcp/", "/mcp2", "//mcp", "/%6dcp", "/MCP", "/mcp/..", "/./mcp", "/mcp;a", "/x?/mcp", "*"]
)
def test_other_paths(server: Server, target: str) -> None:
    assert server.post(DISCOVER, target=target).status == 404


def test_a_query_is_passed_over(server: Server) -> None:
    assert server.post(DISCOVER, target="/mcp?a=b/c").says == (200, None)


@pytest.mark.parametrize("method", ["GET", "DELETE", "PUT", "PATCH", "TRACE", "FOO", "post"])
def test_methods_of_the_revision_without_sessions(server: Server, method: str) -> None:
    answer = server.get([("mcp-protocol-version", MODERN), ("accept", BOTH)], method)
    assert answer.status == 405
    allowed = {allowed.strip() for allowed in (answer.header("allow") or "").split(",")}
    assert "POST" in allowed and method not in allowed - {"GET", "DELETE"}


@pytest.mark.parametrize("method", ["PUT", "PATCH", "TRACE", "FOO", "get"])
def test_methods_that_no_revision_has(server: Server, method: str) -> None:
    answer = server.get([], method)
    assert answer.status == 405
    assert {allowed.strip() for allowed in (answer.header("allow") or "").split(",")} >= {"GET", "POST", "DELETE"}


def test_head_has_no_body(server: Server) -> None:
    with server.connect() as connection:
        connection.send(request_text(b"", [("host", server.host)], "HEAD") + server.text(DISCOVER))
        answer = connection.read(head_only=True)
        assert answer.status == 405 and answer.header("allow")
        assert connection.read().says == (200, None)


def test_connect_opens_no_tunnel(server: Server) -> None:
    assert server.get([], "CONNECT", target="localhost:80").status in (404, 405)


def test_upgrades_are_passed_over(server: Server) -> None:
    more = [("connection", "upgrade"), ("upgrade", "h2c"), ("http2-settings", "AAMAAABkAAQAAP__")]
    assert server.post(DISCOVER, [*headers(server), *more]).says == (200, None)


@pytest.mark.parametrize(
    "value", ["application/json", "Application/JSON", "application/json; charset=utf-8", "application/json ;a=b"]
)
def test_content_types_that_are_taken(server: Server, value: str) -> None:
    assert server.post(DISCOVER, headers(server, ("content-type", value))).says == (200, None)


@pytest.mark.parametrize(
    "value",
    [
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/jsonp",
        "text/json",
        "",
        "json",
        b"application/json\xff",
    ],
)
def test_content_types_that_are_not(server: Server, value: str | bytes) -> None:
    assert server.post(DISCOVER, headers(server, ("content-type", value))).status == 415


def test_missing_and_repeated_content_types(server: Server) -> None:
    assert server.post(DISCOVER, without(headers(server), "content-type")).status == 415
    assert server.post(DISCOVER, [*headers(server), ("content-type", "text/plain")]).status == 400


@pytest.mark.parametrize("values", [["gzip"], ["br"], ["identity", "gzip"], ["identity, gzip"]])
def test_encoded_bodies(server: Server, values: list[str]) -> None:
    more = [("content-encoding", value) for value in values]
    assert server.post(DISCOVER, [*headers(server), *more]).status == 415


@pytest.mark.parametrize(
    "values",
    [
        [BOTH],
        ["*/*"],
        ["application/json", "text/event-stream"],
        ["Text/Event-Stream, Application/JSON;q=0.5"],
        ["application/*, text/*"],
    ],
)
def test_accept_that_is_enough(server: Server, values: list[str]) -> None:
    found = without(headers(server), "accept") + [("accept", value) for value in values]
    assert server.post(DISCOVER, found).says == (200, None)


@pytest.mark.parametrize(
    "values",
    [["application/json"], ["text/event-stream"], ["text/html"], [""], ["text/*"], ["application/json, text/event-streams"]],
)
def test_accept_that_is_not(server: Server, values: list[str]) -> None:
    found = without(headers(server), "accept") + [("accept", value) for value in values]
    assert server.post(DISCOVER, found).says == (406, -32600)


def test_a_preflight_of_a_page_that_is_let_in(server: Server) -> None:
    wanted = "content-type,mcp-method,mcp-name,mcp-param-region,mcp-protocol-version"
    asked = [("access-control-request-method", "POST"), ("access-control-request-headers", wanted)]
    answer = server.get([("origin", "http://localhost:3000"), *asked], "OPTIONS")
    assert answer.status == 204 and answer.header("access-control-allow-origin") == "http://localhost:3000"
    assert set((answer.header("access-control-allow-headers") or "").split(",")) >= set(wanted.split(","))
    assert "POST" in (answer.header("access-control-allow-methods") or "")
    assert server.get([("origin", "http://evil.example.com"), *asked], "OPTIONS").header("access-control-allow-headers") is None
