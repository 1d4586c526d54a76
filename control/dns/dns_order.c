/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * -ln(u) / weight for a u of the key and the choice is an exponential variable of that rate; of
 * several, each is the smallest with the probability of its weight (Efraimidis and Spirakis, 2006;
 * "Weighted Random Sampling with a Reservoir").
 *
 * The key is a keyed hash already, so the mixing here need only be even, not secret: FNV-1a with
 * the finish of splitmix64.
 */
#include "control/dns/dns_order.h"

#include <math.h>

static uint64_t mix(uint64_t x)
{
	x += 0x9e3779b97f4a7c15;
	x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
	x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
	return x ^ (x >> 31);
}

double dns_score(uint64_t key, const void *p, size_t n, uint16_t weight)
{
	const uint8_t *b = p;
	uint64_t h = 0xcbf29ce484222325;
	double u;

	for (size_t i = 0; i < n; i++)
		h = (h ^ b[i]) * 0x100000001b3;
	h = mix(mix(key) ^ h);
	u = ((double)(h >> 11) + 0.5) * 0x1p-53; /* between 0 and 1, neither of them */
	return -log(u) / (weight ? weight : 1.0 / 256);
}
