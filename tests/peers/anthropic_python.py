"""The Anthropic SDK for Python, unmodified, has the Messages API from the gateway: every check streamed and not."""

import base64

import anthropic
from anthropic import Anthropic
from pydantic import BaseModel

from checks import (
    BROKEN,
    CLAUDE,
    NOVA,
    PDF,
    PNG,
    SCHEMAS,
    check,
    falls_idle_within_a_second,
    gateway,
    in_flight,
    raises,
    run,
)

BASE, KEY = gateway()
client = Anthropic(base_url=BASE, api_key=KEY, max_retries=0, timeout=30)

TOOLS = [
    {"name": name, "description": f"The tool {name}", "input_schema": schema}
    for name, schema in SCHEMAS.items()
]


def whole(model, messages, max_tokens=4000, **options):
    message = client.messages.create(model=model, messages=messages, max_tokens=max_tokens, **options)
    assert (message.type, message.role) == ("message", "assistant") and message.id, message
    return message


def streamed(model, messages, max_tokens=4000, **options):
    """The message that the SDK's own accumulator makes of the events, whose order is checked."""
    with client.messages.stream(model=model, messages=messages, max_tokens=max_tokens, **options) as stream:
        # `stream` also gives events of the SDK's own; the wire's are these.
        wire = (
            "message_start",
            "message_delta",
            "message_stop",
            "content_block_start",
            "content_block_delta",
            "content_block_stop",
        )
        events = [event for event in stream if event.type in wire]
        message = stream.get_final_message()
    kinds = [event.type for event in events]
    assert (kinds[0], kinds[-2], kinds[-1]) == ("message_start", "message_delta", "message_stop"), kinds
    assert len([kind for kind in kinds if kind.startswith("message")]) == 3, kinds
    open_block, begun = None, 0
    for event in events[1:-2]:
        if event.type == "content_block_start":
            assert open_block is None and event.index == begun, event
            open_block, begun = event.index, begun + 1
        else:
            assert event.index == open_block, event
            open_block = None if event.type == "content_block_stop" else open_block
    assert open_block is None, kinds
    return message


BOTH = (whole, streamed)


def user(content):
    return [{"role": "user", "content": content}]


def source(media_type, data):
    return {"type": "base64", "media_type": media_type, "data": base64.b64encode(data).decode()}


def text(message):
    return "".join(block.text for block in message.content if block.type == "text")


def calls(message):
    return [(block.name, block.input) for block in message.content if block.type == "tool_use"]


def results(message, content):
    return user(
        [
            {"type": "tool_result", "tool_use_id": block.id, "content": content(block)}
            for block in message.content
            if block.type == "tool_use"
        ]
    )


@check("text, with usage")
def _():
    for ask in BOTH:
        message = ask(CLAUDE, user("Tell me about bedrock"))
        for part in ("Tell me about bedrock", "simulator", CLAUDE):
            assert part in text(message), text(message)
        assert (
            message.stop_reason == "end_turn" and message.usage.input_tokens > 0 and message.usage.output_tokens > 0
        ), message


@check("the raw events of a stream")
def _():
    events = list(client.messages.create(model=CLAUDE, messages=user("echo a word"), max_tokens=100, stream=True))
    assert events[0].message.content == [] and events[0].message.stop_reason is None, events[0]
    assert events[-2].delta.stop_reason == "end_turn" and events[-2].usage.output_tokens > 0, events[-2]


@check("the system prompt, as text and as blocks")
def _():
    for ask in BOTH:
        for system in ("Be a quarryman.", [{"type": "text", "text": "Be a quarryman."}]):
            message = ask(CLAUDE, user([{"type": "text", "text": "Hello"}]), system=system)
            assert 'The system prompt told me: "Be a quarryman."' in text(message), text(message)


