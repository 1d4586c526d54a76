/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Looking at a running data plane: examples of drops, devices, and the trace. All of it is
 * read from what the workers leave behind for anybody who looks; nothing here slows them. Control
 * thread only, as plane.h.
 */
#pragma once

#include "dataplane/example.h"
#include "dataplane/plane.h"
#include "dataplane/trace.h"

/* What a device lost before a worker or after it; since the start, as far as its driver counts. */
struct plane_device_counts {
	uint64_t rx_missed;    /* no room in the receive queue: the workers are too slow */
	uint64_t rx_errors;    /* frames that came damaged */
	uint64_t rx_no_buffer; /* no packet buffer left */
	uint64_t tx_errors;    /* frames that could not be sent */
};

/* What a device has, and whether it is connected. */
struct plane_link {
	bool up;
	uint32_t speed; /* Mbit/s; 0 = not known */
	uint16_t rx_queues;
};

/** Asks the driver of interface @i; it answers at once, with what it knows. */
struct plane_link plane_link(const struct plane *p, uint16_t i);

/** Reads the counters of interface @i. False if the driver has none. */
bool plane_device(const struct plane *p, uint16_t i, struct plane_device_counts *out);

/**
 * Reads the newest example number @i (0 to EXAMPLES - 1) of all threads; @age_ms: how long ago.
 * Where only the frame is known, src is read from it. False if there is none.
 */
bool plane_example(const struct plane *p, unsigned int i, struct example *out, uint64_t *age_ms);

/** Writes the name of example number @i as in `viactl counters` ("dropped_bad_via",
 * "drop_no_neighbor") to @out, at most @n bytes with the NUL. */
void plane_example_name(unsigned int i, char *out, size_t n);

/**
 * From the next turn of each worker on, traces what the TRACE_SLOTS filters at @slots want; NULL:
 * nothing. Copied. Returns the generation of the set, which its records carry; 0 without memory,
 * nothing changed.
 */
uint64_t plane_trace(struct plane *p, const struct trace_filter *slots);

/** Takes up to @max records and calls @fn for each: oldest first of each thread. The record is
 * followed by its bytes, valid until @fn returns. Returns how many. */
unsigned int plane_trace_take(struct plane *p, unsigned int max,
			      void (*fn)(const struct trace_record *r, void *arg), void *arg);

/** Messages that filter @slot wanted and nobody copied, since the start, all threads. */
uint64_t plane_trace_missed(const struct plane *p, unsigned int slot);

/** The control thread's own way into the trace, and the set in force (NULL = off). */
struct trace_tap *plane_trace_tap(struct plane *p);
const struct trace_set *plane_trace_set(const struct plane *p);

/** Nanoseconds since the TSC said @tsc. */
uint64_t plane_age_ns(uint64_t tsc);

/** Ends the trace and frees its memory, after the workers have stopped. For plane_close(). */
void plane_watch_close(struct plane *p);
