# SPDX-License-Identifier: BSD-2-Clause
"""For the checks of threats-*: what came of each case, beside the events that mica told of it. See lib/enforce.sh."""
import collections
import json
import os
import re
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
Case = collections.namedtuple("Case", "phase id kind title expected operations got pid changed")


def load(share):
    with open(share + "/cases", encoding="utf-8") as lines:
        cases = [Case(*line.rstrip("\n").split("\t")) for line in lines]
    with open(share + "/events", encoding="utf-8") as lines:
        events = [json.loads(line) for line in lines]
    denials = collections.defaultdict(list)
    for event in events:
        if event["event"] in ("deny", "audit"):
            denials[event.get("process", {}).get("pid")].append(event)
    return cases, events, denials


def of_denial(case, event):
    """What is wrong with the event of a refusal."""
    if event["event"] != "deny":
        yield f"it is told as {event['event']}"
    if event.get("operation") not in case.operations.split(","):
        yield f"the event says {event.get('operation')}, expected {case.operations}"
    if event.get("errno") not in case.expected.split("|"):
        yield f"the event says {event.get('errno')}"
    # Without a path no rule was asked; what is mica's own is refused by no rule.
    for key in ("rule",) if event.get("rule") in ("no-path", "self-protection") else ("policy", "rule", "where"):
        if not event.get(key):
            yield f"the event has no {key}"
    if not re.fullmatch(r".+:\d+", event.get("where", "x:1")):
        yield f"where is {event['where']}"


def wrong(case, denials):
    """What is wrong with a case, as texts."""
    events = denials[int(case.pid)] if case.pid != "0" else []
    if case.kind == "documented":
        return
    if case.got not in case.expected.split("|"):
        yield f"{case.got}, expected {case.expected}"
    if case.phase == "ruled" and case.changed == "changed" and case.kind in ("deny", "many", "refused"):
        yield "the trees are not what they were"
    if case.phase == "ruled" and case.kind in ("deny", "many"):
        if not events or (case.kind == "deny" and len(events) > 1):
            yield f"{len(events)} events {[event.get('operation') for event in events]}"
        for event in events:
            yield from of_denial(case, event)
    elif case.phase == "ruled" and case.kind == "audit":
        if not [event for event in events if event["event"] == "audit" and
                event.get("operation") in case.operations.split(",")]:
            yield f"no audit of {case.operations}, but {[event.get('operation') for event in events]}"
    elif case.phase != "control" and events and case.kind != "refused":
        yield f"{len(events)} events, expected none: {events[0].get('operation')} {events[0].get('rule')}"


def covered(family, cases):
    """Every item of the family is a case, or has a line that says why not."""
    with open(HERE + "/threats", encoding="ascii") as lines:
        items = next(line.split()[1:] for line in lines if line.startswith(family + " "))
    with open(HERE + "/threats-not-covered", encoding="ascii") as lines:
        excused = dict(line.rstrip("\n").split(" ", 1) for line in lines if not line.startswith("#"))
    named = {case.id[:4] for case in cases}
    for item in items:
        if item in excused:
            print(f"NOT COVERED  {item} {excused[item]}")
        elif item not in named:
            yield f"{item} is not tried"


def check(share, family=None):
    """Prints what is wrong, and ends."""
    cases, events, denials = load(share)
    failed = 0
    for case in cases:
        for text in wrong(case, denials):
            print(f"FAIL  {case.phase:8} {case.id} {case.title}: {text}")
            failed += 1
        if case.kind == "documented":
            print(f"DOCUMENTED  {case.phase:8} {case.id} {case.title}: {case.got}")
    for text in covered(family, cases) if family else ():
        print(f"FAIL  {text}")
        failed += 1
    lost = [event for event in events if event["event"] == "lost"]
    if lost:
        print(f"FAIL  lost: {lost}")
        failed += 1
    for phase in ("control", "ruled", "unruled"):
        print(f"{phase}: {sum(case.phase == phase for case in cases)} cases")
    print(f"{failed} wrong")
    sys.exit(1 if failed else 0)
