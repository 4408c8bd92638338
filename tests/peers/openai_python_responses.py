"""The OpenAI SDK for Python, unmodified, has the Responses API from the gateway: every check streamed and not."""

import json

import openai
from openai import OpenAI
from openai.types.responses import ResponseOutputRefusal, ResponseRefusalDeltaEvent
from pydantic import BaseModel

from checks import (
    BROKEN,
    CLAUDE,
    NOVA,
    PDF,
    PNG,
    SCHEMAS,
    check,
    data_url,
    falls_idle_within_a_second,
    gateway,
    in_flight,
    raises,
    run,
)

BASE, KEY = gateway()
client = OpenAI(base_url=f"{BASE}/v1", api_key=KEY, max_retries=0, timeout=30)
ENDS = ("response.completed", "response.incomplete", "response.failed", "error")


def function(name, parameters):
    return {
        "type": "function",
        "name": name,
        "description": f"The tool {name}",
        "parameters": parameters,
        "strict": False,
    }


TOOLS = [function(name, schema) for name, schema in SCHEMAS.items()]


def whole(model, given, **options):
    return client.responses.create(model=model, input=given, store=False, **options)


def streamed(model, given, **options):
    """The response of a stream's last event, which must be what the events before it came to."""
    events = list(client.responses.create(model=model, input=given, store=False, stream=True, **options))
    check_events(events)
    assert events[-1].type in ("response.completed", "response.incomplete"), events[-1]
    return events[-1].response


def check_events(events):
    assert [event.sequence_number for event in events] == list(range(len(events))), [
        event.sequence_number for event in events
    ]
    assert [event.type for event in events[:2]] == ["response.created", "response.in_progress"], events[:2]
    assert [event.type for event in events if event.type in ENDS] == [events[-1].type], events
    added, done, text = [], [], {}
    for event in events:
        if event.type == "response.output_item.added":
            assert event.output_index == len(added), event
            added.append(event.item.id)
        if event.type == "response.output_item.done":
            assert added[event.output_index] == event.item.id, event
            done.append(event.item)
        if event.type in (
            "response.output_text.delta",
            "response.refusal.delta",
            "response.function_call_arguments.delta",
            "response.reasoning_summary_text.delta",
        ):
            assert event.item_id == added[event.output_index], event
            text[event.item_id] = text.get(event.item_id, "") + event.delta
        if event.type == "response.output_text.done":
            assert event.text == text.get(event.item_id, ""), event
        if event.type == "response.refusal.done":
            assert event.refusal == text.get(event.item_id, ""), event
        if event.type == "response.function_call_arguments.done":
            assert event.arguments == text.get(event.item_id, ""), event
    last = events[-1]
    if last.type in ("response.completed", "response.incomplete"):
        assert [item.id for item in last.response.output] == [item.id for item in done] == added, last


BOTH = (whole, streamed)


def user(content):
    return [{"role": "user", "content": content}]


def calls(response):
    return [(item.name, json.loads(item.arguments)) for item in response.output if item.type == "function_call"]


def result(call, output):
    return {"type": "function_call_output", "call_id": call.call_id, "output": output}


@check("text, with usage")
def _():
    for ask in BOTH:
        response = ask(CLAUDE, "Tell me about bedrock")
        assert response.status == "completed" and response.error is None and response.id, response
        for part in ("Tell me about bedrock", "simulator", CLAUDE):
            assert part in response.output_text, response.output_text
        usage = response.usage
        assert usage.input_tokens > 0 and usage.output_tokens > 0, usage
        assert usage.total_tokens == usage.input_tokens + usage.output_tokens, usage


@check("the SDK's own accumulator takes the stream")
def _():
    with client.responses.stream(model=CLAUDE, input="Use add on 2 and 3.5", tools=TOOLS, store=False) as stream:
        for _ in stream:
            pass
        assert calls(stream.get_final_response()) == [("add", {"a": 2, "b": 3.5})]


@check("instructions, and system and developer roles")
def _():
    for ask in BOTH:
        assert 'told me: "Be a quarryman."' in ask(CLAUDE, "Hello", instructions="Be a quarryman.").output_text
        for role in ("system", "developer"):
            response = ask(CLAUDE, [{"role": role, "content": "Be a quarryman."}, *user("Hello")])
            assert 'told me: "Be a quarryman."' in response.output_text, response.output_text


@check("a tool loop with the items of the answer passed back")
def _():
    for ask in BOTH:
        for model in (CLAUDE, NOVA):
            given = user("Please call get_weather for Paris")
            first = ask(model, given, tools=TOOLS)
            assert calls(first) == [("get_weather", {"city": "Paris"})], first.output
            (call,) = (item for item in first.output if item.type == "function_call")
            given += [*first.output, result(call, "21 degrees")]
            second = ask(model, given, tools=TOOLS)
            assert 'get_weather answered "21 degrees"' in second.output_text, second.output_text


