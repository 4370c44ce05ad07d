# SPDX-License-Identifier: BSD-2-Clause
# For the tests that count what is lost: . /share/lib/losses.sh
# shellcheck shell=bash disable=SC2034

# make_union: a union of one lower with 100,000 files in 50 directories at /tmp/merged.
files=100000 directories=50
make_union() {
	mkdir -p /tmp/union /tmp/merged
	mount -t tmpfs -o nr_inodes=0 union /tmp/union
	mkdir /tmp/union/lower /tmp/union/upper /tmp/union/work
	[ "$(unlink-many make /tmp/union/lower $files $directories)" = $files ] || fail "cannot make the files"
	mount -t overlay overlay -o lowerdir=/tmp/union/lower,upperdir=/tmp/union/upper,workdir=/tmp/union/work \
		/tmp/merged
}

# remove_all THREADS: and nothing of it is left.
remove_all() {
	[ "$(unlink-many remove /tmp/merged $files $directories "$1")" = $files ] || fail "cannot remove the files"
	[ "$(find /tmp/merged -type f | wc -l)" -eq 0 ] || fail "files are left"
}
