// SPDX-License-Identifier: BSD-2-Clause
#include "runtime/bundle.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "container/json.h"

/* Those that Docker gives. */
static json_t *capabilities(bool may_make_devices)
{
	static const char *const names[] = {
		"CAP_CHOWN",  "CAP_DAC_OVERRIDE", "CAP_FSETID",           "CAP_FOWNER",  "CAP_NET_RAW",
		"CAP_SETGID", "CAP_SETUID",       "CAP_SETFCAP",          "CAP_SETPCAP", "CAP_SYS_CHROOT",
		"CAP_KILL",   "CAP_AUDIT_WRITE",  "CAP_NET_BIND_SERVICE", "CAP_MKNOD"
	};
	size_t count = sizeof(names) / sizeof(names[0]) - (may_make_devices ? 0 : 1);
	json_t *list = json_array();

	for (size_t i = 0; i < count; i++)
		(void)json_array_append_new(list, json_string(names[i]));
	return list;
}

static json_t *process_capabilities(const struct mica_bundle *bundle)
{
	json_t *list = capabilities(bundle->device_cgroup);
	/* A user that is not root has those of its files only, as with Docker. */
	json_t *own = bundle->user->uid ? json_array() : json_incref(list);

	return json_pack("{s:o, s:o, s:o, s:[]}", "bounding", list, "permitted", own, "effective", json_incref(own),
			 "inheritable");
}

static json_t *groups(const struct mica_user *user)
{
	/* The first one too: else a file that is closed to the group would be open to its members (CVE-2022-36109). */
	json_t *list = json_pack("[I]", (json_int_t)user->gid);

	for (size_t i = 0; i < user->group_count; i++)
		(void)json_array_append_new(list, json_integer(user->groups[i]));
	return list;
}

static json_t *environment(const struct mica_bundle *bundle)
{
	json_t *list = json_deep_copy(json_object_get(bundle->settings, "Env"));
	char text[300];
	bool has_home = false;
	const json_t *item;
	size_t i;

	json_array_foreach(list, i, item) has_home |= strncmp(json_string_value(item), "HOME=", 5) == 0;
	(void)snprintf(text, sizeof(text), "HOSTNAME=%s", mica_json_string(bundle->settings, "Hostname"));
	(void)json_array_append_new(list, json_string(text));
	(void)snprintf(text, sizeof(text), "HOME=%s", bundle->user->home[0] ? bundle->user->home : "/");
	if (!has_home)
		(void)json_array_append_new(list, json_string(text));
	return list;
}

json_t *mica_bundle_process(const struct mica_bundle *bundle)
{
	const json_t *settings = bundle->settings;

	return json_pack("{s:b, s:{s:I, s:I, s:o}, s:O, s:o, s:O, s:o, s:b}", "terminal",
			 json_is_true(json_object_get(settings, "Tty")), "user", "uid", (json_int_t)bundle->user->uid,
			 "gid", (json_int_t)bundle->user->gid, "additionalGids", groups(bundle->user), "args",
			 json_object_get(settings, "Args"), "env", environment(bundle), "cwd",
			 json_object_get(settings, "WorkingDir"), "capabilities", process_capabilities(bundle),
			 "noNewPrivileges", 0);
}

/* The kernel's own file systems, before the volumes. */
static json_t *system_mounts(bool host_network)
{
	json_t *mounts = json_pack(
		"[{s:s, s:s, s:s, s:[s,s,s]}, {s:s, s:s, s:s, s:[s,s,s,s]}, {s:s, s:s, s:s, s:[s,s,s,s,s,s]},"
		" {s:s, s:s, s:s, s:[s,s,s,s,s]}, {s:s, s:s, s:s, s:[s,s,s]}, {s:s, s:s, s:s, s:[s,s,s,s]},"
		" {s:s, s:s, s:s, s:[s,s,s,s,s]}]",
		"destination", "/proc", "type", "proc", "source", "proc", "options", "nosuid", "noexec", "nodev", //
		"destination", "/dev", "type", "tmpfs", "source", "tmpfs", "options", "nosuid", "strictatime",
		"mode=755", "size=65536k", //
		"destination", "/dev/pts", "type", "devpts", "source", "devpts", "options", "nosuid", "noexec",
		"newinstance", "ptmxmode=0666", "mode=0620", "gid=5", //
		"destination", "/dev/shm", "type", "tmpfs", "source", "shm", "options", "nosuid", "noexec", "nodev",
		"mode=1777", "size=65536k", //
		"destination", "/dev/mqueue", "type", "mqueue", "source", "mqueue", "options", "nosuid", "noexec",
		"nodev", //
		"destination", "/sys", "type", "sysfs", "source", "sysfs", "options", "nosuid", "noexec", "nodev",
		"ro", //
		"destination", "/sys/fs/cgroup", "type", "cgroup", "source", "cgroup", "options", "nosuid", "noexec",
		"nodev", "relatime", "ro");
	static const char *const files[] = { "/etc/resolv.conf", "/etc/hosts" };

	/* Names are looked up as on the host. */
	for (size_t i = 0; host_network && i < sizeof(files) / sizeof(files[0]); i++)
		(void)json_array_append_new(mounts,
					    json_pack("{s:s, s:s, s:s, s:[s,s]}", "destination", files[i], "type",
						      "bind", "source", files[i], "options", "rbind", "ro"));
	return mounts;
}

