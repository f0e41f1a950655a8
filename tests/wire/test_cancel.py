"""Cancellation: by closing the connection without sessions, by a notification in a session, by the end of a session."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from wire import LEGACY, Server, call, session

LONG = {"ms": 60_000}


def test_closing_the_connection_cancels(server: Server) -> None:
    before = server.metrics()
    for how in ("close", "reset"):
        connection = server.connect()
        connection.send(server.text(call("sleep", LONG)))
        server.until(lambda now: now["calls"] > before["calls"])
        connection.reset() if how == "reset" else connection.socket.close()
        server.until(lambda now: now["cancelled_by_disconnect"] == before["cancelled_by_disconnect"] + 1)
        before = server.metrics()


def test_closing_a_stream_cancels(server: Server) -> None:
    """The answer is a stream already: progress was reported."""
    before = server.metrics()["cancelled_by_disconnect"]
    connection = server.connect()
    connection.send(server.text(call("progress", {"n": 200_000}, progressToken=1)))
    connection.read_head()
    next(connection.messages())
    connection.reset()
    # A tool that is faster than the reset is done before; that is no cancellation.
    server.until(lambda now: now["connections_open"] <= 1)
    assert server.metrics()["cancelled_by_disconnect"] in (before, before + 1)


def test_a_pipelined_request_does_not_hide_that_the_client_is_gone(limited: Callable[..., Server]) -> None:
    server = limited(write_ms=200)
    before = server.metrics()["cancelled_by_disconnect"]
    with server.connect() as connection:
        connection.send(server.text(call("sleep", LONG)) + server.text(call("echo", {"message": "m"})))
        connection.socket.close()
        server.until(lambda now: now["cancelled_by_disconnect"] == before + 1)


@pytest.mark.parametrize("revision", LEGACY)
def test_a_notification_cancels_in_a_session(server: Server, revision: str) -> None:
    with session(server, revision) as opened:
        before = server.metrics()
        held = opened.begin(opened.call("sleep", LONG))
        server.until(lambda now: now["calls"] > before["calls"])
        while server.metrics()["cancelled_by_client"] == before["cancelled_by_client"]:
            opened.notify("notifications/cancelled", {"requestId": opened.last_id, "reason": "changed my mind"})
        answer = held.read()
        # It gets no response; the stream just ends.
        assert answer.status == 200 and b'"result"' not in answer.body and b'"error"' not in answer.body
        held.socket.close()


def test_a_closed_connection_does_not_cancel_in_a_session(server: Server) -> None:
    """2025-11-25: disconnection is not to be taken for cancellation."""
    with session(server) as opened:
        before = server.metrics()
        connection = opened.begin(opened.call("sleep", LONG))
        server.until(lambda now: now["calls"] > before["calls"])
        connection.reset()
        server.until(lambda now: now["connections_open"] <= 1)
        assert server.metrics()["cancelled_by_disconnect"] == before["cancelled_by_disconnect"]
        while server.metrics()["cancelled_by_client"] == before["cancelled_by_client"]:
            opened.notify("notifications/cancelled", {"requestId": opened.last_id})


def test_the_end_of_a_session_cancels(server: Server) -> None:
    with session(server) as opened:
        before = server.metrics()
        held = [opened.begin(opened.call("sleep", LONG)) for _ in range(3)]
        server.until(lambda now: now["calls"] == before["calls"] + 3)
        opened.delete()
        server.until(lambda now: now["cancelled_by_session_end"] == before["cancelled_by_session_end"] + 3)
        for connection in held:
            assert connection.read().status in (200, 404)
            connection.socket.close()


def test_cancelling_another_one_or_a_finished_one_does_nothing(server: Server) -> None:
    with session(server) as opened:
        before = server.metrics()["cancelled_by_client"]
        assert opened.post(opened.call("echo", {"message": "m"})).says == (200, None)
        for id in (opened.last_id, opened.last_id + 1, str(opened.last_id), -1, "x"):
            opened.notify("notifications/cancelled", {"requestId": id})
        assert server.metrics()["cancelled_by_client"] == before


def test_a_thousand_cancelled_calls(server: Server) -> None:
    """Nothing of them is left: no task, no thread that waits, no memory."""
    text = server.text(call("sleep", LONG))

    def hundred() -> None:
        before = server.metrics()["cancelled_by_disconnect"]
        for _ in range(100):
            connection = server.connect()
            connection.send(text)
            connection.socket.close()
        server.until(lambda now: now["cancelled_by_disconnect"] <= before + 100 and now["connections_open"] <= 1)

    for _ in range(3):
        hundred()
    before = server.resident()
    for _ in range(7):
        hundred()
    assert server.resident() - before < 4096
