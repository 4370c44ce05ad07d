// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/error.h"
#include "kernel/enforcer_internal.h"

/** As in bpf/enforce/object.bpf.c. */
struct object_call {
	uint32_t request;
	int32_t fd;
	uint32_t number;
	int32_t error;
	uint64_t value;
};

/** As in bpf/enforce/task.bpf.c. */
struct task_entry {
	uint32_t tgid;
	uint32_t made;
	uint64_t subject;
};

/** Passes over the tasks until nobody was missed who was made meanwhile by one that was not labelled yet. */
#define BOOTSTRAP_PASSES 20

uint64_t mica_enforcer_number_get(const struct mica_enforcer *enforcer, enum mica_enforcer_number which)
{
	uint32_t key = which;
	uint64_t value = 0;

	return bpf_map_lookup_elem(enforcer->maps[MICA_MAP_NUMBERS], &key, &value) ? 0 : value;
}

int mica_enforcer_number_set(const struct mica_enforcer *enforcer, enum mica_enforcer_number which, uint64_t value)
{
	uint32_t key = which;

	return bpf_map_update_elem(enforcer->maps[MICA_MAP_NUMBERS], &key, &value, BPF_ANY) ? -errno : 0;
}

int mica_enforcer_order(const struct mica_enforcer *enforcer, enum mica_enforcer_order which, uint32_t value)
{
	uint32_t key = which;

	return bpf_map_update_elem(enforcer->maps[MICA_MAP_ORDERS], &key, &value, BPF_ANY) ? -errno : 0;
}

/** Has the kernel look at one of our descriptors. */
static int request(struct mica_enforcer *enforcer, struct object_call *call)
{
	LIBBPF_OPTS(bpf_test_run_opts, options, .ctx_in = call, .ctx_size_in = sizeof(*call));

	call->error = -EIO;
	if (bpf_prog_test_run_opts(enforcer->request, &options))
		return -errno;
	return call->error;
}

int mica_enforcer_register_union(struct mica_enforcer *enforcer, int fd, uint64_t *ret_number)
{
	struct object_call call = { .request = MICA_REQUEST_UNION, .fd = fd };
	int r = request(enforcer, &call);

	if (r == 0 && ret_number)
		*ret_number = call.value;
	return r;
}

int mica_enforcer_register_volume(struct mica_enforcer *enforcer, int fd, uint32_t number)
{
	struct object_call call = { .request = MICA_REQUEST_VOLUME, .fd = fd, .number = number };

	return number ? request(enforcer, &call) : -EINVAL;
}

int mica_enforcer_register_layer(struct mica_enforcer *enforcer, int fd, uint32_t number)
{
	struct object_call call = { .request = MICA_REQUEST_LAYER, .fd = fd, .number = number };

	return number ? request(enforcer, &call) : -EINVAL;
}

int mica_enforcer_register_link(struct mica_enforcer *enforcer, int fd, enum mica_enforce_kind kind, uint32_t number)
{
	struct object_call call = { .request = MICA_REQUEST_LINK, .fd = fd, .number = number, .value = kind };

	if (kind != MICA_ENFORCE_VOLUME && kind != MICA_ENFORCE_LAYER)
		return -EINVAL;
	return number ? request(enforcer, &call) : -EINVAL;
}

int mica_enforcer_register_own(struct mica_enforcer *enforcer, int fd)
{
	struct object_call call = { .request = MICA_REQUEST_OWN, .fd = fd };

	return request(enforcer, &call);
}

int mica_enforcer_forget_object(struct mica_enforcer *enforcer, int fd, enum mica_enforce_kind kind)
{
	struct object_call call = { .fd = fd };

	if (kind != MICA_ENFORCE_VOLUME && kind != MICA_ENFORCE_LAYER)
		return -EINVAL;
	call.request = kind == MICA_ENFORCE_VOLUME ? MICA_REQUEST_FORGET_VOLUME : MICA_REQUEST_FORGET_LAYER;
	return request(enforcer, &call);
}

