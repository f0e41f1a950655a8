"""Bodies that are no JSON, no message, or no message of MCP: each with the code of its fault (JSON-RPC 2.0)."""

from __future__ import annotations

import json
from typing import Any

import pytest
from wire import Answer, Headers, Server, Session, call, dump, meta, mirrors, modern

DISCOVER = modern("server/discover")
PARAMS = json.dumps({"_meta": meta()})


def headers(server: Server, method: str = "server/discover") -> Headers:
    return server.base() + mirrors({"method": method})


def post(server: Server, body: bytes) -> Answer:
    return server.post(body, headers(server))


def nested(levels: int) -> bytes:
    """A call whose body nests that deep."""
    return dump(call("echo", {"message": "m", "more": 0})).replace(b'"more": 0', b'"more": ' + b"[" * (levels - 3) + b"]" * (levels - 3))


NO_JSON = {
    "empty": b"",
    "white": b" \r\n\t",
    "open": b"{",
    "half": dump(DISCOVER)[:-1],
    "word": b"nul",
    "nan": dump(DISCOVER)[:-1] + b', "x": NaN}',
    "infinity": dump(DISCOVER)[:-1] + b', "x": Infinity}',
    "minus-infinity": dump(DISCOVER)[:-1] + b', "x": -Infinity}',
    "nan-in-params": dump(DISCOVER)[:-2] + b', "x": NaN}}',
    "bom": b"\xef\xbb\xbf" + dump(DISCOVER),
    "utf-16": dump(DISCOVER).decode().encode("utf-16"),
    "utf-32": dump(DISCOVER).decode().encode("utf-32"),
    "garbage-behind": dump(DISCOVER) + b" x",
    "two-messages": dump(DISCOVER) + dump(DISCOVER),
    "two-lines": dump(DISCOVER) + b"\n" + dump(DISCOVER),
    "nul-behind": dump(DISCOVER) + b"\0",
    "comma": dump(DISCOVER)[:-1] + b",}",
    "single-quotes": dump(DISCOVER).replace(b'"', b"'"),
    "comment": b"/**/" + dump(DISCOVER),
    "leading-zero": dump(DISCOVER).replace(b'"id": 1', b'"id": 01'),
    "plus": dump(DISCOVER).replace(b'"id": 1', b'"id": +1'),
    "hexadecimal": dump(DISCOVER).replace(b'"id": 1', b'"id": 0x1'),
    "bare-fraction": dump(DISCOVER).replace(b'"id": 1', b'"id": 1.'),
    "control-in-string": dump(DISCOVER).replace(b"discover", b"disc\x01over"),
    "newline-in-string": dump(DISCOVER).replace(b"discover", b"disc\nover"),
    "bad-escape": dump(DISCOVER).replace(b"discover", b"disc\\xover"),
    "bad-unicode-escape": dump(DISCOVER).replace(b"discover", b"disc\\u12gover"),
    "invalid-utf-8": dump(DISCOVER).replace(b"discover", b"disc\xffover"),
    "invalid-utf-8-in-arguments": dump(call("echo", {"message": "X"})).replace(b'"X"', b'"\xc3\x28"'),
    "invalid-utf-8-outside": dump(DISCOVER)[:-1] + b"\x80}",
    "overlong-utf-8": dump(DISCOVER).replace(b"discover", b"disc\xc0\xafover"),
    "surrogate-as-utf-8": dump(DISCOVER).replace(b"discover", b"disc\xed\xa0\x80over"),
    "cut-utf-8": dump(DISCOVER)[:-1] + b"\xe2\x82",
    "too-deep": nested(129),
    "too-deep-objects": b'{"a":' * 129 + b"1" + b"}" * 129,
    "brackets": b"[" * (4 << 20),
    "braces": b'{"a":' * 800_000,
    "bracket-pairs": b"[" * (2 << 20) + b"]" * (2 << 20),
}


@pytest.mark.parametrize("body", NO_JSON.values(), ids=NO_JSON.keys())
def test_no_json(server: Server, body: bytes) -> None:
    answer = post(server, body)
    assert answer.says == (400, -32700)
    assert "id" not in answer.json


def test_ten_megabytes_of_brackets(server: Server) -> None:
    assert post(server, b"[" * 10_000_000).says == (413, -32600)


@pytest.mark.parametrize("levels", [4, 100, 127, 128])
def test_as_deep_as_is_taken(server: Server, levels: int) -> None:
    answer = server.post(nested(levels), server.base() + mirrors(call("echo")))
    assert answer.says == (200, None)
    assert answer.json["result"]["content"] == [{"type": "text", "text": "m"}]


def test_brackets_in_strings_do_not_nest(server: Server) -> None:
    message = '[{"' * 1000 + "\\" * 7
    assert server.call("echo", {"message": message})["content"][0]["text"] == message


