# SPDX-License-Identifier: BSD-2-Clause
# M12: two hosts, alpha and beta, each with a network, a store and a daemon, and containers on both.
# shellcheck shell=bash
. /share/lib/volumes.sh
. /share/lib/hosts.sh

root_of() { echo "/var/lib/mica-$1"; }
# at HOST mica-arguments...
at() {
	local host=$1
	shift
	on "$host" env MICA_ROOT="$(root_of "$host")" mica "$@"
}
# make_mica_host NAME ADDRESS: with a daemon and an image shop:1.
make_mica_host() {
	make_host "$1" "$2"
	[ -e shop.tar ] || python3 $LIB/images.py shop.tar shop:1
	at "$1" layer import --quiet shop.tar >/dev/null
	on "$1" env MICA_ROOT="$(root_of "$1")" mica daemon --socket "$WORK/$1.sock" >>daemon.log 2>&1 &
	eventually "no daemon on $1: $(cat daemon.log)" test -S "$WORK/$1.sock"
}
alpha_rests() { [ -z "$(at alpha ps --quiet)" ]; }
# follows_and_is_shared VOLUME-ARGUMENTS...: the statement itself, on a volume that is made so on each host.
follows_and_is_shared() {
	local host
	for host in alpha beta; do at $host volume create "$@" data >/dev/null; done

	# A container of alpha fills the volume, and ends; another one on beta goes on with it.
	at alpha run --rm --name db -v data:/shared shop:1 sh -c 'echo from-alpha >/shared/table'
	equal "$(at beta run --rm --name db -v data:/shared shop:1 sh -c 'cat /shared/table; echo from-beta >>/shared/table')" from-alpha
	equal "$(at alpha run --rm --name db -v data:/shared shop:1 cat /shared/table)" "from-alpha
from-beta"

	# Two at once: each waits for what the other one writes.
	at alpha run --detach --name left -v data:/shared shop:1 sh -c \
		'echo ping >/shared/ping; while [ ! -e /shared/pong ]; do sleep 0.2; done; cp /shared/pong /shared/end' >/dev/null
	at beta run --rm --name right -v data:/shared shop:1 sh -c \
		'while [ ! -s /shared/ping ]; do sleep 0.2; done; echo pong >/shared/new; mv /shared/new /shared/pong
		while [ ! -s /shared/end ]; do sleep 0.2; done; cat /shared/ping /shared/end' >right.out
	equal "$(cat right.out)" "ping
pong"
	eventually "left does not end" alpha_rests
	at alpha rm left >/dev/null

	# Nothing of the containers or mounts is left on either.
	for host in alpha beta; do
		at $host volume rm data >/dev/null
		equal "$(findmnt --raw --noheadings --output TARGET | grep "^$(root_of $host)/" || true)" ""
		equal "$(at $host ps --all --quiet)" ""
		at $host check --quiet
	done
}
