"""Renders a chart with Helm's own library, without a cluster: CHART VALUES (as JSON). Prints what lint has against it, and the manifests."""

import json
import sys

import helm_python

path, values = sys.argv[1], json.loads(sys.argv[2])
WARNING = 2
report = helm_python.lint(path, values, strict=True)
lint = [message for message in report["messages"] or [] if message["severity"] >= WARNING] + (report["errors"] or [])
rendered = helm_python.Chart.load(path).render(values, name="quarry", namespace="quarry")
manifests = "---\n".join(text.strip() + "\n" for _, text in sorted(rendered.items()) if text.strip())
print(json.dumps({"lint": lint, "manifests": manifests}))
