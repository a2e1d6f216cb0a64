// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Reading and checking artifact files; see file.h. Files are read, never mapped: a mapped file that shrinks is a
// SIGBUS.
#define _GNU_SOURCE
#include "runtime/loader/file.h"

#include "runtime/error.h"

#define XXH_INLINE_ALL
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xxhash.h>

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "the trailer is read as it lies in the file");

enum { kChunk = 1 << 18 };

static adze_status fail_errno(const adze_file *file, const char *what, adze_error *error) {
  int number = errno;
  return adze_fail(error, ADZE_IO_ERROR, "'%s': cannot %s: %s (error %d)", file->path, what, strerrordesc_np(number),
                   number);
}

adze_status adze_file_read(const adze_file *file, uint64_t offset, void *to, uint64_t bytes, adze_error *error) {
  while (bytes > 0) {
    ssize_t got = pread(file->descriptor, to, bytes < (1u << 30) ? bytes : 1u << 30, (off_t)offset);
    if (got < 0 && errno == EINTR)
      continue;
    if (got < 0)
      return fail_errno(file, "read", error);
    if (got == 0)
      return adze_fail(error, ADZE_BAD_ARTIFACT, "'%s': became shorter while it was read", file->path);
    offset += (uint64_t)got;
    to = (char *)to + got;
    bytes -= (uint64_t)got;
  }
  return ADZE_OK;
}

/// Adds a range of the file to a digest.
static adze_status digest_range(const adze_file *file, XXH3_state_t *state, uint64_t offset, uint64_t bytes,
                                adze_error *error) {
  char *chunk = malloc(kChunk);
  if (!chunk)
    return adze_fail(error, ADZE_OUT_OF_MEMORY, "no memory to read '%s'", file->path);
  adze_status status = ADZE_OK;
  while (bytes > 0 && status == ADZE_OK) {
    uint64_t part = bytes < kChunk ? bytes : kChunk;
    status = adze_file_read(file, offset, chunk, part, error);
    if (status == ADZE_OK)
      XXH3_128bits_update(state, chunk, part);
    offset += part;
    bytes -= part;
  }
  free(chunk);
  return status;
}

static adze_status begin_digest(XXH3_state_t **state, adze_error *error) {
  *state = XXH3_createState();
  if (!*state)
    return adze_fail(error, ADZE_OUT_OF_MEMORY, "no memory for a digest");
  XXH3_128bits_reset(*state);
  return ADZE_OK;
}

static void end_digest(XXH3_state_t *state, uint8_t digest[ADZE_DIGEST_BYTES]) {
  XXH128_canonical_t canonical;
  XXH128_canonicalFromHash(&canonical, XXH3_128bits_digest(state));
  memcpy(digest, canonical.digest, ADZE_DIGEST_BYTES);
  XXH3_freeState(state);
}

adze_status adze_file_digest_code(const adze_file *file, uint8_t digest[ADZE_DIGEST_BYTES], adze_error *error) {
  XXH3_state_t *state;
  adze_trailer trailer = file->trailer;
  memset(trailer.code_digest, 0, sizeof trailer.code_digest);
  adze_status status = begin_digest(&state, error);
  if (status != ADZE_OK)
    return status;
  status = digest_range(file, state, 0, trailer.code_bytes, error);
  if (status == ADZE_OK)
    status = digest_range(file, state, trailer.metadata_offset, trailer.metadata_bytes, error);
  XXH3_128bits_update(state, &trailer, sizeof trailer);
  end_digest(state, digest);
  return status;
}

static adze_status digest_alone(const adze_file *file, uint64_t offset, uint64_t bytes,
                                uint8_t digest[ADZE_DIGEST_BYTES], adze_error *error) {
  XXH3_state_t *state;
  adze_status status = begin_digest(&state, error);
  if (status != ADZE_OK)
    return status;
  status = digest_range(file, state, offset, bytes, error);
  end_digest(state, digest);
  return status;
}

