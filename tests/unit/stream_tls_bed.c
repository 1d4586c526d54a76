/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/unit/stream_tls_bed.h"

#include <criterion/criterion.h>
#include <stdio.h>

struct tls_lab_cert tls_bed_server;

static struct tls_lab_cert root;
static struct config config;
static struct tls *tls;

void tls_bed_open(const char *more)
{
	const struct tls_lab_wish ca = { .cn = "root", .ca = true };
	const struct tls_lab_wish wish = { .cn = "both",
					   .san = "URI:sip:example.com,IP:127.0.0.1" };
	const struct tls_lab_cert *anchor[] = { &root, NULL };
	struct config_errors errs = { 0 };
	char text[512];

	tls_lab_folder();
	root = tls_lab_cert_new(&ca, NULL);
	tls_lab_write_certs("ca.pem", anchor);
	tls_bed_server = tls_lab_cert_new(&wish, &root);
	tls_lab_write_pair("server", &tls_bed_server);
	bed.listener[0].addr = bed_free_port();
	snprintf(text, sizeof(text),
		 "tls: {ca: @/ca.pem}\n"
		 "listeners:\n"
		 "- {name: a, address: \"127.0.0.1:%u\", transports: [tls], %s "
		 "certificate: @/server.pem, key: @/server.key}\n",
		 bed.listener[0].addr.port, more);
	tls_lab_config(text, &config);
	tls = tls_new(&config, &errs);
	config_errors_free(&errs);
	cr_assert_not_null(tls);
	bed_open_with(tls, SIP_TLS);
}

void tls_bed_close(void)
{
	bed_close();
	tls_free(tls);
	config_free(&config);
	tls_lab_cert_free(&root);
	tls_lab_cert_free(&tls_bed_server);
	tls_lab_clean();
}
