// SPDX-License-Identifier: BSD-2-Clause
#include "daemon/plugin.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/buffer.h"
#include "base/log.h"
#include "container/json.h"
#include "daemon/job.h"
#include "daemon/plugin_internal.h"
#include "store/volume.h"
#include "store/volume_users.h"

#define OPTIONS_MAX 64
#define CLEAR_MS 600000
#define REST_MS 1000

void mica_plugin_answer(struct mica_plugin_ticket *ticket, unsigned status, json_t *body)
{
	ticket->status = status;
	ticket->body = body;
}

void mica_plugin_refuse_words(struct mica_plugin_ticket *ticket, const char *format, ...)
{
	_cleanup_buffer_ struct mica_buffer text = {};
	va_list arguments;

	va_start(arguments, format);
	(void)mica_buffer_vappendf(&text, format, arguments);
	va_end(arguments);
	mica_plugin_answer(ticket, 500,
			   json_pack("{s:s}", "Err", mica_buffer_string(&text) ? text.data : "out of memory"));
	if (!ticket->body) /* it was no UTF-8 */
		ticket->body = json_pack("{s:s}", "Err", "it failed; the name is no UTF-8");
}

void mica_plugin_refuse(struct mica_plugin_ticket *ticket, int error)
{
	const char *reason = mica_store_reason(ticket->plugin->store);
	bool whole = error == -EINVAL || error == -ENOENT || error == -EEXIST || error == -EBUSY || error == -EBADMSG;

	if (*reason && whole)
		mica_plugin_refuse_words(ticket, "%s", reason);
	else
		mica_plugin_refuse_words(ticket, "%s%s%s", reason, *reason ? ": " : "", strerror(-error));
}

static void succeed(struct mica_plugin_ticket *ticket)
{
	mica_plugin_answer(ticket, 200, json_pack("{s:s}", "Err", ""));
}

/* What an option of the configuration says for this volume: {name} is its name. */
static char *expand(const char *value, const char *name)
{
	_cleanup_buffer_ struct mica_buffer text = {};
	const char *place;

	for (; (place = strstr(value, "{name}")); value = place + strlen("{name}")) {
		(void)mica_buffer_append(&text, value, (size_t)(place - value));
		(void)mica_buffer_append_string(&text, name);
	}
	(void)mica_buffer_append_string(&text, value);
	return mica_buffer_string(&text) ? strdup(text.data) : NULL;
}

struct chosen {
	const char *backend;
	struct mica_volume_option options[OPTIONS_MAX];
	size_t count;
	/** Values that were expanded. */
	char *values[OPTIONS_MAX];
	size_t value_count;
};

static void free_chosen(const struct chosen *chosen)
{
	for (size_t i = 0; i < chosen->value_count; i++)
		free(chosen->values[i]);
}

/* The client's options; with no backend among them those of the configuration too, where the client says nothing. */
static int choose(const struct mica_plugin *plugin, const struct mica_plugin_request *request, struct chosen *ret)
{
	const char *key;
	json_t *value;

	ret->backend = plugin->config->backend;
	json_object_foreach((json_t *)request->options, key, value)
	{
		if (strcmp(key, "backend") == 0)
			ret->backend = json_string_value(value);
		else if (ret->count == OPTIONS_MAX)
			return -E2BIG;
		else
			ret->options[ret->count++] = (struct mica_volume_option){ key, json_string_value(value) };
	}
	if (json_object_get(request->options, "backend"))
		return 0;
	json_object_foreach((json_t *)plugin->config->options, key, value)
	{
		char *expanded;

		if (json_object_get(request->options, key))
			continue;
		if (ret->count == OPTIONS_MAX)
			return -E2BIG;
		expanded = expand(json_string_value(value), request->name);
		if (!expanded)
			return -ENOMEM;
		ret->values[ret->value_count++] = expanded;
		ret->options[ret->count++] = (struct mica_volume_option){ key, expanded };
	}
	return 0;
}

