/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Unsupported is put together from the tokens of all rows, so that the sender can leave them out
 * next time (RFC 3261 8.2.2.3, 16.3). Seldom, so it stands apart from the rules in request.c.
 */
#include "dataplane/proxy/require.h"

#include "dataplane/sip/chars.h"

/* One row of Proxy-Require: its tokens, appended to an Unsupported header under way. Returns false
 * if it is no list of tokens. */
static bool collect_tokens(struct plan *p, struct span s, uint32_t *len)
{
	const uint8_t *b = p->m->p;
	unsigned int i = s.off, end = span_end(s);

	while (i < end) {
		unsigned int from;
		uint8_t *t;

		while (i < end && (char_is(b[i], CH_LWS) || b[i] == ','))
			i++;
		from = i;
		while (i < end && char_is(b[i], CH_TOKEN))
			i++;
		if (i == from)
			return i == end;
		t = plan_text(p, (*len ? 2 : 0) + (i - from));
		if (!t)
			return false;
		if (*len) {
			memcpy(t, ", ", 2);
			t += 2;
		}
		memcpy(t, b + from, i - from);
		*len += (i - from) + (*len ? 2 : 0);
		while (i < end && char_is(b[i], CH_LWS))
			i++;
		if (i < end && b[i] != ',')
			return false;
	}
	return true;
}

enum sip_reason require_check(struct plan *p, const char **extra, uint16_t *extra_len)
{
	static const char name[] = "Unsupported: ";
	const struct sip_msg *m = p->m;
	uint32_t len = 0;
	uint8_t *row = plan_copy(p, name, sizeof(name) - 1), *end;

	for (int i = m->first[SIP_H_PROXY_REQUIRE]; i >= 0;
	     i = sip_find(m, SIP_H_PROXY_REQUIRE, (unsigned int)i + 1))
		if (!collect_tokens(p, sip_row_value(m, (unsigned int)i), &len))
			return SIP_R_BAD_PROXY_REQUIRE;
	if (!len)
		return SIP_OK;
	end = plan_copy(p, "\r\n", 2);
	if (!row || !end || end + 2 - row > UINT16_MAX)
		return SIP_R_TOO_LARGE;
	*extra = (const char *)row;
	*extra_len = (uint16_t)(end + 2 - row);
	return SIP_R_PROXY_REQUIRE;
}
