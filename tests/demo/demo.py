"""The demonstration of `make demo`: a C server, the official Python client, one call and one push.

    .venv-mcp2/bin/python tests/demo/demo.py [SERVER...]

SERVER is the command of an `everything` server, the C example by default.
"""

from __future__ import annotations

import logging
import signal
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "setup"))
from everything import Everything, ServerError, command_from_environment  # noqa: E402

try:
    import anyio
    from mcp import Client, MCPError
except ImportError:
    sys.exit("demo: this needs the official Python client, 2.x: run tests/setup/setup mcp2 and use .venv-mcp2/bin/python")

# Seconds, once for the start and once for everything after it.
WITHIN = 10


def say(who: str, what: str) -> None:
    print(f"{who:>8}  {what}", flush=True)


async def show(url: str) -> None:
    async with Client(url) as listener, Client(url) as caller:
        server = caller.server_info
        say("client", f"connected to {server.name if server else 'the server'}, protocol {caller.protocol_version}")

        tools = sorted(tool.name for tool in (await caller.list_tools()).tools)
        say("server", f"offers {len(tools)} tools: {', '.join(tools[:5])}, ...")

        say("client", 'calls echo with message "Hello from Python"')
        result = await caller.call_tool("echo", {"message": "Hello from Python"})
        say("server", f'answers "{result.content[0].text}"')

        async with listener.listen(tools_list_changed=True) as events:
            say("client", "a second client listens for changes of the tool list")
            say("client", "calls broadcast")
            await caller.call_tool("broadcast")
            event = await anext(events)
            say("server", f"pushes {type(event).__name__} to the listening client")


async def main(url: str) -> None:
    with anyio.fail_after(WITHIN):
        await show(url)


def reason(error: BaseException) -> str:
    """The first thing that went wrong, out of whatever task groups wrapped it."""
    while isinstance(error, BaseExceptionGroup) and error.exceptions:
        error = error.exceptions[0]
    if isinstance(error, TimeoutError):
        return f"nothing more came within {WITHIN} s"
    return f"{type(error).__name__}: {error}" if not isinstance(error, MCPError) else f"the server refused: {error}"


if __name__ == "__main__":
    # What the client logs about a server that went away would only hide the message below.
    logging.disable(logging.CRITICAL)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    try:
        with Everything(sys.argv[1:] or command_from_environment(), start_within=WITHIN) as running:
            say("server", f"listening on {running.url}")
            anyio.run(main, running.url)
    except ServerError as error:
        sys.exit(f"demo: {error}")
    except Exception as error:
        sys.exit(f"demo: {reason(error)}")
    say("", "done")
