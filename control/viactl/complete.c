/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Completion for shells: viactl --complete WORD... prints what the last word may become, one per
 * line, with its meaning behind a tab. The scripts for bash and zsh only pass it on, so they cannot
 * know less than the command table. Names of pools and backends come from the socket, if it
 * answers at once.
 */
#include "control/config/config.h"
#include "control/viactl/args.h"
#include "control/viactl/fields.h"
#include "control/viactl/run.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What is known of the command line before the last word. */
struct place {
	const char *word; /* the last one, maybe empty */
	const char *socket;
	const struct command *command;
	char **values; /* behind the command */
	int n_values;
};

static void offer(const struct place *p, const char *text, const char *help)
{
	if (strncmp(text, p->word, strlen(p->word)) == 0)
		printf("%s\t%s\n", text, help);
}

/* Offers names of pools, or with @pool of the backends in it. */
static void offer_names(const struct place *p, const char *pool)
{
	json_t *params = json_object(), *error = NULL, *result = NULL, *v, *b;
	struct link l;
	size_t i, k;

	if (link_open(&l, p->socket))
		result = link_call(&l, "pools", params, &error);
	json_array_foreach(json_object_get(result, "pools"), i, v)
	{
		if (!pool)
			offer(p, field_text(v, "name"), "pool");
		if (!pool || strcmp(pool, field_text(v, "name")) != 0)
			continue;
		json_array_foreach(json_object_get(v, "members"), k, b)
			offer(p, field_text(b, "name"), field_text(b, "address"));
	}
	json_decref(result);
	json_decref(error);
	json_decref(params);
	link_close(&l);
}

static void offer_value(const struct place *p, const struct command_param *param)
{
	const char *const *words = param_words(param->type);

	for (; words && *words; words++)
		offer(p, *words, param->help);
	if (param->type == PARAM_POOL)
		offer_names(p, NULL);
	if (param->type == PARAM_BACKEND && p->n_values > 0)
		offer_names(p, p->values[0]);
}

/* "state=" and, once that is there, "state=up" and so on. */
static void offer_keyword(const struct place *p, const struct command_param *param)
{
	const char *const *words = param_words(param->type);
	size_t n = strlen(param->name);
	char text[96];

	snprintf(text, sizeof(text), "%s=", param->name);
	if (strncmp(p->word, text, n + 1) != 0) {
		offer(p, text, param->help);
		return;
	}
	for (; words && *words; words++) {
		snprintf(text, sizeof(text), "%s=%s", param->name, *words);
		offer(p, text, param->help);
	}
}

static void offer_option(const struct place *p, const struct command_param *param)
{
	char text[64] = "--";

	for (size_t i = 0; param->name[i] && i + 3 < sizeof(text); i++) {
		text[i + 2] = (char)(param->name[i] == '_' ? '-' : param->name[i]);
		text[i + 3] = '\0';
	}
	offer(p, text, param->help);
}

/* The option that waits for its value as the last word, or NULL. */
static const struct command_param *open_option(const struct place *p)
{
	const char *last = p->n_values > 0 ? p->values[p->n_values - 1] : "";
	const struct command_param *param =
		strncmp(last, "--", 2) == 0 ? command_param(p->command, last + 2, strlen(last + 2))
					    : NULL;

	return param && param->type != PARAM_FLAG && param->form >= PARAM_OPTION ? param : NULL;
}

static int values_by_position(const struct place *p)
{
	int n = 0;

	for (int i = 0; i < p->n_values; i++)
		n += strncmp(p->values[i], "--", 2) != 0 && !strchr(p->values[i], '=');
	return n;
}

static int positions(const struct command *c)
{
	int n = 0;

	for (const struct command_param *param = c->params; param->name; param++)
		n += param->form == PARAM_POSITION;
	return n;
}

static void offer_params(const struct place *p)
{
	const struct command_param *param = open_option(p);
	int position = values_by_position(p);
	bool keywords = position >= positions(p->command) && p->word[0] != '-';

	if (param) {
		offer_value(p, param);
		return;
	}
	for (param = p->command->params; param->name; param++) {
		if (param->form == PARAM_KEYWORD && keywords)
			offer_keyword(p, param);
		else if (param->form == PARAM_POSITION && position-- == 0)
			offer_value(p, param);
		else if ((param->form == PARAM_OPTION || param->form == PARAM_LOCAL) &&
			 p->word[0] == '-')
			offer_option(p, param);
	}
}

/* Offers commands; behind @first, which is the first word of some, their second words. */
static void offer_commands(const struct place *p, const char *first)
{
	size_t n = first ? strlen(first) : 0;
	const struct command *c;
	char before[32] = "";

	for (size_t i = 0; (c = command_at(i)); i++) {
		const char *space = strchr(c->words, ' ');
		char word[32];

		if (first) {
			if (space && strncmp(c->words, first, n) == 0 && c->words[n] == ' ')
				offer(p, space + 1, c->help);
			continue;
		}
		snprintf(word, sizeof(word), "%.*s",
			 space ? (int)(space - c->words) : (int)strlen(c->words), c->words);
		if (strcmp(before, word) != 0)
			offer(p, word, space ? "..." : c->help);
		snprintf(before, sizeof(before), "%s", word);
	}
	if (!first && p->word[0] == '-') {
		offer(p, "--socket", "control socket");
		offer(p, "--json", "the result as JSON");
		offer(p, "--color", "auto, always or never");
		offer(p, "--help", "help");
		offer(p, "--version", "version");
	}
}

int run_complete(int n, char **words)
{
	const char *env = getenv("VIACTL_SOCKET");
	struct place p = { .word = n > 0 ? words[n - 1] : "",
			   .socket = env && *env ? env : CONFIG_SOCKET_PATH };
	int used, at = 0;

	for (n--; at < n && strncmp(words[at], "--", 2) == 0; at++) {
		if (strcmp(words[at], "--socket") == 0 && at + 1 < n)
			p.socket = words[++at];
		else if (strcmp(words[at], "--color") == 0)
			at++;
	}
	p.command = args_command(words + at, n - at, &used);
	p.values = words + at + used;
	p.n_values = n - at - used;
	if (p.command && p.n_values >= 0) {
		/* "help" explains commands. */
		if (p.command->method && strcmp(p.command->method, "help") == 0)
			offer_commands(&p, p.n_values ? p.values[0] : NULL);
		else
			offer_params(&p);
	} else if (n - at <= 1) {
		offer_commands(&p, n - at == 1 ? words[at] : NULL);
	}
	return VIACTL_OBEYED;
}
