// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "passes/onnx_to_core/Quantize.h"
#include "passes/onnx_to_core/Sizes.h"

using namespace mlir;
using namespace adze;
using namespace adze::core;

Value adze::perRowOrColumn(CoreBuilder &b, Value x, int64_t axisFromEnd) {
  if (!x || b.rank(x) != 1)
    return x;
  if (b.type(x).getDimSize(0) == 1)
    return asScalar(b, x);
  return alongAxis(b, x, 0, axisFromEnd);
}

Value adze::withoutZeroPoint(CoreBuilder &b, Value x, Value zero, int64_t axisFromEnd) {
  if (!x)
    return {};
  if (b.isFloat(x)) { // float8 has no zero point but 0
    return b.cast(x, b.b.getF32Type());
  }
  x = b.cast(x, b.i(32));
  return zero ? b.sub(x, perRowOrColumn(b, b.cast(zero, b.i(32)), axisFromEnd)) : x;
}

Value adze::quantizeTo(CoreBuilder &b, Value x, Value zero, Type to, bool saturateFloat) {
  if (!x || !to)
    return {};
  if (isa<FloatType>(to)) {
    if (zero)
      x = b.add(x, b.cast(zero, b.element(x)));
    return b.cast(x, to, saturateFloat);
  }
  if (!isa<IntegerType>(to)) {
    b.error() << "cannot quantise to " << to << ", expected integers or floats of 8 bits";
    return {};
  }
  x = b.unary(UnaryKind::round, x);
  x = x ? b.cast(x, wideFloat(b.element(x))) : x; // the sum with the zero point is exact there
  if (zero)
    x = b.add(x, b.cast(zero, b.element(x)));
  return b.cast(x, to, /*saturate=*/true);
}

Value adze::requantize(CoreBuilder &b, Value sum, Value scale, Value outScale, Value zero) {
  if (!sum || !scale || !outScale || !zero)
    return {};
  Type f32 = b.b.getF32Type();
  Value factor = b.div(b.cast(scale, f32), b.cast(outScale, f32));
  return quantizeTo(b, b.mul(b.cast(sum, f32), factor), zero, b.element(zero));
}
