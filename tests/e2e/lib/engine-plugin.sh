# SPDX-License-Identifier: BSD-2-Clause
# Volumes that mica serves to an engine, under `isolation: { volumes: true }`: engine=podman|docker,
# . /share/lib/engine-plugin.sh does it all. B has the volumes. A, C and U have none, but all that a privileged container
# can have: the host's /var/lib as it is now and becomes, its /dev, its processes. N comes later, with a volume of its own.
# shellcheck shell=bash disable=SC2154,SC2034,SC2016
. /share/lib/enforce.sh
. /share/lib/volumes.sh # `refused` is now that of tests/native
SOCKET=/run/docker/plugins/mica.sock
data() { echo "$MICA_ROOT/volumes/$1/_data"; }
host() { data "$1" | sed 's|^/var/lib|/host|'; } # where A, C and U see it
volumes="local memory disk"

# FILE of each volume, for each who and case.
make_files() { # WHO VOLUME…
	local index who=$1 volume
	shift
	for volume in "$@"; do
		mkdir -p "$(data "$volume")/$who"
		for index in "${!case_ids[@]}"; do
			make_file "$(data "$volume")/$who/${case_ids[index]}"
		done
	done
}
look_at() { # every file, and what it holds
	(cd "$MICA_ROOT/volumes" && find . -printf '%p %y %m %U %s\n' && find . -type f -exec sha256sum {} +) | sort >/tmp/now
}

start() { start_in_engine "$@" box; } # NAME ARGUMENTS…
start_stranger() { start "$1" -v /var/lib:/host:rslave -v /dev:/dev; } # NAME
stop() { # NAME
	$engine rm -f -t 0 "row-$1" >/dev/null 2>&1 || $engine rm -f "row-$1" >/dev/null
	rm -r "/run/containers/$1"
}

