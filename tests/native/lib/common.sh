# SPDX-License-Identifier: BSD-2-Clause
# For the tests in tests/native/: source "$LIB/common.sh".
set -euo pipefail
trap 'echo "line $LINENO: $BASH_COMMAND" >&2' ERR

die() {
	echo "$*" >&2
	exit 1
}
skip() {
	echo "$*"
	exit 77
}
# COMMAND... fails, with STATUS and a message that has PATTERN in it.
refused() { # STATUS PATTERN COMMAND...
	local expected=$1 pattern=$2 status=0
	shift 2
	"$@" >"$WORK/.out" 2>"$WORK/.err" || status=$?
	[ "$status" = "$expected" ] || die "status $status, not $expected: $* ($(cat "$WORK/.err"))"
	[ -z "$pattern" ] || grep -qE -- "$pattern" "$WORK/.err" || die "no '$pattern' in: $(cat "$WORK/.err") ($*)"
}
equal() { # GOT WANTED
	[ "$1" = "$2" ] || die "got: $1
wanted: $2"
}
# What is mounted below the store.
mounts() { findmnt --raw --noheadings --output TARGET | grep "^$MICA_ROOT/" || true; }
clean() { mica check --quiet || die "the store is not clean"; }
