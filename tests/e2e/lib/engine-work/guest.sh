# SPDX-License-Identifier: BSD-2-Clause
# What people do with an engine, and in its containers: engine=podman|docker, . /share/lib/engine-work/guest.sh does it all.
# shellcheck shell=bash disable=SC2154
. /share/lib/enforce.sh
here=/share/lib/engine-work

tree=/root/tree
$here/debian $tree git make rpm rsync sqlite3
mkdir -p $tree/{tmp,proc,sys,dev,ruled,usr/local/bin} /tmp/build
chmod 1777 $tree/tmp
install -m 755 $here/work $tree/usr/local/bin/
$here/image $tree
echo "$SECONDS s: the tree"
tar -C $tree -c . | $engine import - debian >/share/import 2>&1 || fail "$engine import: $(tail /share/import)"
echo "$SECONDS s: the image"
echo file >/tmp/build/file
cat >/tmp/build/Dockerfile <<'FILE'
FROM debian
RUN dpkg -i /srv/packages/demo_1.deb >/dev/null && echo mine >/etc/demo.conf
COPY file /copied
RUN rm -r /srv/unused && mkdir /made
FILE
network=()
[ "$engine" = podman ] || network=(--network none)
# Podman has no service here: whoever starts it is named, as mica-enforce(8) says.
[ "$engine" = docker ] || enforce_options=(--trust $$)

did() { echo "$SECONDS s: $*"; }
# tools NAME: each of them must do its work.
tools() {
	local name=$1
	DOCKER_BUILDKIT=0 $engine build "${network[@]}" --no-cache -t "$name" /tmp/build >"/share/$name.build" 2>&1 ||
		fail "$engine build: $(tail "/share/$name.build")"
	did "$name: build"
	$engine run -d "${network[@]}" --name "$name" -v "$name-data:/data" "$name" sleep 100000 >/dev/null || fail "$engine run"
	$engine exec "$name" work apt rpm git sqlite rsync make >"/share/$name.work" 2>&1 || fail "$engine exec: $(tail "/share/$name.work")"
	did "$name: work"
	$engine exec "$name" sh -c 'echo 1 >/new && echo 1 >>/copied && rm -r /made && cp -a /srv/links /data && ls -R /data >/dev/null'
	$engine cp /tmp/build "$name:/copied-in"
	$engine cp "$name:/srv/checkout" /tmp/copied-out
	rm -r /tmp/copied-out
	# An image has the name, too. Not by a pipe: it would be ended while it writes.
	$engine container diff "$name" >"/share/$name.diff" 2>&1 || fail "$engine diff: $(tail "/share/$name.diff")"
	grep -qx 'A /new' "/share/$name.diff" || fail "$engine diff does not say what was made: $(tail "/share/$name.diff")"
	$engine commit "$name" "$name-committed" >/dev/null 2>&1 || fail "$engine commit"
	$engine run --rm "${network[@]}" "$name-committed" grep -q 1 /new /copied || fail "$engine commit lost a file"
	did "$name: cp, diff, commit"
	$engine restart -t 0 "$name" >/dev/null
	$engine exec "$name" test -e /new
	$engine exec "$name" cat /ruled/file >"/share/$name.ruled" 2>&1 || true
	$engine rm -f "$name" >/dev/null
	did "$name: restart, rm"
}
# in_force NAME POLICY…: the tools, with them in force. Only what must be looked at stays of what was said.
in_force() {
	start_enforce "/tmp/$1" --json "${enforce_options[@]}" "${@:2}"
	tools "$1"
	sleep 1
	stop_enforce
	grep -v '"event":"audit".*"policy":"audit-everything"' "/tmp/$1" >"/share/$1" || true
}
# Isolation speaks first: what both would say, it says.
in_force audit $here/isolation.yaml /share/test/policies/audit-everything.yaml
in_force strict $here/strict.yaml
