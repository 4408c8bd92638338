"""boto3 reads the simulator: every kind of answer and every fault, through the real client with only its endpoint overridden.

    boto3_reads_the_simulator.py http://127.0.0.1:PORT

Prints a line for each check, with the reason where one fails, and exits 1 if any did.
"""

import json
import sys

import boto3
import botocore.exceptions
import botocore.parsers
import urllib3.exceptions
from botocore.config import Config
from botocore.eventstream import ChecksumMismatch, InvalidPayloadLength

from checks import check, raises, run

ENDPOINT = sys.argv[1]
REGION = "us-east-1"
CLAUDE = "us.anthropic.claude-sonnet-4-6"
NOVA = "amazon.nova-lite-v1:0"
PNG = bytes.fromhex("89504e470d0a1a0a") + b"not really an image"


def client(service, **more):
    config = Config(retries={"total_max_attempts": 1}, read_timeout=10, connect_timeout=5, **more)
    return boto3.client(service, region_name=REGION, endpoint_url=ENDPOINT, config=config)


RUNTIME = client("bedrock-runtime")
CONTROL = client("bedrock")


def user(*blocks):
    return {"role": "user", "content": [{"text": block} if isinstance(block, str) else block for block in blocks]}


def tool(name, required, **properties):
    schema = {"type": "object", "properties": properties, "required": required}
    return {"toolSpec": {"name": name, "description": name, "inputSchema": {"json": schema}}}


WEATHER = tool("get_weather", ["city"], city={"type": "string"})
ADD = tool("add", ["a", "b"], a={"type": "number"}, b={"type": "number"})
CLOCK = tool("clock", [])


def events(model, *messages, runtime=RUNTIME, **more):
    answer = runtime.converse_stream(modelId=model, messages=list(messages), **more)
    assert answer["ResponseMetadata"]["HTTPHeaders"]["content-type"] == "application/vnd.amazon.eventstream"
    assert answer["ResponseMetadata"]["RequestId"], "no request id"
    yield from answer["stream"]


def fold(stream):
    """The message that a stream makes, by contentBlockIndex."""
    blocks, starts, seen, inputs, stop, meta = {}, {}, [], {}, None, None
    for event in stream:
        (kind, value), = event.items()
        seen.append(kind)
        if kind == "contentBlockStart":
            starts[value["contentBlockIndex"]] = value["start"]
        elif kind == "contentBlockDelta":
            index, delta = value["contentBlockIndex"], value["delta"]
            block = blocks.setdefault(index, {})
            if "toolUse" in delta:
                inputs.setdefault(index, []).append(delta["toolUse"]["input"])
            elif "text" in delta:
                block["text"] = block.get("text", "") + delta["text"]
            elif "reasoningContent" in delta:
                for name, part in delta["reasoningContent"].items():
                    block[name] = block[name] + part if name in block else part
            else:
                block.update(delta)
        elif kind == "messageStop":
            stop = value
        elif kind == "metadata":
            meta = value
    return {"blocks": blocks, "starts": starts, "inputs": inputs, "seen": seen, "stop": stop, "meta": meta}


def text_of(message):
    return "".join(block.get("text", "") for _, block in sorted(message["blocks"].items()) if "signature" not in block)


def calls_of(message):
    """(name, arguments) of each tool call in order."""
    calls = []
    for index, start in sorted(message["starts"].items()):
        if "toolUse" in start:
            text = "".join(message["inputs"].get(index, []))
            calls.append((start["toolUse"]["name"], json.loads(text) if text else {}))
    return calls


def equal(got, wanted):
    assert got == wanted, f"got {got!r}, wanted {wanted!r}"


def contains(text, *parts):
    for part in parts:
        assert part in text, f"{part!r} is not in {text!r}"


def client_error(code, status, function):
    error = raises(botocore.exceptions.ClientError, function)
    equal((error.response["Error"]["Code"], error.response["ResponseMetadata"]["HTTPStatusCode"]), (code, status))
    return error


def converse(model, *messages, **more):
    return RUNTIME.converse(modelId=model, messages=list(messages) or [user("Hello")], **more)


def drain(model, prompt="Hello", **more):
    return lambda: fold(events(model, user(prompt), **more))


