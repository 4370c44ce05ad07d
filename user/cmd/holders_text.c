// SPDX-License-Identifier: BSD-2-Clause
/*
 * The table of holders: a row a mount, and a row a process with all that it holds.
 */
#include <errno.h>
#include <string.h>

#include "base/utf8.h"
#include "cmd/holders.h"

/** Processes of a namespace, and unions, that are shown without --all. */
#define SHOWN_PROCESSES 10
#define SHOWN_UNIONS 10
#define SHORT_ID 12
#define GAP 2

enum column {
	COLUMN_CONTAINER,
	COLUMN_NAMESPACE,
	COLUMN_PROCESS,
	COLUMN_HOLDS,
	COLUMN_AT,
	_COLUMN_MAX,
};

struct row {
	struct mica_buffer cells[_COLUMN_MAX];
	/** Not a row of cells, but this sentence. */
	struct mica_buffer note;
};

struct table {
	struct row *rows;
	size_t count;
	bool failed;
};

static void free_table(struct table *table)
{
	for (size_t i = 0; i < table->count; i++) {
		for (size_t k = 0; k < _COLUMN_MAX; k++)
			mica_buffer_free(&table->rows[i].cells[k]);
		mica_buffer_free(&table->rows[i].note);
	}
	free(table->rows);
}

static struct row *add_row(struct table *table)
{
	struct row *rows = reallocarray(table->rows, table->count + 1, sizeof(*rows));

	if (!rows) {
		table->failed = true;
		return NULL;
	}
	table->rows = rows;
	rows[table->count] = (struct row){};
	return &rows[table->count++];
}

static void put(struct mica_buffer *cell, const char *text)
{
	(void)mica_utf8_append_escaped(cell, text, strlen(text));
}

static void put_container(struct mica_buffer *cell, const struct mica_container *container)
{
	if (!container)
		put(cell, "-");
	else if (container->name)
		put(cell, container->name);
	else
		(void)mica_utf8_append_escaped(cell, container->id, strnlen(container->id, SHORT_ID));
}

static void put_namespace(struct mica_buffer *cell, const struct mica_holder *holder)
{
	if (holder->on_host)
		put(cell, "host");
	else if (holder->mnt_ns)
		(void)mica_buffer_appendf(cell, "%u", holder->mnt_ns);
	else
		put(cell, "-");
}

static void put_process(struct mica_buffer *cell, const struct mica_holder *holder)
{
	if (!holder->pid) {
		put(cell, "-");
		return;
	}
	put(cell, *holder->comm ? holder->comm : "?");
	if (holder->tid != holder->pid)
		(void)mica_buffer_appendf(cell, "[%d/%d]", holder->pid, holder->tid);
	else
		(void)mica_buffer_appendf(cell, "[%d]", holder->pid);
}

/** Number of holders, from the first, that are one process's; a mount is a row of its own. */
static size_t run_length(const struct mica_holder *first, size_t left)
{
	size_t length = 1;

	while (first->pid && length < left && first[length].pid == first->pid && first[length].tid == first->tid &&
	       first[length].mnt_ns == first->mnt_ns)
		length++;
	return length;
}

/** "root, cwd, file ×3 (unmounted)". That it lives in the namespace is said only if there is no more to say. */
static void put_holds(struct mica_buffer *cell, const struct mica_holder *holders, size_t count)
{
	size_t counts[_MICA_HOLD_MAX] = {};
	bool unmounted[_MICA_HOLD_MAX] = {};

	for (size_t i = 0; i < count; i++) {
		counts[holders[i].hold]++;
		unmounted[holders[i].hold] |= holders[i].unmounted && holders[i].hold != MICA_HOLD_DETACHED_MOUNT;
	}
	for (enum mica_hold hold = 0; hold < _MICA_HOLD_MAX; hold++) {
		if (!counts[hold] || (hold == MICA_HOLD_NAMESPACE && count > counts[hold]))
			continue;
		(void)mica_buffer_appendf(cell, "%s%s", cell->size ? ", " : "", mica_hold_name(hold));
		if (counts[hold] > 1)
			(void)mica_buffer_appendf(cell, " ×%zu", counts[hold]);
		if (unmounted[hold])
			(void)mica_buffer_append_string(cell, " (unmounted)");
	}
}

