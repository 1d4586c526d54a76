/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the HTTP server shows, but for the metrics: the status page, its JSON, and /healthz.
 *
 * The JSON is what the control socket's commands of the same name say, and the last minute. With
 * ten thousand backends it takes some 100 ms to make, so a text is kept and given to everybody for
 * a second, or for so long that making it takes at most a twentieth of the control thread's time.
 */
#include "control/app.h"
#include "control/log.h"
#include "control/rpc/rpc.h"
#include "control/watch/healthz.h"
#include "control/watch/http.h"
#include "control/watch/rates.h"
#include "control/watch/status_page.h"

#include <event2/buffer.h>
#include <event2/http.h>
#include <stdlib.h>
#include <string.h>

#define KEEP_MS 900  /* less than the second in which rates change */
#define KEEP_COST 20 /* times what it took to make */
#define HEALTHZ_MAX 65536

static const char type_json[] = "application/json";
static const char type_text[] = "text/plain; charset=utf-8";

/* A text that is kept for a while. */
struct kept {
	json_t *(*make)(struct app *app, const char *method);
	const char *method; /* for command_result() */
	char *text;         /* jansson's; NULL = none */
	size_t n;
	uint64_t at_ms, cost_ms;
};

/* What the command @method says when it is asked for all. New reference, or NULL. */
static json_t *command_result(struct app *app, const char *method)
{
	json_t *params =
		strcmp(method, "counters") == 0 ? json_pack("{s:b}", "all", true) : json_object();
	json_t *request = json_pack("{s:s, s:i, s:s, s:o}", "jsonrpc", "2.0", "id", 1, "method",
				    method, "params", params);
	json_t *response = request ? rpc_dispatch(app, NULL, request) : NULL;
	json_t *result = response ? json_incref(json_object_get(response, "result")) : NULL;

	json_decref(response);
	json_decref(request);
	return result;
}

/* The last minute, oldest second first: a list for each line that the page draws. */
static json_t *history(struct app *app, const char *method)
{
	json_t *requests = json_array(), *responses = json_array(), *forwarded = json_array();
	json_t *dropped = json_array(), *busy = json_array(), *p50 = json_array();

	(void)method;
	for (unsigned int i = rates_n(app->rates); i-- > 0;) {
		const struct rates_second *s = rates_ago(app->rates, i);

		json_array_append_new(requests, json_real(s->requests));
		json_array_append_new(responses, json_real(s->responses));
		json_array_append_new(forwarded, json_real(s->forwarded));
		json_array_append_new(dropped, json_real(s->dropped));
		json_array_append_new(busy, json_real(s->busy));
		json_array_append_new(p50, json_real(s->latency_us.p50));
	}
	return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o}", "requests", requests, "responses",
			 responses, "forwarded", forwarded, "dropped", dropped, "busy", busy,
			 "latency", p50);
}

static struct kept kept_status = { .make = command_result, .method = "status" };
static struct kept kept_pools = { .make = command_result, .method = "pools" };
static struct kept kept_counters = { .make = command_result, .method = "counters" };
static struct kept kept_history = { .make = history };

static void drop(struct kept *k)
{
	free(k->text);
	k->text = NULL;
}

static bool is_fresh(const struct kept *k, uint64_t now)
{
	uint64_t most = k->cost_ms * KEEP_COST > KEEP_MS ? k->cost_ms * KEEP_COST : KEEP_MS;

	return k->text && now - k->at_ms < most;
}

static void renew(struct app *app, struct kept *k, uint64_t now)
{
	json_t *value = k->make(app, k->method);

	drop(k);
	k->text = value ? json_dumps(value, JSON_COMPACT) : NULL;
	k->n = k->text ? strlen(k->text) : 0;
	k->at_ms = now;
	k->cost_ms = log_clock_ms() - now;
	json_decref(value);
}

static void show_json(struct app *app, struct evhttp_request *req, struct kept *k)
{
	uint64_t now = log_clock_ms();

	if (!is_fresh(k, now))
		renew(app, k, now);
	if (k->text)
		http_answer(req, HTTP_OK, type_json, k->text, k->n);
	else
		http_answer(req, HTTP_INTERNAL, type_json, "{}", 2);
}

static void show_status(struct app *app, struct evhttp_request *req)
{
	show_json(app, req, &kept_status);
}

static void show_pools(struct app *app, struct evhttp_request *req)
{
	show_json(app, req, &kept_pools);
}

static void show_counters(struct app *app, struct evhttp_request *req)
{
	show_json(app, req, &kept_counters);
}

static void show_history(struct app *app, struct evhttp_request *req)
{
	show_json(app, req, &kept_history);
}

static void show_healthz(struct app *app, struct evhttp_request *req)
{
	const char *query = evhttp_uri_get_query(evhttp_request_get_evhttp_uri(req));
	bool verbose = query && strcmp(query, "verbose") == 0;
	char *text = mem_alloc(HEALTHZ_MAX);
	bool ok;

	if (!text) {
		http_answer(req, HTTP_SERVUNAVAIL, type_text, "no memory\n", 10);
		return;
	}
	ok = healthz(app->now.world, app->ready, verbose, text, HEALTHZ_MAX);
	http_answer(req, ok ? HTTP_OK : HTTP_SERVUNAVAIL, type_text, text, strlen(text));
	mem_free(text);
}

static void show_page(struct app *app, struct evhttp_request *req)
{
	struct evkeyvalq *h = evhttp_request_get_output_headers(req);

	(void)app;
	evhttp_add_header(h, "Content-Security-Policy", status_page_policy);
	evhttp_add_header(h, "Referrer-Policy", "no-referrer");
	http_answer(req, HTTP_OK, "text/html; charset=utf-8", status_page, status_page_len);
}

static const struct {
	const char *path;
	http_page show;
} pages[] = {
	{ "/", show_page },
	{ "/metrics", http_metrics },
	{ "/healthz", show_healthz },
	{ "/status.json", show_status },
	{ "/pools.json", show_pools },
	{ "/counters.json", show_counters },
	{ "/history.json", show_history },
};

http_page http_page_at(const char *path)
{
	for (size_t i = 0; i < sizeof(pages) / sizeof(pages[0]); i++) {
		if (strcmp(pages[i].path, path) == 0)
			return pages[i].show;
	}
	return NULL;
}

void http_pages_free(void)
{
	drop(&kept_status);
	drop(&kept_pools);
	drop(&kept_counters);
	drop(&kept_history);
}
