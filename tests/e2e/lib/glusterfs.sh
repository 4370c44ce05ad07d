# SPDX-License-Identifier: BSD-2-Clause
# A real GlusterFS: . /share/lib/glusterfs.sh
# shellcheck shell=bash

# start_glusterfs ADDRESS BRICK [COMMAND...]: a volume gv0 of one brick; COMMAND runs its programs, on another host for instance.
start_glusterfs() {
	local address=$1 brick=$2
	shift 2
	mkdir -p "$brick" /var/lib/glusterd /var/log/glusterfs /run/gluster
	"$@" glusterd --pid-file=/run/glusterd.pid || true # what counts is whether it answers
	eventually "glusterd does not answer" "$@" gluster --mode=script pool list
	"$@" gluster --mode=script volume create gv0 "$address:$brick" force >gluster.log 2>&1 || die "$(cat gluster.log)"
	"$@" gluster --mode=script volume start gv0 >gluster.log 2>&1 || die "$(cat gluster.log)"
	brick_ready() { "$@" gluster --mode=script volume status gv0 | grep -qE "^Brick .* Y "; }
	eventually "the brick is not up" brick_ready "$@"
}
# The programs of the server: what the clients run is not among them.
glusterfs_servers() { pgrep -x 'glusterd|glusterfsd' | tr '\n' ' '; }
