// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "passes/onnx_to_core/Operands.h"
#include "passes/onnx_to_core/Sizes.h"

using namespace mlir;
using namespace adze;

bool adze::isString(Value tensor) { return isa<core::StringType>(CoreBuilder::element(tensor)); }

static bool isOfKind(Type element, Elements kind) {
  unsigned bits = element.getIntOrFloatBitWidth();
  bool isFloat = isa<FloatType>(element) && bits >= 16, isInteger = isa<IntegerType>(element) && bits >= 8;
  switch (kind) {
  case Elements::any:
    return true;
  case Elements::numbers:
    return isFloat || isInteger;
  case Elements::floats:
    return isFloat;
  case Elements::integers:
    return isInteger;
  case Elements::bools:
    return element.isInteger(1);
  }
  return false;
}

static StringRef nameOf(Elements kind) {
  switch (kind) {
  case Elements::any:
    return "elements";
  case Elements::numbers:
    return "integers of 8 bits or more or floats of 16 bits or more";
  case Elements::floats:
    return "floats of 16 bits or more";
  case Elements::integers:
    return "integers of 8 bits or more";
  case Elements::bools:
    return "i1";
  }
  return "";
}

Value adze::input(CoreBuilder &b, unsigned i, Elements kind) {
  Value x = b.in(i);
  if (!x || isOfKind(b.element(x), kind))
    return x;
  b.error() << "input " << i << " has elements of type " << b.element(x) << ", expected " << nameOf(kind);
  return {};
}

Value adze::rightInput(CoreBuilder &b, Value x, Elements kind) {
  Value y = input(b, 1, kind);
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