/** The place that says most: a file before a directory before the root. */
static const struct mica_holder *telling(const struct mica_holder *holders, size_t count)
{
	static const unsigned char ranks[_MICA_HOLD_MAX] = {
		[MICA_HOLD_FILE] = 6, [MICA_HOLD_CWD] = 5,    [MICA_HOLD_EXE] = 4,
		[MICA_HOLD_ROOT] = 3, [MICA_HOLD_MAPPED] = 2, [MICA_HOLD_NAMESPACE] = 1,
	};
	const struct mica_holder *best = holders;

	for (size_t i = 0; i < count; i++) {
		unsigned rank = ranks[holders[i].hold] ? ranks[holders[i].hold] : 7, best_rank = ranks[best->hold];

		if (rank > (best_rank ? best_rank : 7) && strcmp(holders[i].at, "/") != 0)
			best = &holders[i];
	}
	return best;
}

static void add_holders(struct table *table, const struct mica_holder *holders, size_t count)
{
	struct row *row = add_row(table);

	if (!row)
		return;
	put_container(&row->cells[COLUMN_CONTAINER], holders->container);
	put_namespace(&row->cells[COLUMN_NAMESPACE], holders);
	put_process(&row->cells[COLUMN_PROCESS], holders);
	put_holds(&row->cells[COLUMN_HOLDS], holders, count);
	put(&row->cells[COLUMN_AT], telling(holders, count)->at);
	for (size_t i = 0; i < _COLUMN_MAX; i++)
		table->failed = table->failed || row->cells[i].failed;
}

static void add_rest(struct table *table, size_t count)
{
	struct row *row = count ? add_row(table) : NULL;

	if (row && mica_buffer_appendf(&row->note, "… and %zu more processes there; --all shows them", count) < 0)
		table->failed = true;
}

static void add_all(struct table *table, const struct mica_holders *holders, bool all)
{
	size_t shown = 0, left_out = 0, length;
	uint32_t mnt_ns = 0;

	for (size_t i = 0; i < holders->count; i += length) {
		const struct mica_holder *holder = &holders->holders[i];

		length = run_length(holder, holders->count - i);
		if (holder->mnt_ns != mnt_ns) {
			add_rest(table, left_out);
			shown = left_out = 0;
			mnt_ns = holder->mnt_ns;
		}
		if (holder->pid && !all && shown >= SHOWN_PROCESSES) {
			left_out++;
			continue;
		}
		shown += holder->pid != 0;
		add_holders(table, holder, length);
	}
	add_rest(table, left_out);
}

static void print_table(const struct table *table, FILE *out)
{
	static const char *const titles[_COLUMN_MAX] = { "CONTAINER", "NAMESPACE", "PROCESS", "HOLDS", "AT" };
	size_t widths[_COLUMN_MAX];

	for (size_t k = 0; k < _COLUMN_MAX; k++) {
		widths[k] = strlen(titles[k]);
		for (size_t i = 0; i < table->count; i++) {
			const struct mica_buffer *cell = &table->rows[i].cells[k];
			size_t columns = mica_utf8_columns(cell->data, cell->size);

			widths[k] = columns > widths[k] ? columns : widths[k];
		}
	}
	for (size_t k = 0; k < _COLUMN_MAX; k++)
		(void)fprintf(out, "%-*s%s", k + 1 < _COLUMN_MAX ? (int)(widths[k] + GAP) : 0, titles[k],
			      k + 1 < _COLUMN_MAX ? "" : "\n");
	for (size_t i = 0; i < table->count; i++) {
		const struct row *row = &table->rows[i];

		if (row->note.size)
			(void)fwrite(row->note.data, 1, row->note.size, out);
		for (size_t k = 0; k < _COLUMN_MAX && !row->note.size; k++) {
			size_t columns = mica_utf8_columns(row->cells[k].data, row->cells[k].size);
			bool more = k + 1 < _COLUMN_MAX && (k + 2 < _COLUMN_MAX || row->cells[k + 1].size);

			if (row->cells[k].size)
				(void)fwrite(row->cells[k].data, 1, row->cells[k].size, out);
			(void)fprintf(out, "%*s", more ? (int)(widths[k] + GAP - columns) : 0, "");
		}
		(void)fputc('\n', out);
	}
}

