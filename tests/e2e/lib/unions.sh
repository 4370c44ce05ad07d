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

# What of the host's a container mounts in its root, where it is: no volumes of its own. Redefine it for fewer.
usual_mounts() {
	mount --bind /dev dev
	mount --rbind /sys sys
	mount --bind /spare spare
	mount --bind /run/sockets run/sockets
	mount -t tmpfs tmp tmp
}

# What more a container mounts, below its root $1: redefine it.
mounts_of() { :; }

# volumes_of NAME: a line "DIRECTORY DESTINATION" for each: redefine it.
volumes_of() { echo "/store/$1/vol /vol"; }

# bundle_of NAME CGROUP: an OCI bundle for crun, as privileged as can be, of which no namespace but that of mounts is its own.
bundle_of() {
	local bundle=/run/containers/$1/bundle volumes
	volumes=$(volumes_of "$1" | jq -Rn '[inputs / " " | { source: .[0], destination: .[1], type: "bind", options: ["bind", "rw"] }]')
	mkdir -p "$bundle"
	(cd "$bundle" && crun spec)
	jq --arg root "/store/$1/mg" --arg cgroup "/$2" --argjson volumes "$volumes" '
		["CHOWN", "DAC_OVERRIDE", "DAC_READ_SEARCH", "FOWNER", "FSETID", "KILL", "SETGID", "SETUID", "SETPCAP",
			"LINUX_IMMUTABLE", "NET_BIND_SERVICE", "NET_BROADCAST", "NET_ADMIN", "NET_RAW", "IPC_LOCK", "IPC_OWNER",
			"SYS_MODULE", "SYS_RAWIO", "SYS_CHROOT", "SYS_PTRACE", "SYS_PACCT", "SYS_ADMIN", "SYS_BOOT", "SYS_NICE",
			"SYS_RESOURCE", "SYS_TIME", "SYS_TTY_CONFIG", "MKNOD", "LEASE", "AUDIT_WRITE", "AUDIT_CONTROL", "SETFCAP",
			"MAC_OVERRIDE", "MAC_ADMIN", "SYSLOG", "WAKE_ALARM", "BLOCK_SUSPEND", "AUDIT_READ", "PERFMON", "BPF",
			"CHECKPOINT_RESTORE"] as $names
		| [$names[] | "CAP_" + .] as $all
		| .process.terminal = false | .process.rlimits = [] | .process.args = ["/bin/sh"]
		| .process.env = ["PATH=/bin", "HOME=/"] | .process.noNewPrivileges = false
		| .process.capabilities = { bounding: $all, effective: $all, permitted: $all, inheritable: $all }
		| .root = { path: $root, readonly: false } | .mounts = $volumes
		| .linux.namespaces = [{ type: "mount" }] | .linux.maskedPaths = [] | .linux.readonlyPaths = []
		| .linux.cgroupsPath = $cgroup | del(.linux.seccomp, .linux.resources, .hostname)' \
		"$bundle/config.json" >"$bundle/config.new"
	mv "$bundle/config.new" "$bundle/config.json"
}

# start_container NAME CGROUP [MOUNTOPTIONS [LAYERS:]]: a shell that waits for commands. Sets pid_of[NAME].
# How: `bare` (unshare, pivot_root, execve), or with `crun`, which mica knows.
runtime=bare
declare -A pid_of input_of output_of
start_container() {
	local name=$1 cgroup=$2 options=${3:-redirect_dir=off} at=/store/$1 layers=${4:-/store/$1/low:} in out
	mkdir -p "/sys/fs/cgroup/$cgroup" "/run/containers/$name"
	mkfifo "/run/containers/$name/in" "/run/containers/$name/out"
	[ $runtime = bare ] || bundle_of "$name" "$cgroup"
	(
		[ $runtime != bare ] || echo "$BASHPID" >"/sys/fs/cgroup/$cgroup/cgroup.procs"
		export -f usual_mounts mounts_of volumes_of
		# shellcheck disable=SC2016
		exec unshare --mount --propagation private bash -euc '
			name=$1 at=$2 runtime=$5
			mount -t overlay overlay -o "lowerdir=$4/store/base,upperdir=$at/up,workdir=$at/wk,$3" "$at/mg"
			cd "$at/mg"
			mount -t proc proc proc
			mount --bind /store host
			usual_mounts
			mounts_of "$at/mg"
			while read -r directory destination; do
				mkdir -p "$directory" "$at/mg$destination"
				[ "$runtime" != bare ] || mount --bind "$directory" "$at/mg$destination"
			done < <(volumes_of "$name")
			[ "$runtime" = bare ] || exec crun --cgroup-manager=cgroupfs run --bundle "/run/containers/$name/bundle" "$name"
			exec enter-union "$at/mg" /bin/sh' sh "$name" "$at" "$options" "$layers" $runtime
	) <"/run/containers/$name/in" >"/run/containers/$name/out" 2>"/run/containers/$name/errors" &
	pid_of[$name]=$!
	exec {in}>"/run/containers/$name/in" {out}<"/run/containers/$name/out"
	input_of[$name]=$in output_of[$name]=$out
	in_container "$name" true || fail "no container $name: $(cat "/run/containers/$name/errors")"
	[ $runtime = bare ] || pid_of[$name]=$(crun state "$name" | jq .pid)
}

answer_seconds=120
# in_container NAME COMMAND: its status, for which it waits answer_seconds. Its output is in $reply, without what it says on stderr.
in_container() {
	local line
	echo "{ $2; } </dev/null; echo = \$?" >&"${input_of[$1]}"
	reply=
	while IFS= read -r -t "$answer_seconds" line <&"${output_of[$1]}"; do
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
next_line() { IFS= read -r -t "$answer_seconds" reply <&"${output_of[$1]}"; }

stop_container() {
	local in=${input_of[$1]} out=${output_of[$1]}
	exec {in}>&- {out}<&-
	while [ -d "/proc/${pid_of[$1]}" ] && [ "$(awk '/^State/ { print $2 }' "/proc/${pid_of[$1]}/status" 2>/dev/null)" != Z ]; do
		sleep 0.1
	done
	rm -r "/run/containers/$1"
}
