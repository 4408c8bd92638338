"""Bodies of ConverseStream and CountTokens are held against botocore's model of Bedrock and against rules that it does not have.

    converse_bodies.py BODIES

Every line of BODIES is `{"name", "modelId", "body", "operation"?, "breaks"?, "mayBreak"?}` in JSON. `breaks` names rules that the body breaks,
each with reasons; `mayBreak` lists further ones. Any other that it breaks fails the check. So does a reason without a body that breaks
the rule for that reason alone.
"""

import base64
import binascii
import collections
import json
import re
import sys

from botocore.loaders import Loader
from botocore.model import ServiceModel
from botocore.validate import ParamValidator

SERVICE = ServiceModel(Loader().load_service_model("bedrock-runtime", "service-2"), service_name="bedrock-runtime")
VALIDATOR = ParamValidator()

# The service's own rules, beside those that its model has.
BOTOCORE = "botocore"
ALTERNATE = "roles alternate"
BEGINS = "a user begins"
CONTENT = "no empty content"
BLANK = "no blank text"
ANSWERED = "each call is answered in the next message"
ANSWERS = "each result answers a call of the turn before"
IDS = "ids of calls"
TOOLS = "toolConfig where the history has calls"
CHOICE = "tools and the choice among them"
CACHE = "cache points"
DOCUMENTS = "names of documents"
RULES = {ALTERNATE, BEGINS, CONTENT, BLANK, ANSWERED, ANSWERS, IDS, TOOLS, CHOICE, CACHE, DOCUMENTS, BOTOCORE}

MOST_CACHE_POINTS = 4
# Single spaces alone, and ASCII alone; `_` is taken although the documentation does not have it.
DOCUMENT_NAME = re.compile(r"[A-Za-z0-9_()\[\]-]+( [A-Za-z0-9_()\[\]-]+)*")


class Blob(Exception):
    """A blob that is not base64."""


def wire_value(value, shape):
    """The value as botocore takes it: blobs as bytes. What does not have the shape stays, for botocore to tell."""
    if shape.type_name == "blob":
        try:
            return base64.b64decode(value, validate=True)
        except (binascii.Error, TypeError, ValueError) as error:
            raise Blob(f"a blob is not base64: {error}") from error
    if shape.type_name == "structure" and isinstance(value, dict) and not shape.is_document_type:
        return {
            name: wire_value(member, shape.members[name]) if name in shape.members else member
            for name, member in value.items()
        }
    if shape.type_name == "list" and isinstance(value, list):
        return [wire_value(item, shape.member) for item in value]
    if shape.type_name == "map" and isinstance(value, dict):
        return {name: wire_value(member, shape.value) for name, member in value.items()}
    return value


def beyond_the_validator(value, shape, path):
    """What the model says and botocore's validator leaves to the service: enumerations, patterns, most lengths and numbers."""
    kind, limits = shape.type_name, shape.metadata
    if kind == "structure" and not shape.is_document_type:
        for name, member in value.items():
            yield from beyond_the_validator(member, shape.members[name], f"{path}.{name}")
    elif kind == "list":
        for number, item in enumerate(value):
            yield from beyond_the_validator(item, shape.member, f"{path}[{number}]")
    elif kind == "map":
        for name, member in value.items():
            yield from beyond_the_validator(name, shape.key, f"{path} key")
            yield from beyond_the_validator(member, shape.value, f"{path}.{name}")
    if kind == "string" and shape.enum and value not in shape.enum:
        yield f"{path}: {value!r} is none of {shape.enum}"
    if kind == "string" and "pattern" in limits and not re.fullmatch(limits["pattern"], value):
        yield f"{path}: {value!r} has not the form {limits['pattern']}"
    size = len(value) if kind in ("string", "blob", "list", "map") else value if kind in ("integer", "float") else None
    if size is not None and not limits.get("min", size) <= size <= limits.get("max", size):
        yield f"{path}: {size} is not within {limits}"


def told_by_botocore(model_id, body, operation):
    shape = SERVICE.operation_model(operation).input_shape
    try:
        params = wire_value({"modelId": model_id, **body}, shape)
    except Blob as error:
        return [str(error)]
    report = VALIDATOR.validate(params, shape)
    if report.has_errors():
        return [report.generate_report()]
    return list(beyond_the_validator(params, shape, ""))


def of_kind(message, kind):
    return [block[kind] for block in message["content"] if kind in block]


def texts(body):
    """Every text that must say something, with where it is."""
    for number, block in enumerate(body.get("system", [])):
        yield f"system[{number}]", block
    for number, message in enumerate(body.get("messages", [])):
        for place, block in enumerate(message["content"]):
            yield f"messages[{number}].content[{place}]", block
            for inner, part in enumerate(block.get("toolResult", {}).get("content", [])):
                yield f"messages[{number}].content[{place}].toolResult.content[{inner}]", part