@check("text is streamed")
def _():
    message = fold(events(CLAUDE, user("Tell me about bedrock")))
    contains(text_of(message), "Tell me about bedrock", "simulator", CLAUDE, REGION, "bytes")
    seen = message["seen"]
    equal((seen[0], seen[-2], seen[-1]), ("messageStart", "messageStop", "metadata"))
    assert "contentBlockStart" not in seen, "a text block has no start"
    equal(message["stop"]["stopReason"], "end_turn")
    usage = message["meta"]["usage"]
    equal(usage["totalTokens"], usage["inputTokens"] + usage["outputTokens"])
    assert message["meta"]["metrics"]["latencyMs"] >= 1


@check("an answer heeds system limits and stop sequences")
def _():
    message = fold(events(CLAUDE, user("Hello"), system=[{"text": "Be a stone."}]))
    contains(text_of(message), "Be a stone.")
    cut = fold(events(CLAUDE, user("count to 500"), inferenceConfig={"maxTokens": 10}))
    equal((cut["stop"]["stopReason"], len(text_of(cut))), ("max_tokens", 40))
    stopped = fold(events(CLAUDE, user("echo one two STOP three"), inferenceConfig={"stopSequences": ["STOP"]}))
    equal((stopped["stop"]["stopReason"], text_of(stopped)), ("stop_sequence", "one two "))


@check("a tool is called and its result is quoted")
def _():
    tools = {"tools": [WEATHER, ADD]}
    question = user("Please call get_weather for Paris")
    first = fold(events(CLAUDE, question, toolConfig=tools))
    equal((first["stop"]["stopReason"], calls_of(first)), ("tool_use", [("get_weather", {"city": "Paris"})]))
    index, start = next(iter(first["starts"].items()))
    equal(first["inputs"][index][0], "")
    assert len(first["inputs"][index]) > 2, "Claude's arguments come in several deltas"
    call = {"toolUse": {"toolUseId": start["toolUse"]["toolUseId"], "name": "get_weather", "input": {"city": "Paris"}}}
    result = {"toolResult": {"toolUseId": start["toolUse"]["toolUseId"], "content": [{"text": "21 degrees"}]}}
    turn = {"role": "assistant", "content": [call]}
    second = fold(events(CLAUDE, question, turn, user(result), toolConfig=tools))
    equal(second["stop"]["stopReason"], "end_turn")
    contains(text_of(second), "get_weather", "21 degrees")


@check("tools are called in parallel and by force")
def _():
    both = fold(events(CLAUDE, user("Use add on 2 and 3.5, then get_weather in Oslo"), toolConfig={"tools": [WEATHER, ADD]}))
    equal(calls_of(both), [("add", {"a": 2, "b": 3.5}), ("get_weather", {"city": "Oslo"})])
    forced = fold(events(CLAUDE, user("Hello"), toolConfig={"tools": [WEATHER], "toolChoice": {"any": {}}}))
    equal([name for name, _ in calls_of(forced)], ["get_weather"])
    named = fold(events(NOVA, user("Hello"), toolConfig={"tools": [WEATHER, ADD], "toolChoice": {"tool": {"name": "add"}}}))
    equal([name for name, _ in calls_of(named)], ["add"])


@check("a call without arguments looks like its family")
def _():
    claude = fold(events(CLAUDE, user("Read the clock"), toolConfig={"tools": [CLOCK]}))
    equal((calls_of(claude), claude["inputs"]), ([("clock", {})], {}))
    nova = fold(events(NOVA, user("Read the clock"), toolConfig={"tools": [CLOCK]}))
    equal((calls_of(nova), list(nova["inputs"].values())), ([("clock", {})], [["{}"]]))


