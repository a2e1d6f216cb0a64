// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma clang fp contract(off)
#include "test/sim/ptx/Inputs/Portable.h"

#define KERNEL(number, function)                                                                                       \
  __attribute__((nvptx_kernel)) void kernel##number(const struct Sample *in, word *out, int n) {                       \
    int i = (int)(__nvvm_read_ptx_sreg_ctaid_x() * __nvvm_read_ptx_sreg_ntid_x() + __nvvm_read_ptx_sreg_tid_x());      \
    if (i < n)                                                                                                         \
      out[i] = function(in + i, i);                                                                                    \
  }
KERNEL(0, integers)
KERNEL(1, longs)
KERNEL(2, floats)
KERNEL(3, doubles)
KERNEL(4, tables)
KERNEL(5, choices)
KERNEL(6, vectors)