adze_status adze_file_digest_weights(const adze_file *file, uint8_t digest[ADZE_DIGEST_BYTES], adze_error *error) {
  return digest_alone(file, file->trailer.weights_offset, file->trailer.weights_bytes, digest, error);
}

adze_status adze_file_digest(const adze_file *file, uint64_t bytes, uint8_t digest[ADZE_DIGEST_BYTES],
                             adze_error *error) {
  return digest_alone(file, 0, bytes, digest, error);
}

adze_status adze_file_check_apart(const adze_file *file, int weights, adze_error *error) {
  struct stat info;
  uint64_t expected = file->trailer.apart_bytes;
  if (weights < 0 && expected == 0)
    return ADZE_OK;
  if (weights < 0)
    return adze_fail(error, ADZE_BAD_ARTIFACT, "'%s': its weights are in another file, which is not given", file->path);
  if (expected == 0)
    return adze_fail(error, ADZE_BAD_ARTIFACT, "'%s': has no weights in another file", file->path);
  if (fstat(weights, &info) != 0)
    return fail_errno(file, "stat the weights", error);
  if (!S_ISREG(info.st_mode) || (uint64_t)info.st_size != expected)
    return adze_fail(error, ADZE_BAD_ARTIFACT, "'%s': the file of its weights has %lld bytes, expected %lld",
                     file->path, (long long)info.st_size, (long long)expected);
  return ADZE_OK;
}

adze_status adze_file_open_regular(const char *path, int flags, int *descriptor, uint64_t *bytes, adze_error *error) {
  struct stat info;
  adze_file file = {.path = path};
  file.descriptor = open(path, flags | O_CLOEXEC | O_NONBLOCK | O_NOCTTY); // a FIFO would block
  if (file.descriptor < 0)
    return fail_errno(&file, "open", error);
  adze_status status = ADZE_OK;
  if (fstat(file.descriptor, &info) != 0)
    status = fail_errno(&file, "stat", error);
  else if (!S_ISREG(info.st_mode))
    status = adze_fail(error, ADZE_BAD_ARTIFACT, "'%s': is not a regular file", path);
  if (status != ADZE_OK) {
    close(file.descriptor);
    return status;
  }
  *descriptor = file.descriptor;
  *bytes = (uint64_t)info.st_size;
  return ADZE_OK;
}

static bool all_zero(const void *data, size_t bytes) {
  const char *c = data;
  while (bytes > 0 && *c == 0) {
    ++c;
    --bytes;
  }
  return bytes == 0;
}

adze_status adze_file_check_layout(const char *path, const adze_trailer *t, uint64_t file_bytes, adze_error *error) {
  if (t->file_bytes != file_bytes)
    return adze_fail(error, ADZE_BAD_ARTIFACT, "'%s': has %lld bytes, expected %lld", path, (long long)file_bytes,
                     (long long)t->file_bytes);
  if (file_bytes > INT64_MAX)
    return adze_fail(error, ADZE_BAD_ARTIFACT, "'%s': is too large", path);
  // Each offset is bounded by the next, from the end backwards, so no sum overflows.
  uint64_t metadata_end = file_bytes - ADZE_TRAILER_BYTES;
  if (t->metadata_offset > metadata_end || t->metadata_bytes != metadata_end - t->metadata_offset)
    return adze_fail(error, ADZE_BAD_ARTIFACT, "'%s': its metadata do not lie before the trailer", path);
  if (t->weights_offset > t->metadata_offset || t->weights_bytes != t->metadata_offset - t->weights_offset)
    return adze_fail(error, ADZE_BAD_ARTIFACT, "'%s': its weights do not lie before the metadata", path);
  if (t->weights_bytes > 0 && t->weights_offset % ADZE_WEIGHTS_ALIGNMENT != 0)
    return adze_fail(error, ADZE_BAD_ARTIFACT, "'%s': its weights do not begin on a page", path);
  if (t->weights_bytes > 0 && t->apart_bytes > 0)
    return adze_fail(error, ADZE_BAD_ARTIFACT, "'%s': has weights twice", path);
  if (t->code_bytes == 0 || t->code_bytes > t->weights_offset ||
      t->weights_offset - t->code_bytes >= ADZE_MAX_WEIGHTS_ALIGNMENT)
    return adze_fail(error, ADZE_BAD_ARTIFACT, "'%s': its code does not lie before the weights", path);
  return ADZE_OK;
}

