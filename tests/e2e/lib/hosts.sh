# SPDX-License-Identifier: BSD-2-Clause
# Several hosts in one guest: each a network namespace at a switch of its own: . /share/lib/hosts.sh
# shellcheck shell=bash

# make_host NAME ADDRESS: a namespace NAME with that address of 10.77.0.0/24. The guest itself is 10.77.0.254.
make_host() {
	[ -d /sys/class/net/switch ] || {
		ip link add switch type bridge
		ip address add 10.77.0.254/24 dev switch
		ip link set switch up
	}
	ip netns add "$1"
	ip link add "$1" type veth peer name eth0 netns "$1"
	ip link set "$1" master switch
	ip link set "$1" up
	ip -n "$1" link set lo up
	ip -n "$1" address add "$2/24" dev eth0
	ip -n "$1" link set eth0 up
}
# on HOST COMMAND...: there; the mounts are those of the guest, as are its files.
on() {
	local host=$1
	shift
	nsenter --net="/run/netns/$host" "$@"
}
# unplug HOST, plug HOST: its packets are lost, as when its power is cut.
unplug() { ip link set "$1" down; }
plug() { ip link set "$1" up; }
