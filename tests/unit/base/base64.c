/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/base64.h"

#include <criterion/criterion.h>

/* RFC 4648, section 10 */
Test(base_base64, vectors_of_the_rfc)
{
	static const char *const cases[][2] = {
		{ "", "" },
		{ "f", "Zg==" },
		{ "fo", "Zm8=" },
		{ "foo", "Zm9v" },
		{ "foob", "Zm9vYg==" },
		{ "fooba", "Zm9vYmE=" },
		{ "foobar", "Zm9vYmFy" },
		{ "\xff\xfe\xfb", "//77" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		_cleanup_buffer_ struct mica_buffer buffer = {};
		cr_assert_eq(mica_base64_append(&buffer, cases[i][0], strlen(cases[i][0])), 0);
		cr_assert_str_eq(mica_buffer_string(&buffer), cases[i][1]);
	}
}
