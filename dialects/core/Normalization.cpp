// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "dialects/core/Core.h"
#include "dialects/core/Elements.h"

using namespace mlir;
using namespace adze::core;

/// An input of floats whose dimension `axis` exists; the result has its shape.
static LogicalResult rowFunction(Shapes &shapes, Value input, int64_t axis, std::optional<Location> loc,
                                 SmallVectorImpl<ShapeOf> &results) {
  ShapeOf in = shapes.shape(input);
  if (axis < 0 || axis >= int64_t(in.dims.size()))
    return emitOptionalError(loc, "axis ", axis, " is out of range for rank ", in.dims.size());
  if (!isWideFloat(in.elementType))
    return emitOptionalError(loc, "element type is ", in.elementType, ", expected a float of 16 bits or more");
  results.push_back(in);
  return success();
}

LogicalResult SoftmaxOp::inferShapes(Adaptor op, Shapes &shapes, std::optional<Location> loc,
                                     SmallVectorImpl<ShapeOf> &results) {
  return rowFunction(shapes, op.getInput(), op.getAxis(), loc, results);
}

LogicalResult NormOp::inferShapes(Adaptor op, Shapes &shapes, std::optional<Location> loc,
                                  SmallVectorImpl<ShapeOf> &results) {
  return rowFunction(shapes, op.getInput(), op.getAxis(), loc, results);
}
