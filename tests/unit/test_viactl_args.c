/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * viactl's command line: what is sent for it, and what is said of a wrong one.
 */
#include "control/viactl/args.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define WORDS_MAX 16

struct line {
	char *words[WORDS_MAX + 1];
	int n;
	char text[512];
};

/* "viactl " and the words of @text; '_' in a word is a space. */
static void split(const char *text, struct line *l)
{
	char *p = l->text;

	l->n = 0;
	l->words[l->n++] = "viactl";
	snprintf(l->text, sizeof(l->text), "%s", text);
	while (*p && l->n < WORDS_MAX) {
		l->words[l->n++] = p;
		p += strcspn(p, " ");
		if (*p)
			*p++ = '\0';
	}
	l->words[l->n] = NULL;
}

static const struct {
	const char *line, *method, *params;
} good[] = {
	{ "status", "status", "{}" },
	{ "--json status", "status", "{}" },
	{ "pools --json --socket /s", "pools", "{}" },
	{ "pool show core", "pool.show", "{\"pool\":\"core\"}" },
	{ "pool.show core", "pool.show", "{\"pool\":\"core\"}" },
	{ "backend set core a state=drain weight=3", "backend.set",
	  "{\"backend\":\"a\",\"pool\":\"core\",\"state\":\"drain\",\"weight\":3}" },
	{ "backend set state=up core a --wait", "backend.set",
	  "{\"backend\":\"a\",\"pool\":\"core\",\"state\":\"up\"}" },
	{ "backend set core a weight=file", "backend.set",
	  "{\"backend\":\"a\",\"pool\":\"core\",\"weight\":\"file\"}" },
	{ "backend add core b [2001:db8::1]:5060 tier=1 transports=udp,tcp", "backend.add",
	  "{\"address\":\"[2001:db8::1]:5060\",\"name\":\"b\",\"pool\":\"core\",\"tier\":1,"
	  "\"transports\":\"udp,tcp\"}" },
	{ "reload --dry-run", "reload", "{\"dry_run\":true}" },
	{ "reload --dry_run", "reload", "{\"dry_run\":true}" },
	{ "counters -- --all", "counters", "{\"pattern\":\"--all\"}" },
	{ "counters drop --all", "counters", "{\"all\":true,\"pattern\":\"drop\"}" },
	{ "trace --method INVITE --count=10 --full", "trace",
	  "{\"count\":10,\"method\":\"INVITE\"}" },
	{ "log level debug", "log.level", "{\"level\":\"debug\"}" },
	{ "drain on", "node.drain", "{\"state\":\"on\"}" },
	{ "help backend set", "help", "{\"command\":\"backend set\"}" },
};

Test(viactl_args, makes_requests_of_command_lines)
{
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		char why[ARGS_WHY_MAX], *params;
		struct line l;
		struct args a;

		split(good[i].line, &l);
		cr_assert(args_read(l.n, l.words, &a, why), "%s: %s", good[i].line, why);
		cr_expect_str_eq(a.command->method, good[i].method, "%s", good[i].line);
		params = json_dumps(a.params, JSON_COMPACT | JSON_SORT_KEYS);
		cr_expect_str_eq(params, good[i].params, "%s: %s", good[i].line, params);
		free(params);
		args_free(&a);
	}
}

static const struct {
	const char *line, *why;
} bad[] = {
	{ "pols", "no command \"pols\"; did you mean \"pools\"?" },
	{ "frobnicate", "no command \"frobnicate\"" },
	{ "backend", "which one: \"backend set\", \"backend add\", \"backend remove\"" },
	{ "backend ste core a", "no command \"backend\"; did you mean \"backend set\"?" },
	{ "pool", "which one: \"pool show\"" },
	{ "pool show", "pool is missing: name of the pool" },
	{ "status now", "\"now\" is one word too many" },
	{ "backend set core a stat=up", "\"stat=up\": did you mean state=?" },
	{ "backend set core a state=drian",
	  "state: expected up, drain, down or file, got \"drian\"; did you mean \"drain\"?" },
	{ "backend set core a state=up state=down", "state is given twice" },
	{ "backend set core a --state=up", "no option --state=up; did you mean state=?" },
	{ "backend set core a weight=heavy",
	  "weight: expected a whole number from 0 to 65535, or file, got \"heavy\"" },
	{ "reload --dry-rnu", "no option --dry-rnu; did you mean --dry_run?" },
	{ "reload --dry-run=yes", "--dry-run takes no value" },
	{ "trace --count", "--count needs a value" },
	{ "trace --count ten", "count: expected a whole number from 0 to 4294967295, got \"ten\"" },
	{ "status --sockte /s", "no option --sockte; did you mean --socket?" },
	{ "--color red status", "--color: expected auto, always or never" },
	{ "explain /no/such/file", "/no/such/file: No such file or directory" },
	{ "explain --base64 x", "no option --base64" },
	{ "log level inf",
	  "level: expected error, warning, info or debug, got \"inf\"; did you mean \"info\"?" },
};

Test(viactl_args, says_what_is_wrong_and_what_was_likely_meant)
{
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		char why[ARGS_WHY_MAX];
		struct line l;
		struct args a;

		split(bad[i].line, &l);
		cr_expect_not(args_read(l.n, l.words, &a, why), "%s", bad[i].line);
		cr_expect_str_eq(why, bad[i].why, "%s: %s", bad[i].line, why);
		args_free(&a);
	}
}

/* Reads "explain FILE" of a file with these bytes. */
static void explain_file(const char *bytes, size_t n, struct args *a)
{
	char path[] = "/tmp/viactl-args.XXXXXX", why[ARGS_WHY_MAX];
	char *words[] = { "viactl", "explain", path, NULL };
	int fd = mkstemp(path);

	cr_assert_eq(write(fd, bytes, n), (ssize_t)n);
	close(fd);
	cr_expect(args_read(3, words, a, why), "%s", why);
	unlink(path);
}

Test(viactl_args, sends_a_file_as_text_or_in_base64)
{
	struct args a;

	explain_file("OPTIONS\r\n", 9, &a);
	cr_expect_str_eq(json_string_value(json_object_get(a.params, "message")), "OPTIONS\r\n");
	cr_expect_null(json_object_get(a.params, "base64"));
	args_free(&a);
	explain_file("a\0\xff", 3, &a);
	cr_expect_str_eq(json_string_value(json_object_get(a.params, "message")), "YQD/");
	cr_expect(json_is_true(json_object_get(a.params, "base64")));
	args_free(&a);
}

Test(viactl_args, keeps_its_own_options_to_itself)
{
	char why[ARGS_WHY_MAX];
	struct line l;
	struct args a;

	split("backend set core a state=drain --wait --timeout 60 --color never", &l);
	cr_assert(args_read(l.n, l.words, &a, why), "%s", why);
	cr_expect(json_is_true(json_object_get(a.own, "wait")));
	cr_expect_eq(json_integer_value(json_object_get(a.own, "timeout")), 60);
	cr_expect_null(json_object_get(a.params, "wait"));
	cr_expect_eq(a.color, ARGS_COLOR_NEVER);
	args_free(&a);
}
