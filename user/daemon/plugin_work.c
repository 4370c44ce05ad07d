// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/log.h"
#include "daemon/job.h"
#include "daemon/plugin_internal.h"
#include "store/volume.h"
#include "store/volume_real_use.h"
#include "store/volume_users.h"

#define UNMOUNT_MS 30000
/* An engine mounts a volume into its container soon after it was told where it is. */
#define LEAK_MS 30000

struct mica_plugin_work *mica_plugin_working(const struct mica_plugin *plugin, const char *name)
{
	struct mica_plugin_work *work = plugin->works;

	while (work && strcmp(work->name, name) != 0)
		work = work->next;
	return work;
}

static void strike_off(struct mica_plugin_work *work)
{
	struct mica_plugin_work **place = &work->plugin->works;

	while (*place != work)
		place = &(*place)->next;
	*place = work->next;
}

/* What a helper, and what it ran, said on stderr: in one line, without the program's name. */
static int join_lines(const char *words, struct mica_buffer *ret)
{
	while (*words) {
		size_t size = strcspn(words, "\n");
		size_t skip = strncmp(words, "mica: ", 6) == 0 ? 6 : 0;

		if (size > skip && ret->size)
			(void)mica_buffer_append_string(ret, "; ");
		(void)mica_buffer_append(ret, words + skip, size > skip ? size - skip : 0);
		words += size + (words[size] == '\n');
	}
	return mica_buffer_string(ret) ? 0 : -ENOMEM;
}

static void refuse_as_told(struct mica_plugin_ticket *ticket, const struct mica_job_end *end)
{
	_cleanup_buffer_ struct mica_buffer words = {};

	if (end->status == -ETIMEDOUT)
		mica_plugin_refuse_words(ticket, "the volume '%s': its server does not answer", ticket->request.name);
	else if (join_lines(end->errors, &words) == 0 && words.size)
		mica_plugin_refuse_words(ticket, "%s", words.data);
	else
		mica_plugin_refuse_words(ticket, "the volume '%s': the helper ended with %d", ticket->request.name,
					 end->status);
}

/* Which call a work does. */
static bool is_call_of(enum mica_plugin_work_kind kind, enum mica_plugin_call call)
{
	static const enum mica_plugin_call calls[] = {
		[MICA_PLUGIN_WORK_MOUNT] = MICA_PLUGIN_MOUNT,
		[MICA_PLUGIN_WORK_UNMOUNT] = MICA_PLUGIN_UNMOUNT,
		[MICA_PLUGIN_WORK_REMOVE] = MICA_PLUGIN_REMOVE,
	};

	return calls[kind] == call;
}

static void go_on(struct mica_plugin_ticket *ticket, const struct mica_plugin_work *work,
		  const struct mica_job_end *end)
{
	bool served = is_call_of(work->kind, ticket->request.call);

	if (ticket->request.call == MICA_PLUGIN_MOUNT && ticket->gone(ticket)) {
		/* Nobody would unmount it. */
		mica_plugin_refuse_words(ticket, "the client is gone");
		mica_log_info("the client of a Mount of '%s' is gone: it is not counted", ticket->request.name);
	} else if (served && end->status != 0 && work->kind != MICA_PLUGIN_WORK_UNMOUNT)
		refuse_as_told(ticket, end);
	else if (served && work->kind != MICA_PLUGIN_WORK_MOUNT)
		mica_plugin_answer(ticket, 200, json_pack("{s:s}", "Err", ""));
	else /* mounted: it is to be counted; or it waited for another's work */
		mica_plugin_ask(work->plugin, ticket);
	if (ticket->status)
		ticket->answered(ticket);
}

/* Whoever asked got "still mounting", and has not come again, or is gone. */
static void undo_unwanted(struct mica_plugin *plugin, const char *name)
{
	int64_t users = 0;

	if (mica_volume_users_count(plugin->store, name, &users) == 0 && !users && !mica_plugin_working(plugin, name))
		mica_plugin_start(plugin, name, MICA_PLUGIN_WORK_UNMOUNT);
}

struct patience {
	struct mica_plugin *plugin;
	struct mica_timer timer;
	char name[];
};

/* As long as a client may need to come again. */
#define RETRY_MS 60000

static void patience_ends(void *userdata)
{
	struct patience *patience = userdata;

	undo_unwanted(patience->plugin, patience->name);
	free(patience);
}

static void wait_for_retry(struct mica_plugin *plugin, const char *name)
{
	struct patience *patience = calloc(1, sizeof(*patience) + strlen(name) + 1);

	if (!patience)
		return;
	patience->plugin = plugin;
	(void)memcpy(patience->name, name, strlen(name) + 1);
	patience->timer = (struct mica_timer){ .fire = patience_ends, .userdata = patience };
	mica_loop_set_timer(plugin->loop, &patience->timer, RETRY_MS);
}

