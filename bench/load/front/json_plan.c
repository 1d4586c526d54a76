/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The plan of a run as JSON: what was asked for, defaults included.
 */
#include "bench/load/front/json_parts.h"
#include "bench/load/front/options_check.h"
#include "dataplane/sip/ip.h"

#include <stdio.h>

static json_t *endpoint(const struct endpoint *e)
{
	char text[IP_TEXT_MAX + 16];
	size_t n = ip_format_host(&e->ip, text);

	n += (size_t)snprintf(text + n, sizeof(text) - n, ":%u", e->port);
	return json_stringn(text, n);
}

static json_t *mac(const uint8_t *m, bool known)
{
	if (!known)
		return json_null();
	return json_sprintf("%02x:%02x:%02x:%02x:%02x:%02x", m[0], m[1], m[2], m[3], m[4], m[5]);
}

static json_t *side(const struct load_side *s, bool proxy)
{
	json_t *devices = json_array(), *addresses = json_array(), *out;

	for (unsigned int i = 0; i < s->n_devices; i++)
		json_array_append_new(devices, json_string(s->device[i]));
	for (unsigned int i = 0; i < s->n_local; i++)
		json_array_append_new(addresses, endpoint(&s->local[i]));
	out = json_pack("{s:o, s:o, s:o}", "devices", devices, "addresses", addresses, "proxy_mac",
			mac(s->proxy_mac, s->proxy_mac_known));
	if (proxy && s->n_devices)
		json_object_set_new(out, "proxy", endpoint(&s->proxy));
	return out;
}

static json_t *pace(const struct options *o)
{
	const struct load_plan *p = &o->plan;
	json_t *out =
		json_pack("{s:s, s:f, s:f, s:I, s:i, s:i}", "pace", options_pace(p->pace), "rate",
			  p->rate, "warm_up", p->warm_up, "max_calls", (json_int_t)p->max_calls,
			  "timeout_ms", (int)p->timeout_ms, "burst", (int)p->burst);

	if (p->pace == LOAD_CLOSED)
		json_object_set_new(out, "calls", json_integer(p->calls));
	if (p->seconds < OPTIONS_FOREVER)
		json_object_set_new(out, "seconds", json_real(p->seconds));
	if (o->loss_given || o->find_limit)
		json_object_set_new(out, "loss", json_real(o->loss));
	return out;
}

static json_t *content(const struct load_plan *p)
{
	json_t *files = json_array();

	for (unsigned int i = 0; i < p->n_files; i++)
		json_array_append_new(files, json_string(p->files[i]));
	return json_pack("{s:s, s:i, s:i, s:i, s:i, s:i, s:b, s:i, s:i, s:s*, s:i, s:I, s:I, s:o}",
			 "scenario", options_scenario(p->scenario), "hold_ms", (int)p->hold_ms,
			 "cancel_percent", p->cancel_percent, "busy_percent", p->busy_percent,
			 "reinvite_percent", p->hold_percent, "repeat_percent", p->repeat_percent,
			 "retransmit", p->retransmit, "vias", p->vias, "body", p->body, "domain",
			 p->domain, "distinct", (int)p->distinct, "flows", (json_int_t)p->flows,
			 "seed", (json_int_t)p->seed, "files", files);
}

json_t *json_plan(const struct options *o)
{
	const struct load_plan *p = &o->plan;
	json_t *out = pace(o), *cpus = json_array();

	for (unsigned int i = 0; i < p->n_lcores; i++)
		json_array_append_new(cpus, json_integer(p->lcores[i]));
	json_object_update_new(out, content(p));
	json_object_set_new(out, "callers", side(&p->caller, true));
	json_object_set_new(out, "servers", side(&p->server, false));
	json_object_set_new(out, "cpus", cpus);
	json_object_set_new(out, "mtu", json_integer(p->mtu));
	json_object_set_new(out, "hugepages", json_boolean(p->hugepages));
	json_object_set_new(out, "find_limit", json_boolean(o->find_limit));
	return out;
}

json_t *json_servers(const struct record *r)
{
	const struct load_side *s = &r->options->plan.server;
	struct spread spread = record_spread(&r->result.sum, s->n_local);
	json_t *list = json_array();

	for (unsigned int i = 0; i < spread.n; i++)
		json_array_append_new(list,
				      json_pack("{s:o, s:I}", "address", endpoint(&s->local[i]),
						"calls", (json_int_t)r->result.sum.server[i]));
	return json_pack("{s:I, s:f, s:o}", "calls", (json_int_t)spread.total, "deviation",
			 spread.deviation, "list", list);
}
