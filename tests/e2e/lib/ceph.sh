# SPDX-License-Identifier: BSD-2-Clause
# A real Ceph of one node, with a CephFS: . /share/lib/ceph.sh
# shellcheck shell=bash

# start_ceph ADDRESS FOLDER: a monitor, an object store in memory, a metadata server. Without a manager: CephFS does without the
# figures that it collects, and it takes twice the memory of the rest. What the rest says goes to files in FOLDER.
start_ceph() {
	local address=$1 folder=$2 fsid
	fsid=$(cat /proc/sys/kernel/random/uuid)
	mkdir -p "$folder"/{mon,osd,mds} /etc/ceph
	cat >/etc/ceph/ceph.conf <<-END
		[global]
		fsid = $fsid
		mon host = [v2:$address:3300,v1:$address:6789]
		auth cluster required = none
		auth service required = none
		auth client required = none
		public network = $address/24
		run dir = $folder
		log file = $folder/\$name.log
		admin socket = $folder/\$name.\$pid.socket
		log to stderr = false
		err to stderr = false
		osd crush chooseleaf type = 0
		osd pool default size = 1
		osd pool default min size = 1
		osd pool default pg num = 1
		osd pool default pg autoscale mode = off
		mon allow pool size one = true
		mon data avail crit = 1
		mon data avail warn = 2
		[mon]
		mon data = $folder/mon
		[osd]
		osd objectstore = memstore
		osd data = $folder/osd
		memstore device bytes = 268435456
		[mds]
		mds data = $folder/mds
		mds cache memory limit = 67108864
	END
	monmaptool --create --fsid "$fsid" --addv a "[v2:$address:3300,v1:$address:6789]" monmap >monmap.log 2>&1 || die "$(cat monmap.log)"
	ceph-mon --mkfs -i a --monmap monmap >mon.log 2>&1 || die "no ceph-mon: $(cat mon.log)"
	start_ceph_mon
	fsid=$(cat /proc/sys/kernel/random/uuid)
	ceph osd new "$fsid" >/dev/null
	ceph-osd --mkfs -i 0 --osd-uuid "$fsid" >osd.log 2>&1 || die "no ceph-osd: $(cat osd.log)"
	ceph-osd -i 0 >osd.log 2>&1 || die "no ceph-osd: $(cat osd.log)"
	ceph osd pool create meta 1 2>pool.log || die "$(cat pool.log)"
	ceph osd pool create data 1 2>pool.log || die "$(cat pool.log)"
	ceph fs new cephfs meta data --force >fs.log 2>&1 || die "$(cat fs.log)"
	start_ceph_mds
}
start_ceph_mon() {
	ceph-mon -i a >mon.log 2>&1 || die "no ceph-mon: $(cat mon.log)"
	ceph_answers() { timeout 60 ceph fsid; }
	eventually "the monitor does not answer" ceph_answers
}
start_ceph_mds() {
	ceph-mds -i a >mds.log 2>&1 || die "no ceph-mds: $(cat mds.log)"
	mds_active() { ceph mds stat | grep -q up:active; }
	eventually "the metadata server does not become active" mds_active
}
ceph_servers() { pgrep -x 'ceph-mon|ceph-osd|ceph-mds' | tr '\n' ' '; }
