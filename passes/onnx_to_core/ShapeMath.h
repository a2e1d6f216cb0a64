// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Sizes that a model computes or gives at run time: which are proven to be sizes, and products and quotients of sizes
// that cancel.
#pragma once
#include "passes/onnx_to_core/Builder.h"

namespace adze {

/// True if `v` is evidently not negative: made of tensor sizes and constants.
bool isSize(mlir::Value v);

/// `v` as the size of a result: an error where it is a negative constant, a check at run time where it may be negative.
/// `what` begins the message.
mlir::Value checkedSize(CoreBuilder &b, mlir::Value v, llvm::StringRef what);

/// The size that x and y broadcast to; an error, now or at run time, where they do not. `what` begins the message.
mlir::Value broadcastSize(CoreBuilder &b, mlir::Value x, mlir::Value y, llvm::StringRef what);

/// Two products of sizes without the factors that they share: their constants divided by their common divisor, and
/// other factors equal as values or as sizes of one tensor.
struct Fraction {
  llvm::SmallVector<mlir::Value> above, below;
  int64_t constantAbove = 1, constantBelow = 1;

  Fraction(mlir::ValueRange above, mlir::ValueRange below);
  /// The products, constants included.
  mlir::Value numerator(CoreBuilder &b) const;
  mlir::Value denominator(CoreBuilder &b) const;
  /// True if nothing is left below the line.
  bool isWhole() const { return below.empty() && constantBelow == 1; }
};

/// Elements of a 1-D tensor of integers whose size may be unknown: the first `most`, `fill` beyond its end, and its
/// size. The run fails if it has more. Nothing after an error. `what` names it in messages.
struct BoundedList {
  llvm::SmallVector<mlir::Value> values;
  mlir::Value count;
};
std::optional<BoundedList> boundedList(CoreBuilder &b, mlir::Value tensor, int64_t most, int64_t fill,
                                       llvm::StringRef what);

/// One i1 for each of `rank` dimensions: true where `axes` (maybe negative, at run time) name it. The run fails if one
/// is out of range or comes twice.
llvm::SmallVector<mlir::Value> axisFlags(CoreBuilder &b, mlir::ValueRange axes, int64_t rank);

/// `axis` counted from the front, at run time; the run fails if it is out of range.
mlir::Value checkedAxis(CoreBuilder &b, mlir::Value axis, int64_t rank);

/// The sizes whose flag (i1) is false, in order; `count` is their number.
llvm::SmallVector<mlir::Value> unflagged(CoreBuilder &b, llvm::ArrayRef<mlir::Value> flags,
                                         llvm::ArrayRef<mlir::Value> sizes, int64_t count);

} // namespace adze