/// The bytes between code and weights belong to no digest, so they have to be zeros.
static adze_status check_gap(const adze_file *file, adze_error *error) {
  char gap[4096];
  for (uint64_t at = file->trailer.code_bytes; at < file->trailer.weights_offset;) {
    uint64_t left = file->trailer.weights_offset - at, part = left < sizeof gap ? left : sizeof gap;
    adze_status status = adze_file_read(file, at, gap, part, error);
    if (status != ADZE_OK)
      return status;
    if (!all_zero(gap, part))
      return adze_fail(error, ADZE_BAD_ARTIFACT, "'%s': has been altered before its weights", file->path);
    at += part;
  }
  return ADZE_OK;
}

static adze_status check_trailer(adze_file *file, uint64_t file_bytes, adze_error *error) {
  adze_trailer *t = &file->trailer;
  if (file_bytes < sizeof *t)
    return adze_fail(error, ADZE_BAD_ARTIFACT, "'%s': has %lld bytes, too few for an artifact", file->path,
                     (long long)file_bytes);
  adze_status status = adze_file_read(file, file_bytes - sizeof *t, t, sizeof *t, error);
  if (status != ADZE_OK)
    return status;
  if (memcmp(t->magic, ADZE_ARTIFACT_MAGIC, sizeof t->magic) != 0)
    return adze_fail(error, ADZE_BAD_ARTIFACT, "'%s': is not an artifact, or has been cut off", file->path);
  if (t->abi_version != ADZE_ABI_VERSION)
    return adze_fail(error, ADZE_ABI_MISMATCH, "'%s': was made for ABI version %lld, expected %lld", file->path,
                     (long long)t->abi_version, (long long)ADZE_ABI_VERSION);
  if (t->trailer_bytes != sizeof *t || !all_zero(t->reserved, sizeof t->reserved))
    return adze_fail(error, ADZE_BAD_ARTIFACT, "'%s': its trailer has been altered", file->path);
  return adze_file_check_layout(file->path, t, file_bytes, error);
}

static adze_status check_code(const adze_file *file, adze_error *error) {
  uint8_t digest[ADZE_DIGEST_BYTES];
  adze_status status = adze_file_digest_code(file, digest, error);
  if (status != ADZE_OK)
    return status;
  if (memcmp(digest, file->trailer.code_digest, sizeof digest) != 0)
    return adze_fail(error, ADZE_BAD_ARTIFACT, "'%s': code or metadata have been altered (digests differ)", file->path);
  return check_gap(file, error);
}

static adze_status read_metadata(adze_file *file, adze_error *error) {
  uint64_t bytes = file->trailer.metadata_bytes;
  file->metadata = malloc(bytes + 1);
  if (!file->metadata)
    return adze_fail(error, ADZE_OUT_OF_MEMORY, "no memory for the metadata of '%s'", file->path);
  file->metadata[bytes] = 0;
  return adze_file_read(file, file->trailer.metadata_offset, file->metadata, bytes, error);
}

adze_status adze_file_open(const char *path, adze_file *file, adze_error *error) {
  uint64_t bytes;
  *file = (adze_file){.path = path};
  adze_status status = adze_file_open_regular(path, O_RDONLY, &file->descriptor, &bytes, error);
  if (status != ADZE_OK)
    return status;
  status = check_trailer(file, bytes, error);
  if (status == ADZE_OK)
    status = check_code(file, error);
  if (status == ADZE_OK)
    status = read_metadata(file, error);
  if (status != ADZE_OK)
    adze_file_close(file);
  return status;
}

void adze_file_close(adze_file *file) {
  close(file->descriptor);
  free(file->metadata);
  file->metadata = NULL;
}
