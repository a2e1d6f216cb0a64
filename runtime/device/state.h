// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What a model and a run keep of their device; shared by the files of this folder.
#ifndef ADZE_RUNTIME_DEVICE_STATE_H
#define ADZE_RUNTIME_DEVICE_STATE_H

#include "runtime/device.h"
#include "runtime/exec.h"

#ifdef __cplusplus
extern "C" {
#endif

/// A model's device.
typedef struct adze_model_device {
  const adze_device_driver *driver;
  adze_device *device; ///< NULL: not open
  adze_device_facts facts;
  adze_device_function **functions; ///< by kernel index; NULL: the host's
  void *weights;                    ///< in the device's memory; NULL: there are none
  int32_t max_parameters;           ///< of a kernel
  pid_t process;                    ///< that opened the device; no other can use it
} adze_model_device;

/// An exec's share of it.
typedef struct adze_exec_device {
  adze_stream *stream;
  int64_t *failure;   ///< one word in the device's memory, see adze_device_kernel
  adze_block scratch; ///< in the device's memory
  adze_block staging; ///< of the host, for copies: begins with a place for the word above
  int64_t staged;     ///< how much of it copies under way use
  void **parameters;  ///< room for those of a launch
  bool busy;          ///< work has been put in the stream since the last wait
  bool unread;        ///< a kernel has, since `failure` was read
  const char *kernel; ///< that was put there last, NULL: none in this run
} adze_exec_device;

/// Records a failure that the driver told.
adze_status adze_device_failed(adze_exec *exec, const adze_error *error);

/// Waits for all that the run has given to the device. The exec's status.
adze_status adze_device_wait(adze_exec *exec);

/// Waits, and reads what kernels have recorded. The exec's status.
adze_status adze_device_check(adze_exec *exec);

/// Makes `block` at least `bytes` > 0 large in the device's memory, waiting first for work that may use what it was.
/// See adze_device_services.reserve.
bool adze_device_reserve(adze_exec *exec, adze_block *block, int64_t bytes, bool generous, const char *what);

/// Gives the memory of a block back; no work under way uses it.
void adze_device_free(adze_model *model, adze_block *block);

/// adze_device_services.forget. The exec may run again.
void adze_device_forget(adze_exec *exec);

/// adze_device_services.launch.
int32_t adze_device_launch(adze_exec *exec, int32_t kernel, int64_t items, void *const *buffers, const int64_t *scalars,
                           int64_t scratch);

/// adze_device_services.set_up and tear_down.
adze_status adze_device_set_up(adze_model *model, const adze_options *options, adze_error *error);
void adze_device_tear_down(adze_model *model);

/// Whether this process may use the model's device: a fork of the one that opened it may not.
bool adze_device_is_ours(const adze_model *model);

enum {
  ADZE_STAGING_BEGIN = ADZE_ALIGNMENT, ///< of what copies use
  ADZE_STAGING_MOST = 4 << 20          ///< larger copies take the caller's memory itself
};

/// Gives the exec staging memory of at least `bytes` behind ADZE_STAGING_BEGIN. No copy is under way. False: recorded.
bool adze_device_stage(adze_exec *exec, int64_t bytes);

#ifdef __cplusplus
}
#endif
#endif // ADZE_RUNTIME_DEVICE_STATE_H
