# SPDX-License-Identifier: BSD-2-Clause
# For guests that test volumes of servers: . /share/lib/volumes.sh
# A folder to work in, a store, and what tests of tests/native have: a daemon, calls of its plugin, `eventually`.
# shellcheck shell=bash disable=SC2034
. /share/lib/guest.sh
export WORK=/srv/work LIB=/share/native/lib MICA_ROOT=/var/lib/mica
mkdir -p $WORK
cd $WORK
. $LIB/common.sh
. $LIB/daemon.sh

state() { mica volume ls --json | jq -r --arg name "$1" 'select(.name == $name).state'; } # VOLUME
is() { [ "$(state "$1")" = "$2" ]; }                                                       # VOLUME STATE
becomes() { eventually "the volume $1 does not become $2" is "$1" "$2"; } # VOLUME STATE

# A Mount that takes longer than a client waits is refused, and succeeds when it is repeated.
mount_call() { [[ $(call Mount "{\"Name\":\"$1\",\"ID\":\"$2\"}") == 200* ]]; } # VOLUME ID
mounted_for() { eventually "the volume $1 is not mounted" mount_call "$1" "$2"; }

clock() { echo $(($(date +%s%N) / 1000000)); }
work_of_others() {
	mica volume ls >ls.out
	answers List '' 200 '.Volumes | length >= 1'
	answers Mount '{"Name":"near","ID":"other"}' 200 '.Err == ""'
	answers Get '{"Name":"near"}' 200 '.Volume.Mountpoint != ""'
	answers Unmount '{"Name":"near","ID":"other"}' 200 '.Err == ""'
}
# measure_others: how long the rest takes while every server answers, on this guest.
measure_others() {
	local began
	answers Create '{"Name":"near","Opts":{"backend":"local"}}' 200 '.Err == ""'
	began=$(clock)
	work_of_others
	at_rest=$(($(clock) - began))
}
# others_in_time VOLUME...: the volumes' servers are stopped. They are unreachable; the rest of mica takes no more than 5 s longer
# than it did (with room for a guest that is emulated).
others_in_time() {
	local volume began took
	for volume in "$@"; do becomes "$volume" unreachable; done
	for _ in 1 2 3; do
		began=$(clock)
		work_of_others
		took=$(($(clock) - began))
		echo "beside a stopped server: $took ms, $at_rest ms at rest"
		[ $took -lt $((5000 + 3 * at_rest)) ] || die "beside a stopped server the rest of mica takes $took ms, and $at_rest ms at rest"
		for volume in "$@"; do
			grep -qE "unreachable .* $volume\$" ls.out || die "$volume is not shown as unreachable: $(cat ls.out)"
			answers Get "{\"Name\":\"$volume\"}" 200 '.Err == ""'
		done
	done
}
# For a volume that keeps the word `kept` in `file`: it is written there, and read back once its servers answer again.
keeps() { timeout 60 sh -c 'echo kept >"$0/file" && sync -f "$0"' "$1"; } # DIRECTORY
has_kept() { [ "$(timeout 20 cat "$1/file")" = kept ]; }                  # DIRECTORY
# comes_back VOLUME: its servers do. Nothing has to be asked of mica.
comes_back() {
	becomes "$1" mounted
	SECONDS=0
	eventually "the files of $1 are not back" has_kept "$MICA_ROOT/volumes/$1/_data"
	echo "its files are back after $SECONDS s"
}
# pause_servers VOLUME PID...: they stop answering for a while.
pause_servers() {
	local volume=$1
	shift
	kill -STOP "$@"
	others_in_time "$volume"
	kill -CONT "$@"
	comes_back "$volume"
}
