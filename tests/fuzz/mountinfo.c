/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A mountinfo file; each mount is then looked for in both directions.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "container/mountinfo.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int look_for(const struct mica_mount_entry *mount, void *userdata)
{
	struct mica_mountinfo *mountinfo = userdata;
	const struct mica_bytes root = { .data = mount->root, .size = strlen(mount->root) };
	char buffer[MICA_HOST_PATH_BYTES], *path = NULL;
	uint32_t device;

	(void)mica_mountinfo_host_path(mountinfo, mount->device, root, buffer, sizeof(buffer));
	if (mica_mountinfo_locate(mountinfo, mount->target, &device, &path) == 0)
		free(path);
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct mica_mountinfo *mountinfo = NULL;
	FILE *in;

	/* fmemopen refuses an empty buffer. */
	if (size == 0)
		return 0;
	in = fmemopen((void *)(uintptr_t)data, size, "r");
	if (!in)
		return 0;
	if (mica_mountinfo_new_stream(in, &mountinfo) == 0)
		(void)mica_mountinfo_each(mountinfo, look_for, mountinfo);
	mica_mountinfo_free(&mountinfo);
	(void)fclose(in);
	return 0;
}
