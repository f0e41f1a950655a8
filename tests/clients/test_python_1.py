"""The official Python client 1.x: revision 2025-11-25, with sessions."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import anyio
import httpx
import pytest
from conftest import Wire
from mcp import ClientSession, McpError, types
from mcp.client.streamable_http import streamable_http_client
from pydantic import AnyUrl

pytestmark = pytest.mark.anyio

REVISION = "2025-11-25"
RESOURCE_NOT_FOUND = -32002
TIMEOUT = 20


@dataclass
class Connection:
    session: ClientSession
    hello: types.InitializeResult
    wire: Wire


@asynccontextmanager
async def connect(url: str, **callbacks: Any) -> AsyncIterator[Connection]:
    wire = Wire()
    with anyio.fail_after(TIMEOUT):
        async with (
            httpx.AsyncClient(timeout=httpx.Timeout(TIMEOUT), event_hooks=wire.hooks) as http,
            streamable_http_client(url, http_client=http) as (read, write, _),
            ClientSession(read, write, **callbacks) as session,
        ):
            yield Connection(session, await session.initialize(), wire)


def text(result: types.CallToolResult) -> str:
    assert not result.isError, result
    [block] = result.content
    assert isinstance(block, types.TextContent)
    return block.text


def answer_elicitation(action: str, content: dict[str, Any] | None = None, seen: list[Any] | None = None) -> Any:
    async def answer(_: Any, params: types.ElicitRequestParams) -> types.ElicitResult:
        if seen is not None:
            seen.append(params)
        return types.ElicitResult(action=action, content=content)

    return answer


def answer_sampling(reply: str, seen: list[Any] | None = None) -> Any:
    async def answer(_: Any, params: types.CreateMessageRequestParams) -> types.CreateMessageResult:
        if seen is not None:
            seen.append(params)
        return types.CreateMessageResult(role="assistant", content=types.TextContent(type="text", text=reply), model="test-model")

    return answer


def answer_roots(uri: str) -> Any:
    async def answer(_: Any) -> types.ListRootsResult:
        return types.ListRootsResult(roots=[types.Root(uri=AnyUrl(uri), name="root")])

    return answer


async def test_negotiation(url: str) -> None:
    async with connect(url) as c:
        assert c.hello.protocolVersion == REVISION
        assert c.hello.serverInfo.name and c.hello.serverInfo.version
        offered = c.hello.capabilities
        assert offered.tools is not None and offered.prompts is not None
        assert offered.resources is not None and offered.resources.subscribe
        assert offered.logging is not None and offered.completions is not None
        assert c.wire.session_id
        await c.session.send_ping()


async def test_lists_tools(url: str) -> None:
    async with connect(url) as c:
        tools = {tool.name: tool for tool in (await c.session.list_tools()).tools}
        assert {"echo", "add", "sleep", "progress", "broadcast", "test_elicitation"} <= tools.keys()
        assert tools["echo"].description
        assert tools["echo"].inputSchema["properties"]["message"]["type"] == "string"
        assert tools["add"].outputSchema is not None


@pytest.mark.parametrize("message", ["hello", "", "Grüße, 世界 🌍", 'quote " and \\ and \n newline \u2028 \x7f', "x" * 200_000])
async def test_echo(url: str, message: str) -> None:
    async with connect(url) as c:
        assert text(await c.session.call_tool("echo", {"message": message})) == message


async def test_structured_content(url: str) -> None:
    async with connect(url) as c:
        result = await c.session.call_tool("add", {"a": 2, "b": 40})
        assert result.structuredContent == {"sum": 42}


async def test_concurrent_calls_keep_their_answers(url: str) -> None:
    answers: dict[int, str] = {}
    async with connect(url) as c:

        async def call(n: int) -> None:
            answers[n] = text(await c.session.call_tool("echo", {"message": f"message {n}"}))

        async with anyio.create_task_group() as tasks:
            for n in range(32):
                tasks.start_soon(call, n)
    assert answers == {n: f"message {n}" for n in range(32)}


async def test_progress_in_order(url: str) -> None:
    seen: list[float] = []

    async def on_progress(progress: float, total: float | None, message: str | None) -> None:
        seen.append(progress)

    async with connect(url) as c:
        result = await c.session.call_tool("progress", {"n": 20}, progress_callback=on_progress)
        assert not result.isError
        # Each notification is handed on by a task of its own; a round trip lets the last of them run.
        await c.session.send_ping()
    assert len(seen) == 20 and seen == sorted(set(seen))


async def test_logging_from_the_chosen_level(url: str) -> None:
    seen: list[types.LoggingMessageNotificationParams] = []
    three = anyio.Event()

    async def on_log(params: types.LoggingMessageNotificationParams) -> None:
        seen.append(params)
        if len(seen) == 3:
            three.set()

    async with connect(url, logging_callback=on_log) as c:
        await c.wire.stream_open.wait()
        await c.session.set_logging_level("error")
        await c.session.call_tool("test_tool_with_logging")
        await c.session.send_ping()
        assert seen == []

        await c.session.set_logging_level("debug")
        await c.session.call_tool("test_tool_with_logging")
        await three.wait()
    assert {params.level for params in seen} == {"info"}
    written = [json.dumps(params.data) for params in seen]
    for line, expected in zip(written, ["Tool execution started", "Tool processing data", "Tool execution completed"], strict=True):
        assert expected in line


async def test_elicitation_accepted(url: str) -> None:
    seen: list[types.ElicitRequestFormParams] = []
    answer = answer_elicitation("accept", {"username": "ada", "email": "ada@example.com"}, seen)
    async with connect(url, elicitation_callback=answer) as c:
        reply = text(await c.session.call_tool("test_elicitation", {"message": "Who are you?"}))
    assert [params.message for params in seen] == ["Who are you?"]
    assert set(seen[0].requestedSchema["required"]) == {"username", "email"}
    assert "accept" in reply and "ada@example.com" in reply


@pytest.mark.parametrize("action", ["decline", "cancel"])
async def test_elicitation_refused(url: str, action: str) -> None:
    async with connect(url, elicitation_callback=answer_elicitation(action)) as c:
        result = await c.session.call_tool("test_elicitation", {"message": "Who are you?"})
    assert action in result.content[0].text


async def test_several_elicitations_at_once(url: str) -> None:
    async def answer(_: Any, params: types.ElicitRequestParams) -> types.ElicitResult:
        return types.ElicitResult(action="accept", content={"username": params.message, "email": "a@example.com"})

    replies: dict[str, str] = {}
    async with connect(url, elicitation_callback=answer) as c:

        async def call(message: str) -> None:
            replies[message] = text(await c.session.call_tool("test_elicitation", {"message": message}))

        async with anyio.create_task_group() as tasks:
            for n in range(8):
                tasks.start_soon(call, f"user-{n}")
    assert len(replies) == 8
    for message, reply in replies.items():
        assert message in reply


async def test_sampling(url: str) -> None:
    seen: list[types.CreateMessageRequestParams] = []
    async with connect(url, sampling_callback=answer_sampling("forty-two", seen)) as c:
        reply = text(await c.session.call_tool("test_sampling", {"prompt": "What is the answer?"}))
    assert "forty-two" in reply
    [params] = seen
    assert params.maxTokens == 100
    [message] = params.messages
    assert message.role == "user" and message.content.text == "What is the answer?"


async def test_roots(url: str) -> None:
    async with connect(url, list_roots_callback=answer_roots("file:///srv/data")) as c:
        assert "file:///srv/data" in text(await c.session.call_tool("test_input_required_result_list_roots"))


async def test_rounds_of_input(url: str) -> None:
    """A handler written for `input_required` rounds serves a client with sessions just the same."""
    seen: list[types.ElicitRequestFormParams] = []

    async def answer(_: Any, params: types.ElicitRequestFormParams) -> types.ElicitResult:
        seen.append(params)
        [field] = params.requestedSchema["properties"]
        return types.ElicitResult(action="accept", content={field: f"answer {len(seen)}"})

    async with connect(url, elicitation_callback=answer) as c:
        reply = text(await c.session.call_tool("test_input_required_result_multi_round"))
    assert len(seen) == 2
    assert "answer 1" in reply and "answer 2" in reply


@pytest.mark.parametrize(("tool", "arguments"), [("test_elicitation", {"message": "?"}), ("test_sampling", {"prompt": "?"})])
async def test_asking_a_client_that_cannot_answer(url: str, tool: str, arguments: dict[str, str]) -> None:
    async with connect(url) as c:
        try:
            result = await c.session.call_tool(tool, arguments)
        except McpError as error:
            assert error.error.message
        else:
            assert result.isError
        assert text(await c.session.call_tool("echo", {"message": "still here"})) == "still here"


async def test_cancelled_calls_free_the_server(url: str) -> None:
    sleepers = 32

    async with connect(url) as c:

        async def sleep() -> None:
            try:
                await c.session.call_tool("sleep", {"ms": 60_000})
            except McpError:
                pass  # A server may turn some of them away at once.

        async with anyio.create_task_group() as tasks:
            for _ in range(sleepers):
                tasks.start_soon(sleep)
            calls = await c.wire.until_called("sleep", sleepers)
            await c.session.list_tools()
            for call in calls:
                params = types.CancelledNotificationParams(requestId=call["id"], reason="changed my mind")
                await c.session.send_notification(types.ClientNotification(types.CancelledNotification(params=params)))
            tasks.cancel_scope.cancel()

        async def served() -> bool:
            try:
                return not (await c.session.call_tool("sleep", {"ms": 1})).isError
            except McpError:
                return False

        # Workers that still slept would keep this one from running; while they are being freed it may be turned away.
        while not await served():
            pass
        assert text(await c.session.call_tool("echo", {"message": "free"})) == "free"


async def test_pushed_tool_list_change(url: str) -> None:
    changed = anyio.Event()

    async def on_message(message: Any) -> None:
        if isinstance(message, types.ServerNotification) and isinstance(message.root, types.ToolListChangedNotification):
            changed.set()

    async with connect(url, message_handler=on_message) as listener, connect(url) as other:
        await listener.wire.stream_open.wait()
        await other.session.call_tool("broadcast")
        await changed.wait()
        assert (await listener.session.list_tools()).tools


async def test_resources(url: str) -> None:
    async with connect(url) as c:
        uris = {str(resource.uri) for resource in (await c.session.list_resources()).resources}
        assert {"test://static-text", "test://static-binary", "test://watched-resource"} <= uris
        templates = (await c.session.list_resource_templates()).resourceTemplates
        assert "test://template/{id}/data" in {template.uriTemplate for template in templates}

        [plain] = (await c.session.read_resource(AnyUrl("test://static-text"))).contents
        assert isinstance(plain, types.TextResourceContents) and plain.mimeType == "text/plain" and plain.text
        [image] = (await c.session.read_resource(AnyUrl("test://static-binary"))).contents
        assert isinstance(image, types.BlobResourceContents) and image.mimeType == "image/png" and image.blob
        [made] = (await c.session.read_resource(AnyUrl("test://template/123/data"))).contents
        assert isinstance(made, types.TextResourceContents) and "123" in made.text


async def test_unknown_resource(url: str) -> None:
    async with connect(url) as c:
        with pytest.raises(McpError) as caught:
            await c.session.read_resource(AnyUrl("test://no-such-resource"))
        assert caught.value.error.code == RESOURCE_NOT_FOUND


async def test_resource_subscription(url: str) -> None:
    updated: list[str] = []
    arrived = anyio.Event()

    async def on_message(message: Any) -> None:
        if isinstance(message, types.ServerNotification) and isinstance(message.root, types.ResourceUpdatedNotification):
            updated.append(str(message.root.params.uri))
            arrived.set()

    watched = AnyUrl("test://watched-resource")
    async with connect(url, message_handler=on_message) as c, connect(url) as other:
        await c.wire.stream_open.wait()
        await c.session.subscribe_resource(watched)
        if "test_trigger_resource_update" in {tool.name for tool in (await c.session.list_tools()).tools}:
            await other.session.call_tool("test_trigger_resource_update")
            await arrived.wait()
            assert updated == [str(watched)]
        await c.session.unsubscribe_resource(watched)


async def test_prompts(url: str) -> None:
    async with connect(url) as c:
        names = {prompt.name for prompt in (await c.session.list_prompts()).prompts}
        assert {"test_simple_prompt", "test_prompt_with_arguments"} <= names
        prompt = await c.session.get_prompt("test_prompt_with_arguments", {"arg1": "first value", "arg2": "second value"})
        said = " ".join(message.content.text for message in prompt.messages)
        assert "first value" in said and "second value" in said
        with pytest.raises(McpError) as caught:
            await c.session.get_prompt("no_such_prompt")
        assert caught.value.error.code == types.INVALID_PARAMS


async def test_completion(url: str) -> None:
    async with connect(url) as c:
        ref = types.PromptReference(type="ref/prompt", name="test_prompt_with_arguments")
        offered = await c.session.complete(ref, {"name": "arg1", "value": "test"})
        assert all(isinstance(value, str) for value in offered.completion.values)


async def test_unknown_tool(url: str) -> None:
    async with connect(url) as c:
        with pytest.raises(McpError) as caught:
            await c.session.call_tool("no_such_tool")
        assert caught.value.error.code == types.INVALID_PARAMS
        assert "no_such_tool" in caught.value.error.message


async def test_wrong_arguments(url: str) -> None:
    async with connect(url) as c:
        try:
            result = await c.session.call_tool("echo", {"message": 7})
        except McpError as error:
            assert error.error.code == types.INVALID_PARAMS
        else:
            assert result.isError and "message" in result.content[0].text


async def test_tool_error_is_a_result(url: str) -> None:
    async with connect(url) as c:
        result = await c.session.call_tool("test_error_handling")
        assert result.isError
        assert result.content[0].text == "This tool intentionally returns an error for testing"


async def test_result_after_the_server_closed_the_stream(url: str) -> None:
    async with connect(url) as c:
        result = await c.session.call_tool("test_reconnection")
        assert not result.isError and result.content


async def test_leaving_ends_the_session(url: str) -> None:
    async with connect(url) as c:
        gone = c.wire.session_id
    assert gone
    async with httpx.AsyncClient(timeout=TIMEOUT) as http:
        headers = {"accept": "application/json, text/event-stream", "mcp-session-id": gone, "mcp-protocol-version": REVISION}
        answer = await http.post(url, headers=headers, json={"jsonrpc": "2.0", "id": 1, "method": "tools/list"})
    assert answer.status_code == 404
