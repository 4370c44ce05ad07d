// SPDX-License-Identifier: BSD-2-Clause
/*
 * The evaluator in the kernel says what mica_policy_decide says: random policies, subjects, operations, objects and
 * paths; the files are real ones, on an overlay and a tmpfs; what it decides by is laid down by the code that
 * enforcement itself uses. MICA_SEED=N draws others.
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "evaluator.h"
#include "evaluator.skel.h"
#include "kernel/enforcer_internal.h"
#include "kernel/functions.h"
#include "policy/image.h"
#include "tests/unit/policy/reference.h"

/** Questions about one set of policies, each by a subject of its own. */
#define QUESTIONS 500
/** Paths that are made, in each object. */
#define PATHS 3000
#define PATH_BYTES 64
#define UNION 5U
#define NUMBER 7U

/** Where the objects are, below the tmpfs at /mnt. */
static const char *const bases[_MICA_POLICY_OBJECT_MAX] = {
	[MICA_POLICY_UNION] = "/mnt/union",
	[MICA_POLICY_VOLUME] = "/mnt/volume",
	[MICA_POLICY_LAYER] = "/mnt/layer",
};

struct asked_case {
	struct mica_policy_question question;
	struct mica_policy_answer expected;
	struct mica_policy_views views;
	uint64_t subject;
	bool capability;
};

/** The kernel's side, and one set of policies. */
struct evaluator {
	struct evaluator_bpf *skeleton;
	struct mica_enforcer enforcer;
	struct mica_policy_compiled compiled;
	struct mica_policy_image image;
	struct asked_case cases[QUESTIONS];
	/** What each counter of the set must come to. */
	struct mica_enforce_counter *tally;
};

static char paths[PATHS][PATH_BYTES];

static void make_path(const char *base, const char *path)
{
	char full[128];

	(void)snprintf(full, sizeof(full), "%s%.*s", base, PATH_BYTES, path);
	for (char *slash = full + strlen(base) + 1; (slash = strchr(slash, '/')); *slash++ = '/') {
		*slash = '\0';
		cr_assert(mkdir(full, 0755) == 0 || errno == EEXIST, "%s: %s", full, strerror(errno));
	}
	cr_assert(mkdir(full, 0755) == 0 || errno == EEXIST, "%s: %s", full, strerror(errno));
}

static void make_objects(struct lottery *lottery)
{
	cr_assert_eq(unshare(CLONE_NEWNS), 0, "needs root: %s", strerror(errno));
	cr_assert_eq(mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL), 0);
	cr_assert_eq(mount("evaluator", "/mnt", "tmpfs", 0, NULL), 0);
	for (size_t i = 0; i < _MICA_POLICY_OBJECT_MAX; i++)
		cr_assert_eq(mkdir(bases[i], 0755), 0);
	cr_assert(mkdir("/mnt/lower", 0755) == 0 && mkdir("/mnt/upper", 0755) == 0 && mkdir("/mnt/work", 0755) == 0);
	cr_assert_eq(mount("evaluator", bases[MICA_POLICY_UNION], "overlay", 0,
			   "lowerdir=/mnt/lower,upperdir=/mnt/upper,workdir=/mnt/work"),
		     0, "no overlay: %s", strerror(errno));
	for (size_t i = 0; i < PATHS; i++) {
		draw_path(lottery, paths[i], sizeof(paths[i]));
		for (size_t j = 0; j < _MICA_POLICY_OBJECT_MAX; j++)
			make_path(bases[j], paths[i]);
	}
}

static void run(const struct bpf_program *program)
{
	LIBBPF_OPTS(bpf_test_run_opts, options);

	cr_assert_eq(bpf_prog_test_run_opts(bpf_program__fd(program), &options), 0);
	cr_assert_eq(options.retval, 0);
}

static int open_object(enum mica_policy_object object, const char *path)
{
	char full[128];
	int fd;

	(void)snprintf(full, sizeof(full), "%s%.*s", bases[object], PATH_BYTES, path);
	fd = open(full, O_PATH | O_CLOEXEC);
	cr_assert_geq(fd, 0, "%s: %s", full, strerror(errno));
	return fd;
}

static void know(struct evaluator *evaluator, enum mica_policy_object object, enum mica_enforce_kind kind,
		 uint32_t number)
{
	struct evaluator_case *one = &evaluator->skeleton->bss->one;

	one->fd = open_object(object, "");
	one->kind = kind;
	one->number = number;
	run(evaluator->skeleton->progs.know);
	close(one->fd);
}

