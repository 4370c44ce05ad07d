// SPDX-License-Identifier: BSD-2-Clause
#include "daemon/keeper.h"

#include <errno.h>
#include <jansson.h>
#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

#include "base/log.h"
#include "container/json.h"
#include "container/mount_library.h"
#include "daemon/job.h"
#include "store/drift.h"

/* Several events at once are one; and on a host with very many mounts looking takes a fifth of a processor at most. */
#define SETTLE_MS 10
#define REST_FACTOR 4
#define REST_MAX_MS 400
/* A thing may be brought back this often at once, and then so often: whoever undoes it a hundred times a second does
 * not make us fight as often. */
#define BURST 20
#define PAUSE_NS 500000000ULL
#define NAMES_AT_ONCE 40
/* Without a server behind it. */
#define HELPER_MS 20000

/** What is remembered of a thing that drifted. */
struct state {
	/** Kind and name. */
	char *key;
	/** When its burst is used up (a leaky bucket). */
	uint64_t full_until_ns;
	bool busy, throttled;
	/** The last thing that was told of it, so that nothing is told over and over. */
	char *told;
};

struct mica_keeper {
	struct mica_loop *loop;
	struct mica_store *store;
	struct mica_keeper_options options;
	struct libmnt_monitor *monitor;
	struct mica_watch watch;
	struct mica_timer look, interval;
	void *states;
	uint64_t rested_ns;
	/** The helper for what needs no server. */
	bool helping;
};

struct errand {
	struct mica_keeper *keeper;
	/** Keys that are busy with it. */
	char *keys[NAMES_AT_ONCE];
	size_t count;
	bool remote;
};

static int compare_states(const void *a, const void *b)
{
	return strcmp(((const struct state *)a)->key, ((const struct state *)b)->key);
}

static void free_state(void *pointer)
{
	struct state *state = pointer;

	free(state->key);
	free(state->told);
	free(state);
}

static struct state *find_state(struct mica_keeper *keeper, const char *key)
{
	struct state wanted = { .key = (char *)key }, *state;
	void *found = tfind(&wanted, &keeper->states, compare_states);

	if (found)
		return *(struct state **)found;
	state = calloc(1, sizeof(*state));
	if (state)
		state->key = strdup(key);
	if (!state || !state->key || !tsearch(state, &keeper->states, compare_states)) {
		if (state)
			free_state(state);
		return NULL;
	}
	return state;
}

/* True where the words are new. */
static bool remember(struct state *state, const char *words)
{
	if (state->told && strcmp(state->told, words) == 0)
		return false;
	free(state->told);
	state->told = strdup(words);
	return true;
}

static void look_soon(struct mica_keeper *keeper, unsigned milliseconds)
{
	uint64_t now = mica_loop_now(), due = now + milliseconds * 1000000ULL;

	if (due < keeper->rested_ns)
		due = keeper->rested_ns;
	if (keeper->look.due_ns && keeper->look.due_ns <= due)
		return;
	mica_loop_set_timer(keeper->loop, &keeper->look, (unsigned)((due - now) / 1000000));
}

static void tell_result(struct mica_keeper *keeper, const json_t *result)
{
	const char *kind = mica_json_string(result, "kind"), *name = mica_json_string(result, "name");
	const char *drift = mica_json_string(result, "drift"), *step = mica_json_string(result, "step");
	const char *outcome = mica_json_string(result, "outcome"), *reason = mica_json_string(result, "reason");
	char key[512], words[1024];
	struct state *state;

	if (!kind || !name || !drift || !step || !outcome)
		return;
	(void)snprintf(key, sizeof(key), "%s %s", kind, name);
	(void)snprintf(words, sizeof(words), "%s %s was %s: %s %s%s%s", kind, name, drift, step, outcome,
		       reason ? ": " : "", reason ? reason : "");
	state = find_state(keeper, key);
	if (strcmp(outcome, "done") == 0) {
		if (!state || !state->throttled)
			mica_log_info("%s", words);
		if (state)
			(void)remember(state, "");
	} else if (!state || remember(state, words))
		mica_log_warning("%s", words);
}

