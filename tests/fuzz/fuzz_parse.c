/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Any bytes through the parser: every scanner, with and without padding, has to give the same
 * result, keep the promises of msg.h and touch nothing beyond its bytes; then every Via, Route,
 * From and To is decoded on demand, and what comes out has to lie in the value and, for the top
 * values, to be what sip_parse() found.
 */
#include "dataplane/sip/nameaddr.h"
#include "tests/unit/same_msg.h"

#include <stdio.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool good, const char *what)
{
	if (good)
		return;
	fprintf(stderr, "fuzz_parse: %s\n", what);
	abort();
}

static bool within(struct span inner, struct span outer)
{
	return inner.len == 0 || (inner.off >= outer.off && span_end(inner) <= span_end(outer));
}

static void decode_vias(const struct sip_msg *m, unsigned int row)
{
	struct span value = sip_row_value(m, row), rest = value;
	struct sip_via v;
	bool top = row == m->first[SIP_H_VIA];

	while (via_parse(m->p, rest, &v, &rest)) {
		require(within(v.value, value) && within(v.branch, v.value) &&
				within(v.received_param, v.params) && within(v.rport, v.params) &&
				within(v.params, v.value) && within(v.sent_by, v.value) &&
				within(rest, value),
			"a part outside its Via");
		if (top && m->reason == SIP_OK)
			require(!same_via(&v, &m->via), "another top Via on demand");
		top = false;
		if (rest.len == 0)
			break;
	}
}

static void decode_routes(const struct sip_msg *m, unsigned int row)
{
	struct span value = sip_row_value(m, row), rest = value;
	struct sip_nameaddr na;
	struct sip_uri uri;

	while (route_parse(m->p, rest, &na, &rest)) {
		require(na.brackets && within(na.uri, na.value) && within(na.params, na.value) &&
				within(na.value, value) && within(rest, value),
			"a part outside its Route");
		if (uri_parse(m->p, na.uri, &uri))
			require(within(uri.host.text, na.uri) && within(uri.params, na.uri) &&
					within(uri.headers, na.uri) && within(uri.user, na.uri),
				"a part outside its URI");
		if (rest.len == 0)
			break;
	}
}

static void decode_address(const struct sip_msg *m, struct span value, struct span tag)
{
	struct sip_nameaddr na;

	if (nameaddr_parse(m->p, value, &na)) {
		require(within(na.uri, value) && within(na.tag, na.params), "a part outside");
		require(m->reason != SIP_OK || !m->request ||
				memcmp(&na.tag, &tag, sizeof(tag)) == 0,
			"another tag on demand");
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct sip_msg m;
	const char *difference;

	if (size > SIP_MAX_LEN)
		return 0;
	difference = parse_everywhere(data, size, &m);
	require(!difference, difference);
	for (unsigned int i = 0; i < m.n_rows; i++) {
		if (m.row[i].id == SIP_H_VIA)
			decode_vias(&m, i);
		else if (m.row[i].id == SIP_H_ROUTE || m.row[i].id == SIP_H_RECORD_ROUTE)
			decode_routes(&m, i);
	}
	decode_address(&m, m.from, m.from_tag);
	decode_address(&m, m.to, m.to_tag);
	return 0;
}
