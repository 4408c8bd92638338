"""Bodies of requests, held to botocore's model of the API and to the rules that the service has beside it.

Its argument is a file of JSON lines: `{"name", "modelId", "body"}`. A body with `input` alone is CountTokens', any other is
ConverseStream's. Everything that breaks a rule is printed. First each rule has to find a body that was broken on purpose.
"""

import copy
import json
import re
import sys

import botocore.session
from botocore.validate import ParamValidator

SERVICE = botocore.session.get_session().get_service_model("bedrock-runtime")
MEDIA = {"image", "video", "document"}


def beyond_the_model(value, shape, at=""):
    """What botocore's own validator leaves to the service: patterns, enums, and upper bounds."""
    meta = shape.metadata
    kind = shape.type_name
    if kind == "string":
        if shape.enum and value not in shape.enum:
            yield f"{at}: {value!r} is not one of {shape.enum}"
        if "pattern" in meta and not re.fullmatch(meta["pattern"], value):
            yield f"{at}: {value!r} does not match {meta['pattern']}"
    size = value if kind in ("integer", "float", "long", "double") else len(value) if hasattr(value, "__len__") else None
    if "max" in meta and size is not None and size > meta["max"]:
        yield f"{at}: {size} is more than {meta['max']}"
    if kind == "structure" and not getattr(shape, "is_document_type", False):
        for name, inner in value.items():
            if name in shape.members:
                yield from beyond_the_model(inner, shape.members[name], f"{at}.{name}")
    elif kind == "list":
        for index, inner in enumerate(value):
            yield from beyond_the_model(inner, shape.member, f"{at}[{index}]")
    elif kind == "map":
        for name, inner in value.items():
            yield from beyond_the_model(name, shape.key, f"{at}.{name}")
            yield from beyond_the_model(inner, shape.value, f"{at}.{name}")


def shape_problems(model_id, body):
    if set(body) == {"input"}:
        shape = SERVICE.operation_model("CountTokens").input_shape
    else:
        shape = SERVICE.operation_model("ConverseStream").input_shape
    request = {"modelId": model_id, **body}
    report = ParamValidator().validate(request, shape)
    if report.has_errors():
        yield report.generate_report()
        return
    yield from beyond_the_model(request, shape)


def inside(block):
    """A block, and what a tool result holds."""
    yield block
    yield from block.get("toolResult", {}).get("content", [])


def all_blocks(request):
    for index, message in enumerate(request.get("messages", [])):
        for outer in message["content"]:
            for block in inside(outer):
                yield f"messages[{index}]", block
    for block in request.get("system", []):
        yield "system", block


def texts(request):
    for at, block in all_blocks(request):
        if "text" in block:
            yield at, block["text"]
        if "text" in block.get("guardContent", {}):
            yield at, block["guardContent"]["text"]["text"]


def order_problems(request):
    messages = request.get("messages", [])
    called, ids = [], set()
    for index, message in enumerate(messages):
        at, role, content = f"messages[{index}]", message["role"], message["content"]
        if role != ("user", "assistant")[index % 2]:
            yield f"{at}: it is of the {role}, and roles alternate from the user on"
        if not content:
            yield f"{at}: it is empty"
        results = [block["toolResult"]["toolUseId"] for block in content if "toolResult" in block]
        if sorted(results) != sorted(called):
            yield f"{at}: it answers {results}, and {called} were called"
        if any(not block["toolResult"]["content"] for block in content if "toolResult" in block):
            yield f"{at}: a tool result is empty"
        called = [block["toolUse"]["toolUseId"] for block in content if "toolUse" in block]
        if ids & set(called) or len(set(called)) < len(called):
            yield f"{at}: a tool call's id is there twice"
        ids |= set(called)
        foreign = {"toolUse", "reasoningContent"} if role == "user" else {"toolResult", "guardContent"} | MEDIA
        if any(foreign & set(block) for block in content):
            yield f"{at}: it holds a block that is not for the {role}"
        if any("document" in block for block in content):
            if not any("text" in block or "text" in block.get("guardContent", {}) for block in content):
                yield f"{at}: a document needs a text beside it"
    if called:
        yield "messages: the last calls are not answered"


