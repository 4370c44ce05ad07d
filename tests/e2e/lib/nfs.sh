# SPDX-License-Identifier: BSD-2-Clause
# A real NFS server on a host of hosts.sh: . /share/lib/nfs.sh
# shellcheck shell=bash

# start_nfs HOST DIRECTORY: serves a directory that is a file system of its own, by NFS 4 only.
start_nfs() {
	modprobe nfsd
	modprobe nfsv4
	truncate -s 64M "$2.img"
	mkfs.ext4 -q "$2.img"
	mkdir -p "$2"
	mount -o loop "$2.img" "$2"
	# The files by which the kernel's server is told are those of the network namespace that mounts them.
	nsenter --net="/run/netns/$1" unshare --mount sh -euc '
		mount -t nfsd nfsd /proc/fs/nfsd
		mkdir -p /var/lib/nfs/v4recovery
		exportfs -o rw,no_root_squash,insecure,no_subtree_check,fsid=77 "*:$1"
		rpc.mountd --no-nfs-version 3
		rpc.nfsd --no-nfs-version 3 --nfs-version 4 --lease-time 10 --grace-time 10 4' sh "$2" >nfs.log 2>&1 ||
		die "no NFS server: $(cat nfs.log)"
}
