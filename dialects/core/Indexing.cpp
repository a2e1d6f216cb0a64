// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "dialects/core/Core.h"

using namespace mlir;
using namespace adze::core;

using Results = SmallVectorImpl<ShapeOf>;

static LogicalResult axisInRange(std::optional<Location> loc, int64_t axis, size_t rank) {
  if (axis < 0 || axis >= int64_t(rank))
    return emitOptionalError(loc, "axis ", axis, " is out of range for rank ", rank);
  return success();
}

static constexpr llvm::StringLiteral kNothingToIndex = "an index points into a dimension of size 0";

static LogicalResult indexElements(std::optional<Location> loc, const ShapeOf &indices) {
  if (!indices.elementType.isSignlessInteger(32) && !indices.elementType.isSignlessInteger(64))
    return emitOptionalError(loc, "indices have element type ", indices.elementType, ", expected i32 or i64");
  return success();
}

LogicalResult GatherOp::inferShapes(Adaptor op, Shapes &shapes, std::optional<Location> loc, Results &results) {
  ShapeOf in = shapes.shape(op.getInput()), indices = shapes.shape(op.getIndices());
  int64_t axis = op.getAxis();
  if (failed(axisInRange(loc, axis, in.dims.size())) || failed(indexElements(loc, indices)))
    return failure();
  ShapeOf out{in.elementType, {in.dims.begin(), in.dims.begin() + axis}};
  out.dims.append(indices.dims);
  out.dims.append(in.dims.begin() + axis + 1, in.dims.end());
  shapes.notEmpty(in.dims[axis], out.dims, kNothingToIndex);
  results.push_back(out);
  return success();
}

/// Indices of one axis: along the others no more of them than the input has.
static void indexWithin(Shapes &shapes, const ShapeOf &in, const ShapeOf &indices, int64_t axis) {
  for (size_t d = 0; d < in.dims.size(); ++d)
    if (int64_t(d) != axis)
      shapes.atMost(indices.dims[d], in.dims[d], "there are more indices than the input has elements");
  shapes.notEmpty(in.dims[axis], indices.dims, kNothingToIndex);
}

LogicalResult GatherElementsOp::inferShapes(Adaptor op, Shapes &shapes, std::optional<Location> loc, Results &results) {
  ShapeOf in = shapes.shape(op.getInput()), indices = shapes.shape(op.getIndices());
  if (failed(axisInRange(loc, op.getAxis(), in.dims.size())) || failed(indexElements(loc, indices)))
    return failure();
  if (in.dims.size() != indices.dims.size())
    return emitOptionalError(loc, "input has rank ", in.dims.size(), ", indices rank ", indices.dims.size());
  indexWithin(shapes, in, indices, op.getAxis());
  results.push_back({in.elementType, indices.dims});
  return success();
}

/// Length of the index tuples: the last size of `indices`, which must be known and fit the input.
static FailureOr<int64_t> tupleSize(std::optional<Location> loc, const ShapeOf &in, const ShapeOf &indices,
                                    int64_t batchDims) {
  if (indices.dims.empty())
    return emitOptionalError(loc, "indices have rank 0, expected 1 or more");
  auto size = indices.dims.back().constant();
  if (!size)
    return emitOptionalError(loc, "the last size of the indices is not known at compile time, so the rank is not");
  if (batchDims < 0 || batchDims >= int64_t(indices.dims.size()) || batchDims + *size > int64_t(in.dims.size()))
    return emitOptionalError(loc, "index tuples of ", *size, " after ", batchDims, " batch dimensions do not fit rank ",
                             in.dims.size());
  return *size;
}

LogicalResult GatherNdOp::inferShapes(Adaptor op, Shapes &shapes, std::optional<Location> loc, Results &results) {
  ShapeOf in = shapes.shape(op.getInput()), indices = shapes.shape(op.getIndices());
  auto tuple = tupleSize(loc, in, indices, op.getBatchDims());
  if (failed(tuple) || failed(indexElements(loc, indices)))
    return failure();
  ShapeOf out{in.elementType, {indices.dims.begin(), indices.dims.end() - 1}};
  int64_t batch = op.getBatchDims();
  out.dims.append(in.dims.begin() + batch + *tuple, in.dims.end());
  for (int64_t d = 0; d < batch; ++d)
    if (failed(shapes.equal(loc, in.dims[d], indices.dims[d], "batch sizes differ")))
      return failure();
  for (int64_t d = 0; d < *tuple; ++d)
    shapes.notEmpty(in.dims[batch + d], out.dims, kNothingToIndex);
  results.push_back(out);
  return success();
}

