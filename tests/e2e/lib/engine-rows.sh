# SPDX-License-Identifier: BSD-2-Clause
# The tables of policies/, by containers of an engine, each policy for the containers of a name: engine=podman|docker,
# . /share/lib/engine-rows.sh does it all.
# shellcheck shell=bash disable=SC2154,SC2034
. /share/lib/enforce.sh
. /share/lib/rows.sh
trees=/trees

# C and U of a number have an image, made from a tree. B is the other one. Each command of an engine takes seconds here: so
# there are no more than it needs.
tree_of() { echo "$trees/${1#[CU]}"; }
make_tree() {
	local tree
	tree=$(tree_of "$1")
	[ -d "$tree" ] || cp -a /store/base "$tree"
	rm -rf "${tree:?}/dev"
}
layer_of() {
	local lowers
	lowers=$($engine inspect --format '{{.GraphDriver.Data.LowerDir}}' "row-$1")
	echo "${lowers##*:}"
}
low_of() { if [ -n "${pid_of[$1]-}" ]; then layer_of "$1"; else tree_of "$1"; fi; }
# A volume that the container will be given.
volume_of() {
	local at=/var/lib/docker/volumes/$1-data/_data
	[ "$engine" = docker ] || at=/var/lib/containers/storage/volumes/$1-data/_data
	[ -d "$at" ] || $engine volume create "$1-data" >/dev/null
	echo "$at"
}
host_path() { echo "/host${1#/var/lib}"; }

declare -A imported
# start NAME: a container with a shell that waits for commands.
start() {
	local name=$1 image
	image=tree-$(basename "$(tree_of "$1")" | tr B b)
	[ -n "${imported[$image]-}" ] || tar -C "$(tree_of "$1")" -c . | $engine import - "$image" >/share/import 2>&1 ||
		fail "$engine import of $image: $(tail /share/import)"
	imported[$image]=1
	start_in_engine "$name" -v "$name-data:/vol" -v /var/lib:/host "$image"
}
# What the rows on mounts need; under their policy the container could not make it any more.
prepare_mounts() {
	in_container "$1" "for i in 1 2 3; do mkdir -p /run/m\$i; act mount m /run/m\$i tmpfs -; done; mkdir /run/m3/old /tmp/x
		act mount x /tmp/x tmpfs nosuid,nodev; [ ! -d /proc/acpi ] || act mount m /proc/acpi tmpfs -
		act mknod /dev/sda b 7 ${spare_device#/dev/loop}" || true
}
# What a container of an engine has not: an upper that can be laid out before it starts, and a device in its union.
eval "all_$(declare -f rows)"
rows() { all_rows "$1" | grep -vE '^(opaque|device-open)\|' || true; }

make_store
mkdir -p "$trees" /tmp/audit
files=(/share/test/policies/*.yaml)
make_tree B
for number in "${!files[@]}"; do
	for who in C U; do make "${files[number]}" "$who$number"; done
	sed "s|^subjects: \[{ default: true }\]|subjects: [{ container: \"row-U$number\" }]|" "${files[number]}" \
		>"/tmp/$(basename "${files[number]}")"
done
start B
for number in "${!files[@]}"; do
	start "C$number"
	prepare_mounts "C$number"
	try control "${files[number]}" "C$number"
done
[ -z "${CONTROLS_ONLY-}" ] || exit 0
# What was removed by the controls on B is there again.
for file in "${files[@]}"; do
	while IFS='|' read -r operation object path _; do
		case $object in foreign-*) provide "$operation" "$object" "$path" U0 "$file" ;; esac
	done < <(rows "$file")
done

# Half of the containers are there before the policies, half come after. The one that denies nothing is a set of its own: a
# guard of another policy of the set would bind its containers too.
for number in 0 1 2; do
	start "U$number"
	prepare_mounts "U$number"
done
mv /tmp/audit-everything.yaml /tmp/audit/
start_enforce /share/audits --json /tmp/audit/*.yaml
try ruled "${files[0]}" U0
sleep 1
stop_enforce
start_enforce /share/events --json /tmp/*.yaml
for number in "${!files[@]}"; do
	[ "$number" -gt 0 ] || continue
	if [ "$number" -gt 2 ]; then
		start "U$number"
		# Until it is known whose it is, the policies by default act, of which there are none here.
		sleep 3
	fi
	try ruled "${files[number]}" "U$number"
done
sleep 1
stop_enforce
cat /share/audits >>/share/events
