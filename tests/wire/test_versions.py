"""Both eras at one endpoint: which revision a request is of, and what it has to carry for that (2026-07-28, Versioning)."""

from __future__ import annotations

from typing import Any

import pytest

from wire import LEGACY, META, MODERN, NEWEST, Server, Session, call, meta, mirrors, modern, replaced, session, without

DISCOVER = modern("server/discover")
SUPPORTED = {MODERN, *LEGACY}


def posted(server: Server, body: Any, header: str | None) -> Any:
    headers = server.base() + without(mirrors(body), "mcp-protocol-version")
    return server.post(body, headers + ([("mcp-protocol-version", header)] if header is not None else []))


@pytest.mark.parametrize("version", ["v999.0.0", "2026-07-29", "2025-11-26", "1900-01-01", "", "DRAFT-2026-v1", "2026-07-28 "])
def test_revisions_that_nobody_serves(server: Server, version: str) -> None:
    if version != version.strip():
        # White space around a header's value does not belong to it, and that in the body does.
        assert posted(server, modern("server/discover", version=version), version).says == (400, -32020)
        return
    answer = posted(server, modern("server/discover", version=version), version)
    assert answer.says == (400, -32022) and answer.json["id"] == 1
    data = answer.json["error"]["data"]
    assert data["requested"] == version and set(data["supported"]) == SUPPORTED


def test_what_is_advertised_is_served(server: Server) -> None:
    result = server.post(DISCOVER).json["result"]
    assert set(result["supportedVersions"]) == SUPPORTED and result["resultType"] == "complete"
    assert result["_meta"][META + "serverInfo"]["name"]
    for revision in set(result["supportedVersions"]) - {MODERN}:
        with session(server, revision) as opened:
            assert opened.post(opened.request("ping")).json["result"] == {}


@pytest.mark.parametrize(
    ("header", "body"),
    [
        (MODERN, "v999.0.0"),
        ("v999.0.0", MODERN),
        (NEWEST, MODERN),
        (MODERN, NEWEST),
        (MODERN, ""),
        ("", MODERN),
        (None, MODERN),
        ("2026-07-28, 2026-07-28", MODERN),
        ("2026-07-28\t2026-07-28", MODERN),
        ('"2026-07-28"', MODERN),
    ],
)
def test_header_and_body_disagree(server: Server, header: str | None, body: str) -> None:
    answer = posted(server, modern("server/discover", version=body), header)
    assert answer.says == (400, -32020) and answer.json["id"] == 1


def test_the_header_twice(server: Server) -> None:
    """A header that is there twice says nothing that can be relied on: malformed, as one that is missing."""
    for again in (MODERN, NEWEST, "x"):
        headers = [*server.base(), *mirrors(DISCOVER), ("mcp-protocol-version", again)]
        assert server.post(DISCOVER, headers).says == (400, -32020)
    headers = replaced(server.base() + mirrors(DISCOVER), ("mcp-protocol-version", b"2026-07-28\xff"))
    assert server.post(DISCOVER, headers).says == (400, -32020)


@pytest.mark.parametrize(
    "params",
    [
        None,
        {},
        {"_meta": None},
        {"_meta": {}},
        {"_meta": meta(version=None)},
        {"_meta": {META + "protocolVersion": MODERN}},
        {"_meta": meta() | {META + "protocolVersion": 5}},
        {"_meta": meta() | {META + "protocolVersion": None}},
        {"_meta": meta() | {META + "protocolVersion": [MODERN]}},
        {"_meta": meta() | {META + "clientCapabilities": None}},
        {"_meta": meta() | {META + "clientCapabilities": []}},
        {"_meta": meta() | {META + "clientCapabilities": "x"}},
        {"_meta": meta() | {META + "clientInfo": []}},
        {"_meta": meta() | {META + "clientInfo": "x"}},
        {"_meta": meta() | {META + "logLevel": 5}},
        {"_meta": meta() | {META + "logLevel": "loud"}},
        {"_meta": []},
        {"_meta": 5},
        {"_meta": [MODERN, None, {}]},
    ],
)
@pytest.mark.parametrize("method", ["server/discover", "tools/list"])
def test_meta_that_is_missing_or_malformed(server: Server, params: Any, method: str) -> None:
    body = {"jsonrpc": "2.0", "id": "x", "method": method} | ({} if params is None else {"params": params})
    headers = [*server.base(), ("mcp-protocol-version", MODERN), ("mcp-method", method)]
    answer = server.post(body, headers)
    assert answer.says == (400, -32602) and answer.json["id"] == "x"


@pytest.mark.parametrize("token", [{}, [], True, 1.5, 1e300, "x" * 2000])
def test_progress_tokens_of_wrong_kinds(server: Server, token: Any) -> None:
    assert server.post(call("echo", {"message": "m"}, progressToken=token)).says == (400, -32602)


@pytest.mark.parametrize("token", ["", "x", 0, -1, 12345678901234567890])
def test_progress_tokens(server: Server, token: Any) -> None:
    with server.connect() as connection:
        connection.send(server.text(call("progress", {"n": 3}, progressToken=token)))
        assert connection.read_head().header("content-type") == "text/event-stream"
        *progress, last = connection.messages()
        assert [message["params"]["progressToken"] for message in progress] == [token] * 3
        assert [message["params"]["progress"] for message in progress] == [1, 2, 3]
        assert last["result"]["resultType"] == "complete"


