// SPDX-License-Identifier: BSD-2-Clause
#include "call.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

const struct kind k_mount = { "mount", 165, 21, "sPsxs" }, k_umount = { "umount", 166, 52, "Px" },
		  k_oldumount = { "oldumount", 0, 22, "P" }, k_fsopen = { "fsopen", 430, 430, "sx" },
		  k_fspick = { "fspick", 433, 433, "dpx" }, k_fsconfig = { "fsconfig", 431, 431, "fxssx" },
		  k_fsmount = { "fsmount", 432, 432, "fxx" }, k_open_tree = { "open_tree", 428, 428, "dpx" },
		  k_open_tree_attr = { "open_tree_attr", 467, 467, "dpxax" },
		  k_move_mount = { "move_mount", 429, 429, "dpdpx" },
		  k_mount_setattr = { "mount_setattr", 442, 442, "dpxax" },
		  k_pivot_root = { "pivot_root", 155, 217, "PP" }, k_unshare = { "unshare", 272, 310, "x" },
		  k_clone3 = { "clone3", 435, 0, "xx" };

static bool int80;

void die(const char *what)
{
	(void)fprintf(stderr, "mount-api: %s: %s\n", what, strerror(errno));
	exit(1);
}

static void put_string(const char *text)
{
	(void)putchar('"');
	for (; *text; text++) {
		if (*text == '"' || *text == '\\')
			(void)printf("\\%c", *text);
		else if ((unsigned char)*text < 32)
			(void)printf("\\u%04x", (unsigned char)*text);
		else
			(void)putchar(*text);
	}
	(void)putchar('"');
}

static void put_string_or_null(const char *text)
{
	if (text)
		put_string(text);
	else
		(void)printf("null");
}

/** Of a directory: of a descriptor, or of AT_FDCWD. Empty: there is none. */
static void put_link(long fd)
{
	char path[64], link[PATH_MAX] = "";

	(void)snprintf(path, sizeof(path), fd == AT_FDCWD ? "/proc/self/cwd" : "/proc/self/fd/%ld", fd);
	(void)!readlink(path, link, sizeof(link) - 1);
	put_string(link);
}

static void put_real(long fd, const char *path)
{
	char beneath[PATH_MAX], whole[PATH_MAX], real[PATH_MAX];
	const char *at = path;

	if (path && *path && path[0] != '/' && fd != AT_FDCWD) {
		(void)snprintf(beneath, sizeof(beneath), "/proc/self/fd/%ld/%s", fd, path);
		at = beneath;
	}
	put_string_or_null(at && *at && realpath(at, real) ? real : NULL);
	/* The directory that it is, or would be, in. */
	(void)snprintf(whole, sizeof(whole), "%s", at ? at : "");
	*(strrchr(whole, '/') ? strrchr(whole, '/') : whole) = '\0';
	(void)printf(",\"directory\":");
	put_string_or_null(*whole && realpath(whole, real) ? real : NULL);
}

static void put_argument(char letter, uint64_t value, uint64_t before)
{
	const char *text = (const char *)(uintptr_t)value;
	const struct attr *attr = (const struct attr *)(uintptr_t)value;

	switch (letter) {
	case 'p':
	case 'P':
		(void)printf("{\"text\":");
		put_string_or_null(text);
		(void)printf(",\"at\":");
		put_link(letter == 'p' ? (long)before : AT_FDCWD);
		(void)printf(",\"real\":");
		put_real(letter == 'p' ? (long)before : AT_FDCWD, text);
		(void)printf("}");
		break;
	case 's':
		put_string_or_null(text);
		break;
	case 'a':
		(void)printf("{\"set\":%lu,\"cleared\":%lu,\"propagation\":%lu}", attr->set, attr->cleared,
			     attr->propagation);
		break;
	case 'd':
	case 'f':
		(void)printf("%d", (int)value);
		break;
	default:
		(void)printf("%lu", value);
	}
}

static void put_mounts(const char *key)
{
	FILE *file = fopen("/proc/thread-self/mountinfo", "re");
	char line[PATH_MAX];

	(void)printf(",\"%s\":[", key);
	for (bool first = true; file && fgets(line, sizeof(line), file); first = false) {
		line[strcspn(line, "\n")] = '\0';
		if (!first)
			(void)putchar(',');
		put_string(line);
	}
	(void)printf("]");
	if (file)
		(void)fclose(file);
}

static unsigned long own_namespace(void)
{
	struct stat st;

	return stat("/proc/thread-self/ns/mnt", &st) < 0 ? 0 : st.st_ino;
}

#if defined(__x86_64__)
static sigjmp_buf no_int80;

static void on_fault(int signal)
{
	(void)signal;
	siglongjmp(no_int80, 1);
}

static long call_int80(long number, const uint64_t a[5])
{
	long result = number;

	/* All pointers are below 4 GiB: the program is static and not position-independent. */
	__asm__ volatile("int $0x80"
			 : "+a"(result)
			 : "b"(a[0]), "c"(a[1]), "d"(a[2]), "S"(a[3]), "D"(a[4])
			 : "memory", "r8", "r9", "r10", "r11");
	return (int)result;
}

bool have_int80(void)
{
	const uint64_t none[5] = {};
	bool there = false;

	(void)signal(SIGSEGV, on_fault);
	if (sigsetjmp(no_int80, 1) == 0)
		there = call_int80(20, none) == getpid(); /* getpid */
	(void)signal(SIGSEGV, SIG_DFL);
	return there;
}
#else
static long call_int80(long number, const uint64_t a[5])
{
	(void)number;
	(void)a;
	return -ENOSYS;
}

bool have_int80(void)
{
	return false;
}
#endif

void use_int80(bool use)
{
	int80 = use;
}

static long make_call(const struct kind *kind, const uint64_t a[5])
{
	long result;

	if (int80)
		return call_int80(kind->number_32, a);
	result = syscall(kind->number, a[0], a[1], a[2], a[3], a[4]);
	return result < 0 ? -errno : result;
}

long call(const struct kind *kind, ...)
{
	static unsigned number;
	uint64_t a[5] = {};
	va_list list;
	long result;

	va_start(list, kind);
	for (unsigned i = 0; kind->arguments[i]; i++)
		a[i] = va_arg(list, uint64_t);
	va_end(list);
	(void)printf("{\"number\":%u,\"pid\":%d,\"call\":\"%s\",\"int80\":%s,\"uid\":%u,\"ns\":%lu,\"arguments\":[",
		     number++, getpid(), kind->name, int80 ? "true" : "false", getuid(), own_namespace());
	for (unsigned i = 0; kind->arguments[i]; i++) {
		if (i)
			(void)putchar(',');
		put_argument(kind->arguments[i], a[i], i ? a[i - 1] : 0);
	}
	(void)printf("]");
	put_mounts("before");
	result = make_call(kind, a);
	/* A child of clone3 goes on alone. */
	if (kind == &k_clone3 && result == 0)
		return 0;
	(void)printf(",\"result\":%ld,\"errno\":", result);
	if (result < 0)
		put_string(strerrorname_np((int)-result));
	else
		(void)printf("0");
	(void)printf(",\"ns_after\":%lu", own_namespace());
	put_mounts("after");
	(void)printf("}\n");
	(void)fflush(stdout);
	return result;
}

void say(const char *what, long value)
{
	(void)printf("{\"say\":");
	put_string(what);
	(void)printf(",\"value\":%ld}\n", value);
	(void)fflush(stdout);
}
