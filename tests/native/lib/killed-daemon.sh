# SPDX-License-Identifier: BSD-2-Clause
# For tests that kill the daemon under a real engine, before it reads each request and before it sends each answer; it is
# started again at once, as a service manager does. After engines.sh.

# serve [STRACE-ARGUMENTS...]: the daemon, under strace in its first life, started again when it dies.
serve() {
	rm -f stop
	(
		# shellcheck disable=SC2064
		trap 'kill -KILL $pid 2>/dev/null' EXIT
		strace -qq -I2 -o .calls "$@" mica daemon --socket $SOCKET >>daemon.log 2>&1 &
		pid=$!
		while wait $pid 2>/dev/null || true; [ ! -e stop ]; do
			mica daemon --socket $SOCKET >>daemon.log 2>&1 &
			pid=$!
		done
	) &
	serving=$!
	answering() { [[ $(call /Plugin.Activate) == 200* ]]; }
	eventually "nobody serves" answering
}
end_serve() {
	touch stop
	kill "$(cat "$MICA_ROOT/daemon.lock" 2>/dev/null || pgrep -f "mica daemon --socket $SOCKET")" 2>/dev/null || true
	wait $serving 2>/dev/null || true
}
# kill_at_each: engine_life, which is the test's, with the daemon killed at each step of it.
kill_at_each() {
	local system_call number count
	serve -e trace=sendmsg,recvfrom
	engine_life
	cp .calls clean
	end_serve
	for system_call in recvfrom sendmsg; do
		count=$(grep -c "^$system_call(" clean)
		[ "$count" -gt 10 ] || die "only $count times $system_call: $(cat clean)"
		# The first is of the question whether somebody answers, the last of our own list.
		for ((number = 2; number < count; number++)); do
			serve -e trace=$system_call -e inject=$system_call:signal=KILL:when=$number
			engine_life
			grep -q 'killed by SIGKILL' .calls || [ $system_call = recvfrom ] || die "it was not killed at answer $number of $count"
			end_serve
		done
		echo "killed at $((count - 2)) times $system_call"
	done
}
