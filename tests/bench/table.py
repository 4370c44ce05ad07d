# SPDX-License-Identifier: BSD-2-Clause
"""Ratios from what was measured, and their tables."""
import os
import statistics
import sys

import events
import measure

README = os.path.join(measure.REPO, "README.md")
BEGIN, END = "<!-- tests/bench/run table: begin -->", "<!-- tests/bench/run table: end -->"
LABELS = {"mica": "mica", "bpftrace": "bpftrace, every event", "bpftrace-large": "the same, 16 MiB a processor",
          "bcc": "mountsnoop + opensnoop + filetop", "auditd": "auditd, watch on the tree", "perf": "perf trace",
          "none": "nothing (drift)"}
HEADS = {"copy-up-4k": "copy-up 4 KiB", "copy-up-1m": "copy-up 1 MiB", "unlink": "unlink", "rename": "rename",
         "write-4k": "write 4 KiB", "open": "open", "bind": "bind", "all": "all"}


def totals(turn, field):
    """Of one turn of the workload: by phase, and all together."""
    values = {phase: turn[phase][field] for phase in events.PHASES}
    values["all"] = sum(values.values())
    return values


def turns(result, field):
    """(without before and after, with) of each round."""
    base = [totals(turn, field) for turn in result["base"]]
    tool = [totals(turn, field) for turn in result["tool"]]
    for n, values in enumerate(tool):
        yield {phase: (base[n][phase] + base[n + 1][phase]) / 2 for phase in values}, values, base[n], base[n + 1]


def events_true(result, phase):
    if phase == "all":
        return sum(events_true(result, one) for one in events.PHASES)
    return result["tool"][0][phase]["operations"] * events.EVENTS_PER_OPERATION.get(phase, 1)


def counts(results, phase):
    """Events seen, and missed of the kinds that the tool sees at all; of the worst round of all modes."""
    seen, lost = [], []
    for result in results.values():
        for turn in result["seen"]:
            kinds = [one for one in events.PHASES if turn[one]] if phase == "all" else [phase] * bool(turn[phase])
            seen.append(sum(turn[kind] for kind in kinds))
            lost.append(sum(max(0, events_true(result, kind) - turn[kind]) for kind in kinds))
    return min(seen), max(lost)


def rows(tool, results):
    """One object a phase, and one for all of them."""
    out = []
    any_result = next(iter(results.values()))
    for phase in (*events.PHASES, "all"):
        row = {"tool": tool, "phase": phase}
        if "icount" in results:
            base, values, before, after = next(turns(results["icount"], "busy_ns"))
            row |= {"instructions": values[phase], "base_instructions": round(base[phase]),
                    "ratio": round(values[phase] / base[phase], 4), "base_drift": round(after[phase] / before[phase], 4)}
        if "wall" in results:
            ratios = [values[phase] / base[phase] for base, values, *_ in turns(results["wall"], "wall_ns")]
            row |= {"wall_ratio": round(statistics.median(ratios), 4), "wall_min": round(min(ratios), 4),
                    "wall_max": round(max(ratios), 4)}
        seen, lost = counts(results, phase)
        row |= {"events_true": events_true(any_result, phase), "events_seen": seen, "lost": lost}
        if phase == "all":
            row["lost_as_reported"] = max(max(result["lost"]) for result in results.values())
        out.append(row)
    return out


def show(all_rows, out=sys.stdout):
    heads = ("tool", "phase", "instructions", "ratio", "base_drift", "wall_ratio", "wall_min", "wall_max", "events_true",
             "events_seen", "lost", "lost_as_reported")
    cells = [[str(row.get(head, "-")) for head in heads] for row in all_rows]
    widths = [max(len(line[i]) for line in [list(heads), *cells]) for i in range(len(heads))]
    for line in [list(heads), *cells]:
        print("  ".join(cell.ljust(width) if i < 2 else cell.rjust(width)
                        for i, (cell, width) in enumerate(zip(line, widths))), file=out)


def cell(row, field):
    """In brackets where the tool sees nothing of what it slows down."""
    if field not in row:
        return "?"
    text = f"{row[field]:.2f}"
    return text if row["events_seen"] else f"({text})"


def markdown(all_rows, field, base=None):
    lines = ["| tool | " + " | ".join(HEADS.values()) + " | lost |", "| --- |" + " --- |" * (len(HEADS) + 1)]
    by_tool = {}
    for row in all_rows:
        by_tool.setdefault(row["tool"], {})[row["phase"]] = row
    for tool, phases in by_tool.items():
        if tool == "none" or field not in phases["all"]:
            continue
        whole = phases["all"]
        lost = f"{whole['lost']:,} of {whole['events_seen'] + whole['lost']:,}" if whole["lost"] else "0"
        lines.append(f"| {LABELS[tool]} | " + " | ".join(cell(phases[phase], field) for phase in HEADS) + f" | {lost} |")
    if base:
        lines.append("| *thousand instructions an operation, without* | " + " | ".join(base) + " | |")
    return lines


def base_cells(kernel):
    result = measure.load(kernel, "mica", "icount")
    base = next(turns(result, "busy_ns"))[0]
    done = {phase: result["tool"][0][phase]["operations"] for phase in events.PHASES}
    return [f"*{base[phase] / done[phase] / 1000:,.1f}*" for phase in done] + [f"*{base['all'] / 1e6:,.0f} M in all*"]


def text(kernel, all_rows):
    """The tables of README.md. Lines that no tool can take for granted are said beside them."""
    out = ["Instructions (one processor, the tool's own included), ratio to no tracing:", ""]
    out += markdown(all_rows, "ratio", base_cells(kernel))
    if any("wall_ratio" in row for row in all_rows):
        out += ["", "Wall time of the workload (two processors), ratio to no tracing, median of the rounds:", ""]
        out += markdown(all_rows, "wall_ratio")
    out += ["", f"Linux {kernel}, by `tests/bench/run all`. In brackets: the tool shows nothing of this kind of event. Lost: "
                "of the events of kinds that it shows, those that it did not print."]
    return "\n".join(out) + "\n"


def write_between(begin, end, tables):
    with open(README, encoding="utf-8") as file:
        readme = file.read()
    if readme.count(begin) != 1 or readme.count(end) != 1:
        raise measure.Failure("README.md has no marks for the table")
    head, tail = readme.split(begin)[0], readme.split(end)[1]
    with open(README, "w", encoding="utf-8") as file:
        file.write(f"{head}{begin}\n{tables}{end}{tail}")


def stored(arguments):
    """Shows or writes the tables of what is kept."""
    all_rows = []
    for tool in measure.TOOLS:
        results = {mode: measure.load(arguments.kernel, tool, mode) for mode in ("icount", "wall")}
        # Only whole measures are told to the public.
        if arguments.readme and not all(result and result["scale"] == 1 for result in results.values()):
            raise measure.Failure(f"{tool} is not measured in full on {arguments.kernel}; run tests/bench/run all first")
        results = {mode: result for mode, result in results.items() if result}
        if results:
            all_rows += rows(tool, results)
    if not any(row["tool"] == "mica" and "ratio" in row for row in all_rows):
        raise measure.Failure(f"nothing was measured of mica on {arguments.kernel}; run tests/bench/run all first")
    if arguments.readme:
        write_between(BEGIN, END, text(arguments.kernel, all_rows))
    elif arguments.markdown:
        print(text(arguments.kernel, all_rows), end="")
    else:
        show(all_rows)
