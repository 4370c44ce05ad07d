// SPDX-License-Identifier: BSD-2-Clause
/*
 * subjects.h: from who a subject is to what the kernel is told of it, and of the objects that its policies name.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "base/deadline.h"
#include "base/log.h"
#include "container/stack.h"
#include "enforce/links.h"
#include "enforce/subjects_internal.h"

/** A directory whose server does not answer within this is not registered: it is tried again at the next look. */
#define OPEN_MS 1000

/* ---- objects ---- */

static int number_volume(const char *name, const char *directory, void *userdata)
{
	struct mica_subjects *subjects = userdata;
	_cleanup_free_ char *real = realpath(directory, NULL);
	struct mica_numbered *object;
	int r;

	/* It is gone, or not there yet. */
	if (!real)
		return 0;
	r = mica_objects_get(&subjects->objects, MICA_ENFORCE_VOLUME, name, real, &object);
	if (r != -E2BIG)
		return r;
	subjects->unregistered++;
	return 0;
}

/** Who has no container has what is mounted where it lives. */
static int number_given(struct mica_subjects *subjects, struct mica_subject *subject)
{
	int r = mica_subject_find_given(subject);

	for (size_t i = 0; r == 0 && i < subject->given_count; i++)
		r = number_volume(subject->given[i], subject->given[i], subjects);
	return r;
}

static int number_layers(struct mica_subjects *subjects, const struct mica_subject *subject)
{
	_cleanup_stack_ struct mica_stack stack = {};
	struct mica_numbered *object;
	int r = mica_stack_of_container(subject->container->id, &stack);

	if (r < 0)
		return r == -ENOMEM ? r : 0;
	for (size_t i = stack.has_upper; r == 0 && i < stack.count; i++)
		r = mica_objects_get(&subjects->objects, MICA_ENFORCE_LAYER, stack.layers[i].digest,
				     stack.layers[i].directory, &object);
	if (r != -E2BIG)
		return r;
	subjects->unregistered++;
	return 0;
}

int mica_subjects_number_objects(struct mica_subjects *subjects)
{
	int r = 0;

	if (!subjects->force->needs_volumes && !subjects->force->needs_layers)
		return 0;
	subjects->unregistered = 0;
	/* Others may have numbered some. */
	if (subjects->directory_fd >= 0)
		r = mica_objects_read(subjects->directory_fd, &subjects->objects);
	if (r == 0 && subjects->force->needs_volumes)
		r = mica_identity_each_volume(subjects->identity, number_volume, subjects);
	for (size_t i = 0; r == 0 && i < subjects->table.capacity; i++) {
		struct mica_subject *subject = subjects->table.slots[i].value;

		if (subject && !subject->container && subjects->force->needs_volumes)
			r = number_given(subjects, subject);
		if (r == 0 && subject && subject->container && subject->changed && subjects->force->needs_layers)
			r = number_layers(subjects, subject);
	}
	return r == 0 ? mica_objects_write(subjects->directory_fd, &subjects->objects) : r;
}

/** Whether it can be opened: in a child, for its server may not answer. */
static int try_to_open(size_t index, void *userdata)
{
	const char *path = userdata;
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);

	(void)index;
	if (fd < 0)
		return -errno;
	(void)close(fd);
	return 0;
}

struct registration {
	struct mica_enforcer *enforcer;
	const struct mica_numbered *object;
};

static int register_link(int fd, void *userdata)
{
	const struct registration *registration = userdata;

	return mica_enforcer_register_link(registration->enforcer, fd, registration->object->kind,
					   registration->object->number);
}

