/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Parses bytes in every way there is (each scanner that the CPU has, with and without readable
 * padding, at both edges of its memory) and compares all that came out. For unit tests and fuzzing
 * alike, hence without Criterion.
 */
#pragma once

#include "dataplane/sip/msg.h"
#include "tests/unit/guard.h"

#include <stdbool.h>

#define DIFFERS(field) (memcmp(&a->field, &b->field, sizeof(a->field)) != 0)
#define RETURN_IF_DIFFERENT(field)     \
	do {                           \
		if (DIFFERS(field))    \
			return #field; \
	} while (0)

static inline const char *same_host(const struct sip_host *a, const struct sip_host *b)
{
	RETURN_IF_DIFFERENT(text);
	RETURN_IF_DIFFERENT(kind);
	if (a->kind == HOST_IP)
		RETURN_IF_DIFFERENT(ip);
	return NULL;
}

static inline const char *same_uri(const struct sip_uri *a, const struct sip_uri *b)
{
	RETURN_IF_DIFFERENT(scheme);
	RETURN_IF_DIFFERENT(whole);
	RETURN_IF_DIFFERENT(user);
	RETURN_IF_DIFFERENT(port);
	RETURN_IF_DIFFERENT(params);
	RETURN_IF_DIFFERENT(headers);
	RETURN_IF_DIFFERENT(transport);
	RETURN_IF_DIFFERENT(method);
	RETURN_IF_DIFFERENT(token);
	RETURN_IF_DIFFERENT(lr);
	if (same_host(&a->host, &b->host))
		return "uri.host";
	return same_host(&a->maddr, &b->maddr);
}

static inline const char *same_via(const struct sip_via *a, const struct sip_via *b)
{
	RETURN_IF_DIFFERENT(value);
	RETURN_IF_DIFFERENT(version);
	RETURN_IF_DIFFERENT(transport_text);
	RETURN_IF_DIFFERENT(transport);
	RETURN_IF_DIFFERENT(sent_by);
	RETURN_IF_DIFFERENT(port);
	RETURN_IF_DIFFERENT(params);
	RETURN_IF_DIFFERENT(branch);
	RETURN_IF_DIFFERENT(received);
	RETURN_IF_DIFFERENT(received_param);
	RETURN_IF_DIFFERENT(rport);
	RETURN_IF_DIFFERENT(rport_value);
	RETURN_IF_DIFFERENT(listener);
	RETURN_IF_DIFFERENT(ttl);
	RETURN_IF_DIFFERENT(has_branch);
	RETURN_IF_DIFFERENT(has_rport);
	RETURN_IF_DIFFERENT(cookie);
	if (same_host(&a->host, &b->host))
		return "via.host";
	if (same_host(&a->received_host, &b->received_host))
		return "via.received_host";
	return same_host(&a->maddr, &b->maddr);
}

static inline const char *same_number(const struct sip_number *a, const struct sip_number *b)
{
	RETURN_IF_DIFFERENT(value);
	RETURN_IF_DIFFERENT(text);
	RETURN_IF_DIFFERENT(has);
	return NULL;
}

/** The name of the first part in which two parsed messages differ, NULL if they are equal. */
static inline const char *same_msg(const struct sip_msg *a, const struct sip_msg *b)
{
	const char *part;

	RETURN_IF_DIFFERENT(len);
	RETURN_IF_DIFFERENT(datagram_len);
	RETURN_IF_DIFFERENT(head_len);
	RETURN_IF_DIFFERENT(request);
	RETURN_IF_DIFFERENT(sips);
	RETURN_IF_DIFFERENT(method);
	RETURN_IF_DIFFERENT(status);
	RETURN_IF_DIFFERENT(reason);
	RETURN_IF_DIFFERENT(n_rows);
	RETURN_IF_DIFFERENT(first);
	RETURN_IF_DIFFERENT(method_text);
	RETURN_IF_DIFFERENT(uri_text);
	RETURN_IF_DIFFERENT(version);
	RETURN_IF_DIFFERENT(via_value);
	RETURN_IF_DIFFERENT(via_rest);
	RETURN_IF_DIFFERENT(via_ok);
	RETURN_IF_DIFFERENT(from);
	RETURN_IF_DIFFERENT(to);
	RETURN_IF_DIFFERENT(call_id);
	RETURN_IF_DIFFERENT(cseq);
	RETURN_IF_DIFFERENT(from_uri);
	RETURN_IF_DIFFERENT(to_uri);
	RETURN_IF_DIFFERENT(from_tag);
	RETURN_IF_DIFFERENT(to_tag);
	RETURN_IF_DIFFERENT(cseq_method);
	RETURN_IF_DIFFERENT(cseq_number);
	RETURN_IF_DIFFERENT(cseq_digits);
	if (memcmp(a->row, b->row, (a->n_rows + 1u) * sizeof(a->row[0])) != 0)
		return "row";
	part = same_uri(&a->uri, &b->uri);
	if (!part)
		part = same_via(&a->via, &b->via);
	if (!part)
		part = same_number(&a->max_forwards, &b->max_forwards);
	if (!part)
		part = same_number(&a->content_length, &b->content_length);
	return part ? part : same_number(&a->max_breadth, &b->max_breadth);
}