def name_problems(model_id, request):
    documents = [block["document"]["name"] for _, block in all_blocks(request) if "document" in block]
    if len(set(documents)) < len(documents):
        yield f"the documents {documents} are not told apart by their names"
    for name in documents:
        if not re.fullmatch(r"[A-Za-z0-9\-()\[\]]+( [A-Za-z0-9\-()\[\]]+)*", name):
            yield f"{name!r} is no document's name"
    calls = [block["toolUse"] for _, block in all_blocks(request) if "toolUse" in block]
    wanted = r"[A-Za-z0-9]{9}" if "mistral" in model_id else r"[A-Za-z0-9_-]{1,64}"
    for call in calls:
        if not re.fullmatch(wanted, call["toolUseId"]):
            yield f"{call['toolUseId']!r} is no id that this model takes"
        if not isinstance(call["input"], dict):
            yield f"the input of {call['name']} is not an object"
    tools = [tool["toolSpec"] for tool in request.get("toolConfig", {}).get("tools", []) if "toolSpec" in tool]
    names = [tool["name"] for tool in tools]
    if len(set(names)) < len(names):
        yield f"the tools {names} are not told apart by their names"
    for name in names + [call["name"] for call in calls]:
        if "nova" in model_id and "-" in name:
            yield f"{name!r} is a name that Nova cannot call"
    for tool in tools:
        if tool["inputSchema"]["json"].get("type") != "object":
            yield f"the arguments of {tool['name']} are not an object"
    chosen = request.get("toolConfig", {}).get("toolChoice", {}).get("tool", {}).get("name")
    if chosen is not None and chosen not in names:
        yield f"the chosen tool {chosen!r} is not there"
    if (calls or any("toolResult" in block for _, block in all_blocks(request))) and ":prompt/" not in model_id:
        if "toolConfig" not in request:
            yield "there are tool blocks and no toolConfig"


def cache_problems(request):
    tools = request.get("toolConfig", {}).get("tools", [])
    groups = [tools, request.get("system", [])] + [message["content"] for message in request.get("messages", [])]
    times = []
    for group in groups:
        for index, block in enumerate(group):
            if "cachePoint" not in block:
                continue
            times.append(block["cachePoint"].get("ttl", "5m"))
            before = group[index - 1] if index else {"nothing": {}}
            if {"nothing", "reasoningContent", "document", "cachePoint"} & set(before):
                yield f"a cache point stands behind {next(iter(before))}"
    if len(times) > 4:
        yield f"there are {len(times)} cache points"
    if "5m" in times and "1h" in times[times.index("5m") :]:
        yield "a cache point of an hour stands behind one of five minutes"


def thinking_problems(request):
    fields = request.get("additionalModelRequestFields") or {}
    thinking = fields.get("thinking", {})
    if thinking.get("type") not in ("enabled", "adaptive"):
        return
    inference = request.get("inferenceConfig", {})
    if "temperature" in inference:
        yield "a thinking Claude gets a temperature"
    if {"any", "tool"} & set(request.get("toolConfig", {}).get("toolChoice", {})):
        yield "a thinking Claude is made to call a tool"
    if thinking["type"] == "enabled":
        if thinking["budget_tokens"] < 1024:
            yield "the budget of thinking is too small"
        interleaved = "interleaved-thinking-2025-05-14" in fields.get("anthropic_beta", [])
        if not interleaved and inference.get("maxTokens", 0) <= thinking["budget_tokens"]:
            yield "the budget of thinking does not fit into maxTokens"


def problems(model_id, body):
    found = list(shape_problems(model_id, body))
    if found:
        return found
    request = body["input"]["converse"] if set(body) == {"input"} else body
    found += [f"{at}: a text is blank: {text!r}" for at, text in texts(request) if not text.strip()]
    for check in (order_problems, cache_problems, thinking_problems):
        found += check(request)
    found += name_problems(model_id, request)
    return found


