/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/proxy/request_uri.h"

const uint8_t *request_uri_bare(struct plan *p, const struct sip_uri *uri, uint32_t *len)
{
	const uint8_t *m = p->m->p;
	uint32_t end = uri->headers.len ? uri->headers.off : span_end(uri->whole);
	uint32_t cut = uri->method.len ? uri->method.off : end;
	uint32_t cut_end = uri->method.len ? span_end(uri->method) : end;
	uint32_t head = cut - uri->whole.off, tail = end - cut_end;
	uint8_t *t = plan_text(p, head + tail);

	if (!t)
		return NULL;
	memcpy(t, m + uri->whole.off, head);
	memcpy(t + head, m + cut_end, tail);
	*len = head + tail;
	return t;
}

/* Start of the parameter whose value is @value: its ';'. */
static uint32_t param_start(const uint8_t *p, struct span value)
{
	uint32_t i = value.off;

	while (p[i] != ';')
		i--;
	return i;
}

const uint8_t *request_uri_without_maddr(struct plan *p, const struct sip_uri *u,
					 struct sip_uri *changed, uint32_t *len)
{
	const uint8_t *m = p->m->p;
	uint32_t host_end = span_end(u->host.text);
	uint32_t port_end = u->params.len ? u->params.off : host_end;
	uint32_t cut = param_start(m, u->maddr.text);
	uint32_t cut_end = span_end(u->maddr.text), end = span_end(u->whole);
	uint32_t keep_port = u->port && u->port != 5060 ? host_end : port_end;
	uint8_t *t = plan_text(p, u->whole.len);
	uint8_t *at = t;

	if (!t)
		return NULL;
	memcpy(at, m + u->whole.off, keep_port - u->whole.off);
	at += keep_port - u->whole.off;
	memcpy(at, m + port_end, cut - port_end);
	at += cut - port_end;
	memcpy(at, m + cut_end, end - cut_end);
	at += end - cut_end;
	*len = (uint32_t)(at - t);
	*changed = *u;
	changed->maddr.kind = HOST_NONE;
	if (keep_port == host_end)
		changed->port = 0;
	return t;
}
