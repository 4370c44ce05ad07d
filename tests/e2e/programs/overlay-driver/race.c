// SPDX-License-Identifier: BSD-2-Clause
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <unistd.h>

#include "layers.h"
#include "operation.h"
#include "scenarios.h"
#include "truth.h"

#define RACERS 4

static const char path[] = "/race";

struct racer {
	pthread_barrier_t *barrier;
	struct call call;
};

void set_up_race(struct union_fs *u)
{
	lower_file(u, 2, path, 2 * MIB);
}

static void *race(void *data)
{
	struct racer *racer = data;
	struct sched_param parameter = { .sched_priority = 1 };

	/*
	 * None of them preempts another: where the kernel preempts (7.2 does by default), a thread that comes to a
	 * program that another one was preempted in on the same CPU finds it skipped, which mica counts as perhaps
	 * lost.
	 */
	if (sched_setscheduler(0, SCHED_FIFO, &parameter) < 0)
		die("sched_setscheduler");
	pthread_barrier_wait(racer->barrier);
	run_call(&racer->call);
	return NULL;
}

/** The same file opened for writing by all of them: one of them copies it up. */
void do_race(struct union_fs *u)
{
	const struct operation o = { .who = SELF, .u = u, .call = "open", .path = path, .flags = O_WRONLY };
	struct racer racers[RACERS];
	pthread_t ids[RACERS];
	pthread_barrier_t barrier;

	pthread_barrier_init(&barrier, NULL, RACERS);
	usleep(10000);
	for (int i = 0; i < RACERS; i++) {
		racers[i] = (struct racer){
			.barrier = &barrier,
			.call = { .name = "open", .flags = O_WRONLY },
		};
		snprintf(racers[i].call.path, sizeof(racers[i].call.path), "%s%s", u->point, path);
		pthread_create(&ids[i], NULL, race, &racers[i]);
	}
	for (int i = 0; i < RACERS; i++)
		pthread_join(ids[i], NULL);
	for (int i = 0; i < RACERS; i++) {
		put_call(&o, &racers[i].call, cgroup_of(getpid()));
		fprintf(truth, ",\"race\":%d", RACERS);
		/* The last one has the changes of all. */
		if (i == RACERS - 1)
			put_upper_changes(u);
		fprintf(truth, "}\n");
	}
}
