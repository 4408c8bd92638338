#!/bin/sh
# Installs LiteLLM's proxy, pinned, into target/litellm, for the bench of the gateway:
#   QUARRY_BENCH_LITELLM=$(tests/benches/litellm.sh) cargo bench -p quarry-tests --bench gateway
set -eu
version=1.98.1
target=${CARGO_TARGET_DIR:-$(cd "$(dirname "$0")/../.." && pwd)/target}
environment=$target/litellm
if ! "$environment/bin/python" -c "import importlib.metadata as m; assert m.version('litellm') == '$version'" 2>/dev/null; then
    python3 -m venv --clear "$environment" >&2
    "$environment/bin/pip" install --quiet --disable-pip-version-check "litellm[proxy]==$version" >&2
fi
echo "$environment"
