// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "dialects/core/Core.h"
#include "dialects/core/Elements.h"

using namespace mlir;
using namespace adze::core;

using Results = SmallVectorImpl<ShapeOf>;

/// `in` with the dimensions `axes` (sorted) reduced.
static FailureOr<ShapeOf> reduced(std::optional<Location> loc, const ShapeOf &in, ArrayRef<int64_t> axes,
                                  bool keepdims) {
  ShapeOf out{in.elementType, {}};
  int64_t last = -1;
  for (int64_t axis : axes) {
    if (axis <= last || axis >= int64_t(in.dims.size()))
      return emitOptionalError(loc, "axis ", axis, " is out of range for rank ", in.dims.size(), " or out of order");
    last = axis;
  }
  for (auto [i, dim] : llvm::enumerate(in.dims))
    if (!llvm::is_contained(axes, int64_t(i)))
      out.dims.push_back(dim);
    else if (keepdims)
      out.dims.push_back(1);
  return out;
}

LogicalResult ReduceOp::inferShapes(Adaptor op, Shapes &shapes, std::optional<Location> loc, Results &results) {
  auto out = reduced(loc, shapes.shape(op.getInput()), op.getAxes(), op.getKeepdims());
  if (failed(out) || failed(checkNumbers(loc, out->elementType)))
    return failure();
  results.push_back(*out);
  return success();
}

LogicalResult ArgReduceOp::inferShapes(Adaptor op, Shapes &shapes, std::optional<Location> loc, Results &results) {
  auto out = reduced(loc, shapes.shape(op.getInput()), {int64_t(op.getAxis())}, op.getKeepdims());
  if (failed(out))
    return failure();
  out->elementType = IntegerType::get(out->elementType.getContext(), 64);
  results.push_back(*out);
  return success();
}

LogicalResult ScanOp::inferShapes(Adaptor op, Shapes &shapes, std::optional<Location> loc, Results &results) {
  ShapeOf in = shapes.shape(op.getInput());
  if (op.getAxis() >= in.dims.size())
    return emitOptionalError(loc, "axis ", op.getAxis(), " is out of range for rank ", in.dims.size());
  if (failed(checkNumbers(loc, in.elementType)))
    return failure();
  results.push_back(in);
  return success();
}