static void create(struct mica_plugin_ticket *ticket)
{
	_cleanup_(free_chosen) struct chosen chosen = {};
	int r = choose(ticket->plugin, &ticket->request, &chosen);

	if (r == -E2BIG) {
		mica_plugin_refuse_words(ticket, "there are more than %d options", OPTIONS_MAX);
		return;
	}
	if (r == 0)
		r = mica_volume_create(ticket->plugin->store, ticket->request.name, chosen.backend, chosen.options,
				       chosen.count, NULL);
	if (r < 0)
		mica_plugin_refuse(ticket, r);
	else
		succeed(ticket);
}

/* Where an engine finds the files; "" while they are not there. */
static const char *mountpoint(const struct mica_volume *volume)
{
	return volume->in_place || volume->users ? volume->directory : "";
}

static int describe(const struct mica_volume *volume, void *userdata)
{
	struct mica_plugin_ticket *ticket = userdata;
	time_t seconds = (time_t)(volume->created / 1000000000);
	char created[32] = "";
	struct tm broken;

	if (ticket->request.call == MICA_PLUGIN_PATH) {
		mica_plugin_answer(ticket, 200, json_pack("{s:s, s:s}", "Mountpoint", mountpoint(volume), "Err", ""));
		return 0;
	}
	if (gmtime_r(&seconds, &broken))
		(void)strftime(created, sizeof(created), "%Y-%m-%dT%H:%M:%SZ", &broken);
	mica_plugin_answer(ticket, 200,
			   json_pack("{s:{s:s, s:s, s:s, s:{s:s, s:I}}, s:s}", "Volume", "Name", volume->name,
				     "Mountpoint", mountpoint(volume), "CreatedAt", created, "Status", "backend",
				     volume->backend, "users", (json_int_t)volume->users, "Err", ""));
	return 0;
}

static int add_to_list(const struct mica_volume *volume, void *userdata)
{
	return json_array_append_new(userdata,
				     json_pack("{s:s, s:s}", "Name", volume->name, "Mountpoint", mountpoint(volume)));
}

static void list(struct mica_plugin_ticket *ticket)
{
	json_t *volumes = json_array();
	int r = volumes ? mica_volume_list(ticket->plugin->store, add_to_list, volumes) : -ENOMEM;

	if (r < 0) {
		json_decref(volumes);
		mica_plugin_refuse(ticket, r);
	} else
		mica_plugin_answer(ticket, 200, json_pack("{s:o, s:s}", "Volumes", volumes, "Err", ""));
}

/* The name of a Mount call's use. */
static char *user_of(const struct mica_plugin_ticket *ticket)
{
	char *user = NULL;

	return asprintf(&user, MICA_VOLUME_USER_PLUGIN "%s", ticket->request.id) < 0 ? NULL : user;
}

static void mount_volume(struct mica_plugin_ticket *ticket)
{
	_cleanup_free_ char *user = user_of(ticket), *directory = NULL;
	int r = user ? mica_volume_acquire(ticket->plugin->store, ticket->request.name,
					   &(struct mica_volume_use){ .user = user, .quick = true }, &directory)
		     : -ENOMEM;

	if (r == -EAGAIN) /* or -EWOULDBLOCK, the same: another process works on it */
		mica_plugin_wait(ticket, MICA_PLUGIN_WORK_MOUNT);
	else if (r < 0)
		mica_plugin_refuse(ticket, r);
	else {
		ticket->counted = true;
		mica_plugin_answer(ticket, 200, json_pack("{s:s, s:s}", "Mountpoint", directory, "Err", ""));
	}
}

static int release(struct mica_plugin_ticket *ticket)
{
	_cleanup_free_ char *user = user_of(ticket);

	return user ? mica_volume_release(ticket->plugin->store, ticket->request.name,
					  &(struct mica_volume_use){ .user = user, .quick = true })
		    : -ENOMEM;
}

static void unmount_volume(struct mica_plugin_ticket *ticket)
{
	int r = release(ticket);

	if (r == -EAGAIN) {
		mica_plugin_wait(ticket, MICA_PLUGIN_WORK_UNMOUNT);
		return;
	}
	/* The use is over; that files are still open says nothing to the engine, which would count it forever. */
	if (r == -EBUSY)
		mica_log_info("%s", mica_store_reason(ticket->plugin->store));
	if (r < 0 && r != -EBUSY)
		mica_plugin_refuse(ticket, r);
	else
		succeed(ticket);
}

static void cleared(const struct mica_job_end *end, void *userdata)
{
	struct mica_plugin *plugin = userdata;

	(void)end;
	plugin->clearing = false;
}

