// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Loops over a warp's lanes, in a form that compilers vectorise.
#pragma once
#include "test/sim/ptx/Warp.h"
#include <cstring>

#if defined(__clang__)
// A lane reads its own lane only, so lanes are independent even where registers are the same.
#define ADZE_EACH_LANE _Pragma("clang loop vectorize(assume_safety)") for (int i = 0; i < 32; ++i)
#else
#define ADZE_EACH_LANE for (int i = 0; i < 32; ++i)
#endif

#define ADZE_INLINE __attribute__((always_inline))

namespace adze::ptx {

inline int popcount(Lanes lanes) { return __builtin_popcount(lanes); }
inline int firstOf(Lanes lanes) { return __builtin_ctz(lanes); }

/// d[i] = value(i) for the lanes; value may be called for the others too.
template <class D, class F> inline void setLanes(D *d, Lanes lanes, F value) {
  if (lanes == allLanes) {
    ADZE_EACH_LANE d[i] = value(i);
    return;
  }
  D result[32];
  ADZE_EACH_LANE result[i] = value(i);
  ADZE_EACH_LANE d[i] = lanes >> i & 1 ? result[i] : d[i];
}

/// f(i) for the lanes and no other.
template <class F> inline void eachOf(Lanes lanes, F f) {
  for (; lanes; lanes &= lanes - 1)
    f(firstOf(lanes));
}

/// A mask of the lanes for which test(i); called for all.
template <class F> inline Lanes lanesWhere(F test) {
  uint8_t bits[32];
  ADZE_EACH_LANE bits[i] = test(i);
  Lanes mask = 0;
  for (int part = 0; part < 4; ++part) {
    uint64_t eight;
    std::memcpy(&eight, bits + part * 8, 8);
    mask |= static_cast<Lanes>(eight * 0x0102040810204080u >> 56) << part * 8; // gathers the lowest bits of 8 bytes
  }
  return mask;
}

template <class R, class T, class F> void unaryLanes(Warp &w, const Op &o, Lanes lanes) {
  const T *a = w.lanes<T>(o.a);
  setLanes(w.lanes<R>(o.d), lanes, [=](int i) { return static_cast<R>(F()(a[i])); });
}

template <class R, class T, class F> void binaryLanes(Warp &w, const Op &o, Lanes lanes) {
  const T *a = w.lanes<T>(o.a), *b = w.lanes<T>(o.b);
  setLanes(w.lanes<R>(o.d), lanes, [=](int i) { return static_cast<R>(F()(a[i], b[i])); });
}

template <class R, class T, class F> void ternaryLanes(Warp &w, const Op &o, Lanes lanes) {
  const T *a = w.lanes<T>(o.a), *b = w.lanes<T>(o.b), *c = w.lanes<T>(o.c);
  setLanes(w.lanes<R>(o.d), lanes, [=](int i) { return static_cast<R>(F()(a[i], b[i], c[i])); });
}

} // namespace adze::ptx
