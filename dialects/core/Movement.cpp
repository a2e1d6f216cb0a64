// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "dialects/core/Core.h"

using namespace mlir;
using namespace adze::core;

using Results = SmallVectorImpl<ShapeOf>;

/// The number of elements; nothing if it is not known, -1 if it cannot be counted.
static std::optional<int64_t> countOf(ArrayRef<DimExpr> sizes) {
  int64_t count = 1;
  bool wide = false;
  for (const DimExpr &size : sizes) {
    auto known = size.constant();
    if (!known)
      return std::nullopt;
    if (*known == 0)
      return 0;
    wide |= *known < 0 || llvm::MulOverflow(count, *known, count);
  }
  return wide ? -1 : count;
}

LogicalResult ReshapeOp::inferShapes(Adaptor op, Shapes &shapes, std::optional<Location> loc, Results &results) {
  ShapeOf in = shapes.shape(op.getInput());
  ShapeOf out{in.elementType, shapes.sizes(op.getSizes())};
  auto from = countOf(in.dims), to = countOf(out.dims);
  if (from && to && *from != *to)
    return emitOptionalError(loc, "cannot reshape ", *from, " elements into ", *to, ", expected as many");
  shapes.areSizes(out.dims);
  shapes.sameCount(in.dims, out.dims);
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
    return emitOptionalError(loc, "cannot broadcast rank ", in.dims.size(), " to rank ", out.dims.size(),
                             ", expected a rank that is not less");
  for (size_t i = 0; i < in.dims.size(); ++i) {
    auto from = in.dims[i].constant(), to = out.dims[out.dims.size() - in.dims.size() + i].constant();
    if (from && to && *from != 1 && *from != *to)
      return emitOptionalError(loc, "cannot broadcast size ", *from, " to size ", *to);
    shapes.oneOr(in.dims[i], out.dims[out.dims.size() - in.dims.size() + i]);
  }
  shapes.areSizes(out.dims);
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
      return emitOptionalError(loc, "permutation has the entry ", from, ", expected each of the ", seen.size(),
                               " dimensions of the input once");
    seen[from] = true;
    out.dims.push_back(in.dims[from]);
  }
  if (permutation.size() != seen.size())
    return emitOptionalError(loc, "permutation has ", permutation.size(), " entries, expected ", seen.size(),
                             ", the input's rank");
  results.push_back(out);
  return success();
}

OpFoldResult TransposeOp::fold(FoldAdaptor) {
  if (llvm::is_sorted(getPermutation()) && getInput().getType() == getResult().getType())
    return getInput();
  return {};
}

/// What a slice reads along a dimension of `size` lies in it.
static void insideOf(Shapes &shapes, const DimExpr &size, const DimExpr &offset, const DimExpr &step,
                     const DimExpr &count) {
  StringRef message = "a slice reaches outside its input";
  if (step.isConstant(1)) {
    if (!shapes.dims.knownGreaterEqual(offset, 0) || !shapes.dims.knownGreaterEqual(size, offset + count))
      shapes.must({SizeRule::Within, message.str(), offset, count, size});
    return;
  }
  for (const DimExpr &at : {offset, offset + (count - 1) * step})
    if (!shapes.dims.knownGreaterEqual(at, 0) || !shapes.dims.knownGreaterEqual(size, at + 1))
      shapes.must({SizeRule::Inside, message.str(), at, size, count});
}

LogicalResult SliceOp::inferShapes(Adaptor op, Shapes &shapes, std::optional<Location> loc, Results &results) {
  ShapeOf in = shapes.shape(op.getInput());
  size_t rank = in.dims.size();
  if (op.getOffsets().size() != rank || op.getSteps().size() != rank || op.getSizes().size() != rank)
    return emitOptionalError(loc, "offsets, steps and sizes are not one for each of the ", rank, " dimensions");
  ShapeOf out{in.elementType, shapes.sizes(op.getSizes())};
  shapes.areSizes(out.dims);
  for (size_t d = 0; shapes.collectsRules() && d < rank; ++d)
    insideOf(shapes, in.dims[d], shapes.size(op.getOffsets()[d]), shapes.size(op.getSteps()[d]), out.dims[d]);
  results.push_back(out);
  return success();
}

LogicalResult PadOp::inferShapes(Adaptor op, Shapes &shapes, std::optional<Location> loc, Results &results) {
  ShapeOf in = shapes.shape(op.getInput()), value = shapes.shape(op.getValue());
  size_t rank = in.dims.size();
  if (op.getLow().size() != rank || op.getSizes().size() != rank)
    return emitOptionalError(loc, "low and sizes are not one for each of the ", rank, " dimensions");
  if (!value.dims.empty() || value.elementType != in.elementType)
    return emitOptionalError(loc, "padding value is ", value.type(), ", expected tensor<", in.elementType, ">");
  ShapeOf out{in.elementType, shapes.sizes(op.getSizes())};
  shapes.areSizes(out.dims);
  for (size_t d = 0; op.getMode() != PadMode::constant && d < rank; ++d)
    shapes.notEmpty(in.dims[d], out.dims[d], "there is nothing to pad with");
  results.push_back(out);
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
      return emitOptionalError(loc, "inputs differ in rank or element type: ", out.type(), " and ", in.type(),
                               ", expected the same");
    for (size_t i = 0; i < in.dims.size(); ++i) {
      if (int64_t(i) == axis)
        out.dims[i] = out.dims[i] + in.dims[i];
      else if (failed(shapes.equal(loc, out.dims[i], in.dims[i], "inputs differ in dimension " + std::to_string(i))))
        return failure();
      else if (!out.dims[i].constant() && in.dims[i].constant())
        out.dims[i] = in.dims[i];
    }
  }
  results.push_back(out);
  return success();
}

LogicalResult IotaOp::inferShapes(Adaptor op, Shapes &shapes, std::optional<Location> loc, Results &results) {
  if (op.getAxis() >= op.getSizes().size())
    return emitOptionalError(loc, "axis ", op.getAxis(), " is out of range for rank ", op.getSizes().size());
  ShapeOf out{op.getType(), shapes.sizes(op.getSizes())};
  shapes.areSizes(out.dims);
  results.push_back(out);
  return success();
}
