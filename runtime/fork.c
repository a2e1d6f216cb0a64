// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Models in forked children. Of the parent's threads only the one that forked exists there, so a lock that another held
// would stay locked, and what it was changing is half changed. The first run in a child therefore begins with new locks
// and nothing remembered; the parent's idle execs are left where they are.
#include "runtime/exec.h"

#include "runtime/threads/wait.h"

#include <unistd.h>

static void take_over(adze_model *model) {
  pthread_mutex_init(&model->lock, NULL);
  model->idle = NULL;
  adze_plan_cache_reset(&model->plan_cache);
}

void adze_model_enter(adze_model *model) {
  pid_t self = getpid();
  pid_t found = __atomic_load_n(&model->process, __ATOMIC_ACQUIRE);
  while (found != self) {
    if (found != -self && // -self: a thread is at it
        __atomic_compare_exchange_n(&model->process, &found, -self, false, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED)) {
      take_over(model);
      __atomic_store_n(&model->process, self, __ATOMIC_RELEASE);
      return;
    }
    adze_cpu_relax();
    found = __atomic_load_n(&model->process, __ATOMIC_ACQUIRE);
  }
}
