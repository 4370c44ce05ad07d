// SPDX-License-Identifier: BSD-2-Clause
#include "actor.h"

#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/** A process that makes a call when it is sent a byte, and sends one when it is done. */
static struct actor {
	const char *name;
	int uid;
	int pid, request, reply;
	/** Memory that both see. */
	struct call *slot;
	char *root;
} actors[] = {
	[OTHER_USER] = { .name = "another user", .uid = USER },
	[OTHER_NS] = { .name = "another ns" },
};

static void serve(const struct actor *actor, int request, int reply)
{
	char byte;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	prctl(PR_SET_NAME, actor->name);
	umask(0);
	if (actor->uid &&
	    (setresgid(actor->uid, actor->uid, actor->uid) < 0 || setresuid(actor->uid, actor->uid, actor->uid) < 0))
		die("setresuid");
	while (read(request, &byte, 1) == 1) {
		run_call(actor->slot);
		if (write(reply, "", 1) != 1)
			_exit(1);
	}
	_exit(0);
}

static void start_actor(struct actor *actor)
{
	int request[2], reply[2];

	actor->slot = mmap(NULL, sizeof(struct call), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (pipe(request) < 0 || pipe(reply) < 0)
		die("pipe");
	fflush(NULL);
	actor->pid = fork();
	if (actor->pid < 0)
		die("fork");
	if (actor->pid == 0) {
		close(request[1]);
		serve(actor, request[0], reply[1]);
	}
	close(request[0]);
	close(reply[1]);
	actor->request = request[1];
	actor->reply = reply[0];
	actor->root = format("/proc/%d/root", actor->pid);
}

void start_actors(void)
{
	start_actor(&actors[OTHER_USER]);
	start_actor(&actors[OTHER_NS]);
}

static void *run_in_thread(void *call)
{
	prctl(PR_SET_NAME, "a thread");
	run_call(call);
	return NULL;
}

static void perform_in_thread(struct call *call)
{
	pthread_t id;

	if (pthread_create(&id, NULL, run_in_thread, call) || pthread_join(id, NULL))
		die("thread");
}

static void perform_in_process(const struct actor *actor, struct call *call)
{
	bool exits = strcmp(call->name, "exit") == 0;
	char byte;

	*actor->slot = *call;
	if (write(actor->request, "", 1) != 1)
		die("actor");
	if (read(actor->reply, &byte, 1) != 1 && !exits)
		die("actor is gone");
	*call = *actor->slot;
	if (exits) {
		if (waitpid(actor->pid, NULL, 0) < 0)
			die("waitpid");
		call->end = now(CLOCK_REALTIME);
	}
}

void perform(enum who who, struct call *call)
{
	if (who == SELF)
		run_call(call);
	else if (who == THREAD)
		perform_in_thread(call);
	else
		perform_in_process(&actors[who], call);
}

int pid_of(enum who who)
{
	return actors[who].pid ? actors[who].pid : getpid();
}

const char *root_of(enum who who)
{
	return actors[who].root ? actors[who].root : "";
}