/** Does this kernel have the cast? */
static bool has_cast(void)
{
	_cleanup_(mica_functions_free) struct mica_functions *functions = NULL;

	cr_assert_eq(mica_functions_load(&functions), 0);
	return mica_functions_id(functions, "bpf_rdonly_cast") > 0;
}

static void evaluator_open(struct evaluator *evaluator, bool cast)
{
	struct evaluator_bpf *skeleton = evaluator_bpf__open();
	struct mica_enforcer *enforcer = &evaluator->enforcer;
	uint32_t zero = 0, none = MICA_ENFORCE_SETS;

	cr_assert_not_null(skeleton);
	evaluator->skeleton = skeleton;
	skeleton->rodata->has_cast = cast && has_cast();
	cr_assert_eq(evaluator_bpf__load(skeleton), 0, "the kernel refuses the program");
	for (int i = 0; i < _MICA_MAP_MAX; i++)
		enforcer->maps[i] = bpf_object__find_map_fd_by_name(skeleton->obj, mica_enforcer_map_names[i]);
	cr_assert_eq(bpf_map_update_elem(enforcer->maps[MICA_MAP_ACTIVE], &zero, &none, BPF_ANY), 0);
	cr_assert_eq(mica_enforcer_number_set(enforcer, MICA_NUMBER_OPERATIONS, MICA_OPERATIONS_ALL), 0);
	cr_assert_eq(mica_enforcer_number_set(enforcer, MICA_NUMBER_GUARDS, UINT32_MAX), 0);
	know(evaluator, MICA_POLICY_UNION, MICA_ENFORCE_UNION, UNION);
	know(evaluator, MICA_POLICY_VOLUME, MICA_ENFORCE_VOLUME, NUMBER);
	know(evaluator, MICA_POLICY_LAYER, MICA_ENFORCE_LAYER, NUMBER);
}

static void draw_case(struct lottery *lottery, struct evaluator *evaluator, unsigned number)
{
	struct asked_case *one = &evaluator->cases[number];
	struct mica_policy_question *question = &one->question;
	char path[PATH_BYTES];

	draw_question(lottery, path, sizeof(path), question);
	if (question->path)
		question->path = paths[draw(lottery, PATHS)];
	one->subject = number + 1;
	one->capability = MICA_OPERATIONS_CAPABILITY & MICA_OPERATION_BIT(question->operation);
	const struct mica_policy_named_object object = {
		.kind = question->object == MICA_POLICY_LAYER ? MICA_ENFORCE_LAYER : MICA_ENFORCE_VOLUME,
		.number = NUMBER,
		.name = question->object_name,
		.layer = question->layer,
		.foreign = question->foreign,
	};
	cr_assert_eq(mica_policy_views_make(&evaluator->image, &question->who, true, &object,
					    question->object != MICA_POLICY_UNION, &one->views),
		     0);
	cr_assert_eq(mica_policy_decide(&evaluator->compiled, question, &one->expected), 0);
}

/** What a set is laid out in. */
struct layout {
	struct mica_enforcer_image_subject subjects[QUESTIONS + 1];
	struct mica_enforcer_image_view views[QUESTIONS];
	struct mica_enforce_voice *voices;
	uint32_t subject_count, view_count, voice_count;
};

static struct mica_enforce_view shifted(struct mica_enforce_view view, uint32_t by)
{
	view.first += by;
	return view;
}

static void lay_out(struct layout *layout, const struct mica_policy_views *views, uint64_t number)
{
	uint32_t base = layout->voice_count, group = layout->subject_count;
	struct mica_enforcer_image_subject *subject = &layout->subjects[layout->subject_count++];

	*subject = (struct mica_enforcer_image_subject){
		.number = number,
		.subject = { .group = group,
			     .operations = views->subject.operations,
			     .own_union = shifted(views->subject.own_union, base),
			     .foreign_union = shifted(views->subject.foreign_union, base),
			     .volume = shifted(views->subject.volume, base),
			     .layer = shifted(views->subject.layer, base),
			     .nowhere = shifted(views->subject.nowhere, base),
			     .capability = shifted(views->subject.capability, base) },
	};
	for (uint32_t i = 0; i < views->view_count; i++)
		layout->views[layout->view_count++] = (struct mica_enforcer_image_view){
			.key = { .group = group, .kind = views->views[i].kind, .number = views->views[i].number },
			.view = shifted(views->views[i].view, base),
		};
	layout->voices = realloc(layout->voices, (base + views->voice_count + 1) * sizeof(*layout->voices));
	cr_assert_not_null(layout->voices);
	for (uint32_t i = 0; i < views->voice_count; i++)
		layout->voices[layout->voice_count++] = views->voices[i];
}

