// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include "test/sim/ptx/Assembler.h"

namespace adze::ptx {

/// ldmatrix, stmatrix and movmatrix.
void addMatrixMoves(Families &families);

} // namespace adze::ptx
