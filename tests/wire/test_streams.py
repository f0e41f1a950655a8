"""GET streams and resumption: every message once, on one stream (2025-11-25, Transports "Resumability and Redelivery")."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from wire import NEWEST, Closed, Connection, Event, Server, Session, replaced, request_text, session, without

CHANGED = {"jsonrpc": "2.0", "method": "notifications/tools/list_changed"}
Limited = Callable[..., Server]


def opened_by(events: Any) -> Event:
    """The event that lets a client reconnect before it has seen another."""
    event: Event = next(events)
    assert event.id and event.data == "" and event.retry, event
    return event


def numbers(events: list[Event]) -> list[int]:
    """What `notify` numbered its notifications with."""
    return [int(event.json["params"]["logger"]) for event in events]


def test_a_get_stream(server: Server, opened: Session) -> None:
    with opened.stream() as connection:
        events = connection.events()
        opened_by(events)
        for _ in range(3):
            assert server.count("broadcast") >= 1
            event = next(events)
            assert event.json == CHANGED and event.id


@pytest.mark.parametrize("accept", ["application/json", "text/html", ""])
def test_a_stream_for_a_client_that_takes_none(server: Server, opened: Session, accept: str) -> None:
    headers = replaced(without(opened.headers, "content-type"), ("accept", accept))
    assert server.exchange(request_text(b"", headers, "GET")).status == 406


def test_two_streams_of_one_session(server: Server, opened: Session) -> None:
    """Both stay open, and each message goes to exactly one of them."""
    with opened.stream() as first, opened.stream() as second:
        streams = [first.events(), second.events()]
        for events in streams:
            opened_by(events)
        got = 0
        for _ in range(2):
            server.count("broadcast")
            assert next(streams[1]).json == CHANGED
            got += 1
        # What the other got shows once the session ends both.
        opened.delete()
        rest = [list(events) for events in streams]
        assert got + sum(len(found) for found in rest) == 2


def test_the_older_stream_takes_over(server: Server, opened: Session) -> None:
    with opened.stream() as first:
        events = first.events()
        opened_by(events)
        with opened.stream() as second:
            later = second.events()
            opened_by(later)
            server.count("broadcast")
            assert next(later).json == CHANGED
        # The newer connection is gone, and the server finds out when it does: no message before that is counted on.
        server.until(lambda now: now["connections_open"] <= 2)
        server.count("broadcast")
        assert next(events).json == CHANGED


def test_streams_end_with_their_session(server: Server) -> None:
    with session(server) as opened:
        streams = [opened.stream() for _ in range(3)]
        opened.delete()
        for connection in streams:
            assert [event for event in connection.events() if event.data] == []
            assert connection.is_closed()


def test_what_a_client_sends_behind_a_get_is_passed_over(server: Server, opened: Session) -> None:
    with opened.stream() as connection:
        events = connection.events()
        opened_by(events)
        connection.send(b"x" * 1_000_000)
        connection.send(server.text(opened.request("ping"), opened.headers))
        server.count("broadcast")
        assert next(events).json == CHANGED


def begin_progress(opened: Session, n: int) -> tuple[Connection, int]:
    body = opened.call("progress", {"n": n}, _meta={"progressToken": "t"})
    return opened.begin(body), body["id"]


@pytest.mark.parametrize("taken", [0, 1, 5, 20])
def test_the_stream_of_a_request_is_resumed(server: Server, opened: Session, taken: int) -> None:
    """The client leaves after some events, and gets exactly the others, in order, on the stream it asks for."""
    connection, id = begin_progress(opened, 20)
    with connection:
        assert connection.read_head().status == 200
        events = connection.events()
        last = opened_by(events)
        got = []
        for _ in range(taken):
            last = next(events)
            got.append(last)
    with opened.stream(("last-event-id", str(last.id))) as connection:
        got += [event for event in connection.events() if event.data]
        assert connection.is_closed()
    messages = [event.json for event in got]
    assert [message["params"]["progress"] for message in messages[:-1]] == list(range(1, 21))
    assert messages[-1]["id"] == id and "result" in messages[-1]
    assert len({event.id for event in got}) == len(got)


def test_a_finished_stream_is_resumed_more_than_once(server: Server, opened: Session) -> None:
    connection, _ = begin_progress(opened, 3)
    with connection:
        connection.read_head()
        events = [event for event in connection.events() if event.id]
    for at, event in enumerate(events):
        with opened.stream(("last-event-id", str(event.id))) as again:
            found = [event.data for event in again.events() if event.data]
            assert found == [event.data for event in events[at + 1 :]], at


def test_a_stream_that_closes_before_its_answer(server: Server, opened: Session) -> None:
    """2025-11-25: the server closes the connection, and the client comes back for the rest."""
    connection = opened.begin(opened.call("test_reconnection"))
    with connection:
        assert connection.read_head().header("content-type") == "text/event-stream"
        events = list(connection.events())
    assert events[0].id and any(event.retry for event in events)
    last = [event.id for event in events if event.id][-1]
    with opened.stream(("last-event-id", str(last))) as again:
        events += again.events()
    [answer] = [event.json for event in events if event.data]
    assert answer["id"] == opened.last_id and answer["result"]["content"]


@pytest.mark.parametrize(
    "id",
    [
        "",
        "x",
        "0",
        "-",
        "0-",
        "-0",
        "0-x",
        "x-0",
        "0-1-2",
        "0 - 0",
        "0-99999999999999999999",
        "99999999999999999999-0",
        "0-999",
        "7-0",
        "é",
        "0-0\x7f",
        "x" * 5000,
        "١-٢",
    ],
)
def test_event_ids_that_were_never_given(server: Server, opened: Session, id: str) -> None:
    connection = opened.open(("last-event-id", id.encode()))
    with connection:
        assert connection.read().status == 400
    with opened.stream() as stream:
        opened_by(stream.events())


def test_the_last_event_id_twice(server: Server, opened: Session) -> None:
    with opened.open(("last-event-id", "0-0"), ("last-event-id", "0-0")) as connection:
        assert connection.read().status == 400


def test_event_ids_of_another_session(server: Server) -> None:
    with session(server) as a, session(server) as b:
        connection, _ = begin_progress(a, 5)
        with connection:
            connection.read_head()
            ids = [event.id for event in connection.events() if event.id]
        for id in ids:
            with b.open(("last-event-id", str(id))) as stranger:
                assert stranger.read().status == 400


def test_ids_are_unique_within_a_session(server: Server, opened: Session) -> None:
    seen: list[str] = []
    with opened.stream() as stream:
        events = stream.events()
        seen.append(str(opened_by(events).id))
        for _ in range(3):
            connection, _ = begin_progress(opened, 3)
            with connection:
                connection.read_head()
                seen += [str(event.id) for event in connection.events() if event.id]
            server.count("broadcast")
            seen.append(str(next(events).id))
    assert len(set(seen)) == len(seen)


def test_an_interrupted_get_stream_loses_nothing(limited: Limited) -> None:
    """Whatever happens to its connections, a client that says what it has seen gets each message once, in order."""
    server = limited()
    with session(server) as opened:
        got: list[int] = []
        last: str | None = None
        with opened.stream() as connection:
            last = str(opened_by(connection.events()).id)
        sent = 0
        for round in range(30):
            with opened.stream(("last-event-id", str(last))) as connection:
                # Some notifications come while it is there, some after it has left, and it leaves in various ways.
                sent += server.count("notify", {"n": 4, "bytes": 10})
                events = connection.events()
                for _ in range(round % 5):
                    event = next(events)
                    got += numbers([event])
                    last = event.id
                if round % 2:
                    connection.reset()
            sent += server.count("notify", {"n": 1, "bytes": 10})
        with opened.stream(("last-event-id", str(last))) as connection:
            events = connection.events()
            while len(got) < sent:
                got += numbers([next(events)])
        assert sent == 150
        assert got == [1, 2, 3, 4, 1] * 30


def test_events_past_the_bound_are_gone(limited: Limited) -> None:
    server = limited(event_log_messages=5)
    with session(server) as opened:
        with opened.stream() as connection:
            events = connection.events()
            first = opened_by(events)
            server.count("notify", {"n": 8, "bytes": 1})
            ids = [str(next(events).id) for _ in range(8)]
        for id in (str(first.id), *ids[:2]):
            with opened.open(("last-event-id", id)) as again:
                assert again.read().status == 400
        for at in (2, 5, 7, 2):
            with opened.stream(("last-event-id", ids[at])) as again:
                found = again.events()
                assert numbers([next(found) for _ in range(7 - at)]) == list(range(at + 2, 9))


def test_messages_for_a_client_that_is_away_are_bounded(limited: Limited) -> None:
    server = limited(outbox_messages=10)
    with session(server) as opened:
        with opened.stream() as connection:
            last = opened_by(connection.events())
        server.until(lambda now: now["connections_open"] == 1)
        assert server.count("notify", {"n": 50, "bytes": 1}) == 10
        assert server.metrics()["clients_evicted"] == 0
        with opened.stream(("last-event-id", str(last.id))) as connection:
            events = connection.events()
            assert numbers([next(events) for _ in range(10)]) == list(range(1, 11))


def test_a_client_that_never_opened_a_stream_gets_nothing(limited: Limited) -> None:
    server = limited()
    with session(server), session(server, ready=False) as silent, silent.stream():
        assert server.count("notify", {"n": 3, "bytes": 1}) == 0


def test_many_streams_of_many_sessions(server: Server) -> None:
    """Every client is told, whatever the others do."""
    count = 50

    def client(index: int) -> int:
        with session(server) as opened, opened.stream() as connection:
            events = connection.events()
            opened_by(events)
            server.count("broadcast")
            got = 0
            while got == 0 or (index % 3 == 0 and got < 2 and server.count("broadcast")):
                assert next(events).json == CHANGED
                got += 1
            return got

    with ThreadPoolExecutor(16) as pool:
        assert all(got >= 1 for got in pool.map(client, range(count)))


def test_clients_that_leave_while_they_are_told(server: Server) -> None:
    """Notifications race with connections that are reset, closed, and resumed."""

    def client(index: int) -> None:
        with session(server) as opened:
            for round in range(10):
                connection = opened.stream()
                server.count("broadcast")
                if (index + round) % 3 == 0:
                    connection.reset()
                elif (index + round) % 3 == 1:
                    connection.socket.close()
                else:
                    try:
                        next(connection.events())
                    except (Closed, StopIteration):
                        pass
                    connection.socket.close()

    with ThreadPoolExecutor(16) as pool:
        list(pool.map(client, range(32)))


def test_prime_only_where_the_revision_has_it(server: Server) -> None:
    with session(server, "2025-06-18") as opened, opened.stream() as connection:
        assert opened.revision != NEWEST
        server.count("broadcast")
        assert next(connection.events()).json == CHANGED
