#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""plugin.py SOCKET CALL [JSON]: one request of Docker's volume plugin protocol, with the headers that dockerd sends."""
import http.client
import socket
import sys


class Connection(http.client.HTTPConnection):
    def __init__(self, path, timeout=30):
        super().__init__("plugin.moby.localhost", timeout=timeout)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.path)


def ask(connection, call, body=""):
    """Returns the status and the body."""
    path = call if call.startswith("/") else "/VolumeDriver." + call
    if isinstance(body, str):
        body = body.encode()
    connection.request("POST", path, body, {"Accept": "application/vnd.docker.plugins.v1.2+json"})
    answer = connection.getresponse()
    return answer.status, answer.read().decode()


if __name__ == "__main__":
    status, text = ask(Connection(sys.argv[1]), sys.argv[2], sys.argv[3] if len(sys.argv) > 3 else "")
    print(status, text)
