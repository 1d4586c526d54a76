/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The bed of stream_lab.h with a TLS listener on 127.0.0.1, whose certificate is for example.com
 * and that address.
 */
#pragma once

#include "tests/unit/stream_lab.h"
#include "tests/unit/tls_lab.h"

extern struct tls_lab_cert
	tls_bed_server; /* the listener's certificate; its authority is trusted */

/** Opens streams. @more: further keys of the listener, each with a comma behind; @/ca.pem is the
 * authority. Before each test. */
void tls_bed_open(const char *more);

/** Closes all; nothing may be left. */
void tls_bed_close(void);
