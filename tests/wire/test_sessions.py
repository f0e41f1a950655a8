"""Sessions: their beginning, their requests, batches and their end (2025-11-25, Transports "Session Management")."""

from __future__ import annotations

from typing import Any

import pytest

from wire import LEGACY, NEWEST, Answer, Server, Session, dump, replaced, session, without


@pytest.mark.parametrize("revision", LEGACY)
def test_a_session_from_its_beginning_to_its_end(server: Server, revision: str) -> None:
    with session(server, revision) as opened:
        assert opened.post(opened.request("ping")).json["result"] == {}
        result = opened.post(opened.call("echo", {"message": "m"})).json["result"]
        assert result["content"] == [{"type": "text", "text": "m"}] and "resultType" not in result
        assert opened.delete().status in (200, 204)
        for method in ("ping", "tools/list", "initialize"):
            assert opened.post(opened.request(method)).status == 404
        assert opened.post({"jsonrpc": "2.0", "method": "notifications/initialized"}).status == 404
        assert opened.post({"jsonrpc": "2.0", "id": 1, "result": {}}).status == 404
        assert opened.open().read().status == 404
        assert opened.delete().status == 404


@pytest.mark.parametrize("id", ["x", "", "0" * 32, "é", "x" * 5000, "../../etc/passwd", "'; drop table sessions"])
def test_sessions_that_never_were(server: Server, id: str) -> None:
    found = Session(server, NEWEST, id)
    for answer in (found.post(found.request("ping")), found.open().read(), found.delete()):
        assert answer.status == (400 if id == "é" else 404)


def test_every_id_but_the_right_one(server: Server, opened: Session) -> None:
    other = Session(server, NEWEST, opened.id)
    for id in (opened.id[:-1], opened.id + "x", opened.id.swapcase(), opened.id[::-1]):
        other.id = id
        assert other.post(other.request("ping")).status == 404


def test_no_session_id(server: Server, opened: Session) -> None:
    headers = without(opened.headers, "mcp-session-id")
    assert server.post(opened.request("ping"), headers).says == (400, -32600)
    assert server.post({"jsonrpc": "2.0", "method": "notifications/initialized"}, headers).status == 400
    for method in ("GET", "DELETE"):
        assert server.get(without(headers, "host", "content-type"), method).status == 400


def test_the_session_id_twice(server: Server, opened: Session) -> None:
    for again in (opened.id, "x"):
        headers = [*opened.headers, ("mcp-session-id", again)]
        assert server.post(opened.request("ping"), headers).status == 400
        assert server.get(without(headers, "host", "content-type"), "DELETE").status == 400
    assert opened.post(opened.request("ping")).says == (200, None)


def test_ids_are_never_the_same(server: Server) -> None:
    ids = set()
    for _ in range(200):
        with session(server, ready=False) as opened:
            ids.add(opened.id)
    assert len(ids) == 200


def test_a_second_handshake(server: Server, opened: Session) -> None:
    hello = {"protocolVersion": NEWEST, "capabilities": {}, "clientInfo": {"name": "n", "version": "1"}}
    answer = opened.post(opened.request("initialize", hello))
    assert answer.says == (200, -32600) and answer.header("mcp-session-id") is None
    assert opened.post(opened.request("ping")).says == (200, None)
    # A handshake as a notification opens nothing.
    assert server.post({"jsonrpc": "2.0", "method": "initialize", "params": hello}, server.base()).status == 400


def test_nothing_crosses_from_one_session_to_another(server: Server) -> None:
    with session(server) as a, session(server) as b:
        held = a.begin(a.call("sleep", {"ms": 60_000}, _meta={"progressToken": 1}))
        cancelled = server.metrics()["cancelled_by_client"]
        b.notify("notifications/cancelled", {"requestId": a.last_id})
        assert server.metrics()["cancelled_by_client"] == cancelled
        assert b.post(b.call("echo", {"message": "m"})).says == (200, None)
        held.socket.close()


