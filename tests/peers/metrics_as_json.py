"""Prometheus's own strict parser of OpenMetrics reads the gateway's metrics, on standard input.

Writes every sample to standard output, as a list of {name, labels, value} in JSON.
"""

import json
import sys

from prometheus_client.openmetrics.parser import text_string_to_metric_families

families = text_string_to_metric_families(sys.stdin.read())
samples = [sample for family in families for sample in family.samples]
json.dump([{"name": sample.name, "labels": sample.labels, "value": sample.value} for sample in samples], sys.stdout)
