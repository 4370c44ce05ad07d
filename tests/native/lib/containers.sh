# SPDX-License-Identifier: BSD-2-Clause
# For tests of containers: an image shop:1 in the store, and waiting for things.
command -v crun >/dev/null || skip "no crun"
command -v busybox >/dev/null || skip "no busybox"

image() { # NAME [KEY=JSON...]
	python3 "$LIB/images.py" "$WORK/.image.tar" "$@"
	mica layer import --quiet "$WORK/.image.tar" >/dev/null
	rm "$WORK/.image.tar"
}
# Until COMMAND... succeeds; the run's time limit ends what never does.
until_true() {
	while ! "$@" >/dev/null 2>&1; do sleep 0.02; done
}
running() { mica ps | awk 'NR > 1 { print $NF }' | sort | tr '\n' ' '; }
# Nothing of any container of this store is left.
no_containers() {
	equal "$(mica ps --all --quiet)" ""
	equal "$(find "$MICA_ROOT/containers" "$MICA_ROOT/staging" -mindepth 1)" ""
	clean
}
image shop:1
