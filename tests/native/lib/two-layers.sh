# SPDX-License-Identifier: BSD-2-Clause
# A store with two layers, made anew for each kill. `child` stands on `base`.

fresh() {
	mounts | while read -r mount; do umount "$mount"; done
	rm -rf "$MICA_ROOT"
	cp -a "$WORK/template" "$MICA_ROOT"
}
rm -rf "$MICA_ROOT"
mica layer create base
mica layer create child base
echo x >"$MICA_ROOT/layers/base/diff/file"
echo y >"$MICA_ROOT/layers/child/diff/file"
cp -a "$MICA_ROOT" "$WORK/template"
