/* SPDX-License-Identifier: BSD-2-Clause */
#include <criterion/criterion.h>
#include <stdlib.h>

#include "container/string_pool.h"
#include "container/table.h"

Test(table, empty)
{
	struct mica_table table = {};

	cr_assert_null(mica_table_get(&table, 1));
	cr_assert_null(mica_table_remove(&table, 1));
	mica_table_free(&table, NULL);
}

Test(table, like_a_plain_array)
{
	struct mica_table table = {};
	char values[512], *reference[512] = {};
	unsigned random = 1;

	for (int i = 0; i < 100000; i++) {
		random = random * 1664525 + 1013904223;
		unsigned key = random >> 16 & 511;
		/* Far apart and close together, so that runs of slots form and wrap. */
		uint64_t number = key & 1 ? key : (uint64_t)key << 40;

		if (random >> 30) {
			cr_assert_eq(mica_table_put(&table, number, &values[key]), 0);
			reference[key] = &values[key];
		} else {
			cr_assert_eq(mica_table_remove(&table, number), reference[key]);
			reference[key] = NULL;
		}
		if (i % 1000 == 0)
			for (unsigned k = 0; k < 512; k++)
				cr_assert_eq(mica_table_get(&table, k & 1 ? k : (uint64_t)k << 40), reference[k]);
	}
	mica_table_free(&table, NULL);
}

Test(table, coming_and_going_leaves_capacity_alone)
{
	struct mica_table table = {};

	for (uint64_t i = 1; i <= 100000; i++) {
		cr_assert_eq(mica_table_put(&table, i, &table), 0);
		if (i > 10)
			cr_assert_not_null(mica_table_remove(&table, i - 10));
	}
	cr_assert_eq(table.count, 10);
	cr_assert_leq(table.capacity, 64);
	mica_table_free(&table, NULL);
}

Test(string_pool, one_copy_and_a_limit)
{
	struct mica_string_pool pool = { .limit = 100 };
	const char *first = mica_string_pool_add(&pool, "a string");
	char same[] = "a string";

	cr_assert_str_eq(first, "a string");
	cr_assert_eq(mica_string_pool_add(&pool, same), first);
	cr_assert_null(mica_string_pool_add(&pool, NULL));
	cr_assert_not_null(mica_string_pool_add(&pool, ""));
	cr_assert_null(mica_string_pool_add(&pool,
					    "a much longer string that does not fit into a hundred bytes together "
					    "with all that the others took"));
	cr_assert_eq(pool.refused, 1);
	mica_string_pool_free(&pool);
}
