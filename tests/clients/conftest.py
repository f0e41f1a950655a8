"""One `everything` server for all tests of a run, and a view of what an official client sends over its socket."""

from __future__ import annotations

import importlib.metadata
import json
import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import anyio
import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "setup"))
from everything import Everything, ServerError, command_from_environment  # noqa: E402

MAJOR = importlib.metadata.version("mcp").split(".")[0]

# One environment holds one major version of the official client; the plain HTTP tests need to run in one of them only.
collect_ignore = {"1": ["test_python_2.py"], "2": ["test_python_1.py", "test_wire.py"]}[MAJOR]


class Wire:
    """What passed between a client and the server, seen through the hooks of its HTTP library."""

    def __init__(self) -> None:
        self.requests: list[dict[str, Any]] = []
        self.session_id: str | None = None
        self.stream_open = anyio.Event()
        self._more = anyio.Event()

    @property
    def hooks(self) -> dict[str, list[Any]]:
        return {"request": [self._on_request], "response": [self._on_response]}

    async def _on_request(self, request: Any) -> None:
        if request.method == "POST":
            self.requests.append(json.loads(request.content))
            more, self._more = self._more, anyio.Event()
            more.set()

    async def _on_response(self, response: Any) -> None:
        self.session_id = response.headers.get("mcp-session-id", self.session_id)
        if response.request.method == "GET" and response.status_code == 200:
            self.stream_open.set()

    def calls(self, tool: str) -> list[dict[str, Any]]:
        return [r for r in self.requests if r.get("method") == "tools/call" and r["params"]["name"] == tool]

    async def until_called(self, tool: str, times: int) -> list[dict[str, Any]]:
        """Waits until that many calls of a tool are on their way."""
        while len(self.calls(tool)) < times:
            await self._more.wait()
        return self.calls(tool)


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="session")
def server() -> Iterator[Everything]:
    running = Everything(command_from_environment(), log=ROOT / "target" / "clients" / f"server-python-{MAJOR}.log")
    try:
        running.start()
    except ServerError as error:
        pytest.exit(str(error), returncode=2)

    def on_terminate(*_: Any) -> None:
        # No server outlives a run that is told to end; an exception could get lost in the event loop.
        running.stop(within=0)
        os._exit(128 + signal.SIGTERM)

    signal.signal(signal.SIGTERM, on_terminate)
    try:
        yield running
    finally:
        stopped = running.stop()
    assert stopped is not None, "the server did not end within 10 s of SIGTERM, after every client had left"


@pytest.fixture
def url(server: Everything) -> Iterator[str]:
    yield server.url
    assert server.died() is None, f"the server ended by itself with status {server.died()}; its log: {server.log}"