@check("thinking comes first and is bound by its signature")
def _():
    fields = {"thinking": {"type": "enabled", "budget_tokens": 1024}}
    question = user("Please call get_weather for Paris")
    first = fold(events(CLAUDE, question, toolConfig={"tools": [WEATHER]}, additionalModelRequestFields=fields))
    thought = first["blocks"][0]
    assert thought["text"] and thought["signature"], thought
    call = next(iter(first["starts"].values()))["toolUse"]
    turn = lambda text: {"role": "assistant", "content": [
        {"reasoningContent": {"reasoningText": {"text": text, "signature": thought["signature"]}}},
        {"toolUse": {"toolUseId": call["toolUseId"], "name": call["name"], "input": {"city": "Paris"}}},
    ]}
    result = user({"toolResult": {"toolUseId": call["toolUseId"], "content": [{"json": {"degrees": 21}}]}})
    again = lambda text: fold(events(CLAUDE, question, turn(text), result, toolConfig={"tools": [WEATHER]}, additionalModelRequestFields=fields))
    contains(text_of(again(thought["text"])), '{"degrees":21}')
    contains(str(client_error("ValidationException", 400, lambda: again(thought["text"] + "!"))), "Invalid `signature`")
    sealed = fold(events(CLAUDE, user("think of something redacted"), additionalModelRequestFields=fields))
    assert len(sealed["blocks"][0]["redactedContent"]) > 40, sealed["blocks"][0]
    adaptive = {"thinking": {"type": "adaptive", "display": "omitted"}}
    silent = fold(events(CLAUDE, user("Hello"), additionalModelRequestFields=adaptive))
    equal(list(silent["blocks"][0]), ["signature"])
    effort = fold(events("openai.gpt-oss-120b-1:0", user("Hello"), additionalModelRequestFields={"reasoning_effort": "low"}))
    equal((list(effort["blocks"][0]), len(effort["blocks"])), (["text"], 2))


@check("images and documents are seen")
def _():
    image = {"image": {"format": "png", "source": {"bytes": PNG}}}
    document = {"document": {"format": "txt", "name": "notes", "source": {"bytes": b"hello"}}}
    text = text_of(fold(events(CLAUDE, user("What do you see?", image, document))))
    contains(text, f"1 image: png, {len(PNG)} bytes", '1 document: "notes" txt, 5 bytes')
    blind = lambda: fold(events("amazon.nova-micro-v1:0", user("What do you see?", image)))
    contains(str(client_error("ValidationException", 400, blind)), "image")


@check("a cached prompt is written once and read after that")
def _():
    system = [{"text": "A long rule. " * 50}, {"cachePoint": {"type": "default"}}]
    usage = lambda: fold(events(CLAUDE, user("Hello"), system=system))["meta"]["usage"]
    first, second = usage(), usage()
    assert first["cacheWriteInputTokens"] > 100 and first["cacheReadInputTokens"] == 0, first
    equal((second["cacheReadInputTokens"], second["cacheWriteInputTokens"]), (first["cacheWriteInputTokens"], 0))
    equal(first["cacheDetails"], [{"ttl": "5m", "inputTokens": first["cacheWriteInputTokens"]}])
    for counts in (first, second):
        parts = ("inputTokens", "outputTokens", "cacheReadInputTokens", "cacheWriteInputTokens")
        equal(counts["totalTokens"], sum(counts[part] for part in parts))


@check("converse answers at once")
def _():
    answer = converse(CLAUDE, user("Tell me about bedrock"))
    contains(answer["output"]["message"]["content"][0]["text"], "Tell me about bedrock")
    equal((answer["stopReason"], answer["output"]["message"]["role"]), ("end_turn", "assistant"))
    called = converse(NOVA, user("Use add on 1 and 2"), toolConfig={"tools": [ADD]})
    equal(called["output"]["message"]["content"][-1]["toolUse"]["input"], {"a": 1, "b": 2})
    arn = f"arn:aws:bedrock:{REGION}:123456789012:application-inference-profile/q7simteam0a1"
    contains(converse(arn)["output"]["message"]["content"][0]["text"], arn)


