/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Rows: which header each is, where rows_body.h does not know, and access to them. Stage 2 of
 * sip_parse().
 */
#include "dataplane/sip/names.h"
#include "dataplane/sip/parse.h"

/* Position of the colon of the row at @off that ends at @end; @end if it has none. */
static uint32_t look_for_colon(const uint8_t *p, uint32_t off, uint32_t end)
{
	uint32_t at = off;

	while (at < end && char_is(p[at], CH_TOKEN))
		at++;
	while (at < end && (p[at] == ' ' || p[at] == '\t'))
		at++;
	return at < end && p[at] == ':' && at > off ? at : end;
}

static uint32_t find_colon(const uint8_t *p, struct sip_row row, uint32_t end)
{
	return row.colon != 0 ? row.off + (uint32_t)row.colon : look_for_colon(p, row.off, end);
}

/* Which header the row at @off is. @colon gets where its colon is, @end if it is no header at all.
 */
static enum sip_header name_row_of(const uint8_t *p, uint32_t off, uint32_t end, uint32_t *colon)
{
	uint32_t n = 0;

	*colon = look_for_colon(p, off, end);
	if (*colon == end)
		return SIP_H_OTHER;
	while (char_is(p[off + n], CH_TOKEN))
		n++;
	return header_id(p, off, n);
}

void rows_name_odd(struct sip_msg *m, struct row_facts *facts)
{
	*facts = (struct row_facts){ 0 };
	memset(m->first, 0xff, sizeof(m->first));
	for (unsigned int i = m->n_rows; i-- > 0;) {
		struct sip_row *row = &m->row[i];
		uint32_t end = row[1].off, colon, n;
		enum sip_header id = name_row_of(m->p, row->off, end, &colon);

		facts->bad |= colon == end;
		n = colon - row->off;
		row->id = (uint8_t)id;
		row->colon = id != SIP_H_OTHER && n <= UINT8_MAX ? (uint8_t)n : 0;
		m->first[id] = (uint16_t)i;
		if (id == SIP_H_OTHER)
			continue;
		facts->repeated |= facts->seen & 1u << id;
		facts->seen |= 1u << id;
	}
}

struct span sip_row_value(const struct sip_msg *m, unsigned int i)
{
	uint32_t end = m->row[i + 1].off;
	uint32_t colon = find_colon(m->p, m->row[i], end);

	return lex_trim(m->p, colon < end ? colon + 1 : end, end);
}

struct span sip_row_name(const struct sip_msg *m, unsigned int i)
{
	uint32_t end = m->row[i + 1].off;
	uint32_t colon = find_colon(m->p, m->row[i], end);

	return colon < end ? lex_trim(m->p, m->row[i].off, colon)
			   : span_of(m->row[i].off, m->row[i].off);
}

int sip_find(const struct sip_msg *m, enum sip_header id, unsigned int from)
{
	if (from == 0 && id != SIP_H_OTHER)
		return m->first[id] == UINT16_MAX ? -1 : m->first[id];
	for (unsigned int i = from; i < m->n_rows; i++)
		if (m->row[i].id == id)
			return (int)i;
	return -1;
}

int sip_find_name(const struct sip_msg *m, const char *name, size_t n, unsigned int from)
{
	enum sip_header id;

	if (n == 0 || n > SIP_MAX_LEN)
		return -1;
	id = header_id((const uint8_t *)name, 0, (uint32_t)n);
	if (id != SIP_H_OTHER)
		return sip_find(m, id, from);
	for (unsigned int i = from; i < m->n_rows; i++) {
		struct span s = m->row[i].id == SIP_H_OTHER ? sip_row_name(m, i) : span_of(0, 0);
		size_t same = 0;

		while (s.len == n && same < n &&
		       char_lower(m->p[s.off + same]) == (uint8_t)name[same])
			same++;
		if (same == n)
			return (int)i;
	}
	return -1;
}
