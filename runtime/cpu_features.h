// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The CPU features that a program may ask for: one bit each, by LLVM's names, and which of them this CPU has.
#ifndef ADZE_RUNTIME_CPU_FEATURES_H
#define ADZE_RUNTIME_CPU_FEATURES_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum { ADZE_MAX_CPU_FEATURES = 64 };

/// Bit i of adze_program.cpu_features is name i of the program's architecture. The order is part of the ABI: append
/// only. Features that are not named here must not be used by compiled code.
static const char *const kX86FeatureNames[] = {
    "sse3",       "ssse3",      "sse4.1",      "sse4.2",       "popcnt",       "cx16",         "sahf",
    "movbe",      "lzcnt",      "bmi",         "bmi2",         "f16c",         "fma",          "avx",
    "avx2",       "avx512f",    "avx512cd",    "avx512bw",     "avx512dq",     "avx512vl",     "avx512vnni",
    "avx512bf16", "avx512fp16", "avx512vbmi",  "avx512vbmi2",  "avx512ifma",   "avx512bitalg", "avx512vpopcntdq",
    "avxvnni",    "avxifma",    "avxvnniint8", "avxvnniint16", "avxneconvert", "gfni",         "aes",
    "pclmul",     "vaes",       "vpclmulqdq",  "sha",          "adx",          "amx-tile",     "amx-int8",
    "amx-bf16",   "amx-fp16",
};
static const char *const kAArch64FeatureNames[] = {
    "fp-armv8",  "neon", "crc",  "aes",  "sha2", "lse",  "rdm",   "fullfp16", "dotprod", "fp16fml", "jsconv",
    "complxnum", "rcpc", "bf16", "i8mm", "sve",  "sve2", "f32mm", "f64mm",    "sme",     "sme2",    "sha3",
};
enum {
  ADZE_X86_FEATURES = sizeof kX86FeatureNames / sizeof *kX86FeatureNames,
  ADZE_AARCH64_FEATURES = sizeof kAArch64FeatureNames / sizeof *kAArch64FeatureNames
};

/// The names of the architecture that this file is compiled for.
#if defined(__aarch64__)
#define kFeatureNames kAArch64FeatureNames
enum { ADZE_FEATURES = ADZE_AARCH64_FEATURES };
#else
#define kFeatureNames kX86FeatureNames
enum { ADZE_FEATURES = ADZE_X86_FEATURES };
#endif

/// The features of the CPU this runs on that the operating system lets programs use.
uint64_t adze_cpu_features(void);

#ifdef __cplusplus
}
#endif
#endif // ADZE_RUNTIME_CPU_FEATURES_H
