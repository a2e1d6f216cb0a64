// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "dialects/core/Core.h"

using namespace mlir;
using namespace adze::core;

static std::optional<int64_t> known(const DimExpr &size) { return size.constant(); }

/// The leading sizes of key or value divide the query's.
static LogicalResult groupsOf(Shapes &shapes, std::optional<Location> loc, const ShapeOf &query,
                              const ShapeOf &shared) {
  for (size_t i = 0; i + 2 < query.dims.size(); ++i) {
    auto all = known(query.dims[i]), some = known(shared.dims[i]);
    if (all && some && (*some == 0 ? *all != 0 : *all % *some != 0))
      return emitOptionalError(loc, "size ", *all, " of the query's dimension ", i,
                               " does not split evenly among size ", *some);
    shapes.atMost(shapes.dims.mod(query.dims[i], shared.dims[i]), 0,
                  "a size of the query does not split evenly among that of key or value");
    shapes.notEmpty(shared.dims[i], query.dims[i], "there is neither key nor value");
  }
  return success();
}

/// The mask broadcasts to the scores [..., S, T] and makes them no larger.
static LogicalResult checkMask(Shapes &shapes, std::optional<Location> loc, const ShapeOf &query, const DimExpr &keys,
                               const ShapeOf &mask) {
  size_t rank = query.dims.size(), own = mask.dims.size();
  if (own > rank || !isa<FloatType>(mask.elementType))
    return emitOptionalError(loc, "mask is ", mask.type(), ", expected floats of rank ", rank, " or less");
  for (size_t i = 0; i < own; ++i) {
    size_t at = rank - own + i;
    const DimExpr &size = at + 1 == rank ? keys : query.dims[at];
    auto have = known(mask.dims[i]), want = known(size);
    if (have && want && *have != 1 && *have != *want)
      return emitOptionalError(loc, "sizes of mask and scores differ: ", *have, " and ", *want);
    shapes.oneOr(mask.dims[i], size);
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
  if (failed(shapes.equal(loc, q.dims[rank - 1], k.dims[rank - 1], "head sizes of query and key differ")) ||
      failed(shapes.equal(loc, k.dims[rank - 2], v.dims[rank - 2], "lengths of key and value differ")) ||
      failed(groupsOf(shapes, loc, q, k)) || failed(groupsOf(shapes, loc, q, v)))
    return failure();
  if (op.getMask() && failed(checkMask(shapes, loc, q, k.dims[rank - 2], shapes.shape(op.getMask()))))
    return failure();
  ShapeOf out = q;
  out.dims.back() = v.dims.back();
  results.push_back(out);
  return success();
}
