/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Aligned blocks. The pointer that mem_alloc() gave stands right before the block: aligned_alloc()
 * would go past the test hook, and snapshots come back from the data plane as a bare pointer.
 */
#include "control/config/block.h"

#include "control/config/alloc.h"

#include <stdint.h>

void *block_new(size_t n)
{
	uintptr_t at;
	void **raw;

	if (n > SIZE_MAX - 2 * BLOCK_ALIGN)
		return NULL;
	n = (n + BLOCK_ALIGN - 1) & ~(size_t)(BLOCK_ALIGN - 1);
	raw = mem_alloc(n + BLOCK_ALIGN);
	if (!raw)
		return NULL;
	/* At least 16 bytes ahead, since mem_alloc() aligns to 16 itself. */
	at = ((uintptr_t)raw + BLOCK_ALIGN) & ~(uintptr_t)(BLOCK_ALIGN - 1);
	((void **)at)[-1] = raw;
	return (void *)at;
}

void block_free(const void *block)
{
	if (block)
		mem_free(((void *const *)block)[-1]);
}