def test_two_requests_of_one_id(server: Server, opened: Session) -> None:
    before = server.metrics()["calls"]
    body = opened.call("sleep", {"ms": 60_000})
    first = opened.begin(body)
    server.until(lambda now: now["calls"] > before)
    assert opened.post(body | {"params": {"name": "echo", "arguments": {"message": "m"}}}).says == (200, -32600)
    opened.notify("notifications/cancelled", {"requestId": body["id"]})
    assert first.read().status == 200
    assert opened.post(body | {"params": {"name": "echo", "arguments": {"message": "m"}}}).says == (200, None)


@pytest.mark.parametrize(
    "message",
    [
        {"jsonrpc": "2.0", "id": 99, "result": {}},
        {"jsonrpc": "2.0", "id": 99, "error": {"code": -1, "message": "m"}},
        {"jsonrpc": "2.0", "id": 99, "error": "x"},
        {"jsonrpc": "2.0", "id": "99", "result": None},
        {"jsonrpc": "2.0", "id": -1, "result": [1]},
        {"jsonrpc": "2.0", "method": "notifications/cancelled"},
        {"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {}},
        {"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": None}},
        {"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": {"a": [1]}}},
        {"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": 12345, "reason": "x"}},
        {"jsonrpc": "2.0", "method": "notifications/initialized"},
        {"jsonrpc": "2.0", "method": "notifications/unknown", "params": {"a": 1}},
        {"jsonrpc": "2.0", "method": "tools/call", "params": {"name": "echo"}},
    ],
)
def test_messages_that_ask_for_nothing(server: Server, opened: Session, message: Any) -> None:
    answer = opened.post(message)
    assert answer.status == 202 and not answer.body
    assert opened.post(opened.request("ping")).says == (200, None)


def test_log_levels(server: Server, opened: Session) -> None:
    assert opened.post(opened.request("logging/setLevel", {"level": "debug"})).json["result"] == {}
    for level in ("loud", "", "DEBUG", "info "):
        assert opened.post(opened.request("logging/setLevel", {"level": level})).code == -32602
    assert opened.post(opened.request("logging/setLevel")).code == -32602


def test_unknown_things(server: Server, opened: Session) -> None:
    assert opened.post(opened.call("no_such_tool")).says == (200, -32602)
    assert opened.post(opened.request("prompts/get", {"name": "no_such_prompt"})).says == (200, -32602)
    unknown = opened.post(opened.request("resources/read", {"uri": "test://no-such"}))
    assert unknown.says == (200, -32002) and unknown.json["error"]["data"]["uri"] == "test://no-such"
    assert opened.post(opened.request("resources/subscribe", {"uri": "test://no-such"})).code == -32002


@pytest.mark.parametrize("cursor", ["", "x", "MQ==", "-1", "AAAA", "é", "x" * 100_000, "\0", "99999999999999999999"])
@pytest.mark.parametrize("method", ["tools/list", "resources/list", "resources/templates/list", "prompts/list"])
def test_cursors_that_were_never_given(server: Server, opened: Session, method: str, cursor: str) -> None:
    assert opened.post(opened.request(method, {"cursor": cursor})).says == (200, -32602)


# Batches, which only 2025-03-26 has.


def test_a_batch(server: Server) -> None:
    with session(server, "2025-03-26") as opened:
        ids = []
        messages: list[Any] = []
        for body in (
            opened.request("ping"),
            opened.call("echo", {"message": "a"}),
            opened.call("echo_pool", {"message": "b"}),
            opened.request("nope"),
        ):
            ids.append(body["id"])
            messages.append(body)
        messages.insert(1, {"jsonrpc": "2.0", "method": "notifications/x"})
        messages.insert(3, {"jsonrpc": "2.0", "id": 77, "result": {}})
        answer = opened.post(messages)
        assert answer.status == 200
        found = {message["id"]: message for message in all_of(answer)}
        assert set(found) == set(ids)
        assert found[ids[3]]["error"]["code"] == -32601


