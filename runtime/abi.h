// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The C ABI of Adze: what a program that uses an artifact calls (part 1), and what the compiled program and the
// runtime linked into the same artifact say to each other (part 2). C11 and C++; no other header of Adze is needed.
#ifndef ADZE_RUNTIME_ABI_H
#define ADZE_RUNTIME_ABI_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// Raised whenever a struct, a function's meaning or the artifact's layout changes. Checked when a model is created.
#define ADZE_ABI_VERSION 4u

/// What a call answers. Everything but ADZE_OK comes with a message in adze_error.
typedef enum adze_status {
  ADZE_OK = 0,
  ADZE_INVALID_ARGUMENT = 1, ///< a name, dtype, rank, shape or stride that the model does not take
  ADZE_ABI_MISMATCH = 2,     ///< the artifact was made for another ABI version
  ADZE_UNSUPPORTED_CPU = 3,  ///< the artifact uses instructions that this CPU lacks
  ADZE_OUT_OF_MEMORY = 4,
  ADZE_INDEX_OUT_OF_RANGE = 5, ///< an index that came from data lies outside its tensor
  ADZE_SHAPE_MISMATCH = 6,     ///< sizes met at run time do not fit together, or are negative or too large
  ADZE_BAD_ARTIFACT = 7,       ///< a file that is truncated, altered, or no artifact at all
  ADZE_IO_ERROR = 8,
  ADZE_INVALID_VALUE = 9, ///< a value met at run time that the operator does not allow
  ADZE_INTERNAL = 10,     ///< a defect of Adze
  ADZE_CANCELLED = 11,    ///< adze_options.cancelled ended the run
  ADZE_NO_DEVICE = 12,    ///< no driver, or no device of it that the artifact has code for
  ADZE_DEVICE_ERROR = 13  ///< a call of a device's driver failed; the message has the driver's own words
} adze_status;

/// Element types, numbered as ONNX's TensorProto.DataType. Sub-byte types hold one element a byte in memory, signed
/// ones with their sign.
typedef enum adze_dtype {
  ADZE_F32 = 1,
  ADZE_U8 = 2,
  ADZE_I8 = 3,
  ADZE_U16 = 4,
  ADZE_I16 = 5,
  ADZE_I32 = 6,
  ADZE_I64 = 7,
  ADZE_STRING = 8,
  ADZE_BOOL = 9,
  ADZE_F16 = 10,
  ADZE_F64 = 11,
  ADZE_U32 = 12,
  ADZE_U64 = 13,
  ADZE_BF16 = 16,
  ADZE_F8E4M3FN = 17,
  ADZE_F8E4M3FNUZ = 18,
  ADZE_F8E5M2 = 19,
  ADZE_F8E5M2FNUZ = 20,
  ADZE_U4 = 21,
  ADZE_I4 = 22,
  ADZE_F4E2M1 = 23,
  ADZE_F8E8M0 = 24,
  ADZE_U2 = 25,
  ADZE_I2 = 26
} adze_dtype;

enum { ADZE_MAX_RANK = 32, ADZE_MESSAGE_BYTES = 512 };

/// Where a call that failed says why. `message` is always terminated.
typedef struct adze_error {
  adze_status status;
  char message[ADZE_MESSAGE_BYTES];
} adze_error;

/// Whose memory a tensor lies in.
typedef enum adze_place {
  ADZE_ON_HOST = 0,
  ADZE_ON_DEVICE = 1 ///< the device that the model's kernels run on, of which `data` is an address
} adze_place;

/// A dense tensor. `shape` and `strides` hold `rank` values; strides count elements and may be NULL for row-major
/// contiguous data. The library never keeps `shape`, `strides` or `data` of an input after the call.
/// Work on the device that writes an input or uses an output is done, or is waited for by adze_wait_for_device, before
/// the run. An input there is read where it lies if it is contiguous and aligned to 256 bytes, copied on the device
/// otherwise, and through the host if it lies in more than 1024 contiguous pieces or the host's part of the program
/// reads it.
typedef struct adze_tensor {
  void *data;
  adze_dtype dtype;
  int32_t rank;
  const int64_t *shape;
  const int64_t *strides;
  adze_place place;
} adze_tensor;