LogicalResult ScatterElementsOp::inferShapes(Adaptor op, Shapes &shapes, std::optional<Location> loc,
                                             Results &results) {
  ShapeOf in = shapes.shape(op.getInput()), indices = shapes.shape(op.getIndices());
  ShapeOf updates = shapes.shape(op.getUpdates());
  if (failed(axisInRange(loc, op.getAxis(), in.dims.size())) || failed(indexElements(loc, indices)))
    return failure();
  if (in.dims.size() != indices.dims.size() || in.dims.size() != updates.dims.size() ||
      in.elementType != updates.elementType)
    return emitOptionalError(loc, "input ", in.type(), ", indices ", indices.type(), " and updates ", updates.type(),
                             " do not fit together");
  for (auto [x, y] : llvm::zip(indices.dims, updates.dims))
    if (failed(shapes.equal(loc, x, y, "sizes of indices and updates differ")))
      return failure();
  indexWithin(shapes, in, indices, op.getAxis());
  results.push_back(in);
  return success();
}

LogicalResult ScatterNdOp::inferShapes(Adaptor op, Shapes &shapes, std::optional<Location> loc, Results &results) {
  ShapeOf in = shapes.shape(op.getInput()), indices = shapes.shape(op.getIndices());
  ShapeOf updates = shapes.shape(op.getUpdates());
  auto tuple = tupleSize(loc, in, indices, /*batchDims=*/0);
  if (failed(tuple) || failed(indexElements(loc, indices)))
    return failure();
  if (updates.elementType != in.elementType || updates.dims.size() != indices.dims.size() - 1 + in.dims.size() - *tuple)
    return emitOptionalError(loc, "updates are ", updates.type(), ", which does not fit input ", in.type(),
                             " and indices ", indices.type());
  SmallVector<DimExpr> wanted(indices.dims.begin(), indices.dims.end() - 1);
  wanted.append(in.dims.begin() + *tuple, in.dims.end());
  for (auto [x, y] : llvm::zip(updates.dims, wanted))
    if (failed(shapes.equal(loc, x, y, "a size of the updates and the one that input and indices ask for differ")))
      return failure();
  for (int64_t d = 0; d < *tuple; ++d)
    shapes.notEmpty(in.dims[d], updates.dims, kNothingToIndex);
  results.push_back(in);
  return success();
}

LogicalResult SortOp::inferShapes(Adaptor op, Shapes &shapes, std::optional<Location> loc, Results &results) {
  ShapeOf in = shapes.shape(op.getInput());
  if (failed(axisInRange(loc, op.getAxis(), in.dims.size())))
    return failure();
  results.push_back(in);
  results.push_back({IntegerType::get(in.elementType.getContext(), 64), in.dims});
  return success();
}

LogicalResult NonZeroOp::inferShapes(Adaptor op, Shapes &shapes, std::optional<Location>, Results &results) {
  results.push_back({IntegerType::get(op.getInput().getContext(), 64), {}});
  return success();
}

LogicalResult NonZeroIndicesOp::inferShapes(Adaptor op, Shapes &shapes, std::optional<Location>, Results &results) {
  int64_t rank = cast<RankedTensorType>(op.getInput().getType()).getRank();
  DimExpr count = shapes.size(op.getCount());
  shapes.areSizes(count);
  results.push_back({IntegerType::get(op.getInput().getContext(), 64), {DimExpr(rank), count}});
  return success();
}

LogicalResult GenerateOp::inferResultShapes(Shapes &shapes, Results &results) {
  ShapeOf out{getElementTypeOrSelf(getResult()), shapes.sizes(getSizes())};
  shapes.areSizes(out.dims);
  if (shapes.collectsRules()) // an index that is out of range reads element 0
    getBody().walk(
        [&](CheckIndexOp check) { shapes.notEmpty(shapes.size(check.getSize()), out.dims, kNothingToIndex); });
  results.push_back(out);
  return success();
}

LogicalResult GenerateOp::verify() {
  auto type = cast<RankedTensorType>(getResult().getType());
  if (int64_t(getSizes().size()) != type.getRank())
    return emitOpError() << "has " << getSizes().size() << " sizes for a result of rank " << type.getRank();
  Block &body = getBody().front();
  if (int64_t(body.getNumArguments()) != type.getRank() ||
      !llvm::all_of(body.getArgumentTypes(), [](Type t) { return isa<IndexType>(t); }))
    return emitOpError() << "body takes " << body.getNumArguments() << " arguments, expected one index a dimension";
  auto yield = dyn_cast<YieldOp>(body.getTerminator());
  if (!yield || yield.getValues().size() != 1)
    return emitOpError() << "body does not end in a core.yield of one value";
  Type element = type.getElementType(), got = yield.getValues()[0].getType();
  bool sameWidth = isa<IntegerType>(element) && isa<IntegerType>(got) &&
                   element.getIntOrFloatBitWidth() == got.getIntOrFloatBitWidth();
  if (got != element && !sameWidth)
    return emitOpError() << "body yields " << got << ", the result has elements " << element;
  return success();
}