def test_client_info_may_be_missing_or_there(server: Server) -> None:
    assert server.post(DISCOVER).says == (200, None)
    info = {META + "clientInfo": {"name": "wire", "version": "1"}}
    assert server.post(modern("server/discover", **info)).says == (200, None)


GONE = ["initialize", "ping", "logging/setLevel", "resources/subscribe", "resources/unsubscribe"]


@pytest.mark.parametrize(
    "method", [*GONE, "unknown/method", "", "tools/call/", "TOOLS/LIST", "tasks/list", "notifications/x", "x" * 5000]
)
def test_methods_that_the_revision_without_sessions_lacks(server: Server, method: str) -> None:
    answer = server.post(modern(method, {"uri": "test://static-text", "level": "info"}))
    assert answer.says == (404, -32601) and answer.json["id"] == 1


@pytest.mark.parametrize(
    "method", ["server/discover", "subscriptions/listen", "unknown/method", "", "tools/call/", "TOOLS/LIST", "tasks/list"]
)
@pytest.mark.parametrize("revision", LEGACY)
def test_methods_that_sessions_lack(server: Server, revision: str, method: str) -> None:
    with session(server, revision) as opened:
        answer = opened.post(opened.request(method, {"notifications": {}}))
        assert answer.says == (200, -32601) and answer.json["id"] == opened.last_id


def test_notifications_are_accepted_without_an_answer(server: Server) -> None:
    for method in ("notifications/cancelled", "notifications/initialized", "tools/list", "x"):
        body = {"jsonrpc": "2.0", "method": method, "params": {"requestId": 1}}
        answer = server.post(body, [*server.base(), ("mcp-protocol-version", MODERN)])
        assert answer.status == 202 and not answer.body


def test_a_client_of_the_revision_without_sessions_sends_no_responses(server: Server) -> None:
    body: dict[str, Any]
    for body in ({"result": {}}, {"error": {"code": 1, "message": "m"}}):
        answer = server.post({"jsonrpc": "2.0", "id": 1} | body, [*server.base(), ("mcp-protocol-version", MODERN)])
        assert answer.says == (400, -32600)


def test_a_session_id_means_nothing_to_it(server: Server, opened: Session) -> None:
    for id in (opened.id, "no-such-session"):
        answer = server.post(DISCOVER, [*server.base(), *mirrors(DISCOVER), ("mcp-session-id", id), ("last-event-id", "x")])
        assert answer.says == (200, None) and answer.header("mcp-session-id") is None


@pytest.mark.parametrize("version", ["1999-12-31", "x", "2025-11-25, 2025-11-25", b"2025-11-25\xff"])
def test_unknown_revisions_in_a_session(server: Server, opened: Session, version: str | bytes) -> None:
    """2025-11-25, Transports, "Protocol Version Header": 400, whatever the request."""
    headers = replaced(opened.headers, ("mcp-protocol-version", version))
    ping = opened.request("ping")
    assert server.post(ping, headers).status == 400
    assert server.post({"jsonrpc": "2.0", "method": "notifications/x"}, headers).status == 400
    assert server.post({"jsonrpc": "2.0", "id": 1, "result": {}}, headers).status == 400
    for method in ("GET", "DELETE"):
        assert server.get(without(headers, "host", "content-type"), method).status == 400
    assert opened.post(ping).says == (200, None)


def test_no_header_in_a_session(server: Server, opened: Session) -> None:
    """Without one, the revision is known from the handshake."""
    assert server.post(opened.request("ping"), without(opened.headers, "mcp-protocol-version")).says == (200, None)


@pytest.mark.parametrize("requested", ["1999-12-31", MODERN, "", "x" * 1000])
def test_a_handshake_for_an_unknown_revision_is_answered_with_the_newest(server: Server, requested: str) -> None:
    hello = {"protocolVersion": requested, "capabilities": {}, "clientInfo": {"name": "n", "version": "1"}}
    answer = server.post({"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": hello}, server.base())
    assert answer.says == (200, None) and answer.json["result"]["protocolVersion"] == NEWEST
    Session(server, NEWEST, answer.header("mcp-session-id") or "").delete()


@pytest.mark.parametrize("missing", ["protocolVersion", "capabilities", "clientInfo"])
@pytest.mark.parametrize("value", [None, 5, [], "x"])
def test_a_handshake_that_lacks_something(server: Server, missing: str, value: Any) -> None:
    if missing == "protocolVersion" and value == "x":
        pytest.skip("an unknown revision is negotiated")
    hello = {"protocolVersion": NEWEST, "capabilities": {}, "clientInfo": {"name": "n", "version": "1"}} | {missing: value}
    answer = server.post({"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": hello}, server.base())
    assert answer.code == -32602 and answer.header("mcp-session-id") is None
    assert server.post({"jsonrpc": "2.0", "id": 1, "method": "initialize"}, server.base()).code == -32602


def test_missing_capabilities(server: Server) -> None:
    """-32021 says which, and comes with 400 (2026-07-28, Base Protocol)."""
    for tool, required in [("elicitation", {"elicitation"}), ("sampling", {"sampling"})]:
        declared: dict[str, Any]
        for declared in ({}, {"roots": {}}, {"extensions": {}}):
            answer = server.post(call(f"test_input_required_result_{tool}", capabilities=declared))
            assert answer.says == (400, -32021)
            assert set(answer.json["error"]["data"]["requiredCapabilities"]) == required
