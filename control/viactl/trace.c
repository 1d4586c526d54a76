/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * trace: prints messages as the proxy reports them, one line each or in full, or writes them to a
 * capture. Ends when the proxy says so, or with SIGINT or SIGTERM: then the connection is closed,
 * which ends the trace in the proxy too.
 */
#include "control/viactl/capture.h"
#include "control/viactl/fields.h"
#include "control/viactl/run.h"
#include "control/viactl/screen.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

static sig_atomic_t ended;

static void on_signal(int number)
{
	(void)number;
	ended = 1;
}

/* No SA_RESTART: the signal must end a wait. */
static void catch_signals(void)
{
	struct sigaction act = { .sa_handler = on_signal };

	sigaction(SIGINT, &act, NULL);
	sigaction(SIGTERM, &act, NULL);
	signal(SIGPIPE, SIG_IGN);
}

static enum color verdict_color(const char *verdict)
{
	return strcmp(verdict, "forwarded") == 0 || strcmp(verdict, "absorbed") == 0 ? COLOR_GOOD
	       : strcmp(verdict, "answered") == 0                                    ? COLOR_WARN
										     : COLOR_BAD;
}

/* "tcp " before an address, nothing for UDP. */
static const char *transport_of(const json_t *m, const char *key)
{
	const char *transport = field_text(m, key);

	return strcmp(transport, "tcp") == 0 ? "tcp " : strcmp(transport, "tls") == 0 ? "tls " : "";
}

static void print_line(const json_t *m)
{
	const char *verdict = field_text(m, "verdict"), *reason = field_text(m, "reason");
	json_int_t status = field_int(m, "status");
	const char *time = strchr(field_text(m, "time"), 'T');
	char what[64];

	if (status)
		snprintf(what, sizeof(what), "%d %.40s", (int)status, field_text(m, "method"));
	else
		snprintf(what, sizeof(what), "%.40s", field_text(m, "method"));
	screen_print(stdout, COLOR_DIM, "%.12s ", time ? time + 1 : "");
	screen_print(stdout, COLOR_KEY, "%-14s ", what);
	screen_print(stdout, COLOR_NONE, "%s%s > ", transport_of(m, "transport"),
		     field_text(m, "source"));
	screen_print(stdout, COLOR_NONE, "%s ", field_text(m, "listener"));
	screen_print(stdout, verdict_color(verdict), "%s%s%s", verdict, *reason ? " " : "", reason);
	if (*field_text(m, "destination"))
		screen_print(stdout, COLOR_NONE, " > %s%s", transport_of(m, "out_transport"),
			     field_text(m, "destination"));
	if (*field_text(m, "backend"))
		screen_print(stdout, COLOR_NONE, " (%s)", field_text(m, "backend"));
	screen_print(stdout, COLOR_DIM, " %s\n", field_text(m, "call_id"));
}

/* The message below its line, each line of it indented. */
static void print_text(const char *text)
{
	while (*text) {
		size_t n = strcspn(text, "\r\n");

		screen_print(stdout, COLOR_NONE, "    %.*s\n", (int)n, text);
		text += n;
		text += *text == '\r';
		text += *text == '\n';
	}
	putchar('\n');
}

struct tracing {
	const struct args *a;
	struct capture *capture;
	bool full;
	int status;
};

static void take_message(struct tracing *t, const json_t *line, const json_t *m)
{
	if (t->capture) {
		capture_message(t->capture, m);
	} else if (t->a->json) {
		json_dumpf(line, stdout, JSON_COMPACT);
		putchar('\n');
	} else {
		print_line(m);
		if (t->full)
			print_text(field_text(m, "message"));
	}
	if (fflush(stdout) == EOF)
		ended = 1;
}

static void take_end(const struct tracing *t, const json_t *line, const json_t *end)
{
	if (t->a->json && !t->capture) {
		json_dumpf(line, stdout, JSON_COMPACT);
		putchar('\n');
	}
	screen_print(stderr, COLOR_NONE, "viactl: %d messages, %d missed: %s\n",
		     (int)field_int(end, "captured"), (int)field_int(end, "missed"),
		     field_text(end, "why"));
}

/* One notification. False at the end. */
static bool take(struct tracing *t, const json_t *line)
{
	const char *method = field_text(line, "method");
	const json_t *params = json_object_get(line, "params");

	if (strcmp(method, "trace.end") == 0) {
		take_end(t, line, params);
		return false;
	}
	if (strcmp(method, "trace.message") == 0)
		take_message(t, line, params);
	return true;
}

static void follow(struct tracing *t, struct link *l)
{
	bool more = true;

	while (more && !ended) {
		json_t *line = link_next(l, -1);

		if (!line && l->why[0]) {
			t->status = run_failed(t->a, l, NULL);
			return;
		}
		more = !line || take(t, line);
		json_decref(line);
	}
}

int run_trace(const struct args *a, struct link *l, const json_t *result)
{
	struct tracing t = { .a = a, .full = field_true(a->own, "full") };
	const char *path = json_string_value(json_object_get(a->own, "pcap"));

	(void)result;
	catch_signals();
	if (path) {
		t.capture = capture_open(path);
		if (!t.capture)
			return VIACTL_WRONG;
	}
	follow(&t, l);
	if (t.capture && !capture_close(t.capture, path))
		t.status = VIACTL_WRONG;
	return t.status;
}