@check("parallel tools, and a tool without arguments")
def _():
    for ask in BOTH:
        given = user("Use add on 2 and 3.5, then get_weather in Oslo, then the clock")
        first = ask(CLAUDE, given, tools=TOOLS)
        assert calls(first) == [("add", {"a": 2, "b": 3.5}), ("get_weather", {"city": "Oslo"}), ("clock", {})], (
            first.output
        )
        given += first.output
        given += [result(item, f"result of {item.name}") for item in first.output if item.type == "function_call"]
        second = ask(CLAUDE, given, tools=TOOLS)
        for name in ("add", "get_weather", "clock"):
            assert f'{name} answered "result of {name}"' in second.output_text, second.output_text


@check("tool choice")
def _():
    for ask in BOTH:
        assert [
            name
            for name, _ in calls(ask(CLAUDE, "Hello", tools=TOOLS, tool_choice={"type": "function", "name": "add"}))
        ] == ["add"]
        assert len(calls(ask(CLAUDE, "Hello", tools=TOOLS, tool_choice="required"))) == 1
        assert not calls(ask(CLAUDE, "Please call add on 1 and 2", tools=TOOLS, tool_choice="none"))
        both = "Please call add on 1 and 2, and get_weather"
        assert len(calls(ask(CLAUDE, both, tools=TOOLS))) == 2
        assert len(calls(ask(CLAUDE, both, tools=TOOLS, parallel_tool_calls=False))) == 1


@check("images and files, and remote images refused")
def _():
    for ask in BOTH:
        parts = [
            {"type": "input_text", "text": "What do you see?"},
            {"type": "input_image", "image_url": data_url("image/png", PNG), "detail": "auto"},
            {"type": "input_file", "filename": "handbook.pdf", "file_data": data_url("application/pdf", PDF)},
        ]
        text = ask(CLAUDE, user(parts)).output_text
        assert f"1 image: png, {len(PNG)} bytes" in text and f"pdf, {len(PDF)} bytes" in text, text
        remote = {"type": "input_image", "image_url": "https://example.com/a.png", "detail": "auto"}
        error = raises(openai.BadRequestError, lambda: ask(CLAUDE, user([remote])))
        assert "data:" in error.message, error.message


@check("thinking, kept across turns with a tool between")
def _():
    thinking = {
        "reasoning": {"effort": "low", "summary": "auto"},
        "include": ["reasoning.encrypted_content"],
        "max_output_tokens": 6000,
    }
    for ask in BOTH:
        given = user("Please call get_weather for Paris")
        first = ask(CLAUDE, given, tools=TOOLS, **thinking)
        thought = first.output[0]
        assert thought.type == "reasoning" and thought.encrypted_content, first.output
        assert thought.summary[0].text.startswith("The user writes"), thought
        (call,) = (item for item in first.output if item.type == "function_call")
        given += [*first.output, result(call, "21 degrees")]
        second = ask(CLAUDE, given, tools=TOOLS, **thinking)
        assert "21 degrees" in second.output_text, second.output_text
        given += [*second.output, *user("Thank you. Is it warm?")]
        assert "this conversation has 5 messages" in ask(CLAUDE, given, tools=TOOLS, **thinking).output_text


@check("structured output")
def _():
    class Weather(BaseModel):
        city: str
        degrees: int

    shape = {
        "format": {"type": "json_schema", "name": "weather", "schema": Weather.model_json_schema(), "strict": True}
    }
    for ask in BOTH:
        text = ask(CLAUDE, "The weather in Oslo is 21", text=shape).output_text
        assert Weather.model_validate_json(text) == Weather(city="Oslo", degrees=21), text
    parsed = client.responses.parse(model=CLAUDE, input="The weather in Oslo is 21", text_format=Weather, store=False)
    assert parsed.output_parsed == Weather(city="Oslo", degrees=21), parsed


@check("the limit of tokens")
def _():
    for ask in BOTH:
        cut = ask(NOVA, "count to 500", max_output_tokens=16)
        assert (cut.status, cut.incomplete_details.reason) == ("incomplete", "max_output_tokens"), cut
        assert len(cut.output_text) == 64, cut.output_text


@check("a cached prompt is counted")
def _():
    for ask in BOTH:
        rule = f"A long rule, for {ask.__name__} responses in Python. " * 60
        usages = [ask(CLAUDE, "Hello", instructions=rule).usage for _ in range(2)]
        cached = [usage.input_tokens_details.cached_tokens for usage in usages]
        assert cached[0] == 0 and cached[1] > 100, usages