/// Name and type of an input or output. dims[i] < 0 is a dimension known only at run time; dim_names[i] is then its
/// name in the model, or NULL. Equal names are equal sizes.
typedef struct adze_tensor_info {
  const char *name;
  adze_dtype dtype;
  int32_t rank;
  const int64_t *dims;
  const char *const *dim_names;
} adze_tensor_info;

/// Fork and join over workers. `parallel_for` calls fn(arg, w) once for each w in [0, workers), 1 <= workers <=
/// threads, on any threads (one of them may be the caller's), and returns when all have returned. Any number of threads
/// may call it at the same time, and `fn` may call it too.
typedef struct adze_pool {
  void *self;
  int32_t threads;
  void (*parallel_for)(void *self, int32_t workers, void (*fn)(void *arg, int32_t worker), void *arg);
} adze_pool;

/// Memory for arenas and for outputs that the caller did not bring. Alignment is a power of two >= 64.
typedef struct adze_allocator {
  void *self;
  void *(*alloc)(void *self, size_t bytes, size_t alignment); ///< NULL: no memory
  void (*free)(void *self, void *data, size_t bytes);
} adze_allocator;

typedef struct adze_model adze_model;

/// How a model is set up. Zero-initialise, set `struct_bytes`, then what differs from the default.
typedef struct adze_options {
  size_t struct_bytes;     ///< sizeof(adze_options) of the caller
  uint32_t abi_version;    ///< ADZE_ABI_VERSION of the caller
  int32_t threads;         ///< of a pool of the model's own; 0: all CPUs of the process's affinity mask
  const adze_pool *pool;   ///< the caller's pool, alive as long as the model; NULL: the model makes its own
  const int32_t *affinity; ///< CPU of each own worker, `threads` > 0 values; [0], the caller's, is not used; NULL: none
  const adze_allocator *allocator; ///< alive as long as the model; NULL: aligned_alloc and free
  void (*log)(void *user, int32_t level, const char *message); ///< level 0 error .. 3 debug; NULL: silent
  void *log_user;
  /// Called on the calling thread after each kernel of a run: its index in the model's kernel table, and begin and end
  /// in ns of CLOCK_MONOTONIC. NULL: none.
  void (*profile)(void *user, int32_t kernel, int64_t begin_ns, int64_t end_ns);
  void *profile_user;
  /// Asked about ten times a second on the thread that called adze_run, before kernels and in loops; other than 0: the
  /// run ends with ADZE_CANCELLED. A kernel under way is not interrupted. NULL: never.
  int32_t (*cancelled)(void *user);
  void *cancelled_user;
  /// Which device runs the kernels of an artifact that has kernels for one: a number, counted from 0 as the driver
  /// does, or a part of its name. Read during the call only. NULL: the first that the artifact has code for. For an
  /// artifact without such kernels anything else is ADZE_NO_DEVICE.
  const char *device;
  /// Other than 0: each kernel of the device is launched by itself in every run. 0: a run whose sizes, and addresses on
  /// the device, are those of the one before it is recorded as a graph of the device's driver, and runs like it are
  /// one launch of that graph; this needs a program that reads nothing of the device or its inputs on the host. The
  /// environment's ADZE_DEVICE_GRAPHS=0 says the same for all models.
  int32_t no_graphs;
} adze_options;

/// A model's device.
typedef struct adze_device_info {
  const char *name;    ///< with its number, for people
  const char *machine; ///< that of the image whose code is loaded
  int32_t type;        ///< DLPack's number of its kind (DLDeviceType)
  int32_t number;      ///< among those of its kind
} adze_device_info;

/// What is known of a model without setting it up. All pointers live as long as the artifact is loaded.
typedef struct adze_model_info {
  uint32_t abi_version;
  int32_t num_inputs, num_outputs, num_kernels;
  const adze_tensor_info *inputs, *outputs;
  const char *const *kernel_names; ///< by kernel index
  const char *const *kernel_nodes; ///< by kernel index: the ONNX node names in it, separated by ';'
  const char *metadata;            ///< JSON text
} adze_model_info;

