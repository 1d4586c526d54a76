/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Prints status and counters.
 */
#include "control/viactl/fields.h"
#include "control/viactl/screen.h"
#include "control/viactl/show.h"
#include "control/viactl/units.h"

#include <string.h>

static void line(FILE *to, const char *name, enum color color, const char *text)
{
	fprintf(to, "%-14s", name);
	screen_put(to, color, text);
	fputc('\n', to);
}

static void show_node(const json_t *r, FILE *to)
{
	const char *state = field_true(r, "draining") ? "draining"
			    : field_true(r, "ready")  ? "ready"
						      : "waiting for an address";
	char text[512], span[UNITS_MAX];

	snprintf(text, sizeof(text), "%s, viaduct %s, process %d", field_text(r, "node"),
		 field_text(r, "version"), (int)field_int(r, "pid"));
	line(to, "node", COLOR_HEAD, text);
	snprintf(text, sizeof(text), "%s, up %s", state,
		 units_span(span, field_number(r, "uptime_s")));
	line(to, "state", strcmp(state, "ready") == 0 ? COLOR_GOOD : COLOR_WARN, text);
}

static void show_config(const json_t *c, FILE *to)
{
	const json_t *window = json_object_get(c, "window");
	char text[512], span[UNITS_MAX];
	double age = field_age(c, "loaded");
	json_int_t past = field_int(window, "past");

	snprintf(text, sizeof(text), "%s, loaded %s ago, generation %d", field_text(c, "file"),
		 units_span(span, age), (int)field_int(c, "generation"));
	line(to, "configuration", COLOR_NONE, text);
	if (past == 0)
		return;
	snprintf(text, sizeof(text), "%d earlier pool change%s remembered, for %s more", (int)past,
		 past == 1 ? "" : "s", units_span(span, field_number(window, "ends_in_s")));
	line(to, "window", COLOR_NONE, text);
}

static void show_rates(const json_t *r, FILE *to)
{
	const json_t *rates = json_object_get(r, "rates");
	const json_t *latency = json_object_get(r, "latency_us");
	char text[512], a[UNITS_MAX], b[UNITS_MAX], c[UNITS_MAX];

	if (!rates)
		return;
	snprintf(text, sizeof(text), "%s requests, %s responses in; %s dropped",
		 units_rate(a, field_number(rates, "requests")),
		 units_rate(b, field_number(rates, "responses")),
		 units_rate(c, field_number(rates, "dropped")));
	line(to, "traffic", COLOR_NONE, text);
	snprintf(text, sizeof(text), "%s forwarded, %s answered by the proxy",
		 units_rate(a, field_number(rates, "forwarded")),
		 units_rate(b, field_number(rates, "answered")));
	line(to, "", COLOR_NONE, text);
	snprintf(text, sizeof(text), "%s median, %s p99, %s p99.9",
		 units_time_us(a, field_number(latency, "p50")),
		 units_time_us(b, field_number(latency, "p99")),
		 units_time_us(c, field_number(latency, "p999")));
	if (field_number(latency, "p50") > 0)
		line(to, "latency", COLOR_NONE, text);
}

/* What the control thread carries, if there is anything. */
static void show_relay(const json_t *r, FILE *to)
{
	json_int_t waiting =
		field_int(r, "waiting_for_names") + field_int(r, "waiting_for_connections");
	char text[512], a[UNITS_MAX], b[UNITS_MAX], c[UNITS_MAX];

	if (!r || field_int(r, "connections") + field_int(r, "transactions") + waiting == 0)
		return;
	snprintf(text, sizeof(text),
		 "%s TCP and TLS connections, %s transactions to and from UDP, %s messages waiting",
		 units_exact(a, field_int(r, "connections")),
		 units_exact(b, field_int(r, "transactions")), units_exact(c, waiting));
	line(to, "streams", COLOR_NONE, text);
}

static enum color busy_color(double busy)
{
	return busy > 0.9 ? COLOR_BAD : busy > 0.7 ? COLOR_WARN : COLOR_NONE;
}

static void show_workers(const json_t *list, FILE *to)
{
	struct sheet s = { 0 };
	json_t *w;
	size_t i;

	sheet_column(&s, "worker", true);
	sheet_column(&s, "busy", true);
	sheet_column(&s, "received", true);
	sheet_column(&s, "sent", true);
	sheet_column(&s, "dropped", true);
	json_array_foreach((json_t *)list, i, w)
	{
		double busy = field_number(w, "busy"), dropped = field_number(w, "dropped");
		char text[UNITS_MAX];

		sheet_cell(&s, COLOR_NONE, "%d", (int)field_int(w, "id"));
		sheet_cell(&s, busy_color(busy), "%s", units_percent(text, busy));
		sheet_cell(&s, COLOR_NONE, "%s", units_rate(text, field_number(w, "rx")));
		sheet_cell(&s, COLOR_NONE, "%s", units_rate(text, field_number(w, "tx")));
		sheet_cell(&s, dropped > 0 ? COLOR_WARN : COLOR_NONE, "%s",
			   units_rate(text, dropped));
	}
	fputc('\n', to);
	sheet_print(&s, to, 0);
	sheet_free(&s);
}

