"""Rules that Bedrock holds requests of Converse to and that its service model does not have.

Each rule has a name. `broken` gives the name of each rule that a request breaks, with what breaks it.
"""

import collections
import json
import re

ALTERNATE = "roles alternate"
BEGINS = "a user begins"
CONTENT = "no empty content"
BLANK = "no blank text"
ANSWERED = "each call is answered in the next message"
ANSWERS = "each result answers a call of the turn before"
IDS = "ids of calls"
OBJECTS = "arguments are objects"
CLOSED = "schemas that are kept to are closed"
TOOLS = "toolConfig where the history has calls"
CHOICE = "tools and the choice among them"
NAMES = "names of tools"
CACHE = "cache points"
DOCUMENTS = "names of documents"
THINKING = "thinking"
RULES = {ALTERNATE, BEGINS, CONTENT, BLANK, ANSWERED, ANSWERS, IDS, OBJECTS, CLOSED, TOOLS, CHOICE, NAMES, CACHE, DOCUMENTS, THINKING}

MOST_CACHE_POINTS = 4
LEAST_BUDGET = 1024
INTERLEAVED = "interleaved-thinking-2025-05-14"
# As documented: single spaces alone, and ASCII alone.
DOCUMENT_NAME = re.compile(r"[A-Za-z0-9()\[\]-]+( [A-Za-z0-9()\[\]-]+)*")
# Kinds of blocks that are not for a role.
FOREIGN = {
    "user": ("toolUse", "reasoningContent"),
    "assistant": ("toolResult", "guardContent", "image", "video", "document"),
}


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


def broken_texts(body):
    for path, block in texts(body):
        text = block.get("text", block.get("guardContent", {}).get("text", {}).get("text"))
        if text is not None and not text.strip():
            yield BLANK, f"{path}: {text!r}"


def broken_turns(messages):
    """Who speaks when, and what."""
    if messages and messages[0]["role"] != "user":
        yield BEGINS, f"the {messages[0]['role']} begins"
    for number, (before, message) in enumerate(zip([{"role": None}, *messages], messages)):
        if before["role"] == message["role"]:
            yield ALTERNATE, f"messages[{number - 1}] and messages[{number}] are both the {message['role']}'s"
        if not message["content"]:
            yield CONTENT, f"messages[{number}]"
        for result in of_kind(message, "toolResult"):
            if not result["content"]:
                yield CONTENT, f"messages[{number}]: the result `{result['toolUseId']}`"
        for kind in FOREIGN[message["role"]]:
            if of_kind(message, kind):
                yield ALTERNATE, f"messages[{number}]: {kind} of the {message['role']}"


def broken_calls(model_id, messages):
    """Calls with their results, which stand in the next message and nowhere else."""
    if "mistral" in model_id:
        form = "[A-Za-z0-9]{9}"
    elif "kimi" in model_id:
        # `functions.name:0`: with ids of another form Kimi stops calling tools.
        form = "[A-Za-z0-9_.:-]{1,64}"
    else:
        form = "[A-Za-z0-9_-]{1,64}"
    form = re.compile(form)
    nothing = {"content": []}
    seen = set()
    for number, message in enumerate(messages):
        before = messages[number - 1] if number > 0 else nothing
        after = messages[number + 1] if number + 1 < len(messages) else nothing
        called = of_kind(message, "toolUse")
        calls = [call["toolUseId"] for call in called if call.get("type") != "server_tool_use"]
        results = [result["toolUseId"] for result in of_kind(message, "toolResult")]
        answered = {result["toolUseId"] for result in of_kind(after, "toolResult")}
        asked = [call["toolUseId"] for call in of_kind(before, "toolUse")]
        for call in sorted(set(calls) - answered):
            yield ANSWERED, f"messages[{number}]: `{call}` is not"
        for result in (collections.Counter(results) - collections.Counter(asked)).elements():
            yield ANSWERS, f"messages[{number}]: `{result}` does not"
        for call in calls:
            if call in seen:
                yield IDS, f"messages[{number}]: `{call}` is there a second time"
            elif not form.fullmatch(call):
                yield IDS, f"messages[{number}]: `{call}` has not the form that the model takes"
            seen.add(call)
        for call in called:
            if not isinstance(call["input"], dict):
                yield OBJECTS, f"messages[{number}]: the input of {call['name']}"


