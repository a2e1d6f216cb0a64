// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The layout of an artifact file, as the compiler writes and the loader checks it:
//   [ELF: code] [zeros up to a page] [packed weights] [metadata: JSON text] [trailer]
// The packed weights are a PT_LOAD of the ELF, so they begin on a page; they may be absent, or apart: in a file of
// their own, which holds nothing else. Then that PT_LOAD has no bytes in the file and only keeps their place in memory.
#ifndef ADZE_RUNTIME_ARTIFACT_H
#define ADZE_RUNTIME_ARTIFACT_H

#include <stdint.h>

#define ADZE_ARTIFACT_MAGIC "ADZEART1"

enum {
  ADZE_TRAILER_BYTES = 128,
  ADZE_DIGEST_BYTES = 16,
  ADZE_WEIGHTS_ALIGNMENT = 4096,     ///< of weights_offset, at least
  ADZE_MAX_WEIGHTS_ALIGNMENT = 65536 ///< the zeros before the weights are fewer than this
};

/// The last bytes of the file, little-endian. The pieces follow each other: code_bytes <= weights_offset,
/// weights_offset + weights_bytes == metadata_offset, metadata_offset + metadata_bytes + 128 == file_bytes.
typedef struct adze_trailer {
  char magic[8];
  uint32_t abi_version;
  uint32_t trailer_bytes;
  uint64_t file_bytes;
  uint64_t code_bytes;
  uint64_t weights_offset, weights_bytes;
  uint64_t metadata_offset, metadata_bytes;
  uint8_t code_digest[ADZE_DIGEST_BYTES];    ///< XXH3-128, canonical form: code, metadata, trailer with this field zero
  uint8_t weights_digest[ADZE_DIGEST_BYTES]; ///< XXH3-128, canonical form: weights, wherever they are
  uint64_t apart_bytes;                      ///< weights in a file of their own; 0: there is none
  uint8_t reserved[24];                      ///< zeros
} adze_trailer;

#ifdef __cplusplus
static_assert(sizeof(adze_trailer) == ADZE_TRAILER_BYTES, "the trailer's size is fixed");
#else
_Static_assert(sizeof(adze_trailer) == ADZE_TRAILER_BYTES, "the trailer's size is fixed");
#endif

#endif // ADZE_RUNTIME_ARTIFACT_H
