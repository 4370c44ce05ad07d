// SPDX-License-Identifier: BSD-2-Clause
#include <fcntl.h>

#include "layers.h"
#include "operation.h"
#include "scenarios.h"

void set_up_small(struct union_fs *u)
{
	lower_file(u, 1, "/dir/big", 2 * MIB);
	lower_file(u, 1, "/dir/little", 10);
}

void do_small(struct union_fs *u)
{
	enum who who = SELF;
	bool cold = false;

	IN_UNION("open", "/dir/big", .flags = O_WRONLY);
	IN_UNION("chmod", "/dir/big", .mode = 0600);
	IN_UNION("open", "/dir/little", .flags = O_WRONLY);
}

void set_up_read_only(struct union_fs *u)
{
	lower_file(u, 1, "/file", 10);
	lower_file(u, 2, "/dir/file", 10);
}

void do_read_only(struct union_fs *u)
{
	enum who who = SELF;
	bool cold = false;

	IN_UNION("open", "/file", .flags = O_WRONLY);
	IN_UNION("chmod", "/dir/file", .mode = 0600);
	IN_UNION("unlink", "/dir/file");
	IN_UNION("mkdir", "/dir/new", .mode = 0700);
	IN_UNION("rename", "/file", .path2 = "/file2");
}
