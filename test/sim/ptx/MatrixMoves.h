// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include "test/sim/ptx/Assembler.h"

namespace adze::ptx {

/// ldmatrix, stmatrix and movmatrix.
void addMatrixMoves(Families &families);
/// wmma.load, wmma.mma, wmma.store.
void addWmma(Families &families);

} // namespace adze::ptx