static void helped(const struct mica_job_end *end, void *userdata)
{
	struct errand *errand = userdata;
	struct mica_keeper *keeper = errand->keeper;

	for (const char *line = end->output; *line;) {
		const char *stop = strchrnul(line, '\n');
		_cleanup_json_ json_t *result = mica_json_parse(line, (size_t)(stop - line));

		tell_result(keeper, result);
		line = *stop ? stop + 1 : stop;
	}
	for (size_t i = 0; i < errand->count; i++) {
		struct state *state = find_state(keeper, errand->keys[i]);

		if (end->status == -ETIMEDOUT && state && remember(state, "hangs"))
			mica_log_warning("%s cannot be brought back: it took too long", errand->keys[i]);
		if (state)
			state->busy = false;
		free(errand->keys[i]);
	}
	if (*end->errors)
		mica_log_warning("reconcile: %.*s", (int)strcspn(end->errors, "\n"), end->errors);
	if (!errand->remote)
		keeper->helping = false;
	free(errand);
	look_soon(keeper, SETTLE_MS);
}

static void send_helper(struct errand *errand)
{
	struct mica_keeper *keeper = errand->keeper;
	const char *arguments[NAMES_AT_ONCE + 6] = { "reconcile", "--json", "--root", mica_store_root(keeper->store),
						     "--" };
	unsigned limit = errand->remote ? keeper->options.mount_timeout * 1000 : HELPER_MS;
	int r;

	for (size_t i = 0; i < errand->count; i++)
		arguments[5 + i] = strchr(errand->keys[i], ' ') + 1;
	if (!errand->remote)
		keeper->helping = true;
	r = mica_job_start(keeper->loop, arguments, limit, helped, errand);
	if (r == 0)
		return;
	mica_log_warning_errno(r, "cannot start a helper");
	helped(&(struct mica_job_end){ r, "", "" }, errand);
}

/* False: it was brought back too often. */
static bool may_act(struct mica_keeper *keeper, struct state *state, const struct mica_kept *kept)
{
	uint64_t now = mica_loop_now();

	if (state->full_until_ns < now)
		state->full_until_ns = now;
	if (state->full_until_ns - now > (BURST - 1) * PAUSE_NS) {
		if (!state->throttled)
			mica_log_warning("%s %s is undone over and over: it is brought back twice a second from now on",
					 mica_kept_kind_name(kept->kind), kept->name);
		state->throttled = true;
		look_soon(keeper,
			  (unsigned)((state->full_until_ns - now - (BURST - 1) * PAUSE_NS) / 1000000) + SETTLE_MS);
		return false;
	}
	if (state->full_until_ns == now)
		state->throttled = false;
	state->full_until_ns += PAUSE_NS;
	return true;
}

static void add_errand(struct errand *errand, struct state *state)
{
	errand->keys[errand->count] = strdup(state->key);
	if (!errand->keys[errand->count])
		return;
	errand->count++;
	state->busy = true;
}

/* What can be done about a drift is found out by the helper; what cannot is told here, once. */
static void take_drift(struct mica_keeper *keeper, const struct mica_kept *kept, const struct mica_drift_found *found,
		       struct errand *local)
{
	bool remote = kept->kind == MICA_KEPT_VOLUME && kept->backend->remote;
	struct errand *errand = local;
	struct state *state;
	char key[512];

	(void)snprintf(key, sizeof(key), "%s %s", mica_kept_kind_name(kept->kind), kept->name);
	state = find_state(keeper, key);
	if (!state || state->busy || strlen(key) == sizeof(key) - 1)
		return;
	if (found->drift == MICA_DRIFT_COVERED || found->drift == MICA_DRIFT_FOREIGN) {
		if (remember(state, mica_drift_name(found->drift)))
			mica_log_warning("%s is %s: %s is mounted %s; it is left alone", key,
					 mica_drift_name(found->drift),
					 found->other ? found->other->type : "something else",
					 found->drift == MICA_DRIFT_COVERED ? "over it" : "in its place");
		return;
	}
	if ((!remote && (keeper->helping || local->count == NAMES_AT_ONCE)) || !may_act(keeper, state, kept))
		return;
	if (remote) {
		errand = calloc(1, sizeof(*errand));
		if (!errand)
			return;
		*errand = (struct errand){ .keeper = keeper, .remote = true };
	}
	add_errand(errand, state);
	if (remote)
		send_helper(errand);
}

