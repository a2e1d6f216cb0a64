// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What operators on quantised tensors share.
#pragma once
#include "passes/onnx_to_core/Builder.h"

namespace adze {

/// A scale or zero point that is one number, or one for each index of the dimension `axisFromEnd` from the end (1: the
/// last), as a tensor that broadcasts to its operand. Ranks over 1 stay as they are.
mlir::Value perRowOrColumn(CoreBuilder &b, mlir::Value x, int64_t axisFromEnd);

/// x - zero in i32 (in the scale's float type for float8), with `zero` as perRowOrColumn takes it, or null for none.
mlir::Value withoutZeroPoint(CoreBuilder &b, mlir::Value x, mlir::Value zero, int64_t axisFromEnd);

/// The result of a quantised operator: `sum` (i32) times `scale` over `outScale`, rounded to even, plus `zero`,
/// saturated to the element type of `zero`. All broadcast.
mlir::Value requantize(CoreBuilder &b, mlir::Value sum, mlir::Value scale, mlir::Value outScale, mlir::Value zero);

/// `x` (float) rounded and saturated to an element type that tensors are quantised to, plus `zero` (of that type, or
/// null).
mlir::Value quantizeTo(CoreBuilder &b, mlir::Value x, mlir::Value zero, mlir::Type to, bool saturateFloat = true);

} // namespace adze
