# SPDX-License-Identifier: BSD-2-Clause
"""What a verdict costs on this processor; README.md says how. The work is done by verdict.c."""
import json
import os
import statistics
import subprocess
import sys

import measure

PROGRAM = os.path.join(measure.REPO, "build/bench-verdict")
RULES = (10, 1000, 100000)
JIT = "/proc/sys/net/core/bpf_jit_enable"


def turns(arguments):
    """By number of rules: bytes of tables, and (nanoseconds without the verdict, with it) of each round."""
    if subprocess.run(["make", "-s", "build/bench-verdict"], cwd=measure.REPO, stdout=sys.stderr, check=False).returncode:
        raise measure.Failure("build/bench-verdict does not build")
    command = [PROGRAM, str(arguments.seed), str(arguments.rounds), *map(str, RULES)]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode:
        raise measure.Failure("verdict failed")
    found = {}
    for line in done.stdout.splitlines():
        rules, size, empty, verdict = map(int, line.split())
        found.setdefault(rules, (size, []))[1].append((empty, verdict))
    return found


def row(rules, size, rounds):
    """Each round's own difference: what disturbs the machine for longer disturbs both."""
    costs = sorted(verdict - empty for empty, verdict in rounds)
    return {"rules": rules, "ns": statistics.median(costs), "bytes": size, "min": costs[0],
            "p25": costs[len(costs) // 4], "p75": costs[len(costs) * 3 // 4], "max": costs[-1],
            "with_path_ns": statistics.median(verdict for _, verdict in rounds)}


def run(arguments):
    with open(JIT, encoding="ascii") as file:
        if file.read().strip() == "0":
            raise measure.Failure(f"{JIT} is 0: programs would be interpreted")
    rows = [row(rules, *found) for rules, found in turns(arguments).items()]
    if arguments.json:
        print(json.dumps({"verdict": rows, "seed": arguments.seed, "rounds": arguments.rounds}))
        return
    print(f"{'rules':>7}  {'bytes':>10}  {'ns':>6}  {'p25-p75':>9}  {'min-max':>9}  {'with the path':>13}")
    for one in rows:
        print(f"{one['rules']:>7}  {one['bytes']:>10}  {one['ns']:>6g}  {one['p25']:>4}-{one['p75']:<4}  "
              f"{one['min']:>4}-{one['max']:<4}  {one['with_path_ns']:>13g}")
    print(f"{rows[-1]['rules']} rules cost {rows[-1]['ns'] / rows[0]['ns']:.2f} times what {rows[0]['rules']} do "
          f"(seed {arguments.seed}, medians of {arguments.rounds} rounds of 10,000 paths)")
