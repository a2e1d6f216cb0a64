// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The runtime's interface to devices. A driver is a table of functions, defined by a folder of runtime/ and named by
// the programs that need it; what the runtime does with it is a table too, which drivers refer to, so that artifacts
// without a device carry neither.
#ifndef ADZE_RUNTIME_DEVICE_H
#define ADZE_RUNTIME_DEVICE_H

#include "runtime/abi.h"
#include "runtime/memory.h"

#include <stdbool.h>

#ifdef __cplusplus
extern "C" {
#endif

/// An open device with code loaded. It and the two below are what their driver makes of them.
typedef struct adze_device adze_device;
/// A queue of work: what is put there is done in order. Used by one thread at a time.
typedef struct adze_stream adze_stream;
/// Work recorded from a stream, to be done again.
typedef struct adze_graph adze_graph;
/// A kernel in the loaded code.
typedef struct adze_device_function adze_device_function;

/// Which device to open, and the code it is for.
typedef struct adze_device_request {
  const adze_device_image *images;
  int32_t num_images;
  const char *wanted;                                          ///< see adze_options.device
  void (*log)(void *user, int32_t level, const char *message); ///< see adze_options; NULL: silent
  void *log_user;
} adze_device_request;

/// What is known of an open device.
typedef struct adze_device_facts {
  char name[128];      ///< with its number, for people
  const char *machine; ///< that of the image whose code is loaded
  int64_t max_items;   ///< of a launch
  int32_t type;        ///< DLPack's number of the kind of device
  int32_t number;      ///< among those of its kind
} adze_device_facts;

enum {
  ADZE_DEVICE_ALIGNMENT = 256 ///< of all memory of a device
};

/// What a program's device part does for a model and its runs. Called by the runtime's other files if
/// adze_program.device is set.
typedef struct adze_device_services {
  /// Opens the device, finds the kernels, uploads the weights: sets model->device. After a failure too, `tear_down`.
  adze_status (*set_up)(adze_model *model, const adze_options *options, adze_error *error);
  /// Frees all that `set_up` took. The execs are gone.
  void (*tear_down)(adze_model *model);
  /// Runs `program` with what it needs of the device; outputs that it delivers, and those wanted on the device, are at
  /// their places afterwards. Where the exec has a graph of a run like this one, that is launched and `program` is not
  /// called; where recording one fails, `program` is called again. Answers what `program` does; the status is the
  /// exec's.
  int32_t (*run)(adze_exec *exec, int32_t (*program)(adze_exec *exec));
  /// Copies an input that the caller has on the device to its staging memory, contiguous. False: recorded in the exec.
  bool (*fetch)(adze_exec *exec, int32_t input);
  /// The functions of abi.h by their names, of a model with a device.
  const adze_device_info *(*info)(const adze_model *model);
  adze_status (*alloc)(adze_model *model, size_t bytes, void **data, adze_error *error);
  void (*free)(adze_model *model, void *data);
  adze_status (*copy)(adze_model *model, void *to, adze_place to_place, const void *from, adze_place from_place,
                      size_t bytes, adze_error *error);
  adze_status (*wait)(adze_model *model, void *stream, adze_error *error);
  /// Frees all that an exec holds of the device, arenas and slots included.
  void (*forget)(adze_exec *exec);
  /// adze_rt_launch for a kernel of the device and items > 0.
  int32_t (*launch)(adze_exec *exec, int32_t kernel, int64_t items, void *const *buffers, const int64_t *scalars,
                    int64_t scratch);
  /// adze_block_reserve or, if `generous`, adze_block_grow in the device's memory, of a block that is an arena or slot
  /// of the exec. False: recorded in the exec; `what` names the block.
  bool (*reserve)(adze_exec *exec, adze_block *block, int64_t bytes, bool generous, const char *what);
  /// An aligned address for tensors without elements; nothing may be read or written there.
  void *(*no_data)(void);
} adze_device_services;

/// The one table there is.
extern const adze_device_services adze_device_run __attribute__((visibility("hidden")));

/// A driver. Functions that answer a status give a message with the driver's own words in `error`: ADZE_OUT_OF_MEMORY,
/// ADZE_NO_DEVICE (from `open`) or ADZE_DEVICE_ERROR. All of them may be called by several threads at once. Those below
/// `leave` are called between `enter` and `leave`, on the same thread.
struct adze_device_driver {
  const adze_device_services *services; ///< &adze_device_run

  /// Opens the device that `request->wanted` names, if one of the images runs there, and loads the one that suits it
  /// best. The driver's library is loaded here for the first time.
  adze_status (*open)(const adze_device_request *request, adze_device **device, adze_device_facts *facts,
                      adze_error *error);
  /// Unloads the code and gives the device back. All that was made of it is gone already.
  void (*close)(adze_device *device);

  /// Makes the device this thread's; `leave` makes it again the one that was before.
  adze_status (*enter)(adze_device *device, adze_error *error);
  void (*leave)(adze_device *device);

  /// Finds a kernel and checks that the device can run blocks of its kind. The function lives as long as the device.
  adze_status (*find)(adze_device *device, const adze_device_kernel *kernel, adze_device_function **function,
                      adze_error *error);

  /// Memory of the device, `bytes` > 0, aligned to ADZE_DEVICE_ALIGNMENT. No work that uses it may be under way when it
  /// is freed.
  adze_status (*alloc)(adze_device *device, int64_t bytes, void **data, adze_error *error);
  void (*free)(adze_device *device, void *data);
  /// Memory of the host from which the device can copy while the host goes on. The same for freeing it.
  adze_status (*alloc_host)(adze_device *device, int64_t bytes, void **data, adze_error *error);
  void (*free_host)(adze_device *device, void *data);

  adze_status (*make_stream)(adze_device *device, adze_stream **stream, adze_error *error);
  /// No work may be under way in it.
  void (*destroy_stream)(adze_device *device, adze_stream *stream);

  /// Each of these puts work behind what is in the stream already, and may return before it is done. Host memory must
  /// not be written (copy_in) or used at all (copy_out) before `wait`. bytes > 0, any alignment.
  adze_status (*copy_in)(adze_device *device, adze_stream *stream, void *to, const void *from, int64_t bytes,
                         adze_error *error);
  adze_status (*copy_out)(adze_device *device, adze_stream *stream, void *to, const void *from, int64_t bytes,
                          adze_error *error);
  adze_status (*copy)(adze_device *device, adze_stream *stream, void *to, const void *from, int64_t bytes,
                      adze_error *error);
  adze_status (*zero)(adze_device *device, adze_stream *stream, void *data, int64_t bytes, adze_error *error);
  /// Runs `items` blocks, 0 < items <= max_items, of `kernel->threads` threads. parameters[i] points to the value of
  /// parameter i; it is read before this returns.
  adze_status (*launch)(adze_device *device, adze_stream *stream, adze_device_function *function,
                        const adze_device_kernel *kernel, int64_t items, void **parameters, adze_error *error);
  /// Returns when all work in the stream is done; NULL is the one that all users of the device share. A failure may be
  /// that of any work since the last wait; none of that work goes on.
  adze_status (*wait)(adze_device *device, adze_stream *stream, adze_error *error);

  /// Whether `data` is an address of this device's memory, or why not (ADZE_INVALID_ARGUMENT).
  adze_status (*check)(adze_device *device, const void *data, adze_error *error);

  /// From here to `end_capture` what is put in the stream is recorded, not done, and host memory that copies use is
  /// that of the graph's launches. Memory is neither taken nor given back meanwhile, and nothing is waited for.
  adze_status (*begin_capture)(adze_device *device, adze_stream *stream, adze_error *error);
  /// Ends it, after a failure too; `graph` is what was recorded, made ready to launch. NULL: what was recorded is
  /// dropped.
  adze_status (*end_capture)(adze_device *device, adze_stream *stream, adze_graph **graph, adze_error *error);
  adze_status (*launch_graph)(adze_device *device, adze_stream *stream, adze_graph *graph, adze_error *error);
  /// No launch of it is under way.
  void (*destroy_graph)(adze_device *device, adze_graph *graph);
};

#ifdef __cplusplus
}
#endif
#endif // ADZE_RUNTIME_DEVICE_H
