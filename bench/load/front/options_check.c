/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What single options cannot know: which of them belong together, and which exclude each other.
 */
#include "bench/load/front/options_check.h"

#include <errno.h>
#include <stdarg.h>
#include <string.h>

__attribute__((format(printf, 2, 3))) static int refuse(char *error, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(error, OPTIONS_ERROR, fmt, ap);
	va_end(ap);
	return -EINVAL;
}

/* True if Linux knows the neighbours of @device. */
static bool linux_knows(const char *device)
{
	return strncmp(device, "packet:", 7) == 0;
}

static int check_addresses(const struct load_plan *p, char *error)
{
	static const struct endpoint none;

	if (!p->caller.n_local)
		return refuse(error, "--callers is missing: the addresses of callers");
	if (!p->server.n_local)
		return refuse(error, "--servers is missing: the addresses of servers");
	if (endpoint_equal(&p->caller.proxy, &none))
		return refuse(error, "--proxy is missing: where requests go");
	for (unsigned int i = 0; i < p->caller.n_local; i++) {
		if (ip_is_v4(&p->caller.local[i].ip) != ip_is_v4(&p->caller.proxy.ip))
			return refuse(error, "--callers and --proxy are of different IP versions");
	}
	return 0;
}

/* Two processes that play a side each make the same messages, so each is told all addresses. */
static int check_sides(const struct load_plan *p, char *error)
{
	const struct load_side *s = &p->caller;

	if (!s->n_devices && !p->server.n_devices)
		return refuse(error, "no device: --caller, --server or both must be given");
	for (unsigned int i = 0; i < s->n_devices && !s->proxy_mac_known; i++) {
		if (!linux_knows(s->device[i]))
			return refuse(error,
				      "--caller %s needs --proxy-mac: no ARP or neighbour "
				      "discovery there",
				      s->device[i]);
	}
	return check_addresses(p, error);
}

static int check_limit(const struct options *o, char *error)
{
	if (!o->plan.caller.n_devices)
		return refuse(error, "find-limit needs --caller: it sets the rate");
	if (o->rate_given || o->calls_given || o->plan.max_calls)
		return refuse(error, "find-limit sets the rate itself: no --rate, --calls or "
				     "--max-calls");
	if (o->min_rate > o->max_rate)
		return refuse(error, "--min is above --max");
	return 0;
}

/* Characters of a host name or an address as a SIP URI has them. */
static bool is_host(const char *name)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "0123456789-.:[]";

	return name[0] && strlen(name) < 256 && !name[strspn(name, allowed)];
}

static int check_content(const struct load_plan *p, char *error)
{
	if (p->cancel_percent + p->busy_percent + p->hold_percent > 100)
		return refuse(error, "--cancel, --busy and --reinvite are more than 100 per cent "
				     "together");
	if (p->scenario == LOAD_FILE && !p->n_files)
		return refuse(error, "file needs at least one FILE");
	if (p->scenario != LOAD_FILE && p->n_files)
		return refuse(error, "\"%s\": only the scenario file takes files", p->files[0]);
	if (p->domain && !is_host(p->domain))
		return refuse(error, "--domain: \"%s\" is no host name", p->domain);
	return 0;
}

static int check_pace(const struct options *o, char *error)
{
	if (o->rate_given && o->calls_given)
		return refuse(error, "--rate and --calls exclude each other: open or closed loop");
	return 0;
}

int options_check(struct options *o, char *error)
{
	struct load_plan *p = &o->plan;
	int rc = check_sides(p, error);

	if (rc == 0)
		rc = check_content(p, error);
	if (rc == 0)
		rc = o->find_limit ? check_limit(o, error) : check_pace(o, error);
	if (rc)
		return rc;
	if (o->find_limit) {
		p->pace = LOAD_OPEN;
		p->rate = o->max_rate; /* room for calls is made for this */
	} else if (!o->time_given && (p->max_calls || !p->caller.n_devices)) {
		p->seconds = OPTIONS_FOREVER;
	}
	if (p->pace != LOAD_CLOSED)
		p->calls = 0;
	if (!p->caller.n_devices && !o->warm_up_given)
		p->warm_up = 0;
	return 0;
}