static void work_ended(const struct mica_job_end *end, void *userdata)
{
	struct mica_plugin_work *work = userdata;
	struct mica_plugin *plugin = work->plugin;
	bool waited = work->tickets;
	struct mica_plugin_ticket *ticket;

	strike_off(work);
	if (end->status != 0)
		mica_log_warning("the volume '%s': %.*s", work->name,
				 end->status == -ETIMEDOUT ? 27 : (int)strcspn(end->errors, "\n"),
				 end->status == -ETIMEDOUT ? "its server does not answer" : end->errors);
	while ((ticket = work->tickets)) {
		work->tickets = ticket->next;
		ticket->next = NULL;
		ticket->work = NULL;
		mica_loop_clear_timer(plugin->loop, &ticket->timer);
		go_on(ticket, work, end);
	}
	if (work->kind == MICA_PLUGIN_WORK_MOUNT && end->status == 0) {
		if (waited)
			undo_unwanted(plugin, work->name);
		else
			wait_for_retry(plugin, work->name);
	}
	free(work->name);
	free(work);
}

static int start(struct mica_plugin_work *work)
{
	const char *root = mica_store_root(work->plugin->store);
	const char *const mount[] = { "volume", "mount", "--uncounted", "--root", root, work->name, NULL };
	const char *const unmount[] = { "volume", "unmount", "--unused", "--root", root, work->name, NULL };
	const char *const remove[] = { "volume", "rm", "--root", root, work->name, NULL };
	const char *const *const arguments[] = {
		[MICA_PLUGIN_WORK_MOUNT] = mount,
		[MICA_PLUGIN_WORK_UNMOUNT] = unmount,
		[MICA_PLUGIN_WORK_REMOVE] = remove,
	};
	unsigned limit = work->kind == MICA_PLUGIN_WORK_MOUNT ? (unsigned)work->plugin->config->mount_timeout * 1000
							      : UNMOUNT_MS;

	return mica_job_start(work->plugin->loop, arguments[work->kind], limit, work_ended, work);
}

static struct mica_plugin_work *make_work(struct mica_plugin *plugin, const char *name, enum mica_plugin_work_kind kind)
{
	struct mica_plugin_work *work = calloc(1, sizeof(*work));

	if (work)
		*work = (struct mica_plugin_work){ .plugin = plugin, .kind = kind, .name = strdup(name) };
	if (!work || !work->name || start(work) < 0) {
		if (work)
			free(work->name);
		free(work);
		return NULL;
	}
	work->next = plugin->works;
	plugin->works = work;
	return work;
}

void mica_plugin_start(struct mica_plugin *plugin, const char *name, enum mica_plugin_work_kind kind)
{
	if (!make_work(plugin, name, kind))
		mica_log_warning("cannot start a helper for the volume '%s'", name);
}

/* Podman waits 5 s for an answer, and then counts on nothing. */
static void time_is_up(void *userdata)
{
	struct mica_plugin_ticket *ticket = userdata, **place = &ticket->work->tickets;
	const char *name = ticket->request.name;

	while (*place != ticket)
		place = &(*place)->next;
	*place = ticket->next;
	if (ticket->request.call == MICA_PLUGIN_UNMOUNT && ticket->work->kind == MICA_PLUGIN_WORK_UNMOUNT)
		/* The use is over; the rest goes on behind. */
		mica_plugin_answer(ticket, 200, json_pack("{s:s}", "Err", ""));
	else if (ticket->work->kind == MICA_PLUGIN_WORK_MOUNT)
		mica_plugin_refuse_words(ticket, "still mounting the volume '%s'; try again", name);
	else
		mica_plugin_refuse_words(ticket, "still unmounting the volume '%s'; try again", name);
	ticket->work = NULL;
	ticket->answered(ticket);
}

void mica_plugin_wait(struct mica_plugin_ticket *ticket, enum mica_plugin_work_kind kind)
{
	struct mica_plugin_work *work = mica_plugin_working(ticket->plugin, ticket->request.name);
	struct mica_plugin_ticket **place;
	uint64_t waited_ms;

	if (!work)
		work = make_work(ticket->plugin, ticket->request.name, kind);
	if (!work) {
		mica_plugin_refuse_words(ticket, "cannot start a helper");
		return;
	}
	for (place = &work->tickets; *place;)
		place = &(*place)->next;
	*place = ticket;
	ticket->next = NULL;
	ticket->work = work;
	ticket->timer = (struct mica_timer){ .fire = time_is_up, .userdata = ticket };
	/* It may wait for one work after the other: the time of the answer is that of the first. */
	if (!ticket->waits_since_ns)
		ticket->waits_since_ns = mica_loop_now();
	waited_ms = (mica_loop_now() - ticket->waits_since_ns) / 1000000;
	mica_loop_set_timer(ticket->plugin->loop, &ticket->timer,
			    waited_ms < MICA_PLUGIN_ANSWER_MS ? MICA_PLUGIN_ANSWER_MS - (unsigned)waited_ms : 0);
}

