# SPDX-License-Identifier: BSD-2-Clause
"""What mica's hooks add to single calls, in instructions, beside the budgets of the design."""
import json
import os

import measure

# (what, run, place, call, budget in instructions or as a share of the call, why)
ROWS = (
    ("host task, file on no union", "all", "host", "open-close", "empty programs + 40 each"),
    ("host task, file on no union", "all", "host", "write-4k", "empty programs + 40 each"),
    ("host task, file on no union", "all", "host", "unlink", "empty programs + 40 each"),
    ("unwatched namespace, file on no union", "rejecting", "other", "open-close", "empty programs + 180 each"),
    ("unwatched namespace, file on no union", "rejecting", "other", "write-4k", "empty programs + 180 each"),
    ("unwatched namespace, file on no union", "rejecting", "other", "unlink", "empty programs + 180 each"),
    ("unwatched namespace, its own union", "rejecting", "union", "open-close", "empty programs + 180 each"),
    ("unwatched namespace, its own union", "rejecting", "union", "write-4k", "empty programs + 180 each"),
    ("container, its union, depth 8", "all", "union", "open-close", "1,600 with a verdict"),
    ("container, its union, depth 8", "all", "union", "write-4k", "600"),
    ("container, its union, depth 8", "all", "union", "unlink", ""),
    ("container, its union", "all", "union", "copy-up-4k", "3 % of the copy-up"),
)


def read(directory, name):
    with open(os.path.join(directory, name), encoding="utf-8") as file:
        return {(row["place"], row["call"]): row["ns"] for row in map(json.loads, file)}


def rows(directory):
    runs = {name: read(directory, name) for name in ("without", "all", "rejecting")}
    for what, run_name, place, call, budget in ROWS:
        base, with_mica = runs["without"][place, call], runs[run_name][place, call]
        yield {"what": what, "call": call, "instructions": base, "added": with_mica - base,
               "share": round((with_mica - base) / base, 4), "budget": budget}


def run(arguments):
    measure.build_guest()
    with measure.share_folder() as share:
        results = list(rows(measure.machine(arguments, "icount", share, "/share/guest-hooks")))
    if arguments.json:
        for row in results:
            print(json.dumps(row))
        return
    print(f"{'who and where':40} {'call':12} {'instructions':>12} {'added':>7} {'share':>7}  budget")
    for row in results:
        print(f"{row['what']:40} {row['call']:12} {row['instructions']:12,} {row['added']:7,} {row['share']:7.1%}  "
              f"{row['budget']}")
