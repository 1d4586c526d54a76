/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/proxy/proxy.h"

#include "dataplane/proxy/reply.h"
#include "dataplane/proxy/request.h"

#define UDP_MAX_V4 (65535 - 20 - 8) /* bytes of payload in the largest IPv4 datagram */
#define UDP_MAX_V6 (65535 - 8)

bool proxy_fits_udp(const struct ip *dst, int64_t len)
{
	return len <= (ip_is_v4(dst) ? UDP_MAX_V4 : UDP_MAX_V6);
}

void proxy_message(const struct world *w, const struct fib *fib, const struct proxy_in *in,
		   const struct sip_msg *m, struct proxy_out *out)
{
	proxy_open(out);
	if (m->request)
		proxy_request(w, fib, in, m, out);
	else
		proxy_response(w, fib, in, m, out);
}

void proxy_refuse(const struct world *w, const struct fib *fib, const struct proxy_in *in,
		  const struct sip_msg *m, enum sip_reason reason, struct proxy_out *out)
{
	proxy_open(out);
	reply_refuse(w, fib, in, m, reason, NULL, 0, out);
}

void proxy_answer(const struct world *w, const struct fib *fib, const struct proxy_in *in,
		  const struct sip_msg *m, uint16_t status, const char *phrase,
		  struct proxy_out *out)
{
	proxy_open(out);
	reply_answer(w, fib, in, m, status, phrase, out);
}
