// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What the GPU storey uses of the gpu dialect, as NVVM.
#pragma once
#include "mlir/Conversion/LLVMCommon/TypeConverter.h"

namespace adze::nvptx {

/// Adds conversions of gpu.thread_id, block_id, barrier, shuffle and dynamic_shared_memory.
void addGpuConversions(const mlir::LLVMTypeConverter &types, mlir::RewritePatternSet &patterns);

} // namespace adze::nvptx
