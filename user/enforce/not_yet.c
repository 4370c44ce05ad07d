// SPDX-License-Identifier: BSD-2-Clause
/*
 * Until user/kernel/enforcer.c has them all: weak stand-ins, which the real ones replace when they are linked.
 */
#include <errno.h>
#include <stdio.h>

#include "enforce/not_yet.h"

#pragma GCC diagnostic ignored "-Wunused-parameter"

__attribute__((weak)) int mica_enforcer_open(const struct mica_enforcer_options *options, struct mica_enforcer **ret,
					     struct mica_problem *ret_problem)
{
	(void)snprintf(ret_problem->what, sizeof(ret_problem->what), "enforcement is not built in yet");
	*ret_problem->remedy = 0;
	return -EOPNOTSUPP;
}

__attribute__((weak)) int mica_enforcer_adopt(const char *directory, const struct mica_enforcer_options *options,
					      struct mica_enforcer **ret, struct mica_problem *ret_problem)
{
	(void)snprintf(ret_problem->what, sizeof(ret_problem->what), "enforcement is not built in yet");
	*ret_problem->remedy = 0;
	return -EOPNOTSUPP;
}

__attribute__((weak)) int mica_enforcer_pin(struct mica_enforcer *enforcer, const char *directory,
					    struct mica_problem *ret_problem)
{
	(void)snprintf(ret_problem->what, sizeof(ret_problem->what), "enforcement is not built in yet");
	*ret_problem->remedy = 0;
	return -EOPNOTSUPP;
}

__attribute__((weak)) int mica_enforcer_unpin(struct mica_enforcer *enforcer, const char *directory)
{
	return -EOPNOTSUPP;
}

__attribute__((weak)) void mica_enforcer_close(struct mica_enforcer **enforcer)
{
	(void)0;
}

__attribute__((weak)) int mica_enforcer_publish(struct mica_enforcer *enforcer, const struct mica_enforcer_image *image,
						struct mica_problem *ret_problem)
{
	(void)snprintf(ret_problem->what, sizeof(ret_problem->what), "enforcement is not built in yet");
	*ret_problem->remedy = 0;
	return -EOPNOTSUPP;
}

__attribute__((weak)) int mica_enforcer_withdraw(struct mica_enforcer *enforcer)
{
	return -EOPNOTSUPP;
}

__attribute__((weak)) int mica_enforcer_header(const struct mica_enforcer *enforcer, struct mica_enforce_header *ret)
{
	return -EOPNOTSUPP;
}

__attribute__((weak)) int mica_enforcer_set_subject(struct mica_enforcer *enforcer, uint64_t number,
						    const struct mica_enforce_subject *subject,
						    const struct mica_enforce_voice *voices, uint32_t voice_count,
						    const struct mica_enforcer_image_view *views, uint32_t view_count)
{
	return -EOPNOTSUPP;
}

__attribute__((weak)) int mica_enforcer_forget_subject(struct mica_enforcer *enforcer, uint64_t number)
{
	return -EOPNOTSUPP;
}

__attribute__((weak)) int mica_enforcer_read_counters(const struct mica_enforcer *enforcer, uint32_t first,
						      uint32_t count, struct mica_enforce_counter *ret)
{
	return -EOPNOTSUPP;
}

__attribute__((weak)) int mica_enforcer_register_union(struct mica_enforcer *enforcer, int fd, uint64_t *ret_number)
{
	return -EOPNOTSUPP;
}

__attribute__((weak)) int mica_enforcer_register_volume(struct mica_enforcer *enforcer, int fd, uint32_t number)
{
	return -EOPNOTSUPP;
}

__attribute__((weak)) int mica_enforcer_register_layer(struct mica_enforcer *enforcer, int fd, uint32_t number)
{
	return -EOPNOTSUPP;
}

__attribute__((weak)) int mica_enforcer_forget_object(struct mica_enforcer *enforcer, int fd,
						      enum mica_enforce_kind kind)
{
	return -EOPNOTSUPP;
}

__attribute__((weak)) int mica_enforcer_grant_union(struct mica_enforcer *enforcer, uint64_t subject, int fd)
{
	return -EOPNOTSUPP;
}

__attribute__((weak)) int mica_enforcer_namespace(struct mica_enforcer *enforcer, int fd, uint64_t *ret_subject)
{
	return -EOPNOTSUPP;
}

__attribute__((weak)) int mica_enforcer_trust(struct mica_enforcer *enforcer, int pidfd)
{
	return -EOPNOTSUPP;
}

__attribute__((weak)) int mica_enforcer_bootstrap(struct mica_enforcer *enforcer, size_t *ret_count,
						  struct mica_problem *ret_problem)
{
	(void)snprintf(ret_problem->what, sizeof(ret_problem->what), "enforcement is not built in yet");
	*ret_problem->remedy = 0;
	return -EOPNOTSUPP;
}

__attribute__((weak)) int mica_enforcer_visit_tasks(struct mica_enforcer *enforcer,
						    int (*visit)(uint32_t tgid, uint64_t subject, void *userdata),
						    void *userdata)
{
	return -EOPNOTSUPP;
}

__attribute__((weak)) int mica_enforcer_fd(const struct mica_enforcer *enforcer)
{
	return -EOPNOTSUPP;
}

__attribute__((weak)) int mica_enforcer_read(struct mica_enforcer *enforcer)
{
	return -EOPNOTSUPP;
}

__attribute__((weak)) uint64_t mica_enforcer_lost(const struct mica_enforcer *enforcer)
{
	return 0;
}

__attribute__((weak)) int mica_enforcer_probe(struct mica_enforcer *enforcer, struct mica_problem *ret_problem)
{
	(void)snprintf(ret_problem->what, sizeof(ret_problem->what), "enforcement is not built in yet");
	*ret_problem->remedy = 0;
	return -EOPNOTSUPP;
}

__attribute__((weak)) int mica_enforcer_each_map(const struct mica_enforcer *enforcer,
						 int (*visit)(const char *name, uint64_t used, uint64_t max,
							      void *userdata),
						 void *userdata)
{
	return -EOPNOTSUPP;
}