static int end_leaks_of(struct mica_plugin *plugin, const struct mica_real_use *use, const char *name)
{
	int r = mica_real_use_of(use, plugin->store, name);

	return r == 0 ? mica_volume_users_forget(plugin->store, name, MICA_VOLUME_USER_PLUGIN) : r;
}

int mica_plugin_end_leaks(struct mica_plugin *plugin, const char *name)
{
	_cleanup_real_use_ struct mica_real_use *use = NULL;
	int64_t users = 0;
	int r = mica_volume_users_count(plugin->store, name, &users);

	if (r < 0 || !users)
		return r;
	r = mica_real_use_new(&use);
	return r < 0 ? r : end_leaks_of(plugin, use, name);
}

struct suspects {
	struct mica_plugin *plugin;
	const struct mica_real_use *use;
};

static int take_suspect(const struct mica_volume *volume, void *userdata)
{
	const struct suspects *suspects = userdata;
	struct mica_plugin *plugin = suspects->plugin;
	char **names;

	if (!volume->users || mica_real_use_of(suspects->use, plugin->store, volume->name) != 0)
		return 0;
	names = reallocarray(plugin->suspects, plugin->suspect_count + 1, sizeof(char *));
	if (!names)
		return -ENOMEM;
	plugin->suspects = names;
	names[plugin->suspect_count] = strdup(volume->name);
	return names[plugin->suspect_count] ? (plugin->suspect_count++, 0) : -ENOMEM;
}

/* The second look, at those that nobody had at the first. */
static void look_again(void *userdata)
{
	_cleanup_real_use_ struct mica_real_use *use = NULL;
	struct mica_plugin *plugin = userdata;
	int r = mica_real_use_new(&use);

	for (size_t i = 0; i < plugin->suspect_count; i++) {
		if (r == 0 && end_leaks_of(plugin, use, plugin->suspects[i]) == 0) {
			mica_log_info("no container has the volume '%s' any more: its uses are forgotten",
				      plugin->suspects[i]);
			if (!mica_plugin_working(plugin, plugin->suspects[i]))
				undo_unwanted(plugin, plugin->suspects[i]);
		}
		free(plugin->suspects[i]);
	}
	free(plugin->suspects);
	plugin->suspects = NULL;
	plugin->suspect_count = 0;
}

void mica_plugin_find_leaks(struct mica_plugin *plugin)
{
	_cleanup_real_use_ struct mica_real_use *use = NULL;
	struct suspects suspects = { .plugin = plugin };
	int r = mica_volume_users_expire(plugin->store);

	if (r == 0)
		r = mica_real_use_new(&use);
	suspects.use = use;
	if (r == 0)
		r = mica_volume_list(plugin->store, take_suspect, &suspects);
	if (r < 0)
		mica_log_warning_errno(r, "cannot look for uses of volumes that are over");
	plugin->leaks = (struct mica_timer){ .fire = look_again, .userdata = plugin };
	if (plugin->suspect_count)
		mica_loop_set_timer(plugin->loop, &plugin->leaks, LEAK_MS);
}

int mica_plugin_new(struct mica_loop *loop, struct mica_store *store, const struct mica_config *config,
		    struct mica_plugin **ret)
{
	struct mica_plugin *plugin = calloc(1, sizeof(*plugin));

	if (!plugin)
		return -ENOMEM;
	*plugin = (struct mica_plugin){ .loop = loop, .store = store, .config = config };
	plugin->clear = (struct mica_timer){ .fire = mica_plugin_clear, .userdata = plugin };
	mica_plugin_find_leaks(plugin);
	*ret = plugin;
	return 0;
}

void mica_plugin_free(struct mica_plugin **plugin)
{
	struct mica_plugin *p = *plugin;

	if (!p)
		return;
	mica_loop_clear_timer(p->loop, &p->leaks);
	mica_loop_clear_timer(p->loop, &p->clear);
	for (size_t i = 0; i < p->suspect_count; i++)
		free(p->suspects[i]);
	free(p->suspects);
	free(p);
	*plugin = NULL;
}