device() { # WHO ID: a node of the disk's device, which nobody but the host may use
	in_container "$1" "act device /tmp/$2 b 7 ${store_device#/dev/loop} ${2##*-}" || true
}
# What comes of each case in WHO, in PHASE. Cases of the flag `late` are of the volume that comes later.
run_cases() { # PHASE WHO late|soon
	local index late how
	look_at # nobody else changes anything meanwhile
	for index in "${!case_ids[@]}"; do
		late=soon how=-
		[[ ${case_flags[index]} != *" late "* ]] || late=late
		[ $late = "$3" ] || continue
		[ "$1" != unruled ] || [[ ${case_flags[index]} != *" before "* ]] || continue
		run_act "$index" "$2"
		[ "$1" != ruled ] || how=$(changed "$2" "${case_ids[index]}")
		record "$1" "$index" "$how"
	done
}
late() { flags+=" late" && "$@"; }
# comes WHO RESULT WORDS…: what act says of them in WHO.
comes() {
	local who=$1 wanted=$2
	shift 2
	in_container "$who" "act $*" || true
	reply=${reply##*$'\n'}
	[ "${reply% *}" = "$wanted" ] || fail "act $* in $who: $reply, not $wanted"
}

for volume in $volumes; do
	at=$(host "$volume")/@who/@id
	deny "$volume-read" "the host's path, read" EACCES read read "$at"
	deny "$volume-write" "the host's path, written" EACCES write,read write "$at"
	deny "$volume-create" "the host's path, created" EACCES create,write,read create "$at.new"
	deny "$volume-unlink" "the host's path, removed" EACCES delete,read unlink "$at"
	deny "$volume-readdir" "the host's path, listed" EACCES read readdir "$at.d"
	deny "$volume-stat" "the host's path, stat(2)" EACCES read stat "$at"
	deny "$volume-bind" "the host's path, bound, and read there" EACCES read sh \
		"act mount $(host "$volume") /mnt - bind >/dev/null; act read /mnt/@who/@id; umount /mnt"
	deny "$volume-open-tree" "the host's path, open_tree(2) and read" EACCES read open-tree-read "$(host "$volume")" @who/@id
	deny "$volume-proc" "/proc/PID/root of its container, read" EACCES read read "/proc/@pidB/root/$volume/@who/@id"
	deny "$volume-proc-write" "/proc/PID/root of its container, written" EACCES write,read write "/proc/@pidB/root/$volume/@who/@id"
	deny "$volume-handle" "a file handle" EACCES read handle "$at"
	deny "$volume-enter" "its container's mount namespace, entered, and read" EACCES read enter "/proc/@pidB/ns/mnt" read "/$volume/@who/@id"
done
# Devices that hold volumes are refused to all containers, while any policy has the isolation.
before deny device-r "a node of the disk's device, read" EACCES device-open,read call device
before deny device-w "a node of the disk's device, written" EACCES device-open,write,read call device
deny device-mount "the disk's device, mounted, and read there" EACCES read,device-open sh \
	"act mount @store /mnt ext4 - >/dev/null; act read /mnt/@who/@id; umount /mnt"
late deny late-read "a volume that came later, read" EACCES read read "$(host later)/@who/@id"
late deny late-write "a volume that came later, written" EACCES write,read write "$(host later)/@who/@id"

mkdir -p image /run/containers
make_busybox image
cp "$(command -v act)" image/bin/
mkdir -p image/{tmp,mnt,host}
tar -C image -c . | $engine import - box >import.log 2>&1 || die "$(cat import.log)"
truncate -s 32M disk
store_device=$(losetup --find --show disk)
start_daemon
$engine volume create "${driver[@]}" "${option}" backend=local local >/dev/null
$engine volume create "${driver[@]}" "${option}" backend=tmpfs memory >/dev/null
$engine volume create "${driver[@]}" "${option}" backend=block "${option}" "device=$store_device" disk >/dev/null
start B -v local:/local -v memory:/memory -v disk:/disk
for volume in $volumes; do mountpoint -q "$(data "$volume")" || [ "$volume" = local ] || die "$volume is not mounted"; done
for who in A C U; do
	# shellcheck disable=SC2086
	make_files $who $volumes
done

# Without a policy all of it is possible.
start_stranger C
run_cases control C soon
stop C
[ -z "${CONTROLS_ONLY-}" ] || exit 0

# A is there before the policies; U, which no policy is for, comes after.
start_stranger A
start_enforce /share/events --json /share/lib/policies/plugin.yaml
start_stranger U
run_cases ruled A soon
run_cases unruled U soon

# Who was given them has them: by exec, in a container that has what B has, and engine and mica themselves.
comes B ok write /local/A/local-read
comes B ok read /memory/A/memory-read
comes B ok create /disk/own
equal "$($engine exec row-B head -n 1 /disk/A/disk-read)" "data of disk-read"
equal "$($engine run --rm --network host --name row-V --volumes-from row-B box head -n 1 /memory/A/memory-read)" "data of memory-read"
echo copied >copied
$engine cp copied row-B:/local/copied
equal "$(cat "$(data local)/copied")" copied
mica volume backup local --output local.tar
mica volume ls | grep -q memory
# N comes with a volume of its own, and one of B's.
$engine volume create "${driver[@]}" "${option}" backend=tmpfs later >/dev/null
start N -v later:/later -v local:/local
# shellcheck disable=SC2043
for who in A U; do make_files $who later; done
comes N ok read /local/A/local-stat
comes N ok create /later/own
comes N EACCES read "/proc/${pid_of[B]}/root/memory/A/memory-read" # what is B's alone
run_cases ruled A late
run_cases unruled U late

# Nobody has them any more, and the daemon is another one: they are nobody's, still.
stop N
stop B
stop_daemon KILL
start_daemon
becomes disk unmounted
comes A EACCES read "$(host local)/A/local-stat"
comes A EACCES device /tmp/again b 7 "${store_device#/dev/loop}" r
comes A EACCES mount "$store_device" /mnt ext4 -
# Mounted, and in no container.
mounted_for disk nobody
sleep 2
comes A EACCES read "$(host disk)/A/disk-stat"
answers Unmount '{"Name":"disk","ID":"nobody"}' 200 '.Err == ""'
becomes disk unmounted
sleep 1
stop_enforce
# It was the policy.
comes A ok read "$(host local)/A/local-stat"
comes A ok device /tmp/again b 7 "${store_device#/dev/loop}" r
comes A ok mount "$store_device" /mnt ext4 -
comes A ok read /mnt/A/disk-stat
stop A
stop U
$engine volume rm local memory disk later >/dev/null
equal "$(mica volume ls --quiet)$(mounts)" ""
stop_daemon
clean
