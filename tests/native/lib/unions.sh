# SPDX-License-Identifier: BSD-2-Clause
# Unions for the reconcile tests, and the one thing that must never happen to them.

make_union() { # NAME: at $WORK/NAME/mnt
	mkdir -p "$WORK/$1/lower" "$WORK/$1/upper" "$WORK/$1/mnt"
	echo below >"$WORK/$1/lower/file"
	mica union mount -o "br=$WORK/$1/upper=rw:$WORK/$1/lower" "$WORK/$1/mnt"
	echo "$1" >"$WORK/$1/mnt/mine"
}
in_place() { [ "$(cat "$WORK/$1/mnt/mine" 2>/dev/null)" = "$1" ] && [ "$(cat "$WORK/$1/mnt/file")" = below ]; }

# Device numbers of all overlays with this upper, in all mount namespaces of this machine. Never more than one.
superblocks() { # NAME
	{ cat /proc/[0-9]*/mountinfo 2>/dev/null || true; } | awk -v upper="upperdir=$WORK/$1/upper," 'index($0, upper) { print $3 }' | sort -u
}
one_superblock() { # NAME
	local count
	count=$(superblocks "$1" | wc -l)
	[ "$count" -le 1 ] || die "$count overlays on one upper: $(superblocks "$1" | tr '\n' ' ')"
}
# The kernel says so when a second overlay is put on an upper.
kernel_complaints() { dmesg 2>/dev/null | grep -c "is in-use as upperdir/workdir" || true; }
COMPLAINTS=$(kernel_complaints)
never_twice() { equal "$(kernel_complaints)" "$COMPLAINTS"; }
