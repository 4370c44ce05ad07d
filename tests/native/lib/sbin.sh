# SPDX-License-Identifier: BSD-2-Clause
# /usr/sbin of this test alone, so that it can have mount helpers of its own (mount(8) looks for them there).
mkdir -p "$WORK/sbin-upper" "$WORK/sbin-work"
mount -t overlay -o "lowerdir=/usr/sbin,upperdir=$WORK/sbin-upper,workdir=$WORK/sbin-work" sbin /usr/sbin
