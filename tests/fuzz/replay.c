/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Runs a fuzz target over stored inputs without libFuzzer: `fuzz_NAME PATH...`, where a directory
 * stands for all the files below it. Linked with each target in ordinary builds, so that every
 * compiler and sanitizer sees the corpus on every test run. Each input lies in a heap block of
 * exactly its size: one byte read past it is caught by ASan. Exits 1 when a path cannot be read or
 * when there was no input at all: a replay of nothing proves nothing.
 */
#include <fts.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
__attribute__((weak)) int LLVMFuzzerInitialize(int *argc, char ***argv);

/* True when the file was read in full and went through the target. */
static int replay_file(const char *path, size_t size)
{
	FILE *f = fopen(path, "rb");
	uint8_t *data = malloc(size ? size : 1);
	int ok = f && data && fread(data, 1, size, f) == size;

	if (ok)
		LLVMFuzzerTestOneInput(data, size);
	else
		perror(path);
	free(data);
	if (f)
		fclose(f);
	return ok;
}

int main(int argc, char **argv)
{
	unsigned int n_inputs = 0, n_bad = 0;
	FTSENT *entry;
	FTS *tree;

	if (LLVMFuzzerInitialize)
		LLVMFuzzerInitialize(&argc, &argv);
	tree = fts_open(argv + 1, FTS_LOGICAL | FTS_NOCHDIR, NULL);
	if (argc < 2 || !tree) {
		fprintf(stderr, "usage: %s FILE|DIRECTORY...\n", argv[0]);
		return 2;
	}
	while ((entry = fts_read(tree))) {
		if (entry->fts_info == FTS_F) {
			n_inputs++;
			n_bad +=
				!replay_file(entry->fts_accpath, (size_t)entry->fts_statp->st_size);
		} else if (entry->fts_info != FTS_D && entry->fts_info != FTS_DP) {
			fprintf(stderr, "%s: not a readable file\n", entry->fts_path);
			n_bad++;
		}
	}
	fts_close(tree);
	printf("%u inputs replayed, %u could not be read\n", n_inputs, n_bad);
	return n_inputs == 0 || n_bad ? 1 : 0;
}
