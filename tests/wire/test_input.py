"""Questions to the client: `requestState` as an attacker sends it, and replies nobody asked for (2026-07-28, MRTR)."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from wire import Answer, Server, call, session

TOOL = "test_input_required_result_elicitation"
ELICITATION: dict[str, Any] = {"elicitation": {"form": {}}}
ACCEPTED = {"user_name": {"action": "accept", "content": {"name": "Ann"}}}


def ask(server: Server, arguments: Any = None, capabilities: Any = ELICITATION, tool: str = TOOL, **params: Any) -> Answer:
    body = call(tool, arguments, capabilities=capabilities)
    body["params"] |= params
    return server.post(body)


def first_round(server: Server) -> str:
    answer = ask(server)
    assert answer.says == (200, None)
    result = answer.json["result"]
    assert result["resultType"] == "input_required"
    assert result["inputRequests"]["user_name"]["method"] == "elicitation/create"
    state: str = result["requestState"]
    return state


def test_two_rounds(server: Server) -> None:
    state = first_round(server)
    answer = ask(server, requestState=state, inputResponses=ACCEPTED)
    assert answer.json["result"]["resultType"] == "complete" and "Ann" in json.dumps(answer.json["result"]["content"])


def test_states_are_never_the_same(server: Server) -> None:
    assert len({first_round(server) for _ in range(20)}) == 20


def test_every_change_of_a_state_is_refused(server: Server) -> None:
    state = first_round(server)
    for at in range(0, len(state), 3):
        changed = state[:at] + ("A" if state[at] != "A" else "B") + state[at + 1 :]
        assert ask(server, requestState=changed, inputResponses=ACCEPTED).says == (400, -32602), at
    for cut in (1, 10, len(state) // 2):
        assert ask(server, requestState=state[:-cut]).says == (400, -32602)
    for longer in (state + "A", state + "=", state + "-TAMPERED", "A" + state, state + state, state + "\n", " " + state):
        assert ask(server, requestState=longer).says == (400, -32602)


@pytest.mark.parametrize(
    "state",
    [
        "",
        "x",
        "e30",
        "{}",
        "null",
        "====",
        "é",
        "\0",
        "A" * 60_000,
        "A" * 1_000_000,
        base64.urlsafe_b64encode(bytes(200)).decode(),
        base64.urlsafe_b64encode(b"\x01" + bytes(80)).decode().rstrip("="),
    ],
    ids=lambda state: f"{state[:8]!r}-{len(state)}",
)
def test_states_that_were_never_given(server: Server, state: str) -> None:
    assert ask(server, requestState=state, inputResponses=ACCEPTED).says == (400, -32602)


def test_a_state_belongs_to_its_request(server: Server) -> None:
    state = first_round(server)
    assert ask(server, {"other": 1}, requestState=state, inputResponses=ACCEPTED).says == (400, -32602)
    answer = ask(server, tool="test_input_required_result_sampling", capabilities={"sampling": {}}, requestState=state)
    assert answer.says == (400, -32602)


def test_a_state_of_another_server(server: Server, limited: Any) -> None:
    state = first_round(limited())
    assert ask(server, requestState=state, inputResponses=ACCEPTED).says == (400, -32602)


def test_a_state_does_not_live_for_ever(limited: Any) -> None:
    server = limited(request_state_ms=1)
    state = first_round(server)
    answer = ask(server, requestState=state, inputResponses=ACCEPTED)
    while answer.status == 200:
        # It counts in seconds.
        answer = ask(server, requestState=state, inputResponses=ACCEPTED)
    assert answer.says == (400, -32602)


@pytest.mark.parametrize("responses", [[], "x", 5, True, [ACCEPTED]])
def test_responses_that_are_no_object(server: Server, responses: Any) -> None:
    assert ask(server, inputResponses=responses).says == (400, -32602)


@pytest.mark.parametrize(
    "responses",
    [
        None,
        {},
        {"other": ACCEPTED["user_name"]},
        {"user_name": 12345},
        {"user_name": None},
        {"user_name": []},
        {"user_name": "Ann"},
        {"user_name": {}},
        {"user_name": {"action": 5}},
    ],
)
def test_responses_that_answer_nothing_are_asked_for_again(server: Server, responses: Any) -> None:
    state = first_round(server)
    answer = ask(server, requestState=state, inputResponses=responses)
    assert answer.says == (200, None) and answer.json["result"]["resultType"] == "input_required", answer


def test_a_client_that_answers_unasked(server: Server) -> None:
    """It saves itself a round; what is not needed is passed over."""
    answer = ask(server, inputResponses=ACCEPTED | {"extra": 5})
    assert answer.json["result"]["resultType"] == "complete"
    assert server.post(call("echo", {"message": "m"}) | {"id": "e"}).says == (200, None)


def question_of(opened: Any, connection: Any) -> Any:
    assert connection.read_head().header("content-type") == "text/event-stream"
    messages = connection.messages()
    question = next(messages)
    assert question["method"] == "elicitation/create" and "id" in question
    return question, messages


def test_replies_in_a_session(server: Server) -> None:
    """Only the id of the question is its reply; others are taken and mean nothing."""
    with session(server, capabilities={"elicitation": {}}) as opened, opened.begin(opened.call(TOOL)) as connection:
        question, messages = question_of(opened, connection)
        reply = {"jsonrpc": "2.0", "result": ACCEPTED["user_name"]}
        for id in (question["id"] + 1, -question["id"] - 1, str(question["id"]) + "x", 2**70):
            assert opened.post(reply | {"id": id}).status == 202
        assert opened.post(reply | {"id": question["id"]}).status == 202
        # The second reply to one question comes too late.
        assert opened.post({"jsonrpc": "2.0", "id": question["id"], "error": {"code": 1, "message": "late"}}).status == 202
        answer = next(messages)
        assert answer["id"] == opened.last_id and "Ann" in json.dumps(answer["result"]["content"])


def test_replies_of_another_session(server: Server) -> None:
    with session(server, capabilities={"elicitation": {}}) as a, session(server, capabilities={"elicitation": {}}) as b:
        with a.begin(a.call(TOOL)) as connection:
            question, messages = question_of(a, connection)
            forged = {"jsonrpc": "2.0", "id": question["id"], "result": {"action": "accept", "content": {"name": "Eve"}}}
            assert b.post(forged).status == 202
            assert a.post(forged | {"result": ACCEPTED["user_name"]}).status == 202
            assert "Ann" in json.dumps(next(messages)["result"]["content"])


def test_an_error_as_reply(server: Server) -> None:
    with session(server, capabilities={"elicitation": {}}) as opened, opened.begin(opened.call(TOOL)) as connection:
        question, messages = question_of(opened, connection)
        for error in ({"code": -32000, "message": "no"},):
            assert opened.post({"jsonrpc": "2.0", "id": question["id"], "error": error}).status == 202
        answer = next(messages)
        assert answer["id"] == opened.last_id and ("error" in answer or answer["result"].get("isError")), answer


def test_a_question_that_is_never_answered(server: Server) -> None:
    """It holds nothing but its session's memory: no thread, no task beside the connection's."""
    with session(server, capabilities={"elicitation": {}}) as opened:
        before = server.until(lambda now: now["connections_open"] == 1)
        connections = [opened.begin(opened.call(TOOL)) for _ in range(100)]
        for connection in connections:
            question_of(opened, connection)
        now = server.until(lambda now: now["alive_tasks"] == before["alive_tasks"] + 100)
        assert now["pool_queue"] == 0
        for connection in connections:
            connection.socket.close()
        opened.delete()
        server.until(lambda now: now["alive_tasks"] <= before["alive_tasks"])
