/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Which transactions and calls began in one epoch of the world: a Bloom filter in blocks (Putze,
 * Sanders, Singler, WEA 2007), each entry in one cache line.
 *
 *   line of 64 bytes, chosen by the hash
 *   +--------+--------+--------+--------+--------+--------+--------+--------+
 *   | 64 bit | 64 bit |  ...   one bit of each word for each entry          |
 *   +--------+--------+--------+--------+--------+--------+--------+--------+
 *
 * Workers and the control thread add and ask at once, without order: bits are only ever set, one
 * atomic OR each, and what is asked for was added a round trip of the network ago. The owner (the
 * control thread) gives the memory, and takes it back when no world refers to it any more.
 *
 * What was added is always found. What was not is found by mistake with a probability that depends
 * on the bytes for each entry alone:
 *
 *   entries in 4 MiB   262,144   524,288   1,048,576   2,097,152   4,194,304
 *   bytes each              16         8           4           2           1
 *   found by mistake      7e-9      3e-7       2e-5       9e-4        0.03
 *
 * Not taken: a plain Bloom filter, eight lines fetched for each answer, for half as many mistakes;
 * a table of transactions, which has to lose some when it is full.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct began;

#define BEGAN_LOG2 22     /* usual size: 4 MiB */
#define BEGAN_LOG2_MIN 12 /* what began_size() takes */
#define BEGAN_LOG2_MAX 32

/** Bytes of memory for a filter of 2^@log2 bytes. */
size_t began_size(unsigned int log2);

/** Makes an empty filter of 2^@log2 bytes of the began_size() bytes at @mem, which are aligned to
 * 64. Not for the packet path. */
struct began *began_init(void *mem, unsigned int log2);

/**
 * Adds to @b all that @more has, while others add and ask. Nothing happens without @b or @more, or
 * if their sizes differ. Not for the packet path.
 */
void began_merge(struct began *b, const struct began *more);

/** Adds what has the keyed hash @id. Any thread. */
void began_add(struct began *b, uint64_t id);

/** True if @id was added; with the probability above also if it was not. Any thread. */
bool began_has(const struct began *b, uint64_t id);
