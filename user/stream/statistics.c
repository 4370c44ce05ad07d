/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Rows are kept in glibc's balanced tree (tsearch), which also gives the order of the table.
 */
#include "stream/statistics.h"

#include <errno.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/utf8.h"
#include "stream/label.h"
#include "stream/statistics_internal.h"

static int compare_numbers(uint64_t a, uint64_t b)
{
	return (a > b) - (a < b);
}

static int compare_strings(const char *a, const char *b)
{
	if (a == b)
		return 0;
	return strcmp(a ? a : "", b ? b : "");
}

static int compare_keys(const void *left, const void *right)
{
	const struct row_key *a = left, *b = right;
	int r;

	if ((r = compare_numbers(a->rank, b->rank)) || (r = compare_strings(a->name, b->name)) ||
	    (r = compare_strings(a->id, b->id)) || (r = compare_numbers(a->mnt_ns, b->mnt_ns)) ||
	    (r = compare_numbers(a->object.kind, b->object.kind)) ||
	    (r = compare_numbers(a->object.layers, b->object.layers)) ||
	    (r = compare_numbers(a->object.layer, b->object.layer)) ||
	    (r = compare_strings(a->object.volume, b->object.volume)))
		return r;
	return compare_strings(a->object.digest, b->object.digest);
}

static struct row_key key_of(const struct mica_event *event)
{
	const struct mica_container *container = event->container;
	const struct mica_object *object = &event->object;
	struct row_key key = { .object = { .kind = object->kind, .role = object->role } };

	if (container) {
		key.id = container->id;
		key.name = container->name;
	} else if (mica_label_is_host(event)) {
		key.rank = MICA_RANK_HOST;
	} else {
		key.rank = MICA_RANK_OTHER;
		key.mnt_ns = event->record.mnt_ns;
	}
	if (object->kind == MICA_OBJECT_LAYER) {
		key.object.layer = object->layer;
		key.object.layers = object->layers;
		key.object.digest = object->digest;
	} else if (object->kind == MICA_OBJECT_VOLUME) {
		key.object.volume = object->volume;
	}
	return key;
}

static void row_free(void *address)
{
	struct row *row = address;

	if (!row)
		return;
	free((char *)row->key.id);
	free((char *)row->key.name);
	free((char *)row->key.object.digest);
	free((char *)row->key.object.volume);
	free((char *)row->key.object.role);
	free((char *)row->image);
	free((char *)row->engine);
	free(row->container_label);
	free(row->object_label);
	free(row);
}

static void row_cleanup(struct row **row)
{
	row_free(*row);
}

/* Copies *string (NULL stays NULL); on failure it is NULL. */
static bool copy_string(const char **string)
{
	if (!*string)
		return true;
	*string = strdup(*string);
	return *string;
}

/* "layer 2/5 sha256:9f86d081884c": enough of the digest to find the layer. */
static char *object_label(const struct mica_object *object)
{
	const size_t shown = sizeof("sha256:9f86d081884c") - 1;
	_cleanup_buffer_ struct mica_buffer label = {};

	mica_label_object(&label, object);
	if (object->digest) {
		(void)mica_buffer_append_byte(&label, ' ');
		(void)mica_utf8_append_escaped(&label, object->digest, strnlen(object->digest, shown));
	}
	return mica_buffer_string(&label) ? TAKE_PTR(label.data) : NULL;
}

static char *container_label(const struct mica_event *event)
{
	_cleanup_buffer_ struct mica_buffer label = {};

	mica_label_container(&label, event);
	return mica_buffer_string(&label) ? TAKE_PTR(label.data) : NULL;
}

static struct row *row_new(const struct row_key *key, const struct mica_event *event)
{
	_cleanup_(row_cleanup) struct row *row = calloc(1, sizeof(*row));
	if (!row)
		return NULL;

	row->key = *key;
	row->image = event->container ? event->container->image : NULL;
	row->engine = event->container ? event->container->engine : NULL;
	/* All, so that none is left pointing into the event when one fails. */
	bool copied = copy_string(&row->key.id);
	copied &= copy_string(&row->key.name);
	copied &= copy_string(&row->key.object.digest);
	copied &= copy_string(&row->key.object.volume);
	copied &= copy_string(&row->key.object.role);
	copied &= copy_string(&row->image);
	copied &= copy_string(&row->engine);
	row->container_label = container_label(event);
	row->object_label = object_label(&key->object);
	if (!copied || !row->container_label || !row->object_label)
		return NULL;
	return TAKE_PTR(row);
}

static struct row *find_or_add_row(struct mica_statistics *statistics, const struct row_key *key,
				   const struct mica_event *event)
{
	/* A tree of rows is a tree of keys: the key is a row's first member. */
	struct row **found = tfind(key, &statistics->rows, compare_keys);
	if (found)
		return *found;

	_cleanup_(row_cleanup) struct row *row = row_new(key, event);
	if (!row || !tsearch(row, &statistics->rows, compare_keys))
		return NULL;
	return TAKE_PTR(row);
}

