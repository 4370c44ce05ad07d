# SPDX-License-Identifier: BSD-2-Clause
# A daemon for a test: its socket is $SOCKET, its words go to $WORK/daemon.log.
SOCKET=$WORK/mica.sock
DAEMON=

start_daemon() { # ARGUMENTS...
	rm -f "$WORK/ready"
	python3 "$LIB/notified.py" "$WORK/ready" mica daemon --socket "$SOCKET" "$@" >>"$WORK/daemon.log" 2>&1 &
	DAEMON=$!
	eventually "the daemon is not ready: $(tail -n 5 "$WORK/daemon.log" 2>/dev/null)" test -e "$WORK/ready"
	DAEMON=$(cat "$WORK/ready")
}
stop_daemon() { # [SIGNAL]
	[ -n "$DAEMON" ] || return 0
	kill "-${1:-TERM}" "$DAEMON" 2>/dev/null || true
	eventually "the daemon does not end" gone "$DAEMON"
	DAEMON=
}
gone() { ! kill -0 "$1" 2>/dev/null || grep -q '^State:.*Z' "/proc/$1/status" 2>/dev/null; }
trap 'status=$?; [ -z "$DAEMON" ] || kill -KILL "$DAEMON" 2>/dev/null; [ $status -eq 0 ] || tail -n 30 "$WORK/daemon.log" 2>/dev/null' EXIT

# COMMAND becomes true within 30 s: a generous bound, on a loaded machine too.
eventually() { # WORDS COMMAND...
	local words=$1 try
	shift
	for ((try = 0; try < 600; try++)); do
		"$@" >/dev/null 2>&1 && return 0
		sleep 0.05
	done
	die "$words"
}
# One call of the plugin; prints the status and the body.
call() { # CALL [JSON]
	local files=$WORK/.call.$BASHPID
	curl --silent --max-time 30 --unix-socket "$SOCKET" --header Content-Type: --header Expect: --data-binary "${2-}" \
		--write-out '%{stderr}%{http_code} ' "http://plugin.moby.localhost/$([[ $1 == /* ]] || echo VolumeDriver.)${1#/}" \
		2>"$files.status" >"$files.body" || true
	cat "$files.status" "$files.body"
	rm -f "$files.status" "$files.body"
}
answers() { # CALL JSON STATUS JQ-EXPRESSION: it answers so
	local answer
	answer=$(call "$1" "$2")
	[ "${answer%% *}" = "$3" ] || die "$1 $2: $answer, not $3"
	jq -e "$4" >/dev/null <<<"${answer#* }" || die "$1 $2: $answer is not $4"
}
