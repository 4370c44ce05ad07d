#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Replays what dm-log-writes recorded: replay.py LOG FOLDER. At each flush and each mark the disk is looked at as after a power cut.
The format is that of the kernel's drivers/md/dm-log-writes.c: a superblock, then entries of one sector, each with its data after it."""
import os
import shutil
import struct
import subprocess
import sys

log_path, folder = sys.argv[1:]
MAGIC, FLUSH, FUA, DISCARD, MARK = 0x6A736677736872, 1, 2, 4, 8
with open(f"{folder}/states/count", encoding="ascii") as file:
    states = [open(f"{folder}/states/{number}", encoding="utf-8").read() for number in range(int(file.read()))]
mnt = f"{folder}/mnt"
looked_at = 0


def boot():
    """The machine after a power cut is in another boot, as a store sees it: the file is mounted where it looks."""
    with open(f"{folder}/boot_id", "w", encoding="ascii") as file:
        file.write(f"{looked_at:08d}-0000-4000-8000-000000000000\n")


boot()
subprocess.run(["mount", "--bind", f"{folder}/boot_id", "/proc/sys/kernel/random/boot_id"], check=True)


def state_after_power_cut():
    boot()
    shutil.copyfile(f"{folder}/replayed", f"{folder}/cut")
    subprocess.run(["mount", "-o", "loop", f"{folder}/cut", mnt], check=True)
    try:
        # A command opens the store first, which puts right what was under way.
        if not os.path.exists(f"{mnt}/store/mica.db"):
            return None
        done = subprocess.run(["/share/test/state"], capture_output=True, text=True, check=False)
        assert done.returncode == 0, (done.stdout, done.stderr)
        return done.stdout
    finally:
        subprocess.run(["umount", mnt], check=True)


def look(acknowledged, where):
    global looked_at
    looked_at += 1
    state = state_after_power_cut()
    allowed = states[acknowledged:acknowledged + 2]
    assert state in allowed, f"{where}: after {acknowledged}, the store has\n{state}\nand not\n" + "\nnor\n".join(allowed)


with open(log_path, "rb") as log, open(f"{folder}/replayed", "wb+") as disk:
    disk.truncate(os.path.getsize(f"{folder}/disk"))
    magic, _, entries, sector_size = struct.unpack("<QQQI", log.read(28))
    assert magic == MAGIC, hex(magic)
    position, acknowledged = sector_size, -1
    for number in range(entries):
        log.seek(position)
        head = log.read(sector_size)
        sector, sectors, flags, length = struct.unpack("<QQQQ", head[:32])
        position += sector_size
        if flags & MARK:
            mark = head[32:32 + length].rstrip(b"\0").decode()
            if mark == "end":
                break
            acknowledged = int(mark.split("-")[1])
        elif sectors and not flags & DISCARD:
            disk.seek(sector * sector_size)
            disk.write(log.read(sectors * sector_size))
            position += sectors * sector_size
        disk.flush()
        if acknowledged >= 0 and flags & (FLUSH | FUA | MARK):
            look(acknowledged, f"entry {number} of {entries}")
assert acknowledged == len(states) - 1, acknowledged
assert looked_at > 2 * len(states), looked_at
print(f"{looked_at} power cuts, {len(states)} commands")
