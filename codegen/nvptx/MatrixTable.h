// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The matrix units of NVIDIA's chips: mma.sync (PTX ISA, "Matrix multiply-accumulate operation using mma instruction").
#pragma once
#include "codegen/common/gpu/MatrixUnits.h"
#include <vector>

namespace adze::nvptx {

/// Those that a chip of this capability has, and with it all later ones, the preferred first.
std::vector<gpu::MatrixUnit> matrixUnits(int capability, mlir::MLIRContext &context);

} // namespace adze::nvptx
