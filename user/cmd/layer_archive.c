// SPDX-License-Identifier: BSD-2-Clause
/*
 * The verbs that take archives in and give them out.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/format.h"
#include "base/log.h"
#include "cmd/layer.h"
#include "cmd/store.h"
#include "store/import.h"
#include "store/layer.h"

enum {
	KEY_DEVICES = 0x600,
	KEY_FORMAT,
	KEY_MAX_SIZE,
};

struct options {
	struct mica_cmd_words words;
	const char *name;
	const char *output;
	enum mica_import_format format;
	bool quiet;
	struct mica_import_options import;
};

static int parse_format(const char *word, enum mica_import_format *ret)
{
	static const char *const words[] = { "docker-archive", "oci", "tar" };

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strcmp(word, words[i]) == 0) {
			*ret = MICA_IMPORT_DOCKER + (enum mica_import_format)i;
			return 0;
		}
	return -EINVAL;
}

static error_t take(int key, char *argument, struct argp_state *state, void *userdata)
{
	struct options *layer = userdata;

	switch (key) {
	case KEY_DEVICES:
		layer->import.devices = true;
		return 0;
	case KEY_FORMAT:
		if (parse_format(argument, &layer->format) < 0)
			argp_error(state, "--format is docker-archive, oci or tar, not '%s'", argument);
		return 0;
	case KEY_MAX_SIZE:
		if (mica_format_parse_bytes(argument, &layer->import.max_bytes) < 0 || !layer->import.max_bytes)
			argp_error(state, "--max-size wants a size, as 10G, not '%s'", argument);
		return 0;
	case 'n':
		layer->name = argument;
		return 0;
	case 'o':
		layer->output = argument;
		return 0;
	case 'q':
		layer->quiet = true;
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static int open_store(const struct argp_option *options, const char *words, const char *doc, int argc, char **argv,
		      struct options *layer, struct mica_store **ret)
{
	layer->words.least = 1;
	layer->words.question = layer->words.most == 1 ? "which one?" : "which layer, and from where?";
	layer->words.take = take;
	layer->words.userdata = layer;
	return mica_cmd_words_parse(options, words, doc, argc, argv, &layer->words, ret);
}

/* A bar for people, drawn over itself. */
static void draw(uint64_t done, uint64_t total, void *userdata)
{
	static const char bar[] = "##############################";
	unsigned *drawn = userdata;
	unsigned percent = total ? (unsigned)(done >= total ? 100 : done * 100 / total) : 0;
	char text[MICA_FORMAT_SIZE];

	if (total && percent + 1 == *drawn)
		return;
	*drawn = percent + 1;
	(void)fprintf(stderr, "\r\33[K[%-30.*s] %3u %%  %s", (int)(percent * 30 / 100), bar, percent,
		      mica_format_bytes(done, text));
}

static void begin_progress(struct options *layer, unsigned *drawn)
{
	if (layer->quiet || !isatty(STDERR_FILENO))
		return;
	layer->import.progress = draw;
	layer->import.userdata = drawn;
}

static void end_progress(const unsigned *drawn)
{
	if (*drawn)
		(void)fputs("\r\33[K", stderr);
}

/* Nothing is left out silently. */
static void print_left_out(const struct mica_import_counts *counts)
{
	const struct {
		uint64_t count;
		const char *what;
	} left_out[] = {
		{ counts->devices, "device nodes left out (--devices makes them)" },
		{ counts->overlay_xattrs, "extended attributes of overlayfs left out" },
		{ counts->xattrs, "extended attributes left out that this file system does not take" },
		{ counts->acls, "access control lists left out that are no extended attributes" },
		{ counts->aufs, "files of AUFS' own left out" },
		{ counts->others, "entries left out that are of no type a layer can have" },
	};

	for (size_t i = 0; i < sizeof(left_out) / sizeof(left_out[0]); i++)
		if (left_out[i].count)
			mica_log_warning("%" PRIu64 " %s", left_out[i].count, left_out[i].what);
}

static void print_imported(const struct mica_imported *image, void *userdata)
{
	(void)userdata;
	(void)printf("%s", image->id);
	for (size_t i = 0; i < image->name_count; i++)
		(void)printf(" %s", image->names[i]);
	(void)putchar('\n');
}

static const struct argp_option import_options[] = {
	{ "name", 'n', "NAME", 0, "A name for the image, besides those it has", 0 },
	{ "format", KEY_FORMAT, "FORMAT", 0, "docker-archive, oci or tar; else by what is in it", 0 },
	{ "devices", KEY_DEVICES, NULL, 0, "Make device nodes too", 0 },
	{ "max-size", KEY_MAX_SIZE, "SIZE", 0, "Refuse an image whose files are larger in all", 0 },
	{ "quiet", 'q', NULL, 0, "No progress bar", 0 },
	{ 0 },
};

