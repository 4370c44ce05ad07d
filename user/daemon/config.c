// SPDX-License-Identifier: BSD-2-Clause
#include "daemon/config.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/suggest.h"

void mica_config_default(struct mica_config *ret)
{
	*ret = (struct mica_config){
		.plugin = true,
		.socket = MICA_PLUGIN_SOCKET,
		.backend = "local",
		.interval = 30,
		.mount_timeout = 120,
	};
}

void mica_config_free(struct mica_config *config)
{
	json_decref(config->document);
	mica_config_default(config);
	config->document = NULL;
}

static int check_keys(const json_t *object, const char *where, const char *const *known, char *reason, size_t size)
{
	const char *key;
	json_t *value;

	json_object_foreach((json_t *)object, key, value)
	{
		const char *const *word = known;
		const char *near;

		while (*word && strcmp(*word, key) != 0)
			word++;
		if (*word)
			continue;
		near = mica_suggest(key, known);
		(void)snprintf(reason, size, "%s has no '%s'%s%s%s", where, key, near ? "; did you mean '" : "",
			       near ? near : "", near ? "'?" : "");
		return -EINVAL;
	}
	return 0;
}

static int check_seconds(const char *key, int value, char *reason, size_t size)
{
	if (value >= 1 && value <= 86400)
		return 0;
	(void)snprintf(reason, size, "'%s' is a number of seconds, 1 to 86400", key);
	return -EINVAL;
}

static int check_options(const json_t *options, char *reason, size_t size)
{
	const char *key;
	json_t *value;

	json_object_foreach((json_t *)options, key, value) if (!json_is_string(value))
	{
		(void)snprintf(reason, size, "the option '%s' of the plugin is no string", key);
		return -EINVAL;
	}
	return 0;
}

/** Appends the strings of an array to a child's arguments. `files`: they are absolute paths. */
static int add_words(struct mica_config_child *child, const json_t *words, const char *where, bool files, char *reason,
		     size_t size)
{
	size_t count = 0, i;
	json_t *word;

	while (child->arguments[count])
		count++;
	if (words && (!json_is_array(words) || json_array_size(words) > MICA_CONFIG_WORDS_MAX)) {
		(void)snprintf(reason, size, "%s are an array of %d strings at most", where, MICA_CONFIG_WORDS_MAX);
		return -EINVAL;
	}
	json_array_foreach((json_t *)words, i, word)
	{
		const char *text = json_string_value(word);

		if (!text || (files && text[0] != '/')) {
			(void)snprintf(reason, size, "%s are %s", where, files ? "absolute paths" : "strings");
			return -EINVAL;
		}
		child->arguments[count++] = text;
	}
	return 0;
}

static int check_output(const struct mica_config_child *child, const char *where, char *reason, size_t size)
{
	if (child->output && child->output[0] == '/')
		return 0;
	(void)snprintf(reason, size, "%s wants 'output', an absolute path", where);
	return -EINVAL;
}

static int read_trace(struct mica_config *config, json_t *trace, char *reason, size_t size)
{
	static const char *const keys[] = { "output", "arguments", NULL };
	struct mica_config_child *child = &config->trace;
	json_t *arguments = NULL;
	json_error_t error;
	int r = 0;

	if (json_unpack_ex(trace, &error, 0, "{s?s, s?o}", "output", &child->output, "arguments", &arguments) < 0) {
		(void)snprintf(reason, size, "trace: %s", error.text);
		return -EINVAL;
	}
	child->arguments[0] = "trace";
	child->arguments[1] = "--json";
	r = check_keys(trace, "trace", keys, reason, size);
	if (r == 0)
		r = check_output(child, "trace", reason, size);
	return r < 0 ? r : add_words(child, arguments, "the trace's 'arguments'", false, reason, size);
}