@check("what is refused has its own exception, and the request's id")
def _():
    expected = {
        "sim.http.429": openai.RateLimitError,
        "no.such-model": openai.NotFoundError,
        "sim.http.400-too-long": openai.BadRequestError,
        "sim.http.500": openai.InternalServerError,
    }
    for ask in BOTH:
        for model, kind in expected.items():
            error = raises(kind, lambda model=model: ask(model, "Hello"))
            assert error.request_id and error.message, (model, error.body)


@check("what the format has and Bedrock cannot do is refused by name")
def _():
    refused = {"previous_response_id": "resp_1", "background": True, "conversation": "conv_1", "top_logprobs": 3}
    for name, value in refused.items():
        error = raises(openai.BadRequestError, lambda: whole(NOVA, "Hello", **{name: value}))
        assert name in error.message, error.body
    error = raises(openai.BadRequestError, lambda: whole(NOVA, "Hello", tools=[{"type": "web_search"}]))
    assert "web_search" in error.message, error.body


@check("a wrong key")
def _():
    stranger = OpenAI(base_url=f"{BASE}/v1", api_key="wrong", max_retries=0)
    raises(openai.AuthenticationError, lambda: stranger.responses.create(model=NOVA, input="Hello"))


@check("a stream that breaks fails, and what came before it stays")
def _():
    for model in BROKEN:
        events = []
        try:
            for event in client.responses.create(model=model, input="Hello", stream=True, store=False):
                events.append(event)
        except openai.APIError as error:
            assert error.message and not isinstance(error, openai.APIConnectionError), (model, error)
        else:
            assert events[-1].type in ("response.failed", "error"), (model, events[-1])
            check_events(events)
            if events[-1].type == "response.failed":
                response = events[-1].response
                assert response.status == "failed" and response.error.message, response
        said = "".join(event.delta for event in events if event.type == "response.output_text.delta")
        assert said and "You wrote".startswith(said[:9]), (model, said)
        assert not any(event.type in ("response.completed", "response.incomplete") for event in events), model
        raises(openai.APIStatusError, lambda model=model: whole(model, "Hello"))


@check("a refusal is a part of its own, behind what came, and can be sent back")
def _():
    words = "The simulator was asked to refuse."
    for ask in BOTH:
        response = ask("sim.refusal", "Hello")
        assert (response.status, response.incomplete_details.reason) == ("incomplete", "content_filter"), response
        assert response.output_text == "I cannot ", response.output
        refusals = [part for item in response.output for part in item.content if isinstance(part, ResponseOutputRefusal)]
        assert [refusal.refusal for refusal in refusals] == [words], response.output
        again = ask(CLAUDE, [*user("Hello"), *response.output, *user("Why?")])
        assert "this conversation has 3 messages" in again.output_text, again.output_text
    with client.responses.stream(model="sim.refusal", input="Hello", store=False) as stream:
        deltas = [event.delta for event in stream if isinstance(event, ResponseRefusalDeltaEvent)]
    assert "".join(deltas) == words, deltas
    assert not any(
        isinstance(part, ResponseOutputRefusal) for item in whole("sim.guardrail", "Hello").output for part in item.content
    )


@check("Bedrock's own members, as the SDK sends what it does not know")
def _():
    for ask in BOTH:
        own = {"systemTools": ["nova_grounding"], "requestMetadata": {"team": "a"}}
        assert ask(NOVA, "echo hello", extra_body=own).output_text == "hello"
        guardrail = {"guardrailIdentifier": "g1", "guardrailVersion": "1"}
        for trace, told in (("enabled", True), ("disabled", False)):
            own = {"guardrailConfig": {**guardrail, "trace": trace}, "guardLastTurnOnly": True}
            filtered = ask("sim.guardrail", "Hello", extra_body=own)
            assert filtered.incomplete_details.reason == "content_filter" and filtered.output_text, filtered
            assert ("guardrail" in (filtered.model_extra or {}).get("trace", {})) == told, filtered
        wrong = {"systemTools": "nova_grounding"}
        error = raises(openai.BadRequestError, lambda: ask(NOVA, "Hello", extra_body=wrong))
        assert "systemTools" in error.message, error.message


@check("odd streams come whole")
def _():
    for ask in BOTH:
        for model in ("sim.drip", "sim.slow.5", "sim.unknown-events"):
            assert ask(model, "echo a word").output_text == "a word", model
        cited = ask("sim.citations", "Hello")
        parts = [part for item in cited.output if item.type == "message" for part in item.content]
        assert "bedrock is what lies under the soil" in cited.output_text and any(part.annotations for part in parts), (
            cited.output
        )


@check("a client that goes away ends the request")
def _():
    stream = client.responses.create(model="sim.slow.20", input="count to 5000", stream=True, store=False)
    for _, _event in zip(range(6), stream):
        assert in_flight(BASE, KEY) >= 1
    stream.close()
    falls_idle_within_a_second(BASE, KEY)


run(f"openai {openai.__version__}, Responses,")
