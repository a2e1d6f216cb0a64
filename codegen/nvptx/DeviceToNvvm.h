// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The kernel dialect's ops for devices, as NVVM.
#pragma once
#include "codegen/nvptx/Chip.h"
#include "mlir/Conversion/LLVMCommon/TypeConverter.h"

namespace adze::nvptx {

/// Adds conversions of kernel.async_copy, async_commit, async_wait, load_fragment and multiply_fragments for a chip of
/// this capability. What it has no instruction for is done by others, or not converted: never given to LLVM.
void addDeviceConversions(const mlir::LLVMTypeConverter &types, int capability, mlir::RewritePatternSet &patterns);

} // namespace adze::nvptx
