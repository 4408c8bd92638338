"""Members of requests without which nothing is lost, and why: each by the end of its path and place."""

_SENDING = "it says how the answer is sent, and not what is asked"
_CALLER = "it tells the service about the caller; the gateway has keys for that"
_PARTICIPANT = "Converse has no names of participants, and the role says who speaks"
_HINT = "a hint for a cache that Bedrock does not have; caching works without it"
_ALWAYS = "what it asks for is so always"
_OWN_CITATIONS = "what a model cited is in its text; Bedrock refuses some citations that it gave itself"

HARMLESS = {
    "completions messages[developer].name": _PARTICIPANT,
    "completions messages[system].name": _PARTICIPANT,
    "completions messages[user].name": _PARTICIPANT,
    "completions messages[assistant].name": _PARTICIPANT,
    "image_url.detail": "how closely an image is looked at is the model's own business with Bedrock",
    "completions prompt_cache_key": _HINT,
    "responses prompt_cache_key": _HINT,
    "completions safety_identifier": _CALLER,
    "responses safety_identifier": _CALLER,
    "completions user": _CALLER,
    "responses user": _CALLER,
    "completions stream": _SENDING,
    "responses stream": _SENDING,
    "messages stream": _SENDING,
    "stream_options.include_obfuscation": "padding against who sees the sizes of packets, which is for TLS to do",
    "stream_options.include_usage": _SENDING,
    "prompt_cache_options.comparison_response_id": _HINT,
    "prompt_cache_options.mode": _HINT,
    "prompt_cache_options.ttl": _HINT,
    "reasoning.summary": "thinking always comes with the summary that the model gives it",
    "reasoning.generate_summary": "the old name of `summary`",
    "responses truncation": "nothing is cut; too long an input is refused",
    "text.verbosity": "a wish, which the instructions can state",
    "responses store": "nothing is stored, and every answer says so",
    "text.format[json_schema].strict": _ALWAYS,
    "tools[function].output_schema": "it describes what the client will say, and the tool's result says it",
    "messages[assistant].content[text].citations": _OWN_CITATIONS,
    "tools.eager_input_streaming": _ALWAYS,
    "messages[user].content[document].cache_control[ephemeral].ttl": "behind a result a document begins a turn, where no cache point can stand: it is left out with a notice",
    "messages tools.type": "the one kind of tools that there is need not be named",
}