static int run_import(int argc, char **argv)
{
	_cleanup_store_ struct mica_store *store = NULL;
	_cleanup_close_ int fd = -EBADF;
	struct mica_import_counts counts = {};
	struct options layer = { .words = { .most = 1 } };
	unsigned drawn = 0;
	int status =
		open_store(import_options, "FILE|DIRECTORY|-",
			   "Imports images: of docker save or podman save, an OCI image layout, or a tar of a tree. "
			   "Prints for each its id and names.",
			   argc, argv, &layer, &store);
	int r;

	if (status == MICA_EXIT_OK)
		status = mica_cmd_open_input(layer.words.words[0], &fd);
	if (status != MICA_EXIT_OK)
		return status;
	begin_progress(&layer, &drawn);
	r = mica_import(store, fd, layer.format, layer.name, &layer.import, &counts, print_imported, NULL);
	end_progress(&drawn);
	if (r < 0)
		return mica_cmd_store_failed(store, r, "cannot import '%s'", layer.words.words[0]);
	print_left_out(&counts);
	return MICA_EXIT_OK;
}

static int run_apply(int argc, char **argv)
{
	static const struct argp_option options[] = {
		{ "devices", KEY_DEVICES, NULL, 0, "Make device nodes too", 0 },
		{ "max-size", KEY_MAX_SIZE, "SIZE", 0, "Refuse an archive whose files are larger in all", 0 },
		{ 0 },
	};
	_cleanup_store_ struct mica_store *store = NULL;
	_cleanup_close_ int fd = -EBADF;
	struct mica_import_counts counts = {};
	struct options layer = { .words = { .most = 2 } };
	int status =
		open_store(options, "ID [FILE|-]", "Fills an empty layer from a layer's archive; it is immutable then.",
			   argc, argv, &layer, &store);
	int r;

	if (status == MICA_EXIT_OK)
		status = mica_cmd_open_input(layer.words.count > 1 ? layer.words.words[1] : "-", &fd);
	if (status != MICA_EXIT_OK)
		return status;
	r = mica_layer_apply(store, layer.words.words[0], fd, &layer.import, &counts);
	if (r < 0)
		return mica_cmd_store_failed(store, r, "cannot fill the layer '%s'", layer.words.words[0]);
	print_left_out(&counts);
	return MICA_EXIT_OK;
}

static int write_archive(struct mica_store *store, const struct options *layer, int fd)
{
	int r = mica_layer_diff(store, layer->words.words[0], fd);

	return r < 0 ? mica_cmd_store_failed(store, r, "cannot archive the layer '%s'", layer->words.words[0])
		     : MICA_EXIT_OK;
}

static int run_export(int argc, char **argv)
{
	static const struct argp_option options[] = {
		{ "output", 'o', "FILE", 0, "Write to a file, which must not exist", 0 },
		{ 0 },
	};
	_cleanup_store_ struct mica_store *store = NULL;
	_cleanup_close_ int fd = -EBADF;
	struct options layer = { .words = { .most = 1 } };
	int status = open_store(options, "ID", "Writes a layer as an OCI layer archive, uncompressed.", argc, argv,
				&layer, &store);

	if (status != MICA_EXIT_OK)
		return status;
	if (!layer.output && isatty(STDOUT_FILENO)) {
		mica_log_error("an archive is nothing for a terminal; say --output FILE or redirect it");
		return MICA_EXIT_USAGE;
	}
	if (!layer.output)
		return write_archive(store, &layer, STDOUT_FILENO);
	fd = open(layer.output, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
	if (fd < 0) {
		mica_log_error_errno(errno, "cannot make '%s'", layer.output);
		return MICA_EXIT_USAGE;
	}
	status = write_archive(store, &layer, fd);
	if (status != MICA_EXIT_OK)
		(void)unlink(layer.output);
	return status;
}

const struct mica_command mica_layer_command_import = {
	.name = "import",
	.summary = "import images, or a tree of files as one",
	.run = run_import,
};
const struct mica_command mica_layer_command_apply = {
	.name = "apply",
	.summary = "fill an empty layer from an archive",
	.run = run_apply,
};
const struct mica_command mica_layer_command_export = {
	.name = "export",
	.summary = "write a layer as an archive",
	.run = run_export,
};
const struct mica_command mica_layer_command_diff = {
	.name = "diff",
	.summary = "the same as export",
	.run = run_export,
};
