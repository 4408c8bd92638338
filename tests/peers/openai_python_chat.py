"""The OpenAI SDK for Python, unmodified, has Chat Completions from the gateway: every check streamed and not."""

import json

import openai
from openai import OpenAI
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


def function(name, parameters):
    return {"type": "function", "function": {"name": name, "description": f"The tool {name}", "parameters": parameters}}


TOOLS = [function(name, schema) for name, schema in SCHEMAS.items()]


class Answer:
    """An answer, streamed or not, in one form."""

    def __init__(self, message, finish, usage):
        self.message, self.finish, self.usage = message, finish, usage
        self.text = message.get("content") or ""
        self.reasoning = message.get("reasoning_content") or ""
        self.calls = [
            (call["function"]["name"], json.loads(call["function"]["arguments"]))
            for call in message.get("tool_calls") or []
        ]


def whole(model, messages, **options):
    completion = client.chat.completions.create(model=model, messages=messages, **options)
    assert completion.object == "chat.completion" and completion.id and completion.created > 1_700_000_000
    assert [choice.index for choice in completion.choices] == [0]
    choice = completion.choices[0]
    assert choice.message.role == "assistant"
    return Answer(choice.message.model_dump(exclude_none=True), choice.finish_reason, completion.usage)


def streamed(model, messages, **options):
    """Puts a stream together as a client does, and checks its form on the way."""
    message, calls, finish, usage, ids = {"role": "assistant", "content": ""}, [], None, None, set()
    options.setdefault("stream_options", {"include_usage": True})
    for number, chunk in enumerate(
        client.chat.completions.create(model=model, messages=messages, stream=True, **options)
    ):
        ids.add(chunk.id)
        assert chunk.object == "chat.completion.chunk"
        assert usage is None, "the usage is the last chunk"
        if not chunk.choices:
            assert finish, "the usage comes after the finish reason"
            usage = chunk.usage
            continue
        assert chunk.usage is None
        (choice,) = chunk.choices
        assert choice.index == 0 and finish is None, chunk
        delta = choice.delta.model_dump(exclude_none=True)
        if number == 0:
            assert delta.get("role") == "assistant", chunk
        message["content"] += delta.get("content", "")
        message["reasoning_content"] = message.get("reasoning_content", "") + delta.get("reasoning_content", "")
        # These come whole, each in one chunk, and go back as they came.
        for member in ("thinking_blocks", "annotations"):
            message.setdefault(member, []).extend(delta.get(member, []))
        for piece in delta.get("tool_calls", []):
            if piece["index"] == len(calls):
                assert piece["id"] and piece["function"]["name"] and piece["type"] == "function", piece
                calls.append(
                    {
                        "id": piece["id"],
                        "type": "function",
                        "function": {"name": piece["function"]["name"], "arguments": ""},
                    }
                )
            calls[piece["index"]]["function"]["arguments"] += piece["function"].get("arguments", "")
        finish = choice.finish_reason
    assert len(ids) == 1 and finish, (ids, finish)
    if calls:
        message["tool_calls"] = calls
    return Answer({name: value for name, value in message.items() if value}, finish, usage)


BOTH = (whole, streamed)


def user(content):
    return [{"role": "user", "content": content}]


@check("text, with usage")
def _():
    for ask in BOTH:
        answer = ask(CLAUDE, user("Tell me about bedrock"))
        for part in ("Tell me about bedrock", "simulator", CLAUDE):
            assert part in answer.text, answer.text
        assert answer.finish == "stop"
        usage = answer.usage
        assert usage.prompt_tokens > 0 and usage.completion_tokens > 0, usage
        assert usage.total_tokens == usage.prompt_tokens + usage.completion_tokens, usage


@check("the usage of a stream only when it is asked for")
def _():
    chunks = list(client.chat.completions.create(model=NOVA, messages=user("echo one"), stream=True))
    assert all(chunk.choices and chunk.usage is None for chunk in chunks), chunks


