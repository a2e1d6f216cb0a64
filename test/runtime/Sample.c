// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A hand-written program as the compiler would make it, for the tests: sum = x + y, and picked[i] = sum[index[i]].
// Linked into the test itself and, with the runtime, into a shared library that the loader's tests pack.
#include "test/runtime/Sample.h"

#include <string.h>

static const int64_t kFree2[] = {-1, -1}, kFree1[] = {-1};
static const char *const kNames2[] = {"batch", "width"}, *const kNames1[] = {NULL};
static const adze_tensor_info kInputs[] = {
    {"x", ADZE_F32, 2, kFree2, kNames2}, {"y", ADZE_F32, 2, kFree2, kNames2}, {"index", ADZE_I64, 1, kFree1, kNames1}};
static const adze_tensor_info kOutputs[] = {{"sum", ADZE_F32, 2, kFree2, kNames2},
                                            {"picked", ADZE_F32, 1, kFree1, kNames1}};
static const char *const kKernelNames[] = {"add", "copy", "pick"};
static const char *const kKernelNodes[] = {"Add_0", "Identity_1;Identity_2", "Gather_3"};
static const char *const kSites[] = {"node 'Add_0' (Add): unused", "node 'Gather_3' (Gather): index out of range"};

/// x, y -> t, through scratch memory. scalars: width
static void add(int64_t begin, int64_t end, void *const *buffers, const int64_t *scalars, void *scratch,
                int64_t *error) {
  (void)error;
  float *row = scratch;
  for (int64_t i = begin; i < end; ++i) {
    const float *x = (const float *)buffers[0] + i * scalars[0], *y = (const float *)buffers[1] + i * scalars[0];
    for (int64_t j = 0; j < scalars[0]; ++j)
      row[j] = x[j] + y[j];
    memcpy((float *)buffers[2] + i * scalars[0], row, (size_t)scalars[0] * sizeof *row);
  }
}

/// t -> sum. scalars: width
static void copy(int64_t begin, int64_t end, void *const *buffers, const int64_t *scalars, void *scratch,
                 int64_t *error) {
  (void)scratch, (void)error;
  memcpy((float *)buffers[1] + begin * scalars[0], (const float *)buffers[0] + begin * scalars[0],
         (size_t)((end - begin) * scalars[0]) * sizeof(float));
}

/// sum, index -> picked. scalars: elements of sum
static void pick(int64_t begin, int64_t end, void *const *buffers, const int64_t *scalars, void *scratch,
                 int64_t *error) {
  (void)scratch;
  const float *sum = buffers[0];
  const int64_t *index = buffers[1];
  float *picked = buffers[2];
  for (int64_t i = begin; i < end; ++i) {
    if (index[i] < 0 || index[i] >= scalars[0]) {
      error[0] = ADZE_INDEX_OUT_OF_RANGE;
      error[1] = 1;
      picked[i] = 0;
    } else {
      picked[i] = sum[index[i]];
    }
  }
}

static int32_t run(adze_exec *exec) {
  int64_t rows = adze_rt_input_dim(exec, 0, 0), width = adze_rt_input_dim(exec, 0, 1);
  int64_t picks = adze_rt_input_dim(exec, 2, 0), elements = rows * width;
  int64_t bytes[] = {elements * (int64_t)sizeof(float), elements * (int64_t)sizeof(float)}, shape[] = {rows, width};
  void *buffers[2];
  int32_t failed = adze_rt_plan(exec, 0, bytes, buffers);
  if (failed)
    return failed;
  void *add_buffers[] = {(void *)adze_rt_input(exec, 0), (void *)adze_rt_input(exec, 1), buffers[0]};
  if ((failed = adze_rt_launch(exec, 0, rows, 1, add_buffers, &width, width * (int64_t)sizeof(float))))
    return failed;
  void *sum = adze_rt_output(exec, 0, shape);
  if (!sum)
    return ADZE_INTERNAL;
  void *copy_buffers[] = {buffers[0], sum};
  if ((failed = adze_rt_launch(exec, 1, rows, 1, copy_buffers, &width, 0)))
    return failed;
  void *picked = adze_rt_output(exec, 1, &picks);
  if (!picked)
    return ADZE_INTERNAL;
  void *pick_buffers[] = {sum, (void *)adze_rt_input(exec, 2), picked};
  return adze_rt_launch(exec, 2, picks, 8, pick_buffers, &elements, 0);
}

static const adze_kernel_entry kKernels[] = {{.fn = add}, {.fn = copy}, {.fn = pick}};
static const int32_t kFirst[] = {0, 1}, kLast[] = {1, 2};
static const adze_plan_entry kPlans[] = {{2, 0, kFirst, kLast}};

const adze_program adze_program_description = {.abi_version = ADZE_ABI_VERSION,
                                               .info = {.abi_version = ADZE_ABI_VERSION,
                                                        .num_inputs = 3,
                                                        .num_outputs = 2,
                                                        .num_kernels = 3,
                                                        .inputs = kInputs,
                                                        .outputs = kOutputs,
                                                        .kernel_names = kKernelNames,
                                                        .kernel_nodes = kKernelNodes,
                                                        .metadata = "{}"},
                                               .kernels = kKernels,
                                               .plans = kPlans,
                                               .num_plans = 1,
                                               .num_sites = 2,
                                               .sites = kSites,
                                               .main = run};
