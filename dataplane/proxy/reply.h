/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The proxy's own answers: which requests get one, what they carry, where they go. Private to
 * dataplane/proxy.
 */
#pragma once

#include "dataplane/proxy/plan.h"

/**
 * Ends the request with @reason: an answer if the reason has a status and the request may have one
 * (never an ACK or a CANCEL, 8.2.7; never without a usable top Via), else a drop. @extra: more
 * header lines, each ended by CRLF, or NULL.
 */
void reply_refuse(const struct world *w, const struct fib *fib, const struct proxy_in *in,
		  const struct sip_msg *m, enum sip_reason reason, const char *extra,
		  uint16_t extra_len, struct proxy_out *out);

/** Makes answer @status to @m, whatever its method; a drop if that cannot be addressed. */
void reply_answer(const struct world *w, const struct fib *fib, const struct proxy_in *in,
		  const struct sip_msg *m, uint16_t status, const char *phrase,
		  struct proxy_out *out);

/** Answers an OPTIONS to the proxy itself: 200 with what it can do (RFC 3261 11.2), or 503 while it
 * takes no work. */
void reply_options(const struct world *w, const struct fib *fib, const struct proxy_in *in,
		   const struct sip_msg *m, struct proxy_out *out);
