/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/format.h"

#include <errno.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#define NS_PER_S UINT64_C(1000000000)

/* Prints value/unit, rounded half up: one decimal below 100, none above. */
static void print_scaled(char *text, uint64_t value, uint64_t unit, const char *name)
{
	/* value * 10 would overflow for the largest values: divide first. */
	uint64_t whole = value / unit, rest = value % unit;
	uint64_t tenths = whole * 10 + (uint64_t)(((unsigned __int128)rest * 10 + unit / 2) / unit);

	if (unit > 1 && tenths < 1000)
		(void)snprintf(text, MICA_FORMAT_SIZE, "%" PRIu64 ".%" PRIu64 " %s", tenths / 10, tenths % 10, name);
	else
		(void)snprintf(text, MICA_FORMAT_SIZE, "%" PRIu64 " %s", whole + (rest >= unit - unit / 2 && unit > 1),
			       name);
}

const char *mica_format_bytes(uint64_t bytes, char text[static MICA_FORMAT_SIZE])
{
	static const char *const names[] = { "B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB" };
	size_t i = 0;
	uint64_t unit = 1;

	/* 1023.5 KiB and more would be rounded to "1024 KiB": the next unit. */
	while (i + 1 < sizeof(names) / sizeof(names[0]) && bytes >= unit * 1024 - unit / 2 && bytes >= 1024) {
		unit *= 1024;
		i++;
	}
	print_scaled(text, bytes, unit, names[i]);
	return text;
}

const char *mica_format_duration(uint64_t ns, char text[static MICA_FORMAT_SIZE])
{
	static const struct {
		uint64_t ns;
		const char *name;
	} units[] = { { 1, "ns" }, { 1000, "µs" }, { 1000000, "ms" }, { NS_PER_S, "s" } };
	size_t i = 0;

	if (ns >= 60 * NS_PER_S - NS_PER_S / 2) {
		uint64_t seconds = ns / NS_PER_S + (ns % NS_PER_S >= NS_PER_S / 2);
		uint64_t minutes = seconds / 60;
		if (minutes < 60)
			(void)snprintf(text, MICA_FORMAT_SIZE, "%" PRIu64 " min %" PRIu64 " s", minutes, seconds % 60);
		else
			(void)snprintf(text, MICA_FORMAT_SIZE, "%" PRIu64 " h %" PRIu64 " min", minutes / 60,
				       minutes % 60);
		return text;
	}
	while (i + 1 < sizeof(units) / sizeof(units[0]) && ns >= units[i].ns * 1000 - units[i].ns / 2 && ns >= 1000)
		i++;
	print_scaled(text, ns, units[i].ns, units[i].name);
	return text;
}

struct unit {
	const char *name;
	uint64_t factor;
};

/** Decimal digits and one of the units; the list ends with a NULL name. */
static int parse_with_unit(const char *text, const struct unit *units, uint64_t *ret)
{
	uint64_t value = 0;
	const char *end = text;

	for (; *end >= '0' && *end <= '9'; end++)
		if (__builtin_mul_overflow(value, 10, &value) ||
		    __builtin_add_overflow(value, (uint64_t)(*end - '0'), &value))
			return -ERANGE;
	if (end == text)
		return -EINVAL;

	for (; units->name; units++) {
		if (strcmp(end, units->name) != 0)
			continue;
		if (__builtin_mul_overflow(value, units->factor, &value))
			return -ERANGE;
		*ret = value;
		return 0;
	}
	return -EINVAL;
}

int mica_format_parse_duration(const char *text, uint64_t *ret_ns)
{
	static const struct unit units[] = {
		{ "ns", 1 },
		{ "us", 1000 },
		{ "µs", 1000 },
		{ "ms", 1000000 },
		{ "s", NS_PER_S },
		{ "m", 60 * NS_PER_S },
		{ "h", 3600 * NS_PER_S },
		{ "d", 24 * 3600 * NS_PER_S },
		{},
	};

	return parse_with_unit(text, units, ret_ns);
}

int mica_format_parse_bytes(const char *text, uint64_t *ret_bytes)
{
	const uint64_t k = 1000, ki = 1024;
	const struct unit units[] = {
		{ "", 1 },
		{ "B", 1 },
		{ "k", ki },
		{ "K", ki },
		{ "M", ki * ki },
		{ "G", ki * ki * ki },
		{ "T", ki * ki * ki * ki },
		{ "KiB", ki },
		{ "MiB", ki * ki },
		{ "GiB", ki * ki * ki },
		{ "TiB", ki * ki * ki * ki },
		{ "kB", k },
		{ "KB", k },
		{ "MB", k * k },
		{ "GB", k * k * k },
		{ "TB", k * k * k * k },
		{},
	};

	return parse_with_unit(text, units, ret_bytes);
}