def broken_tools(model_id, body):
    blocks = [block for message in body.get("messages", []) for block in message["content"]]
    called = [block["toolUse"]["name"] for block in blocks if "toolUse" in block]
    config = body.get("toolConfig")
    # The tools of a stored prompt are stored with it.
    if config is None and ":prompt/" not in model_id:
        if any("toolUse" in block or "toolResult" in block for block in blocks):
            yield TOOLS, "there is none"
    specs = [tool["toolSpec"] for tool in (config or {}).get("tools", []) if "toolSpec" in tool]
    names = [spec["name"] for spec in specs]
    for name, times in collections.Counter(names).items():
        if times > 1:
            yield CHOICE, f"{times} tools are called `{name}`"
    chosen = (config or {}).get("toolChoice", {}).get("tool", {}).get("name")
    if chosen is not None and chosen not in names:
        yield CHOICE, f"`{chosen}` is none of the tools"
    for name in [*names, *called]:
        if "nova" in model_id and "-" in name:
            yield NAMES, f"`{name}` is one that Nova cannot call"
    for spec in specs:
        if spec["inputSchema"]["json"].get("type") != "object":
            yield OBJECTS, f"the schema of {spec['name']} has none at its root"


def open_objects(schema, path):
    """Objects in a schema that do not say that they take no further members."""
    if isinstance(schema, list):
        for number, item in enumerate(schema):
            yield from open_objects(item, f"{path}[{number}]")
    if not isinstance(schema, dict):
        return
    kinds = schema.get("type", [])
    if "object" in (kinds if isinstance(kinds, list) else [kinds]) or "properties" in schema:
        if schema.get("additionalProperties") is not False:
            yield path
    for keyword in ("properties", "$defs", "definitions"):
        for name, inner in schema.get(keyword, {}).items():
            yield from open_objects(inner, f"{path}.{keyword}.{name}")
    for keyword in ("items", "anyOf", "oneOf", "allOf", "prefixItems"):
        yield from open_objects(schema.get(keyword), f"{path}.{keyword}")


def broken_strictness(body):
    for tool in body.get("toolConfig", {}).get("tools", []):
        spec = tool.get("toolSpec", {})
        if spec.get("strict"):
            for path in open_objects(spec["inputSchema"]["json"], spec["name"]):
                yield CLOSED, path
    output = body.get("outputConfig", {}).get("textFormat", {}).get("structure", {}).get("jsonSchema", {})
    for path in open_objects(json.loads(output.get("schema", "true")), "outputConfig"):
        yield CLOSED, path


def broken_cache_points(body):
    # In the order in which the service reads them.
    lists = {"toolConfig.tools": body.get("toolConfig", {}).get("tools", []), "system": body.get("system", [])}
    for number, message in enumerate(body.get("messages", [])):
        lists[f"messages[{number}].content"] = message["content"]
    times = []
    for path, blocks in lists.items():
        for before, block in zip([None, *blocks], blocks):
            if "cachePoint" not in block:
                continue
            times.append(block["cachePoint"].get("ttl", "5m"))
            if before is None:
                yield CACHE, f"{path} begins with one"
            elif {"cachePoint", "reasoningContent", "document"} & set(before):
                yield CACHE, f"{path}: one stands behind {next(iter(before))}"
    if len(times) > MOST_CACHE_POINTS:
        yield CACHE, f"there are {len(times)}"
    if "5m" in times and "1h" in times[times.index("5m") :]:
        yield CACHE, "one of an hour stands behind one of five minutes"


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


def broken_thinking(model_id, body):
    """What goes with the thinking of a Claude."""
    fields = body.get("additionalModelRequestFields") or {}
    thinking = fields.get("thinking", {})
    if thinking.get("type") not in ("enabled", "adaptive"):
        return
    inference = body.get("inferenceConfig", {})
    if "temperature" in inference:
        yield THINKING, "with a temperature"
    # Claude 4.8 and the generations behind it take a forced call while they think (langchain-aws#1141, Anthropic's pages of the models).
    takes_both = thinking["type"] == "adaptive" and not re.search(r"claude-(opus|sonnet)-4-[67]", model_id)
    if not takes_both and {"any", "tool"} & set(body.get("toolConfig", {}).get("toolChoice", {})):
        yield THINKING, "with a call that is forced"
    if thinking["type"] == "enabled":
        budget = thinking["budget_tokens"]
        if budget < LEAST_BUDGET:
            yield THINKING, f"with a budget of {budget}"
        if INTERLEAVED not in fields.get("anthropic_beta", []) and inference.get("maxTokens", 0) <= budget:
            yield THINKING, f"with a budget of {budget}, which does not fit into maxTokens"


def broken(model_id, body):
    messages = body.get("messages", [])
    if not messages and ":prompt/" not in model_id:
        yield BEGINS, "there are no messages"
    yield from broken_texts(body)
    yield from broken_turns(messages)
    yield from broken_calls(model_id, messages)
    yield from broken_tools(model_id, body)
    yield from broken_strictness(body)
    yield from broken_cache_points(body)
    yield from broken_documents(messages)
    yield from broken_thinking(model_id, body)