/* compare_keys says equal, but in the order of what differs most. */
static bool same_key(const struct row_key *a, const struct row_key *b)
{
	if (a->object.layer != b->object.layer || a->object.kind != b->object.kind ||
	    a->object.layers != b->object.layers || a->rank != b->rank || a->mnt_ns != b->mnt_ns)
		return false;
	return compare_strings(a->id, b->id) == 0 && compare_strings(a->name, b->name) == 0 &&
	       compare_strings(a->object.digest, b->object.digest) == 0 &&
	       compare_strings(a->object.volume, b->object.volume) == 0;
}

/* Where the row of a key would be among the recent ones: by the addresses of its strings, which mostly stay. */
static struct row **recent_place(struct mica_statistics *statistics, const struct row_key *key)
{
	uint64_t sum = (uintptr_t)key->id + (uintptr_t)key->object.volume + key->mnt_ns + key->object.layer * 8 +
		       (unsigned)key->object.kind;

	return &statistics->recent[sum * UINT64_C(0x9e3779b97f4a7c15) >> 32 & (RECENT_ROWS - 1)];
}

static struct row *find_row(struct mica_statistics *statistics, const struct mica_event *event)
{
	struct row_key key = key_of(event);
	struct row **recent = recent_place(statistics, &key);

	if (!*recent || !same_key(&(*recent)->key, &key))
		*recent = find_or_add_row(statistics, &key, event);
	return *recent;
}

static void count_copy_up(struct row *row, const struct mica_record *record)
{
	uint64_t ns = record->copy_up.duration_ns;

	row->copy_ups++;
	row->bytes += record->copy_up.bytes;
	if (!(record->flags & MICA_RECORD_NO_DURATION))
		row->durations[ns ? 64 - __builtin_clzll(ns) : 0]++;
}

static void count_write(struct row *row, const struct mica_write *write)
{
	row->writes += write->calls;
	row->bytes_written += write->bytes;
	row->bytes_requested += write->bytes_requested;
}

static bool has_row(enum mica_event_type type)
{
	return type == MICA_EVENT_COPY_UP || type == MICA_EVENT_WHITEOUT || type == MICA_EVENT_CREATE ||
	       type == MICA_EVENT_DELETE || type == MICA_EVENT_RENAME || type == MICA_EVENT_WRITE;
}

int mica_statistics_add(struct mica_statistics *statistics, const struct mica_event *event)
{
	const struct mica_record *record = &event->record;

	if (record->type == MICA_EVENT_LOST) {
		unsigned cause = event->lost_cause, of = event->lost_of;
		if (event->lost_cause != MICA_LOST_DETAIL) /* the event itself is there */
			statistics->lost += event->lost_count;
		if (cause < _MICA_LOST_MAX && of < _MICA_EVENT_MAX)
			statistics->lost_by[cause][of] += event->lost_count;
		return 0;
	}

	/* What failed changed nothing: an event, but in no row. */
	if (!has_row(record->type) || record->error) {
		statistics->events++;
		return 0;
	}
	struct row *row = find_row(statistics, event);
	if (!row)
		return -ENOMEM;
	statistics->events++;

	if (record->type == MICA_EVENT_COPY_UP)
		count_copy_up(row, record);
	if (record->type == MICA_EVENT_WRITE)
		count_write(row, &record->write);
	row->whiteouts += record->type == MICA_EVENT_WHITEOUT;
	row->creates += record->type == MICA_EVENT_CREATE;
	row->deletes += record->type == MICA_EVENT_DELETE;
	row->renames += record->type == MICA_EVENT_RENAME;
	return 0;
}

int mica_statistics_new(struct mica_statistics **ret)
{
	struct mica_statistics *statistics = calloc(1, sizeof(*statistics));
	if (!statistics)
		return -ENOMEM;
	*ret = statistics;
	return 0;
}

void mica_statistics_free(struct mica_statistics **statistics)
{
	if (!*statistics)
		return;
	tdestroy((*statistics)->rows, row_free);
	free(*statistics);
	*statistics = NULL;
}

uint64_t mica_statistics_events(const struct mica_statistics *statistics)
{
	return statistics->events;
}

uint64_t mica_statistics_lost(const struct mica_statistics *statistics)
{
	return statistics->lost;
}

bool mica_statistics_percentile(const struct row *row, unsigned percent, uint64_t *ret_ns)
{
	uint64_t count = 0, seen = 0;

	for (unsigned i = 0; i < BUCKETS; i++)
		count += row->durations[i];
	for (unsigned i = 0; i < BUCKETS; i++) {
		seen += row->durations[i];
		if (seen && (unsigned __int128)seen * 100 >= (unsigned __int128)count * percent) {
			*ret_ns = i < 64 ? UINT64_C(1) << i : UINT64_MAX;
			return true;
		}
	}
	return false;
}

const struct row *mica_statistics_row(const void *node, VISIT visit)
{
	/* glibc's postorder is the sorted one. */
	return visit == postorder || visit == leaf ? *(const struct row *const *)node : NULL;
}