/** Half of the subjects are a part of the set; the others are told of afterwards. */
static bool comes_later(unsigned number)
{
	return number % 2;
}

static void set_later(struct evaluator *evaluator, const struct asked_case *one)
{
	const struct mica_policy_views *views = &one->views;
	struct mica_enforcer_image_view view = {};

	cr_assert_leq(views->view_count, 1U);
	if (views->view_count)
		view = (struct mica_enforcer_image_view){
			.key = { .kind = views->views[0].kind, .number = views->views[0].number },
			.view = views->views[0].view,
		};
	cr_assert_eq(mica_enforcer_set_subject(&evaluator->enforcer, one->subject, &views->subject, views->voices,
					       views->voice_count, &view, views->view_count),
		     0);
}

static void publish(struct evaluator *evaluator)
{
	static struct layout layout;
	static const struct mica_policy_who nobody;
	_cleanup_policy_views_ struct mica_policy_views everyone = {};
	struct mica_problem problem;

	layout.subject_count = layout.view_count = layout.voice_count = 0;
	cr_assert_eq(mica_policy_views_make(&evaluator->image, &nobody, false, NULL, 0, &everyone), 0);
	lay_out(&layout, &everyone, 0);
	for (unsigned i = 0; i < QUESTIONS; i++)
		if (!comes_later(i))
			lay_out(&layout, &evaluator->cases[i].views, evaluator->cases[i].subject);
	const struct mica_enforcer_image image = {
		.header = { .guards = evaluator->image.guards, .operations = evaluator->image.operations },
		.chunks = evaluator->compiled.tables.chunks,
		.chunk_count = evaluator->compiled.tables.chunk_count,
		.voices = layout.voices,
		.voice_count = layout.voice_count,
		.mounts = evaluator->image.mounts,
		.mount_count = evaluator->image.mount_count,
		.counter_count = evaluator->image.counter_count,
		.subjects = layout.subjects,
		.subject_count = layout.subject_count,
		.views = layout.views,
		.view_count = layout.view_count,
	};
	cr_assert_eq(mica_enforcer_publish(&evaluator->enforcer, &image, &problem), 0, "%s", problem.what);
	for (unsigned i = 0; i < QUESTIONS; i++)
		if (comes_later(i))
			set_later(evaluator, &evaluator->cases[i]);
}

static void copy_text(const char *text, char *ret, size_t size, __u32 *ret_has)
{
	*ret_has = text != NULL;
	(void)snprintf(ret, size, "%s", text ? text : "");
}

/** Has the kernel answer. */
static void ask(struct evaluator *evaluator, const struct asked_case *asked)
{
	struct evaluator_case *one = &evaluator->skeleton->bss->one;
	const struct mica_policy_question *question = &asked->question;

	one->subject = asked->subject;
	one->owner = question->foreign ? QUESTIONS + 1 : asked->subject;
	one->operations = MICA_OPERATION_BIT(question->operation);
	one->mount_flags = question->mount_flags;
	copy_text(question->mount_type, one->type, sizeof(one->type), &one->has_type);
	copy_text(question->mount_source, one->source, sizeof(one->source), &one->has_source);
	one->fd = asked->capability ? -1 : open_object(question->object, question->path ? question->path : "");
	run(evaluator->skeleton->progs.ask_one);
	if (one->fd >= 0)
		close(one->fd);
}

