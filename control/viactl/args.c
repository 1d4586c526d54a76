/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Reading of the command line. viactl's own options may stand anywhere; what follows the command is
 * read by the command's parameters: NAME=VALUE, --NAME VALUE, and values by position.
 */
#include "control/viactl/args.h"

#include "control/config/near.h"
#include "control/viactl/values.h"

#include <stdio.h>
#include <string.h>

struct reader {
	struct args *out;
	char **argv;
	int argc, at;
	const struct command_param *position; /* the next one to fill */
	bool only_values;                     /* after "--" */
	char *why;
};

/* The words of a command are at most two. */
static bool is_called(const struct command *c, char **words, int n, int *used)
{
	const char *space = strchr(c->words, ' ');
	size_t len = space ? (size_t)(space - c->words) : strlen(c->words);

	*used = 1;
	if (c->method && strcmp(c->method, words[0]) == 0)
		return true;
	if (strlen(words[0]) != len || memcmp(words[0], c->words, len) != 0)
		return false;
	if (!space)
		return true;
	*used = 2;
	return n > 1 && strcmp(space + 1, words[1]) == 0;
}

const struct command *args_command(char **words, int n, int *used)
{
	const struct command *c;

	for (size_t i = 0; n > 0 && (c = command_at(i)); i++) {
		if (is_called(c, words, n, used))
			return c;
	}
	return NULL;
}

/* Names the commands that begin with @word, such as "backend". False if there are none. */
static bool explain_group(const char *word, char *why)
{
	size_t used = 0, n = strlen(word);
	const struct command *c;

	for (size_t i = 0; (c = command_at(i)); i++) {
		if (strncmp(c->words, word, n) != 0 || c->words[n] != ' ')
			continue;
		used += (size_t)snprintf(why + used, ARGS_WHY_MAX - used, "%s\"%s\"",
					 used ? ", " : "which one: ", c->words);
	}
	return used > 0;
}

static bool no_command(char **words, int n, char *why)
{
	char two[64];
	struct near one = near_begin(words[0], strlen(words[0])), pair;
	const struct command *c;
	const char *found;

	snprintf(two, sizeof(two), "%.30s %.30s", words[0], n > 1 ? words[1] : "");
	pair = near_begin(two, strlen(two));
	for (size_t i = 0; (c = command_at(i)); i++) {
		near_offer(&one, c->words);
		near_offer(&pair, c->words);
	}
	found = n > 1 && pair.found ? pair.found : one.found;
	if ((n < 2 || !pair.found) && explain_group(words[0], why))
		return false;
	if (found)
		snprintf(why, ARGS_WHY_MAX, "no command \"%.60s\"; did you mean \"%s\"?", words[0],
			 found);
	else
		snprintf(why, ARGS_WHY_MAX, "no command \"%.60s\"", words[0]);
	return false;
}

/* The value of option @name: behind "=" or the next word. NULL with @why filled. */
static const char *option_value(struct reader *r, const char *name, const char *equals)
{
	if (equals)
		return equals + 1;
	if (r->at < r->argc)
		return r->argv[r->at++];
	snprintf(r->why, ARGS_WHY_MAX, "--%.60s needs a value", name);
	return NULL;
}

static bool read_color(struct reader *r, const char *text)
{
	static const char *const words[] = { "auto", "always", "never" };

	for (unsigned int i = 0; text && i < 3; i++) {
		if (strcmp(words[i], text) == 0) {
			r->out->color = (enum args_color)i;
			return true;
		}
	}
	if (text)
		snprintf(r->why, ARGS_WHY_MAX, "--color: expected auto, always or never");
	return false;
}

static bool is_name(const char *known, const char *name, size_t n)
{
	return strlen(known) == n && memcmp(known, name, n) == 0;
}

/* An option of viactl for all commands. Sets @known. False with why filled. */
static bool common_option(struct reader *r, const char *name, const char *equals, bool *known)
{
	size_t n = equals ? (size_t)(equals - name) : strlen(name);

	*known = true;
	if (is_name("json", name, n))
		r->out->json = true;
	else if (is_name("help", name, n))
		r->out->help = true;
	else if (is_name("version", name, n))
		r->out->version = true;
	else if (is_name("color", name, n))
		return read_color(r, option_value(r, "color", equals));
	else if (is_name("socket", name, n))
		return (r->out->socket = option_value(r, "socket", equals)) != NULL;
	else
		*known = false;
	return true;
}

static bool no_option(struct reader *r, const char *name, size_t n)
{
	static const char *const common[] = { "socket", "json", "color", "help", "version" };
	const struct command *c = r->out->command;
	struct near near = near_begin(name, n);
	char usage[96];

	for (size_t i = 0; i < sizeof(common) / sizeof(common[0]); i++)
		near_offer(&near, common[i]);
	for (const struct command_param *p = c ? c->params : NULL; p && p->name; p++) {
		if (p->form != PARAM_WIRE)
			near_offer(&near, p->name);
	}
	snprintf(usage, sizeof(usage), "no option --%.60s", name);
	if (!near.found) {
		snprintf(r->why, ARGS_WHY_MAX, "%s", usage);
		return false;
	}
	for (const struct command_param *p = c ? c->params : NULL; p && p->name; p++) {
		if (p->name != near.found || p->form >= PARAM_OPTION)
			continue;
		snprintf(r->why, ARGS_WHY_MAX, "%s; did you mean %s%s?", usage, p->name,
			 p->form == PARAM_KEYWORD ? "=" : " without dashes");
		return false;
	}
	snprintf(r->why, ARGS_WHY_MAX, "%s; did you mean --%s?", usage, near.found);
	return false;
}