static int register_object(struct mica_subjects *subjects, const struct mica_numbered *object)
{
	struct registration registration = { .enforcer = subjects->enforcer, .object = object };
	_cleanup_close_ int fd = -EBADF;
	int r = mica_deadline_run(try_to_open, object->directory, OPEN_MS);

	if (r < 0)
		return r;
	fd = open(object->directory, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (object->kind == MICA_ENFORCE_VOLUME)
		r = mica_enforcer_register_volume(subjects->enforcer, fd, object->number);
	else
		r = mica_enforcer_register_layer(subjects->enforcer, fd, object->number);
	if (r < 0)
		return r;
	r = mica_links_each(object->directory, register_link, &registration);
	/* The object itself is known: what is not looked through is counted. */
	if (r < 0) {
		subjects->unlinked++;
		mica_log_debug_errno(r, "cannot look for other names of the files in %s", object->directory);
	}
	return 0;
}

/** Whether another file is at the directory than when it was looked at last. Does not ask a server. */
static bool was_replaced(struct mica_numbered *object)
{
	struct statx status;
	struct mica_numbered now = *object;
	bool replaced;

	if (statx(AT_FDCWD, object->directory, AT_STATX_DONT_SYNC, STATX_INO | STATX_BTIME, &status) < 0)
		return false;
	now.device = makedev(status.stx_dev_major, status.stx_dev_minor);
	now.inode = status.stx_ino;
	now.born_ns = status.stx_btime.tv_sec * 1000000000LL + status.stx_btime.tv_nsec;
	replaced = object->inode &&
		   (now.device != object->device || now.inode != object->inode || now.born_ns != object->born_ns);
	*object = now;
	return replaced;
}

void mica_subjects_register(struct mica_subjects *subjects)
{
	for (size_t i = 0; i < subjects->objects.count; i++) {
		struct mica_numbered *object = &subjects->objects.items[i];
		int r;

		/* One that got another name is the later one. */
		if (!*object->directory ||
		    mica_objects_find(&subjects->objects, object->kind, object->directory) != object)
			continue;
		if (!was_replaced(object) && object->registered)
			continue;
		r = register_object(subjects, object);
		object->registered = r == 0;
		if (r < 0 && r != -ENOENT) {
			subjects->unregistered++;
			mica_log_debug_errno(r, "cannot register %s", object->directory);
		}
	}
}

/* ---- views ---- */

struct objects_of {
	struct mica_subjects *subjects;
	struct mica_policy_named_object *items;
	size_t count;
};

/** A volume that the subject was given. */
static int note_given(const char *name, const char *directory, void *userdata)
{
	struct objects_of *of = userdata;
	_cleanup_free_ char *real = realpath(directory, NULL);
	const struct mica_numbered *object =
		real ? mica_objects_find(&of->subjects->objects, MICA_ENFORCE_VOLUME, real) : NULL;

	(void)name;
	for (size_t i = 0; object && i < of->count; i++)
		if (of->items[i].kind == MICA_ENFORCE_VOLUME && of->items[i].number == object->number)
			of->items[i].foreign = false;
	return 0;
}

/** Which of its own layers the layers are. */
static int note_layers(struct objects_of *of, const struct mica_container *container)
{
	_cleanup_stack_ struct mica_stack stack = {};
	int r = mica_stack_of_container(container->id, &stack);

	if (r < 0)
		return r == -ENOMEM ? r : 0;
	for (size_t i = stack.has_upper; i < stack.count; i++) {
		const struct mica_numbered *object =
			mica_objects_find(&of->subjects->objects, MICA_ENFORCE_LAYER, stack.layers[i].directory);

		for (size_t j = 0; object && j < of->count; j++)
			if (of->items[j].kind == MICA_ENFORCE_LAYER && of->items[j].number == object->number)
				of->items[j].layer = (unsigned)(i - stack.has_upper + 1);
	}
	return 0;
}

/** Whether it is known which volumes a subject was given. */
static bool knows_given(const struct mica_subject *subject)
{
	return subject && (subject->container || subject->given);
}

static int list_objects(struct mica_subjects *subjects, const struct mica_subject *subject, struct objects_of *of)
{
	const struct mica_container *container = subject ? subject->container : NULL;
	int r = 0;

	of->items = calloc(subjects->objects.count + 1, sizeof(*of->items));
	if (!of->items)
		return -ENOMEM;
	for (size_t i = 0; i < subjects->objects.count; i++) {
		const struct mica_numbered *object = &subjects->objects.items[i];

		if (object->kind == MICA_ENFORCE_VOLUME ? !subjects->force->needs_volumes
							: !subjects->force->needs_layers)
			continue;
		of->items[of->count++] = (struct mica_policy_named_object){
			.kind = object->kind,
			.number = object->number,
			.name = object->name,
			/* Of who is not known it is not known either: then nothing is held against it. */
			.foreign = knows_given(subject) && object->kind == MICA_ENFORCE_VOLUME,
		};
	}
	if (container && subjects->force->needs_volumes)
		r = mica_identity_each_volume_of(subjects->identity, container, note_given, of);
	for (size_t i = 0; !container && subject && i < subject->given_count; i++)
		(void)note_given(subject->given[i], subject->given[i], of);
	if (r == 0 && container && subjects->force->needs_layers)
		r = note_layers(of, container);
	return r;
}

int mica_subjects_make_views(struct mica_subjects *subjects, const struct mica_subject *subject,
			     struct mica_policy_views *ret)
{
	const struct mica_container *container = subject ? subject->container : NULL;
	struct objects_of of = { .subjects = subjects };
	struct mica_policy_who who = {};
	char inode[16] = "";
	int r;

	if (container)
		who = (struct mica_policy_who){ .container = container->name,
						.id = container->id,
						.image = container->image,
						.engine = container->engine };
	if (subject && subject->inode) {
		(void)snprintf(inode, sizeof(inode), "%u", subject->inode);
		who.namespace = inode;
	}
	if (subject)
		who.cgroup = subject->cgroup;
	r = list_objects(subjects, subject, &of);
	if (r == 0)
		r = mica_policy_views_make(&subjects->force->image, &who, knows_given(subject), of.items, of.count,
					   ret);
	free(of.items);
	return r;
}

static int image_views(const struct mica_policy_views *views, uint32_t group, uint32_t base,
		       struct mica_enforcer_image_view **ret)
{
	struct mica_enforcer_image_view *list = calloc(views->view_count + 1, sizeof(*list));

	if (!list)
		return -ENOMEM;
	for (uint32_t i = 0; i < views->view_count; i++) {
		list[i].key = (struct mica_enforce_view_key){ .group = group,
							      .kind = views->views[i].kind,
							      .number = views->views[i].number };
		list[i].view = views->views[i].view;
		list[i].view.first += base;
	}
	*ret = list;
	return 0;
}

int mica_subjects_tell(struct mica_subjects *subjects, struct mica_subject *subject)
{
	_cleanup_policy_views_ struct mica_policy_views views = {};
	_cleanup_free_ struct mica_enforcer_image_view *list = NULL;
	int r = mica_subjects_make_views(subjects, subject, &views);

	if (r < 0)
		return r;
	if (!subject->told || !mica_policy_views_equal(&views, &subject->views)) {
		r = image_views(&views, 0, 0, &list);
		if (r == 0)
			r = mica_enforcer_set_subject(subjects->enforcer, subject->number, &views.subject, views.voices,
						      views.voice_count, list, views.view_count);
		if (r < 0)
			return r;
		mica_policy_views_free(&subject->views);
		subject->views = views;
		views = (struct mica_policy_views){};
	}
	subject->told = true;
	subject->changed = false;
	return 0;
}

/* ---- all at once ---- */

/** An image under way, and its parts. */
struct building {
	struct mica_enforce_voice *voices;
	struct mica_enforcer_image_subject *subjects;
	struct mica_enforcer_image_view *views;
	uint32_t voice_count, subject_count, view_count;
};

static void free_building(struct building *building)
{
	free(building->voices);
	free(building->subjects);
	free(building->views);
}

static void shift(struct mica_enforce_view *view, uint32_t base)
{
	if (view->count)
		view->first += base;
}

static int add_views(struct building *building, const struct mica_policy_views *views, uint32_t group)
{
	_cleanup_free_ struct mica_enforcer_image_view *list = NULL;
	struct mica_enforcer_image_view *all;
	int r = image_views(views, group, building->voice_count, &list);

	if (r < 0)
		return r;
	all = reallocarray(building->views, building->view_count + views->view_count + 1, sizeof(*all));
	if (!all)
		return -ENOMEM;
	building->views = all;
	memcpy(all + building->view_count, list, views->view_count * sizeof(*all));
	building->view_count += views->view_count;
	return 0;
}

static int add_subject(struct building *building, uint64_t number, const struct mica_policy_views *views)
{
	struct mica_enforcer_image_subject *subjects;
	struct mica_enforce_voice *voices;
	struct mica_enforce_subject *subject;
	uint32_t group = building->subject_count + 1;
	int r = add_views(building, views, group);

	if (r < 0)
		return r;
	subjects = reallocarray(building->subjects, building->subject_count + 1, sizeof(*subjects));
	if (!subjects)
		return -ENOMEM;
	building->subjects = subjects;
	voices = reallocarray(building->voices, building->voice_count + views->voice_count + 1, sizeof(*voices));
	if (!voices)
		return -ENOMEM;
	building->voices = voices;
	subjects[building->subject_count] =
		(struct mica_enforcer_image_subject){ .number = number, .subject = views->subject };
	subject = &subjects[building->subject_count++].subject;
	subject->group = group;
	shift(&subject->own_union, building->voice_count);
	shift(&subject->foreign_union, building->voice_count);
	shift(&subject->volume, building->voice_count);
	shift(&subject->layer, building->voice_count);
	shift(&subject->nowhere, building->voice_count);
	shift(&subject->capability, building->voice_count);
	if (views->voice_count)
		memcpy(voices + building->voice_count, views->voices, views->voice_count * sizeof(*voices));
	building->voice_count += views->voice_count;
	return 0;
}

static int add_all(struct mica_subjects *subjects, struct building *building)
{
	_cleanup_policy_views_ struct mica_policy_views unknown = {};
	int r = mica_subjects_make_views(subjects, NULL, &unknown);

	if (r == 0)
		r = add_subject(building, 0, &unknown);
	for (size_t i = 0; r == 0 && i < subjects->table.capacity; i++) {
		struct mica_subject *subject = subjects->table.slots[i].value;

		if (!subject)
			continue;
		subject->told = false;
		mica_policy_views_free(&subject->views);
		r = mica_subjects_make_views(subjects, subject, &subject->views);
		if (r == 0)
			r = add_subject(building, subject->number, &subject->views);
	}
	return r;
}

int mica_subjects_publish(struct mica_subjects *subjects, uint64_t deadline_ns, struct mica_problem *ret_problem)
{
	_cleanup_(free_building) struct building building = {};
	const struct mica_force *force = subjects->force;
	struct mica_enforcer_image image = {
		.header = { .deadline_ns = deadline_ns,
			    .guards = force->image.guards,
			    .operations = force->image.operations,
			    .guard_counter = MICA_ENFORCE_COUNT_GUARD_LAYERS },
		.chunks = force->compiled.tables.chunks,
		.chunk_count = force->compiled.tables.chunk_count,
		.mounts = force->image.mounts,
		.mount_count = force->image.mount_count,
		.counter_count = force->image.counter_count,
	};
	int r = add_all(subjects, &building);

	if (r < 0) {
		(void)snprintf(ret_problem->what, sizeof(ret_problem->what), "cannot lay the policies out: %s",
			       strerror(-r));
		*ret_problem->remedy = '\0';
		return r;
	}
	memcpy(image.header.digest, force->digest, sizeof(image.header.digest));
	image.voices = building.voices;
	image.voice_count = building.voice_count;
	image.subjects = building.subjects;
	image.subject_count = building.subject_count;
	image.views = building.views;
	image.view_count = building.view_count;
	r = mica_enforcer_publish(subjects->enforcer, &image, ret_problem);
	for (size_t i = 0; r == 0 && i < subjects->table.capacity; i++) {
		struct mica_subject *subject = subjects->table.slots[i].value;

		if (subject)
			subject->told = true;
		if (subject)
			subject->changed = false;
	}
	return r;
}
