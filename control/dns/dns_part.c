/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The dns part. Nothing is asked at the start, so no resolver can keep the proxy from starting.
 */
#include "control/dns/dns_part.h"

#include "control/app.h"
#include "control/dns/dns.h"
#include "control/log.h"

#include <errno.h>

int dns_start(struct app *app)
{
	app->dns = dns_new(app->base, &app->config);
	if (app->dns)
		return 0;
	log_error("no memory for names");
	return -ENOMEM;
}

void dns_stop(struct app *app)
{
	dns_free(app->dns);
	app->dns = NULL;
}

void dns_take_config(struct app *app)
{
	if (dns_use_config(app->dns, &app->config))
		log_error("no memory for the resolvers; those of before stay");
}
