/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Examples of what a worker drops (example.h). Only entered for packets that were not sent.
 */
#pragma once

#include "dataplane/batch.h"

struct worker;

/** Number of the example of packet @k, if it was dropped; -1 if it was not. */
int drop_number(const struct pkt *k);

/** Keeps the @len bytes of SIP at @p as the example, if @k was dropped and one is due. */
void drop_message(struct worker *w, const struct pkt *k, const uint8_t *p, uint32_t len);

/** The same with frame @m, which may be NULL. @has_src: k->src is known. */
void drop_frame(struct worker *w, const struct pkt *k, const struct rte_mbuf *m, bool has_src);
