/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The scenario of messages from files: each is sent as it is, over and over, and recognised when it
 * comes out of the proxy by its Call-ID, CSeq and method or status. Nothing is answered. Private to
 * bench/load/peer.
 *
 * Each message is on its way once at a time; what comes is checked completely (check.h), so this is
 * for correctness with messages of one's own, and for rates below those of the other scenarios.
 * Only the peer of core 0 sends.
 */
#pragma once

#include "bench/load/peer/peer.h"

struct file_messages;
struct file_state;

/** Reads plan->files: pcap captures, or one message each. NULL with a text in @error. */
struct file_messages *file_messages_read(const struct load_plan *plan, char *error);
void file_messages_free(struct file_messages *m);

/**
 * Calls @take for the payload of each unfragmented UDP datagram of the pcap capture at @p. Returns
 * NULL, or what is wrong with it. *@is_pcap: whether it is a capture at all.
 */
const char *pcap_read(const uint8_t *p, size_t n, bool *is_pcap,
		      bool (*take)(void *arg, const uint8_t *payload, size_t len), void *arg);

/** As the functions of peer.h of the same names. */
struct file_state *file_state_new(struct peer *p);
void file_state_free(struct file_state *s);
unsigned int file_start(struct peer *p, uint64_t due, struct peer_out *out);
unsigned int file_receive(struct peer *p, const struct peer_in *in, uint64_t now,
			  struct peer_out *out);
unsigned int file_timers(struct peer *p, uint64_t now);
void file_finish(struct peer *p, uint64_t now);
uint32_t file_in_progress(const struct file_state *s);