@check("what the service refuses is refused")
def _():
    refusals = [
        ("start with a user message", dict(messages=[{"role": "assistant", "content": [{"text": "Hi"}]}])),
        ("must alternate", dict(messages=[user("a"), user("b")])),
        ("is blank", dict(messages=[user("  ")])),
        ("is empty", dict(messages=[{"role": "user", "content": []}])),
        ("toolConfig field must be defined", dict(messages=[user({"toolResult": {"toolUseId": "x", "content": [{"text": "1"}]}})])),
        ("exceeds the number of toolUse", dict(messages=[user({"toolResult": {"toolUseId": "x", "content": [{"text": "1"}]}})], toolConfig={"tools": [ADD]})),
        ("exceeds the model limit", dict(messages=[user("a")], inferenceConfig={"maxTokens": 1_000_000})),
        ("regular expression pattern", dict(messages=[user("a")], toolConfig={"tools": [tool("a b", [])]})),
        ("`temperature` may only be set to 1", dict(messages=[user("a")], inferenceConfig={"temperature": 0.5}, additionalModelRequestFields={"thinking": {"type": "adaptive"}})),
    ]
    for part, request in refusals:
        contains(str(client_error("ValidationException", 400, lambda: RUNTIME.converse_stream(modelId=CLAUDE, **request))), part)
    call = {"role": "assistant", "content": [{"toolUse": {"toolUseId": "id1", "name": "add", "input": {}}}]}
    unanswered = lambda: RUNTIME.converse(modelId=CLAUDE, messages=[user("a"), call, user("b")], toolConfig={"tools": [ADD]})
    contains(str(client_error("ValidationException", 400, unanswered)), "Expected toolResult blocks", "id1")


@check("ids that cannot be called say why")
def _():
    contains(str(client_error("ValidationException", 400, drain("no.such-model"))), "model identifier is invalid")
    contains(str(client_error("ValidationException", 400, drain("anthropic.claude-sonnet-4-6"))), "on-demand throughput isn’t supported")
    contains(str(client_error("ValidationException", 400, drain("amazon.titan-embed-text-v2:0"))), "doesn't support the model")


@check("tokens are counted as the usage counts them")
def _():
    said = dict(messages=[user("How many tokens is this?", {"image": {"format": "png", "source": {"bytes": PNG}}})], system=[{"text": "Be brief."}], toolConfig={"tools": [ADD]})
    count = lambda model, input: RUNTIME.count_tokens(modelId=model, input=input)["inputTokens"]
    equal(count(NOVA, {"converse": said}), RUNTIME.converse(modelId=NOVA, **said)["usage"]["inputTokens"])
    # The model itself is counted for, where only its profile can be asked; the profile is not.
    equal(count(CLAUDE.removeprefix("us."), {"converse": said}), RUNTIME.converse(modelId=CLAUDE, **said)["usage"]["inputTokens"])
    contains(str(client_error("ValidationException", 400, lambda: count(CLAUDE, {"converse": said}))), "doesn't support counting tokens")
    invoked = {"anthropic_version": "bedrock-2023-05-31", "max_tokens": 9, "messages": [{"role": "user", "content": "abcdefgh"}]}
    # A quarter of the characters of names and values, each rounded up: role, user, content, abcdefgh.
    equal(count(NOVA, {"invokeModel": {"body": json.dumps(invoked).encode()}}), 1 + 1 + 2 + 2)
    contains(str(client_error("ValidationException", 400, lambda: count(NOVA, {"converse": {"messages": [user("a"), user("b")]}}))), "must alternate")
    contains(str(client_error("ThrottlingException", 429, lambda: count("sim.http.429", {"converse": said}))), "Too many requests")


@check("a request must be signed")
def _():
    unsigned = boto3.client("bedrock-runtime", region_name=REGION, endpoint_url=ENDPOINT, config=Config(signature_version=botocore.UNSIGNED))
    client_error("MissingAuthenticationTokenException", 403, lambda: unsigned.converse(modelId=NOVA, messages=[user("a")]))


@check("foundation models are listed")
def _():
    models = CONTROL.list_foundation_models()["modelSummaries"]
    assert len(models) >= 30, len(models)
    ids = [model["modelId"] for model in models]
    equal(len(set(ids)), len(ids))
    sonnet = next(model for model in models if model["modelId"] == "anthropic.claude-sonnet-4-6")
    equal((sonnet["inferenceTypesSupported"], sonnet["modelLifecycle"]["status"]), (["INFERENCE_PROFILE"], "ACTIVE"))
    equal(sonnet["modelArn"], f"arn:aws:bedrock:{REGION}::foundation-model/anthropic.claude-sonnet-4-6")
    assert {model["modelLifecycle"]["status"] for model in models} == {"ACTIVE", "LEGACY"}
    embeddings = CONTROL.list_foundation_models(byOutputModality="EMBEDDING", byProvider="amazon")["modelSummaries"]
    equal([model["modelId"] for model in embeddings], ["amazon.titan-embed-text-v2:0"])
    equal(CONTROL.get_foundation_model(modelIdentifier=NOVA)["modelDetails"]["modelId"], NOVA)


