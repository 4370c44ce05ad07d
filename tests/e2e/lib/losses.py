# SPDX-License-Identifier: BSD-2-Clause
"""For the tests that count what is lost."""
import collections
import json


def count(path):
    """{event: number seen}, {(of, cause): number lost} of a `mica trace --json`."""
    seen, lost = collections.Counter(), collections.Counter()
    with open(path, encoding="utf-8") as lines:
        for line in lines:
            event = json.loads(line)
            if event["event"] == "lost":
                assert event["count"] > 0, line
                lost[event.get("of"), event["cause"]] += event["count"]
            else:
                seen[event["event"]] += 1
    return seen, lost


def of(lost, event):
    """All that was lost of an event, and by cause."""
    causes = {cause: number for (name, cause), number in lost.items() if name == event and cause != "detail"}
    return sum(causes.values()), causes
