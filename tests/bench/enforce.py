# SPDX-License-Identifier: BSD-2-Clause
"""What enforcing adds to single calls, in instructions, beside AppArmor and a read-only mount for the same rule."""
import json
import os

import measure
import table

BEGIN, END = "<!-- tests/bench/run enforce: begin -->", "<!-- tests/bench/run enforce: end -->"
# Of design, section 8.
BUDGETS = {"open, depth 3": 1600, "open, depth 8": 1600, "open, depth 30": 1600 + 22 * 150, "write 4 KiB": 600}
HEADS = ("mica, 10 rules", "mica, 100,000 rules", "10 rules and isolation", "AppArmor, 10 rules", "read-only mount")
NAMES = ("mica-10", "mica-100000", "mica-isolated", "apparmor", "bind")
# mica beside the other LSM: so both are measured against one kernel.
APPEND = "lsm=capability,apparmor,bpf apparmor=1"


def read(directory, name, place):
    path = os.path.join(directory, f"{name}.{place}")
    if not os.path.exists(path):
        return {}
    with open(path, encoding="utf-8") as file:
        return {row["call"]: row["ns"] for row in map(json.loads, file)}


def rows(directory):
    for place in ("union", "host"):
        base = read(directory, "without", place)
        after = read(directory, "after", place)
        others = {name: read(directory, name, place) for name in NAMES}
        for call, instructions in base.items():
            row = {"place": place, "call": call, "instructions": instructions, "drift": after[call] - instructions}
            row |= {name: values[call] - instructions for name, values in others.items() if call in values}
            if place == "union" and call in BUDGETS:
                row["budget"] = BUDGETS[call]
            yield row


def cell(row, name):
    return f"{row[name]:,}" if name in row else ""


def markdown(kernel, all_rows):
    places = {"union": "container", "host": "host"}
    out = ["| who | call | instructions, without | " + " | ".join(HEADS) + " | budget |",
           "| --- | --- |" + " --- |" * (len(HEADS) + 2)]
    for row in all_rows:
        cells = [places[row["place"]], row["call"], cell(row, "instructions"), *(cell(row, name) for name in NAMES),
                 cell(row, "budget")]
        out.append("| " + " | ".join(cells) + " |")
    drift = max(abs(row["drift"]) for row in all_rows)
    out += ["", f"Instructions added to a call, Linux {kernel}, by `tests/bench/run enforce`; without any policy, the same call differed "
                f"by up to {drift:,} between the first and the last turn."]
    return "\n".join(out) + "\n"


def run(arguments):
    measure.build_guest()
    with measure.share_folder() as share:
        directory = measure.machine(arguments, "icount", share, "/share/guest-enforce", append=APPEND)
        results = list(rows(directory))
    if arguments.json:
        for row in results:
            print(json.dumps(row))
    tables = markdown(arguments.kernel, results)
    if arguments.readme:
        table.write_between(BEGIN, END, tables)
    elif not arguments.json:
        print(tables, end="")
