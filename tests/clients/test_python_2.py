"""The official Python client 2.x: revision 2026-07-28 without sessions, and 2025-11-25 with them, against the same server."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import anyio
import httpx2
import pytest
from conftest import Wire
from mcp import Client, MCPError, types
from mcp.client.streamable_http import streamable_http_client
from mcp.client.subscriptions import ResourceUpdated, ToolsListChanged

TIMEOUT = 20
REVISIONS = {"auto": "2026-07-28", "legacy": "2025-11-25"}

both = pytest.mark.parametrize("mode", ["auto", "legacy"])
pytestmark = pytest.mark.anyio


@dataclass
class Connection:
    client: Client
    wire: Wire


@asynccontextmanager
async def connect(url: str, mode: str = "auto", **options: Any) -> AsyncIterator[Connection]:
    wire = Wire()
    with anyio.fail_after(TIMEOUT):
        async with (
            httpx2.AsyncClient(timeout=httpx2.Timeout(TIMEOUT), event_hooks=wire.hooks) as http,
            Client(streamable_http_client(url, http_client=http), mode=mode, **options) as client,
        ):
            yield Connection(client, wire)


def text(result: types.CallToolResult) -> str:
    assert not result.is_error, result
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
        return types.ListRootsResult(roots=[types.Root(uri=uri, name="root")])

    return answer


@both
async def test_negotiation(url: str, mode: str) -> None:
    async with connect(url, mode) as c:
        assert c.client.protocol_version == REVISIONS[mode]
        assert c.client.server_info is not None and c.client.server_info.name
        offered = c.client.server_capabilities
        assert offered.tools is not None and offered.prompts is not None
        assert offered.resources is not None and offered.completions is not None
        assert (c.wire.session_id is None) == (mode == "auto")
        methods = [request["method"] for request in c.wire.requests]
        assert methods[0] == ("server/discover" if mode == "auto" else "initialize")


@both
async def test_lists_tools(url: str, mode: str) -> None:
    async with connect(url, mode) as c:
        tools = {tool.name: tool for tool in (await c.client.list_tools()).tools}
        assert {"echo", "add", "sleep", "progress", "broadcast", "test_input_required_result_elicitation"} <= tools.keys()
        assert tools["echo"].description
        assert tools["add"].output_schema is not None


@both
@pytest.mark.parametrize("message", ["hello", "", "Grüße, 世界 🌍", 'quote " and \\ and \n newline \u2028 \x7f', "x" * 200_000])
async def test_echo(url: str, mode: str, message: str) -> None:
    async with connect(url, mode) as c:
        assert text(await c.client.call_tool("echo", {"message": message})) == message


@both
async def test_structured_content(url: str, mode: str) -> None:
    async with connect(url, mode) as c:
        result = await c.client.call_tool("add", {"a": 2, "b": 40})
        assert result.structured_content == {"sum": 42}


@both
async def test_concurrent_calls_keep_their_answers(url: str, mode: str) -> None:
    answers: dict[int, str] = {}
    async with connect(url, mode) as c:

        async def call(n: int) -> None:
            answers[n] = text(await c.client.call_tool("echo", {"message": f"message {n}"}))

        async with anyio.create_task_group() as tasks:
            for n in range(32):
                tasks.start_soon(call, n)
    assert answers == {n: f"message {n}" for n in range(32)}


@both
async def test_progress_in_order(url: str, mode: str) -> None:
    seen: list[float] = []
    all_seen = anyio.Event()

    async def on_progress(progress: float, total: float | None, message: str | None) -> None:
        seen.append(progress)
        if len(seen) == 20:
            all_seen.set()

    async with connect(url, mode) as c:
        assert not (await c.client.call_tool("progress", {"n": 20}, progress_callback=on_progress)).is_error
        await all_seen.wait()
    assert len(seen) == 20 and seen == sorted(set(seen))


async def test_logging_when_the_request_asks(url: str) -> None:
    """2026-07-28 has no logging/setLevel: each request says whether it wants log messages."""
    seen: list[types.LoggingMessageNotificationParams] = []
    logged = anyio.Event()

    async def on_log(params: types.LoggingMessageNotificationParams) -> None:
        seen.append(params)
        logged.set()

    async with connect(url, logging_callback=on_log) as c:
        assert not (await c.client.call_tool("test_logging_tool")).is_error
        await c.client.list_tools()
        assert seen == []
    async with connect(url, logging_callback=on_log, log_level="debug") as c:
        assert not (await c.client.call_tool("test_logging_tool")).is_error
        await logged.wait()


async def test_logging_from_the_chosen_level(url: str) -> None:
    seen: list[types.LoggingMessageNotificationParams] = []
    three = anyio.Event()

    async def on_log(params: types.LoggingMessageNotificationParams) -> None:
        seen.append(params)
        if len(seen) == 3:
            three.set()

    async with connect(url, "legacy", logging_callback=on_log) as c:
        await c.wire.stream_open.wait()
        await c.client.set_logging_level("debug")
        await c.client.call_tool("test_tool_with_logging")
        await three.wait()
    written = [json.dumps(params.data) for params in seen]
    for line, expected in zip(written, ["Tool execution started", "Tool processing data", "Tool execution completed"], strict=True):
        assert expected in line


@both
async def test_elicitation_accepted(url: str, mode: str) -> None:
    seen: list[types.ElicitRequestFormParams] = []
    answer = answer_elicitation("accept", {"username": "ada", "email": "ada@example.com"}, seen)
    async with connect(url, mode, elicitation_callback=answer) as c:
        reply = text(await c.client.call_tool("test_elicitation", {"message": "Who are you?"}))
    assert [params.message for params in seen] == ["Who are you?"]
    assert "accept" in reply and "ada@example.com" in reply


@both
@pytest.mark.parametrize("action", ["decline", "cancel"])
async def test_elicitation_refused(url: str, mode: str, action: str) -> None:
    async with connect(url, mode, elicitation_callback=answer_elicitation(action)) as c:
        result = await c.client.call_tool("test_elicitation", {"message": "Who are you?"})
    assert action in result.content[0].text


@both
async def test_name_is_asked_for(url: str, mode: str) -> None:
    async with connect(url, mode, elicitation_callback=answer_elicitation("accept", {"name": "Ada"})) as c:
        assert "Ada" in text(await c.client.call_tool("test_input_required_result_elicitation"))


@both
async def test_sampling(url: str, mode: str) -> None:
    seen: list[types.CreateMessageRequestParams] = []
    async with connect(url, mode, sampling_callback=answer_sampling("Paris, of course", seen)) as c:
        assert "Paris, of course" in text(await c.client.call_tool("test_input_required_result_sampling"))
    [params] = seen
    assert params.max_tokens == 100


@both
async def test_roots(url: str, mode: str) -> None:
    async with connect(url, mode, list_roots_callback=answer_roots("file:///srv/data")) as c:
        assert "file:///srv/data" in text(await c.client.call_tool("test_input_required_result_list_roots"))


@both
async def test_rounds_of_input(url: str, mode: str) -> None:
    seen: list[types.ElicitRequestFormParams] = []

    async def answer(_: Any, params: types.ElicitRequestFormParams) -> types.ElicitResult:
        seen.append(params)
        [field] = params.requested_schema["properties"]
        return types.ElicitResult(action="accept", content={field: f"answer {len(seen)}"})

    async with connect(url, mode, elicitation_callback=answer) as c:
        reply = text(await c.client.call_tool("test_input_required_result_multi_round"))
    assert len(seen) == 2
    assert "answer 1" in reply and "answer 2" in reply


@both
async def test_three_inputs_in_one_round(url: str, mode: str) -> None:
    asked: list[Any] = []
    async with connect(
        url,
        mode,
        elicitation_callback=answer_elicitation("accept", {"name": "Ada", "ok": True}, asked),
        sampling_callback=answer_sampling("a reply", asked),
        list_roots_callback=answer_roots("file:///srv/data"),
    ) as c:
        assert text(await c.client.call_tool("test_input_required_result_multiple_inputs"))
    assert len(asked) >= 2


@both
async def test_prompt_that_asks(url: str, mode: str) -> None:
    seen: list[types.ElicitRequestFormParams] = []

    async def answer(_: Any, params: types.ElicitRequestFormParams) -> types.ElicitResult:
        seen.append(params)
        return types.ElicitResult(action="accept", content=dict.fromkeys(params.requested_schema["properties"], "the garden"))

    async with connect(url, mode, elicitation_callback=answer) as c:
        prompt = await c.client.get_prompt("test_input_required_result_prompt")
    assert len(seen) == 1
    assert "the garden" in " ".join(message.content.text for message in prompt.messages)


async def test_rounds_by_hand(url: str) -> None:
    """What a client sees that keeps the state itself, and that state is worth nothing once it was changed."""
    answer = types.ElicitResult(action="accept", content={"ok": True})
    async with connect(url, elicitation_callback=answer_elicitation("decline")) as c:
        call = c.client.session.call_tool
        asked = await call("test_input_required_result_request_state", allow_input_required=True)
        assert isinstance(asked, types.InputRequiredResult) and asked.request_state
        [(key, request)] = (asked.input_requests or {}).items()
        assert isinstance(request, types.ElicitRequest)

        with pytest.raises(MCPError):
            await call(
                "test_input_required_result_tampered_state",
                input_responses={key: answer},
                request_state=asked.request_state + "-TAMPERED",
                allow_input_required=True,
            )
        done = await call(
            "test_input_required_result_request_state",
            input_responses={key: answer},
            request_state=asked.request_state,
            allow_input_required=True,
        )
        assert isinstance(done, types.CallToolResult) and not done.is_error


@both
async def test_asking_a_client_that_cannot_answer(url: str, mode: str) -> None:
    async with connect(url, mode) as c:
        for tool, arguments in [("test_elicitation", {"message": "?"}), ("test_sampling", {"prompt": "?"})]:
            try:
                result = await c.client.call_tool(tool, arguments)
            except MCPError as error:
                assert error.message
            else:
                assert result.is_error
        assert text(await c.client.call_tool("echo", {"message": "still here"})) == "still here"


@both
async def test_cancelled_calls_free_the_server(url: str, mode: str) -> None:
    sleepers = 32

    async with connect(url, mode) as c:

        async def sleep() -> None:
            try:
                await c.client.call_tool("sleep", {"ms": 60_000})
            except MCPError:
                pass  # A server may turn some of them away at once.

        async with anyio.create_task_group() as tasks:
            for _ in range(sleepers):
                tasks.start_soon(sleep)
            await c.wire.until_called("sleep", sleepers)
            await c.client.list_prompts()
            tasks.cancel_scope.cancel()

        async def served() -> bool:
            try:
                return not (await c.client.call_tool("sleep", {"ms": 1})).is_error
            except MCPError:
                return False

        # Workers that still slept would keep this one from running; while they are being freed it may be turned away.
        while not await served():
            pass
        assert text(await c.client.call_tool("echo", {"message": "free"})) == "free"


async def test_pushed_tool_list_change(url: str) -> None:
    async with connect(url) as listener, connect(url) as other:
        async with listener.client.listen(tools_list_changed=True) as events:
            assert events.honored.tools_list_changed
            await other.client.call_tool("broadcast")
            assert await anext(events) == ToolsListChanged()
            assert (await listener.client.list_tools()).tools


async def test_pushed_only_what_was_asked_for(url: str) -> None:
    async with connect(url) as listener, connect(url) as other:
        async with (
            listener.client.listen(prompts_list_changed=True) as prompts,
            listener.client.listen(tools_list_changed=True) as tools,
        ):
            await other.client.call_tool("broadcast")
            assert await anext(tools) == ToolsListChanged()
            await other.client.call_tool("test_trigger_prompt_change")
            assert not isinstance(await anext(prompts), ToolsListChanged)


async def test_pushed_tool_list_change_in_a_session(url: str) -> None:
    changed = anyio.Event()

    async def on_message(message: Any) -> None:
        if isinstance(message, types.ToolListChangedNotification):
            changed.set()

    async with connect(url, "legacy", message_handler=on_message) as listener, connect(url) as other:
        await listener.wire.stream_open.wait()
        await other.client.call_tool("broadcast")
        await changed.wait()


@both
async def test_resources(url: str, mode: str) -> None:
    async with connect(url, mode) as c:
        uris = {resource.uri for resource in (await c.client.list_resources()).resources}
        assert {"test://static-text", "test://static-binary", "test://watched-resource"} <= uris
        templates = (await c.client.list_resource_templates()).resource_templates
        assert "test://template/{id}/data" in {template.uri_template for template in templates}

        [plain] = (await c.client.read_resource("test://static-text")).contents
        assert isinstance(plain, types.TextResourceContents) and plain.mime_type == "text/plain" and plain.text
        [image] = (await c.client.read_resource("test://static-binary")).contents
        assert isinstance(image, types.BlobResourceContents) and image.mime_type == "image/png" and image.blob
        [made] = (await c.client.read_resource("test://template/123/data")).contents
        assert isinstance(made, types.TextResourceContents) and "123" in made.text


@both
async def test_unknown_resource(url: str, mode: str) -> None:
    async with connect(url, mode) as c:
        with pytest.raises(MCPError) as caught:
            await c.client.read_resource("test://no-such-resource")
        assert caught.value.code == (types.INVALID_PARAMS if mode == "auto" else -32002)


async def test_resource_subscription(url: str) -> None:
    watched = "test://watched-resource"
    async with connect(url) as listener, connect(url) as other:
        async with listener.client.listen(resource_subscriptions=[watched]) as events:
            assert events.honored.resource_subscriptions == [watched]
            if "test_trigger_resource_update" in {tool.name for tool in (await other.client.list_tools()).tools}:
                await other.client.call_tool("test_trigger_resource_update")
                assert await anext(events) == ResourceUpdated(uri=watched)


@both
async def test_prompts(url: str, mode: str) -> None:
    async with connect(url, mode) as c:
        names = {prompt.name for prompt in (await c.client.list_prompts()).prompts}
        assert {"test_simple_prompt", "test_prompt_with_arguments"} <= names
        prompt = await c.client.get_prompt("test_prompt_with_arguments", {"arg1": "first value", "arg2": "second value"})
        said = " ".join(message.content.text for message in prompt.messages)
        assert "first value" in said and "second value" in said
        with pytest.raises(MCPError) as caught:
            await c.client.get_prompt("no_such_prompt")
        assert caught.value.code == types.INVALID_PARAMS


@both
async def test_completion(url: str, mode: str) -> None:
    async with connect(url, mode) as c:
        ref = types.PromptReference(name="test_prompt_with_arguments")
        offered = await c.client.complete(ref, {"name": "arg1", "value": "test"})
        assert all(isinstance(value, str) for value in offered.completion.values)


@both
async def test_unknown_tool(url: str, mode: str) -> None:
    async with connect(url, mode) as c:
        with pytest.raises(MCPError) as caught:
            await c.client.call_tool("no_such_tool")
        assert caught.value.code == types.INVALID_PARAMS
        assert "no_such_tool" in caught.value.message


@both
async def test_wrong_arguments(url: str, mode: str) -> None:
    async with connect(url, mode) as c:
        try:
            result = await c.client.call_tool("echo", {"message": 7})
        except MCPError as error:
            assert error.code == types.INVALID_PARAMS
        else:
            assert result.is_error and "message" in result.content[0].text


@both
async def test_tool_error_is_a_result(url: str, mode: str) -> None:
    async with connect(url, mode) as c:
        result = await c.client.call_tool("test_error_handling")
        assert result.is_error
        assert result.content[0].text == "This tool intentionally returns an error for testing"


async def test_mirrored_parameter(url: str) -> None:
    """The client repeats a parameter marked x-mcp-header as a header, encoded where it has to be, and the server agrees."""
    async with connect(url) as c:
        tools = {tool.name: tool for tool in (await c.client.list_tools()).tools}
        assert "test_x_mcp_header" in tools
        assert not (await c.client.call_tool("test_x_mcp_header", {"region": "Zürich "})).is_error


async def test_leaving_ends_the_session(url: str) -> None:
    async with connect(url, "legacy") as c:
        gone = c.wire.session_id
    assert gone
    async with httpx2.AsyncClient(timeout=TIMEOUT) as http:
        headers = {"accept": "application/json, text/event-stream", "mcp-session-id": gone, "mcp-protocol-version": REVISIONS["legacy"]}
        answer = await http.post(url, headers=headers, json={"jsonrpc": "2.0", "id": 1, "method": "tools/list"})
    assert answer.status_code == 404
