// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>

#include "cmd/holders.h"
#include "stream/json_fields.h"

static void write_union(struct mica_json_writer *writer, const struct mica_held_union *u)
{
	char device[32];

	mica_json_key(writer, "union");
	mica_json_begin(writer, '{');
	(void)snprintf(device, sizeof(device), "%u:%u", u->device >> 20, u->device & 0xfffff);
	mica_json_string(writer, "device", device);
	mica_json_string(writer, "mount_point", u->mount_point);
	if (u->mnt_ns)
		mica_json_number(writer, "mnt_ns", u->mnt_ns);
	mica_json_string(writer, "upper", u->upper);
	mica_json_string(writer, "work", u->work);
	if (u->layer)
		mica_json_number(writer, "layer", u->layer);
	if (u->layers)
		mica_json_number(writer, "layers", u->layers);
	mica_json_container(writer, u->container);
	mica_json_end(writer, '}');
}

static void write_process(struct mica_json_writer *writer, const struct mica_holder *holder)
{
	mica_json_key(writer, "process");
	mica_json_begin(writer, '{');
	mica_json_number(writer, "pid", (uint64_t)holder->pid);
	mica_json_number(writer, "tid", (uint64_t)holder->tid);
	mica_json_string(writer, "comm", holder->comm);
	mica_json_end(writer, '}');
}

static void write_holder(struct mica_buffer *line, const struct mica_holders *holders, const struct mica_holder *holder)
{
	struct mica_json_writer writer = { .out = line };
	const struct mica_held_union *u = holder->held_union;

	mica_json_begin(&writer, '{');
	mica_json_number(&writer, "v", 1);
	mica_json_string(&writer, "path", holders->path);
	mica_json_string(&writer, "role", mica_role_name(u ? u->role : holders->role));
	if (u)
		write_union(&writer, u);
	mica_json_container(&writer, holder->container);
	if (holder->mnt_ns)
		mica_json_number(&writer, "mnt_ns", holder->mnt_ns);
	if (holder->pid)
		write_process(&writer, holder);
	mica_json_string(&writer, "holds", mica_hold_name(holder->hold));
	mica_json_string(&writer, "at", holder->at);
	if (holder->fd >= 0)
		mica_json_number(&writer, "fd", (uint64_t)holder->fd);
	if (holder->unmounted)
		mica_json_true(&writer, "unmounted");
	mica_json_end(&writer, '}');
	(void)mica_buffer_append_byte(line, '\n');
}

int mica_holders_print_json(const struct mica_holders *holders, FILE *out)
{
	_cleanup_buffer_ struct mica_buffer line = {};

	for (size_t i = 0; i < holders->count; i++) {
		mica_buffer_reset(&line);
		write_holder(&line, holders, &holders->holders[i]);
		if (line.failed)
			return -ENOMEM;
		(void)fwrite(line.data, 1, line.size, out);
	}
	return 0;
}