int mica_enforcer_grant_union(struct mica_enforcer *enforcer, uint64_t subject, int fd)
{
	struct object_call call = { .request = MICA_REQUEST_GRANT, .fd = fd, .value = subject };

	return subject ? request(enforcer, &call) : -EINVAL;
}

int mica_enforcer_namespace(struct mica_enforcer *enforcer, int fd, uint64_t *ret_subject)
{
	struct object_call call = { .request = MICA_REQUEST_NAMESPACE, .fd = fd };
	int r = request(enforcer, &call);

	if (r == 0)
		*ret_subject = call.value;
	return r;
}

int mica_enforcer_trust(struct mica_enforcer *enforcer, int pidfd)
{
	struct mica_enforcer_label label = {};
	int map = enforcer->maps[MICA_MAP_LABELS];

	if (bpf_map_lookup_elem(map, &pidfd, &label) == 0 && label.subject)
		return -EPERM;
	label.flags |= MICA_LABEL_TRUSTED;
	return bpf_map_update_elem(map, &pidfd, &label, BPF_ANY) ? -errno : 0;
}

int mica_enforcer_trust_self(struct mica_enforcer *enforcer)
{
	_cleanup_close_ int self = (int)syscall(SYS_pidfd_open, getpid(), 0);

	return self < 0 ? -errno : mica_enforcer_trust(enforcer, self);
}

/** One pass over all tasks. A positive return of `visit` ends it. */
static int pass_over_tasks(struct mica_enforcer *enforcer, int (*visit)(const struct task_entry *entry, void *userdata),
			   void *userdata)
{
	_cleanup_close_ int iterator = bpf_iter_create(enforcer->iterator.fd);
	struct task_entry entries[256];
	size_t have = 0;
	ssize_t got;
	int r = 0;

	if (iterator < 0)
		return -errno;
	while ((got = read(iterator, (char *)entries + have, sizeof(entries) - have)) > 0 ||
	       (got < 0 && errno == EAGAIN)) {
		size_t whole;

		have += got > 0 ? (size_t)got : 0;
		whole = have / sizeof(entries[0]);
		for (size_t i = 0; r == 0 && i < whole; i++)
			r = visit(&entries[i], userdata);
		if (r != 0)
			return r;
		have -= whole * sizeof(entries[0]);
		memmove(entries, entries + whole, have);
	}
	return got < 0 ? -errno : 0;
}

struct bootstrap {
	size_t all;
	size_t made;
};

static int count_task(const struct task_entry *entry, void *userdata)
{
	struct bootstrap *bootstrap = userdata;

	bootstrap->all++;
	bootstrap->made += entry->made;
	return 0;
}

int mica_enforcer_bootstrap(struct mica_enforcer *enforcer, size_t *ret_count, struct mica_problem *ret_problem)
{
	struct bootstrap bootstrap = { .made = 1 };
	int r = mica_enforcer_order(enforcer, MICA_ORDER_LABEL, 1);

	*ret_problem = (struct mica_problem){};
	for (int pass = 0; r == 0 && bootstrap.made && pass < BOOTSTRAP_PASSES; pass++) {
		bootstrap = (struct bootstrap){};
		r = pass_over_tasks(enforcer, count_task, &bootstrap);
	}
	(void)mica_enforcer_order(enforcer, MICA_ORDER_LABEL, 0);
	if (r == 0 && bootstrap.made)
		r = -EAGAIN;
	if (r < 0)
		return mica_problem_refuse(ret_problem, r, "cannot label the tasks that run already: %s",
					   mica_errno_name(r));
	*ret_count = bootstrap.all;
	return 0;
}

struct visitor {
	int (*visit)(uint32_t tgid, uint64_t subject, void *userdata);
	void *userdata;
};

static int visit_task(const struct task_entry *entry, void *userdata)
{
	const struct visitor *visitor = userdata;

	return visitor->visit(entry->tgid, entry->subject, visitor->userdata);
}

int mica_enforcer_visit_tasks(struct mica_enforcer *enforcer,
			      int (*visit)(uint32_t tgid, uint64_t subject, void *userdata), void *userdata)
{
	struct visitor visitor = { visit, userdata };

	return pass_over_tasks(enforcer, visit_task, &visitor);
}
