// SPDX-License-Identifier: BSD-2-Clause
/*
 * Backends that mount what mount(8) can mount, by libmount: with its helpers (mount.nfs, mount.glusterfs), as fstab
 * would.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "container/json.h"
#include "container/mount_library.h"
#include "store/backend_internal.h"

static void free_context(struct libmnt_context *const *context)
{
	if (*context)
		libmount.mnt_free_context(*context);
}

/* util-linux' own words for what went wrong. */
static int tell(struct libmnt_context *context, int result, char *reason, size_t reason_size)
{
	char text[256] = "";
	int status = libmount.mnt_context_get_excode(context, result, text, sizeof(text));
	int error = libmount.mnt_context_get_syscall_errno(context);

	if (status == 0)
		return 0;
	if (libmount.mnt_context_helper_executed(context))
		(void)snprintf(reason, reason_size, "%s ended with status %d", libmount.mnt_context_get_fstype(context),
			       libmount.mnt_context_get_helper_status(context));
	else
		(void)snprintf(reason, reason_size, "%s", text[0] ? text : "mount failed");
	return result < 0 ? result : error ? -error : -EIO;
}

static int mount_source(const char *type, const char *source, const char *options, const char *directory, char *reason,
			size_t reason_size)
{
	_cleanup_(free_context) struct libmnt_context *context = NULL;
	int r = mica_mount_library_load();

	if (r < 0)
		return r;
	context = libmount.mnt_new_context();
	if (!context)
		return -ENOMEM;
	r = libmount.mnt_context_set_fstype(context, type);
	if (r == 0)
		r = libmount.mnt_context_set_source(context, source);
	if (r == 0)
		r = libmount.mnt_context_set_target(context, directory);
	if (r == 0 && options)
		r = libmount.mnt_context_set_options(context, options);
	if (r < 0)
		return r;
	return tell(context, libmount.mnt_context_mount(context), reason, reason_size);
}

static int want(const json_t *options, const char *backend, const char *const *keys, char *reason, size_t reason_size)
{
	for (; *keys; keys++)
		if (!mica_json_string(options, *keys)) {
			(void)snprintf(reason, reason_size, "%s wants %s=", backend, *keys);
			return -EINVAL;
		}
	return 0;
}

/* "server:/path"; an IPv6 address stands in brackets. */
static char *remote_source(const char *server, const char *path)
{
	bool plain = strchr(server, ':') && server[0] != '[';
	char *source = NULL;

	return asprintf(&source, "%s%s%s:%s%s", plain ? "[" : "", server, plain ? "]" : "", path[0] == '/' ? "" : "/",
			path) < 0
		       ? NULL
		       : source;
}

/* Helpers write the source as they like: "server:volume" for "server:/volume". */
static bool same_source(const char *a, const char *b)
{
	size_t host = strcspn(a, "/"), other = strcspn(b, "/");

	while (host && a[host - 1] != ':' && a[host - 1] != '/')
		host--;
	while (other && b[other - 1] != ':' && b[other - 1] != '/')
		other--;
	if (host != other || strncmp(a, b, host) != 0)
		return false;
	for (a += host; *a == '/';)
		a++;
	for (b += other; *b == '/';)
		b++;
	return strcmp(a, b) == 0;
}

/* ---- nfs ---- */

static const char *const nfs_options[] = { "server", "path", "o", NULL };

static int check_nfs(const json_t *options, char *reason, size_t reason_size)
{
	static const char *const needed[] = { "server", "path", NULL };

	return want(options, "nfs", needed, reason, reason_size);
}

static int mount_nfs(const json_t *options, const char *directory, char *reason, size_t reason_size)
{
	_cleanup_free_ char *source =
		remote_source(mica_json_string(options, "server"), mica_json_string(options, "path"));

	return source ? mount_source("nfs", source, mica_json_string(options, "o"), directory, reason, reason_size)
		      : -ENOMEM;
}

static bool owns_nfs(const json_t *options, const struct mica_mountinfo *mountinfo,
		     const struct mica_mount_entry *mount)
{
	_cleanup_free_ char *source =
		remote_source(mica_json_string(options, "server"), mica_json_string(options, "path"));

	(void)mountinfo;
	return source && strncmp(mount->type, "nfs", 3) == 0 && same_source(source, mount->source);
}