/* Stores the value @text of @p. */
static bool store(struct reader *r, const struct command_param *p, const char *text)
{
	json_t *to = param_is_sent(p) ? r->out->params : r->out->own;

	if (json_object_get(to, p->name)) {
		snprintf(r->why, ARGS_WHY_MAX, "%s is given twice", p->name);
		return false;
	}
	return value_read(p, text, r->out->params, to, r->why, ARGS_WHY_MAX);
}

/* "--NAME", "--NAME VALUE" or "--NAME=VALUE". */
static bool read_option(struct reader *r, const char *word)
{
	const char *name = word + 2, *equals = strchr(name, '=');
	size_t n = equals ? (size_t)(equals - name) : strlen(name);
	const struct command_param *p =
		r->out->command ? command_param(r->out->command, name, n) : NULL;
	bool known;

	if (!p || p->form < PARAM_OPTION || p->form == PARAM_WIRE) {
		if (!common_option(r, name, equals, &known))
			return false;
		return known || no_option(r, name, n);
	}
	if (p->type != PARAM_FLAG) {
		const char *value = option_value(r, name, equals);

		return value && store(r, p, value);
	}
	if (!equals)
		return store(r, p, "true");
	snprintf(r->why, ARGS_WHY_MAX, "--%.*s takes no value", (int)n, name);
	return false;
}

/* The keyword parameter that "NAME=VALUE" is for, or NULL. */
static const struct command_param *keyword(const struct command *c, const char *word)
{
	const char *equals = strchr(word, '=');
	const struct command_param *p =
		equals ? command_param(c, word, (size_t)(equals - word)) : NULL;

	return p && p->form == PARAM_KEYWORD ? p : NULL;
}

static bool too_many(struct reader *r, const char *word)
{
	const struct command *c = r->out->command;
	const char *equals = strchr(word, '=');
	struct near near = near_begin(word, equals ? (size_t)(equals - word) : strlen(word));

	for (const struct command_param *p = c->params; p->name; p++) {
		if (p->form == PARAM_KEYWORD)
			near_offer(&near, p->name);
	}
	if (near.found)
		snprintf(r->why, ARGS_WHY_MAX, "\"%.60s\": did you mean %s=?", word, near.found);
	else
		snprintf(r->why, ARGS_WHY_MAX, "\"%.60s\" is one word too many", word);
	return false;
}

/* A word of the command that is no option. The words behind "help" are one value. */
static bool read_word(struct reader *r, const char *word)
{
	const struct command *c = r->out->command;
	const struct command_param *p = keyword(c, word);
	const char *first;
	char both[128];

	if (p)
		return store(r, p, strchr(word, '=') + 1);
	while (r->position->name && r->position->form != PARAM_POSITION)
		r->position++;
	if (r->position->name)
		return store(r, r->position++, word);
	first = json_string_value(json_object_get(r->out->params, "command"));
	if (!first)
		return too_many(r, word);
	snprintf(both, sizeof(both), "%.60s %.60s", first, word);
	return json_object_set_new(r->out->params, "command", json_string(both)) == 0;
}

/* The command is due: its name, one word or two. */
static bool read_command(struct reader *r)
{
	int used, n = r->argc - r->at + 1;
	char **words = r->argv + r->at - 1;

	r->out->command = args_command(words, n, &used);
	if (!r->out->command)
		return no_command(words, n, r->why);
	r->at += used - 1;
	r->position = r->out->command->params;
	return true;
}

static bool read_next(struct reader *r)
{
	const char *word = r->argv[r->at++];

	if (!r->only_values && strcmp(word, "--") == 0) {
		r->only_values = true;
		return true;
	}
	if (!r->only_values && strcmp(word, "-h") == 0) {
		r->out->help = true;
		return true;
	}
	if (!r->only_values && strncmp(word, "--", 2) == 0)
		return read_option(r, word);
	return r->out->command ? read_word(r, word) : read_command(r);
}

bool args_read(int argc, char **argv, struct args *out, char why[ARGS_WHY_MAX])
{
	struct reader r = { .out = out, .argv = argv, .argc = argc, .at = 1, .why = why };

	*out = (struct args){ .params = json_object(), .own = json_object() };
	why[0] = '\0';
	while (r.at < argc) {
		if (!read_next(&r))
			return false;
	}
	if (!out->command || out->help || !out->command->method)
		return true;
	return command_check(out->command, out->params, why, ARGS_WHY_MAX);
}

void args_free(struct args *a)
{
	json_decref(a->params);
	json_decref(a->own);
	a->params = a->own = NULL;
}
