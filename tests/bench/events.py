# SPDX-License-Identifier: BSD-2-Clause
"""What a tool saw of the workload's operations, read from what it printed. During a phase the workload has the phase's name."""
import collections
import json
import os
import re

PHASES = ("copy-up-4k", "copy-up-1m", "unlink", "rename", "write-4k", "open", "bind")
WRITE_BYTES = 4096
# A bind mount and its umount are two events.
EVENTS_PER_OPERATION = {"bind": 2}


def lines(directory, name):
    path = os.path.join(directory, name)
    if not os.path.exists(path):
        return []
    with open(path, encoding="utf-8", errors="replace") as file:
        return file.read().splitlines()


def mica(directory):
    wanted = {("copy-up-4k", "copy-up"), ("copy-up-1m", "copy-up"), ("unlink", "whiteout"), ("rename", "rename"),
              ("bind", "mount"), ("bind", "umount")}
    seen, lost, written = collections.Counter(), 0, 0
    for line in lines(directory, "mica"):
        event = json.loads(line)
        kind, comm = event["event"], event.get("process", {}).get("comm")
        if kind == "lost":
            lost += event["count"]
        elif kind == "write" and "/write-4k/" in event.get("path", ""):
            written += event.get("bytes", 0)
        elif (comm, kind) in wanted and not (kind == "copy-up" and event.get("is_directory")):
            seen[comm] += 1
    seen["write-4k"] = written // WRITE_BYTES
    return seen, lost


def bpftrace(directory):
    wanted = {("copy-up-4k", "copy-up"), ("copy-up-1m", "copy-up"), ("unlink", "unlink"), ("rename", "rename"),
              ("bind", "mount"), ("bind", "umount")}
    seen, lost = collections.Counter(), 0
    for line in lines(directory, "bpftrace") + lines(directory, "bpftrace.err"):
        words = line.split()
        if match := re.search(r"Lost (\d+) events", line):
            lost += int(match[1])
        elif match := re.match(r"@writes\[write-4k, .*\]: (\d+)", line):
            seen["write-4k"] += int(match[1])
        elif len(words) > 2 and (words[1], words[0]) in wanted:
            seen[words[1]] += 1
    return seen, lost


def bcc(directory):
    seen, lost = collections.Counter(), 0
    for line in lines(directory, "mountsnoop"):
        if re.match(r"bind\s", line):
            seen["bind"] += 1
    for line in lines(directory, "opensnoop"):
        if re.match(r"\d+\s+open\s", line):
            seen["open"] += 1
    for line in lines(directory, "filetop"):
        # PID COMM READS WRITES R_Kb W_Kb T FILE
        if match := re.match(r"\d+\s+write-4k\s+\d+\s+(\d+)\s", line):
            seen["write-4k"] += int(match[1])
    # filetop counts a write to a union twice: on the union, and on the upper.
    seen["write-4k"] //= 2
    for name in ("mountsnoop", "opensnoop", "filetop"):
        for line in lines(directory, name + ".err"):
            if match := re.search(r"[Ll]ost (\d+) events", line):
                lost += int(match[1])
    return seen, lost


def auditd(directory):
    seen, lost = collections.Counter(), 0
    for line in lines(directory, "audit.log"):
        # An open for writing says nothing of a copy-up.
        match = re.search(r'^type=SYSCALL .* success=yes .* comm="(unlink|rename|open|write-4k|bind)" .* key="bench"', line)
        if match:
            seen[match[1]] += 1
    for line in lines(directory, "status"):
        if match := re.match(r"lost (\d+)", line):
            lost += int(match[1])
    return seen, lost


def perf(directory):
    wanted = {("unlink", "unlink"), ("rename", "rename"), ("write-4k", "pwrite64"), ("open", "openat"), ("bind", "mount"),
              ("bind", "umount2"), ("bind", "umount")}
    seen, lost = collections.Counter(), 0
    for line in lines(directory, "calls") + lines(directory, "perf.err"):
        if match := re.search(r"LOST (\d+) events", line):
            lost += int(match[1])
        # TIME ( DURATION ms): COMM/TID CALL(…) = RESULT; a call that something came between has a line more, without result
        elif match := re.match(r"\s*[\d.?]+ \([^)]*\):\s+([\w-]+)/\d+\s+(?:\.\.\. \[continued\]: )?(\w+)\(.*\)? += ", line):
            if match.groups() in wanted:
                seen[match[1]] += 1
    return seen, lost


READERS = {"none": lambda directory: ({}, 0), "mica": mica, "bpftrace": bpftrace, "bpftrace-large": bpftrace, "bcc": bcc,
           "auditd": auditd, "perf": perf}


def read(tool, directory):
    """Events of each phase that the tool printed (0: it does not see this kind), and events that it says it lost."""
    seen, lost = READERS[tool](directory)
    return {phase: seen.get(phase, 0) for phase in PHASES}, lost