def raw(**members: str) -> bytes:
    """A message of members as JSON text, in place of the usual ones; an empty one is left out."""
    found = {"jsonrpc": '"2.0"', "id": "1", "method": '"server/discover"', "params": PARAMS} | members
    return ("{" + ",".join(f'"{name}":{value}' for name, value in found.items() if value) + "}").encode()


NO_MESSAGE: dict[str, tuple[bytes, Any]] = {
    "number": (b"5", None),
    "string": (b'"server/discover"', None),
    "null": (b"null", None),
    "true": (b"true", None),
    "empty-object": (b"{}", None),
    "no-jsonrpc": (raw(jsonrpc=""), 1),
    "jsonrpc-1": (raw(jsonrpc='"1.0"'), 1),
    "jsonrpc-number": (raw(jsonrpc="2.0"), 1),
    "jsonrpc-null": (raw(jsonrpc="null"), 1),
    "no-method": (raw(method=""), 1),
    "method-half-surrogate": (raw(method='"disc\\ud800over"'), 1),
    "method-low-surrogate-first": (raw(method='"disc\\udc00\\ud800over"'), 1),
    "method-out-of-range": (raw(method="1e999"), 1),
    "method-number": (raw(method="5"), 1),
    "method-null": (raw(method="null"), 1),
    "method-array": (raw(method='["server/discover"]'), 1),
    "id-null": (raw(id="null"), None),
    "id-true": (raw(id="true"), None),
    "id-fraction": (raw(id="1.5"), None),
    "id-exponent": (raw(id="1e3"), None),
    "id-object": (raw(id="{}"), None),
    "id-array": (raw(id="[1]"), None),
    "id-long-string": (raw(id='"' + "x" * 1025 + '"'), None),
    "id-long-number": (raw(id="1" * 1025), None),
    "id-twice": (raw()[:-1] + b',"id":2}', None),
    "id-twice-escaped": (raw()[:-1] + b',"\\u0069d":2}', None),
    "method-twice": (raw()[:-1] + b',"method":"ping"}', None),
    "params-twice": (raw()[:-1] + b',"params":{}}', None),
    "result-and-error": (b'{"jsonrpc":"2.0","id":1,"result":{},"error":{"code":1,"message":"m"}}', 1),
    "method-and-result": (raw()[:-1] + b',"result":{}}', 1),
    "id-alone": (b'{"jsonrpc":"2.0","id":1}', 1),
}


@pytest.mark.parametrize(("body", "id"), NO_MESSAGE.values(), ids=NO_MESSAGE.keys())
def test_no_message(server: Server, body: bytes, id: Any) -> None:
    answer = post(server, body)
    assert answer.says == (400, -32600)
    assert answer.json.get("id") == id and ("id" in answer.json) == (id is not None)


@pytest.mark.parametrize("params", ["[]", "[1]", '"x"', "5", "true", '["echo", null, {}]'])
def test_params_that_are_no_object(server: Server, params: str) -> None:
    answer = post(server, raw(params=params))
    assert answer.says == (400, -32602) and answer.json["id"] == 1


@pytest.mark.parametrize(
    ("method", "member", "value"),
    [
        ("tools/call", "name", 5),
        ("tools/call", "name", ["echo"]),
        ("tools/call", "arguments", [1]),
        ("tools/call", "arguments", "x"),
        ("tools/call", "arguments", 5),
        ("tools/list", "cursor", 5),
        ("tools/list", "cursor", {}),
        ("resources/read", "uri", 5),
        ("resources/read", "uri", [["a"]]),
        ("prompts/get", "name", {}),
        ("tools/call", "inputResponses", []),
        ("tools/call", "inputResponses", "x"),
        ("tools/call", "requestState", 5),
        ("subscriptions/listen", "notifications", []),
        ("subscriptions/listen", "notifications", [True]),
        ("subscriptions/listen", "notifications", "x"),
        ("subscriptions/listen", "notifications", {"toolsListChanged": 1}),
        ("subscriptions/listen", "notifications", {"resourceSubscriptions": "a:b"}),
        ("subscriptions/listen", "notifications", {"resourceSubscriptions": [5]}),
        ("completion/complete", "ref", []),
        ("completion/complete", "ref", ["ref/prompt", "test_prompt_with_arguments"]),
        ("completion/complete", "argument", ["arg1", "a"]),
    ],
)
def test_params_of_wrong_types(server: Server, method: str, member: str, value: Any) -> None:
    right: dict[str, Any] = {
        "tools/call": {"name": "echo", "arguments": {"message": "m"}},
        "prompts/get": {"name": "test_simple_prompt"},
        "resources/read": {"uri": "test://static-text"},
        "completion/complete": {
            "ref": {"type": "ref/prompt", "name": "test_prompt_with_arguments"},
            "argument": {"name": "arg1", "value": "t"},
        },
    }.get(method, {})
    answer = server.post(modern(method, right | {member: value}), server.base() + mirrors(modern(method, right)))
    assert answer.code == -32602 and answer.json["id"] == 1, answer
    assert answer.status in (200, 400)


