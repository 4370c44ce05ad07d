/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/guarded.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ITEMS 30

struct seen {
	/** Items from here on to `hang_end` hang, this one crashes; -1: none. */
	int hang_begin, hang_end, crash;
	unsigned messages[ITEMS];
	bool careful[ITEMS];
	unsigned unfinished[ITEMS];
	int refuse;
};

static void work(struct mica_guard *guard, size_t index, void *userdata)
{
	const struct seen *seen = userdata;
	char text[100000];
	bool careful = mica_guard_careful(guard);

	mica_guard_send(guard, &careful, sizeof(careful));
	if ((int)index >= seen->hang_begin && (int)index < seen->hang_end)
		pause();
	if ((int)index == seen->crash)
		(void)raise(SIGKILL);
	/* More than a pipe holds. */
	memset(text, (int)index, sizeof(text));
	mica_guard_send(guard, text, sizeof(text));
}

static int take(size_t index, const void *message, size_t size, void *userdata)
{
	struct seen *seen = userdata;

	cr_assert_lt(index, ITEMS);
	seen->messages[index]++;
	if (size == sizeof(bool)) {
		memcpy(&seen->careful[index], message, size);
		return 0;
	}
	cr_assert_eq(size, 100000);
	cr_assert_eq(((const char *)message)[99999], (char)index);
	return (int)index == seen->refuse ? -EXDEV : 0;
}

static void unfinished(size_t index, void *userdata)
{
	struct seen *seen = userdata;

	seen->unfinished[index]++;
}

static int run(struct seen *seen)
{
	const struct mica_guarded_work guarded = {
		.count = ITEMS,
		.silence_ms = 200,
		.work = work,
		.take = take,
		.unfinished = unfinished,
		.userdata = seen,
	};

	return mica_guarded_run(&guarded);
}

Test(guarded, all_items)
{
	struct seen seen = { .hang_begin = -1, .hang_end = -1, .crash = -1, .refuse = -1 };

	cr_assert_eq(run(&seen), 0);
	for (int i = 0; i < ITEMS; i++) {
		cr_assert_eq(seen.messages[i], 2);
		cr_assert_eq(seen.unfinished[i], 0);
		cr_assert_not(seen.careful[i]);
	}
}

Test(guarded, goes_on_behind_what_hangs_or_dies)
{
	struct seen seen = { .hang_begin = 3, .hang_end = 5, .crash = 29, .refuse = -1 };

	cr_assert_eq(run(&seen), 0);
	for (int i = 0; i < ITEMS; i++) {
		bool bad = i == 3 || i == 4 || i == 29;

		cr_assert_eq(seen.messages[i], bad ? 1 : 2, "%d: %u", i, seen.messages[i]);
		cr_assert_eq(seen.unfinished[i], bad);
	}
}

Test(guarded, becomes_careful_and_gives_up)
{
	struct seen seen = { .hang_begin = 5, .hang_end = ITEMS, .crash = -1, .refuse = -1 };

	cr_assert_eq(run(&seen), 0);
	for (int i = 0; i < ITEMS; i++) {
		cr_assert_eq(seen.unfinished[i], i >= 5, "%d", i);
		cr_assert_eq(seen.messages[i], i < 5 ? 2 : i < 5 + MICA_GUARDED_GIVE_UP ? 1 : 0, "%d", i);
		cr_assert_eq(seen.careful[i], i >= 5 + MICA_GUARDED_CAREFUL && i < 5 + MICA_GUARDED_GIVE_UP, "%d", i);
	}
}

Test(guarded, ends_when_the_caller_refuses)
{
	struct seen seen = { .hang_begin = 9, .hang_end = 10, .crash = -1, .refuse = 7 };

	cr_assert_eq(run(&seen), -EXDEV);
	cr_assert_eq(seen.messages[7], 2);
	cr_assert_eq(seen.messages[9], 0);
	cr_assert_eq(seen.unfinished[9], 0);
}

Test(guarded, no_items)
{
	const struct mica_guarded_work guarded = { .work = work };

	cr_assert_eq(mica_guarded_run(&guarded), 0);
}