/// Gives memory for output `index` of the shape that the run found: at least the bytes of a contiguous tensor, 64-byte
/// aligned where possible, in the memory that the output's `place` says; NULL ends the run with ADZE_OUT_OF_MEMORY. The
/// memory is the caller's from then on.
typedef void *(*adze_output_alloc)(void *user, int32_t index, adze_dtype dtype, int32_t rank, const int64_t *shape);

/// The functions an artifact exports, by the names in brackets; all of them may be found by dlsym.
/// [adze_info] Never fails.
typedef const adze_model_info *(*adze_info_fn)(void);
/// [adze_create] Checks ABI version and CPU features, sets up threads. On success *model is the caller's.
typedef adze_status (*adze_create_fn)(const adze_options *options, adze_model **model, adze_error *error);
/// [adze_run] Runs once. Any number of threads may run one model at the same time. `inputs` are in the order of
/// adze_info. For each of `outputs` (same order): if data is not NULL, then dtype, rank and shape must be those that
/// the run finds, and the result is written there (strides honoured); if data is NULL, memory comes from `alloc`.
/// `alloc` must be given if any output has no data. Output shapes are reported through `alloc`, or are the caller's
/// own. The memory of an output may overlap an input's: the result is then computed aside and copied there at the end.
/// After a failure the contents of outputs are unspecified; memory that `alloc` gave is the caller's all the same.
/// A forked child may run its parent's models, on the calling thread alone: the pool's threads do not exist there.
typedef adze_status (*adze_run_fn)(adze_model *model, const adze_tensor *inputs, int32_t num_inputs,
                                   const adze_tensor *outputs, int32_t num_outputs, adze_output_alloc alloc,
                                   void *alloc_user, adze_error *error);
/// [adze_destroy] No run may be under way. NULL is allowed.
typedef void (*adze_destroy_fn)(adze_model *model);
/// [adze_arena_bytes] Bytes of memory, a device's included, that the model's runs hold now, weights and outputs apart.
typedef int64_t (*adze_arena_bytes_fn)(const adze_model *model);
/// [adze_describe_device] The model's device; NULL: the host runs all of its kernels. Lives as long as the model.
typedef const adze_device_info *(*adze_describe_device_fn)(const adze_model *model);
/// [adze_alloc_on_device] Memory of the model's device, 256-byte aligned, for its inputs and outputs. Any thread may
/// call this and the functions below, an adze_output_alloc too. All memory is given back before the model is destroyed.
typedef adze_status (*adze_alloc_on_device_fn)(adze_model *model, size_t bytes, void **data, adze_error *error);
/// [adze_free_on_device] No run under way uses it. NULL is allowed.
typedef void (*adze_free_on_device_fn)(adze_model *model, void *data);
/// [adze_copy_on_device] Copies from one memory to another, each the host's or the device's. It is done when this
/// returns.
typedef adze_status (*adze_copy_on_device_fn)(adze_model *model, void *to, adze_place to_place, const void *from,
                                              adze_place from_place, size_t bytes, adze_error *error);
/// [adze_wait_for_device] Waits for what has been given to a stream of the device's, a handle as its driver's own
/// functions take it; NULL: the one that all share.
typedef adze_status (*adze_wait_for_device_fn)(adze_model *model, void *stream, adze_error *error);
/// [adze_abi_version] ADZE_ABI_VERSION of the artifact. Never changes its type.
typedef uint32_t (*adze_abi_version_fn)(void);

// ---------------------------------------------------------------------------------------------------------------------
// Part 2: the compiled program and the runtime.

/// One run under way; opaque to the compiled program.
typedef struct adze_exec adze_exec;

/// One kernel. Computes the work items [begin, end) of its grid. `buffers` are the operands, results last, in the order
/// of its launch; `scalars` are its sizes; `scratch` is the worker's own memory of the size that the launch asked for,
/// 64-byte aligned; an index that is out of range sets error[0] to a status and error[1] to a site of the program, and
/// the kernel goes on without touching memory outside its buffers.
typedef void (*adze_kernel_fn)(int64_t begin, int64_t end, void *const *buffers, const int64_t *scalars, void *scratch,
                               int64_t *error);