def all_of(answer: Answer) -> list[Any]:
    found = answer.json
    assert answer.status == 200 and isinstance(found, list), answer
    return found


def test_a_batch_that_asks_for_nothing(server: Server) -> None:
    with session(server, "2025-03-26") as opened:
        answer = opened.post([{"jsonrpc": "2.0", "method": "notifications/x"}, {"jsonrpc": "2.0", "id": 5, "result": {}}])
        assert answer.status == 202 and not answer.body


def test_malformed_parts_of_a_batch(server: Server) -> None:
    """Each gets its own error, and the good ones their results."""
    with session(server, "2025-03-26") as opened:
        good = opened.request("ping")
        bad: list[Any] = [
            1,
            "x",
            None,
            True,
            [],
            [[]],
            [good],
            {},
            {"jsonrpc": "1.0", "id": "v", "method": "ping"},
            ["2.0", 1, "ping"],
        ]
        answer = opened.post([*bad, good, opened.request("ping") | {"params": [1]}])
        assert answer.status == 200
        found = all_of(answer)
        assert len(found) == len(bad) + 2
        assert sum(message.get("error", {}).get("code") == -32600 for message in found) == len(bad)
        assert [message for message in found if "result" in message] == [{"jsonrpc": "2.0", "id": good["id"], "result": {}}]
        assert sum(message.get("error", {}).get("code") == -32602 for message in found) == 1


def test_batches_of_other_sizes(server: Server) -> None:
    with session(server, "2025-03-26") as opened:
        ping = {"jsonrpc": "2.0", "id": 1, "method": "ping"}
        assert opened.post([]).says == (400, -32600)
        assert len(all_of(opened.post([ping | {"id": id} for id in range(64)]))) == 64
        assert opened.post([ping | {"id": id} for id in range(65)]).says == (400, -32600)
        assert opened.post(dump([ping])[:-1]).says == (400, -32700)
        assert opened.post(b"[" + dump(ping) + b",]").says == (400, -32700)
        assert opened.post(dump([ping]) + b"]").says == (400, -32700)
        assert opened.post(b"[1," * 1_000_000).status == 400


def test_a_handshake_in_a_batch(server: Server) -> None:
    hello = {"protocolVersion": "2025-03-26", "capabilities": {}, "clientInfo": {"name": "n", "version": "1"}}
    initialize = {"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": hello}
    assert server.post([initialize], server.base()).status == 400
    with session(server, "2025-03-26") as opened:
        [refused] = all_of(opened.post([initialize]))
        assert refused["error"]["code"] == -32600 and refused["id"] == 1


@pytest.mark.parametrize("revision", [revision for revision in LEGACY if revision != "2025-03-26"])
def test_batches_in_other_revisions(server: Server, revision: str) -> None:
    with session(server, revision) as opened:
        assert opened.post([opened.request("ping")]).says == (400, -32600)
        headers = replaced(opened.headers, ("mcp-protocol-version", "2025-03-26"))
        assert server.post([opened.request("ping")], headers).status == 400


def test_one_id_twice_in_a_batch(server: Server) -> None:
    with session(server, "2025-03-26") as opened:
        body = opened.call("sleep", {"ms": 1})
        found = all_of(opened.post([body, body]))
        assert len(found) == 2 and sum("result" in message for message in found) >= 1


def test_a_batch_with_progress_is_a_stream(server: Server) -> None:
    with session(server, "2025-03-26") as opened:
        bodies = [opened.call("progress", {"n": 3}, _meta={"progressToken": token}) for token in ("a", "b")]
        with opened.begin([*bodies, opened.request("ping")]) as connection:
            assert connection.read_head().header("content-type") == "text/event-stream"
            found = list(connection.messages())
        answered = [message["id"] for message in found if "result" in message]
        assert sorted(answered) == sorted([bodies[0]["id"], bodies[1]["id"], opened.last_id])
        for token in ("a", "b"):
            steps = [m["params"]["progress"] for m in found if m.get("params", {}).get("progressToken") == token]
            assert steps == [1, 2, 3]