@pytest.mark.parametrize("method", ["tools/call", "prompts/get", "resources/read", "subscriptions/listen", "completion/complete"])
def test_params_that_are_missing(server: Server, method: str) -> None:
    answer = server.post(modern(method), server.base() + mirrors({"method": method}))
    assert answer.code == -32602


def test_a_parameter_twice(server: Server) -> None:
    body = dump(call("echo", {"message": "m"})).replace(b'"name": "echo"', b'"name": "echo", "name": "sleep"')
    assert server.post(body, server.base() + mirrors(call("echo"))).says == (400, -32602)


def test_an_argument_twice(server: Server) -> None:
    """Whatever it is taken for, what the schema checked is what the tool gets."""
    body = dump(call("echo", {"message": "m"})).replace(b'"message": "m"', b'"message": "a", "message": 5')
    answer = server.post(body, server.base() + mirrors(call("echo")))
    assert answer.status in (200, 400)
    assert answer.code == -32602 or answer.json["result"]["isError"], answer


@pytest.mark.parametrize("message", [5, None, {}, ["m"], True, 1e300])
def test_arguments_that_do_not_fit(server: Server, message: Any) -> None:
    """Something for the model to mend: a tool result (SEP-1303)."""
    answer = server.post(call("echo", {"message": message}))
    assert answer.says == (200, None) and answer.json["result"]["isError"] is True


def test_numbers_out_of_range(server: Server) -> None:
    for number in ("1e999", "-1e999", "1" * 400, "0." + "1" * 400, "1e-999"):
        body = dump(call("echo", {"message": "X", "more": 0})).replace(b'"more": 0', b'"more": ' + number.encode())
        answer = server.post(body, server.base() + mirrors(call("echo")))
        assert answer.says == (200, None), number


def test_lone_surrogates_in_arguments(server: Server) -> None:
    """They stand for no text, so the tool never gets them."""
    body = dump(call("echo", {"message": "X"})).replace(b'"X"', b'"\\ud800"')
    answer = server.post(body, server.base() + mirrors(call("echo")))
    assert answer.code in (-32700, -32602) or answer.json["result"]["isError"], answer


def test_unicode_comes_back(server: Server) -> None:
    message = "\0\x01\x7f\u2028\ufffe\U0001f600é" + '"\\/\b'
    assert server.call("echo", {"message": message})["content"][0]["text"] == message


@pytest.mark.parametrize(
    "id",
    ["0", "-1", "9007199254740993", "1" * 1024, '"a"', '""', '"1"', '"\\u00e9\\n\\""', '"' + "x" * 1022 + '"', "-0"],
)
def test_ids_come_back_as_they_were(server: Server, id: str) -> None:
    answer = post(server, raw(id=id))
    assert answer.says == (200, None)
    assert f'"id":{id},'.encode() in answer.body or json.loads(id) == answer.json["id"]


def test_unknown_members_are_passed_over(server: Server) -> None:
    body = DISCOVER | {"x": [1], "extra": {"y": None}}
    assert server.post(body).says == (200, None)


@pytest.mark.parametrize("body", [b"[]", b"[1]", b"[[]]", b"[" + raw() + b"]", b" [ " + raw() + b" ] "])
def test_batches_are_of_one_revision_only(server: Server, opened: Session, body: bytes) -> None:
    assert post(server, body).says == (400, -32600)
    assert server.post(body, opened.headers).says == (400, -32600)
    assert server.post(body, server.base()).status == 400


def test_every_cut_of_a_message(server: Server) -> None:
    """No prefix of a request is a request."""
    body = dump(call("echo", {"message": "é"}))
    found = server.base() + mirrors(call("echo"))
    with server.connect() as connection:
        for end in range(len(body)):
            connection.send(server.text(body[:end], found))
            assert connection.read().says == (400, -32700), body[:end]


def test_every_byte_of_a_message(server: Server) -> None:
    """Any byte replaced by any of the bytes that mean something gives an answer."""
    body = dump(call("echo", {"message": "m"}))
    found = server.base() + mirrors(call("echo"))
    with server.connect() as connection:
        for at in range(len(body)):
            for byte in b'\0"\\{}[],:5x\xff':
                connection.send(server.text(body[:at] + bytes([byte]) + body[at + 1 :], found))
                assert connection.read().status in (200, 202, 400, 404)