/// One kernel of a device. A work item is one block of `threads` threads, in one dimension. Its parameters, in this
/// order: the number of items (i64), `num_scalars` scalars (i64 each), `num_buffers` addresses of buffers on the device
/// (256-byte aligned), the address of the launch's scratch memory (256-byte aligned; as many bytes an item as the
/// launch asked for), the address of one i64 in the device's memory. There a kernel that finds an index out of range
/// leaves the greatest of the values 256 * site + status by an atomic operation; it then goes on without touching
/// memory outside its buffers.
typedef struct adze_device_kernel {
  const char *name;     ///< in the images
  int32_t threads;      ///< of a block
  int32_t shared_bytes; ///< of a block, beside those that the image itself declares
  int32_t num_buffers;
  int32_t num_scalars;
} adze_device_kernel;

/// Exactly one of the two is set.
typedef struct adze_kernel_entry {
  adze_kernel_fn fn;                ///< the host runs it
  const adze_device_kernel *device; ///< the device runs it
} adze_kernel_entry;

/// Code of all kernels of the device, for one machine.
typedef struct adze_device_image {
  const char *machine; ///< the least that it runs on, as the target names it
  const char *form;    ///< as the device's driver calls it: text, or code of this machine
  const void *data;    ///< texts end in a zero, which `bytes` does not count
  int64_t bytes;
} adze_device_image;

/// What opens devices; defined by a folder of runtime/ and described in runtime/device.h.
typedef struct adze_device_driver adze_device_driver;

/// The part of a program that runs on a device.
typedef struct adze_device_program {
  const adze_device_driver *driver;
  const adze_device_image *images;
  int32_t num_images;
  int32_t reserved;
  const void *const *weights; ///< the pointer to the artifact's weights
  int64_t weight_bytes;       ///< how many of them, from the first on, the device's kernels read
} adze_device_program;

/// A set of buffers whose lives are known before the program runs: buffer i is live from launch first[i] to last[i],
/// both included, counted in the plan's own time. Sizes come at run time.
typedef struct adze_plan_entry {
  int32_t num_buffers;
  int32_t on_device; ///< 0: host memory
  const int32_t *first;
  const int32_t *last;
} adze_plan_entry;

/// CPU features, one bit each in adze_program.cpu_features, by the names of LLVM: bit i is kFeatureNames[i] in
/// runtime/cpu_features.h.
typedef struct adze_program {
  uint32_t abi_version;
  uint32_t reserved;
  uint64_t cpu_features;
  adze_model_info info;
  const adze_kernel_entry *kernels;
  const adze_plan_entry *plans;
  int32_t num_plans;
  int32_t num_sites;
  const char *const *sites;          ///< places that can fail: "node 'x' (Gather): index out of range"
  const adze_device_program *device; ///< NULL: all kernels are the host's
  /// Runs the model. 0: all launches done; anything else: a call below failed and the status is recorded in the exec.
  int32_t (*main)(adze_exec *exec);
} adze_program;

/// The one description in an artifact; made by the compiler, read by the runtime.
extern const adze_program adze_program_description __attribute__((visibility("hidden")));

/// Services that the compiled program calls. Those that answer int32_t answer 0 on success; after anything else the
/// program returns that value at once.

