"""Bodies of ConverseStream and CountTokens are held against botocore's model of Bedrock and against
the rules of `converse_rules`, which it does not have.

    converse_bodies.py BODIES

Every line of BODIES is `{"name", "modelId", "body", "operation"?, "breaks"?, "mayBreak"?}` in JSON. `breaks` names rules that the body breaks,
each with reasons; `mayBreak` lists further ones. Any other that it breaks fails the check. So does a reason without a body that breaks
the rule for that reason alone.
"""

import base64
import binascii
import json
import pathlib
import re
import sys

from botocore.loaders import Loader
from botocore.model import ServiceModel
from botocore.validate import ParamValidator

import converse_rules

SERVICE = ServiceModel(Loader().load_service_model("bedrock-runtime", "service-2"), service_name="bedrock-runtime")
VALIDATOR = ParamValidator()

BOTOCORE = "botocore"
RULES = converse_rules.RULES | {BOTOCORE}
# Bodies that break one rule each, in the form of BODIES: no rule is one that nothing can break.
BROKEN = pathlib.Path(__file__).with_name("converse_bodies_broken.jsonl")


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


def broken(model_id, body, operation):
    """The rules that a body breaks, each with what breaks it."""
    for told in told_by_botocore(model_id, body, operation):
        yield BOTOCORE, told
    yield from converse_rules.broken(model_id, body["input"]["converse"] if operation == "CountTokens" else body)


def looked_at(path):
    """How many bodies a file has, how many reasons for broken ones, and what is wrong with them."""
    failures, bodies = [], 0
    known, seen = {}, set()
    with open(path, encoding="utf-8") as file:
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
    return bodies, known, failures


def main():
    _, known, failures = looked_at(BROKEN)
    failures += [f"no body of {BROKEN.name} breaks {rule!r}" for rule in RULES - {rule for rule, _ in known}]
    bodies, reasons, found = looked_at(sys.argv[1])
    failures += found
    for failure in failures:
        print(f"FAILED {failure}")
    print(f"{bodies} bodies, {len(reasons)} reasons why some are not valid, {len(failures)} failures")
    sys.exit(1 if failures or not bodies else 0)


if __name__ == "__main__":
    main()