static void append_role(struct mica_buffer *out, const struct mica_held_union *u)
{
	switch (u->role) {
	case MICA_ROLE_UPPER:
		(void)mica_buffer_append_string(out, " is the upper of");
		break;
	case MICA_ROLE_WORK:
		(void)mica_buffer_append_string(out, " is the work directory of");
		break;
	case MICA_ROLE_LOWER:
		(void)mica_buffer_append_string(out, " is a lower layer");
		if (u->layer)
			(void)mica_buffer_appendf(out, " (%u of %u)", u->layer, u->layers);
		(void)mica_buffer_append_string(out, " of");
		break;
	case MICA_ROLE_LAYER:
		(void)mica_buffer_append_string(out, " is the upper or a layer of");
		break;
	case MICA_ROLE_MERGED:
		(void)mica_buffer_append_string(out, " is in");
		break;
	case MICA_ROLE_ABOVE:
		(void)mica_buffer_append_string(out, " is above directories of");
		break;
	default:
		(void)mica_buffer_append_string(out, " is held by");
		break;
	}
}

static void append_union(struct mica_buffer *out, const struct mica_held_union *u)
{
	append_role(out, u);
	if (!u->mount_point) {
		(void)mica_buffer_append_string(out, " a union that is mounted nowhere any more");
		return;
	}
	(void)mica_buffer_append_string(out, " the union at ");
	put(out, u->mount_point);
	if (!u->on_host)
		(void)mica_buffer_appendf(out, " in the mount namespace %u", u->mnt_ns);
	if (!u->container)
		return;
	(void)mica_buffer_append_string(out, ", container ");
	put_container(out, u->container);
	(void)mica_buffer_appendf(out, " (%s", u->container->engine);
	if (u->container->image) {
		(void)mica_buffer_append_string(out, ", ");
		put(out, u->container->image);
	}
	(void)mica_buffer_append_byte(out, ')');
}

/** What the path is: a sentence for each union, or one. */
static int print_head(const struct mica_holders *holders, bool all, FILE *out)
{
	_cleanup_buffer_ struct mica_buffer text = {};
	size_t shown = 0;

	for (size_t i = 0; i < holders->union_count; i++) {
		if (!all && ++shown > SHOWN_UNIONS) {
			(void)mica_buffer_appendf(&text, "… and %zu more unions\n", holders->union_count - i);
			break;
		}
		put(&text, holders->path);
		append_union(&text, holders->unions[i]);
		(void)mica_buffer_append_byte(&text, '\n');
	}
	if (!holders->union_count || holders->role >= MICA_ROLE_STACKED) {
		put(&text, holders->path);
		(void)mica_buffer_appendf(&text, " is %s%s%s%s\n",
					  holders->role == MICA_ROLE_MOUNT_POINT ? "a mount point" : "a directory",
					  *holders->type ? " (" : "", holders->type, *holders->type ? ")" : "");
	}
	if (text.failed)
		return -ENOMEM;
	(void)fwrite(text.data, 1, text.size, out);
	return 0;
}

int mica_holders_print_text(const struct mica_holders *holders, bool all, FILE *out)
{
	_cleanup_(free_table) struct table table = {};
	int error;

	add_all(&table, holders, all);
	if (table.failed)
		return -ENOMEM;
	error = print_head(holders, all, out);
	if (!error)
		print_table(&table, out);
	return error;
}
