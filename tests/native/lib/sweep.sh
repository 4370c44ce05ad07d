# SPDX-License-Identifier: BSD-2-Clause
# Killing a command, or failing one of its system calls, at each of them in turn.
#
#   sweep setup verify COMMAND...        kill -9 before each system call that changes something
#   sweep_errors ERRNO SET setup verify COMMAND...    each call of SET fails once with ERRNO
#
# `setup` makes the store anew; `verify` is called with "done" or "killed" (errors: "done" or "failed") and judges. A kill
# before a call that changes nothing leaves what a kill before the next that does leaves: so only those are swept. What
# comes before the command opens its store (the dynamic loader) touches nothing, and is left out.
command -v strace >/dev/null || skip "no strace"
# Under a tracer already, or where ptrace is forbidden, nothing can be injected.
strace -o /dev/null true 2>/dev/null || skip "strace cannot trace here"

changing="openat mkdir mkdirat rename renameat renameat2 unlink unlinkat pwrite64 write ftruncate fsync fdatasync syncfs flock
	fchmod fchmodat fchown fchownat mknodat symlinkat linkat setxattr lsetxattr fsetxattr utimensat fsopen fsconfig fsmount
	move_mount mount umount2 clone fork vfork exit_group"

# The calls to be killed at: "NAME NUMBER" a line, as strace counts, each kind of call on its own.
list_calls() { # COMMAND...
	strace -f -o "$WORK/.calls" "$@" >/dev/null 2>&1 || true
	CHANGING="$changing" awk -v root="$MICA_ROOT" '
		BEGIN { split(ENVIRON["CHANGING"], words); for (i in words) changes[words[i]] = 1 }
		match($0, /^([0-9]+ +)?[a-z_0-9]+\(/) {
			name = $0; sub(/^[0-9]+ +/, "", name); sub(/\(.*/, "", name)
			count[name]++
			if (index($0, root) && name != "execve" && NR > 2) begun = 1
			if (name == "openat" && !/O_CREAT|O_TMPFILE/) next
			if (begun && changes[name]) print name, count[name]
		}' "$WORK/.calls"
}

sweep() {
	local setup=$1 verify=$2 killed=0 name number
	shift 2
	$setup
	list_calls "$@" >"$WORK/.list"
	while read -r name number <&3; do
		$setup
		if strace -f -o "$WORK/.trace" -e trace="$name" -e inject="$name:signal=KILL:when=$number" "$@" >"$WORK/.out" 2>&1; then
			$verify done
		else
			killed=$((killed + 1))
			$verify killed || die "killed at $name number $number: $(tail -n 3 "$WORK/.trace")"
		fi
	done 3<"$WORK/.list" 2> >(grep -v Killed >&2)
	[ "$killed" -gt 10 ] || die "only $killed kills of $(wc -l <"$WORK/.list") calls"
	echo "$*: killed at $killed system calls"
}

sweep_errors() {
	local error=$1 set=$2 setup=$3 verify=$4 call status failed=0
	shift 4
	for ((call = 1;; call++)); do
		$setup
		status=0
		strace -f -o "$WORK/.trace" -e trace="$set" -e inject="$set":error="$error":when=$call "$@" >"$WORK/.out" 2>&1 || status=$?
		grep -q INJECTED "$WORK/.trace" || break
		[ "$status" -lt 128 ] || die "$error at call $call of $set: died: $(tail -n 3 "$WORK/.trace")"
		if [ "$status" = 0 ]; then $verify done; else
			failed=$((failed + 1))
			[ -s "$WORK/.out" ] || die "$error at call $call of $set: it failed and said nothing"
			$verify failed || die "$error at call $call of $set: $(grep INJECTED "$WORK/.trace")"
		fi
	done
	[ "$call" -gt 1 ] || die "no call of $set"
	echo "$*: $error at $((call - 1)) calls of $set, $failed refused"
}
