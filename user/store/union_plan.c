// SPDX-License-Identifier: BSD-2-Clause
#include "store/union_plan.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "store/branch_names.h"
#include "store/store_internal.h"

struct covering {
	const struct mica_store_guard *guard;
	const struct mica_union_plan *plan;
};

static int cover(int union_fd, void *userdata, struct mica_union_reason *reason)
{
	const struct covering *covering = userdata;
	const struct mica_union_plan *plan = covering->plan;
	char why[sizeof(reason->text) / 2] = "";
	int r = -EOPNOTSUPP;

	if (covering->guard)
		r = covering->guard->cover(union_fd, plan->guarded, (const char *const *)plan->lowers, why,
					   sizeof(why));
	if (r < 0)
		(void)snprintf(
			reason->text, sizeof(reason->text),
			"writes to the read-only branch '%.120s' above the writable one cannot be refused here: %s",
			plan->lowers[0], *why ? why : "there is no guard");
	return r;
}

/* Is a name in a guarded branch and in the upper? */
static int check_names(const struct mica_union_plan *plan, struct mica_union_reason *reason)
{
	for (size_t i = 0; i < plan->guarded; i++) {
		_cleanup_buffer_ struct mica_buffer names = {};
		size_t count = 0;
		int r = mica_branch_names_compare(plan->lowers[i], plan->upper, &names, &count);

		if (r < 0) {
			(void)snprintf(reason->text, sizeof(reason->text),
				       "the branches '%s' and '%s' cannot be compared at '%s/'", plan->lowers[i],
				       plan->upper, mica_buffer_string(&names) ? names.data : "");
			return r;
		}
		if (!count)
			continue;
		(void)snprintf(reason->text, sizeof(reason->text),
			       "what the read-only branch '%s' has would be hidden by the writable '%s' below it: %s%s",
			       plan->lowers[i], plan->upper, mica_buffer_string(&names) ? names.data : "",
			       count > MICA_BRANCH_NAMES_SHOWN ? ", and more" : "");
		return -EEXIST;
	}
	return 0;
}

int mica_union_plan_mount(const struct mica_store *store, const struct mica_union_plan *plan, const char *target,
			  struct mica_union_reason *ret_reason)
{
	struct covering covering = { store->guard, plan };
	int r = plan->guarded ? check_names(plan, ret_reason) : 0;

	if (r < 0)
		return r;
	return mica_union_mount(
		&(struct mica_union_specification){
			.lowers = (const char *const *)plan->lowers,
			.lower_count = plan->lower_count,
			.upper = plan->upper,
			.work = plan->work,
			.options = (const char *const *)plan->options,
			.readonly = plan->readonly,
			.before_attach = plan->guarded ? cover : NULL,
			.userdata = &covering,
		},
		target, ret_reason);
}

int mica_union_plan_cover(const struct mica_store *store, const struct mica_union_plan *plan, const char *target,
			  struct mica_union_reason *ret_reason)
{
	struct covering covering = { store->guard, plan };
	_cleanup_close_ int fd = -EBADF;

	if (!plan->guarded)
		return 0;
	fd = open(target, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0) {
		(void)snprintf(ret_reason->text, sizeof(ret_reason->text), "cannot open '%s'", target);
		return -errno;
	}
	return cover(fd, &covering, ret_reason);
}
