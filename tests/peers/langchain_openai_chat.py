"""LangChain's ChatOpenAI, unmodified, talks to the gateway, over Chat Completions and over Responses."""

from importlib.metadata import version

import openai
from langchain_core.messages import AIMessageChunk, HumanMessage, SystemMessage, ToolMessage
from langchain_core.tools import tool
from langchain_openai import ChatOpenAI
from pydantic import BaseModel

from checks import BROKEN, CLAUDE, NOVA, PDF, PNG, check, data_url, falls_idle_within_a_second, gateway, in_flight, raises, run

BASE, KEY = gateway()


def chat(model=CLAUDE, **options):
    return ChatOpenAI(model=model, base_url=f"{BASE}/v1", api_key=KEY, max_retries=0, timeout=30, **options)


@tool
def get_weather(city: str) -> str:
    """Tells the weather of a city."""
    return f"21 degrees in {city}"


@tool
def add(a: float, b: float) -> float:
    """Adds two numbers."""
    return a + b


TOOLS = {"get_weather": get_weather, "add": add}


def whole(model, messages):
    return model.invoke(messages)


def streamed(model, messages):
    """The sum of the chunks, as LangChain adds them."""
    total = None
    for chunk in model.stream(messages):
        assert isinstance(chunk, AIMessageChunk)
        total = chunk if total is None else total + chunk
    return total


BOTH = (whole, streamed)


@check("text, with usage")
def _():
    for ask in BOTH:
        for responses in (False, True):
            message = ask(
                chat(stream_usage=True, use_responses_api=responses),
                [SystemMessage("Be a quarryman."), HumanMessage("Tell me about bedrock")],
            )
            for part in ("Tell me about bedrock", "simulator", "Be a quarryman."):
                assert part in message.text, message
            usage = message.usage_metadata
            assert (
                usage["input_tokens"] > 0 and usage["total_tokens"] == usage["input_tokens"] + usage["output_tokens"]
            ), usage


@check("a tool loop with tools in parallel")
def _():
    for ask in BOTH:
        for responses in (False, True):
            model = chat(use_responses_api=responses).bind_tools(list(TOOLS.values()))
            messages = [HumanMessage("Use add on 2 and 3.5, then get_weather in Oslo")]
            first = ask(model, messages)
            assert [(call["name"], call["args"]) for call in first.tool_calls] == [
                ("add", {"a": 2, "b": 3.5}),
                ("get_weather", {"city": "Oslo"}),
            ], first
            messages.append(first)
            messages += [TOOLS[call["name"]].invoke(call) for call in first.tool_calls]
            assert all(isinstance(message, ToolMessage) for message in messages[2:])
            second = ask(model, messages)
            assert 'add answered "5.5"' in second.text and 'get_weather answered "21 degrees in Oslo"' in second.text, (
                second
            )


@check("a tool that must be called")
def _():
    for ask in BOTH:
        message = ask(chat().bind_tools(list(TOOLS.values()), tool_choice="get_weather"), [HumanMessage("Hello")])
        assert [call["name"] for call in message.tool_calls] == ["get_weather"], message


@check("images and files")
def _():
    parts = [
        {"type": "text", "text": "What do you see?"},
        {"type": "image_url", "image_url": {"url": data_url("image/png", PNG)}},
        {"type": "file", "file": {"filename": "handbook.pdf", "file_data": data_url("application/pdf", PDF)}},
    ]
    for ask in BOTH:
        message = ask(chat(), [HumanMessage(parts)])
        assert f"1 image: png, {len(PNG)} bytes" in message.text and f"pdf, {len(PDF)} bytes" in message.text, message
        remote = {"type": "image_url", "image_url": {"url": "https://example.com/a.png"}}
        assert "data:" in raises(openai.BadRequestError, lambda: ask(chat(), [HumanMessage([remote])])).message


@check("thinking, kept across turns with a tool between")
def _():
    for ask in BOTH:
        thinking = {
            "reasoning": {"effort": "low", "summary": "auto"},
            "include": ["reasoning.encrypted_content"],
            "store": False,
        }
        model = chat(use_responses_api=True, max_tokens=6000, **thinking).bind_tools(list(TOOLS.values()))
        messages = [HumanMessage("Please call get_weather for Paris")]
        first = ask(model, messages)
        assert "reasoning" in [block["type"] for block in first.content_blocks], first
        messages += [first, *(TOOLS[call["name"]].invoke(call) for call in first.tool_calls)]
        assert 'get_weather answered "21 degrees in Paris"' in ask(model, messages).text


@check("structured output, by schema and by tool")
def _():
    class Weather(BaseModel):
        """The weather of a city."""

        city: str
        degrees: int

    for method in ("json_schema", "function_calling"):
        for responses in (False, True):
            model = chat(use_responses_api=responses).with_structured_output(Weather, method=method)
            assert model.invoke("The weather in Oslo is 21") == Weather(city="Oslo", degrees=21), (method, responses)


@check("stop sequences and the limit of tokens")
def _():
    for ask in BOTH:
        assert ask(chat(NOVA, stop=[", 5"]), "count to 20").text == "1, 2, 3, 4"
        cut = ask(chat(NOVA, max_tokens=10), "count to 500")
        assert len(cut.text) == 40 and cut.response_metadata["finish_reason"] == "length", cut


@check("many at once")
def _():
    answers = chat(NOVA).batch([f"echo number {number}" for number in range(20)])
    assert [answer.text for answer in answers] == [f"number {number}" for number in range(20)]


@check("what is refused has its own exception")
def _():
    for ask in BOTH:
        for model, kind in {
            "sim.http.429": openai.RateLimitError,
            "no.such-model": openai.NotFoundError,
            "sim.http.500": openai.InternalServerError,
        }.items():
            assert raises(kind, lambda model=model: ask(chat(model), "Hello")).request_id, model
        error = raises(openai.BadRequestError, lambda: ask(chat("sim.http.400-too-long"), "Hello"))
        assert error.code == "context_length_exceeded", error.body


@check("a stream that breaks is an error")
def _():
    for model in BROKEN:
        for ask in BOTH:
            error = raises(openai.APIError, lambda model=model, ask=ask: ask(chat(model), "Hello"))
            assert not isinstance(error, openai.APIConnectionError), (model, error)


@check("a client that goes away ends the request")
def _():
    stream = chat("sim.slow.20").stream("count to 5000")
    for _, _chunk in zip(range(3), stream):
        assert in_flight(BASE, KEY) >= 1
    stream.close()
    falls_idle_within_a_second(BASE, KEY)


run(f"langchain-openai {version('langchain-openai')}")
