/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/watch/trace_json.h"

#include "control/byte_text.h"
#include "control/endpoint_text.h"
#include "dataplane/example.h"
#include "dataplane/proxy/servers.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#define NAME_SIZE 64
#define BACKEND_SIZE 512

const char *trace_verdict_name(enum trace_verdict v)
{
	return v == TRACE_FORWARDED  ? "forwarded"
	       : v == TRACE_ANSWERED ? "answered"
	       : v == TRACE_ABSORBED ? "absorbed"
				     : "dropped";
}

static json_t *transport_json(unsigned int transport)
{
	static const char *const names[] = {
		[SIP_UDP] = "udp", [SIP_TCP] = "tcp", [SIP_TLS] = "tls"
	};

	return json_string(names[transport]);
}

void trace_cause_name(unsigned int cause, char *out, size_t n)
{
	if (cause < SIP_N_REASONS)
		snprintf(out, n, "%s", sip_reason_info((enum sip_reason)cause)->name);
	else
		counter_name((enum counter)(cause - SIP_N_REASONS), out, n);
}

/* RFC 3339 with nanoseconds: records of one turn stay in order. */
static json_t *time_json(uint64_t wall_ns)
{
	time_t s = (time_t)(wall_ns / 1000000000);
	char text[48];
	struct tm tm;
	size_t n;

	gmtime_r(&s, &tm);
	n = strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(text + n, sizeof(text) - n, ".%09uZ", (unsigned int)(wall_ns % 1000000000));
	return json_string(text);
}

/* The backend that the message goes to or comes from: as the rules chose, else by its address. */
static json_t *backend_json(const struct trace_record *r, const struct world *w)
{
	const struct backend *b;
	char text[BACKEND_SIZE];
	uint16_t i = r->backend;

	if (!w)
		return json_null();
	if (r->verdict != TRACE_FORWARDED || !r->request)
		i = WORLD_NONE;
	if (i == WORLD_NONE && r->request && r->has_out)
		i = servers_find(w, &r->dst);
	if (i == WORLD_NONE)
		i = servers_find(w, &r->src);
	if (i >= w->n_backends || w->backends[i].state == BACKEND_NONE)
		return json_null();
	b = &w->backends[i];
	if (b->pool >= w->n_pools)
		return json_string(b->name);
	snprintf(text, sizeof(text), "%s/%s", w->pools[b->pool].name, b->name);
	return json_string(text);
}

static json_t *cause_json(const struct trace_record *r)
{
	char name[NAME_SIZE];

	if (r->verdict == TRACE_FORWARDED || r->cause == SIP_OK)
		return json_null();
	trace_cause_name(r->cause, name, sizeof(name));
	return json_string(name);
}

static json_t *piece_json(const struct trace_record *r, uint16_t off, uint16_t len)
{
	return len ? byte_text_json((const uint8_t *)(r + 1) + off, len) : json_null();
}

static int put(json_t *o, const char *name, json_t *value)
{
	return json_object_set_new(o, name, value ? value : json_null());
}

json_t *trace_json(const struct trace_record *r, const struct world *w, uint64_t wall_ns)
{
	const uint8_t *in = (const uint8_t *)(r + 1);
	json_t *o = json_object();

	if (!o)
		return NULL;
	put(o, "time", time_json(wall_ns));
	put(o, "direction", json_string("in"));
	put(o, "source", endpoint_json(&r->src));
	put(o, "listener", endpoint_json(&r->listener));
	put(o, "transport", transport_json(r->transport));
	put(o, "from", r->has_out ? endpoint_json(&r->from) : NULL);
	put(o, "destination", r->has_out ? endpoint_json(&r->dst) : NULL);
	put(o, "out_transport", r->has_out ? transport_json(r->out_transport) : NULL);
	put(o, "backend", backend_json(r, w));
	put(o, "verdict", json_string(trace_verdict_name((enum trace_verdict)r->verdict)));
	put(o, "reason", cause_json(r));
	put(o, "method", piece_json(r, r->method_off, r->method_len));
	put(o, "status", r->status ? json_integer(r->status) : NULL);
	put(o, "call_id", piece_json(r, r->call_id_off, r->call_id_len));
	put(o, "by_linux", json_boolean(r->by_linux));
	put(o, "edited", json_boolean(r->edited));
	put(o, "message", byte_text_json(in, r->in_len));
	put(o, "base64", byte_base64_json(in, r->in_len));
	put(o, "out_base64", r->out_len ? byte_base64_json(in + r->in_len, r->out_len) : NULL);
	return o;
}
