"""oras, the registry client of the OCI project of that name, pulls what Quarry pushed and pushes what Quarry pulls.

    oras_with_the_registry.py pull TARGET FOLDER                  prints JSON: the files, and the manifest as served
    oras_with_the_registry.py push TARGET FILE CONFIG [SIGNATURE] prints JSON: the manifest's digest
"""

import hashlib
import json
import pathlib
import sys

import oras.client
import requests

mode, target = sys.argv[1:3]
host, name = target.split("/", 1)
client = oras.client.OrasClient(hostname=host, insecure=True, tls_verify=False)
if mode == "pull":
    files = client.pull(target=target, outdir=sys.argv[3])
    name, reference = name.split("@") if "@" in name else name.rsplit(":", 1)
    accept = {"Accept": "application/vnd.oci.image.manifest.v1+json"}
    answer = requests.get(f"http://{host}/v2/{name}/manifests/{reference}", headers=accept, timeout=30)
    answer.raise_for_status()
    digest = "sha256:" + hashlib.sha256(answer.content).hexdigest()
    config = answer.json()["config"]
    blob = requests.get(f"http://{host}/v2/{name}/blobs/{config['digest']}", timeout=30)
    sums = {pathlib.Path(file).name: hashlib.sha256(pathlib.Path(file).read_bytes()).hexdigest() for file in files}
    print(json.dumps({"files": sums, "digest": digest, "manifest": answer.json(), "config": blob.json()}))
elif mode == "push":
    file, config = sys.argv[3:5]
    signature = pathlib.Path(sys.argv[5]).read_text() if len(sys.argv) > 5 else None
    answer = client.push(
        target=target,
        files=[f"{file}:application/wasm"],
        manifest_config=f"{config}:application/vnd.wasm.config.v0+json",
        manifest_annotations={"quarry.minisign.signature": signature} if signature else None,
        disable_path_validation=True,
    )
    print(json.dumps({"digest": answer.headers["Docker-Content-Digest"]}))
else:
    sys.exit(f"no such mode: {mode}")
