// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>

#include "base/log.h"
#include "cmd/trace.h"

bool mica_trace_selects(const struct mica_trace_options *options)
{
	return options->containers || options->images || options->namespaces;
}

static bool namespace_passes(const struct mica_trace_options *options, uint32_t inode)
{
	for (size_t i = 0; options->namespaces && options->namespaces[i]; i++)
		if (options->namespaces[i] == inode)
			return true;
	return !options->namespaces;
}

/** `found`: NULL when it is not known. */
static enum mica_selection classify_namespace(const struct mica_trace_options *options, uint32_t inode,
					      const struct mica_namespace *found)
{
	bool by_container = options->containers || options->images;
	enum mica_trace_match match;

	/* A number is known from the first event on; which container it is may take a while. */
	if (!namespace_passes(options, inode))
		return MICA_SELECTION_REJECTED;
	if (options->namespaces && !by_container)
		return MICA_SELECTION_WATCHED;
	if (!found || found->kind == MICA_NAMESPACE_UNKNOWN || found->kind == MICA_NAMESPACE_HOST)
		return MICA_SELECTION_UNKNOWN;
	if (!by_container)
		return found->kind == MICA_NAMESPACE_CONTAINER ? MICA_SELECTION_WATCHED : MICA_SELECTION_OTHER;
	match = mica_trace_match_container(options, found->container);
	if (match == MICA_TRACE_YES)
		return MICA_SELECTION_WATCHED;
	if (match == MICA_TRACE_PERHAPS && found->container)
		return MICA_SELECTION_UNKNOWN;
	/* A runtime's namespace becomes the container's when it has set it up. */
	return found->kind == MICA_NAMESPACE_OTHER ? MICA_SELECTION_OTHER : MICA_SELECTION_REJECTED;
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
static void tell_kernel_of_union(struct mica_trace_selection *selection, const struct mica_event *event,
				 enum mica_trace_match match)
{
	enum mica_selection decision = MICA_SELECTION_WATCHED;

	if (match == MICA_TRACE_PERHAPS || !event->record.union_id || !event->container)
		return;
	if (match == MICA_TRACE_NO) {
		/* The subject's container need not be the union's: only the host's doing tells whose union it is. */
		if (!(event->record.flags & MICA_RECORD_HOST))
			return;
		decision = MICA_SELECTION_REJECTED;
	}
	if (remember(&selection->unions, event->record.union_id, decision))
		(void)mica_kernel_select_union(selection->kernel, event->record.union_id, decision);
}

/** Does the event pass --container, --image and --namespace? What is not known yet does. */
static bool subject_passes(const struct mica_trace_selection *selection, const struct mica_event *event,
			   enum mica_selection decision)
{
	const struct mica_trace_options *options = selection->options;
	enum mica_trace_match match;

	if (!mica_trace_selects(options))
		return true;
	if (!options->containers && !options->images)
		return decision == MICA_SELECTION_WATCHED;
	if (!namespace_passes(options, event->record.mnt_ns))
		return false;
	match = mica_trace_match_container(options, event->container);
	if (match == MICA_TRACE_YES || decision == MICA_SELECTION_WATCHED)
		return true;
	/* Not known whose it is: it may be what was asked for. */
	return match == MICA_TRACE_PERHAPS && !(event->record.flags & MICA_RECORD_HOST) &&
	       decision == MICA_SELECTION_UNKNOWN;
}

bool mica_trace_select(struct mica_trace_selection *selection, const struct mica_event *event)
{
	const struct mica_trace_options *options = selection->options;

	if (event->record.type == MICA_EVENT_LOST)
		return true;
	tell_kernel_of_namespace(selection, event,
				 classify_namespace(options, event->record.mnt_ns, event->mount_namespace));
	if (options->containers || options->images)
		tell_kernel_of_union(selection, event, mica_trace_match_container(options, event->container));
	return mica_trace_shows(selection, event);
}

bool mica_trace_shows(const struct mica_trace_selection *selection, const struct mica_event *event)
{
	const struct mica_trace_options *options = selection->options;

	if (event->record.type == MICA_EVENT_LOST)
		return true;
	return subject_passes(selection, event,
			      classify_namespace(options, event->record.mnt_ns, event->mount_namespace)) &&
	       mica_trace_match_event(options, event);
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
