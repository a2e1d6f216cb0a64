// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "passes/onnx_to_core/Operands.h"
#include "passes/onnx_to_core/Sizes.h"

using namespace mlir;
using namespace adze;

bool adze::isString(Value tensor) { return isa<core::StringType>(CoreBuilder::element(tensor)); }

Value adze::rightInput(CoreBuilder &b, Value x) {
  Value y = b.in(1);
  if (!x || !y || b.opset() >= 7 || !b.intAttr("broadcast", 0) || !b.node.getNodeAttr("axis"))
    return y;
  auto axis = b.axis(b.intAttr("axis", 0), b.rank(x));
  if (!axis)
    return {};
  int64_t rank = b.rank(y), after = b.rank(x) - *axis - rank;
  if (after < 0) {
    b.error() << "input 1 has rank " << rank << ", which at axis " << *axis << " does not fit rank " << b.rank(x);
    return {};
  }
  return after ? b.unsqueeze(y, range(rank, rank + after)) : y;
}
