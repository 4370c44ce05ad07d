/* SPDX-License-Identifier: BSD-2-Clause */
#include "container/oci_hook.h"

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <string.h>

#include "base/string.h"
#include "container/json.h"

void mica_oci_state_free(struct mica_oci_state *state)
{
	free(state->id);
	free(state->bundle);
	*state = (struct mica_oci_state){};
}

int mica_oci_parse_state(const char *data, size_t size, struct mica_oci_state *ret)
{
	_cleanup_json_ json_t *json = mica_json_parse(data, size);
	_cleanup_oci_state_ struct mica_oci_state state = {};
	const char *id = mica_json_string(json, "id"), *bundle = mica_json_string(json, "bundle");
	const json_t *pid = json_object_get(json, "pid");

	if (!id || !bundle || bundle[0] != '/' || (pid && !json_is_integer(pid)))
		return -EBADMSG;
	if (json_integer_value(pid) < 0 || json_integer_value(pid) > INT_MAX)
		return -EBADMSG;
	state.pid = (int)json_integer_value(pid);
	if (mica_string_copy(id, &state.id) < 0 || mica_string_copy(bundle, &state.bundle) < 0)
		return -ENOMEM;
	*ret = state;
	(void)memset(&state, 0, sizeof(state)); /* given away */
	return 0;
}

/** The member, made if it is not there; NULL: it is something else, or there is no memory. */
static json_t *member(json_t *object, const char *key, json_t *made)
{
	json_t *found = json_object_get(object, key);

	if (found && !json_is_null(found)) {
		bool fits = json_typeof(found) == json_typeof(made);

		json_decref(made);
		return fits ? found : NULL;
	}
	return json_object_set_new(object, key, made) ? NULL : made;
}

static json_t *make_hook(const char *path, const char *const *arguments)
{
	json_t *words = json_array();

	for (size_t i = 0; words && arguments[i]; i++)
		if (json_array_append_new(words, json_string(arguments[i]))) {
			json_decref(words);
			return NULL;
		}
	return json_pack("{s:s, s:o}", "path", path, "args", words);
}

static bool has_hook(const json_t *hooks, const json_t *hook)
{
	const json_t *other;
	size_t i;

	json_array_foreach(hooks, i, other)
	{
		if (json_equal(other, hook))
			return true;
	}
	return false;
}

int mica_oci_add_hook(const char *data, size_t size, const char *path, const char *const *arguments, char **ret)
{
	_cleanup_json_ json_t *config = mica_json_parse(data, size);
	_cleanup_json_ json_t *hook = NULL;
	json_t *stages, *hooks;
	char *text;

	if (!json_is_object(config))
		return -EBADMSG;
	stages = member(config, "hooks", json_object());
	hooks = stages ? member(stages, "createRuntime", json_array()) : NULL;
	if (!hooks)
		return -EBADMSG;
	hook = make_hook(path, arguments);
	if (!hook)
		return -ENOMEM;
	if (has_hook(hooks, hook))
		return 1;
	if (json_array_insert(hooks, 0, hook))
		return -ENOMEM;
	text = json_dumps(config, JSON_COMPACT);
	if (!text)
		return -ENOMEM;
	*ret = text;
	return 0;
}

/** Options of crun and runc before the verb that take a value. */
static const char *const valued[] = { "--log",  "--log-format", "--log-level",      "--root",
				      "--criu", "--rootless",   "--cgroup-manager", NULL };

static bool takes_next(const char *argument)
{
	for (size_t i = 0; valued[i]; i++)
		if (strcmp(argument, valued[i]) == 0)
			return true;
	return false;
}

/** The value of an option that is written as --NAME=VALUE, --NAME VALUE, -N VALUE or -NVALUE; NULL: it is another. */
static const char *value_of(const char *argument, const char *next, const char *name, char letter)
{
	size_t length = strlen(name);

	if (strncmp(argument, "--", 2) == 0 && strncmp(argument + 2, name, length) == 0) {
		if (argument[2 + length] == '=')
			return argument + 2 + length + 1;
		return argument[2 + length] ? NULL : next;
	}
	if (argument[0] == '-' && argument[1] == letter)
		return argument[2] ? argument + 2 + (argument[2] == '=') : next;
	return NULL;
}

struct mica_oci_call mica_oci_parse_call(int argc, char *const *argv)
{
	struct mica_oci_call call = {};
	int i = 1;

	for (; i < argc && argv[i][0] == '-'; i++)
		i += takes_next(argv[i]);
	if (i >= argc)
		return call;
	call.verb = argv[i++];
	if (strcmp(call.verb, "create") != 0 && strcmp(call.verb, "run") != 0)
		return call;
	for (; i < argc && argv[i] && strcmp(argv[i], "--") != 0; i++) {
		const char *bundle = value_of(argv[i], i + 1 < argc ? argv[i + 1] : NULL, "bundle", 'b');

		if (bundle)
			call.bundle = bundle;
	}
	return call;
}
