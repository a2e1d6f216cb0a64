// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Opens artifacts: what the command line and the Python package use. Not part of an artifact.
#ifndef ADZE_RUNTIME_LOADER_LOADER_H
#define ADZE_RUNTIME_LOADER_LOADER_H

#include "runtime/abi.h"

#ifdef __cplusplus
extern "C" {
#endif

/// An artifact in this process. The functions are those of abi.h.
typedef struct adze_artifact {
  adze_info_fn info;
  adze_create_fn create;
  adze_run_fn run;
  adze_destroy_fn destroy;
  adze_arena_bytes_fn arena_bytes;
  adze_describe_device_fn describe_device;
  adze_alloc_on_device_fn alloc_on_device;
  adze_free_on_device_fn free_on_device;
  adze_copy_on_device_fn copy_on_device;
  adze_wait_for_device_fn wait_for_device;
  const char *metadata; ///< JSON text, terminated
  size_t metadata_bytes;
} adze_artifact;

/// Loads the artifact in the file `path`. Size, layout and the digest of code and metadata are checked first, so that
/// no byte of an altered or truncated file is executed; the file that was checked is the file that is loaded, even if
/// `path` is replaced meanwhile. The weights are checked only by adze_verify_weights. The file must not be written to
/// while it is loaded (replacing it by a new file is fine). `error` may be NULL.
adze_status adze_load(const char *path, adze_artifact **artifact, adze_error *error);

/// As adze_load, for an artifact whose weights are apart: `weights` is a descriptor of their file, the caller's, needed
/// only during the call; -1: the artifact has none apart. Of the file only its size is checked.
adze_status adze_load_apart(const char *path, int weights, adze_artifact **artifact, adze_error *error);

/// Unloads it; its models have been destroyed before. NULL is allowed.
void adze_unload(adze_artifact *artifact);

/// The metadata of the artifact in `path`, checked as by adze_load but not loaded: terminated text to be freed with
/// adze_free_metadata. `bytes` may be NULL.
adze_status adze_read_metadata(const char *path, char **metadata, size_t *bytes, adze_error *error);

/// Frees what adze_read_metadata gave. NULL is allowed.
void adze_free_metadata(char *metadata);

/// Checks all of the artifact in `path`, weights included: reads the whole file.
adze_status adze_verify_weights(const char *path, adze_error *error);

/// Checks the artifact in `path` and the file of its weights (or -1) as adze_load_apart does, but loads nothing.
/// `digest`, which may be NULL, gets the digest that its weights were written with.
adze_status adze_check(const char *path, int weights, uint8_t digest[16], adze_error *error);

/// As adze_check, and checks the weights' digest too: reads all of them.
adze_status adze_verify_apart(const char *path, int weights, adze_error *error);

/// Writes to the file `to`, which is there and empty, the artifact in `path` with its weights in it: what the compiler
/// would have written. Both digests are checked on the way.
adze_status adze_join(const char *path, int weights, const char *to, adze_error *error);

/// Finishes an artifact: the file `path` holds `code_bytes` of ELF, zeros up to `weights_offset`, `weights_bytes` of
/// weights and, up to its end, the metadata (see artifact.h). Computes the digests and appends the trailer.
adze_status adze_seal(const char *path, uint64_t code_bytes, uint64_t weights_offset, uint64_t weights_bytes,
                      adze_error *error);

/// The same for weights that are apart, in the file `weights` and nothing else in it.
adze_status adze_seal_apart(const char *path, uint64_t code_bytes, uint64_t weights_offset, const char *weights,
                            adze_error *error);

/// The process's pool of `threads` workers (0: one for each CPU), made at the first call and kept until the process
/// ends; a forked child makes its own. Calls with the same number share one. NULL: the number is out of range or the
/// threads cannot be started.
const adze_pool *adze_shared_pool(int32_t threads);

#ifdef __cplusplus
}
#endif
#endif // ADZE_RUNTIME_LOADER_LOADER_H