static void show_interfaces(const json_t *list, FILE *to)
{
	struct sheet s = { 0 };
	json_t *v;
	size_t i;

	sheet_column(&s, "interface", false);
	sheet_column(&s, "device", false);
	sheet_column(&s, "Linux", false);
	sheet_column(&s, "link", false);
	sheet_column(&s, "Mbit/s", true);
	sheet_column(&s, "queues", true);
	sheet_column(&s, "MTU", true);
	json_array_foreach((json_t *)list, i, v)
	{
		bool up = field_true(v, "up");
		char speed[UNITS_MAX] = "", queues[UNITS_MAX] = "";

		if (field_int(v, "speed"))
			units_exact(speed, field_int(v, "speed"));
		if (field_int(v, "queues"))
			units_exact(queues, field_int(v, "queues"));
		sheet_cell(&s, COLOR_NONE, "%s", field_text(v, "name"));
		sheet_cell(&s, COLOR_NONE, "%s", field_text(v, "device"));
		sheet_cell(&s, COLOR_NONE, "%s", field_text(v, "linux"));
		sheet_cell(&s, up ? COLOR_GOOD : COLOR_BAD, "%s", up ? "up" : "lost");
		sheet_cell(&s, COLOR_NONE, "%s", speed);
		sheet_cell(&s, COLOR_NONE, "%s", queues);
		sheet_cell(&s, COLOR_NONE, "%d", (int)field_int(v, "mtu"));
	}
	fputc('\n', to);
	sheet_print(&s, to, 0);
	sheet_free(&s);
}

static void show_listeners(const json_t *list, FILE *to)
{
	struct sheet s = { 0 };
	json_t *v;
	size_t i;

	sheet_column(&s, "listener", false);
	sheet_column(&s, "name", false);
	sheet_column(&s, "transports", false);
	json_array_foreach((json_t *)list, i, v)
	{
		char text[64];

		sheet_cell(&s, COLOR_NONE, "%s", field_text(v, "address"));
		sheet_cell(&s, COLOR_NONE, "%s", field_text(v, "name"));
		sheet_cell(&s, COLOR_NONE, "%s",
			   field_join(json_object_get(v, "transports"), text, sizeof(text)));
	}
	fputc('\n', to);
	sheet_print(&s, to, 0);
	sheet_free(&s);
}

void show_status(const json_t *r, FILE *to)
{
	json_t *alarm;
	size_t i;

	show_node(r, to);
	show_config(json_object_get(r, "config"), to);
	show_rates(r, to);
	show_relay(json_object_get(r, "relay"), to);
	json_array_foreach(json_object_get(r, "alarms"), i, alarm)
	{
		const char *text = json_string_value(alarm);

		line(to, i ? "" : "alarms", COLOR_BAD, text ? text : "");
	}
	show_workers(json_object_get(r, "workers"), to);
	show_interfaces(json_object_get(r, "interfaces"), to);
	show_listeners(json_object_get(r, "listeners"), to);
}

static void show_examples(const json_t *list, FILE *to)
{
	struct sheet s = { 0 };
	json_t *v;
	size_t i;

	if (json_array_size(list) == 0)
		return;
	sheet_column(&s, "last dropped", false);
	sheet_column(&s, "from", false);
	sheet_column(&s, "ago", true);
	sheet_column(&s, "begins with", false);
	json_array_foreach((json_t *)list, i, v)
	{
		char span[UNITS_MAX];

		sheet_cell(&s, COLOR_NONE, "%s", field_text(v, "reason"));
		sheet_cell(&s, COLOR_NONE, "%s", field_text(v, "source"));
		sheet_cell(&s, COLOR_NONE, "%s", units_span(span, field_age(v, "time")));
		sheet_cell(&s, COLOR_DIM, "%.60s", field_text(v, "bytes"));
	}
	fputc('\n', to);
	sheet_print(&s, to, 0);
	sheet_free(&s);
}

void show_counters(const json_t *r, FILE *to)
{
	const json_t *list = json_object_get(r, "counters");
	struct sheet s = { 0 };
	json_t *v;
	size_t i;

	sheet_column(&s, "counter", false);
	sheet_column(&s, "value", true);
	sheet_column(&s, "class", false);
	sheet_column(&s, "meaning", false);
	json_array_foreach((json_t *)list, i, v)
	{
		bool drop = strcmp(field_text(v, "class"), "drop") == 0;
		char text[UNITS_MAX];

		sheet_cell(&s, COLOR_KEY, "%s", field_text(v, "name"));
		sheet_cell(&s, drop && field_int(v, "value") ? COLOR_WARN : COLOR_NONE, "%s",
			   units_exact(text, field_int(v, "value")));
		sheet_cell(&s, COLOR_NONE, "%s", field_text(v, "class"));
		sheet_cell(&s, COLOR_DIM, "%s", field_text(v, "help"));
	}
	if (json_array_size(list))
		sheet_print(&s, to, 0);
	else
		fputs("no counter of that name that is not 0; --all shows those too\n", to);
	sheet_free(&s);
	show_examples(json_object_get(r, "examples"), to);
}
