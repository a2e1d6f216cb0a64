// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// An artifact as a file: opened once, its layout and digest checked; nothing of it is executed or mapped.
#ifndef ADZE_RUNTIME_LOADER_FILE_H
#define ADZE_RUNTIME_LOADER_FILE_H

#include "runtime/abi.h"
#include "runtime/artifact.h"

/// An artifact whose trailer has been checked.
typedef struct adze_file {
  int descriptor;
  const char *path; ///< for messages; the caller's
  adze_trailer trailer;
  char *metadata; ///< trailer.metadata_bytes of text and a terminator
} adze_file;

/// Opens `path` and checks everything but the weights' digest. On failure nothing stays open.
adze_status adze_file_open(const char *path, adze_file *file, adze_error *error);

/// Closes the file and frees the metadata.
void adze_file_close(adze_file *file);

/// Computes both digests of an open file with this layout, whatever the trailer's own digests are. That of weights is
/// of those in the file.
adze_status adze_file_digest_code(const adze_file *file, uint8_t digest[ADZE_DIGEST_BYTES], adze_error *error);
adze_status adze_file_digest_weights(const adze_file *file, uint8_t digest[ADZE_DIGEST_BYTES], adze_error *error);

/// Computes the digest of the first `bytes` bytes of an open file that need not be an artifact.
adze_status adze_file_digest(const adze_file *file, uint64_t bytes, uint8_t digest[ADZE_DIGEST_BYTES],
                             adze_error *error);

/// Checks that `weights` is a regular file with as many bytes as the artifact has weights apart, or -1 where it has
/// none.
adze_status adze_file_check_apart(const adze_file *file, int weights, adze_error *error);

/// Checks that the pieces lie as artifact.h says, in a file of `file_bytes`.
adze_status adze_file_check_layout(const char *path, const adze_trailer *trailer, uint64_t file_bytes,
                                   adze_error *error);

/// Opens `path` (flags of open) if it is a regular file; *bytes is its size.
adze_status adze_file_open_regular(const char *path, int flags, int *descriptor, uint64_t *bytes, adze_error *error);

/// Reads exactly `bytes` bytes at `offset`.
adze_status adze_file_read(const adze_file *file, uint64_t offset, void *to, uint64_t bytes, adze_error *error);

#endif // ADZE_RUNTIME_LOADER_FILE_H
