// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "base/suggest.h"
#include "cmd/trace.h"
#include "container/engine.h"

/** Digits of an id that are enough to name a container, as engines print it. */
#define SHORT_ID 12

bool mica_trace_selects(const struct mica_trace_options *options)
{
	return options->containers || options->namespaces;
}

static bool is_name_of(const char *name, const struct mica_container *container)
{
	size_t size = strlen(name);

	if (container->name && strcmp(container->name, name) == 0)
		return true;
	return container->id && size >= SHORT_ID && strncmp(container->id, name, size) == 0;
}

static bool container_selected(const struct mica_trace_options *options, const struct mica_container *container)
{
	for (size_t i = 0; container && options->containers && options->containers[i]; i++)
		if (is_name_of(options->containers[i], container))
			return true;
	return false;
}

static bool namespace_selected(const struct mica_trace_options *options, uint32_t inode)
{
	for (size_t i = 0; options->namespaces && options->namespaces[i]; i++)
		if (options->namespaces[i] == inode)
			return true;
	return false;
}

/** `found`: NULL when it is not known. */
static enum mica_selection classify_namespace(const struct mica_trace_options *options, uint32_t inode,
					      const struct mica_namespace *found)
{
	if (namespace_selected(options, inode) || (found && container_selected(options, found->container)))
		return MICA_SELECTION_WATCHED;
	/* A number is known from the first event on; which container it is may take a while. */
	if (options->namespaces && !options->containers)
		return MICA_SELECTION_REJECTED;
	if (!found || found->kind == MICA_NAMESPACE_UNKNOWN || found->kind == MICA_NAMESPACE_HOST)
		return MICA_SELECTION_UNKNOWN;
	if (mica_trace_selects(options)) {
		/* A runtime's namespace becomes the container's when it has set it up. */
		if (found->kind == MICA_NAMESPACE_OTHER && options->containers)
			return MICA_SELECTION_OTHER;
		return MICA_SELECTION_REJECTED;
	}
	return found->kind == MICA_NAMESPACE_CONTAINER ? MICA_SELECTION_WATCHED : MICA_SELECTION_OTHER;
}

/** Remembers a decision; true when it is new. */
static bool remember(struct mica_table *table, uint64_t key, enum mica_selection selection)
{
	void *value = (void *)(uintptr_t)(selection + 1);

	if (mica_table_get(table, key) == value)
		return false;
	return mica_table_put(table, key, value) == 0;
}

static void tell_kernel_of_namespace(struct mica_trace_selection *selection, const struct mica_event *event,
				     enum mica_selection decision)
{
	uint64_t id = event->record.mnt_ns_id;

	/* A young one may turn out to be a container yet, whose files would be missed. */
	if (decision == MICA_SELECTION_OTHER && event->wait_until_ns)
		return;
	if (decision == MICA_SELECTION_UNKNOWN || event->record.flags & MICA_RECORD_HOST ||
	    event->record.type == MICA_EVENT_NAMESPACE_GONE || !remember(&selection->namespaces, id, decision))
		return;
	if (mica_kernel_select_namespace(selection->kernel, id, decision))
		mica_log_debug("the kernel's table of namespaces is full");
}

/** A union of a container that was not asked for: what others do to it is not shown either. */
static void tell_kernel_of_union(struct mica_trace_selection *selection, const struct mica_event *event)
{
	const struct mica_trace_options *options = selection->options;
	enum mica_selection decision = MICA_SELECTION_WATCHED;

	if (!options->containers || !event->record.union_id || !event->container)
		return;
	if (!container_selected(options, event->container)) {
		/* The subject's container need not be the union's: only the host's doing tells whose union it is. */
		if (!(event->record.flags & MICA_RECORD_HOST))
			return;
		decision = MICA_SELECTION_REJECTED;
	}
	if (remember(&selection->unions, event->record.union_id, decision))
		(void)mica_kernel_select_union(selection->kernel, event->record.union_id, decision);
}

bool mica_trace_select(struct mica_trace_selection *selection, const struct mica_event *event)
{
	const struct mica_trace_options *options = selection->options;

	if (event->record.type == MICA_EVENT_LOST)
		return true;
	tell_kernel_of_namespace(selection, event,
				 classify_namespace(options, event->record.mnt_ns, event->mount_namespace));
	if (mica_trace_selects(options))
		tell_kernel_of_union(selection, event);
	return mica_trace_shows(selection, event);
}

