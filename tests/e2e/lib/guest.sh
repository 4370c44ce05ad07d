# SPDX-License-Identifier: BSD-2-Clause
# For the guests of end-to-end tests: . /share/lib/guest.sh
# shellcheck shell=bash

fail() {
	echo "FAIL: $*" >&2
	exit 1
}

# start_trace FILE [ARG…]: `mica trace ARG… >FILE 2>FILE.err` in the background, ready when this returns. Sets trace_pid.
start_trace() {
	trace_file=$1
	shift
	: >"$trace_file.err"
	mica trace "$@" >"$trace_file" 2>"$trace_file.err" &
	trace_pid=$!
	for ((waited = 0; waited < 600; waited++)); do
		grep -q tracing "$trace_file.err" && return 0
		[ -d "/proc/$trace_pid" ] || break
		sleep 0.1
	done
	cat "$trace_file.err" >&2
	fail "mica trace $* did not say 'tracing' within 60 s"
}

# stop_trace: SIGINT to the trace of start_trace, which must then end within 60 s and with status 0.
stop_trace() {
	local status=0 waited
	kill -INT "$trace_pid" || fail "mica trace was gone before it was stopped: $(cat "$trace_file.err")"
	for ((waited = 0; waited < 600; waited++)); do
		case $(awk '/^State/ { print $2 }' "/proc/$trace_pid/status" 2>/dev/null) in
		'' | Z) break ;;
		esac
		sleep 0.1
	done
	[ $waited -lt 600 ] || kill -KILL "$trace_pid"
	wait "$trace_pid" || status=$?
	[ $status -eq 0 ] || {
		cat "$trace_file.err" >&2
		fail "mica trace ended with status $status on SIGINT"
	}
}
