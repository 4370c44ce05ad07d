# SPDX-License-Identifier: BSD-2-Clause
"""Runs the workload in the VM beside a tool, and keeps the results in build/bench."""
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile

import events

HERE = os.path.dirname(os.path.realpath(__file__))
REPO = os.path.dirname(os.path.dirname(HERE))
KEPT = os.path.join(REPO, "build", "bench")
TOOLS = ("none", "mica", "bpftrace", "bpftrace-large", "bcc", "auditd", "perf")
# In instructions one round is exact.
ROUNDS = {"icount": 1}
# Guest's milliseconds that a tool must rest before it counts as done.
TAIL_MS = 250
TIMEOUT_S = 1500
TRIES = 3
# The VM's exit statuses of a machine that died or hung: see tests/vm/README.md.
DIED = (124, 125)


class Failure(Exception):
    """What could not be done, in words for the user."""


def mica_program(arguments):
    path = arguments.mica or os.environ.get("MICA_BIN") or os.path.join(REPO, "build", "mica")
    if not os.path.isfile(path):
        raise Failure(f"no program {path}; run make")
    return path


def build_guest():
    if subprocess.run(["make", "--no-print-directory", "-s", "-C", REPO, "guest-bench"], check=False).returncode:
        raise Failure("the guest's programs do not build")


def digest(*paths):
    total = hashlib.sha256()
    for path in paths:
        with open(path, "rb") as file:
            total.update(file.read())
    return total.hexdigest()[:16]


def key(arguments, tool, mode):
    """What the result depends on: kept results of something else are not taken for it."""
    files = [os.path.join(HERE, name) for name in ("workload.c", "union.c", "guest", "tools.sh", "bpftrace.bt", "measure.py")]
    if tool == "mica":
        files.append(mica_program(arguments))
    return f"{digest(*files)} {arguments.scale} {rounds(arguments, mode)}"


def rounds(arguments, mode):
    return ROUNDS.get(mode, arguments.rounds)


def kept_path(kernel, tool, mode):
    return os.path.join(KEPT, kernel, f"{tool}-{mode}.json")


def load(kernel, tool, mode):
    """A kept result, or None."""
    path = kept_path(kernel, tool, mode)
    if not os.path.exists(path):
        return None
    with open(path, encoding="utf-8") as file:
        return json.load(file)


def store(kernel, tool, mode, result):
    path = kept_path(kernel, tool, mode)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path + ".new", "w", encoding="utf-8") as file:
        json.dump(result, file, indent=1)
    os.rename(path + ".new", path)


def machine(arguments, mode, share, *command, append=""):
    """Runs a command in a machine for this mode. A machine that dies is started again."""
    how = ["--icount"] if mode == "icount" else ["--parallel", "--cpus", "2"]
    for attempt in range(TRIES):
        results = os.path.join(share, "results")
        shutil.rmtree(results, ignore_errors=True)
        status = subprocess.run(
            [os.path.join(REPO, "tests/vm/run"), "--kernel", arguments.kernel, "--image", "bench", *how, "--share", share,
             "--mica", mica_program(arguments), "--timeout", str(TIMEOUT_S), *(["--append", append] if append else []), "--",
             *command],
            check=False, stdout=sys.stderr).returncode
        if status == 0:
            return results
        if status not in DIED or attempt == TRIES - 1:
            break
        print(f"tests/bench/run: the machine died ({' '.join(command)}); again", file=sys.stderr)
    raise Failure(f"{' '.join(command)}: status {status} in the machine")


def share_folder():
    share = tempfile.TemporaryDirectory(prefix="mica-bench.")
    for name in ("guest", "guest-hooks", "guest-enforce", "tools.sh", "bpftrace.bt"):
        shutil.copy(os.path.join(HERE, name), share.name)
    return share


def read_round(path):
    with open(path, encoding="utf-8") as file:
        return {row["phase"]: row for row in map(json.loads, file)}


def read_results(arguments, tool, mode, directory):
    count = rounds(arguments, mode)
    result = {
        "base": [read_round(os.path.join(directory, f"base.{n}")) for n in range(1, count + 2)],
        "tool": [read_round(os.path.join(directory, f"tool.{n}")) for n in range(1, count + 1)],
        "seen": [],
        "lost": [],
    }
    for n in range(1, count + 1):
        seen, lost = events.read(tool, os.path.join(directory, f"out.{n}"))
        result["seen"].append(seen)
        result["lost"].append(lost)
    return result


def result(arguments, tool, mode, keep):
    """Measures, or with `keep` takes what was measured of the same thing before."""
    build_guest()
    wanted = key(arguments, tool, mode)
    old = load(arguments.kernel, tool, mode)
    if keep and old and old["key"] == wanted:
        return old
    print(f"tests/bench/run: {tool}, {mode}, Linux {arguments.kernel}", file=sys.stderr)
    with share_folder() as share:
        directory = machine(arguments, mode, share, "/share/guest", tool, str(rounds(arguments, mode)), str(TAIL_MS),
                            str(arguments.scale))
        if arguments.raw:
            shutil.copytree(directory, os.path.join(arguments.raw, f"{tool}-{mode}"), dirs_exist_ok=True)
        new = read_results(arguments, tool, mode, directory)
    new |= {"key": wanted, "scale": arguments.scale}
    store(arguments.kernel, tool, mode, new)
    return new
