// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What a kernel's work is, whoever does it: bytes to and from memory, operations.
#pragma once
#include "dialects/kernel/Kernel.h"
#include <optional>

namespace adze::gpu {

/// Nothing where a size is known only at run time.
struct Cost {
  std::optional<double> bytes; ///< operands and results, each element that is read once, each that is written once
  std::optional<double> flops; ///< a multiplication and an addition are two
  mlir::Type unit;             ///< the type of the operands that most operations are on; null: there are none
  bool isProduct = false;      ///< those are of a matrix product's or a convolution's sums
};

/// The cost of one launch of `kernel`, whose body is core ops (up to stage placed).
///   core.matmul, core.conv, core.attention: two for each product that is summed up
///   core.pool, core.reduce, core.scan, ...: one for each element that is joined
///   core.softmax 4, core.norm 6: for each element; core.unary, core.binary, core.select ...: one
///   what moves elements (transpose, slice, gather ...): none; of an operand that is gathered or sliced, only as many
///   elements are read as the result has.
Cost costOf(kernel::FuncOp kernel);

} // namespace adze::gpu
