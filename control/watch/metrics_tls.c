/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Metrics of the certificates that listeners show.
 */
#include "control/app.h"
#include "control/stream/tls.h"
#include "control/watch/metrics.h"

static uint32_t n_certificates(const struct app *app)
{
	return tls_n_certificates(app->tls);
}

static void emit_expiry(struct metrics_out *o, const struct app *app, const struct metric *m,
			uint32_t i)
{
	const struct tls_certificate *c;

	(void)m;
	if (i >= tls_n_certificates(app->tls))
		return;
	c = tls_certificate_at(app->tls, i);
	metrics_sample(o, "");
	metrics_label(o, "listener", c->listener);
	metrics_label(o, "file", c->file);
	metrics_u64(o, c->expires > 0 ? (uint64_t)c->expires : 0);
}

const struct metric metrics_of_tls[] = {
	{ "viaduct_tls_certificate_expiry_timestamp_seconds", METRIC_GAUGE,
	  "when the certificate, or the first of its chain, expires, in seconds since 1970",
	  n_certificates, emit_expiry, 0 },
	{ 0 },
};
