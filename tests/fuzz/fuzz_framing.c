/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Any stream of bytes, whole, byte by byte and in odd pieces: the same events at the same places,
 * every message is what the parser reads it as, and no byte is looked at that is not there. The
 * first byte of the input chooses the pieces.
 */
#include "control/stream/framing.h"
#include "dataplane/sip/msg.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define EVENTS_MAX 4096

/* One event, where it came and about how many bytes. */
struct event {
	size_t at;
	uint32_t len;
	uint16_t fault;
	uint16_t kind;
};

struct events {
	struct event e[EVENTS_MAX];
	size_t n;
};

static void check(bool ok)
{
	if (!ok)
		abort();
}

/* What framing and parser say of one message must agree: else two hops could see different ones. */
static void check_message(const uint8_t *p, uint32_t len)
{
	static struct sip_msg m;
	enum sip_reason reason = sip_parse(p, len, SIP_EXACT, &m);

	check(reason != SIP_R_NO_BLANK_LINE && reason != SIP_R_SHORT_BODY);
	if (reason == SIP_OK)
		check(m.content_length.has && m.len == len);
}

/* Reads @p in pieces whose sizes go through 1 + (@seed and what comes of it) % @most. */
static void read_all(const uint8_t *p, size_t n, uint32_t seed, size_t most, struct events *out)
{
	struct framing f = { 0 };
	size_t at = 0, began = 0;

	out->n = 0;
	while (at < n) {
		size_t piece = 1 + (seed >> 16) % most, used;
		enum framing_event event;
		uint8_t *copy;

		if (piece > n - at)
			piece = n - at;
		copy = malloc(piece); /* so that one byte too far is seen */
		check(copy != NULL);
		memcpy(copy, p + at, piece);
		used = framing_read(&f, copy, piece, &event);
		free(copy);
		check(used > 0 && used <= piece);
		at += used;
		seed = seed * 1664525 + 1013904223;
		if (event == FRAMING_MORE)
			continue;
		if (event == FRAMING_MESSAGE || event == FRAMING_BROKEN)
			check(f.len <= at - began && f.len <= SIP_MAX_LEN);
		if (event == FRAMING_MESSAGE)
			check_message(p + at - f.len, f.len);
		began = at;
		if (event != FRAMING_BLANK && out->n < EVENTS_MAX)
			out->e[out->n++] = (struct event){ at, f.len, f.fault, (uint16_t)event };
	}
}

static bool same(const struct events *a, const struct events *b)
{
	bool same = a->n == b->n;

	for (size_t i = 0; i < a->n && same; i++)
		same = a->e[i].at == b->e[i].at && a->e[i].len == b->e[i].len &&
		       a->e[i].fault == b->e[i].fault && a->e[i].kind == b->e[i].kind;
	return same;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct events whole, other;
	uint32_t seed = size ? data[0] * 2654435761u : 0;

	if (size < 2)
		return 0;
	read_all(data + 1, size - 1, 0xffff0000u, (size_t)1 << 20, &whole);
	read_all(data + 1, size - 1, 0, 1, &other);
	check(same(&whole, &other));
	read_all(data + 1, size - 1, seed, 3 + data[0], &other);
	check(same(&whole, &other));
	return 0;
}
