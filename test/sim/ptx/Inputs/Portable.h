// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Functions in C that ClangTest.cpp compiles for the host and, through Portable.c, to PTX. Results must be equal bit by
// bit: no operation here depends on the machine.
#pragma once

typedef unsigned long word;
struct Sample {
  long c;
  double g;
  int a, b;
  float f;
  short d;
  signed char e;
};

static inline word bitsOfFloat(float x) {
  union {
    float x;
    unsigned bits;
  } u = {x};
  return u.bits;
}
static inline word bitsOfDouble(double x) {
  union {
    double x;
    word bits;
  } u = {x};
  return u.bits;
}

static inline word integers(const struct Sample *s, int i) {
  int a = s->a, b = s->b;
  unsigned u = (unsigned)a, v = (unsigned)b;
  word sum = (word)(u * v) + (u >> (i % 32)) + (v << (i % 31));
  sum ^= (word)(a / (b | 1)) ^ (word)(u % (v | 1)) << 7;
  sum += (word)(long)(short)(s->d * s->e) ^ (word)(unsigned char)(s->e - i);
  return sum ^ (word)(s->c / (b | 1)) ^ (word)s->c * 0x9E3779B97F4A7C15ul;
}

static inline word longs(const struct Sample *s, int i) {
  word x = (word)s->c, y = (word)s->b << 17 | 1;
  for (int k = 0; k < i % 9; ++k) {
    x = x * 6364136223846793005ul + y;
    x ^= x >> 29;
    y = (y << 13) | (y >> 51);
    if (x & 1)
      y += (word)((long)x >> 5);
  }
  return x % y + (word)((__int128)s->c * (long)y >> 64);
}

static inline word floats(const struct Sample *s, int i) {
  float x = s->f, sum = 0;
  for (int k = 0; k <= i % 7; ++k) {
    sum = sum * 0.5f + x;
    x = x > 1 ? x / 3.0f : x < -1 ? -x : x + 0.25f;
  }
  int whole = (int)sum;
  return bitsOfFloat(sum) | (word)(unsigned)whole << 32;
}

static inline word doubles(const struct Sample *s, int i) {
  double x = s->g, y = s->f;
  double z = x * y - (double)s->c / (1 + i) + (float)x;
  return bitsOfDouble(z < 0 ? z * 1.5 : z + (double)(unsigned)s->a) + (word)(long)(y * 1000);
}

static inline word tables(const struct Sample *s, int i) {
  static const unsigned char table[16] = {3, 1, 4, 1, 5, 9, 2, 6, 5, 3, 5, 8, 9, 7, 9, 3};
  int local[8];
  for (int k = 0; k < 8; ++k)
    local[k] = table[(k * 5 + i) & 15] * (k - 3);
  for (int k = 1; k < 8; ++k) // insertion sort: addresses that depend on data
    for (int j = k; j > 0 && local[j - 1] > local[j]; --j) {
      int t = local[j];
      local[j] = local[j - 1];
      local[j - 1] = t;
    }
  return (word)(long)local[s->a & 7] ^ (word)(long)local[i & 7] << 20;
}

static inline word choices(const struct Sample *s, int i) {
  word x = (word)(unsigned)s->b;
  switch ((unsigned)s->a % 11) {
  case 0:
    return x + 1;
  case 1:
    return x ^ 0xff;
  case 2:
    x *= 3;
    break;
  case 3:
    return ~x;
  case 4:
    x = x << 3;
    break;
  case 5:
    return (word)i;
  case 6:
    x = x / 7;
    break;
  case 7:
    return x & 0xf0f0;
  case 8:
    x -= 1000;
    break;
  default:
    return 77;
  }
  return x + ((s->f < 0) == (i % 2) ? 5 : 9) + (__builtin_popcountl(x) << 4) + (word)__builtin_clz((unsigned)s->b | 1);
}

typedef unsigned v4 __attribute__((vector_size(16)));
typedef unsigned char v16 __attribute__((vector_size(16)));
typedef float f4 __attribute__((vector_size(16)));
static inline word vectors(const struct Sample *s, int i) {
  v4 x = {(unsigned)s->a, (unsigned)s->b, (unsigned)i, 7}, y = x * 3 + (x >> 2);
  v16 z = (v16)y + (v16)x;
  y ^= (v4)z;
  f4 f = {s->f, 1, 2, (float)i};
  f = f * f - 1;
  return (word)(y[0] + y[1]) | (word)(y[2] ^ y[3] ^ (unsigned)(int)f[3]) << 32;
}

#ifndef __NVPTX__
static word (*const functions[])(const struct Sample *, int) = {integers, longs,   floats, doubles,
                                                                tables,   choices, vectors};
enum { functionCount = 7 };
#endif
