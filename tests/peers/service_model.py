"""Bedrock's own model of the requests and events of a conversation, as the data that the host has of it.

    service_model.py write FILE      writes the data, from the installed botocore
    service_model.py check FILE      fails where the data is not that of the installed botocore
    service_model.py verdicts FILE   holds the host's verdicts on bodies against botocore's

Every line of the last FILE is `{"name", "operation", "body", "violations"}` in JSON.
"""

import collections
import json
import pathlib
import sys

import botocore
from botocore.loaders import Loader

import converse_bodies

SERVICE = "bedrock-runtime"
OPERATIONS = ("Converse", "ConverseStream", "CountTokens")
KEPT = ("required", "union", "document", "enum", "min", "max", "pattern")


def shape_of(shape):
    """What of a shape says which values it has."""
    kept = {"type": shape["type"], **{name: shape[name] for name in KEPT if name in shape}}
    if "members" in shape:
        # What stands in the address is no part of the body.
        members = {name: at for name, at in shape["members"].items() if "location" not in at}
        kept["members"] = {name: at["shape"] for name, at in members.items()}
        kept["required"] = [name for name in shape.get("required", []) if name in members]
    for name in ("member", "key", "value"):
        if name in shape:
            kept[name] = shape[name]["shape"]
    return kept


def answers(model):
    """The names of what may come back, by kind."""
    members = model["shapes"]["ConverseStreamOutput"]["members"]
    is_exception = {name: model["shapes"][at["shape"]].get("exception", False) for name, at in members.items()}
    errors = {error["shape"] for name in OPERATIONS for error in model["operations"][name]["errors"]}
    return {
        "events": [name for name in members if not is_exception[name]],
        "exceptions": [name for name in members if is_exception[name]],
        "starts": list(model["shapes"]["ContentBlockStart"]["members"]),
        "deltas": list(model["shapes"]["ContentBlockDelta"]["members"]),
        "stopReasons": model["shapes"]["StopReason"]["enum"],
        "errors": sorted(errors),
    }


def derived():
    """The data, a line a shape."""
    model = Loader().load_service_model(SERVICE, "service-2")
    operations = {name: model["operations"][name]["input"]["shape"] for name in OPERATIONS}
    shapes, left = {}, [*operations.values()]
    while left:
        name = left.pop()
        if name not in shapes:
            shapes[name] = shape = shape_of(model["shapes"][name])
            left += [*shape.get("members", {}).values(), *(shape[part] for part in ("member", "key", "value") if part in shape)]
    version = f"botocore {botocore.__version__} (Apache-2.0), {SERVICE} {model['metadata']['apiVersion']}, service-2.json"
    lines = [f'  "{name}": {json.dumps(value)}' for name, value in {"source": version, "operations": operations, **answers(model)}.items()]
    shape_lines = ",\n".join(f"    {json.dumps(name)}: {json.dumps(shapes[name])}" for name in sorted(shapes))
    return "{\n" + ",\n".join(lines) + ',\n  "shapes": {\n' + shape_lines + "\n  }\n}\n"


def says(found, *words):
    return bool(found) and all(any(word in violation for word in words) for violation in found)


# Where the two may differ, and why the host is right.
RIGHT = {
    # Smithy: a service reads a null member of a structure as one that is not there. botocore refuses it,
    "null": lambda told, found, body: not found and "NoneType" in told,
    # but not where a document is expected.
    "null document": lambda told, found, body: "null" in body and says(found, "it is required", "not exactly one of"),
    # In Python `True` is a number.
    "truth value": lambda told, found, body: "true" in body and says(found, "not a number", "not a whole number"),
}


def verdicts(path):
    """How many bodies the two agree on, by verdict, and where they do not."""
    counts, failures = collections.Counter(), []
    with open(path, encoding="utf-8") as file:
        for line in file:
            given = json.loads(line)
            is_object = isinstance(given["body"], dict)
            told = "; ".join(converse_bodies.told_by_botocore("a.b", given["body"], given["operation"])) if is_object else "no object"
            found = given["violations"]
            if bool(told) == bool(found):
                counts["refused" if told else "taken"] += 1
                continue
            reasons = [name for name, is_right in RIGHT.items() if is_right(told, found, json.dumps(given["body"]))]
            if reasons:
                counts[reasons[0]] += 1
            else:
                failures.append(f"{given['name']}: botocore says {told or 'nothing'!r}, the host {found}: {json.dumps(given['body'])}")
    return counts, failures


def main():
    command, path = sys.argv[1:]
    if command == "write":
        pathlib.Path(path).write_text(derived(), encoding="utf-8")
    elif command == "check":
        if pathlib.Path(path).read_text(encoding="utf-8") != derived():
            sys.exit(f"{path} is not the model of botocore {botocore.__version__}: `{pathlib.Path(__file__).name} write` makes it anew")
        print("the model is botocore's")
    else:
        counts, failures = verdicts(path)
        for failure in failures[:20]:
            print(f"FAILED {failure}")
        print(json.dumps({**counts, "failures": len(failures)}))
        sys.exit(1 if failures or not counts["taken"] or not counts["refused"] else 0)


if __name__ == "__main__":
    main()
