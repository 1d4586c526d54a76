/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One thread renews an example as fast as it can, another reads it: what is read was put as a
 * whole.
 */
#include "dataplane/example.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

#define PUTS 300000u /* and more, until that many were read */
#define READS 100u

static struct examples examples;
static atomic_uint n_read;
static atomic_bool done;
static uint32_t n_put; /* writer, until it is done */

static void *writer(void *arg)
{
	uint32_t n = 0;

	(void)arg;
	while (n < PUTS || atomic_load_explicit(&n_read, memory_order_relaxed) < READS) {
		struct example x = { .len = EXAMPLE_BYTES };

		x.tsc = ++n;
		x.src.port = (uint16_t)n;
		memset(x.bytes, (int)(n % 251), sizeof(x.bytes));
		example_put(&examples, 3, &x, 0);
	}
	n_put = n;
	atomic_store(&done, true);
	return NULL;
}

static unsigned int check(const struct example *x)
{
	unsigned int wrong = x->src.port != (uint16_t)x->tsc || x->len != EXAMPLE_BYTES;

	for (unsigned int i = 0; i < EXAMPLE_BYTES; i++)
		wrong |= x->bytes[i] != x->tsc % 251;
	return wrong;
}

int main(void)
{
	unsigned int faults = 0;
	uint64_t last = 0;
	struct example x;
	pthread_t t;

	pthread_create(&t, NULL, writer, NULL);
	while (!atomic_load(&done)) {
		if (!example_get(&examples, 3, &x))
			continue;
		faults += check(&x) || x.tsc < last;
		last = x.tsc;
		atomic_fetch_add_explicit(&n_read, 1, memory_order_relaxed);
	}
	pthread_join(t, NULL);
	faults += !example_get(&examples, 3, &x) || x.tsc != n_put || check(&x);
	printf("%u read, %u faults\n", atomic_load(&n_read), faults);
	return faults ? 1 : 0;
}
