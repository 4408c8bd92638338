"""An OpenAPI document is valid, and what went over the wire is what it describes.

    openapi.py < {"document": DOCUMENT, "exchanges": [{"path", "method", "request"?, "status", "media", "answer"?}]}

`request` and `answer` are JSON bodies. The check is of openapi-spec-validator and openapi-schema-validator.
"""

import json
import sys

from openapi_schema_validator import OAS31Validator
from openapi_spec_validator import OpenAPIV31SpecValidator

given = json.load(sys.stdin)
document = given["document"]
problems = [f"the document: {error.message}" for error in OpenAPIV31SpecValidator(document).iter_errors()]
schemas = 0


def check(where, content, media, body):
    """Compares a body with the schema of its media type."""
    global schemas
    if media not in content:
        problems.append(f"{where}: {media} is not in {sorted(content)}")
        return
    schemas += 1
    for error in OAS31Validator(content[media]["schema"]).iter_errors(body):
        problems.append(f"{where}: {error.message}")


for exchange in given["exchanges"]:
    where = f"{exchange['method']} {exchange['path']}: {exchange['status']}"
    operation = document["paths"][exchange["path"]][exchange["method"]]
    if "request" in exchange and exchange["status"] == 200:
        check(where, operation["requestBody"]["content"], "application/json", exchange["request"])
    response = operation["responses"].get(str(exchange["status"]))
    if response is None:
        problems.append(f"{where}: no such status")
    else:
        check(where, response["content"], exchange["media"], exchange["answer"])

for problem in problems:
    print(problem)
print(f"{schemas} bodies")
sys.exit(1 if problems else 0)
