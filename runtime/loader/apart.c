// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// See apart.h; adze_join is loader.h's.
#define _GNU_SOURCE
#include "runtime/loader/apart.h"

#include "runtime/error.h"
#include "runtime/loader/loader.h"
#include "runtime/loader/write.h"

#include <dlfcn.h>
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/// Whether a program header keeps the place of `bytes` bytes of weights.
static bool keeps_place(const Elf64_Phdr *header, uint64_t bytes) {
  return header->p_type == PT_LOAD && header->p_flags == PF_R && header->p_filesz == 0 && header->p_memsz == bytes &&
         header->p_vaddr % ADZE_WEIGHTS_ALIGNMENT == 0;
}

/// Reads the program headers of an artifact; the one that keeps the weights' place goes to *header, its place in the
/// file to *offset.
static adze_status find_header(const adze_file *file, Elf64_Phdr *header, uint64_t *offset, adze_error *error) {
  Elf64_Ehdr elf;
  uint64_t code = file->trailer.code_bytes;
  if (code < sizeof elf)
    return adze_fail(error, ADZE_BAD_ARTIFACT, "'%s': its code is no ELF file", file->path);
  adze_status status = adze_file_read(file, 0, &elf, sizeof elf, error);
  if (status != ADZE_OK)
    return status;
  if (elf.e_phentsize != sizeof *header || elf.e_phoff > code || elf.e_phnum > (code - elf.e_phoff) / sizeof *header)
    return adze_fail(error, ADZE_BAD_ARTIFACT, "'%s': its program headers do not lie in its code", file->path);
  for (uint64_t i = 0; i < elf.e_phnum; ++i) {
    *offset = elf.e_phoff + i * sizeof *header;
    status = adze_file_read(file, *offset, header, sizeof *header, error);
    if (status != ADZE_OK || keeps_place(header, file->trailer.apart_bytes))
      return status;
  }
  return adze_fail(error, ADZE_BAD_ARTIFACT, "'%s': has no place for its weights", file->path);
}

adze_status adze_map_apart(const adze_file *file, void *library, int weights, adze_error *error) {
  Elf64_Phdr header;
  uint64_t offset;
  struct link_map *map;
  adze_status status = find_header(file, &header, &offset, error);
  if (status != ADZE_OK)
    return status;
  if (dlinfo(library, RTLD_DI_LINKMAP, &map) != 0)
    return adze_fail(error, ADZE_BAD_ARTIFACT, "'%s': cannot be found in memory", file->path);
  void *place = (void *)(map->l_addr + header.p_vaddr);
  // Where the same file is loaded already, its weights are replaced by the same ones; the kernel does it in one step.
  if (mmap(place, header.p_memsz, PROT_READ, MAP_PRIVATE | MAP_FIXED, weights, 0) == MAP_FAILED)
    return adze_fail(error, ADZE_IO_ERROR, "'%s': its weights cannot be mapped: %s", file->path,
                     strerrordesc_np(errno));
  return ADZE_OK;
}

static adze_status put(int to, const char *path, const void *data, uint64_t bytes, adze_error *error) {
  if (adze_write_all(to, data, bytes))
    return ADZE_OK;
  return adze_fail(error, ADZE_IO_ERROR, "'%s': cannot write: %s", path, strerrordesc_np(errno));
}

/// Appends `bytes` bytes of a file, from its byte `offset` on.
static adze_status copy(const adze_file *from, uint64_t offset, uint64_t bytes, int to, const char *path,
                        adze_error *error) {
  enum { kChunk = 1 << 20 };
  char *chunk = malloc(kChunk);
  if (!chunk)
    return adze_fail(error, ADZE_OUT_OF_MEMORY, "no memory to copy '%s'", from->path);
  adze_status status = ADZE_OK;
  while (bytes > 0 && status == ADZE_OK) {
    uint64_t part = bytes < kChunk ? bytes : kChunk;
    status = adze_file_read(from, offset, chunk, part, error);
    if (status == ADZE_OK)
      status = put(to, path, chunk, part, error);
    offset += part;
    bytes -= part;
  }
  free(chunk);
  return status;
}

/// Writes all of the whole artifact but its trailer.
static adze_status write_pieces(const adze_file *file, int weights, int to, const char *path, adze_error *error) {
  const adze_trailer *t = &file->trailer;
  const adze_file apart = {.descriptor = weights, .path = file->path};
  Elf64_Phdr header;
  uint64_t offset;
  adze_status status = copy(file, 0, t->weights_offset, to, path, error);
  if (status == ADZE_OK && t->apart_bytes > 0) {
    status = find_header(file, &header, &offset, error);
    header.p_filesz = header.p_memsz;
    if (status == ADZE_OK && pwrite(to, &header, sizeof header, (off_t)offset) != (ssize_t)sizeof header)
      status = adze_fail(error, ADZE_IO_ERROR, "'%s': cannot write: %s", path, strerrordesc_np(errno));
    if (status == ADZE_OK)
      status = copy(&apart, 0, t->apart_bytes, to, path, error);
  }
  if (status == ADZE_OK && t->apart_bytes == 0)
    status = copy(file, t->weights_offset, t->weights_bytes, to, path, error);
  return status == ADZE_OK ? put(to, path, file->metadata, t->metadata_bytes, error) : status;
}

/// Checks that the weights of the artifact `path` are those that another one was written with.
static adze_status check_joined(const char *path, const adze_trailer *expected, adze_error *error) {
  adze_file file;
  adze_status status = adze_file_open(path, &file, error);
  if (status != ADZE_OK)
    return status;
  if (memcmp(file.trailer.weights_digest, expected->weights_digest, ADZE_DIGEST_BYTES) != 0)
    status = adze_fail(error, ADZE_BAD_ARTIFACT, "'%s': its weights have been altered (digests differ)", path);
  adze_file_close(&file);
  return status;
}

adze_status adze_join(const char *path, int weights, const char *to, adze_error *error) {
  adze_file file;
  uint64_t bytes;
  int descriptor;
  if (error) {
    error->status = ADZE_OK;
    error->message[0] = 0;
  }
  adze_status status = adze_file_open(path, &file, error);
  if (status != ADZE_OK)
    return status;
  const adze_trailer *t = &file.trailer;
  status = adze_file_check_apart(&file, weights, error);
  if (status == ADZE_OK)
    status = adze_file_open_regular(to, O_WRONLY, &descriptor, &bytes, error);
  if (status == ADZE_OK) {
    status = write_pieces(&file, weights, descriptor, to, error);
    close(descriptor);
  }
  if (status == ADZE_OK)
    status = adze_seal(to, t->code_bytes, t->weights_offset, t->weights_bytes + t->apart_bytes, error);
  if (status == ADZE_OK)
    status = check_joined(to, t, error);
  adze_file_close(&file);
  return status;
}
