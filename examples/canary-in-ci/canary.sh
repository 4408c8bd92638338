#!/bin/sh
# Tries a version of the provider on a share of the requests of a gateway that runs, and promotes it, or fails.
# canary.sh CANDIDATE [SHARE] [REQUESTS]. QUARRY_ADMIN and QUARRY_ADMIN_TOKEN name another gateway than this user's.
set -eu
candidate=$1 share=${2:-5} requests=${3:-200}

# The gate: nothing is activated yet. What fails here ends the pipeline.
quarry provider verify "$candidate"
quarry provider canary "$candidate" --share "$share" --promote-after "$requests"

# The gateway promotes it after so many of its requests, or stops it when it fails significantly more often.
status() { quarry provider status --json | tr -d ' \n'; }
while status | grep -q '"canary":{'; do
    sleep 1
done
digest=$(sha256sum "$candidate" | cut -c 1-64)
if status | grep -q "\"serving\":\"$digest\""; then
    echo "promoted: $candidate"
else
    echo "not promoted: $candidate" >&2
    quarry provider status >&2
    exit 1
fi
