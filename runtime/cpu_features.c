// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Detection: cpuid with the operating system's saved state on x86-64, the auxiliary vector on AArch64.
#define _GNU_SOURCE
#include "runtime/cpu_features.h"

#include <stdbool.h>
#include <string.h>

/// Sets the bit of `name` in `features` if `present`.
static void note(uint64_t *features, const char *name, bool present) {
  for (unsigned i = 0; present && i < ADZE_FEATURES; ++i)
    if (strcmp(kFeatureNames[i], name) == 0)
      *features |= (uint64_t)1 << i;
}

#if defined(__x86_64__)

#include <cpuid.h>
#include <sys/syscall.h>
#include <unistd.h>

typedef struct leaf {
  unsigned eax, ebx, ecx, edx;
} leaf;

static leaf read_leaf(unsigned number, unsigned sub) {
  leaf l = {0, 0, 0, 0};
  if (!__get_cpuid_count(number, sub, &l.eax, &l.ebx, &l.ecx, &l.edx))
    l = (leaf){0, 0, 0, 0};
  return l;
}

static bool bit(unsigned word, unsigned index) { return (word >> index) & 1; }

/// Which register states the operating system saves: a feature without its state would lose its registers.
static uint64_t saved_states(leaf one) {
  if (!bit(one.ecx, 27))
    return 0;
  unsigned low, high;
  __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return (uint64_t)high << 32 | low;
}

/// Linux hands out the AMX tiles on request only.
static bool amx_granted(void) {
  enum { kRequestPermission = 0x1023, kTileData = 18 };
  return syscall(SYS_arch_prctl, kRequestPermission, kTileData) == 0;
}

static void note_basic(uint64_t *f, leaf one, leaf seven, leaf extended) {
  note(f, "sse3", bit(one.ecx, 0));
  note(f, "pclmul", bit(one.ecx, 1));
  note(f, "ssse3", bit(one.ecx, 9));
  note(f, "cx16", bit(one.ecx, 13));
  note(f, "sse4.1", bit(one.ecx, 19));
  note(f, "sse4.2", bit(one.ecx, 20));
  note(f, "movbe", bit(one.ecx, 22));
  note(f, "popcnt", bit(one.ecx, 23));
  note(f, "aes", bit(one.ecx, 25));
  note(f, "sahf", bit(extended.ecx, 0));
  note(f, "lzcnt", bit(extended.ecx, 5));
  note(f, "bmi", bit(seven.ebx, 3));
  note(f, "bmi2", bit(seven.ebx, 8));
  note(f, "adx", bit(seven.ebx, 19));
  note(f, "sha", bit(seven.ebx, 29));
  note(f, "gfni", bit(seven.ecx, 8));
}

static void note_avx(uint64_t *f, leaf one, leaf seven, leaf seven_one) {
  note(f, "avx", bit(one.ecx, 28));
  note(f, "fma", bit(one.ecx, 12));
  note(f, "f16c", bit(one.ecx, 29));
  note(f, "avx2", bit(seven.ebx, 5));
  note(f, "vaes", bit(seven.ecx, 9));
  note(f, "vpclmulqdq", bit(seven.ecx, 10));
  note(f, "avxvnni", bit(seven_one.eax, 4));
  note(f, "avxifma", bit(seven_one.eax, 23));
  note(f, "avxvnniint8", bit(seven_one.edx, 4));
  note(f, "avxneconvert", bit(seven_one.edx, 5));
  note(f, "avxvnniint16", bit(seven_one.edx, 10));
}

static void note_avx512(uint64_t *f, leaf seven, leaf seven_one) {
  note(f, "avx512f", bit(seven.ebx, 16));
  note(f, "avx512dq", bit(seven.ebx, 17));
  note(f, "avx512ifma", bit(seven.ebx, 21));
  note(f, "avx512cd", bit(seven.ebx, 28));
  note(f, "avx512bw", bit(seven.ebx, 30));
  note(f, "avx512vl", bit(seven.ebx, 31));
  note(f, "avx512vbmi", bit(seven.ecx, 1));
  note(f, "avx512vbmi2", bit(seven.ecx, 6));
  note(f, "avx512vnni", bit(seven.ecx, 11));
  note(f, "avx512bitalg", bit(seven.ecx, 12));
  note(f, "avx512vpopcntdq", bit(seven.ecx, 14));
  note(f, "avx512fp16", bit(seven.edx, 23));
  note(f, "avx512bf16", bit(seven_one.eax, 5));
}

static void note_amx(uint64_t *f, leaf seven, leaf seven_one) {
  note(f, "amx-tile", bit(seven.edx, 24));
  note(f, "amx-int8", bit(seven.edx, 25));
  note(f, "amx-bf16", bit(seven.edx, 22));
  note(f, "amx-fp16", bit(seven_one.eax, 21));
}

uint64_t adze_cpu_features(void) {
  enum { kAvxState = 0x6, kAvx512State = 0xe6, kAmxState = 0x60000 };
  leaf one = read_leaf(1, 0), seven = read_leaf(7, 0), extended = read_leaf(0x80000001u, 0);
  leaf seven_one = seven.eax >= 1 ? read_leaf(7, 1) : (leaf){0, 0, 0, 0};
  uint64_t states = saved_states(one), features = 0;
  note_basic(&features, one, seven, extended);
  if ((states & kAvxState) == kAvxState)
    note_avx(&features, one, seven, seven_one);
  if ((states & kAvx512State) == kAvx512State)
    note_avx512(&features, seven, seven_one);
  if ((states & kAmxState) == kAmxState && bit(seven.edx, 24) && amx_granted())
    note_amx(&features, seven, seven_one);
  return features;
}

#elif defined(__aarch64__)

#include <sys/auxv.h>

uint64_t adze_cpu_features(void) {
  static const struct {
    const char *name;
    unsigned bit;
  } kFirst[] = {{"fp-armv8", 0}, {"neon", 1},     {"aes", 3},      {"sha2", 6},    {"crc", 7},
                {"lse", 8},      {"fullfp16", 9}, {"rdm", 12},     {"jsconv", 13}, {"complxnum", 14},
                {"rcpc", 15},    {"sha3", 17},    {"dotprod", 20}, {"sve", 22},    {"fp16fml", 23}},
    kSecond[] = {{"sve2", 1}, {"f32mm", 10}, {"f64mm", 11}, {"i8mm", 13}, {"bf16", 14}, {"sme", 23}, {"sme2", 37}};
  uint64_t features = 0, first = getauxval(AT_HWCAP), second = getauxval(AT_HWCAP2);
  for (unsigned i = 0; i < sizeof kFirst / sizeof *kFirst; ++i)
    note(&features, kFirst[i].name, (first >> kFirst[i].bit) & 1);
  for (unsigned i = 0; i < sizeof kSecond / sizeof *kSecond; ++i)
    note(&features, kSecond[i].name, (second >> kSecond[i].bit) & 1);
  return features;
}

#else

uint64_t adze_cpu_features(void) { return 0; }

#endif
