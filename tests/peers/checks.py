"""What the Python clients share: checks that run one after another and print a line each, and what is sent in many of them."""

import base64
import sys
import time
import urllib.request

# Thinks with a budget, so that the simulator insists on getting its thinking back before tool results.
CLAUDE = "us.anthropic.claude-sonnet-4-5-20250929-v1:0"
NOVA = "us.amazon.nova-lite-v1:0"

PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
PDF = b"%PDF-1.4\n% a page about bedrock\n%%EOF\n"

# The tools that the simulator is asked to call, by name.
SCHEMAS = {
    "get_weather": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
    "add": {
        "type": "object",
        "properties": {"a": {"type": "number"}, "b": {"type": "number"}},
        "required": ["a", "b"],
    },
    "clock": {"type": "object", "properties": {}},
}

# A stream that breaks after some words. None of these may look like an answer.
BROKEN = [
    *(
        f"sim.exception.{kind}.after-4"
        for kind in ("throttling", "validation", "internal-server", "model-stream-error", "service-unavailable")
    ),
    "sim.error-frame.after-4",
    "sim.truncate.after-5",
    "sim.cut-mid-frame.after-5",
    "sim.reset.after-5",
    "sim.bad-crc.after-4",
    "sim.malformed-json.after-4",
    "sim.huge-frame.after-4",
    "sim.no-metadata",
]

_checks = []


def gateway():
    """Where the gateway is, and the key that opens it: what the script of a client is told."""
    base, key = sys.argv[1:3]
    return base, key


def check(name):
    """Names a check, and has `run` run it."""

    def register(function):
        _checks.append((name, function))
        return function

    return register


def run(title):
    """Runs all checks, whatever becomes of each, and ends the program: with 1 when one failed."""
    failures = 0
    for name, function in _checks:
        try:
            function()
            print(f"ok {name}", flush=True)
        except Exception as error:  # a check that fails must not hide the others
            import traceback

            failures += 1
            print(f"FAILED {name}: {error!r}\n{traceback.format_exc()}", flush=True)
    print(f"{title} on Python {sys.version.split()[0]}: {len(_checks) - failures} of {len(_checks)} checks passed")
    sys.exit(1 if failures or not _checks else 0)


def raises(kind, call):
    """What a call raises, which must be of this kind."""
    try:
        result = call()
    except kind as error:
        return error
    raise AssertionError(f"{kind} was expected, and came: {result!r}")


def data_url(media_type, data):
    return f"data:{media_type};base64,{base64.b64encode(data).decode()}"


def in_flight(base, key):
    """How many requests the gateway is answering, by its own count; the reading itself is none of them."""
    request = urllib.request.Request(f"{base}/metrics", headers={"Authorization": f"Bearer {key}"})
    with urllib.request.urlopen(request, timeout=5) as response:
        lines = response.read().decode().splitlines()
    values = [float(line.rsplit(" ", 1)[1]) for line in lines if line.startswith("quarry_requests_in_flight{")]
    assert values, lines
    return sum(values)


def falls_idle_within_a_second(base, key):
    """An aborted request must leave nothing running behind it."""
    deadline = time.monotonic() + 1
    while (left := in_flight(base, key)) > 0:
        assert time.monotonic() < deadline, f"{left} requests still run"
        time.sleep(0.02)