/// Data of input `index` in the host's memory, contiguous. NULL (only in programs with a device): failed, the program
/// returns ADZE_INTERNAL.
const void *adze_rt_input(adze_exec *exec, int32_t index);
/// Data of input `index` in the device's memory, contiguous: where the caller has them, or `room`, to which they are
/// copied behind all that the run has given to the device before. NULL: failed, the program returns ADZE_INTERNAL.
const void *adze_rt_input_on_device(adze_exec *exec, int32_t index, void *room);
/// Size of dimension `dim` of input `index`.
int64_t adze_rt_input_dim(adze_exec *exec, int32_t index, int32_t dim);
/// Fills `buffers` with the addresses of plan `plan`'s buffers for these sizes in bytes. A negative size ends the run
/// with ADZE_SHAPE_MISMATCH, a total over the address space or memory with ADZE_OUT_OF_MEMORY. The placement of a tuple
/// of sizes is remembered. A plan's memory is its own: asking again for the same plan gives the same memory again.
int32_t adze_rt_plan(adze_exec *exec, int32_t plan, const int64_t *sizes, void **buffers);
/// Runs kernel `kernel` over `items` work items, in pieces of at least `grain` items a worker; none if items <= 0.
/// `scratch` is bytes per worker. A status that the kernel recorded is answered, so that the run ends there.
/// A kernel of the device is put behind all that the run has given to the device before, on the device's own buffers;
/// `grain` is then of no matter and `scratch` is bytes per item, and what it records is found by adze_rt_transfer.
int32_t adze_rt_launch(adze_exec *exec, int32_t kernel, int64_t items, int64_t grain, void *const *buffers,
                       const int64_t *scalars, int64_t scratch);
/// Where output `index` of this shape is to be written (contiguous); NULL: failed, the program returns ADZE_INTERNAL.
/// Every output is asked for, or delivered, in every run; asking again with the same shape gives the same memory.
void *adze_rt_output(adze_exec *exec, int32_t index, const int64_t *shape);
/// Output `index` of this shape is what lies in the device's memory at `from` when all that the run has given to the
/// device is done. Nothing writes there any more in this run; once for each output, and no adze_rt_output for it.
int32_t adze_rt_deliver(adze_exec *exec, int32_t index, const int64_t *shape, const void *from);
/// Copies `bytes` bytes; ranges do not overlap.
void adze_rt_copy(void *to, const void *from, int64_t bytes);
/// The same in the device's memory, behind all that the run has given to the device before.
int32_t adze_rt_copy_on_device(adze_exec *exec, void *to, const void *from, int64_t bytes);
/// Copies from the host's memory to the device's (to_device != 0), or back. `from` may be written again when this
/// returns; what the device has been given before is done when bytes have come back, and a failure that one of its
/// kernels recorded is answered.
int32_t adze_rt_transfer(adze_exec *exec, int32_t to_device, void *to, const void *from, int64_t bytes);
/// Where the first of the weights lies in the device's memory. NULL: failed, the program returns ADZE_INTERNAL.
const void *adze_rt_device_weights(adze_exec *exec);
/// Memory of a size found in mid-run, the host's or (on_device != 0) the device's, freed at the run's end; `slot` tells
/// the places of the program apart: asking again for the same slot frees what it gave before, and asks for the same
/// kind of memory. Slots count from 0. NULL: failed, the program returns ADZE_INTERNAL.
void *adze_rt_alloc(adze_exec *exec, int32_t slot, int32_t on_device, int64_t bytes);
/// Memory for what becomes of a tensor that a loop carries, and that is changed or grows: of `slot`, where that has
/// room for so many bytes, and what it held is still there; else more than is asked for, so that growing step by step
/// takes time in proportion to the size, and what `slot` held stays where it was until the next call. The memory of
/// `spare` may be used, and is the program's by no other way. NULL: as adze_rt_alloc.
void *adze_rt_room(adze_exec *exec, int32_t slot, int32_t spare, int32_t on_device, int64_t bytes);
/// Swaps the memory of two slots of adze_rt_alloc, both of one kind.
void adze_rt_swap(adze_exec *exec, int32_t a, int32_t b);
/// Records that the run failed at `site` with `status`; answers `status`.
int32_t adze_rt_fail(adze_exec *exec, int32_t status, int32_t site);
/// The same, with two sizes that do not fit together, which the message gives.
int32_t adze_rt_fail_sizes(adze_exec *exec, int32_t status, int32_t site, int64_t a, int64_t b);
/// The status that has been recorded so far (0: none): read before a value from data decides a size, and in each turn
/// of a loop, so that the run can be cancelled there.
int32_t adze_rt_check(adze_exec *exec);

#ifdef __cplusplus
}
#endif
#endif // ADZE_RUNTIME_ABI_H
