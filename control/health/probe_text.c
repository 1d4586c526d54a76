/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/health/probe_text.h"

#include <inttypes.h>
#include <stdio.h>

#define COOKIE "z9hG4bK"
#define BRANCH_MARK COOKIE "vp" /* and 8 digits of the target, 16 random ones */
#define BRANCH_DIGITS 24
#define HOST_MAX (IP_TEXT_MAX + 2)

/* Address as it stands in URIs and Via. */
static const char *host(char out[HOST_MAX], const struct ip *ip)
{
	out[ip_format_host(ip, out)] = '\0';
	return out;
}

static void write_branch(char *out, size_t n, const struct probe_id *id)
{
	snprintf(out, n, BRANCH_MARK "%08" PRIx32 "%016" PRIx64, id->target, id->branch);
}

static void write_call_id(char *out, size_t n, const struct probe_id *id, const struct endpoint *at)
{
	char ip[HOST_MAX];

	snprintf(out, n, "%016" PRIx64 "@%s", id->call, host(ip, &at->ip));
}

size_t probe_text_write(const struct probe_text *t, char *out)
{
	static const char *const names[] = {
		[SIP_UDP] = "UDP", [SIP_TCP] = "TCP", [SIP_TLS] = "TLS"
	};
	static const char *const params[] = {
		[SIP_UDP] = "", [SIP_TCP] = ";transport=tcp", [SIP_TLS] = ";transport=tls"
	};
	char local[HOST_MAX], remote[HOST_MAX], branch[64], call[96], from[80], uri[96];
	int n;

	host(local, &t->local.ip);
	host(remote, &t->remote.ip);
	write_branch(branch, sizeof(branch), &t->id);
	write_call_id(call, sizeof(call), &t->id, &t->local);
	snprintf(from, sizeof(from), "sip:viaduct@%s", local);
	snprintf(uri, sizeof(uri), "sip:%s:%u%s", remote, t->remote.port, params[t->transport]);
	n = snprintf(out, PROBE_TEXT_MAX,
		     "OPTIONS %s SIP/2.0\r\n"
		     "Via: SIP/2.0/%s %s:%u;rport;branch=%s\r\n"
		     "Max-Forwards: 70\r\n"
		     "From: <%s>;tag=%016" PRIx64 "\r\n"
		     "To: <%s>\r\n"
		     "Call-ID: %s\r\n"
		     "CSeq: %" PRIu32 " OPTIONS\r\n"
		     "Accept: application/sdp\r\n"
		     "User-Agent: viaduct\r\n"
		     "Content-Length: 0\r\n\r\n",
		     t->request_uri ? t->request_uri : uri, names[t->transport], local,
		     t->local.port, branch, t->from ? t->from : from, t->id.branch ^ t->id.call,
		     t->request_uri ? t->request_uri : uri, call, t->id.cseq);
	return n > 0 && n < PROBE_TEXT_MAX ? (size_t)n : 0;
}

static int digit(uint8_t c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool probe_text_target(const struct sip_msg *m, uint32_t *target)
{
	const size_t mark = sizeof(BRANCH_MARK) - 1;
	const uint8_t *p;
	uint32_t v = 0;

	if (m->request || !m->via_ok || m->via.branch.len != mark + BRANCH_DIGITS)
		return false;
	p = span_ptr(m->p, m->via.branch);
	if (memcmp(p, BRANCH_MARK, mark) != 0)
		return false;
	for (size_t i = mark; i < mark + 8; i++) {
		if (digit(p[i]) < 0)
			return false;
		v = v << 4 | (uint32_t)digit(p[i]);
	}
	*target = v;
	return true;
}

const char *probe_text_fault(const struct probe_id *id, const struct endpoint *local,
			     const struct sip_msg *m)
{
	char branch[64], call[96];

	write_branch(branch, sizeof(branch), id);
	write_call_id(call, sizeof(call), id, local);
	if (m->request || !m->via_ok || !span_is(m->p, m->via.branch, branch))
		return "wrong branch";
	if (m->reason != SIP_OK)
		return sip_reason_info((enum sip_reason)m->reason)->name;
	if (m->via_rest.len || m->repeated >> SIP_H_VIA & 1)
		return "more than one Via";
	if (!span_is(m->p, m->call_id, call))
		return "wrong Call-ID";
	if (m->cseq_number != id->cseq || !span_is(m->p, m->cseq_method, "OPTIONS"))
		return "wrong CSeq";
	return "";
}
