// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "dialects/core/Core.h"

using namespace mlir;
using namespace adze::core;

static std::optional<int64_t> known(const DimExpr &size) { return size.constant(); }

/// Reports two sizes that must be equal and provably are not.
static LogicalResult sameSize(std::optional<Location> loc, const DimExpr &a, const DimExpr &b, StringRef what) {
  if (known(a) && known(b) && *known(a) != *known(b))
    return emitOptionalError(loc, what, " differ: ", *known(a), " and ", *known(b));
  return success();
}

/// The leading sizes of key or value divide the query's.
static LogicalResult groupsOf(std::optional<Location> loc, const ShapeOf &query, const ShapeOf &shared) {
  for (size_t i = 0; i + 2 < query.dims.size(); ++i) {
    auto all = known(query.dims[i]), some = known(shared.dims[i]);
    if (all && some && (*some == 0 ? *all != 0 : *all % *some != 0))
      return emitOptionalError(loc, "size ", *all, " of the query's dimension ", i,
                               " does not split evenly among size ", *some);
  }
  return success();
}

/// The mask broadcasts to the scores [..., S, T] and makes them no larger.
static LogicalResult checkMask(std::optional<Location> loc, const ShapeOf &query, const DimExpr &keys,
                               const ShapeOf &mask) {
  size_t rank = query.dims.size(), own = mask.dims.size();
  if (own > rank || !isa<FloatType>(mask.elementType))
    return emitOptionalError(loc, "mask is ", mask.type(), ", expected floats of rank ", rank, " or less");
  for (size_t i = 0; i < own; ++i) {
    size_t at = rank - own + i;
    const DimExpr &size = at + 1 == rank ? keys : query.dims[at];
    if (!mask.dims[i].isConstant(1) && failed(sameSize(loc, mask.dims[i], size, "sizes of mask and scores")))
      return failure();
  }
  return success();
}

LogicalResult AttentionOp::inferShapes(Adaptor op, Shapes &shapes, std::optional<Location> loc,
                                       SmallVectorImpl<ShapeOf> &results) {
  ShapeOf q = shapes.shape(op.getQuery()), k = shapes.shape(op.getKey()), v = shapes.shape(op.getValue());
  size_t rank = q.dims.size();
  if (rank < 2 || k.dims.size() != rank || v.dims.size() != rank)
    return emitOptionalError(loc, "query, key and value have ranks ", rank, ", ", k.dims.size(), " and ", v.dims.size(),
                             ", expected equal ranks of 2 or more");
  if (!isa<FloatType>(q.elementType) || k.elementType != q.elementType || v.elementType != q.elementType)
    return emitOptionalError(loc, "query, key and value have element types ", q.elementType, ", ", k.elementType,
                             " and ", v.elementType, ", expected one float");
  if (failed(sameSize(loc, q.dims[rank - 1], k.dims[rank - 1], "head sizes of query and key")) ||
      failed(sameSize(loc, k.dims[rank - 2], v.dims[rank - 2], "lengths of key and value")) ||
      failed(groupsOf(loc, q, k)) || failed(groupsOf(loc, q, v)))
    return failure();
  if (op.getMask() && failed(checkMask(loc, q, k.dims[rank - 2], shapes.shape(op.getMask()))))
    return failure();
  ShapeOf out = q;
  out.dims.back() = v.dims.back();
  results.push_back(out);
  return success();
}
