/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Captures: each message as it came and, if it was sent on, as it was sent, both as datagrams
 * between the addresses that the trace names.
 */
#include "control/viactl/capture.h"

#include "control/viactl/base64.h"
#include "control/viactl/fields.h"
#include "control/watch/pcapng.h"
#include "dataplane/sip/ip.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct capture {
	FILE *file;
	uint8_t block[PCAPNG_PACKET_MAX];
};

static void say(const char *path)
{
	fprintf(stderr, "viactl: %s: %s\n", path, strerror(errno));
}

struct capture *capture_open(const char *path)
{
	struct capture *c = calloc(1, sizeof(*c));
	size_t n;

	if (!c)
		abort();
	c->file = strcmp(path, "-") == 0 ? stdout : fopen(path, "wb");
	n = pcapng_head(c->block, sizeof(c->block), "viactl " VIADUCT_VERSION);
	if (c->file && fwrite(c->block, 1, n, c->file) == n && fflush(c->file) == 0)
		return c;
	say(path);
	if (c->file && c->file != stdout)
		fclose(c->file);
	free(c);
	return NULL;
}

/* Nanoseconds since 1970 of an RFC 3339 time with any number of decimals. */
static uint64_t read_time(const char *text)
{
	struct tm tm = { 0 };
	const char *rest = strptime(text, "%Y-%m-%dT%H:%M:%S", &tm);
	uint64_t ns = 0, unit = 100000000;

	if (!rest)
		return 0;
	for (rest += *rest == '.'; *rest >= '0' && *rest <= '9'; rest++, unit /= 10)
		ns += (uint64_t)(*rest - '0') * unit;
	return (uint64_t)timegm(&tm) * 1000000000 + ns;
}

/* "192.0.2.1:5060" or "[2001:db8::1]:5060", as the proxy writes them. */
static bool read_endpoint(const char *text, struct endpoint *out)
{
	const char *colon = strrchr(text, ':');

	if (!colon || !ip_parse((const uint8_t *)text, (size_t)(colon - text), &out->ip))
		return false;
	out->port = (uint16_t)strtoul(colon + 1, NULL, 10);
	return true;
}

/* One datagram: the bytes of @m's field @bytes, which came or were @sent, from address @from to
 * address @to. */
static void put(struct capture *c, const json_t *m, const char *bytes, bool sent, const char *from,
		const char *to)
{
	char comment[256];
	struct pcapng_packet p = { .time_ns = read_time(field_text(m, "time")),
				   .sent = sent,
				   .comment = comment };
	const char *reason = field_text(m, "reason");
	size_t n = 0;
	uint8_t *data = base64_decode(field_text(m, bytes), &n);

	snprintf(comment, sizeof(comment), "%s %s%s%s", field_text(m, "verdict"), reason,
		 *reason ? " " : "", field_text(m, "backend"));
	if (data && n > 0 && read_endpoint(field_text(m, from), &p.src) &&
	    read_endpoint(field_text(m, to), &p.dst)) {
		p.data = data;
		p.len = (uint32_t)n;
		n = pcapng_packet(c->block, sizeof(c->block), &p);
		fwrite(c->block, 1, n, c->file);
	}
	free(data);
}

void capture_message(struct capture *c, const json_t *m)
{
	put(c, m, "base64", false, "source", "listener");
	put(c, m, "out_base64", true, "from", "destination");
	fflush(c->file); /* so that a reader of the file sees it now */
}

bool capture_close(struct capture *c, const char *path)
{
	bool ok = !ferror(c->file) && fflush(c->file) == 0;

	if (c->file != stdout)
		ok = fclose(c->file) == 0 && ok;
	if (!ok)
		say(path);
	free(c);
	return ok;
}
