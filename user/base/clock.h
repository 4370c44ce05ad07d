/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MICA_BASE_CLOCK_H
#define MICA_BASE_CLOCK_H

#include <stdint.h>
#include <time.h>

/** What a clock shows, ns; clocks of Linux that always exist (CLOCK_REALTIME, _MONOTONIC, _BOOTTIME) cannot fail. */
static inline uint64_t mica_clock_ns(clockid_t clock)
{
	struct timespec now;

	(void)clock_gettime(clock, &now);
	return (uint64_t)now.tv_sec * 1000000000ULL + (uint64_t)now.tv_nsec;
}

#endif
