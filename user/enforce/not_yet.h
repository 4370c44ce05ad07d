/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MICA_ENFORCE_NOT_YET_H
#define MICA_ENFORCE_NOT_YET_H

#include "kernel/enforcer.h"

int mica_enforcer_namespace(struct mica_enforcer *enforcer, int fd, uint64_t *ret_subject);

int mica_enforcer_each_map(const struct mica_enforcer *enforcer,
			   int (*visit)(const char *name, uint64_t used, uint64_t max, void *userdata), void *userdata);

#endif
