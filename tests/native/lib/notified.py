#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""notified.py FILE COMMAND...: runs a command as a service manager would; when it says READY=1, its pid goes to FILE.
With LISTEN=PATH in the environment, it gets a listening unix socket there as descriptor 3."""
import os
import socket
import sys

ready_file, command = sys.argv[1], sys.argv[2:]
notify_path = ready_file + ".notify"
if os.path.exists(notify_path):
    os.unlink(notify_path)
notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
notify.bind(notify_path)
listen_path = os.environ.pop("LISTEN", None)
listening = None
if listen_path:
    if os.path.exists(listen_path):
        os.unlink(listen_path)
    listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    listening.bind(listen_path)
    listening.listen(128)
pid = os.fork()
if pid == 0:
    os.environ["NOTIFY_SOCKET"] = notify_path
    if listening:
        os.dup2(listening.fileno(), 3, inheritable=True)
        os.environ["LISTEN_PID"] = str(os.getpid())
        os.environ["LISTEN_FDS"] = "1"
    os.execvp(command[0], command)
notify.settimeout(0.2)
while True:
    ended, status = os.waitpid(pid, os.WNOHANG)
    if ended:
        sys.exit(os.waitstatus_to_exitcode(status) & 0xFF)
    try:
        message = notify.recv(4096)
    except TimeoutError:
        continue
    if b"READY=1" in message.split(b"\n"):
        with open(ready_file + ".new", "w") as out:
            out.write(str(pid))
        os.rename(ready_file + ".new", ready_file)
