# SPDX-License-Identifier: BSD-2-Clause
# For guests that run containers: . /share/lib/containers.sh
# shellcheck shell=bash

# make_busybox DIR: a root directory with a static busybox and a link for each of its programs.
make_busybox() {
	mkdir -p "$1/bin"
	cp "$(command -v busybox)" "$1/bin/busybox"
	# In one process, not one a link. Without /proc it takes its own name as the links' target.
	chroot "$1" /bin/busybox --install -s /bin
}

# mount_namespace PID: the number of its mount namespace.
mount_namespace() { stat -Lc %i "/proc/$1/ns/mnt"; }
