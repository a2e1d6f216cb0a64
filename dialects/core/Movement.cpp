// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "dialects/core/Core.h"

using namespace mlir;
using namespace adze::core;

using Results = SmallVectorImpl<ShapeOf>;

LogicalResult ReshapeOp::inferShapes(Adaptor op, Shapes &shapes, std::optional<Location> loc, Results &results) {
  ShapeOf in = shapes.shape(op.getInput());
  ShapeOf out{in.elementType, shapes.sizes(op.getSizes())};
  std::optional<int64_t> from = 1, to = 1;
  for (auto *side : {&in, &out})
    for (DimExpr &dim : side->dims) {
      auto &count = side == &in ? from : to;
      count = count && dim.constant() ? std::optional<int64_t>(*count * *dim.constant()) : std::nullopt;
    }
  if (from && to && *from != *to)
    return emitOptionalError(loc, "cannot reshape ", *from, " elements into ", *to);
  results.push_back(out);
  return success();
}

OpFoldResult ReshapeOp::fold(FoldAdaptor) {
  auto type = cast<RankedTensorType>(getResult().getType());
  if (getInput().getType() == type && (type.hasStaticShape() || (type.getRank() == 1)))
    return getInput();
  return {};
}

LogicalResult BroadcastOp::inferShapes(Adaptor op, Shapes &shapes, std::optional<Location> loc, Results &results) {
  ShapeOf in = shapes.shape(op.getInput());
  ShapeOf out{in.elementType, shapes.sizes(op.getSizes())};
  if (out.dims.size() < in.dims.size())
    return emitOptionalError(loc, "cannot broadcast rank ", in.dims.size(), " to rank ", out.dims.size());
  for (size_t i = 0; i < in.dims.size(); ++i) {
    auto from = in.dims[i].constant(), to = out.dims[out.dims.size() - in.dims.size() + i].constant();
    if (from && to && *from != 1 && *from != *to)
      return emitOptionalError(loc, "cannot broadcast size ", *from, " to size ", *to);
  }
  results.push_back(out);
  return success();
}

OpFoldResult BroadcastOp::fold(FoldAdaptor) {
  auto type = cast<RankedTensorType>(getResult().getType());
  return getInput().getType() == type && type.hasStaticShape() ? OpFoldResult(getInput()) : OpFoldResult();
}

LogicalResult TransposeOp::inferShapes(Adaptor op, Shapes &shapes, std::optional<Location> loc, Results &results) {
  ShapeOf in = shapes.shape(op.getInput());
  ArrayRef<int64_t> permutation = op.getPermutation();
  SmallVector<bool> seen(in.dims.size(), false);
  ShapeOf out{in.elementType, {}};
  for (int64_t from : permutation) {
    if (from < 0 || from >= int64_t(seen.size()) || seen[from])
      return emitOptionalError(loc, "permutation is not one of the ", seen.size(), " dimensions of the input");
    seen[from] = true;
    out.dims.push_back(in.dims[from]);
  }
  if (permutation.size() != seen.size())
    return emitOptionalError(loc, "permutation has ", permutation.size(), " entries, the input rank ", seen.size());
  results.push_back(out);
  return success();
}

OpFoldResult TransposeOp::fold(FoldAdaptor) {
  if (llvm::is_sorted(getPermutation()) && getInput().getType() == getResult().getType())
    return getInput();
  return {};
}

LogicalResult SliceOp::inferShapes(Adaptor op, Shapes &shapes, std::optional<Location> loc, Results &results) {
  ShapeOf in = shapes.shape(op.getInput());
  size_t rank = in.dims.size();
  if (op.getOffsets().size() != rank || op.getSteps().size() != rank || op.getSizes().size() != rank)
    return emitOptionalError(loc, "offsets, steps and sizes are not one for each of the ", rank, " dimensions");
  results.push_back({in.elementType, shapes.sizes(op.getSizes())});
  return success();
}

LogicalResult PadOp::inferShapes(Adaptor op, Shapes &shapes, std::optional<Location> loc, Results &results) {
  ShapeOf in = shapes.shape(op.getInput()), value = shapes.shape(op.getValue());
  size_t rank = in.dims.size();
  if (op.getLow().size() != rank || op.getSizes().size() != rank)
    return emitOptionalError(loc, "low and sizes are not one for each of the ", rank, " dimensions");
  if (!value.dims.empty() || value.elementType != in.elementType)
    return emitOptionalError(loc, "padding value is ", value.type(), ", expected tensor<", in.elementType, ">");
  results.push_back({in.elementType, shapes.sizes(op.getSizes())});
  return success();
}

LogicalResult ConcatOp::inferShapes(Adaptor op, Shapes &shapes, std::optional<Location> loc, Results &results) {
  if (op.getInputs().empty())
    return emitOptionalError(loc, "nothing to concatenate");
  ShapeOf out = shapes.shape(op.getInputs().front());
  int64_t axis = op.getAxis();
  if (axis < 0 || axis >= int64_t(out.dims.size()))
    return emitOptionalError(loc, "axis ", axis, " is out of range for rank ", out.dims.size());
  for (Value input : op.getInputs().drop_front()) {
    ShapeOf in = shapes.shape(input);
    if (in.dims.size() != out.dims.size() || in.elementType != out.elementType)
      return emitOptionalError(loc, "inputs differ in rank or element type: ", out.type(), " and ", in.type());
    for (size_t i = 0; i < in.dims.size(); ++i) {
      auto a = out.dims[i].constant(), b = in.dims[i].constant();
      if (int64_t(i) == axis)
        out.dims[i] = out.dims[i] + in.dims[i];
      else if (a && b && *a != *b)
        return emitOptionalError(loc, "inputs differ in dimension ", i, ": ", *a, " and ", *b);
      else if (!a && b)
        out.dims[i] = in.dims[i];
    }
  }
  results.push_back(out);
  return success();
}

LogicalResult IotaOp::inferShapes(Adaptor op, Shapes &shapes, std::optional<Location> loc, Results &results) {
  if (op.getAxis() >= op.getSizes().size())
    return emitOptionalError(loc, "axis ", op.getAxis(), " is out of range for rank ", op.getSizes().size());
  results.push_back({op.getType(), shapes.sizes(op.getSizes())});
  return success();
}