static int look_at_all(struct mica_keeper *keeper, struct errand *local)
{
	_cleanup_kept_list_ struct mica_kept_list list = {};
	_cleanup_mounts_ struct mica_mounts *mounts = NULL;
	int r = mica_kept_read(keeper->store, &list);

	if (r == 0 && list.count)
		r = mica_mounts_new("/proc/self/mountinfo", &mounts);
	for (size_t i = 0; r == 0 && i < list.count; i++) {
		struct mica_drift_found found;

		r = mica_drift_find(&list.items[i], mounts, &found);
		if (r == 0 && found.drift != MICA_DRIFT_NONE)
			take_drift(keeper, &list.items[i], &found, local);
	}
	return r;
}

static void look(void *userdata)
{
	struct mica_keeper *keeper = userdata;
	struct errand *local = calloc(1, sizeof(*local));
	uint64_t began = mica_loop_now(), took;
	int r = -ENOMEM;

	if (local) {
		local->keeper = keeper;
		r = look_at_all(keeper, local);
	}
	if (r < 0)
		mica_log_warning_errno(r, "cannot look at the mounts");
	if (local && local->count)
		send_helper(local);
	else
		free(local);
	took = mica_loop_now() - began;
	if (took > REST_MAX_MS * 1000000ULL / REST_FACTOR)
		took = REST_MAX_MS * 1000000ULL / REST_FACTOR;
	keeper->rested_ns = mica_loop_now() + REST_FACTOR * took;
}

static void look_regularly(void *userdata)
{
	struct mica_keeper *keeper = userdata;

	look_soon(keeper, 0);
	mica_loop_set_timer(keeper->loop, &keeper->interval, keeper->options.interval * 1000);
}

static void mounts_changed(uint32_t events, void *userdata)
{
	struct mica_keeper *keeper = userdata;

	(void)events;
	(void)libmount.mnt_monitor_event_cleanup(keeper->monitor);
	look_soon(keeper, SETTLE_MS);
}

static int start(struct mica_keeper *keeper)
{
	int r = mica_mount_library_load();

	if (r < 0)
		return r;
	keeper->monitor = libmount.mnt_new_monitor();
	if (!keeper->monitor)
		return -ENOMEM;
	r = libmount.mnt_monitor_enable_kernel(keeper->monitor, 1);
	if (r < 0)
		return r;
	keeper->watch = (struct mica_watch){ .fd = libmount.mnt_monitor_get_fd(keeper->monitor),
					     .ready = mounts_changed,
					     .userdata = keeper };
	if (keeper->watch.fd < 0)
		return keeper->watch.fd;
	return mica_loop_watch(keeper->loop, &keeper->watch, EPOLLIN);
}

int mica_keeper_new(struct mica_loop *loop, struct mica_store *store, const struct mica_keeper_options *options,
		    struct mica_keeper **ret)
{
	struct mica_keeper *keeper = calloc(1, sizeof(*keeper));
	int r;

	if (!keeper)
		return -ENOMEM;
	*keeper = (struct mica_keeper){
		.loop = loop,
		.store = store,
		.options = *options,
		.look = { .fire = look, .userdata = keeper },
		.interval = { .fire = look_regularly, .userdata = keeper },
	};
	r = start(keeper);
	if (r < 0) {
		mica_keeper_free(&keeper);
		return r;
	}
	look_regularly(keeper);
	*ret = keeper;
	return 0;
}

void mica_keeper_free(struct mica_keeper **keeper)
{
	struct mica_keeper *k = *keeper;

	if (!k)
		return;
	mica_loop_unwatch(k->loop, &k->watch);
	mica_loop_clear_timer(k->loop, &k->look);
	mica_loop_clear_timer(k->loop, &k->interval);
	if (k->monitor)
		libmount.mnt_unref_monitor(k->monitor);
	tdestroy(k->states, free_state);
	free(k);
	*keeper = NULL;
}