/* Many files take a while to remove: whoever opens the store does it. */
void mica_plugin_clear(void *userdata)
{
	struct mica_plugin *plugin = userdata;
	const char *const arguments[] = { "volume", "ls", "--quiet", "--root", mica_store_root(plugin->store), NULL };

	if (plugin->clearing)
		mica_loop_set_timer(plugin->loop, &plugin->clear, REST_MS);
	else
		plugin->clearing = mica_job_start(plugin->loop, arguments, CLEAR_MS, cleared, plugin) == 0;
}

static int take_remote(const struct mica_volume *volume, void *userdata)
{
	*(bool *)userdata = volume->remote;
	return 0;
}

static void remove_volume(struct mica_plugin_ticket *ticket)
{
	struct mica_plugin *plugin = ticket->plugin;
	const char *name = ticket->request.name;
	bool remote = false;
	int r = mica_volume_inspect(plugin->store, name, take_remote, &remote);

	if (r == 0)
		r = mica_plugin_end_leaks(plugin, name);
	if (r > 0) {
		mica_plugin_refuse_words(ticket, "the volume '%s' is in use by a container", name);
		return;
	}
	if (r == 0 && remote) {
		mica_plugin_wait(ticket, MICA_PLUGIN_WORK_REMOVE);
		return;
	}
	if (r == 0)
		r = mica_volume_strike(plugin->store, name);
	if (r < 0) {
		mica_plugin_refuse(ticket, r);
		return;
	}
	mica_loop_set_timer(plugin->loop, &plugin->clear, REST_MS);
	succeed(ticket);
}

static void look_up(struct mica_plugin_ticket *ticket)
{
	int r = mica_volume_inspect(ticket->plugin->store, ticket->request.name, describe, ticket);

	if (r < 0)
		mica_plugin_refuse(ticket, r);
}

void mica_plugin_ask(struct mica_plugin *plugin, struct mica_plugin_ticket *ticket)
{
	ticket->plugin = plugin;
	switch (ticket->request.call) {
	case MICA_PLUGIN_ACTIVATE:
		mica_plugin_answer(ticket, 200, json_pack("{s:[s]}", "Implements", "VolumeDriver"));
		break;
	case MICA_PLUGIN_CAPABILITIES:
		mica_plugin_answer(ticket, 200, json_pack("{s:{s:s}}", "Capabilities", "Scope", "local"));
		break;
	case MICA_PLUGIN_LIST:
		list(ticket);
		break;
	case MICA_PLUGIN_CREATE:
		create(ticket);
		break;
	case MICA_PLUGIN_GET:
	case MICA_PLUGIN_PATH:
		look_up(ticket);
		break;
	default:
		/* One at a time on one volume. */
		if (mica_plugin_working(plugin, ticket->request.name))
			mica_plugin_wait(ticket, MICA_PLUGIN_WORK_MOUNT);
		else if (ticket->request.call == MICA_PLUGIN_MOUNT)
			mount_volume(ticket);
		else if (ticket->request.call == MICA_PLUGIN_UNMOUNT)
			unmount_volume(ticket);
		else
			remove_volume(ticket);
	}
}

void mica_plugin_end(struct mica_plugin_ticket *ticket, bool delivered)
{
	struct mica_plugin_ticket **place;

	if (ticket->plugin)
		mica_loop_clear_timer(ticket->plugin->loop, &ticket->timer);
	if (ticket->work) {
		for (place = &ticket->work->tickets; *place && *place != ticket;)
			place = &(*place)->next;
		if (*place)
			*place = ticket->next;
		ticket->work = NULL;
	}
	if (ticket->counted && !delivered) {
		mica_log_info("the client of a Mount of '%s' is gone: it is undone", ticket->request.name);
		if (release(ticket) == -EAGAIN && !mica_plugin_working(ticket->plugin, ticket->request.name))
			mica_plugin_start(ticket->plugin, ticket->request.name, MICA_PLUGIN_WORK_UNMOUNT);
	}
	ticket->counted = false;
	json_decref(ticket->body);
	ticket->body = NULL;
	mica_plugin_request_free(&ticket->request);
	ticket->request = (struct mica_plugin_request){};
}
