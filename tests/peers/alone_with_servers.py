"""Runs a command in a network that has nothing but loopback, with servers at addresses that are elsewhere those of a machine's link.

To be started by `unshare --user --map-root-user --net`. Standard input is
{"servers": {"ADDRESS PORT": {"PATH": {"body": "TEXT", "headers": {}}}}, "command": ["PROGRAM", "ARGUMENT"]}; printed is what the servers
were asked and what came of the command.
"""

import errno
import fcntl
import http.server
import ipaddress
import json
import os
import socket
import struct
import subprocess
import sys
import threading
import time

SET_ADDRESS, SET_FLAGS, IS_UP = 0x8916, 0x8914, 0x1
asked = []


def assign(address):
    """Gives loopback one more address. Nothing leaves: there is no other interface."""
    address = ipaddress.ip_address(address)
    if address.is_loopback:
        return
    if address.version == 4:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
            where = struct.pack("=HH4s8x", socket.AF_INET, 0, address.packed)
            fcntl.ioctl(control, SET_ADDRESS, struct.pack("=16s16s", b"lo:0", where))
    else:
        with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as control:
            fcntl.ioctl(control, SET_ADDRESS, struct.pack("=16sIi", address.packed, 128, socket.if_nametoindex("lo")))
        wait_until_usable(address)


def wait_until_usable(address):
    """The kernel checks a new IPv6 address for duplicates, on loopback too, in the background; until then nothing binds to it."""
    end = time.monotonic() + 30
    while True:
        try:
            with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as trial:
                return trial.bind((str(address), 0))
        except OSError as error:
            if error.errno != errno.EADDRNOTAVAIL or time.monotonic() > end:
                raise
        time.sleep(0.01)


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, address, port, answers):
        version = ipaddress.ip_address(address).version
        self.address_family = socket.AF_INET6 if version == 6 else socket.AF_INET
        self.name, self.answers = address, answers
        super().__init__((address, port), Answers)


class Answers(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self):
        path = self.path.split("?")[0]
        headers = {name.lower(): value for name, value in self.headers.items()}
        asked.append({"server": self.server.name, "method": self.command, "path": path, "headers": headers})
        told = self.server.answers.get(path)
        body = (told or {"body": "no such path"})["body"].encode()
        self.send_response(200 if told else 404)
        for name, value in (told or {}).get("headers", {}).items():
            self.send_header(name, value)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_PUT = answer

    def log_message(self, *_):
        pass


assert [name for _, name in socket.if_nameindex()] == ["lo"], "this is not a network of its own"
with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
    fcntl.ioctl(control, SET_FLAGS, struct.pack("=16sh14x", b"lo", IS_UP))
given = json.load(sys.stdin)
for place, answers in given["servers"].items():
    address, port = place.split(" ")
    assign(address)
    threading.Thread(target=Server(address, int(port), answers).serve_forever, daemon=True).start()
ran = subprocess.run(given["command"], stdin=subprocess.DEVNULL, capture_output=True, text=True, env=os.environ, timeout=60)
print(json.dumps({"asked": asked, "code": ran.returncode, "stdout": ran.stdout, "stderr": ran.stderr}))
