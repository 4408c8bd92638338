#!/bin/sh
# Installs Portkey's gateway, pinned, into target/portkey, for the bench of the gateway; it needs Node.js and npm:
#   QUARRY_BENCH_PORTKEY=$(tests/benches/portkey.sh) cargo bench -p quarry-tests --bench gateway
set -eu
version=1.15.2
target=${CARGO_TARGET_DIR:-$(cd "$(dirname "$0")/../.." && pwd)/target}
folder=$target/portkey
if ! grep -q "\"version\": \"$version\"" "$folder/node_modules/@portkey-ai/gateway/package.json" 2>/dev/null; then
    mkdir -p "$folder"
    npm install --prefix "$folder" --ignore-scripts --no-audit --no-fund "@portkey-ai/gateway@$version" >&2
fi
echo "$folder"