@check("a tool loop")
def _():
    for ask in BOTH:
        for model in (CLAUDE, NOVA):
            messages = user("Please call get_weather for Paris")
            first = ask(model, messages, tools=TOOLS)
            assert (first.stop_reason, calls(first)) == ("tool_use", [("get_weather", {"city": "Paris"})]), first
            messages += [{"role": "assistant", "content": first.content}, *results(first, lambda block: "21 degrees")]
            second = ask(model, messages, tools=TOOLS)
            assert second.stop_reason == "end_turn" and 'get_weather answered "21 degrees"' in text(second), second


@check("parallel tools, a tool without arguments, an image and a failure among the results")
def _():
    for ask in BOTH:
        messages = user("Use add on 2 and 3.5, then get_weather in Oslo, then the clock")
        first = ask(CLAUDE, messages, tools=TOOLS)
        assert calls(first) == [("add", {"a": 2, "b": 3.5}), ("get_weather", {"city": "Oslo"}), ("clock", {})], first
        image = {"type": "image", "source": source("image/png", PNG)}
        answers = results(first, lambda block: [{"type": "text", "text": f"result of {block.name}"}, image])
        answers[0]["content"][2] |= {"is_error": True, "content": "it stands still"}
        messages += [{"role": "assistant", "content": first.content}, *answers]
        said = text(ask(CLAUDE, messages, tools=TOOLS))
        for part in (
            'add answered "result of add"',
            'get_weather answered "result of get_weather"',
            'clock failed with "it stands still"',
            "2 images",
        ):
            assert part in said, said


@check("tool choice")
def _():
    for ask in BOTH:
        assert [
            name
            for name, _ in calls(ask(CLAUDE, user("Hello"), tools=TOOLS, tool_choice={"type": "tool", "name": "add"}))
        ] == ["add"]
        assert len(calls(ask(CLAUDE, user("Hello"), tools=TOOLS, tool_choice={"type": "any"}))) == 1
        assert not calls(ask(CLAUDE, user("Hello"), tools=TOOLS, tool_choice={"type": "auto"}))
        assert not calls(ask(CLAUDE, user("Please call add on 1 and 2"), tools=TOOLS, tool_choice={"type": "none"}))
        both = user("Please call add on 1 and 2, and get_weather")
        for choice in ({"type": "auto"}, {"type": "any"}, {"type": "tool", "name": "add"}):
            one = ask(CLAUDE, both, tools=TOOLS, tool_choice={**choice, "disable_parallel_tool_use": True})
            assert len(calls(one)) == 1, (choice, one)


@check("images, and remote ones refused")
def _():
    for ask in BOTH:
        image = {"type": "image", "source": source("image/png", PNG)}
        said = text(ask(CLAUDE, user([image, {"type": "text", "text": "What do you see?"}])))
        assert f"1 image: png, {len(PNG)} bytes" in said, said
        remote = {"type": "image", "source": {"type": "url", "url": "https://example.com/a.png"}}
        error = raises(anthropic.BadRequestError, lambda: ask(CLAUDE, user([remote])))
        assert "base64" in str(error.body), error.body


@check("documents, and citations")
def _():
    for ask in BOTH:
        pdf = {"type": "document", "title": "handbook", "source": source("application/pdf", PDF)}
        plain = {"type": "document", "source": {"type": "text", "media_type": "text/plain", "data": "Bedrock is hard."}}
        said = text(ask(CLAUDE, user([pdf, plain, {"type": "text", "text": "What do you see?"}])))
        assert "2 documents:" in said and f'"handbook" pdf, {len(PDF)} bytes' in said, said
        cited = ask("sim.citations", user("Hello"))
        citations = [citation for block in cited.content if block.type == "text" for citation in block.citations or []]
        assert "bedrock is what lies under the soil" in text(cited) and len(citations) == 3, cited
        assert (citations[0].type, citations[0].start_char_index, citations[0].end_char_index) == (
            "char_location",
            0,
            36,
        ), citations[0]


