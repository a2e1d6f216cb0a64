// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What `adze diff` says.
#pragma once
#include "tools/adze/Difference.h"
#include "tools/adze/Dump.h"

namespace adze::tool {

/// A named value that both sides have.
struct ComparedValue {
  NamedValue what;
  adze_dtype dtype;
  std::vector<int64_t> shape;
  Tolerance tolerance;
  Difference difference;
};

/// All values, in the order of the graph.
struct DiffReport {
  std::string model, ours, theirs; ///< the model, and who computed it
  std::vector<ComparedValue> compared;
  std::vector<NamedValue> others; ///< not compared, each with its reason

  /// The first value that differs, or null.
  const ComparedValue *first() const;
  /// How many differ.
  size_t differing() const;

  /// Prints what is above the table, and the `top` values that differ most (0: all).
  void print(int top) const;
  /// All of it as JSON; infinities and NaN as text.
  std::string json() const;
};

} // namespace adze::tool