@check("the SDK's own accumulator takes the stream")
def _():
    with client.chat.completions.stream(model=CLAUDE, messages=user("Use add on 2 and 3.5"), tools=TOOLS) as stream:
        kinds = {event.type for event in stream}
        final = stream.get_final_completion()
    assert "tool_calls.function.arguments.done" in kinds, kinds
    assert json.loads(final.choices[0].message.tool_calls[0].function.arguments) == {"a": 2, "b": 3.5}


@check("model names with the provider before them")
def _():
    for ask in BOTH:
        assert ask(f"amazon-bedrock/{NOVA}", user("echo named")).text == "named"


@check("system and developer roles")
def _():
    for ask in BOTH:
        for role in ("system", "developer"):
            answer = ask(CLAUDE, [{"role": role, "content": "Be a quarryman."}, *user("Hello")])
            assert 'The system prompt told me: "Be a quarryman."' in answer.text, answer.text
        parts = [{"type": "text", "text": "Be a quarryman."}]
        answer = ask(CLAUDE, [{"role": "system", "content": parts}, *user([{"type": "text", "text": "Hello"}])])
        assert "Be a quarryman." in answer.text and 'You wrote: "Hello"' in answer.text, answer.text


@check("a tool loop")
def _():
    for ask in BOTH:
        for model in (CLAUDE, NOVA):
            messages = user("Please call get_weather for Paris")
            first = ask(model, messages, tools=TOOLS)
            assert (first.finish, first.calls) == ("tool_calls", [("get_weather", {"city": "Paris"})]), vars(first)
            call = first.message["tool_calls"][0]
            messages += [first.message, {"role": "tool", "tool_call_id": call["id"], "content": "21 degrees"}]
            second = ask(model, messages, tools=TOOLS)
            assert second.finish == "stop" and 'get_weather answered "21 degrees"' in second.text, second.text


@check("parallel tools, and a tool without arguments")
def _():
    for ask in BOTH:
        messages = user("Use add on 2 and 3.5, then get_weather in Oslo, then the clock")
        first = ask(CLAUDE, messages, tools=TOOLS)
        assert first.calls == [("add", {"a": 2, "b": 3.5}), ("get_weather", {"city": "Oslo"}), ("clock", {})], (
            first.calls
        )
        messages.append(first.message)
        for call in first.message["tool_calls"]:
            messages.append(
                {"role": "tool", "tool_call_id": call["id"], "content": f"result of {call['function']['name']}"}
            )
        second = ask(CLAUDE, messages, tools=TOOLS)
        for name in ("add", "get_weather", "clock"):
            assert f'{name} answered "result of {name}"' in second.text, second.text


@check("tool choice")
def _():
    for ask in BOTH:
        forced = {"type": "function", "function": {"name": "add"}}
        assert [name for name, _ in ask(CLAUDE, user("Hello"), tools=TOOLS, tool_choice=forced).calls] == ["add"]
        assert len(ask(CLAUDE, user("Hello"), tools=TOOLS, tool_choice="required").calls) == 1
        assert not ask(CLAUDE, user("Hello"), tools=TOOLS, tool_choice="auto").calls
        assert not ask(CLAUDE, user("Please call add on 1 and 2"), tools=TOOLS, tool_choice="none").calls
        for choice in ("auto", "required", forced, openai.omit):
            both = user("Please call add on 1 and 2, and get_weather")
            one = ask(CLAUDE, both, tools=TOOLS, tool_choice=choice, parallel_tool_calls=False)
            assert len(one.calls) == 1, (choice, one.calls)
        error = raises(openai.BadRequestError, lambda: ask(NOVA, both, tools=TOOLS, parallel_tool_calls=False))
        assert "parallel_tool_calls" in error.message, error.message