@check("thinking, kept across turns with a tool between")
def _():
    thinking = {"type": "enabled", "budget_tokens": 1024}
    for ask in BOTH:
        messages = user("Please call get_weather for Paris")
        first = ask(CLAUDE, messages, tools=TOOLS, thinking=thinking)
        thought = first.content[0]
        assert thought.type == "thinking" and thought.thinking.startswith("The user writes") and thought.signature, (
            first
        )
        messages += [{"role": "assistant", "content": first.content}, *results(first, lambda block: "21 degrees")]
        second = ask(CLAUDE, messages, tools=TOOLS, thinking=thinking)
        assert second.content[0].type == "thinking" and "21 degrees" in text(second), second
        messages += [{"role": "assistant", "content": second.content}, *user("Thank you. Is it warm?")]
        assert "this conversation has 5 messages" in text(ask(CLAUDE, messages, tools=TOOLS, thinking=thinking))


@check("redacted thinking comes and goes back")
def _():
    thinking = {"type": "enabled", "budget_tokens": 1024}
    for ask in BOTH:
        messages = user("Something redacted: call get_weather for Paris")
        first = ask(CLAUDE, messages, tools=TOOLS, thinking=thinking)
        assert first.content[0].type == "redacted_thinking" and len(first.content[0].data) > 40, first
        messages += [{"role": "assistant", "content": first.content}, *results(first, lambda block: "21 degrees")]
        assert "21 degrees" in text(ask(CLAUDE, messages, tools=TOOLS, thinking=thinking))


@check("structured output")
def _():
    class Weather(BaseModel):
        city: str
        degrees: int

    said = client.messages.parse(
        model=CLAUDE, max_tokens=500, messages=user("The weather in Oslo is 21"), output_format=Weather
    )
    assert said.parsed_output == Weather(city="Oslo", degrees=21), said
    with client.messages.stream(
        model=CLAUDE, max_tokens=500, messages=user("The weather in Oslo is 21"), output_format=Weather
    ) as stream:
        assert stream.get_final_message().parsed_output == Weather(city="Oslo", degrees=21)


@check("stop sequences and the limit of tokens")
def _():
    for ask in BOTH:
        stopped = ask(NOVA, user("count to 20"), stop_sequences=[", 5"])
        assert (text(stopped), stopped.stop_reason) == ("1, 2, 3, 4", "stop_sequence"), stopped
        cut = ask(NOVA, user("count to 500"), max_tokens=10)
        assert (len(text(cut)), cut.stop_reason) == (40, "max_tokens"), cut


@check("a cached prompt is written once and read after that")
def _():
    for ask in BOTH:
        rule = f"A long rule, for {ask.__name__} messages in Python. " * 60
        system = [{"type": "text", "text": rule, "cache_control": {"type": "ephemeral"}}]
        first, second = (ask(CLAUDE, user("Hello"), system=system).usage for _ in range(2))
        assert first.cache_creation_input_tokens > 100 and first.cache_read_input_tokens == 0, first
        assert (second.cache_read_input_tokens, second.cache_creation_input_tokens) == (
            first.cache_creation_input_tokens,
            0,
        ), second


@check("tokens are counted")
def _():
    short = client.messages.count_tokens(model=CLAUDE, messages=user("Hello")).input_tokens
    long = client.messages.count_tokens(
        model=CLAUDE, messages=user("Hello " * 100), system="Be brief.", tools=TOOLS
    ).input_tokens
    assert 0 < short < long, (short, long)


@check("the models are listed")
def _():
    models = list(client.models.list())
    assert CLAUDE in [model.id for model in models] and all(
        model.type == "model" and model.display_name for model in models
    ), models[:3]


@check("what is refused has its own exception, and the request's id")
def _():
    expected = {
        "sim.http.429": (anthropic.RateLimitError, "rate_limit_error"),
        "sim.http.404": (anthropic.NotFoundError, "not_found_error"),
        "no.such-model": (anthropic.NotFoundError, "not_found_error"),
        "sim.http.400-validation": (anthropic.BadRequestError, "invalid_request_error"),
        "sim.http.400-too-long": (anthropic.BadRequestError, "invalid_request_error"),
        "sim.http.403-denied": (anthropic.PermissionDeniedError, "permission_error"),
        "sim.http.500": (anthropic.InternalServerError, "api_error"),
    }
    for ask in BOTH:
        for model, (kind, name) in expected.items():
            error = raises(kind, lambda model=model: ask(model, user("Hello")))
            assert error.request_id and error.type == name and error.api_message, (model, error.body)
        busy = raises(anthropic.APIStatusError, lambda: ask("sim.http.503", user("Hello")))
        assert busy.status_code in (503, 529) and busy.type in ("overloaded_error", "api_error"), busy.body