static int read_policies(struct mica_config *config, json_t *policies, char *reason, size_t size)
{
	static const char *const keys[] = { "output", "files", "audit", NULL };
	struct mica_config_child *child = &config->policies;
	json_t *files = NULL;
	int audit = 0, r;
	json_error_t error;

	if (json_unpack_ex(policies, &error, 0, "{s?s, s?o, s?b}", "output", &child->output, "files", &files, "audit",
			   &audit) < 0) {
		(void)snprintf(reason, size, "policies: %s", error.text);
		return -EINVAL;
	}
	child->arguments[0] = "enforce";
	child->arguments[1] = "--json";
	/* They stay in force when the daemon dies. */
	child->arguments[2] = "--pin";
	if (audit)
		child->arguments[3] = "--audit";
	r = check_keys(policies, "policies", keys, reason, size);
	if (r == 0)
		r = check_output(child, "policies", reason, size);
	if (r == 0 && json_array_size(files) == 0) {
		(void)snprintf(reason, size, "policies want 'files', an array of absolute paths");
		r = -EINVAL;
	}
	return r < 0 ? r : add_words(child, files, "the policies' 'files'", true, reason, size);
}

static int read_document(struct mica_config *config, char *reason, size_t size)
{
	static const char *const keys[] = { "root", "interval", "mount-timeout", "plugin", "trace", "policies", NULL };
	static const char *const plugin_keys[] = { "enabled", "socket", "backend", "options", NULL };
	json_t *plugin = NULL, *options = NULL, *trace = NULL, *policies = NULL;
	int enabled = 1, r;
	json_error_t error;

	if (json_unpack_ex(config->document, &error, 0, "{s?s, s?i, s?i, s?o, s?o, s?o}", "root", &config->root,
			   "interval", &config->interval, "mount-timeout", &config->mount_timeout, "plugin", &plugin,
			   "trace", &trace, "policies", &policies) < 0 ||
	    (plugin && json_unpack_ex(plugin, &error, 0, "{s?b, s?s, s?s, s?o}", "enabled", &enabled, "socket",
				      &config->socket, "backend", &config->backend, "options", &options) < 0)) {
		(void)snprintf(reason, size, "%s", error.text);
		return -EINVAL;
	}
	config->plugin = enabled;
	config->options = options;
	r = check_keys(config->document, "the configuration", keys, reason, size);
	if (r == 0 && plugin)
		r = check_keys(plugin, "plugin", plugin_keys, reason, size);
	if (r == 0)
		r = check_seconds("interval", config->interval, reason, size);
	if (r == 0)
		r = check_seconds("mount-timeout", config->mount_timeout, reason, size);
	if (r == 0 && options && !json_is_object(options)) {
		(void)snprintf(reason, size, "the plugin's 'options' are an object of strings");
		r = -EINVAL;
	}
	if (r == 0 && ((config->root && config->root[0] != '/') || config->socket[0] != '/')) {
		(void)snprintf(reason, size, "'root' and 'socket' are absolute paths");
		r = -EINVAL;
	}
	if (r == 0 && options)
		r = check_options(options, reason, size);
	if (r == 0 && trace)
		r = read_trace(config, trace, reason, size);
	return r < 0 || !policies ? r : read_policies(config, policies, reason, size);
}

int mica_config_parse(const char *text, size_t size, struct mica_config *ret, char *reason, size_t reason_size)
{
	struct mica_config config;
	json_error_t error;
	int r;

	mica_config_default(&config);
	config.document = json_loadb(text, size, JSON_REJECT_DUPLICATES, &error);
	if (!config.document || !json_is_object(config.document)) {
		if (config.document)
			(void)snprintf(reason, reason_size, "it is no JSON object");
		else
			(void)snprintf(reason, reason_size, "line %d, column %d: %s", error.line, error.column,
				       error.text);
		json_decref(config.document);
		return -EINVAL;
	}
	r = read_document(&config, reason, reason_size);
	if (r < 0) {
		json_decref(config.document);
		return r;
	}
	*ret = config;
	return 0;
}