@check("inference profiles are listed in pages")
def _():
    pages = list(CONTROL.get_paginator("list_inference_profiles").paginate(PaginationConfig={"PageSize": 4}))
    assert len(pages) > 3 and all(len(page["inferenceProfileSummaries"]) == 4 for page in pages[:-1]), [len(page) for page in pages]
    profiles = [profile for page in pages for profile in page["inferenceProfileSummaries"]]
    equal(profiles, CONTROL.list_inference_profiles()["inferenceProfileSummaries"])
    assert len({profile["inferenceProfileId"] for profile in profiles}) == len(profiles) >= 14, len(profiles)
    equal({profile["type"] for profile in profiles}, {"SYSTEM_DEFINED"})  # AWS lists others only where they are asked for
    applications = CONTROL.list_inference_profiles(typeEquals="APPLICATION")["inferenceProfileSummaries"]
    equal([profile["type"] for profile in applications], ["APPLICATION"])
    spread = next(profile for profile in profiles if profile["inferenceProfileId"].startswith("global."))
    equal(CONTROL.get_inference_profile(inferenceProfileIdentifier=spread["inferenceProfileArn"])["models"], spread["models"])
    assert spread["models"][-1]["modelArn"].startswith("arn:aws:bedrock:::foundation-model/"), spread["models"]
    client_error("ValidationException", 400, lambda: CONTROL.list_inference_profiles(nextToken="nonsense"))
    client_error("ResourceNotFoundException", 404, lambda: CONTROL.get_inference_profile(inferenceProfileIdentifier="nothing"))


@check("stream exceptions end a stream after their events")
def _():
    kinds = {
        "throttling": ("throttlingException", "ThrottlingException", 429),
        "validation": ("validationException", "ValidationException", 400),
        "internal-server": ("internalServerException", "InternalServerException", 500),
        "model-stream-error": ("modelStreamErrorException", "ModelStreamErrorException", 424),
        "service-unavailable": ("serviceUnavailableException", "ServiceUnavailableException", 503),
    }
    for name, (in_stream, over_http, status) in kinds.items():
        for after in (0, 4):
            seen = []
            error = raises(botocore.exceptions.EventStreamError, lambda: seen.extend(events(f"sim.exception.{name}.after-{after}", user("Hello"))))
            equal((error.response["Error"]["Code"], len(seen)), (in_stream, after))
            assert error.response["Error"]["Message"], error.response
        client_error(over_http, status, lambda: converse(f"sim.exception.{name}"))
    error = raises(botocore.exceptions.EventStreamError, drain("sim.error-frame.after-2"))
    equal(error.response["Error"]["Code"], "InternalFailure")


@check("streams that end too soon have no stop")
def _():
    for model in ("sim.truncate.after-5", "sim.cut-mid-frame.after-5"):
        message = drain(model)()
        equal((len(message["seen"]), message["stop"]), (5, None))
    broken = (botocore.exceptions.HTTPClientError, urllib3.exceptions.HTTPError, OSError)
    seen = []
    raises(broken, lambda: seen.extend(events("sim.reset.after-5", user("Hello"))))
    equal(len(seen), 5)
    raises(broken, lambda: converse("sim.reset"))
    # botocore makes an empty answer of a body that is not JSON.
    assert "output" not in converse("sim.truncate")


@check("damaged frames are told")
def _():
    raises(ChecksumMismatch, drain("sim.bad-crc.after-3"))
    raises(InvalidPayloadLength, drain("sim.huge-frame.after-3"))
    # botocore makes an empty event of a payload that is not JSON, and does not look at what is left after the last frame.
    equal(list(events("sim.malformed-json.after-3", user("Hello")))[3], {"contentBlockDelta": {}})
    equal(drain("sim.leftover")()["stop"]["stopReason"], "end_turn")