def broken_turns(messages):
    """Who speaks when, and calls with their results."""
    if messages and messages[0]["role"] != "user":
        yield BEGINS, f"the {messages[0]['role']} begins"
    for number, (before, message) in enumerate(zip([{"role": None, "content": []}, *messages], messages)):
        if before["role"] == message["role"]:
            yield ALTERNATE, f"messages[{number - 1}] and messages[{number}] are both the {message['role']}'s"
    for number, message in enumerate(messages):
        after = messages[number + 1] if number + 1 < len(messages) else {"content": []}
        before = messages[number - 1] if number > 0 else {"content": []}
        if not message["content"]:
            yield CONTENT, f"messages[{number}]"
        calls = [call["toolUseId"] for call in of_kind(message, "toolUse") if call.get("type") != "server_tool_use"]
        results = [result["toolUseId"] for result in of_kind(message, "toolResult")]
        answered = {result["toolUseId"] for result in of_kind(after, "toolResult")}
        asked = [call["toolUseId"] for call in of_kind(before, "toolUse")]
        for call in set(calls) - answered:
            yield ANSWERED, f"messages[{number}]: `{call}` is not"
        for result in (collections.Counter(results) - collections.Counter(asked)).elements():
            yield ANSWERS, f"messages[{number}]: `{result}` does not"
        for call, times in collections.Counter(calls).items():
            if times > 1:
                yield IDS, f"messages[{number}]: `{call}` is there {times} times"
        for result in of_kind(message, "toolResult"):
            if not result["content"]:
                yield CONTENT, f"messages[{number}]: the result `{result['toolUseId']}`"
        wrong = {"user": ("toolUse", "reasoningContent"), "assistant": ("toolResult",)}[message["role"]]
        for kind in wrong:
            if of_kind(message, kind):
                yield ALTERNATE, f"messages[{number}]: {kind} of the {message['role']}"


def broken_tools(body):
    config = body.get("toolConfig")
    blocks = [block for message in body.get("messages", []) for block in message["content"]]
    if config is None:
        if any("toolUse" in block or "toolResult" in block for block in blocks):
            yield TOOLS, "there is none"
        return
    names = [tool["toolSpec"]["name"] for tool in config["tools"] if "toolSpec" in tool]
    for name, times in collections.Counter(names).items():
        if times > 1:
            yield CHOICE, f"{times} tools are called `{name}`"
    chosen = config.get("toolChoice", {}).get("tool", {}).get("name")
    if chosen is not None and chosen not in names:
        yield CHOICE, f"`{chosen}` is none of the tools"


def broken_cache_points(body):
    lists = {"system": body.get("system", []), "toolConfig.tools": body.get("toolConfig", {}).get("tools", [])}
    for number, message in enumerate(body.get("messages", [])):
        lists[f"messages[{number}].content"] = message["content"]
    count = 0
    for path, blocks in lists.items():
        for before, block in zip([None, *blocks], blocks):
            if "cachePoint" not in block:
                continue
            count += 1
            if before is None:
                yield CACHE, f"{path} begins with one"
            elif "cachePoint" in before or "reasoningContent" in before:
                yield CACHE, f"{path}: one stands behind {next(iter(before))}"
            elif "text" in before.get("document", {}).get("source", {}):
                yield CACHE, f"{path}: one stands behind a document of text"
    if count > MOST_CACHE_POINTS:
        yield CACHE, f"there are {count}"


def broken_documents(messages):
    seen = set()
    for number, message in enumerate(messages):
        inner = [part for result in of_kind(message, "toolResult") for part in result["content"]]
        for document in of_kind({"content": [*message["content"], *inner]}, "document"):
            name = document["name"]
            if not DOCUMENT_NAME.fullmatch(name) or name in seen:
                yield DOCUMENTS, f"messages[{number}]: {name!r} is {'there twice' if name in seen else 'no name'}"
            seen.add(name)
        if of_kind(message, "document") and not (of_kind(message, "text") or of_kind(message, "guardContent")):
            yield DOCUMENTS, f"messages[{number}]: a document without a text beside it"


def broken(model_id, body, operation):
    """The rules that a body breaks, each with what breaks it."""
    for told in told_by_botocore(model_id, body, operation):
        yield BOTOCORE, told
    if operation == "CountTokens":
        body = body["input"]["converse"]
    messages = body.get("messages", [])
    if not messages and ":prompt/" not in model_id:
        yield BEGINS, "there are no messages"
    for path, block in texts(body):
        text = block.get("text", block.get("guardContent", {}).get("text", {}).get("text"))
        if text is not None and not text.strip():
            yield BLANK, f"{path}: {text!r}"
    yield from broken_turns(messages)
    yield from broken_tools(body)
    yield from broken_cache_points(body)
    yield from broken_documents(messages)


def main():
    failures, bodies = [], 0
    known, seen = {}, set()
    with open(sys.argv[1], encoding="utf-8") as file:
        for line in file:
            bodies += 1
            given = json.loads(line)
            reasons = given.get("breaks", {})
            for rule, why in reasons.items():
                assert rule in RULES, f"{given['name']}: there is no rule {rule!r}"
                known.update({(rule, reason): given["name"] for reason in why})
            for rule, told in broken(given["modelId"], given["body"], given.get("operation", "ConverseStream")):
                if rule in reasons:
                    # Of several reasons, any may be the one.
                    seen.update((rule, reason) for reason in reasons[rule] if len(reasons[rule]) == 1)
                elif rule not in given.get("mayBreak", []):
                    failures.append(f"{given['name']}: {rule}: {told}")
    for (rule, reason), name in known.items():
        if (rule, reason) not in seen:
            failures.append(f"{name}: is said to break {rule!r} and does not: {reason}")
    for failure in failures:
        print(f"FAILED {failure}")
    print(f"{bodies} bodies, {len(known)} reasons why some are not valid, {len(failures)} failures")
    sys.exit(1 if failures or not bodies else 0)


if __name__ == "__main__":
    main()
