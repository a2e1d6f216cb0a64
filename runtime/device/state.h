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
  adze_device_info info;            ///< what callers are told
  pid_t process;                    ///< that opened the device; no other can use it
} adze_model_device;

/// An exec's graph of a run, and what tells whether the next run is like it.
typedef struct adze_exec_graph {
  adze_graph *graph;   ///< NULL: none
  int64_t *key, *last; ///< sizes and addresses of this run and of the one before; one piece of memory
  size_t key_values;
  bool straight;  ///< the run before could have been recorded
  bool recording; ///< this run is
  bool has_word;  ///< what kernels have recorded is read by the graph of this run
  bool given_up;  ///< a graph could not be made: none is tried any more
} adze_exec_graph;

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
  bool waited;        ///< this run has waited for it before its end
  int64_t launches;   ///< of this run, and copies in the device's memory
  const char *kernel; ///< that was put there last, NULL: none in this run
  adze_exec_graph graph;
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

/// adze_device_services.run and fetch.
int32_t adze_device_run_program(adze_exec *exec, int32_t (*program)(adze_exec *exec));
bool adze_device_fetch(adze_exec *exec, int32_t input);

/// Gives the exec its share of the device, if it has none. The device is entered.
adze_status adze_device_share(adze_exec *exec);

/// Puts the copy of the word in which kernels record failures to the host behind all work.
adze_status adze_device_read_word(adze_exec *exec);

/// Sets up `graph`. False: no memory.
bool adze_graph_init(adze_exec_graph *graph, const adze_model_info *info);
/// Drops the graph, if there is one; no launch of it is under way.
void adze_graph_drop(adze_exec *exec);
/// Whether the exec's graph is of a run like the one that begins. If not, it is dropped.
bool adze_graph_fits(adze_exec *exec);
/// Whether the run that begins shall be recorded: it is like the one before it, which was straight.
bool adze_graph_is_due(const adze_exec *exec);
/// Runs the program with all its work recorded, and launches the graph. False: that could not be done, and nothing of
/// the run has been. A run that was cancelled meanwhile is no such failure.
bool adze_graph_record(adze_exec *exec, int32_t (*program)(adze_exec *exec));
/// Does a run again by its graph. The exec's status.
adze_status adze_graph_replay(adze_exec *exec);

/// Copies the outputs to where the caller wants them, of the program's own deliveries and all that are wanted on the
/// device: `begin` puts the copies behind all work, `end` follows when that is done.
void adze_device_begin_deliveries(adze_exec *exec);
void adze_device_end_deliveries(adze_exec *exec);

/// One of the driver's three copies.
typedef adze_status (*adze_device_copy)(adze_device *device, adze_stream *stream, void *to, const void *from,
                                        int64_t bytes, adze_error *error);
/// Into how many contiguous pieces a tensor falls.
int64_t adze_device_count_pieces(int32_t rank, const int64_t *shape, const int64_t *strides);
/// Copies a tensor with elements piece by piece; strides of NULL are contiguous, and one of the two sides is. False:
/// recorded.
bool adze_device_copy_pieces(adze_exec *exec, adze_device_copy copy, void *to, const int64_t *to_strides,
                             const void *from, const int64_t *from_strides, const adze_tensor *tensor);

/// adze_device_services.forget. The exec may run again.
void adze_device_forget(adze_exec *exec);

/// adze_device_services.launch.
int32_t adze_device_launch(adze_exec *exec, int32_t kernel, int64_t items, void *const *buffers, const int64_t *scalars,
                           int64_t scratch);

/// adze_device_services.set_up and tear_down.
adze_status adze_device_set_up(adze_model *model, const adze_options *options, adze_error *error);
void adze_device_tear_down(adze_model *model);

/// The functions of abi.h for callers, see adze_device_services.
const adze_device_info *adze_device_tell(const adze_model *model);
adze_status adze_device_lend(adze_model *model, size_t bytes, void **data, adze_error *error);
void adze_device_take_back(adze_model *model, void *data);
adze_status adze_device_copy_for_caller(adze_model *model, void *to, adze_place to_place, const void *from,
                                        adze_place from_place, size_t bytes, adze_error *error);
adze_status adze_device_wait_for_caller(adze_model *model, void *stream, adze_error *error);

/// Whether this process may use the model's device: a fork of the one that opened it may not.
bool adze_device_is_ours(const adze_model *model);

enum {
  ADZE_PINNED_MOST = 64 << 20,         ///< larger inputs and outputs are copied without memory of the exec's between
  ADZE_STAGING_BEGIN = ADZE_ALIGNMENT, ///< of what copies use
  ADZE_STAGING_MOST = 4 << 20,         ///< larger copies take the caller's memory itself
  ADZE_RECORDED_MOST = 16 << 10        ///< a run of more launches is not recorded: a graph keeps them all, and a run
                                       ///< by it cannot be cancelled between them
};

/// Makes `block` at least `bytes` > 0 large in the host's memory that the device copies from and to. No copy under way
/// uses it. False: recorded.
bool adze_device_pin(adze_exec *exec, adze_block *block, int64_t bytes);
void adze_device_unpin(adze_model *model, adze_block *block);

/// Gives the exec staging memory of at least `bytes` behind ADZE_STAGING_BEGIN. No copy is under way. False: recorded.
bool adze_device_stage(adze_exec *exec, int64_t bytes);

#ifdef __cplusplus
}
#endif
#endif // ADZE_RUNTIME_DEVICE_STATE_H
