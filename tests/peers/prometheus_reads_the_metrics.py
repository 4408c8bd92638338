"""Prometheus's own strict parser of OpenMetrics reads the gateway's metrics, on standard input.

Exits 1, with the reason, where the text is not what the format or this script wants.
"""

import sys

from prometheus_client.openmetrics.parser import text_string_to_metric_families

families = {family.name: family for family in text_string_to_metric_families(sys.stdin.read())}
print(f"{len(families)} families, {sum(len(family.samples) for family in families.values())} samples")


def sample(family, name, **labels):
    found = [s.value for s in families[family].samples if s.name == name and s.labels == labels]
    assert len(found) == 1, f"{name} {labels}: {found}"
    return found[0]


assert len(families) == 34, sorted(families)
for name, family in families.items():
    assert name.startswith("quarry_"), name
    assert family.documentation, f"{name} says nothing of itself"
    assert name.endswith("_seconds") == (family.unit == "seconds") == (family.type == "histogram"), name

refused = {"endpoint": "/v1/messages", "model": "other", "status": "4xx", "outcome": "error"}
assert sample("quarry_requests", "quarry_requests_total", **refused) == 1
assert sample("quarry_requests_in_flight", "quarry_requests_in_flight", endpoint="/v1/messages") == 0
push = "quarry_guest_push_duration_seconds"
assert sample(push, f"{push}_bucket", le="0.000002") == 0
assert sample(push, f"{push}_bucket", le="0.000004") == 1
assert sample(push, f"{push}_count") == 1
assert abs(sample(push, f"{push}_sum") - 3e-6) < 1e-12
failed = {"outcome": "error", "blame": "client"}
assert sample("quarry_key_requests", "quarry_key_requests_total", key='a "key"', **failed) == 1
assert sample("quarry_version_requests", "quarry_version_requests_total", version="0123456789ab", **failed) == 1
model = 'a "model" with a \\ and a\nbreak'
assert sample("quarry_fallbacks", "quarry_fallbacks_total", **{"from": model, "to": "other"}) == 1
assert sample("quarry_deltas", "quarry_deltas_total", model=model) == 0
