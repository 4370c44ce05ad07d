// SPDX-License-Identifier: BSD-2-Clause
#include "kernel/problem.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

int mica_problem_refuse(struct mica_problem *problem, int error, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	(void)vsnprintf(problem->what, sizeof(problem->what), format, arguments);
	va_end(arguments);
	return error;
}

int mica_problem_check_basics(const struct mica_features *features, const enum mica_basic *needed, unsigned count,
			      const char *about, struct mica_problem *problem)
{
	for (unsigned i = 0; i < count; i++) {
		const struct mica_feature *feature = &features->basic[needed[i]];

		if (feature->state == MICA_FEATURE_OK)
			continue;
		(void)snprintf(problem->remedy, sizeof(problem->remedy), "%s", feature->remedy);
		return mica_problem_refuse(problem, needed[i] == MICA_BASIC_PRIVILEGE ? -EPERM : -EOPNOTSUPP, "%s%s",
					   about, feature->detail);
	}
	return 0;
}
