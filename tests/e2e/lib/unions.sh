# SPDX-License-Identifier: BSD-2-Clause
# Containers that are no more than a union in a mount namespace: . /share/lib/unions.sh, after guest.sh and containers.sh
# shellcheck shell=bash disable=SC2154,SC2034
#
# /store is an ext4; a container NAME lives in /store/NAME: low (the topmost layer), up, wk, mg (its union), vol (at /vol in it), scratch (no
# object of anybody). It has /store as /host, and of its own /tmp, /proc, /dev, /sys and what mounts_of NAME mounts.

# make_store: /store, and /spare, another file system.
make_store() {
	mkdir -p /store /spare /run/sockets
	truncate -s 192M /root/store
	mkfs.ext4 -q -F -b 4096 -O project,quota /root/store 2>/dev/null || mkfs.ext4 -q -F -b 4096 /root/store
	store_device=$(losetup --find --show /root/store)
	mount -o user_xattr,acl "$store_device" /store
	truncate -s 24M /root/spare
	mkfs.ext4 -q -F /root/spare
	spare_device=$(losetup --find --show /root/spare)
	mount "$spare_device" /spare
	mkdir -p /store/base/bin /store/base/{usr,home,opt,etc,mnt,proc,dev,sys,host,vol,spare,tmp,run/sockets}
	cp "$(command -v busybox)" "$(command -v act)" /store/base/bin/
	mknod -m 666 /store/base/dev/null c 1 3
	mkdir -p /sys/fs/cgroup/free
	for program in sh cat echo sleep true mkdir rm; do ln -s busybox "/store/base/bin/$program"; done
}

# make_tree NAME: its directories. All have the layer /store/base, with busybox, below their own.
make_tree() {
	mkdir -p "/store/$1"/{low/{usr,home,opt},up,wk,mg,vol,scratch}
}

# What a container mounts in its root, where it is, but for /proc, /host and /vol.
usual_mounts() {
	mount --bind /dev dev
	mount --rbind /sys sys
	mount --bind /spare spare
	mount --bind /run/sockets run/sockets
	mount -t tmpfs tmp tmp
}

# What more a container mounts, below its root $1: redefine it.
mounts_of() { :; }

# start_container NAME CGROUP [MOUNTOPTIONS [LAYERS:]]: a shell that waits for commands. Sets pid_of[NAME].
declare -A pid_of input_of output_of
start_container() {
	local name=$1 cgroup=/sys/fs/cgroup/$2 options=${3:-redirect_dir=off} at=/store/$1 layers=${4:-/store/$1/low:} in out
	mkdir -p "$cgroup" "/run/containers/$name"
	mkfifo "/run/containers/$name/in" "/run/containers/$name/out"
	(
		echo "$BASHPID" >"$cgroup/cgroup.procs"
		export -f usual_mounts mounts_of
		# shellcheck disable=SC2016
		exec unshare --mount --propagation private bash -euc '
			at=$1
			mount -t overlay overlay -o "lowerdir=$3/store/base,upperdir=$at/up,workdir=$at/wk,$2" "$at/mg"
			cd "$at/mg"
			mount -t proc proc proc
			mount --bind /store host
			mount --bind "$at/vol" vol
			usual_mounts
			mounts_of "$at/mg"
			exec enter-union "$at/mg" /bin/sh' sh "$at" "$options" "$layers"
	) <"/run/containers/$name/in" >"/run/containers/$name/out" 2>"/run/containers/$name/errors" &
	pid_of[$name]=$!
	exec {in}>"/run/containers/$name/in" {out}<"/run/containers/$name/out"
	input_of[$name]=$in output_of[$name]=$out
	in_container "$name" true || fail "no container $name: $(cat "/run/containers/$name/errors")"
}

# in_container NAME COMMAND: its status. Its output is in $reply, without what it says on stderr.
in_container() {
	local line
	echo "{ $2; } </dev/null; echo = \$?" >&"${input_of[$1]}"
	reply=
	while IFS= read -r -t 120 line <&"${output_of[$1]}"; do
		case $line in
		"= "*)
			reply=${reply%$'\n'}
			return "${line#= }"
			;;
		esac
		reply+=$line$'\n'
	done
	reply=${reply%$'\n'}
	return 200
}

# next_line NAME: what a process in its background prints, in $reply.
next_line() { IFS= read -r -t 120 reply <&"${output_of[$1]}"; }

stop_container() {
	local in=${input_of[$1]} out=${output_of[$1]}
	exec {in}>&- {out}<&-
	wait "${pid_of[$1]}" 2>/dev/null || true
	rm -r "/run/containers/$1"
}
