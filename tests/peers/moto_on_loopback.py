"""moto as STS and as instance metadata, on a free port of loopback, until standard input is closed."""

import sys

from moto.instance_metadata import responses

# An instance tells for how long its token is valid, and SDKs insist on it; moto leaves the header out.
answer = responses.InstanceMetadataResponse.metadata_response


def with_lifetime(request, full_url, headers):
    status, told, body = answer(request, full_url, headers)
    return status, told | {"X-Aws-Ec2-Metadata-Token-Ttl-Seconds": "21600"}, body


responses.InstanceMetadataResponse.metadata_response = staticmethod(with_lifetime)

from moto.server import ThreadedMotoServer  # noqa: E402  (it takes the function above along when it is imported)

server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
server.start()
host, port = server.get_host_and_port()
print(f"http://{host}:{port}", flush=True)
sys.stdin.read()
server.stop()
