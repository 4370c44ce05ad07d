# SPDX-License-Identifier: BSD-2-Clause
# The tables in the heads of policies/, row by row: . /share/lib/rows.sh, after enforce.sh
# shellcheck shell=bash disable=SC2154
#
# Whoever uses it says where things are: low_of WHO and volume_of WHO (for the host: what the union is made from, and the
# volume at /vol), layer_of WHO (the layer's directory), host_path PATH (a path of the host, as a container has it), and start WHO CGROUP.

# rows FILE: "operation|object|path|mount|verdict", in an order in which none takes away what a later one needs.
rows() {
	sed -nE 's/^# \| (.*) \|$/\1/p' "$1" | grep -vE '^(operation|---)' | sed -E 's/ *\| */|/g' |
		awk -F'|' '{ order = 0
			if ($1 ~ /^(mount|umount|move-mount|remount|mount-setattr|open-tree|setns)$/) order = 1
			if ($1 ~ /^(whiteout|delete|rename)$/ || ($1 == "mount" && $3 == "/tmp")) order = 2
			if ($1 == "pivot-root") order = 3
			if ($1 == "remount" && $3 == "/") order = 4
			print order "|" $1 "|" $2 "|" $3 "|" (NF > 4 ? $4 : "-") "|" $NF }' | sort -s -t'|' -k1,1n | cut -d'|' -f2-
}

# in_object OBJECT PATH WHO: the row's file as the container names it. backing: as the host does.
in_object() {
	local path=${2%/}
	case ${1%% *} in
	union) echo "${path:-/}" ;;
	foreign-union) echo "/proc/${pid_of[B]}/root$path" ;;
	volume) echo "/vol$path" ;;
	foreign-volume) echo "$(host_path "$(volume_of B)")$path" ;;
	layer) echo "$(host_path "$(layer_of "$3")")$path" ;;
	foreign-layer) echo "$(host_path "$(layer_of B)")$path" ;;
	esac
}
backing() {
	case ${1%% *} in
	union | layer) echo "$(low_of "$3")$2" ;;
	foreign-union | foreign-layer) echo "$(low_of B)$2" ;;
	volume) echo "$(volume_of "$3")$2" ;;
	foreign-volume) echo "$(volume_of B)$2" ;;
	esac
}

# provide OPERATION OBJECT PATH WHO FILE: what the row, of that policy, needs is there.
provide() {
	local at
	at=$(backing "$2" "$3" "$4")
	mkdir -p "${at%/*}"
	case $1 in
	# The container makes it itself.
	write) [ -e "$at" ] || rows "$5" | grep -qF "create|$2|$3|" || echo data >"$at" ;;
	create | mount | umount | move-mount | remount | mount-setattr | open-tree | pivot-root | setns | delete | rename) ;;
	opaque) mkdir -p "$at" && mkdir -p "/store/$4/up${3%/*}" && mknod "/store/$4/up$3" c 0 0 ;;
	device-open) mknod "$at" b 7 "${spare_device#/dev/loop}" ;;
	*) [ -e "$at" ] || [ -e "/store/base$3" ] || [ "$3" = /tmp ] || echo data >"$at" ;;
	esac
	case $1.$2 in
	delete.foreign-* | rename.union) [ "$3" = /tmp/own ] || [ -e "$at" ] || [ -e "/store/base$3" ] || echo data >"$at" ;;
	esac
}

# words OPERATION OBJECT PATH MOUNT WHO: what act does.
words() {
	local at type=- source=- flags=-
	at=$(in_object "$2" "$3" "$5")
	for word in $4; do
		case $word in
		type=*) type=${word#type=} ;;
		source=*) source=${word#source=} ;;
		flags=*) flags=${word#flags=} ;;
		esac
	done
	case $1 in
	read | write) echo "$1 $at" ;;
	copy-up) echo "append $at" ;;
	create) [ "$3" = / ] && echo "create /new" || echo "create $at" ;;
	whiteout | delete) echo "unlink $at" ;;
	opaque) echo "mkdir $at" ;;
	rename) echo "rename $at $at-renamed" ;;
	chmod) echo "chmod $at" ;;
	mount)
		[ "$source" != /proc ] || type=-
		[ "$type" != - ] || [ "$source" != - ] || type=tmpfs
		echo "mount $source $at $type $flags"
		;;
	umount) echo "umount $at detach" ;;
	move-mount) echo "mount /run/m$([ "$3" = /mnt ] && echo 1 || echo 2) $at - move" ;;
	remount) echo "mount - $at - remount,$flags" ;;
	mount-setattr) echo "mount-setattr $at set" ;;
	open-tree) echo "open-tree $at" ;;
	pivot-root) echo "nest 1 pivot-root /run/m3 /run/m3/old" ;;
	setns) echo "setns /proc/${pid_of[B]}/ns/mnt" ;;
	device-open) echo "open $at r" ;;
	*) fail "how is $1 done?" ;;
	esac
}

# told_as OPERATION OBJECT: what it is told as. One system call can be several, and the way into what is another's is refused
# as reading it.
told_as() {
	local way=
	[[ $2 != foreign-* ]] || way=,read
	case $1 in
	write | chmod) echo "$1,copy-up$way" ;;
	copy-up) echo "copy-up,write$way" ;;
	whiteout) echo "whiteout,delete$way" ;;
	rename) echo "rename,copy-up,whiteout$way" ;;
	opaque) echo "opaque,create$way" ;;
	device-open) echo "device-open,read$way" ;;
	*) echo "$1$way" ;;
	esac
}

# try PHASE FILE WHO: each row, by the container WHO (opaque rows by WHO-opaque).
try() {
	local operation object path mount verdict at who name
	name=$(basename "$2" .yaml)
	while IFS='|' read -r operation object path mount verdict; do
		who=$3
		[ "$operation" != opaque ] || who=$3-opaque
		at=$(in_object "$object" "$path" "$who")
		case $operation.$verdict in
		delete.allow | rename.allow) in_container "$who" "echo data >$at" || true ;;
		write.allow | copy-up.allow) in_container "$who" "[ -e $at ] || echo data >$at" || true ;;
		esac
		in_container "$who" "act $(words "$operation" "$object" "$path" "$mount" "$who")" || true
		case $verdict in
		deny*) case_kinds=(deny) case_errnos=("${verdict#deny }") ;;
		audit) case_kinds=(audit) case_errnos=(ok) ;;
		*) case_kinds=(allow) case_errnos=(ok) ;;
		esac
		case_ids=("$name") case_titles=("$operation $object $path $mount") case_operations=("$(told_as "$operation" "$object")")
		case_flags=("")
		reply=${reply##*$'\n'}
		[ -n "$reply" ] || reply="silent 0"
		record "$1" 0 -
	done < <(rows "$2")
}

# make FILE WHO: its containers' trees
make() {
	local operation object path mount verdict
	make_tree "$2"
	while IFS='|' read -r operation object path mount verdict; do
		[[ $mount != *source=/dev/sda* ]] || provide device-open union /dev/sda "$2" "$1"
		if [ "$operation" = opaque ]; then
			make_tree "$2-opaque"
			provide opaque "$object" "$path" "$2-opaque" "$1"
		else
			provide "$operation" "$object" "$path" "$2" "$1"
		fi
	done < <(rows "$1")
}