static json_t *tmpfs(const json_t *mount)
{
	const char *given = mica_json_string(mount, "Options");
	json_t *options = json_pack("[s,s,s]", "nosuid", "nodev", "noexec");

	for (const char *at = given ? given : ""; *at;) {
		size_t size = strcspn(at, ",");

		if (size)
			(void)json_array_append_new(options, json_stringn(at, size));
		at += size + (at[size] == ',');
	}
	return json_pack("{s:O, s:s, s:s, s:o}", "destination", json_object_get(mount, "Destination"), "type", "tmpfs",
			 "source", "tmpfs", "options", options);
}

static json_t *bind(const struct mica_bundle *bundle, const json_t *mount)
{
	const char *propagation = mica_json_string(mount, "Propagation"), *source = mica_json_string(mount, "Source");
	_cleanup_free_ char *directory = NULL;

	if (!source &&
	    asprintf(&directory, "%s/volumes/%s/_data", bundle->store_root, mica_json_string(mount, "Name")) < 0) {
		directory = NULL;
		return NULL;
	}
	return json_pack("{s:O, s:s, s:s, s:[s,s,s]}", "destination", json_object_get(mount, "Destination"), "type",
			 "bind", "source", source ? source : directory, "options", "rbind",
			 json_is_true(json_object_get(mount, "ReadOnly")) ? "ro" : "rw",
			 propagation ? propagation : "rprivate");
}

/* A mount over "/data" comes before one over "/data/deep", whatever the order they were asked for in. */
static size_t depth(const json_t *mount)
{
	const char *path = mica_json_string(mount, "Destination");
	size_t count = 0;

	for (; path && *path; path++)
		count += *path == '/';
	return count;
}

static bool add_volumes(const struct mica_bundle *bundle, json_t *mounts)
{
	const json_t *wanted = json_object_get(bundle->settings, "Mounts"), *mount;
	size_t left = json_array_size(wanted), i;

	for (size_t level = 1; left; level++) {
		json_array_foreach(wanted, i, mount)
		{
			const char *type = mica_json_string(mount, "Type");
			json_t *made;

			if (depth(mount) != level)
				continue;
			left--;
			made = type && strcmp(type, "tmpfs") == 0 ? tmpfs(mount) : bind(bundle, mount);
			if (json_array_append_new(mounts, made) < 0)
				return false;
		}
		if (level > 4096)
			return false;
	}
	return true;
}

static json_t *namespaces(bool host_network)
{
	json_t *list = json_pack("[{s:s}, {s:s}, {s:s}, {s:s}, {s:s}]", "type", "pid", "type", "ipc", "type", "uts",
				 "type", "mount", "type", "cgroup");

	if (!host_network)
		(void)json_array_append_new(list, json_pack("{s:s}", "type", "network"));
	return list;
}

static json_t *linux_part(const struct mica_bundle *bundle, bool host_network)
{
	char cgroup[100];
	json_t *part;

	(void)snprintf(cgroup, sizeof(cgroup), "/mica/%s", bundle->id);
	part = json_pack("{s:o, s:s, s:[s,s,s,s,s,s,s,s,s,s], s:[s,s,s,s,s]}", "namespaces", namespaces(host_network),
			 "cgroupsPath", cgroup, "maskedPaths", "/proc/acpi", "/proc/asound", "/proc/kcore",
			 "/proc/keys", "/proc/latency_stats", "/proc/timer_list", "/proc/timer_stats",
			 "/proc/sched_debug", "/sys/firmware", "/proc/scsi", "readonlyPaths", "/proc/bus", "/proc/fs",
			 "/proc/irq", "/proc/sys", "/proc/sysrq-trigger");
	/* crun adds the devices that every container has. */
	if (bundle->device_cgroup)
		(void)json_object_set_new(part, "resources",
					  json_pack("{s:[{s:b, s:s}]}", "devices", "allow", 0, "access", "rwm"));
	return part;
}

json_t *mica_bundle_config(const struct mica_bundle *bundle)
{
	const char *network = mica_json_string(bundle->settings, "Network");
	bool host_network = network && strcmp(network, "host") == 0;
	_cleanup_json_ json_t *mounts = system_mounts(host_network);
	char root[4096];

	if (!add_volumes(bundle, mounts))
		return NULL;
	(void)snprintf(root, sizeof(root), "%s/layers/%s/merged", bundle->store_root, bundle->id);
	return json_pack("{s:s, s:o, s:{s:s, s:b}, s:O, s:O, s:o}", "ociVersion", "1.0.0", "process",
			 mica_bundle_process(bundle), "root", "path", root, "readonly",
			 json_is_true(json_object_get(bundle->settings, "ReadOnly")), "hostname",
			 json_object_get(bundle->settings, "Hostname"), "mounts", mounts, "linux",
			 linux_part(bundle, host_network));
}
