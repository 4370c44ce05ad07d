// SPDX-License-Identifier: BSD-2-Clause
#include "store/reconcile.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "store/reconcile_act.h"
#include "store/store_internal.h"

struct pass {
	struct mica_store *store;
	const struct mica_reconcile_options *options;
	void (*tell)(const struct mica_reconcile_report *report, void *userdata);
	void *userdata;
	struct mica_reconcile_counts *counts;
};

static bool is_asked(const struct mica_reconcile_options *options, const struct mica_kept *kept)
{
	if (!options->names)
		return true;
	for (const char *const *name = options->names; *name; name++)
		if (strcmp(*name, kept->name) == 0)
			return true;
	return false;
}

static void plan_one(struct pass *pass, struct mica_reconcile_report *report, const struct mica_drift_found *found)
{
	char words[600] = "";

	report->drift = found->drift;
	report->words = words;
	mica_reconcile_choose(report, found, pass->options->dry_run, words, sizeof(words));
	if (!pass->options->dry_run && report->step != MICA_STEP_WAIT) {
		int r = mica_reconcile_act(pass->store, report, words, sizeof(words));

		report->done = r == 0;
		pass->counts->restored += report->done;
	}
	pass->tell(report, pass->userdata);
}

static int look_at(struct pass *pass, const struct mica_kept *kept, const struct mica_mounts *mounts)
{
	struct mica_reconcile_report report = { .kept = kept };
	struct mica_drift_found found;
	int r = mica_drift_find(kept, mounts, &found);

	if (r < 0)
		return r;
	if (found.drift == MICA_DRIFT_NONE) {
		pass->counts->kept++;
		return 0;
	}
	pass->counts->drifted++;
	plan_one(pass, &report, &found);
	return 0;
}

int mica_reconcile(struct mica_store *store, const struct mica_reconcile_options *options,
		   void (*tell)(const struct mica_reconcile_report *report, void *userdata), void *userdata,
		   struct mica_reconcile_counts *ret)
{
	_cleanup_kept_list_ struct mica_kept_list list = {};
	_cleanup_mounts_ struct mica_mounts *mounts = NULL;
	struct pass pass = { store, options, tell, userdata, ret };
	int r = mica_kept_read(store, &list);

	*ret = (struct mica_reconcile_counts){};
	if (r == 0) {
		r = mica_mounts_new("/proc/self/mountinfo", &mounts);
		if (r < 0)
			(void)mica_store_refuse(store, r, "cannot read the mounts");
	}
	for (size_t i = 0; r == 0 && i < list.count; i++)
		if (is_asked(options, &list.items[i]))
			r = look_at(&pass, &list.items[i], mounts);
	return r;
}

const char *mica_step_name(enum mica_step step)
{
	static const char *const names[] = {
		[MICA_STEP_MOUNT] = "mount",
		[MICA_STEP_REATTACH] = "reattach",
		[MICA_STEP_REMOUNT] = "remount",
		[MICA_STEP_WAIT] = "wait",
	};

	return step < _MICA_STEP_MAX ? names[step] : "?";
}