/** Verdict, errno, and whose word it was. */
static void compare(struct evaluator *evaluator, const struct asked_case *asked, unsigned number)
{
	const struct evaluator_case *one = &evaluator->skeleton->bss->one;
	const struct mica_policy_answer *expected = &asked->expected;
	struct mica_policy_counted counted = {};
	char what[256];

	(void)snprintf(what, sizeof(what), "case %u: operation %d of %s %s by subject %llu", number,
		       asked->question.operation, bases[asked->question.object],
		       asked->question.path ? asked->question.path : "/", (unsigned long long)asked->subject);
	cr_assert(one->path_known, "%s: no path", what);
	cr_assert_eq(one->verdict, (unsigned)expected->verdict, "%s: %u, not %d by %s", what, one->verdict,
		     expected->verdict, mica_policy_voice_name(expected->voice));
	cr_assert_eq(one->answer, expected->verdict == MICA_VERDICT_DENY ? -expected->error : 0, "%s: %lld", what,
		     (long long)one->answer);
	if (expected->verdict == MICA_VERDICT_ALLOW)
		return;
	cr_assert_eq(one->error, (unsigned)expected->error, "%s: errno %u, not %d", what, one->error, expected->error);
	cr_assert(evaluator->image.operations & one->operations, "%s: no hook would have asked", what);
	cr_assert_eq(mica_policy_image_counter(&evaluator->image, one->counter, &counted), 0);
	cr_assert(counted.policy == expected->policy && counted.voice == expected->voice &&
			  counted.index == expected->index && counted.place.line == expected->place.line,
		  "%s: counter %u is %s line %u, not %s line %u", what, one->counter,
		  mica_policy_voice_name(counted.voice), counted.place.line, mica_policy_voice_name(expected->voice),
		  expected->place.line);
	if (expected->verdict == MICA_VERDICT_DENY)
		evaluator->tally[one->counter].denied++;
	else
		evaluator->tally[one->counter].audited++;
}

/** Counters are exact, whether or not there was room for a record. */
static void compare_counters(const struct evaluator *evaluator)
{
	for (uint32_t i = 0; i < evaluator->image.counter_count; i++) {
		struct mica_enforce_counter counter;

		cr_assert_eq(mica_enforcer_read_counters(&evaluator->enforcer, i, 1, &counter), 0);
		cr_assert(counter.denied == evaluator->tally[i].denied &&
				  counter.audited == evaluator->tally[i].audited,
			  "counter %u: %llu and %llu, not %llu and %llu", i, (unsigned long long)counter.denied,
			  (unsigned long long)counter.audited, (unsigned long long)evaluator->tally[i].denied,
			  (unsigned long long)evaluator->tally[i].audited);
	}
}

/** `cast`: what the kernel has since 6.2 is used (bpf/cast.bpf.h). */
static void decide_at_random(unsigned cases, bool cast)
{
	struct lottery lottery = { lottery_seed(13) };
	unsigned verdicts[_MICA_VERDICT_MAX] = {};
	static struct evaluator evaluator;
	static struct drawn_set drawn;

	make_objects(&lottery);
	evaluator_open(&evaluator, cast);
	for (unsigned i = 0; i < cases; i += QUESTIONS) {
		struct mica_policy_refusal refusal;

		draw_set(&lottery, &drawn);
		cr_assert_eq(mica_policy_compile(&drawn.set, &evaluator.compiled, &refusal), 0);
		cr_assert_eq(mica_policy_image_make(&evaluator.compiled, &evaluator.image, &refusal), 0);
		evaluator.tally = calloc(evaluator.image.counter_count, sizeof(*evaluator.tally));
		cr_assert_not_null(evaluator.tally);
		for (unsigned j = 0; j < QUESTIONS; j++)
			draw_case(&lottery, &evaluator, j);
		publish(&evaluator);
		for (unsigned j = 0; j < QUESTIONS; j++) {
			ask(&evaluator, &evaluator.cases[j]);
			compare(&evaluator, &evaluator.cases[j], i + j);
			verdicts[evaluator.cases[j].expected.verdict]++;
			mica_policy_views_free(&evaluator.cases[j].views);
		}
		compare_counters(&evaluator);
		free(evaluator.tally);
		mica_policy_image_free(&evaluator.image);
		mica_policy_compiled_free(&evaluator.compiled);
	}
	for (unsigned verdict = 0; verdict < _MICA_VERDICT_MAX; verdict++)
		cr_assert_gt(verdicts[verdict], cases / 20, "the cases prove little: %u of %u", verdicts[verdict],
			     verdict);
	evaluator_bpf__destroy(evaluator.skeleton);
}

Test(bpf_evaluator, random_policies_decide_as_in_user_space)
{
	decide_at_random(lottery_cases(100000), true);
}

Test(bpf_evaluator, without_casts_too)
{
	decide_at_random(lottery_cases(100000), false);
}