@check("images as data URLs, and remote ones refused")
def _():
    for ask in BOTH:
        image = {"type": "image_url", "image_url": {"url": data_url("image/png", PNG)}}
        answer = ask(CLAUDE, user([{"type": "text", "text": "What do you see?"}, image]))
        assert f"1 image: png, {len(PNG)} bytes" in answer.text, answer.text
        remote = {"type": "image_url", "image_url": {"url": "https://example.com/a.png"}}
        error = raises(openai.BadRequestError, lambda: ask(CLAUDE, user([remote])))
        assert "data:" in error.message, error.message


@check("documents as file parts")
def _():
    for ask in BOTH:
        file = {"type": "file", "file": {"filename": "handbook.pdf", "file_data": data_url("application/pdf", PDF)}}
        answer = ask(CLAUDE, user([{"type": "text", "text": "What do you see?"}, file]))
        assert "1 document:" in answer.text and f"pdf, {len(PDF)} bytes" in answer.text, answer.text


@check("thinking, kept across turns with a tool between")
def _():
    for ask in BOTH:
        messages = user("Please call get_weather for Paris")
        first = ask(CLAUDE, messages, tools=TOOLS, reasoning_effort="low", max_tokens=6000)
        assert first.reasoning.startswith("The user writes") and first.finish == "tool_calls", vars(first)
        call = first.message["tool_calls"][0]
        messages += [first.message, {"role": "tool", "tool_call_id": call["id"], "content": "21 degrees"}]
        second = ask(CLAUDE, messages, tools=TOOLS, reasoning_effort="low", max_tokens=6000)
        assert second.reasoning and "21 degrees" in second.text, vars(second)
        messages += [second.message, *user("Thank you. Is it warm?")]
        third = ask(CLAUDE, messages, tools=TOOLS, reasoning_effort="low", max_tokens=6000)
        assert "this conversation has 5 messages" in third.text, third.text


@check("structured output")
def _():
    class Weather(BaseModel):
        city: str
        degrees: int

    schema = {"name": "weather", "schema": Weather.model_json_schema(), "strict": True}
    for ask in BOTH:
        answer = ask(
            CLAUDE, user("The weather in Oslo is 21"), response_format={"type": "json_schema", "json_schema": schema}
        )
        assert Weather.model_validate_json(answer.text) == Weather(city="Oslo", degrees=21), answer.text
    parsed = client.chat.completions.parse(
        model=CLAUDE, messages=user("The weather in Oslo is 21"), response_format=Weather
    )
    assert parsed.choices[0].message.parsed == Weather(city="Oslo", degrees=21), parsed


@check("stop sequences and the limit of tokens")
def _():
    for ask in BOTH:
        stopped = ask(NOVA, user("count to 20"), stop=[", 5"])
        assert (stopped.text, stopped.finish) == ("1, 2, 3, 4", "stop"), vars(stopped)
        assert ask(NOVA, user("count to 20"), stop=", 3").text == "1, 2"
        for limit in ("max_tokens", "max_completion_tokens"):
            cut = ask(NOVA, user("count to 500"), **{limit: 10})
            assert (len(cut.text), cut.finish) == (40, "length"), vars(cut)


@check("a cached prompt is counted")
def _():
    for ask in BOTH:
        rule = f"A long rule, for {ask.__name__} chat in Python. " * 60
        usages = [ask(CLAUDE, [{"role": "system", "content": rule}, *user("Hello")]).usage for _ in range(2)]
        cached = [usage.prompt_tokens_details.cached_tokens for usage in usages]
        assert cached[0] == 0 and cached[1] > 100, usages
        assert usages[0].prompt_tokens == usages[1].prompt_tokens >= cached[1], usages


@check("the models are listed, and found one by one")
def _():
    ids = [model.id for model in client.models.list()]
    assert CLAUDE in ids and len(ids) == len(set(ids)) > 10, ids
    assert client.models.retrieve(NOVA).id == NOVA
    raises(openai.NotFoundError, lambda: client.models.retrieve("no.such-model"))