static inline bool inside(const struct sip_msg *m, struct span s)
{
	return span_end(s) <= m->datagram_len;
}

/** The first promise of msg.h that @m does not keep, NULL if it keeps all. */
static inline const char *broken_msg(const struct sip_msg *m)
{
	struct span spans[] = { m->method_text, m->uri_text,    m->version,     m->via_value,
				m->via_rest,    m->via.value,   m->via.params,  m->via.branch,
				m->via.sent_by, m->from,        m->to,          m->call_id,
				m->cseq,        m->cseq_method, m->cseq_digits, m->from_tag,
				m->to_tag,      m->from_uri,    m->to_uri,      m->uri.host.text };

	if (m->len > m->datagram_len || m->head_len > m->len)
		return "lengths";
	if (m->n_rows > SIP_MAX_ROWS)
		return "n_rows";
	for (unsigned int i = 0; i < sizeof(spans) / sizeof(spans[0]); i++)
		if (!inside(m, spans[i]))
			return "a span outside the datagram";
	for (unsigned int i = 0; i < m->n_rows; i++) {
		struct span row = sip_row_span(m, i), name = sip_row_name(m, i);
		struct span value = sip_row_value(m, i);

		if (m->row[i + 1].off <= m->row[i].off || m->p[span_end(row) - 1] != '\n')
			return "rows that do not tile";
		if (name.off < row.off || span_end(name) > span_end(row) || value.off < row.off ||
		    span_end(value) > span_end(row))
			return "a name or value outside its row";
	}
	if (m->reason == SIP_OK && m->head_len != m->row[m->n_rows].off + 2u)
		return "a last row that does not end at the blank line";
	return NULL;
}

/* Memory for parse_everywhere(); one for each program. */
struct everywhere {
	struct guard exact, padded;
	struct sip_msg other;
	const char *difference; /* what was not the same, or not kept */
};

static inline struct everywhere *everywhere_get(void)
{
	static struct everywhere e;

	if (!e.exact.room) {
		e.exact = guard_open(SIP_MAX_LEN);
		e.padded = guard_open(SIP_MAX_LEN + SIP_PAD);
	}
	return &e;
}

/* Parses the bytes at @p like the caller did and compares. */
static inline void everywhere_compare(struct everywhere *e, const struct sip_msg *m,
				      const uint8_t *p, size_t n, enum sip_parse_flags flags)
{
	const char *difference;

	sip_parse(p, n, flags, &e->other);
	difference = same_msg(m, &e->other);
	if (difference)
		e->difference = difference;
}

/**
 * Parses the @n bytes into @m, which points to a copy that lives until the next call. Returns NULL,
 * or what was not the same in all ways of parsing or is not as msg.h promises.
 */
static inline const char *parse_everywhere(const void *bytes, size_t n, struct sip_msg *m)
{
	static const char *const scanners[] = { "sse4.2", "avx2", "avx512" };
	static const char *const paddings[] = { "\0", "\xff", "\r\n", "A: b\r\n" };
	struct everywhere *e = everywhere_get();
	const uint8_t *p = guard_at_end(&e->exact, bytes, n);

	sip_scan_select("sse4.2");
	sip_parse(p, n, SIP_EXACT, m);
	e->difference = broken_msg(m);
	for (unsigned int i = 0; i < 3; i++) {
		uint8_t *padded = guard_at_end(&e->padded, NULL, 0) - SIP_PAD - n;

		if (!sip_scan_select(scanners[i]))
			continue;
		everywhere_compare(e, m, p, n, SIP_EXACT);
		memcpy(padded, p, n);
		for (unsigned int k = 0; k < 4; k++) {
			size_t len = k == 3 ? 6 : k == 2 ? 2 : 1;

			for (unsigned int at = 0; at < SIP_PAD; at++)
				padded[n + at] = (uint8_t)paddings[k][at % len];
			everywhere_compare(e, m, padded, n, SIP_PADDED);
		}
		everywhere_compare(e, m, guard_at_start(&e->padded, p, n), n, SIP_EXACT);
	}
	sip_scan_select("auto");
	return e->difference;
}