const struct mica_backend mica_backend_nfs = {
	.name = "nfs",
	.summary = "a directory of an NFS server",
	.options = nfs_options,
	.check = check_nfs,
	.mount = mount_nfs,
	.owns = owns_nfs,
	.remote = true,
};

/* ---- glusterfs ---- */

static const char *const glusterfs_options[] = { "server", "volume", "path", "o", NULL };

static int check_glusterfs(const json_t *options, char *reason, size_t reason_size)
{
	static const char *const needed[] = { "server", "volume", NULL };

	return want(options, "glusterfs", needed, reason, reason_size);
}

static char *glusterfs_source(const json_t *options)
{
	const char *path = mica_json_string(options, "path");
	_cleanup_free_ char *whole = NULL;

	if (asprintf(&whole, "/%s%s%s", mica_json_string(options, "volume"), path && path[0] != '/' ? "/" : "",
		     path ? path : "") < 0) {
		whole = NULL;
		return NULL;
	}
	return remote_source(mica_json_string(options, "server"), whole);
}

static int mount_glusterfs(const json_t *options, const char *directory, char *reason, size_t reason_size)
{
	_cleanup_free_ char *source = glusterfs_source(options);

	return source ? mount_source("glusterfs", source, mica_json_string(options, "o"), directory, reason,
				     reason_size)
		      : -ENOMEM;
}

static bool owns_glusterfs(const json_t *options, const struct mica_mountinfo *mountinfo,
			   const struct mica_mount_entry *mount)
{
	_cleanup_free_ char *source = glusterfs_source(options);

	(void)mountinfo;
	return source && strcmp(mount->type, "fuse.glusterfs") == 0 && same_source(source, mount->source);
}

const struct mica_backend mica_backend_glusterfs = {
	.name = "glusterfs",
	.summary = "a GlusterFS volume, or a directory of it",
	.options = glusterfs_options,
	.check = check_glusterfs,
	.mount = mount_glusterfs,
	.owns = owns_glusterfs,
	.remote = true,
};

/* ---- mount ---- */

static const char *const mount_options[] = { "type", "device", "o", NULL };

static int check_mount(const json_t *options, char *reason, size_t reason_size)
{
	static const char *const needed[] = { "type", "device", NULL };

	return want(options, "mount", needed, reason, reason_size);
}

static int mount_any(const json_t *options, const char *directory, char *reason, size_t reason_size)
{
	return mount_source(mica_json_string(options, "type"), mica_json_string(options, "device"),
			    mica_json_string(options, "o"), directory, reason, reason_size);
}

/* "mfsmaster:9421" of "mfsmaster:9421:/path" and of "mfs#mfsmaster:9421", as which FUSE shows it. Its length. */
static size_t server_of(const char **source)
{
	size_t size = strcspn(*source, "#/");

	if ((*source)[size] == '#') {
		*source += size + 1;
		size = strcspn(*source, "/");
	}
	while (size && (*source)[size - 1] == ':')
		size--;
	return size;
}

/* Some helpers of FUSE tell no more of their source. */
static bool same_server(const char *a, const char *b)
{
	size_t size = server_of(&a);

	return size && size == server_of(&b) && strncmp(a, b, size) == 0;
}

/* A helper of FUSE may show the name of the program that it runs: "fuse.ceph-fuse" of "fuse.ceph". */
static bool is_program_of(const char *shown, const char *type)
{
	size_t size = strlen(type);

	return strncmp(type, "fuse.", 5) == 0 && strncmp(shown, type, size) == 0 && shown[size] == '-';
}

/* Types by helpers are called otherwise by the kernel: fuse.TYPE, or as the helper says. So either is enough. */
static bool owns_any(const json_t *options, const struct mica_mountinfo *mountinfo,
		     const struct mica_mount_entry *mount)
{
	const char *type = mica_json_string(options, "type"), *device = mica_json_string(options, "device");
	const char *dot = strchr(mount->type, '.');

	(void)mountinfo;
	return type && device &&
	       (strcmp(mount->type, type) == 0 || (dot && strcmp(dot + 1, type) == 0) ||
		is_program_of(mount->type, type) || same_source(device, mount->source) ||
		(strncmp(mount->type, "fuse", 4) == 0 && same_server(device, mount->source)));
}

const struct mica_backend mica_backend_mount = {
	.name = "mount",
	.summary = "anything that mount(8) can mount",
	.options = mount_options,
	.check = check_mount,
	.mount = mount_any,
	.owns = owns_any,
	.remote = true,
};
