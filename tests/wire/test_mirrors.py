"""Headers that mirror the body: Mcp-Method, Mcp-Name, Mcp-Param-* (2026-07-28, Streamable HTTP "Request Metadata")."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from wire import NEWEST, Headers, Server, Session, call, mirrors, modern, replaced, without

ECHO = call("echo", {"message": "m"})
HEADER_MISMATCH = (400, -32020)


def headers(server: Server, body: Any, *more: tuple[str | bytes, str | bytes]) -> Headers:
    return replaced(server.base() + mirrors(body), *more)


def sentinel(text: str | bytes) -> str:
    data = text if isinstance(text, bytes) else text.encode()
    return "=?base64?" + base64.b64encode(data).decode() + "?="


@pytest.mark.parametrize(
    "value", ["tools/list", "TOOLS/CALL", "Tools/Call", "tools/call,tools/call", "", sentinel("tools/call"), b"tools/call\xff"]
)
def test_a_method_that_does_not_match(server: Server, value: str | bytes) -> None:
    assert server.post(ECHO, headers(server, ECHO, ("mcp-method", value))).says == HEADER_MISMATCH


@pytest.mark.parametrize("name", ["mcp-protocol-version", "mcp-method", "mcp-name"])
def test_headers_that_are_missing_or_there_twice(server: Server, name: str) -> None:
    found = headers(server, ECHO)
    value = next(value for known, value in found if known == name)
    assert server.post(ECHO, without(found, name)).says == HEADER_MISMATCH
    assert server.post(ECHO, [*found, (name, value)]).says == HEADER_MISMATCH
    assert server.post(ECHO, [*found, (name, "other")]).says == HEADER_MISMATCH


def test_names_of_headers_are_of_any_case_and_values_are_trimmed(server: Server) -> None:
    upper: Headers = [(str(name).upper(), f" \t{value!s}\t ") for name, value in headers(server, ECHO)]
    assert server.post(ECHO, upper).says == (200, None)


@pytest.mark.parametrize(
    "value", ["sleep", "ECHO", "", "echo,echo", b"ech\xc3\xb6", "ech o", sentinel("sleep"), sentinel("Echo")]
)
def test_a_name_that_does_not_match(server: Server, value: str | bytes) -> None:
    assert server.post(ECHO, headers(server, ECHO, ("mcp-name", value))).says == HEADER_MISMATCH


@pytest.mark.parametrize(
    "value",
    [
        "=?base64?ZWNobw?=",
        "=?base64?ZWNobw===?=",
        "=?base64?ZWN obw==?=",
        "=?base64?ZWNobx==?=",
        "=?base64?ZWNobw==?",
        "=?BASE64?ZWNobw==?=",
        "=?base64?ZWNobw==?==",
        "=?base64?/w==?=",
        "=?base64??=",
        "=?base64?=",
        "?base64?ZWNobw==?=",
        "ZWNobw==",
    ],
)
def test_encoded_names_that_are_malformed(server: Server, value: str) -> None:
    assert server.post(ECHO, headers(server, ECHO, ("mcp-name", value))).says == HEADER_MISMATCH


def test_encoded_names(server: Server) -> None:
    assert server.post(ECHO, headers(server, ECHO, ("mcp-name", sentinel("echo")))).says == (200, None)
    for uri in ("test://template/é/data", "test://template/ü ö/data", sentinel("x")):
        body = modern("resources/read", {"uri": uri})
        answer = server.post(body, headers(server, body, ("mcp-name", sentinel(uri))))
        # It is looked for, so the header was good.
        assert answer.code in (None, -32602) and answer.status == 200, answer
    # A plain value that looks like an encoded one is taken for one.
    body = modern("resources/read", {"uri": sentinel("x")})
    assert server.post(body, headers(server, body, ("mcp-name", sentinel("x")))).says == HEADER_MISMATCH


@pytest.mark.parametrize(
    ("method", "params"), [("resources/read", {"uri": "test://static-text"}), ("prompts/get", {"name": "test_simple_prompt"})]
)
def test_names_of_resources_and_prompts(server: Server, method: str, params: dict[str, Any]) -> None:
    body = modern(method, params)
    assert server.post(body).says == (200, None)
    assert server.post(body, headers(server, body, ("mcp-name", "other"))).says == HEADER_MISMATCH
    assert server.post(body, without(headers(server, body), "mcp-name")).says == HEADER_MISMATCH


def test_a_name_where_none_belongs_is_passed_over(server: Server) -> None:
    body = modern("tools/list")
    assert server.post(body, [*headers(server, body), ("mcp-name", "echo")]).says == (200, None)


def region(value: Any) -> dict[str, Any]:
    return call("test_x_mcp_header", {} if value is ... else {"region": value})


@pytest.mark.parametrize(
    ("body", "value"),
    [
        ("us-west1", "us-west1"),
        ("us-west1", " us-west1 "),
        ("Hello", sentinel("Hello")),
        ("Hello, 世界", sentinel("Hello, 世界")),
        (" padded ", sentinel(" padded ")),
        ("line1\nline2", sentinel("line1\nline2")),
        ("=?base64?literal?=", sentinel("=?base64?literal?=")),
        ("", ""),
        ("SGVsbG8=", "SGVsbG8="),
        ("=?base64?SGVsbG8=", "=?base64?SGVsbG8="),
        ("SGVsbG8=?=", "SGVsbG8=?="),
        ("a\tb", "a\tb"),
        ("true", "true"),
    ],
)
def test_parameters_that_match(server: Server, body: str, value: str) -> None:
    found = headers(server, region(body), ("mcp-param-region", value))
    answer = server.post(region(body), found)
    assert answer.says == (200, None) and not answer.json["result"].get("isError"), answer


@pytest.mark.parametrize(
    ("body", "value"),
    [
        ("us-west1", "us-west2"),
        ("us-west1", "US-WEST1"),
        ("us-west1", ""),
        ("us-west1", None),
        ("Hello", "=?base64?SGVsbG8?="),
        ("Hello", "=?base64?SGVs!!!bG8=?="),
        ("Hello", "=?base64?SGVsbG9=?="),
        ("Hello", "SGVsbG8="),
        ("Hello, 世界", "Hello, 世界".encode()),
        ("\xff", sentinel(b"\xff")),
        ("a", b"a\xff"),
        (..., "us-west1"),
        (..., ""),
    ],
)
def test_parameters_that_do_not(server: Server, body: Any, value: str | bytes | None) -> None:
    found = headers(server, region(body), *([] if value is None else [("mcp-param-region", value)]))
    assert server.post(region(body), found).says == HEADER_MISMATCH


def test_a_parameter_twice(server: Server) -> None:
    found = headers(server, region("a"), ("mcp-param-region", "a"))
    assert server.post(region("a"), [*found, ("Mcp-Param-Region", "a")]).says == HEADER_MISMATCH
    assert server.post(region("a"), [*found, ("Mcp-Param-Region", "b")]).says == HEADER_MISMATCH


def test_parameters_that_no_tool_has_are_passed_over(server: Server) -> None:
    assert server.post(ECHO, [*headers(server, ECHO), ("mcp-param-region", b"\xff"), ("mcp-param-message", "other")]).says == (
        200,
        None,
    )


def test_sessions_mirror_nothing(server: Server, opened: Session) -> None:
    assert opened.revision == NEWEST
    body = opened.call("test_x_mcp_header", {"region": "a"})
    wrong = [("mcp-method", "x"), ("mcp-name", "y"), ("mcp-name", "z"), ("mcp-param-region", "b")]
    answer = server.post(body, [*opened.headers, *wrong])
    assert answer.says == (200, None) and not answer.json["result"].get("isError")
