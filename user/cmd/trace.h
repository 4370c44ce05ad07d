/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the parts of `mica trace` share: options (trace.c), selection (trace_select.c), the loop (trace_run.c).
 */
#ifndef MICA_CMD_TRACE_H
#define MICA_CMD_TRACE_H

#include <stdbool.h>
#include <stdint.h>

#include "container/identity.h"
#include "container/table.h"
#include "kernel/kernel.h"
#include "stream/event.h"

struct mica_trace_options {
	bool json;
	/** The table at the end. */
	bool no_summary;
	/** Ends after this many events; 0: no limit. */
	uint64_t count;
	/** Ends after this time, ns; 0: no limit. */
	uint64_t duration_ns;
	/** Size of the ring buffer in bytes. */
	uint64_t ring_bytes;
	/** Bit n: events of type n; 0: all. */
	uint64_t events;
	/** Names or ids, NULL-terminated; owned. */
	char **containers;
	/** Inode numbers of mount namespaces, 0-terminated; owned. */
	uint32_t *namespaces;
};

/** What was found out about namespaces and unions, and told to the kernel. */
struct mica_trace_selection {
	const struct mica_trace_options *options;
	struct mica_kernel *kernel;
	/** Namespace id or union id -> enum mica_selection + 1 as a pointer. */
	struct mica_table namespaces;
	struct mica_table unions;
};

/** Are --container or --namespace given? */
bool mica_trace_selects(const struct mica_trace_options *options);

/**
 * Tells the kernel what is now known of the event's namespace and union. True: the event is to be shown. What is not
 * known yet passes.
 */
bool mica_trace_select(struct mica_trace_selection *selection, const struct mica_event *event);
/** The same without telling the kernel: for an event that was held back, whose namespace may be gone. */
bool mica_trace_shows(const struct mica_trace_selection *selection, const struct mica_event *event);
/** Tells the kernel of namespaces whose container has become known only now. 0 or -ENOMEM. */
int mica_trace_select_settled(struct mica_trace_selection *selection, struct mica_identity *identity);
/** Forgets the namespace or union whose end the event reports. */
void mica_trace_select_done(struct mica_trace_selection *selection, const struct mica_event *event);
void mica_trace_selection_free(struct mica_trace_selection *selection);

/** Checks that the containers and namespaces asked for exist; says which does not, with the nearest name. 0 or -ENOENT.
 */
int mica_trace_check_names(const struct mica_trace_options *options, struct mica_identity *identity);

/** Runs the trace until its end, a signal, or an error. Exit status. */
int mica_trace_run(const struct mica_trace_options *options);

#endif
