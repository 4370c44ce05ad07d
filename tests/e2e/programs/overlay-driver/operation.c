// SPDX-License-Identifier: BSD-2-Clause
#include "operation.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "truth.h"

static void drop_caches(void)
{
	int fd = open("/proc/sys/vm/drop_caches", O_WRONLY);

	if (fd < 0 || write(fd, "2", 1) != 1)
		die("drop_caches");
	close(fd);
}

char *read_mounts(enum who who)
{
	char *path = format("/proc/%d/mountinfo", pid_of(who)), *text = slurp(path);

	free(path);
	return text;
}

char *cgroup_of(int pid)
{
	char *path = format("/proc/%d/cgroup", pid), *text = slurp(path), *line = strstr(text, "0::");

	if (!line)
		die("no cgroup v2");
	line[strcspn(line, "\n")] = '\0';
	return line + 3;
}

void put_call(const struct operation *o, const struct call *c, const char *cgroup)
{
	static int number;

	fprintf(truth, "{\"call\":\"%s\",\"number\":%d", o->call, number++);
	if (o->u)
		put_key_string(truth, "in", o->u->name);
	if (o->path)
		put_key_string(truth, "path", o->path);
	if (o->path2)
		put_key_string(truth, "path2", o->path2);
	if (o->text)
		put_key_string(truth, "text", o->text);
	fprintf(truth, ",\"flags\":%ld,\"mode\":%ld,\"cold\":%s,\"result\":%ld,\"errno\":%d", o->flags, o->mode,
		o->cold ? "true" : "false", c->result, c->error);
	put_key_string(truth, "error", c->error ? strerrorname_np(c->error) : "");
	fprintf(truth, ",\"pid\":%d,\"tid\":%d,\"uid\":%d", c->pid, c->tid, c->uid);
	put_key_string(truth, "comm", c->comm);
	put_key_string(truth, "cgroup", cgroup);
	fprintf(truth, ",\"mnt_ns\":%lu,\"mnt_ns_id\":%lu,\"new_ns\":%lu", c->mnt_ns, c->mnt_ns_id, c->new_ns);
	fprintf(truth, ",\"start\":%ld,\"end\":%ld,\"duration\":%ld", c->start, c->end, c->duration);
}

static struct call call_of(const struct operation *o)
{
	const char *point = o->u ? o->u->point : "";
	struct call call = { .flags = o->flags, .mode = o->mode };

	snprintf(call.name, sizeof(call.name), "%s", o->call);
	if (o->path)
		snprintf(call.path, sizeof(call.path), "%s%s", point, o->path);
	if (o->path2)
		snprintf(call.path2, sizeof(call.path2), "%s%s", point, o->path2);
	if (o->text)
		snprintf(call.text, sizeof(call.text), "%s", o->text);
	return call;
}

/** What stands at a path of the operation's union; NULL: no path, no union or nothing. */
static char *look(const struct operation *o, const char *path)
{
	char *whole, *text;

	if (!path || !o->u)
		return NULL;
	whole = format("%s%s%s", root_of(o->who), o->u->point, path);
	text = describe(whole, false);
	free(whole);
	return text;
}

static void put_fact(const char *key, char *text)
{
	fprintf(truth, ",\"%s\":%s", key, text ? text : "null");
	free(text);
}

/** What a call may change, as it was before. */
struct before {
	char *path, *path2, *mounts;
};

static void put_difference(const struct operation *o, const struct before *before)
{
	if (o->path && o->u) {
		put_fact("before", before->path);
		put_fact("after", look(o, o->path));
	}
	if (o->path2 && o->u) {
		put_fact("before2", before->path2);
		put_fact("after2", look(o, o->path2));
	}
	if (o->u && *o->u->upper)
		put_upper_changes(o->u);
	if (o->mounts) {
		char *mounts = read_mounts(o->who);

		put_lines("mounted", mounts, before->mounts);
		put_lines("unmounted", before->mounts, mounts);
		free(mounts);
		free(before->mounts);
	}
}

long operate(struct operation o)
{
	struct call call = call_of(&o);
	char *cgroup = cgroup_of(pid_of(o.who));
	struct before before = {
		.path = look(&o, o.path),
		.path2 = look(&o, o.path2),
		.mounts = o.mounts ? read_mounts(o.who) : NULL,
	};

	if (o.cold)
		drop_caches();
	/* Far enough apart for times to tell operations from each other. */
	usleep(10000);
	perform(o.who, &call);
	put_call(&o, &call, cgroup);
	put_difference(&o, &before);
	fprintf(truth, "}\n");
	return call.result;
}

void mount_union(enum who who, struct union_fs *u)
{
	char *text = format("overlay|%s", u->options);

	if (ON_MOUNTS("mount", u->point, .path2 = u->name, .text = text) < 0)
		die(u->options);
}