@check("silence lasts until the client gives up")
def _():
    impatient = boto3.client("bedrock-runtime", region_name=REGION, endpoint_url=ENDPOINT, config=Config(retries={"total_max_attempts": 1}, read_timeout=1))
    seen = []
    timeouts = (botocore.exceptions.ReadTimeoutError, urllib3.exceptions.ReadTimeoutError)
    raises(timeouts, lambda: seen.extend(events("sim.silence.after-3", user("Hello"), runtime=impatient)))
    equal(len(seen), 3)
    raises(timeouts, lambda: impatient.converse(modelId="sim.silence", messages=[user("Hello")]))


@check("slow streams come whole")
def _():
    wanted = {"sim.drip": "a word", "sim.slow.5": "a word", "sim.no-metadata": "a word"}
    for model, text in wanted.items():
        message = drain(model, f"echo {text}")()
        equal((text_of(message), message["stop"]["stopReason"]), (text, "end_turn"))
    assert message["meta"] is None
    equal(converse("sim.drip", user("echo x"))["output"]["message"]["content"], [{"text": "x"}])


@check("unknown things may be skipped")
def _():
    stream = RUNTIME.converse_stream(modelId="sim.unknown-events", messages=[user("echo still here")])["stream"]
    known = [event for event in stream if "SDK_UNKNOWN_MEMBER" not in event]
    said = [event["contentBlockDelta"]["delta"].get("text", "") for event in known if "contentBlockDelta" in event]
    equal("".join(said), "still here")


@check("special answers have their members")
def _():
    guarded = drain("sim.guardrail")()
    equal(guarded["stop"]["stopReason"], "guardrail_intervened")
    assert "inputAssessment" in guarded["meta"]["trace"]["guardrail"]
    cited = drain("sim.citations")()
    contains(text_of(cited), "bedrock is what lies under the soil")
    equal(cited["blocks"][1]["citation"]["title"], "quarry handbook")
    served = drain("sim.server-tools")()
    equal((served["starts"][0]["toolUse"]["type"], served["starts"][1]["toolResult"]["type"]), ("server_tool_use", "nova_code_interpreter_result"))
    equal(served["blocks"][1]["toolResult"][0]["json"]["stdOut"], "7006652")
    refused = drain("sim.refusal")()["stop"]
    equal((refused["stopReason"], refused["additionalModelResponseFields"]["stop_details"]["category"]), ("refusal", "cyber"))
    spoiled = drain("sim.malformed-tool")()
    raises(ValueError, lambda: calls_of(spoiled))
    for reason in ("content_filtered", "model_context_window_exceeded", "malformed_tool_use", "a_new_reason"):
        equal(drain(f"sim.stop.{reason}")()["stop"]["stopReason"], reason)
        equal(converse(f"sim.stop.{reason}")["stopReason"], reason)
    for model in ("sim.guardrail", "sim.citations", "sim.server-tools", "sim.refusal"):
        assert converse(model)["output"]["message"]["content"], model


@check("http errors have their codes")
def _():
    errors = {
        "429": ("ThrottlingException", 429), "429-not-ready": ("ModelNotReadyException", 429),
        "403-expired": ("ExpiredTokenException", 403), "403-denied": ("AccessDeniedException", 403),
        "403-signature": ("InvalidSignatureException", 403), "403-unrecognized": ("UnrecognizedClientException", 403),
        "400-validation": ("ValidationException", 400), "400-quota": ("ServiceQuotaExceededException", 400),
        "400-too-long": ("ValidationException", 400), "404": ("ResourceNotFoundException", 404),
        "424": ("ModelErrorException", 424), "408": ("ModelTimeoutException", 408),
        "500": ("InternalServerException", 500), "503": ("ServiceUnavailableException", 503),
    }
    for name, (code, status) in errors.items():
        for call in (drain(f"sim.http.{name}"), lambda: converse(f"sim.http.{name}")):
            assert client_error(code, status, call).response["Error"]["Message"]
    error = raises((botocore.exceptions.ClientError, botocore.parsers.ResponseParserError), drain("sim.http.503-html"))
    contains(str(error), "503")


if __name__ == "__main__":
    run(f"boto3 {boto3.__version__}")
