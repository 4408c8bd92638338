"""Every member that the SDKs' own types give a request is translated, ignored with a notice, refused by name, or known to be harmless.

This is Bedrock to a gateway: it takes what the gateway sends and answers with an error. A member counts as translated when
the request to Bedrock is another one with it than without it. What is not translated, told nor refused by name has to stand
in `HARMLESS`, with the reason; an entry that no member needs has to go.

It writes its address, then reads the gateway's from standard input.
"""

import itertools
import json
import socket
import sys
import threading
import types
import typing
from collections.abc import Iterable as AbstractIterable
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import typing_extensions
from anthropic.types.message_create_params import MessageCreateParamsNonStreaming
from openai.types.chat.completion_create_params import CompletionCreateParamsNonStreaming
from openai.types.responses.response_create_params import ResponseCreateParamsNonStreaming

from request_harmless import HARMLESS

MODEL = "us.anthropic.claude-sonnet-4-5-20250929-v1:0"
PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
CALL = {"type": "tool_use", "id": "t1", "name": "look", "input": {}}
SCHEMA = {"type": "object", "properties": {"a": {"type": "string"}}}

# What a member is given where a value of its type alone would not do.
SAMPLES = {
    "arguments": ["{}"],
    "budget_tokens": [1024],
    "call_id": ["t1"],
    "data": [PNG],
    "file_data": [f"data:application/pdf;base64,{PNG}"],
    "file_url": [f"data:application/pdf;base64,{PNG}"],
    "id": ["t2"],
    "image_url": [f"data:image/png;base64,{PNG}"],
    "input_schema": [SCHEMA],
    "input": [{"a": "b"}],
    "max_completion_tokens": [3000],
    "max_output_tokens": [3000],
    "max_tokens": [2000],
    "mode": ["auto"],
    "n": [2],
    "name": ["look"],
    "parameters": [SCHEMA],
    "schema": [SCHEMA],
    "signature": ["c2ln"],
    "temperature": [0.5],
    "tool_call_id": ["t1"],
    "tool_use_id": ["t1"],
    "top_p": [0.5],
    "url": [f"data:image/png;base64,{PNG}"],
}
# The same for a member of one record.
SAMPLES_OF = {"URLPDFSourceParam": {"url": [f"data:application/pdf;base64,{PNG}"]}}
DEPTH = 9


