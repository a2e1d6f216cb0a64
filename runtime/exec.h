// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What a model and a run of it consist of; shared by the runtime's own files.
#ifndef ADZE_RUNTIME_EXEC_H
#define ADZE_RUNTIME_EXEC_H

#include "runtime/abi.h"
#include "runtime/memory.h"
#include "runtime/plan_cache.h"
#include "runtime/threads/pool.h"
#include "runtime/validate.h"

#include <pthread.h>
#include <sys/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/// An input of a run.
typedef struct adze_exec_input {
  const adze_tensor *given; ///< what the caller said
  const void *data;         ///< contiguous, in the host's memory; NULL: not found yet
  const int64_t *shape;
  adze_block staging; ///< holds a copy if the caller's data are not contiguous, or are on the device
  adze_block pinned;  ///< from which it is copied to the device
  bool in_pinned;     ///< where it is in this run
} adze_exec_input;

/// An output of a run.
typedef struct adze_exec_output {
  const adze_tensor *given; ///< what the caller said
  int64_t *shape;           ///< as the run found it
  void *data;               ///< where the program writes; NULL: not asked for yet
  const void *from;         ///< where it lies in the device's memory at the end; NULL: the host writes it
  adze_block pinned;        ///< to which it is copied from there
  void *final;              ///< where the result goes
  const int64_t *final_strides;
  adze_block staging; ///< used if `data` cannot be `final`
} adze_exec_output;

/// The arena of one plan and the placement last used in it.
typedef struct adze_exec_plan {
  adze_block arena;
  bool placed;
  int64_t *sizes, *offsets;
} adze_exec_plan;

/// The memory of one slot of adze_rt_alloc.
typedef struct adze_exec_slot {
  adze_block block;
  bool on_device;
} adze_exec_slot;

struct adze_exec {
  adze_model *model;
  adze_exec *next;  ///< in the list of idle ones
  adze_error error; ///< the first failure of the run
  adze_exec_input *inputs;
  adze_exec_output *outputs;
  adze_exec_plan *plans;
  adze_exec_slot *slots;
  int32_t num_slots;
  adze_block scratch;
  int64_t *values; ///< the memory of all shapes, sizes and offsets, and of symbol_sizes
  int64_t *symbol_sizes;
  struct adze_exec_device *device; ///< see device/state.h; NULL: not used so far
  int64_t next_question;           ///< when to ask the caller again whether to go on, in ns
  bool straight; ///< the program has read nothing of inputs and device so far, and done all its work on the device
  adze_output_alloc alloc;
  void *alloc_user;
};

struct adze_model {
  const adze_program *program;
  adze_memory memory;
  const adze_pool *pool;
  adze_thread_pool *own_pool; ///< NULL: the pool is the caller's
  void (*profile)(void *user, int32_t kernel, int64_t begin_ns, int64_t end_ns);
  void *profile_user;
  void (*log)(void *user, int32_t level, const char *message);
  void *log_user;
  int32_t (*cancelled)(void *user);
  void *cancelled_user;
  struct adze_model_device *device; ///< see device/state.h; NULL: all kernels are the host's
  bool no_graphs;                   ///< see adze_options
  adze_symbols symbols;
  adze_plan_cache plan_cache;
  pid_t process;        ///< whose locks and idle execs these are, see fork.c; atomic access only
  pthread_mutex_t lock; ///< of `idle`
  adze_exec *idle;
};

/// adze_create for any program; the exported one takes adze_program_description.
adze_status adze_create_program(const adze_program *program, const adze_options *options, adze_model **model,
                                adze_error *error);

/// Makes a model usable in this process, which may be a fork of the one that set it up. At the begin of each run.
void adze_model_enter(adze_model *model);

/// An exec of the model that no other run uses; NULL: no memory. It keeps the memory of its earlier runs.
adze_exec *adze_exec_acquire(adze_model *model);

/// Gives an exec back for later runs.
void adze_exec_release(adze_exec *exec);

/// Frees an exec and the memory it holds.
void adze_exec_destroy(adze_exec *exec);

/// Records a failure of the run unless there is one already; answers the status that is recorded.
adze_status adze_exec_fail(adze_exec *exec, adze_status status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/// Records a failure at a site of the program.
adze_status adze_exec_fail_at(adze_exec *exec, int64_t status, int64_t site);

/// The status of the run so far; now and then asks the caller first whether it shall go on.
adze_status adze_exec_check(adze_exec *exec);

/// Finds the data of an input in the host's memory. False: recorded.
bool adze_exec_find_input(adze_exec *exec, int32_t index);

/// Keeps the shape that the run found for an output, and counts its bytes. False: recorded.
bool adze_exec_shape_output(adze_exec *exec, int32_t index, const int64_t *shape, int64_t *bytes);

/// Finds the final memory of an output whose shape is known: the caller's, or what its callback gives. False: recorded.
bool adze_exec_find_output(adze_exec *exec, int32_t index, int64_t bytes);

/// Copies the results that were written aside to where the caller wants them in the host's memory.
void adze_exec_deliver(adze_exec *exec);

/// Frees the memory of all slots of adze_rt_alloc. That in a device's memory has been freed.
void adze_exec_free_slots(adze_exec *exec);

#ifdef __cplusplus
}
#endif
#endif // ADZE_RUNTIME_EXEC_H