@check("what the format has and Bedrock cannot do is refused by name")
def _():
    refused = {
        "tools": [{"type": "web_search_20250305", "name": "web_search"}],
        "container": "container_1",
        "mcp_servers": [{"type": "url", "url": "https://example.com", "name": "x"}],
    }
    for name, value in refused.items():
        error = raises(anthropic.BadRequestError, lambda: whole(NOVA, user("Hello"), extra_body={name: value}))
        assert name in error.api_message or "web_search" in error.api_message, error.body
    error = raises(anthropic.BadRequestError, lambda: whole(NOVA, []))
    assert "messages" in error.api_message, error.body


@check("a wrong key")
def _():
    for stranger in (
        Anthropic(base_url=BASE, api_key="wrong", max_retries=0),
        Anthropic(base_url=BASE, auth_token="wrong", max_retries=0),
    ):
        error = raises(
            anthropic.AuthenticationError,
            lambda: stranger.messages.create(model=NOVA, max_tokens=9, messages=user("Hello")),
        )
        assert error.request_id and error.type == "authentication_error", error.body
    bearer = Anthropic(base_url=BASE, auth_token=KEY, max_retries=0)
    assert text(bearer.messages.create(model=NOVA, max_tokens=9, messages=user("echo one"))) == "one"


@check("a stream that breaks is an error, and what came before it stays")
def _():
    for model in BROKEN:
        said, kinds = "", []
        try:
            for event in client.messages.create(model=model, messages=user("Hello"), max_tokens=4000, stream=True):
                kinds.append(event.type)
                said += event.delta.text if event.type == "content_block_delta" else ""
        except anthropic.APIStatusError as error:
            assert error.body["error"]["type"] and error.body["error"]["message"], (model, error.body)
        else:
            raise AssertionError(f"{model} ended as if all were well: {said!r} {kinds}")
        assert said and "You wrote".startswith(said[:9]) and "message_stop" not in kinds, (model, said, kinds)
        raises(anthropic.APIStatusError, lambda model=model: whole(model, user("Hello")))


@check("a guardrail, a refusal, odd streams")
def _():
    for ask in BOTH:
        assert ask("sim.guardrail", user("Hello")).stop_reason == "refusal"
        assert ask("sim.refusal", user("Hello")).stop_reason == "refusal"
        for model in ("sim.drip", "sim.slow.5", "sim.unknown-events"):
            assert text(ask(model, user("echo a word"))) == "a word", model


@check("tools that Bedrock runs are blocks, and only searches and fetches of the web have a count")
def _():
    for ask in BOTH:
        message = ask("sim.server-tools", user("Hello"))
        assert [block.type for block in message.content][0] == "server_tool_use", message.content
        assert message.usage.server_tool_use is None, message.usage


@check("Bedrock's own members, as the SDK sends what it does not know")
def _():
    own = {"systemTools": ["nova_grounding"], "guardLastTurnOnly": False, "requestMetadata": {"team": "a"}}
    for ask in BOTH:
        assert text(ask(NOVA, user("echo hello"), extra_body=own)) == "hello"
        wrong = {"guardLastTurnOnly": "yes"}
        error = raises(anthropic.BadRequestError, lambda: ask(NOVA, user("Hello"), extra_body=wrong))
        assert "guardLastTurnOnly" in error.message, error.message


@check("a client that goes away ends the request")
def _():
    with client.messages.stream(model="sim.slow.20", max_tokens=60000, messages=user("count to 5000")) as stream:
        for _, _word in zip(range(3), stream.text_stream):
            assert in_flight(BASE, KEY) >= 1
    falls_idle_within_a_second(BASE, KEY)


run(f"anthropic {anthropic.__version__}")