class Bedrock(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    sent = None

    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"]))
        # The first counts: after this refusal the gateway asks once more without the strictness that tools only prefer.
        Bedrock.sent = Bedrock.sent or (self.path, json.loads(body))
        answer = b'{"message": "taken"}'
        head = (
            "HTTP/1.1 400 Bad Request\r\nx-amzn-errortype: ValidationException\r\n"
            f"content-type: application/json\r\ncontent-length: {len(answer)}\r\n\r\n"
        )
        # In one piece: small pieces wait for each other.
        self.wfile.write(head.encode() + answer)

    def log_message(self, *_):
        pass


bedrock = ThreadingHTTPServer(("127.0.0.1", 0), Bedrock)
threading.Thread(target=bedrock.serve_forever, daemon=True).start()
print(f"http://127.0.0.1:{bedrock.server_port}", flush=True)
connection = HTTPConnection(sys.stdin.readline().strip().removeprefix("http://"), timeout=30)
connection.connect()
connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


def ask(path, body):
    """What goes to Bedrock, or the words of the refusal."""
    Bedrock.sent = None
    headers = {"content-type": "application/json", "anthropic-version": "2023-06-01"}
    connection.request("POST", path, json.dumps(body), headers)
    response = connection.getresponse()
    answer = json.loads(response.read())
    if Bedrock.sent is not None:
        return "sent", Bedrock.sent, response.getheader("quarry-notices")
    assert response.status == 400, (response.status, answer, body)
    return "refused", answer["error"]["message"]


def is_typed_dict(kind):
    return typing_extensions.is_typeddict(kind)


def alternatives(kind):
    """The members of a union, however deep; what stands for `nothing` left out."""
    if isinstance(kind, typing_extensions.TypeAliasType):
        kind = kind.__value__
    origin = typing.get_origin(kind)
    if origin in (typing_extensions.Required, typing_extensions.NotRequired, typing.Annotated):
        yield from alternatives(typing.get_args(kind)[0])
    elif origin in (typing.Union, types.UnionType):
        for one in typing.get_args(kind):
            yield from alternatives(one)
    elif kind is not type(None):
        yield kind


def members(kind):
    """The members of a record: name, type, whether it has to be there."""
    for name, hint in typing_extensions.get_type_hints(kind, include_extras=True).items():
        required = typing.get_origin(hint) is typing_extensions.Required
        yield name, hint, required


def values(name, kind, of):
    """Values of a type, each with the record that it is made of, if it is one. `of` is the record that has the member."""
    samples = {**SAMPLES, **SAMPLES_OF.get(of.__name__, {})}
    if name in samples and not any(is_typed_dict(one) for one in alternatives(kind)):
        for value in samples[name]:
            yield value, None, None
        return
    for one in alternatives(kind):
        origin = typing.get_origin(one)
        if is_typed_dict(one):
            yield minimal(one), one, lambda value: value
        elif origin is typing.Literal:
            for word in typing.get_args(one):
                yield word, None, None
        elif origin in (list, AbstractIterable) or "Sequence" in str(one):
            for value, record, embed in values(name, typing.get_args(one)[0], of):
                yield [value], record, (lambda embed: lambda value: [embed(value)])(embed)
        elif origin is dict or one is object:
            yield {"a": "b"}, None, None
        elif one is bool:
            yield from ((value, None, None) for value in (True, False))
        elif one in (int, float):
            yield 1, None, None
        else:
            yield "text", None, None


def minimal(kind):
    """A record with what has to be there and nothing else."""
    return {name: next(iter(values(name, hint, kind)))[0] for name, hint, required in members(kind) if required}


failures, seen, used = [], set(), set()


def kind_of(value):
    """The word that tells records at one place apart."""
    one = value[0] if isinstance(value, list) else value
    return one.get("type") or one.get("role") or ""


def walk(path, kind, at, base, embed, depth):
    """Tries every member of a record that stands in a request. Tells whether any of them came through or was refused."""
    without = ask(path, embed(base))
    assert without[0] == "sent", (path, at, without)
    any_told = False
    for name, hint, required in members(kind):
        here = f"{at}.{name}" if at else name
        seen.add(f"{path} {here}")
        told = False
        for value, record, inner in values(name, hint, kind):
            given = {**base, name: value}
            outcome = ask(path, embed(given))
            if outcome[0] == "refused":
                told = True
                # A record that is refused as a whole is named, and not each of its members.
                parent = at.rpartition(".")[2].partition("[")[0]
                if name not in outcome[1] and (not parent or parent not in outcome[1]):
                    failures.append(f"{path} {here} = {value!r} is refused, and not by name: {outcome[1]}")
                continue
            told = told or outcome != without
            if outcome[2] != without[2] and name in (outcome[2] or ""):
                # A record that is ignored as a whole is named, and not each of its members.
                continue
            if record is not None and depth > 0:
                word = kind_of(value)
                core = value[0] if isinstance(value, list) else value
                around = lambda core, given=given, name=name, inner=inner: embed({**given, name: inner(core)})  # noqa: E731
                inside = f"{here}[{word}]" if word else here
                told = walk(path, record, inside, core, around, depth - 1) or told
        if told:
            any_told = True
            continue
        if required:
            # It is in what it is compared with. That the record as a whole comes through is seen where the record stands.
            continue
        if harmless := next((place for place in HARMLESS if f"{path} {here}".endswith(place)), None):
            used.add(harmless)
        elif not harmless_inside(path, here):
            failures.append(f"{path} {here} is taken and dropped in silence")
    return any_told


def harmless_inside(path, here):
    """Whether it is a record all of whose members are harmless."""
    inside = [place for place in seen if place.startswith((f"{path} {here}.", f"{path} {here}["))]
    return bool(inside) and all(place.endswith(tuple(HARMLESS)) for place in inside)


def chat():
    call = {"id": "t1", "type": "function", "function": {"name": "look", "arguments": "{}"}}
    tool = {"type": "function", "function": {"name": "look", "parameters": SCHEMA}}
    start = [{"role": "user", "content": "hi"}, {"role": "assistant", "content": "so", "tool_calls": [call]}]
    base = {"model": MODEL, "messages": start[:1], "tools": [tool]}

    def embed(body):
        if body["messages"] is base["messages"]:
            return body
        return {**body, "messages": [*start, *body["messages"], {"role": "user", "content": "go on"}]}

    walk("/v1/chat/completions", CompletionCreateParamsNonStreaming, "", base, embed, DEPTH)


def responses():
    call = {"type": "function_call", "call_id": "t1", "name": "look", "arguments": "{}"}
    tool = {"type": "function", "name": "look", "parameters": SCHEMA}
    base = {"model": MODEL, "input": "hi", "tools": [tool]}

    def embed(body):
        if not isinstance(body["input"], list):
            return body
        user = {"role": "user", "content": "hi"}
        return {**body, "input": [user, call, *body["input"], {"role": "user", "content": "go on"}]}

    walk("/v1/responses", ResponseCreateParamsNonStreaming, "", base, embed, DEPTH)


def messages():
    tool = {"name": "look", "input_schema": SCHEMA}
    start = [{"role": "user", "content": "hi"}, {"role": "assistant", "content": [CALL]}]
    base = {"model": MODEL, "max_tokens": 3000, "messages": start[:1], "tools": [tool]}

    def embed(body):
        if body["messages"] is base["messages"]:
            return body
        return {**body, "messages": [*start, *body["messages"], {"role": "user", "content": "go on"}]}

    walk("/v1/messages", MessageCreateParamsNonStreaming, "", base, embed, DEPTH)


chat()
responses()
messages()
failures.extend(f"{key} is listed as harmless and nothing needs it" for key in itertools.filterfalse(used.__contains__, HARMLESS))
print(f"{len(seen)} members, of which {len(used)} kinds are harmless")
for failure in failures:
    print(failure)
sys.exit(1 if failures or len(seen) < 300 else 0)
