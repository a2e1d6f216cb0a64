// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// How two tensors differ.
#pragma once
#include "tools/adze/Npy.h"

#include <optional>
#include <string>

namespace adze::tool {

/// An element `a` fits a reference `b` if |a - b| <= absolute + ofRange * m + relative * |b|, where m is the
/// reference's greatest finite element; or if they are equal or both NaN.
struct Tolerance {
  double relative = 0, absolute = 0, ofRange = 0;
};

/// What the user asked for. Else, by type: 1e-3 of the element and 1e-4 of the range for floats of 32 bits and more,
/// 1e-2 and 1e-2 for shorter ones, nothing for integers.
struct ToleranceFlags {
  std::optional<double> relative, absolute;
  Tolerance of(adze_dtype dtype) const;
};

/// A tensor beside its reference.
struct Difference {
  std::string mismatch;   ///< of types or shapes: "float32[2,3] and float32[2,4]"; elements are then not compared
  int64_t elements = 0;   ///< compared
  int64_t outside = 0;    ///< those that do not fit
  double maxAbsolute = 0; ///< infinite where one is NaN or infinite and the other is not the same
  double maxRelative = 0; ///< the same, each as a part of its reference
  int64_t worst = -1;     ///< row-major place of the greatest difference, among those that do not fit if there are any
  std::string ours, theirs; ///< the elements there
  bool differs() const { return outside > 0 || !mismatch.empty(); }
  /// The greatest difference as a part of the reference's greatest element: what tensors are ranked by.
  double ofRange() const;
  double range = 0;   ///< the reference's greatest finite element, without its sign
  double allowed = 0; ///< the part of the tolerance that is the same for all elements
};

/// Compares a row-major tensor with its reference, which it may bring into row-major order.
Difference compare(const Tensor &ours, Tensor &reference, Tolerance tolerance);

/// "[0,3,7]": the row-major place `at` in a shape.
std::string placeText(int64_t at, const std::vector<int64_t> &shape);

} // namespace adze::tool
