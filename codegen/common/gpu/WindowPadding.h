// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Which places of a convolution's window are padding, rather than its image: asked for each row (position of the
// result) at each step of the depth, so what can be known of a row is computed before.
#pragma once
#include "codegen/common/gpu/Product.h"

namespace adze::gpu {

class WindowPadding {
public:
  using Value = mlir::Value;
  using Values = llvm::SmallVector<Value>;

  /// `sizes` are those of the image without padding, `window` those of what the depth runs over: the window's
  /// dimensions, then channels.
  WindowPadding(Product &product, llvm::ArrayRef<core::DimExpr> sizes, llvm::ArrayRef<int64_t> window);

  /// Where the window of a row begins: the image's number, and coordinates, which lie outside of it in the padding.
  Coords corner(Value row);
  /// What is known of a row: for small windows a number with a bit for each place, which is set if the image is there;
  /// else where the window begins in the image, along what is padded.
  Values known(Value row);

  /// What rows are asked at a place of the window.
  struct Question {
    Value bit;     ///< of small windows; zero where the answer is no for each row
    Values within; ///< of others: how far from the window's begin
    Value valid{}; ///< of others, and without padding: false where the answer is no for each row; null: nowhere
  };
  /// Whether the image is at the place whose coordinates `state` begins with, and `valid`, which may be null, holds.
  Question ask(mlir::ValueRange state, Value valid);
  /// What a row of which that is known answers; null: yes, always.
  Value answer(mlir::ValueRange known, const Question &question);

private:
  /// True if a number of 32 bits has one for each place.
  bool isSmall() const { return !padded.empty() && places <= 32; }
  /// Whether the image has the coordinate that is `within` behind `begin` along the `i`-th of `padded`.
  Value isInside(size_t i, Value begin, Value within);
  /// A coordinate of the image, in the type that they are compared in.
  Value coordinate(Value value);
  /// A number of 32 bits.
  Value bits(int64_t value);

  Product &product;
  Emitter &e;
  llvm::SmallVector<core::DimExpr> sizes;
  llvm::SmallVector<int64_t> window; ///< without channels
  llvm::SmallVector<size_t> padded;  ///< its dimensions along which there is padding
  int64_t places = 1;
  bool isNarrow = true; ///< coordinates of the image fit into 32 bits
};

} // namespace adze::gpu
