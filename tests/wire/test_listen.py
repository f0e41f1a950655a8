"""`subscriptions/listen`: acknowledged first, only what was asked for, each with its id (2026-07-28, Subscriptions)."""

from __future__ import annotations

import socket
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from wire import META, Server, listening, modern

WATCHED = "test://watched-resource"
ID = META + "subscriptionId"


def acknowledged(messages: Any, id: Any) -> dict[str, Any]:
    """What the server agreed to."""
    message = next(messages)
    assert message["method"] == "notifications/subscriptions/acknowledged" and "id" not in message
    assert message["params"]["_meta"][ID] == id
    found: dict[str, Any] = message["params"]["notifications"]
    return found


FILTERS: list[dict[str, Any]] = [
    {},
    {"toolsListChanged": True},
    {"promptsListChanged": True},
    {"resourcesListChanged": True},
    {"resourceSubscriptions": [WATCHED]},
    {"toolsListChanged": True, "promptsListChanged": True, "resourceSubscriptions": [WATCHED, "test://static-text"]},
    {"toolsListChanged": False, "resourceSubscriptions": []},
]


@pytest.mark.parametrize("filter", FILTERS)
def test_the_acknowledgement_comes_first(server: Server, filter: dict[str, Any]) -> None:
    with listening(server, filter) as connection:
        found = acknowledged(connection.messages(), "listen")
        assert found == {name: value for name, value in filter.items() if value}


def test_kinds_of_notifications_that_do_not_exist(server: Server) -> None:
    """They are left out of what is agreed to."""
    with listening(server, {"toolsListChanged": True, "weatherChanged": True}) as connection:
        assert acknowledged(connection.messages(), "listen") == {"toolsListChanged": True}


@pytest.mark.parametrize("id", [1, 0, -5, "1", "", "é\n", 2**70, "x" * 1000])
def test_every_message_names_its_subscription(server: Server, id: Any) -> None:
    with listening(server, {"toolsListChanged": True, "resourceSubscriptions": [WATCHED]}, id) as connection:
        messages = connection.messages()
        acknowledged(messages, id)
        server.count("broadcast")
        message = next(messages)
        assert message["method"] == "notifications/tools/list_changed" and message["params"]["_meta"] == {ID: id}
        server.call("test_trigger_resource_update")
        message = next(messages)
        assert message["method"] == "notifications/resources/updated"
        assert message["params"] == {"_meta": {ID: id}, "uri": WATCHED}


def test_only_what_was_asked_for(server: Server) -> None:
    """What does not belong on a stream would come before the marker that does."""
    everything = {
        "tools": ("toolsListChanged", "broadcast"),
        "resource": ("resourceSubscriptions", "test_trigger_resource_update"),
    }
    for wanted, (name, trigger) in everything.items():
        with listening(server, {name: [WATCHED] if wanted == "resource" else True}) as connection:
            messages = connection.messages()
            acknowledged(messages, "listen")
            for other, (_, tool) in everything.items():
                if other != wanted:
                    server.call(tool)
            server.call("test_trigger_prompt_change")
            server.call(trigger)
            method = next(messages)["method"]
            assert method == ("notifications/resources/updated" if wanted == "resource" else "notifications/tools/list_changed")


def test_streams_of_one_client_are_apart(server: Server) -> None:
    with listening(server, {"toolsListChanged": True}, 1) as one, listening(server, {"toolsListChanged": True}, 1) as other:
        streams = [connection.messages() for connection in (one, other)]
        for messages in streams:
            acknowledged(messages, 1)
        assert server.count("broadcast") >= 2
        for messages in streams:
            assert next(messages)["method"] == "notifications/tools/list_changed"
        one.socket.close()
        server.until(lambda now: now["clients"] <= 1)
        server.count("broadcast")
        assert next(streams[1])["method"] == "notifications/tools/list_changed"


def test_a_client_that_closes_is_no_client_any_more(server: Server) -> None:
    before = server.metrics()["clients"]
    with listening(server, {"toolsListChanged": True}) as connection:
        assert server.metrics()["clients"] == before + 1
        connection.socket.close()
        server.until(lambda now: now["clients"] == before)


@pytest.mark.parametrize("cut", ["close", "reset", "half-close"])
def test_clients_that_are_gone_before_they_are_acknowledged(server: Server, cut: str) -> None:
    """The request and its end arrive together; no client is left behind."""
    before = server.metrics()["clients"]
    text = server.text(modern("subscriptions/listen", {"notifications": {"toolsListChanged": True}}))
    for _ in range(300):
        connection = server.connect()
        connection.send(text)
        if cut == "reset":
            connection.reset()
        elif cut == "half-close":
            connection.socket.shutdown(socket.SHUT_WR)
        connection.socket.close()
    server.until(lambda now: now["clients"] == before)


def test_streams_come_and_go_while_all_are_told(server: Server) -> None:
    def client(index: int) -> None:
        for round in range(10):
            with listening(server, {"toolsListChanged": True, "resourceSubscriptions": [WATCHED]}, index) as connection:
                messages = connection.messages()
                acknowledged(messages, index)
                server.count("broadcast")
                if (index + round) % 2:
                    assert next(messages)["params"]["_meta"][ID] == index
                else:
                    connection.reset()

    with ThreadPoolExecutor(16) as pool:
        list(pool.map(client, range(32)))


def test_repeated_changes_merge_while_they_wait(server: Server) -> None:
    """A client that does not read finds one notification of a kind, not thousands, once its socket is full."""
    with server.connect(receive_buffer=2304) as connection:
        body = modern("subscriptions/listen", {"notifications": {"toolsListChanged": True}}, "x" * 1000)
        connection.send(server.text(body))
        connection.read_head()
        merged = server.metrics()["notifications_merged"]
        while server.metrics()["notifications_merged"] < merged + 10:
            for _ in range(100):
                server.count("broadcast")
        assert server.metrics()["clients"] >= 1
