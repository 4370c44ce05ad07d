/* SPDX-License-Identifier: BSD-2-Clause */
/* Which mounts are a volume's own, by what the kernel shows of those that helpers of mount(8) make. */
#include <criterion/criterion.h>

#include "store/backend.h"

static bool owns(const char *type, const char *device, const char *shown_type, const char *shown_source)
{
	json_t *options = json_pack("{s:s, s:s}", "type", type, "device", device);
	const struct mica_mount_entry mount = { .type = (char *)shown_type, .source = (char *)shown_source };
	bool owned = mica_backend_find("mount")->owns(options, NULL, &mount);

	json_decref(options);
	return owned;
}

Test(backend_mount, owns)
{
	cr_assert(owns("ceph", "10.0.0.1:/", "ceph", "10.0.0.1:/"));
	cr_assert(owns("moosefs", "mfsmaster:9421:/a", "fuse", "mfs#mfsmaster:9421"));
	cr_assert(owns("glusterfs", "host:gv0", "fuse.glusterfs", "host:/gv0"));
	/* mount.fuse.ceph runs ceph-fuse, whose name is what is shown, of the source too. */
	cr_assert(owns("fuse.ceph", "none", "fuse.ceph-fuse", "ceph-fuse"));

	cr_assert_not(owns("fuse.ceph", "none", "fuse.cephalopod", "cephalopod"));
	cr_assert_not(owns("fuse.ceph", "none", "tmpfs", "other"));
	cr_assert_not(owns("ceph", "10.0.0.1:/", "tmpfs", "other"));
	/* Only of FUSE: another file system's kernel does not put the name of a helper there. */
	cr_assert_not(owns("nfs", "a:/", "nfs-other", "b:/"));
}