bool mica_trace_shows(const struct mica_trace_selection *selection, const struct mica_event *event)
{
	const struct mica_trace_options *options = selection->options;
	enum mica_selection decision;

	if (event->record.type == MICA_EVENT_LOST || !mica_trace_selects(options))
		return true;
	decision = classify_namespace(options, event->record.mnt_ns, event->mount_namespace);
	if (decision == MICA_SELECTION_WATCHED || container_selected(options, event->container))
		return true;
	/* Not known whose it is: it may be what was asked for. */
	return !event->container && !(event->record.flags & MICA_RECORD_HOST) && decision == MICA_SELECTION_UNKNOWN;
}

static int select_settled(const struct mica_namespace *found, void *userdata)
{
	struct mica_trace_selection *selection = userdata;
	enum mica_selection decision = classify_namespace(selection->options, found->inode, found);

	if (remember(&selection->namespaces, found->id, decision))
		(void)mica_kernel_select_namespace(selection->kernel, found->id, decision);
	return 0;
}

int mica_trace_select_settled(struct mica_trace_selection *selection, struct mica_identity *identity)
{
	return mica_identity_settle(identity, select_settled, selection);
}

void mica_trace_select_done(struct mica_trace_selection *selection, const struct mica_event *event)
{
	/* The kernel forgets a namespace when it goes, but mica may have told of it after that. */
	if (event->record.type == MICA_EVENT_NAMESPACE_GONE &&
	    mica_table_remove(&selection->namespaces, event->record.mnt_ns_id))
		(void)mica_kernel_select_namespace(selection->kernel, event->record.mnt_ns_id, MICA_SELECTION_UNKNOWN);
	if (event->record.type == MICA_EVENT_UNION_DOWN)
		(void)mica_table_remove(&selection->unions, event->record.union_id);
}

void mica_trace_selection_free(struct mica_trace_selection *selection)
{
	mica_table_free(&selection->namespaces, NULL);
	mica_table_free(&selection->unions, NULL);
}

struct names {
	const char **list;
	size_t count;
	const char *wanted;
	bool found;
};

static int take_name(const struct mica_container *container, void *userdata)
{
	struct names *names = userdata;
	const char **grown;

	names->found |= is_name_of(names->wanted, container);
	if (!container->name)
		return 0;
	grown = reallocarray(names->list, names->count + 2, sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	names->list = grown;
	grown[names->count++] = container->name;
	grown[names->count] = NULL;
	return 0;
}

static void tell_who_was_asked(const char *wanted)
{
	_cleanup_free_ char *engines = mica_engine_names();

	mica_log_error("no container '%s' (%s were asked)", wanted, engines ? engines : "all engines");
}

static int check_container(const char *wanted, struct mica_identity *identity)
{
	struct names names = { .wanted = wanted };
	int error = mica_identity_each_container(identity, take_name, &names);
	_cleanup_free_ const char **list = names.list;
	const char *near;

	if (error || names.found)
		return error;
	near = list ? mica_suggest(wanted, list) : NULL;
	if (near)
		mica_log_error("no container '%s'; did you mean '%s'?", wanted, near);
	else
		tell_who_was_asked(wanted);
	return -ENOENT;
}

struct namespaces {
	uint32_t wanted;
	bool found;
};

static int take_namespace(const struct mica_found_namespace *found, void *userdata)
{
	struct namespaces *namespaces = userdata;

	namespaces->found |= found->inode == namespaces->wanted;
	return 0;
}

int mica_trace_check_names(const struct mica_trace_options *options, struct mica_identity *identity)
{
	int error;

	for (size_t i = 0; options->containers && options->containers[i]; i++) {
		error = check_container(options->containers[i], identity);
		if (error)
			return error;
	}
	for (size_t i = 0; options->namespaces && options->namespaces[i]; i++) {
		struct namespaces namespaces = { .wanted = options->namespaces[i] };

		error = mica_identity_scan(identity, take_namespace, NULL, &namespaces);
		if (error)
			return error;
		if (!namespaces.found) {
			mica_log_error("no process is in the mount namespace %u (see /proc/PID/ns/mnt)",
				       namespaces.wanted);
			return -ENOENT;
		}
	}
	return 0;
}
