#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""killing-proxy.py SOCKET PLUGIN PID-FILE KILL-AT CALLS: a plugin at SOCKET that passes on what it is asked to the one at PLUGIN.
Calls that change something are written to CALLS; KILL-AT says which of them, counted from now, its client is killed at, by its
number, and when:
  asked     before the plugin has the request
  gone      when the plugin has it, which then finds nobody to answer to
  done      when the plugin has answered, before the client gets it
  answered  as soon as the client has got it"""
import http.server
import os
import signal
import socketserver
import sys
import threading
import time

import plugin

socket_path, plugin_path, pid_file, kill_at, calls = sys.argv[1:]
one_at_a_time = threading.Lock()


def point_of(call):
    """When to kill at this call, or None."""
    if call not in ("Create", "Mount", "Unmount", "Remove"):
        return None
    with one_at_a_time:
        with open(calls, "a") as out:
            print(call, file=out)
        if not os.path.exists(kill_at):
            return None
        number, point = open(kill_at).read().split()
        if int(number) == 1:
            os.unlink(kill_at)
            return point
        with open(kill_at, "w") as out:
            print(int(number) - 1, point, file=out)
    return None


def kill():
    pid = int(open(pid_file).read())
    os.kill(pid, signal.SIGKILL)
    while os.path.exists(f"/proc/{pid}/stat") and open(f"/proc/{pid}/stat").read().split(") ")[1][0] != "Z":
        time.sleep(0.01)


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def address_string(self):
        return "client"

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        point = point_of(self.path.rpartition(".")[2])
        connection = plugin.Connection(plugin_path)
        self.close_connection = point is not None
        if point == "asked":
            return kill()
        if point == "gone":
            connection.request("POST", self.path, body)
            kill()
            return connection.close()
        status, text = plugin.ask(connection, self.path, body)
        if point == "done":
            return kill()
        self.send_response(status)
        self.send_header("Content-Length", str(len(text.encode())))
        self.end_headers()
        self.wfile.write(text.encode())
        if point == "answered":
            self.wfile.flush()
            kill()


class Server(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    daemon_threads = True


Server(socket_path, Handler).serve_forever()
