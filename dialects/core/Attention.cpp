// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "dialects/core/Core.h"
#include "dialects/core/Elements.h"

using namespace mlir;
using namespace adze::core;

/// The leading sizes of key or value divide the query's.
static LogicalResult groupsOf(Shapes &shapes, std::optional<Location> loc, const ShapeOf &query,
                              const ShapeOf &shared) {
  for (size_t i = 0; i + 2 < query.dims.size(); ++i) {
    DimExpr all = query.dims[i], some = shared.dims[i];
    auto x = all.constant(), y = some.constant();
    if (x && y && (*y == 0 ? *x != 0 : *x % *y != 0))
      return emitOptionalError(loc, "size ", *x, " of the query's dimension ", i, " does not split evenly among size ",
                               *y);
    if (failed(shapes.equal(loc, all, some * shapes.dims.floorDiv(all, some),
                            "heads of the query do not split evenly among those of key or value")))
      return failure();
  }
  return success();
}

/// The mask broadcasts to the scores [..., S, T] and makes them no larger.
static LogicalResult checkMask(Shapes &shapes, std::optional<Location> loc, const ShapeOf &query, const DimExpr &keys,
                               const ShapeOf &mask) {
  size_t rank = query.dims.size(), own = mask.dims.size();
  if (own > rank || !isWideFloat(mask.elementType))
    return emitOptionalError(loc, "mask is ", mask.type(), ", expected floats of rank ", rank, " or less");
  for (size_t i = 0; i < own; ++i) {
    size_t at = rank - own + i;
    const DimExpr &size = at + 1 == rank ? keys : query.dims[at];
    auto x = mask.dims[i].constant(), y = size.constant();
    if (x && y && *x != 1 && *x != *y)
      return emitOptionalError(loc, "sizes of mask and scores differ: ", *x, " and ", *y);
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
  if (!isWideFloat(q.elementType) || k.elementType != q.elementType || v.elementType != q.elementType)
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
