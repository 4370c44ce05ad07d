/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/format.h"

#include <criterion/criterion.h>
#include <errno.h>

Test(base_format, bytes)
{
	static const struct {
		uint64_t bytes;
		const char *text;
	} cases[] = {
		{ 0, "0 B" },
		{ 17, "17 B" },
		{ 1023, "1023 B" },
		{ 1024, "1.0 KiB" },
		{ 4096, "4.0 KiB" },
		{ 102348, "99.9 KiB" },
		{ 102399, "100 KiB" },
		{ 1024 * 1024 - 1, "1.0 MiB" },
		{ UINT64_C(212) << 20, "212 MiB" },
		{ UINT64_C(3) << 39, "1.5 TiB" },
		{ UINT64_MAX, "16.0 EiB" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char text[MICA_FORMAT_SIZE];
		cr_assert_str_eq(mica_format_bytes(cases[i].bytes, text), cases[i].text);
	}
}

Test(base_format, duration)
{
	static const struct {
		uint64_t ns;
		const char *text;
	} cases[] = {
		{ 0, "0 ns" },
		{ 850, "850 ns" },
		{ 1000, "1.0 µs" },
		{ 21249, "21.2 µs" },
		{ 212000, "212 µs" },
		{ 999499, "999 µs" },
		{ 999500, "1.0 ms" },
		{ 1300000, "1.3 ms" },
		{ 2000000000, "2.0 s" },
		{ UINT64_C(59499999999), "59.5 s" },
		{ UINT64_C(59500000000), "1 min 0 s" },
		{ UINT64_C(200000000000), "3 min 20 s" },
		{ UINT64_C(18120000000000), "5 h 2 min" },
		{ UINT64_MAX, "5124095 h 34 min" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char text[MICA_FORMAT_SIZE];
		cr_assert_str_eq(mica_format_duration(cases[i].ns, text), cases[i].text);
	}
}

Test(base_format, parses_durations)
{
	static const struct {
		const char *text;
		int result;
		uint64_t ns;
	} cases[] = {
		{ "10m", 0, UINT64_C(600000000000) },
		{ "30s", 0, UINT64_C(30000000000) },
		{ "500ms", 0, 500000000 },
		{ "7us", 0, 7000 },
		{ "7µs", 0, 7000 },
		{ "0ns", 0, 0 },
		{ "2h", 0, UINT64_C(7200000000000) },
		{ "1d", 0, UINT64_C(86400000000000) },
		{ "18446744073709551615ns", 0, UINT64_MAX },
		{ "18446744073709551616ns", -ERANGE, 0 },
		{ "213504d", -ERANGE, 0 },
		{ "", -EINVAL, 0 },
		{ "10", -EINVAL, 0 },
		{ "m", -EINVAL, 0 },
		{ "-1s", -EINVAL, 0 },
		{ "+1s", -EINVAL, 0 },
		{ " 1s", -EINVAL, 0 },
		{ "1 s", -EINVAL, 0 },
		{ "1s ", -EINVAL, 0 },
		{ "1.5s", -EINVAL, 0 },
		{ "1m30s", -EINVAL, 0 },
		{ "0x1s", -EINVAL, 0 },
		{ "1M", -EINVAL, 0 },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		uint64_t ns = 77;
		cr_assert_eq(mica_format_parse_duration(cases[i].text, &ns), cases[i].result, "%s", cases[i].text);
		cr_assert_eq(ns, cases[i].result ? 77 : cases[i].ns, "%s", cases[i].text);
	}
}

Test(base_format, parses_bytes)
{
	static const struct {
		const char *text;
		int result;
		uint64_t bytes;
	} cases[] = {
		{ "0", 0, 0 },
		{ "4096", 0, 4096 },
		{ "4096B", 0, 4096 },
		{ "4k", 0, 4096 },
		{ "4K", 0, 4096 },
		{ "4KiB", 0, 4096 },
		{ "4kB", 0, 4000 },
		{ "4KB", 0, 4000 },
		{ "1M", 0, 1 << 20 },
		{ "1MiB", 0, 1 << 20 },
		{ "1MB", 0, 1000000 },
		{ "1G", 0, 1 << 30 },
		{ "1GiB", 0, 1 << 30 },
		{ "2GB", 0, 2000000000 },
		{ "3T", 0, UINT64_C(3) << 40 },
		{ "3TiB", 0, UINT64_C(3) << 40 },
		{ "3TB", 0, UINT64_C(3000000000000) },
		{ "18446744073709551615", 0, UINT64_MAX },
		{ "18446744073709551616", -ERANGE, 0 },
		{ "18014398509481983K", 0, UINT64_MAX - 1023 },
		{ "18014398509481984K", -ERANGE, 0 },
		{ "", -EINVAL, 0 },
		{ "k", -EINVAL, 0 },
		{ "-1", -EINVAL, 0 },
		{ "+1", -EINVAL, 0 },
		{ " 1", -EINVAL, 0 },
		{ "1 k", -EINVAL, 0 },
		{ "1k ", -EINVAL, 0 },
		{ "1.5M", -EINVAL, 0 },
		{ "1kiB", -EINVAL, 0 },
		{ "1m", -EINVAL, 0 },
		{ "0x10", -EINVAL, 0 },
		{ "1s", -EINVAL, 0 },
		{ "1KK", -EINVAL, 0 },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		uint64_t bytes = 77;
		cr_assert_eq(mica_format_parse_bytes(cases[i].text, &bytes), cases[i].result, "%s", cases[i].text);
		cr_assert_eq(bytes, cases[i].result ? 77 : cases[i].bytes, "%s", cases[i].text);
	}
}
