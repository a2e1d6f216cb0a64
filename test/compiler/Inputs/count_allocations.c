// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Counts what the runs of an artifact whose sizes are all known take of memory: every call of the allocator or of mmap
// by the artifact, which finds this program's functions first, and of the callback for outputs. Prints the calls of the
// first run and of those after it. usage: count_allocations MODEL.so THREADS RUNS [planted]
// "planted": the runs after the first get no memory for the first output, so they must ask for it.
#define _GNU_SOURCE
#include "runtime/abi.h"
#include <dlfcn.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { kMaxTensors = 64 };

static atomic_long calls;

void *__libc_malloc(size_t bytes);
void *__libc_calloc(size_t count, size_t bytes);
void *__libc_realloc(void *data, size_t bytes);
void *__libc_memalign(size_t alignment, size_t bytes);

void *malloc(size_t bytes) {
  atomic_fetch_add(&calls, 1);
  return __libc_malloc(bytes);
}
void *calloc(size_t count, size_t bytes) {
  atomic_fetch_add(&calls, 1);
  return __libc_calloc(count, bytes);
}
void *realloc(void *data, size_t bytes) {
  atomic_fetch_add(&calls, 1);
  return __libc_realloc(data, bytes);
}
void *aligned_alloc(size_t alignment, size_t bytes) {
  atomic_fetch_add(&calls, 1);
  return __libc_memalign(alignment, bytes);
}
int posix_memalign(void **data, size_t alignment, size_t bytes) {
  *data = aligned_alloc(alignment, bytes);
  return *data ? 0 : 12;
}
void *mmap(void *at, size_t bytes, int protection, int flags, int fd, off_t offset) {
  atomic_fetch_add(&calls, 1);
  return (void *)syscall(SYS_mmap, at, bytes, protection, flags, fd, offset);
}

struct output {
  void *data;
  int64_t shape[ADZE_MAX_RANK];
};

static void *take_output(void *user, int32_t index, adze_dtype dtype, int32_t rank, const int64_t *shape) {
  struct output *out = (struct output *)user + index;
  int64_t count = 1;
  for (int32_t d = 0; d < rank; ++d)
    count *= out->shape[d] = shape[d];
  (void)dtype;
  return out->data = aligned_alloc(64, ((size_t)count * 8 + 127) / 64 * 64); // no element is larger
}

static int fail(const char *what, const char *why) {
  fprintf(stderr, "%s: %s\n", what, why);
  return 1;
}

int main(int argc, char **argv) {
  if (argc < 4)
    return fail("usage", "count_allocations MODEL.so THREADS RUNS [planted]");
  void *library = dlopen(argv[1], RTLD_NOW | RTLD_LOCAL);
  if (!library)
    return fail("dlopen", dlerror());
  adze_info_fn info_of = (adze_info_fn)dlsym(library, "adze_info");
  adze_create_fn create = (adze_create_fn)dlsym(library, "adze_create");
  adze_run_fn run = (adze_run_fn)dlsym(library, "adze_run");
  const adze_model_info *info = info_of();
  adze_options options = {.struct_bytes = sizeof options, .abi_version = ADZE_ABI_VERSION, .threads = atoi(argv[2])};
  adze_error error;
  adze_model *model = NULL;
  if (info->num_inputs > kMaxTensors || info->num_outputs > kMaxTensors)
    return fail(argv[1], "has too many inputs or outputs");
  if (create(&options, &model, &error) != ADZE_OK)
    return fail("create", error.message);

  adze_tensor inputs[kMaxTensors], outputs[kMaxTensors] = {{0}};
  static struct output results[kMaxTensors];
  for (int32_t i = 0; i < info->num_inputs; ++i) {
    int64_t count = 1;
    for (int32_t d = 0; d < info->inputs[i].rank; ++d) {
      if (info->inputs[i].dims[d] < 0)
        return fail(info->inputs[i].name, "has an unknown size");
      count *= info->inputs[i].dims[d];
    }
    inputs[i] = (adze_tensor){calloc((size_t)count + 1, 8),
                              info->inputs[i].dtype,
                              info->inputs[i].rank,
                              info->inputs[i].dims,
                              NULL,
                              ADZE_ON_HOST};
  }
  int planted = argc > 4 && strcmp(argv[4], "planted") == 0;
  long before = calls, first = 0;
  for (int i = 0; i <= atoi(argv[3]); ++i) {
    if (run(model, inputs, info->num_inputs, outputs, info->num_outputs, take_output, results, &error) != ADZE_OK)
      return fail("run", error.message);
    if (i > 0)
      continue;
    first = calls - before;
    for (int32_t o = planted; o < info->num_outputs; ++o)
      outputs[o] = (adze_tensor){results[o].data, info->outputs[o].dtype, info->outputs[o].rank, results[o].shape, NULL,
                                 ADZE_ON_HOST};
    before = calls;
  }
  long later = calls - before;
  printf("%ld %ld\n", first, later);
  return 0;
}
