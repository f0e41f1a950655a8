"""What no official client shows: sessions of every revision, cancellation as the wire has it, and refusals."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import anyio
import httpx
import pytest

pytestmark = pytest.mark.anyio

TIMEOUT = 20
REVISIONS = ["2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25"]
ACCEPT = {"accept": "application/json, text/event-stream"}


def messages(answer: httpx.Response) -> list[dict[str, Any]]:
    """The JSON-RPC messages of an answer, whether it came as JSON or as an event stream."""
    if not answer.text:
        return []
    if answer.headers["content-type"].startswith("text/event-stream"):
        lines = (line.removeprefix("data:").strip() for line in answer.text.splitlines() if line.startswith("data:"))
        found = [json.loads(line) for line in lines if line]
    else:
        found = [answer.json()]
    return [message for item in found for message in (item if isinstance(item, list) else [item])]


@dataclass
class Session:
    http: httpx.AsyncClient
    url: str
    headers: dict[str, str] = field(default_factory=lambda: dict(ACCEPT))
    last_id: int = 0
    negotiated: str = ""

    async def post(self, body: Any) -> httpx.Response:
        return await self.http.post(self.url, json=body, headers=self.headers)

    def request(self, method: str, params: Any = None) -> dict[str, Any]:
        self.last_id += 1
        return {"jsonrpc": "2.0", "id": self.last_id, "method": method} | ({"params": params} if params is not None else {})

    async def ask(self, method: str, params: Any = None) -> dict[str, Any]:
        request = self.request(method, params)
        answer = await self.post(request)
        assert answer.status_code == 200, answer.text
        [response] = [message for message in messages(answer) if message.get("id") == request["id"]]
        return response


@asynccontextmanager
async def opened(url: str, revision: str) -> AsyncIterator[Session]:
    with anyio.fail_after(TIMEOUT):
        async with httpx.AsyncClient(timeout=TIMEOUT) as http:
            session = Session(http, url)
            hello = {"protocolVersion": revision, "capabilities": {}, "clientInfo": {"name": "wire", "version": "1"}}
            request = session.request("initialize", hello)
            answer = await session.post(request)
            assert answer.status_code == 200, answer.text
            session.headers["mcp-session-id"] = answer.headers["mcp-session-id"]
            negotiated = messages(answer)[-1]["result"]["protocolVersion"]
            # The header came with 2025-06-18; older clients never send it.
            if negotiated >= "2025-06-18":
                session.headers["mcp-protocol-version"] = negotiated
            session.negotiated = negotiated
            assert (await session.post({"jsonrpc": "2.0", "method": "notifications/initialized"})).status_code == 202
            yield session
            await http.delete(url, headers=session.headers)


@pytest.mark.parametrize("revision", REVISIONS)
async def test_session(url: str, revision: str) -> None:
    async with opened(url, revision) as session:
        assert session.negotiated == revision
        assert any(tool["name"] == "echo" for tool in (await session.ask("tools/list"))["result"]["tools"])
        answer = await session.ask("tools/call", {"name": "echo", "arguments": {"message": "hello"}})
        assert answer["result"]["content"] == [{"type": "text", "text": "hello"}]
        assert "resultType" not in answer["result"]
        assert (await session.ask("no/such/method"))["error"]["code"] == -32601


async def test_unknown_revision_is_answered_with_the_newest(url: str) -> None:
    async with opened(url, "1999-12-31") as session:
        assert session.negotiated == REVISIONS[-1]


async def test_batch(url: str) -> None:
    """Batches are part of 2025-03-26 and of no later revision."""
    async with opened(url, "2025-03-26") as session:
        batch = [session.request("ping"), session.request("tools/list")]
        answer = await session.post(batch)
        assert answer.status_code == 200
        assert {message["id"] for message in messages(answer)} == {request["id"] for request in batch}
    async with opened(url, "2025-06-18") as session:
        assert (await session.post([session.request("ping")])).status_code == 400


@pytest.mark.parametrize("revision", REVISIONS)
async def test_a_cancelled_call_ends(url: str, revision: str) -> None:
    async with opened(url, revision) as session:
        call = session.request("tools/call", {"name": "sleep", "arguments": {"ms": 60_000}})
        ended = anyio.Event()

        async def sleep() -> None:
            answer = await session.post(call)
            assert not any("result" in message for message in messages(answer))
            ended.set()

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(sleep)
            # Until the call has reached the server there is nothing to cancel, and the server says nothing about either.
            while not ended.is_set():
                params = {"requestId": call["id"], "reason": "changed my mind"}
                await session.post({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": params})
                await session.ask("ping")


async def test_refusals(url: str) -> None:
    async with opened(url, REVISIONS[-1]) as session:
        ping = session.request("ping")
        good = session.headers
        for change, status in [
            ({"mcp-session-id": "no-such-session"}, 404),
            ({"mcp-protocol-version": "1999-12-31"}, 400),
            ({"origin": "http://evil.example.com"}, 403),
        ]:
            session.headers = good | change
            assert (await session.post(ping)).status_code == status, change
        session.headers = {name: value for name, value in good.items() if name != "mcp-session-id"}
        assert (await session.post(ping)).status_code == 400
        session.headers = good
        assert (await session.ask("ping"))["result"] == {}
