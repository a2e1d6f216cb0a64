// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Writes the trailer of an artifact; see loader.h.
#define _GNU_SOURCE
#include "runtime/loader/loader.h"

#include "runtime/error.h"
#include "runtime/loader/file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

static adze_status append(const adze_file *file, uint64_t offset, adze_error *error) {
  const char *from = (const char *)&file->trailer;
  for (size_t done = 0; done < sizeof file->trailer;) {
    ssize_t put = pwrite(file->descriptor, from + done, sizeof file->trailer - done, (off_t)(offset + done));
    if (put < 0 && errno == EINTR)
      continue;
    if (put <= 0)
      return adze_fail(error, ADZE_IO_ERROR, "'%s': cannot write: %s", file->path, strerrordesc_np(errno));
    done += (size_t)put;
  }
  return ADZE_OK;
}

/// Computes the digest of the whole file `path`, whose size goes to *bytes.
static adze_status digest_file(const char *path, uint64_t *bytes, uint8_t digest[ADZE_DIGEST_BYTES],
                               adze_error *error) {
  adze_file file = {.path = path};
  adze_status status = adze_file_open_regular(path, O_RDONLY, &file.descriptor, bytes, error);
  if (status != ADZE_OK)
    return status;
  status = adze_file_digest(&file, *bytes, digest, error);
  adze_file_close(&file);
  return status;
}

/// `apart`: the file of the weights, or NULL where they are in the artifact.
static adze_status seal(const char *path, uint64_t code_bytes, uint64_t weights_offset, uint64_t weights_bytes,
                        const char *apart, adze_error *error) {
  uint64_t bytes;
  adze_file file = {.path = path};
  if (error) {
    error->status = ADZE_OK;
    error->message[0] = 0;
  }
  adze_status status = adze_file_open_regular(path, O_RDWR, &file.descriptor, &bytes, error);
  if (status != ADZE_OK)
    return status;
  adze_trailer *t = &file.trailer;
  memcpy(t->magic, ADZE_ARTIFACT_MAGIC, sizeof t->magic);
  t->abi_version = ADZE_ABI_VERSION;
  t->trailer_bytes = sizeof *t;
  t->file_bytes = bytes + sizeof *t;
  t->code_bytes = code_bytes;
  t->weights_offset = weights_offset;
  t->weights_bytes = weights_bytes;
  t->metadata_offset = weights_offset + weights_bytes;
  t->metadata_bytes = bytes - t->metadata_offset;
  status = adze_file_check_layout(path, t, t->file_bytes, error);
  if (status == ADZE_OK)
    status = apart ? digest_file(apart, &t->apart_bytes, t->weights_digest, error)
                   : adze_file_digest_weights(&file, t->weights_digest, error);
  if (status == ADZE_OK)
    status = adze_file_digest_code(&file, t->code_digest, error);
  if (status == ADZE_OK)
    status = append(&file, bytes, error);
  adze_file_close(&file);
  return status;
}

adze_status adze_seal(const char *path, uint64_t code_bytes, uint64_t weights_offset, uint64_t weights_bytes,
                      adze_error *error) {
  return seal(path, code_bytes, weights_offset, weights_bytes, NULL, error);
}

adze_status adze_seal_apart(const char *path, uint64_t code_bytes, uint64_t weights_offset, const char *weights,
                            adze_error *error) {
  return seal(path, code_bytes, weights_offset, 0, weights, error);
}
