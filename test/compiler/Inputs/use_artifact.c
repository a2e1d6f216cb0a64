// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A program that uses an artifact and links nothing of Adze: each input of floats is a ramp of the sizes given, the
// outputs are printed. usage: use_artifact MODEL.so SIZE...   (one size for each unknown dimension, in order)
#include "runtime/abi.h"
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>

enum { kMaxTensors = 8 };

struct output {
  float *data;
  int64_t count;
};

static void *take_output(void *user, int32_t index, adze_dtype dtype, int32_t rank, const int64_t *shape) {
  struct output *out = (struct output *)user + index;
  out->count = 1;
  for (int32_t i = 0; i < rank; ++i)
    out->count *= shape[i];
  size_t bytes = ((size_t)out->count * sizeof(float) + 127) / 64 * 64;
  return dtype == ADZE_F32 ? out->data = aligned_alloc(64, bytes) : NULL;
}

static int fail(const char *what, const char *why) {
  fprintf(stderr, "%s: %s\n", what, why);
  return 1;
}

int main(int argc, char **argv) {
  void *library = argc > 1 ? dlopen(argv[1], RTLD_NOW | RTLD_LOCAL) : NULL;
  if (!library)
    return fail("dlopen", argc > 1 ? dlerror() : "which artifact?");
  adze_info_fn info_of = (adze_info_fn)dlsym(library, "adze_info");
  adze_create_fn create = (adze_create_fn)dlsym(library, "adze_create");
  adze_run_fn run = (adze_run_fn)dlsym(library, "adze_run");
  adze_destroy_fn destroy = (adze_destroy_fn)dlsym(library, "adze_destroy");
  if (!info_of || !create || !run || !destroy)
    return fail(argv[1], "is no artifact");

  const adze_model_info *info = info_of();
  adze_options options = {.struct_bytes = sizeof options, .abi_version = ADZE_ABI_VERSION, .threads = 2};
  adze_error error;
  adze_model *model = NULL;
  if (create(&options, &model, &error) != ADZE_OK)
    return fail("create", error.message);

  adze_tensor inputs[kMaxTensors], outputs[kMaxTensors] = {{0}};
  struct output results[kMaxTensors] = {{0}};
  int64_t shapes[kMaxTensors][ADZE_MAX_RANK];
  int next_size = 2;
  for (int32_t i = 0; i < info->num_inputs; ++i) {
    const adze_tensor_info *in = &info->inputs[i];
    int64_t count = 1;
    for (int32_t d = 0; d < in->rank; ++d) {
      shapes[i][d] = in->dims[d] >= 0 ? in->dims[d] : next_size < argc ? atoll(argv[next_size++]) : 1;
      count *= shapes[i][d];
    }
    float *data = calloc((size_t)count + 1, sizeof(float));
    for (int64_t k = 0; k < count; ++k)
      data[k] = (float)(k - count / 2);
    inputs[i] = (adze_tensor){data, in->dtype, in->rank, shapes[i], NULL, ADZE_ON_HOST};
  }
  for (int32_t i = 0; i < info->num_outputs; ++i)
    outputs[i] = (adze_tensor){NULL, info->outputs[i].dtype, info->outputs[i].rank, NULL, NULL, ADZE_ON_HOST};

  if (run(model, inputs, info->num_inputs, outputs, info->num_outputs, take_output, results, &error) != ADZE_OK)
    return fail("run", error.message);
  for (int32_t i = 0; i < info->num_outputs; ++i) {
    printf("%s:", info->outputs[i].name);
    for (int64_t k = 0; k < results[i].count; ++k)
      printf(" %g", results[i].data[k]);
    printf("\n");
  }
  for (int32_t i = 0; i < kMaxTensors; ++i) {
    if (i < info->num_inputs)
      free(inputs[i].data);
    free(results[i].data);
  }
  destroy(model);
  dlclose(library);
  return 0;
}
