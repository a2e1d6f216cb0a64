// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Arithmetic and checks on sizes (host scalars of type index), and small idioms on tensors that several families share.
#pragma once
#include "passes/onnx_to_core/Builder.h"

namespace adze {

/// x floordiv y and x ceildiv y, for y > 0.
mlir::Value floorDiv(CoreBuilder &b, mlir::Value x, mlir::Value y);
mlir::Value ceilDiv(CoreBuilder &b, mlir::Value x, mlir::Value y);
mlir::Value maxIndex(CoreBuilder &b, mlir::Value x, mlir::Value y);
mlir::Value minIndex(CoreBuilder &b, mlir::Value x, mlir::Value y);
/// The product of sizes; 1 of none.
mlir::Value product(CoreBuilder &b, mlir::ValueRange sizes);
/// i1: x < y, and so on.
mlir::Value compareIndex(CoreBuilder &b, mlir::arith::CmpIPredicate predicate, mlir::Value x, mlir::Value y);
mlir::Value selectIndex(CoreBuilder &b, mlir::Value condition, mlir::Value x, mlir::Value y);

/// The run fails with `message` unless x <predicate> y; fails now, with an error, where that is known already.
mlir::LogicalResult require(CoreBuilder &b, mlir::arith::CmpIPredicate predicate, mlir::Value x, mlir::Value y,
                            llvm::StringRef message);
inline mlir::LogicalResult requireEqual(CoreBuilder &b, mlir::Value x, mlir::Value y, llvm::StringRef message) {
  return require(b, mlir::arith::CmpIPredicate::eq, x, y, message);
}

/// A list attribute of `count` entries, `otherwise` in each if the node has none; an error if it has another number of
/// entries or one below `least`.
std::optional<llvm::SmallVector<int64_t>> listAttr(CoreBuilder &b, llvm::StringRef name, size_t count,
                                                   int64_t otherwise, int64_t least);

/// The elements of a small integer tensor of rank 1 that must have `count` of them, checked now or when the program
/// runs. `what` names it in messages.
std::optional<llvm::SmallVector<mlir::Value>> indicesOf(CoreBuilder &b, mlir::Value tensor, int64_t count,
                                                        llvm::StringRef what);

/// first, first + 1, ..., last - 1.
llvm::SmallVector<int64_t> range(int64_t first, int64_t last);

/// f32 for f16, bf16 and narrower floats; the type itself else.
mlir::Type wideFloat(mlir::Type element);

/// The 1-D tensor `x` as [1, ..., size, ..., 1] of `rank` dimensions with its elements along `axis`.
mlir::Value alongAxis(CoreBuilder &b, mlir::Value x, int64_t axis, int64_t rank);

/// A tensor of one element (rank 0, or 1 and size 1) as rank 0.
mlir::Value asScalar(CoreBuilder &b, mlir::Value x);

/// Element `i` of a vector, as a tensor of rank 0.
mlir::Value elementAt(CoreBuilder &b, mlir::Value vector, int64_t i);

/// The elements of a constant float tensor; nothing if it is no constant by now.
std::optional<llvm::SmallVector<double>> constantFloats(mlir::Value tensor);

/// A 1-D constant of these numbers in a float or integer element type.
mlir::Value constantVector(CoreBuilder &b, mlir::Type element, llvm::ArrayRef<double> values);

} // namespace adze
