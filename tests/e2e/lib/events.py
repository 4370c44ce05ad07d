# SPDX-License-Identifier: BSD-2-Clause
"""For checks that read a `mica trace --json`."""
import collections
import json

FILE_EVENTS = {"copy-up", "whiteout", "opaque", "redirect", "create", "delete", "rename", "link"}


def load(path):
    with open(path, encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def lost(events):
    """What was lost, but for writes that "skipped" counts: under lazy preemption (Linux 7.2) the hook that each write of
    the whole system passes is skipped now and then, mostly for a write that nobody would have heard of."""
    return [event for event in events if event["event"] == "lost" and
            (event.get("of"), event["cause"]) != ("write", "skipped")]


def skipped_writes(events):
    """How many writes "skipped" counts: no more write events than that are missing."""
    return sum(event["count"] for event in events if event["event"] == "lost" and
               (event.get("of"), event["cause"]) == ("write", "skipped"))


def heard(events):
    """The events but for those that say what was lost, which is shown where it is nothing but writes, and else fails."""
    assert not lost(events), lost(events)
    if skipped_writes(events):
        print(skipped_writes(events), "writes were skipped by the kernel, which counted them")
    return [event for event in events if event["event"] != "lost"]


def name(event):
    return event.get("container", {}).get("name")


def of(events, container):
    return [event for event in events if name(event) == container]


def where(event):
    """("layer", 2), ("volume", "db-data"), ("upper",), …"""
    thing = event.get("object", {})
    extra = thing.get("layer") or thing.get("volume")
    return (thing.get("kind"), extra) if extra else (thing.get("kind"),)


def files(events):
    """What happened to files, in order: (event, where, path[, source])."""
    return [(event["event"], *where(event), event["path"]) + ((event["source"],) if "source" in event else ())
            for event in events if event["event"] in FILE_EVENTS]


def same(got, expected):
    """Two sequences, with the first difference said."""
    for index, (left, right) in enumerate(zip(got, expected)):
        assert left == right, f"no. {index}: got {left}, expected {right}\nall: {got}"
    assert len(got) == len(expected), f"got {got[len(expected):]} more, {expected[len(got):]} missing"


def same_but_for_writes(got, expected, skipped):
    """The same for tuples that begin with the event: no more than `skipped` writes may be missing, in either."""
    if not skipped:
        same(got, expected)
        return
    same([thing for thing in got if thing[0] != "write"], [thing for thing in expected if thing[0] != "write"])
    got, expected = (collections.Counter(thing for thing in things if thing[0] == "write") for things in (got, expected))
    more, missing = got - expected, expected - got
    assert more.total() + missing.total() <= skipped, f"{more} more, {missing} missing, {skipped} were skipped"


def nobody_elses(trace, known, runtimes):
    """What happened to files is all in `known` (lists of events), but for what the runtimes do to set containers up."""
    seen = {id(event) for events in known for event in events}
    more = [event for event in trace if event["event"] in FILE_EVENTS and id(event) not in seen
            and not event["process"]["comm"].startswith(runtimes)]
    assert not more, more