@check("what is refused has its own exception, and the request's id")
def _():
    expected = {
        "sim.http.429": openai.RateLimitError,
        "sim.http.404": openai.NotFoundError,
        "no.such-model": openai.NotFoundError,
        "sim.http.400-validation": openai.BadRequestError,
        "sim.http.400-too-long": openai.BadRequestError,
        "sim.http.403-denied": openai.PermissionDeniedError,
        "sim.http.500": openai.InternalServerError,
        "sim.http.503": openai.InternalServerError,
        "sim.http.503-html": openai.InternalServerError,
    }
    for ask in BOTH:
        for model, kind in expected.items():
            error = raises(kind, lambda model=model: ask(model, user("Hello")))
            assert error.request_id and error.message and error.type, (model, error.body)
            if model == "sim.http.400-too-long":
                assert error.code == "context_length_exceeded", error.body


@check("what the format has and Bedrock cannot do is refused by name")
def _():
    for name, value in {"n": 2, "logprobs": True, "presence_penalty": 0.5, "frequency_penalty": 0.5}.items():
        error = raises(openai.BadRequestError, lambda: whole(NOVA, user("Hello"), **{name: value}))
        assert name in error.message and error.param == name, error.body
    error = raises(openai.BadRequestError, lambda: whole(NOVA, []))
    assert "messages" in error.message, error.body
    answer = client.chat.completions.with_raw_response.create(model=NOVA, messages=user("Hello"), seed=7)
    assert answer.headers["quarry-notices"] == "ignored: seed", answer.headers


@check("a wrong key")
def _():
    for key in ("wrong", ""):
        stranger = OpenAI(
            base_url=f"{BASE}/v1",
            api_key=key or "x",
            default_headers={} if key else {"Authorization": ""},
            max_retries=0,
        )
        error = raises(
            openai.AuthenticationError, lambda: stranger.chat.completions.create(model=NOVA, messages=user("Hello"))
        )
        assert error.request_id and error.code == "invalid_api_key", error.body


@check("a stream that breaks is an error, and what came before it stays")
def _():
    for model in BROKEN:
        said, finish = "", None
        try:
            for chunk in client.chat.completions.create(model=model, messages=user("Hello"), stream=True):
                said += chunk.choices[0].delta.content or ""
                finish = chunk.choices[0].finish_reason
        except openai.APIError as error:
            assert error.message and not isinstance(error, openai.APIConnectionError), (model, error)
        else:
            raise AssertionError(f"{model} ended as if all were well: {said!r} {finish}")
        assert finish is None and said and "You wrote".startswith(said[:9]), (model, said, finish)
        raises(openai.APIStatusError, lambda model=model: whole(model, user("Hello")))


@check("a guardrail, a refusal, odd streams")
def _():
    for ask in BOTH:
        assert ask("sim.guardrail", user("Hello")).finish == "content_filter"
        assert ask("sim.refusal", user("Hello")).finish == "content_filter"
        for model in ("sim.drip", "sim.slow.5", "sim.unknown-events"):
            assert ask(model, user("echo a word")).text == "a word", model
        cited = ask("sim.citations", user("Hello"))
        assert "bedrock is what lies under the soil" in cited.text and cited.message.get("annotations"), cited.message


@check("a client that goes away ends the request")
def _():
    stream = client.chat.completions.create(model="sim.slow.20", messages=user("count to 5000"), stream=True)
    for _, _chunk in zip(range(3), stream):
        assert in_flight(BASE, KEY) >= 1
    stream.close()
    falls_idle_within_a_second(BASE, KEY)
    silent = client.with_options(timeout=0.5)
    raises(
        openai.APITimeoutError,
        lambda: silent.chat.completions.create(model="sim.silence.after-0", messages=user("Hello")),
    )
    falls_idle_within_a_second(BASE, KEY)


run(f"openai {openai.__version__}, Chat Completions,")
