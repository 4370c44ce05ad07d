// SPDX-License-Identifier: BSD-2-Clause
#include "enforce/held.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>

#include "base/log.h"
#include "enforce/engines.h"

/** Where a new enforcer is pinned until the old one's pins are gone. Without a dot: bpffs refuses that (bpf_lookup). */
static void next_pins(const struct mica_held *held, char path[static PATH_MAX])
{
	(void)snprintf(path, PATH_MAX, "%s-next", held->pins);
}

int mica_held_adopt(struct mica_held *held, struct mica_problem *ret_problem)
{
	char next[PATH_MAX];
	int r = mica_enforcer_adopt(held->pins, &held->options, &held->enforcer, ret_problem);

	/* Who put a new one in the old one's place died before it had the name. */
	next_pins(held, next);
	if ((r == -ENOENT || r == -EPROTO) && !held->only_looks &&
	    mica_pin_exists(next, MICA_PINS_COMPLETE(MICA_ENFORCE_ABI))) {
		(void)mica_enforcer_unpin(NULL, held->pins);
		if (rename(next, held->pins) == 0)
			r = mica_enforcer_adopt(held->pins, &held->options, &held->enforcer, ret_problem);
	}
	held->pinned = r == 0;
	held->remains = r == -EPROTO;
	return r;
}

static int fail(struct mica_problem *problem, int error, const char *what)
{
	(void)snprintf(problem->what, sizeof(problem->what), "%s: %s", what, strerror(-error));
	*problem->remedy = '\0';
	return error;
}

static int register_union(const char *path, void *userdata)
{
	struct mica_enforcer *enforcer = userdata;
	/* Who opens no file asks no server. */
	_cleanup_close_ int fd = open(path, O_PATH | O_CLOEXEC);
	uint64_t number;
	int r = fd < 0 ? -errno : mica_enforcer_register_union(enforcer, fd, &number);

	/* It went meanwhile, mostly. */
	if (r < 0)
		mica_log_debug_errno(r, "cannot register the union at %s", path);
	return r == -ENOMEM || r == -E2BIG || r == -ENOSPC ? r : 0;
}

static int ignore_namespace(const struct mica_found_namespace *found, void *userdata)
{
	(void)found;
	(void)userdata;
	return 0;
}

/** A new enforcer with the set in force. */
static int open_new(const struct mica_held *held, struct mica_subjects *subjects, uint64_t deadline_ns,
		    struct mica_enforcer **ret, struct mica_problem *problem)
{
	struct mica_enforcer_options options = held->options;
	struct mica_enforcer *enforcer = NULL;
	size_t count;
	int r;

	options.operations = subjects->force->image.operations;
	options.guards = subjects->force->image.guards;
	r = mica_enforcer_open(&options, &enforcer, problem);
	if (r < 0)
		return r;
	(void)mica_engines_trust(enforcer, &mica_engine_usual_places, &count);
	subjects->enforcer = enforcer;
	/* Unions that were mounted before, in whatever namespace; later ones are seen when they are mounted. */
	r = mica_identity_scan(subjects->identity, ignore_namespace, register_union, enforcer);
	if (r < 0)
		(void)fail(problem, r, "cannot register the unions that are mounted");
	else
		r = mica_enforcer_bootstrap(enforcer, &count, problem);
	if (r == 0) {
		r = mica_subjects_find(subjects);
		if (r == 0)
			r = mica_subjects_publish(subjects, deadline_ns, problem);
		else
			(void)fail(problem, r, "cannot find out which containers there are");
	}
	if (r < 0) {
		subjects->enforcer = held->enforcer;
		mica_enforcer_close(&enforcer);
		return r;
	}
	mica_objects_forget_registered(&subjects->objects);
	mica_subjects_register(subjects);
	*ret = enforcer;
	return 0;
}

/** Puts a new enforcer in the place of the one that is held, or of what is left of one. Both decide for a moment. */
static int replace(struct mica_held *held, struct mica_enforcer *enforcer, bool pin, struct mica_problem *problem)
{
	bool taken = held->pinned || held->remains;
	char next[PATH_MAX];
	int r = 0;

	next_pins(held, next);
	/* Of one who died while making them. */
	(void)mica_enforcer_unpin(NULL, next);
	if (pin)
		r = mica_enforcer_pin(enforcer, taken ? next : held->pins, problem);
	if (r < 0)
		return r;
	r = taken ? mica_enforcer_unpin(held->enforcer, held->pins) : 0;
	if (r < 0) {
		if (pin)
			(void)mica_enforcer_unpin(enforcer, next);
		return fail(problem, r, "cannot remove the old pins");
	}
	if (pin && taken) {
		if (rename(next, held->pins) < 0)
			return fail(problem, -errno, "cannot put the new pins in the place of the old ones");
		r = mica_enforcer_moved(enforcer, held->pins);
	}
	if (r < 0)
		return fail(problem, r, "cannot note where the pins are");
	/* Another process may hold the old one open: it is to decide nothing any more. */
	if (held->enforcer) {
		(void)mica_enforcer_withdraw(held->enforcer);
		mica_enforcer_close(&held->enforcer);
	}
	held->remains = false;
	held->enforcer = enforcer;
	held->pinned = pin;
	return 0;
}

int mica_held_put(struct mica_held *held, struct mica_subjects *subjects, uint64_t deadline_ns, bool pin,
		  struct mica_problem *ret_problem)
{
	struct mica_enforcer *enforcer = NULL;
	int r = -ENOSYS;

	if (held->enforcer) {
		subjects->enforcer = held->enforcer;
		r = mica_subjects_find(subjects);
		if (r < 0)
			return fail(ret_problem, r, "cannot find out which containers there are");
		r = mica_subjects_publish(subjects, deadline_ns, ret_problem);
		if (r == 0) {
			mica_subjects_register(subjects);
			if (pin && !held->pinned)
				r = mica_enforcer_pin(held->enforcer, held->pins, ret_problem);
			held->pinned |= r == 0 && pin;
			return r;
		}
	}
	if (r != -ENOSYS)
		return r;
	r = open_new(held, subjects, deadline_ns, &enforcer, ret_problem);
	if (r < 0)
		return r;
	r = replace(held, enforcer, pin, ret_problem);
	if (r < 0) {
		subjects->enforcer = held->enforcer;
		mica_enforcer_close(&enforcer);
	}
	return r;
}

int mica_held_pin_again(struct mica_held *held)
{
	struct mica_problem problem;

	if (!mica_pins_are_in_bpffs(MICA_BPFFS) &&
	    mount("bpf", MICA_BPFFS, "bpf", MS_NOSUID | MS_NODEV | MS_NOEXEC | MS_RELATIME, "mode=0700") < 0)
		return -errno;
	return mica_enforcer_pin_again(held->enforcer, &problem);
}

int mica_held_end(struct mica_held *held)
{
	int r = 0;

	if (!held->enforcer)
		return 0;
	if (held->pinned)
		r = mica_enforcer_unpin(held->enforcer, held->pins);
	if (r < 0)
		return r;
	held->pinned = false;
	r = mica_enforcer_withdraw(held->enforcer);
	mica_enforcer_close(&held->enforcer);
	return r;
}

void mica_held_close(struct mica_held *held)
{
	if (held->enforcer)
		mica_enforcer_close(&held->enforcer);
}
