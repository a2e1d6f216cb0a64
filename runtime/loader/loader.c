// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Loading by dlopen, after file.c's checks; see loader.h.
#define _GNU_SOURCE
#include "runtime/loader/loader.h"

#include "runtime/error.h"
#include "runtime/loader/apart.h"
#include "runtime/loader/file.h"

#include <dlfcn.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

/// What adze_load gives, with what only this file needs.
typedef struct loaded {
  adze_artifact artifact;
  adze_file file; ///< open as long as the artifact: its descriptor's number is part of the library's name
  void *library;
} loaded;

/// Writes a path to the open file that no other load of this process uses. dlopen takes a library that is loaded
/// already if the name is the same, and a descriptor's number comes back after close; so a count is written into the
/// path, one bit a step: "/" or "/.".
static void write_path(char *path, size_t room, int descriptor) {
  static _Atomic uint32_t loads;
  static const char kBefore[] = "/proc/self", kAfter[] = "/fd/";
  uint32_t count = atomic_fetch_add(&loads, 1);
  char digits[12], *end = path + room, *p = path;
  memcpy(p, kBefore, sizeof kBefore - 1);
  p += sizeof kBefore - 1;
  for (int bit = 31; bit >= 0; --bit) {
    *p++ = '/';
    if ((count >> bit) & 1)
      *p++ = '.';
  }
  memcpy(p, kAfter, sizeof kAfter - 1);
  p += sizeof kAfter - 1;
  int length = 0;
  do
    digits[length++] = (char)('0' + descriptor % 10);
  while (descriptor /= 10);
  while (length > 0 && p + 1 < end)
    *p++ = digits[--length];
  *p = 0;
}

static const char *last_dl_error(void) {
  const char *text = dlerror();
  return text ? text : "unknown reason";
}

/// Finds the exported functions.
static adze_status bind(loaded *l, adze_error *error) {
  adze_abi_version_fn abi_version = NULL;
  struct {
    const char *name;
    void *target;
  } functions[] = {{"adze_info", &l->artifact.info},
                   {"adze_create", &l->artifact.create},
                   {"adze_run", &l->artifact.run},
                   {"adze_destroy", &l->artifact.destroy},
                   {"adze_arena_bytes", &l->artifact.arena_bytes},
                   {"adze_describe_device", &l->artifact.describe_device},
                   {"adze_alloc_on_device", &l->artifact.alloc_on_device},
                   {"adze_free_on_device", &l->artifact.free_on_device},
                   {"adze_copy_on_device", &l->artifact.copy_on_device},
                   {"adze_wait_for_device", &l->artifact.wait_for_device},
                   {"adze_abi_version", &abi_version}};
  for (size_t i = 0; i < sizeof functions / sizeof *functions; ++i) {
    void *address = dlsym(l->library, functions[i].name);
    if (!address)
      return adze_fail(error, ADZE_BAD_ARTIFACT, "'%s': has no function %s", l->file.path, functions[i].name);
    memcpy(functions[i].target, &address, sizeof address);
  }
  if (abi_version() != ADZE_ABI_VERSION)
    return adze_fail(error, ADZE_ABI_MISMATCH, "'%s': has ABI version %lld, expected %lld", l->file.path,
                     (long long)abi_version(), (long long)ADZE_ABI_VERSION);
  return ADZE_OK;
}

static adze_status open_library(loaded *l, int weights, adze_error *error) {
  char path[128];
  adze_status status = adze_file_check_apart(&l->file, weights, error);
  if (status != ADZE_OK)
    return status;
  write_path(path, sizeof path, l->file.descriptor);
  l->library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
  if (!l->library)
    return adze_fail(error, ADZE_BAD_ARTIFACT, "'%s': cannot be loaded: %s", l->file.path, last_dl_error());
  status = bind(l, error);
  if (status != ADZE_OK || weights < 0)
    return status;
  return adze_map_apart(&l->file, l->library, weights, error);
}

static void clear(adze_error *error) {
  if (error) {
    error->status = ADZE_OK;
    error->message[0] = 0;
  }
}

adze_status adze_load(const char *path, adze_artifact **artifact, adze_error *error) {
  return adze_load_apart(path, -1, artifact, error);
}

adze_status adze_load_apart(const char *path, int weights, adze_artifact **artifact, adze_error *error) {
  clear(error);
  *artifact = NULL;
  loaded *l = calloc(1, sizeof *l);
  if (!l)
    return adze_fail(error, ADZE_OUT_OF_MEMORY, "no memory to load '%s'", path);
  adze_status status = adze_file_open(path, &l->file, error);
  if (status != ADZE_OK) {
    free(l);
    return status;
  }
  status = open_library(l, weights, error);
  l->file.path = NULL; // the caller's
  if (status != ADZE_OK) {
    adze_unload(&l->artifact);
    return status;
  }
  l->artifact.metadata = l->file.metadata;
  l->artifact.metadata_bytes = l->file.trailer.metadata_bytes;
  *artifact = &l->artifact;
  return ADZE_OK;
}

void adze_unload(adze_artifact *artifact) {
  loaded *l = (loaded *)artifact; // its first member
  if (!l)
    return;
  if (l->library)
    dlclose(l->library);
  adze_file_close(&l->file);
  free(l);
}

adze_status adze_read_metadata(const char *path, char **metadata, size_t *bytes, adze_error *error) {
  adze_file file;
  clear(error);
  *metadata = NULL;
  adze_status status = adze_file_open(path, &file, error);
  if (status != ADZE_OK)
    return status;
  *metadata = file.metadata;
  if (bytes)
    *bytes = file.trailer.metadata_bytes;
  file.metadata = NULL;
  adze_file_close(&file);
  return ADZE_OK;
}

void adze_free_metadata(char *metadata) { free(metadata); }

adze_status adze_check(const char *path, int weights, uint8_t digest[ADZE_DIGEST_BYTES], adze_error *error) {
  adze_file file;
  clear(error);
  adze_status status = adze_file_open(path, &file, error);
  if (status != ADZE_OK)
    return status;
  status = adze_file_check_apart(&file, weights, error);
  if (digest)
    memcpy(digest, file.trailer.weights_digest, ADZE_DIGEST_BYTES);
  adze_file_close(&file);
  return status;
}

adze_status adze_verify_weights(const char *path, adze_error *error) { return adze_verify_apart(path, -1, error); }

adze_status adze_verify_apart(const char *path, int weights, adze_error *error) {
  adze_file file;
  uint8_t digest[ADZE_DIGEST_BYTES];
  clear(error);
  adze_status status = adze_file_open(path, &file, error);
  if (status != ADZE_OK)
    return status;
  status = adze_file_check_apart(&file, weights, error);
  const adze_file apart = {.descriptor = weights, .path = path};
  if (status == ADZE_OK && weights >= 0)
    status = adze_file_digest(&apart, file.trailer.apart_bytes, digest, error);
  else if (status == ADZE_OK)
    status = adze_file_digest_weights(&file, digest, error);
  if (status == ADZE_OK && memcmp(digest, file.trailer.weights_digest, sizeof digest) != 0)
    status = adze_fail(error, ADZE_BAD_ARTIFACT, "'%s': its weights have been altered (digests differ)", path);
  adze_file_close(&file);
  return status;
}