def broken():
    """A body that is right, and the same broken in one way each."""
    point = {"cachePoint": {"type": "default"}}
    spec = {"name": "look", "inputSchema": {"json": {"type": "object"}}}
    right = {
        "messages": [
            {"role": "user", "content": [{"text": "hi"}, {"document": {"name": "a b", "source": {"bytes": "AQID"}, "format": "pdf"}}]},
            {"role": "assistant", "content": [{"reasoningContent": {"reasoningText": {"text": "hm"}}}, {"toolUse": {"toolUseId": "c", "name": "look", "input": {}}}]},
            {"role": "user", "content": [{"toolResult": {"toolUseId": "c", "content": [{"text": "seen"}]}}, copy.deepcopy(point)]},
        ],
        "system": [{"text": "Be brief."}, copy.deepcopy(point)],
        "inferenceConfig": {"maxTokens": 2048},
        "toolConfig": {"tools": [{"toolSpec": spec}], "toolChoice": {"auto": {}}},
        "additionalModelRequestFields": {"thinking": {"type": "enabled", "budget_tokens": 1024}},
    }
    yield None, right, "a.b"

    def but(why, change, model_id="a.b"):
        body = copy.deepcopy(right)
        change(body, body["messages"], [message["content"] for message in body["messages"]])
        return why, body, model_id

    hour = {"cachePoint": {"type": "default", "ttl": "1h"}}
    yield but("Unknown parameter", lambda body, _, __: body.update(other=1))
    yield but("is not one of", lambda body, _, __: body.update(serviceTier={"type": "fast"}))
    yield but("is more than", lambda body, _, __: body["inferenceConfig"].update(temperature=2))
    yield but("does not match", lambda body, _, __: body.update(requestMetadata={"a": "!"}))
    yield but("does not match", lambda *_: None, "a b")
    yield but("a text is blank", lambda _, __, said: said[0].append({"text": " "}))
    yield but("a text is blank", lambda _, __, said: said[2][0]["toolResult"]["content"].append({"text": ""}))
    yield but("a text is blank", lambda body, _, __: body["system"].append({"text": "\n"}))
    yield but("roles alternate", lambda _, messages, __: messages.insert(0, {"role": "user", "content": [{"text": "x"}]}))
    yield but("it is empty", lambda _, __, said: said[1].clear())
    yield but("it answers", lambda _, __, said: said[2][0]["toolResult"].update(toolUseId="d"))
    yield but("it answers", lambda _, __, said: said[2].append(copy.deepcopy(said[2][0])))
    yield but("a tool result is empty", lambda _, __, said: said[2][0]["toolResult"]["content"].clear())
    yield but("is there twice", lambda _, __, said: said[1].append(copy.deepcopy(said[1][1])))
    yield but("not for the user", lambda _, __, said: said[0].append(copy.deepcopy(said[1][0])))
    yield but("needs a text", lambda _, __, said: said[0].pop(0))
    yield but("are not answered", lambda _, messages, __: messages.pop())
    yield but("told apart", lambda _, __, said: said[0].append(copy.deepcopy(said[0][1])))
    yield but("no document's name", lambda _, __, said: said[0][1]["document"].update(name="a  b"))
    yield but("no id that this model takes", lambda *_: None, "mistral.x")
    yield but("is not an object", lambda _, __, said: said[1][1]["toolUse"].update(input=[]))
    yield but("told apart", lambda body, _, __: body["toolConfig"]["tools"].append({"toolSpec": spec}))
    yield but("Nova cannot call", lambda _, __, said: said[1][1]["toolUse"].update(name="a-b"), "amazon.nova-x")
    yield but("arguments of look", lambda body, _, __: spec_of(body).update(inputSchema={"json": {}}))
    yield but("is not there", lambda body, _, __: body["toolConfig"].update(toolChoice={"tool": {"name": "x"}}))
    yield but("no toolConfig", lambda body, _, __: body.pop("toolConfig"))
    yield but("behind document", lambda _, __, said: said[0].append(copy.deepcopy(point)))
    yield but("behind reasoning", lambda _, __, said: said[1].insert(1, copy.deepcopy(point)))
    yield but("behind nothing", lambda _, __, said: said[0].insert(0, copy.deepcopy(point)))
    yield but("behind cachePoint", lambda _, __, said: said[2].append(copy.deepcopy(point)))
    yield but("5 cache points", lambda _, __, said: said[2].extend([{"text": "x"}, copy.deepcopy(point)] * 3))
    yield but("of an hour stands", lambda _, __, said: said[2].extend([{"text": "x"}, hour]))
    yield but("gets a temperature", lambda body, _, __: body["inferenceConfig"].update(temperature=1))
    yield but("made to call", lambda body, _, __: body["toolConfig"].update(toolChoice={"any": {}}))
    yield but("too small", lambda body, _, __: budget_of(body).update(budget_tokens=1023))
    yield but("does not fit", lambda body, _, __: budget_of(body).update(budget_tokens=2048))


def spec_of(body):
    return body["toolConfig"]["tools"][0]["toolSpec"]


def budget_of(body):
    return body["additionalModelRequestFields"]["thinking"]


def main():
    failures = []
    for why, body, model_id in broken():
        found = problems(model_id, body)
        if (why is None and found) or (why is not None and not any(why in problem for problem in found)):
            failures.append(f"the check itself: {why!r} is wanted, and {found} was found")
    count = 0
    with open(sys.argv[1], encoding="utf-8") as lines:
        for line in lines:
            request = json.loads(line)
            count += 1
            for problem in problems(request["modelId"], request["body"]):
                failures.append(f"{request['name']}: {problem}\n    {json.dumps(request['body'])[:2000]}")
    print(f"{count} bodies")
    for failure in failures[:40]:
        print(failure)
    sys.exit(1 if failures or count == 0 else 0)


main()
