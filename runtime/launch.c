// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The service of abi.h that runs a kernel: splits its items among the workers, with scratch memory and an error slot
// each.
#include "runtime/exec.h"

#include "runtime/device.h"
#include "runtime/fp_env.h"
#include "runtime/threads/wait.h"

/// A launch, shared by its workers.
typedef struct job {
  adze_kernel_fn fn;
  int64_t items;
  int32_t workers;
  void *const *buffers;
  const int64_t *scalars;
  char *scratch;
  int64_t scratch_bytes;
  atomic_flag lock; ///< of the three below
  int32_t failed_worker;
  int64_t status, site;
} job;

/// The first item of a worker's range; the ranges of all workers differ by one item at most.
static int64_t first_item(const job *j, int32_t worker) {
  int64_t each = j->items / j->workers, more = j->items % j->workers;
  return each * worker + (worker < more ? worker : more);
}

/// Keeps the failure of the first range that failed, so that the message does not depend on timing.
static void record(job *j, int32_t worker, const int64_t *error) {
  while (atomic_flag_test_and_set_explicit(&j->lock, memory_order_acquire))
    adze_cpu_relax();
  if (j->status == ADZE_OK || worker < j->failed_worker) {
    j->failed_worker = worker;
    j->status = error[0];
    j->site = error[1];
  }
  atomic_flag_clear_explicit(&j->lock, memory_order_release);
}

static void run_piece(void *arg, int32_t worker) {
  job *j = arg;
  int64_t error[2] = {ADZE_OK, -1};
  uint64_t environment = adze_fp_enter();
  j->fn(first_item(j, worker), first_item(j, worker + 1), j->buffers, j->scalars,
        j->scratch + worker * j->scratch_bytes, error);
  adze_fp_leave(environment);
  if (error[0] != ADZE_OK)
    record(j, worker, error);
}

/// How many workers a launch is worth.
static int32_t count_workers(const adze_pool *pool, int64_t items, int64_t grain) {
  int64_t pieces = grain > 1 ? items / grain : items;
  if (pieces < 1)
    return 1;
  return pieces < pool->threads ? (int32_t)pieces : pool->threads;
}

static bool find_scratch(adze_exec *exec, job *j, int64_t bytes) {
  int64_t total;
  j->scratch = adze_no_data();
  j->scratch_bytes = 0;
  if (bytes == 0)
    return true;
  if (bytes > 0 && adze_round_up(bytes, ADZE_ALIGNMENT, &j->scratch_bytes) &&
      !__builtin_mul_overflow(j->scratch_bytes, (int64_t)j->workers, &total) &&
      adze_block_reserve(&exec->model->memory, &exec->scratch, total)) {
    j->scratch = exec->scratch.data;
    return true;
  }
  adze_exec_fail(exec, bytes < 0 ? ADZE_SHAPE_MISMATCH : ADZE_OUT_OF_MEMORY,
                 "no scratch memory of %lld bytes for each of %d workers", (long long)bytes, (int)j->workers);
  return false;
}

int32_t adze_rt_launch(adze_exec *exec, int32_t kernel, int64_t items, int64_t grain, void *const *buffers,
                       const int64_t *scalars, int64_t scratch) {
  const adze_model *model = exec->model;
  adze_status so_far = adze_exec_check(exec);
  if (items <= 0 || so_far == ADZE_CANCELLED)
    return (int32_t)so_far;
  if (model->program->kernels[kernel].device)
    return model->program->device->driver->services->launch(exec, kernel, items, buffers, scalars, scratch);
  exec->straight = false;
  job j = {.fn = model->program->kernels[kernel].fn,
           .items = items,
           .workers = count_workers(model->pool, items, grain),
           .buffers = buffers,
           .scalars = scalars,
           .lock = ATOMIC_FLAG_INIT,
           .status = ADZE_OK};
  if (!find_scratch(exec, &j, scratch))
    return (int32_t)exec->error.status;
  int64_t begin = model->profile ? adze_now_ns() : 0;
  if (j.workers == 1)
    run_piece(&j, 0);
  else
    model->pool->parallel_for(model->pool->self, j.workers, run_piece, &j);
  if (model->profile)
    model->profile(model->profile_user, kernel, begin, adze_now_ns());
  if (j.status != ADZE_OK)
    adze_exec_fail_at(exec, j.status, j.site);
  return (int32_t)exec->error.status;
}
