# SPDX-License-Identifier: BSD-2-Clause
# For guests that run containers: . /share/lib/containers.sh
# shellcheck shell=bash

# make_busybox DIR: a root directory with a static busybox and a link for each of its programs.
make_busybox() {
	local busybox program
	busybox=$(command -v busybox)
	mkdir -p "$1/bin"
	cp "$busybox" "$1/bin/busybox"
	for program in $("$busybox" --list); do
		[ "$program" = busybox ] || ln -sf busybox "$1/bin/$program"
	done
}

# mount_namespace PID: the number of its mount namespace.
mount_namespace() { stat -Lc %i "/proc/$1/ns/mnt"; }
