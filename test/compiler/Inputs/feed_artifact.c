// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Runs artifacts on given inputs, each in memory of just its size: for valgrind. Prints "fits" or the run's message, a
// line each. usage: feed_artifact MODEL.so INPUTS ...
// INPUTS holds for each input its sizes as 64-bit integers, then its data.
#include "runtime/abi.h"
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>

enum { kMaxTensors = 8 };

static int64_t bytes_of(adze_dtype dtype) {
  switch (dtype) {
  case ADZE_F64:
  case ADZE_I64:
  case ADZE_U64:
    return 8;
  case ADZE_F32:
  case ADZE_I32:
  case ADZE_U32:
    return 4;
  case ADZE_F16:
  case ADZE_BF16:
  case ADZE_I16:
  case ADZE_U16:
    return 2;
  default:
    return 1;
  }
}

static int64_t count_of(int32_t rank, const int64_t *shape) {
  int64_t count = 1;
  for (int32_t d = 0; d < rank; ++d)
    count *= shape[d];
  return count;
}

static void *take_output(void *user, int32_t index, adze_dtype dtype, int32_t rank, const int64_t *shape) {
  void **memory = (void **)user + index;
  return *memory = malloc((size_t)(count_of(rank, shape) * bytes_of(dtype)));
}

static int fail(const char *what, const char *why) {
  fprintf(stderr, "%s: %s\n", what, why);
  return 1;
}

static int run_one(const char *artifact, const char *feeds) {
  void *library = dlopen(artifact, RTLD_NOW | RTLD_LOCAL);
  FILE *file = fopen(feeds, "rb");
  if (!library || !file)
    return fail(artifact, library ? "no inputs" : dlerror());
  adze_info_fn info_of = (adze_info_fn)dlsym(library, "adze_info");
  adze_create_fn create = (adze_create_fn)dlsym(library, "adze_create");
  adze_run_fn run = (adze_run_fn)dlsym(library, "adze_run");
  adze_destroy_fn destroy = (adze_destroy_fn)dlsym(library, "adze_destroy");
  const adze_model_info *info = info_of();
  adze_options options = {.struct_bytes = sizeof options, .abi_version = ADZE_ABI_VERSION, .threads = 1};
  adze_error error;
  adze_model *model = NULL;
  if (create(&options, &model, &error) != ADZE_OK)
    return fail("create", error.message);
  adze_tensor inputs[kMaxTensors], outputs[kMaxTensors];
  void *results[kMaxTensors] = {NULL};
  int64_t shapes[kMaxTensors][ADZE_MAX_RANK];
  for (int32_t i = 0; i < info->num_inputs; ++i) {
    const adze_tensor_info *in = &info->inputs[i];
    if (fread(shapes[i], sizeof(int64_t), (size_t)in->rank, file) != (size_t)in->rank)
      return fail(feeds, "too short");
    size_t bytes = (size_t)(count_of(in->rank, shapes[i]) * bytes_of(in->dtype));
    inputs[i] = (adze_tensor){malloc(bytes), in->dtype, in->rank, shapes[i], NULL, ADZE_ON_HOST};
    if (fread(inputs[i].data, 1, bytes, file) != bytes)
      return fail(feeds, "too short");
  }
  for (int32_t i = 0; i < info->num_outputs; ++i)
    outputs[i] = (adze_tensor){NULL, info->outputs[i].dtype, info->outputs[i].rank, NULL, NULL, ADZE_ON_HOST};
  adze_status status = run(model, inputs, info->num_inputs, outputs, info->num_outputs, take_output, results, &error);
  printf("%s\n", status == ADZE_OK ? "fits" : error.message);
  for (int32_t i = 0; i < kMaxTensors; ++i) {
    if (i < info->num_inputs)
      free(inputs[i].data);
    free(results[i]);
  }
  destroy(model);
  fclose(file);
  return 0;
}

int main(int argc, char **argv) {
  for (int i = 1; i + 1 < argc; i += 2)
    if (run_one(argv[i], argv[i + 1]) != 0)
      return 1;
  return 0;
}
