// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The sample program of the runtime's tests; see Sample.c.
#ifndef ADZE_TEST_RUNTIME_SAMPLE_H
#define ADZE_TEST_RUNTIME_SAMPLE_H

#include "runtime/abi.h"

/// Kernels of the sample, in the order in which a run launches them.
enum { kSampleAdd, kSampleCopy, kSamplePick, kSampleKernels };

#endif // ADZE_TEST_RUNTIME_SAMPLE_H
