// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "dialects/core/Core.h"
#include "dialects/core/Elements.h"

using namespace mlir;
using namespace adze::core;

using Results = SmallVectorImpl<ShapeOf>;

LogicalResult MatmulOp::inferShapes(Adaptor op, Shapes &shapes, std::optional<Location> loc, Results &results) {
  ShapeOf a = shapes.shape(op.getLhs()), b = shapes.shape(op.getRhs());
  size_t m = a.dims.size(), n = b.dims.size();
  if (m < 2 || n < 2)
    return emitOptionalError(loc, "operands have ranks ", m, " and ", n, ", expected 2 or more");
  if (failed(shapes.equal(loc, a.dims[m - 1], b.dims[n - 2], "inner sizes differ")))
    return failure();
  ShapeOf out{op.getTo(), {}};
  size_t batch = std::max(m, n) - 2;
  for (size_t i = 0; i < batch; ++i) {
    DimExpr x = i + m >= batch + 2 ? a.dims[i + m - batch - 2] : DimExpr(1);
    DimExpr y = i + n >= batch + 2 ? b.dims[i + n - batch - 2] : DimExpr(1);
    if (auto p = x.constant(), q = y.constant(); p && q && *p != *q && *p != 1 && *q != 1)
      return emitOptionalError(loc, "batch sizes differ: ", *p, " and ", *q, ", expected equal ones or 1");
    shapes.broadcasts(x, y);
    out.dims.push_back(shapes.dims.broadcast(x, y));
  }
  out.dims.push_back(a.dims[m - 2]);
  out.dims.push_back(b.dims[n - 1]);
  results.push_back(out);
  return success();
}

static constexpr llvm::StringLiteral kWindowTooLarge = "the window is larger than the padded input";

/// Number of positions of a window along a dimension of this size.
static DimExpr positions(Shapes &shapes, const DimExpr &size, int64_t window, int64_t stride, int64_t dilation) {
  DimExpr count = shapes.dims.floorDiv(size - DimExpr((window - 1) * dilation + 1), stride) + DimExpr(1);
  shapes.atMost(0, count, kWindowTooLarge);
  return count;
}

/// Checks strides and dilations of `spatial` dimensions.
static LogicalResult windowAttributes(std::optional<Location> loc, ArrayRef<int64_t> strides,
                                      ArrayRef<int64_t> dilations, size_t spatial) {
  if (strides.size() != spatial || dilations.size() != spatial)
    return emitOptionalError(loc, "strides and dilations have ", strides.size(), " and ", dilations.size(),
                             " entries, expected ", spatial);
  for (int64_t v : llvm::concat<const int64_t>(strides, dilations))
    if (v <= 0 || v > (int64_t(1) << 31))
      return emitOptionalError(loc, "stride or dilation ", v, " is out of range, expected a small positive number");
  return success();
}

LogicalResult ConvOp::inferShapes(Adaptor op, Shapes &shapes, std::optional<Location> loc, Results &results) {
  ShapeOf in = shapes.shape(op.getInput()), filter = shapes.shape(op.getFilter());
  size_t rank = in.dims.size();
  if (rank < 2 || filter.dims.size() != rank)
    return emitOptionalError(loc, "input and filter have ranks ", rank, " and ", filter.dims.size(),
                             ", expected equal ranks of 2 or more");
  int64_t groups = op.getGroups();
  if (groups <= 0 || failed(windowAttributes(loc, op.getStrides(), op.getDilations(), rank - 2)))
    return groups > 0 ? failure() : emitOptionalError(loc, "groups is ", groups);
  if (failed(shapes.equal(loc, in.dims.back(), filter.dims[rank - 2] * DimExpr(groups),
                          "input channels and filter channels differ")))
    return failure();
  if (auto oc = filter.dims.back().constant(); oc && *oc % groups != 0)
    return emitOptionalError(loc, *oc, " output channels do not split into ", groups, " groups");
  shapes.atMost(shapes.dims.mod(filter.dims.back(), groups), 0, "the output channels do not split into the groups");
  ShapeOf out{op.getTo(), {in.dims[0]}};
  for (size_t i = 0; i + 2 < rank; ++i) {
    DimExpr extent = (filter.dims[i] - DimExpr(1)) * DimExpr(op.getDilations()[i]) + DimExpr(1);
    out.dims.push_back(shapes.dims.floorDiv(in.dims[i + 1] - extent, op.getStrides()[i]) + DimExpr(1));
    shapes.atMost(0, out.dims.back(), kWindowTooLarge);
  }
  out.dims.push_back(filter.dims.back());
  results.push_back(out);
  return success();
}

LogicalResult PoolOp::inferShapes(Adaptor op, Shapes &shapes, std::optional<Location> loc, Results &results) {
  ShapeOf in = shapes.shape(op.getInput());
  size_t rank = in.dims.size();
  if (rank < 2 || op.getWindow().size() != rank - 2)
    return emitOptionalError(loc, "window has ", op.getWindow().size(), " entries for an input of rank ", rank);
  if (failed(checkNumbers(loc, in.elementType)) ||
      failed(windowAttributes(loc, op.getStrides(), op.getDilations(), rank - 2)))
    return failure();
  ShapeOf out{in.elementType, {in.dims[0]}};
  for (size_t i = 0; i + 2 < rank; ++i)
    out.dims.push_back(positions(shapes, in.dims[i + 1], op.getWindow()[i], op.getStrides()[i], op.getDilations()[i]));
  out.dims.push_back(in.dims.back());
  results.push_back(out);
  return success();
}

LogicalResult PackOp::inferShapes(Adaptor op, Shapes &shapes, std::optional<Location> loc, Results &results) {
  ShapeOf out = shapes.shape(op.getInput());
  bool isInteger = out.elementType.isInteger(8) && !out.elementType.isUnsignedInteger();
  if (out.dims.size() < 2 || !(out.elementType.isF32() || isInteger))
    return emitOptionalError(loc, "input is ", out.type(), ", expected f32 or i8 of rank 2 or more");
  DimExpr depth = out.dims[out.dims.size() - 2], columns = out.dims.back();
  out.dims.pop_back();
  out.dims.back() = shapes.dims.ceilDiv(columns, 16);
  if (isInteger)
    out.dims.append({shapes.dims.ceilDiv(depth, 4), DimExpr(64)});
  else
    out.dims.append({depth, DimExpr(16)});
  results.push_back(out);
  return success();
}

/// The element type of a contraction's result over `panels` with this left side; null after an error.
static Type packedResult(std::optional<Location> loc, const ShapeOf &left, const ShapeOf &panels) {
  bool floats = panels.elementType.isF32(), rows = panels.dims.size() >= 3;
  if (!rows || !panels.dims.back().isConstant(floats ? 16 : 64) || !(floats || panels.elementType.isInteger(8))) {
    (void)emitOptionalError(loc, "panels are ", panels.type(), ", expected f32 [..., panels, depth, 16] or i8 [..., ",
                            "panels, depth, 64]");
    return {};
  }
  Type expected =
      floats ? panels.elementType : IntegerType::get(panels.elementType.getContext(), 8, IntegerType::Unsigned);
  if (left.dims.size() < 2 || left.elementType != expected) {
    (void)emitOptionalError(loc, "left side is ", left.type(), ", expected ", expected, " of rank 2 or more");
    return {};
  }
  return floats ? expected : Type(IntegerType::get(expected.getContext(), 32));
}

LogicalResult PackedMatmulOp::inferShapes(Adaptor op, Shapes &shapes, std::optional<Location> loc, Results &results) {
  ShapeOf a = shapes.shape(op.getLhs()), b = shapes.shape(op.getPanels());
  size_t m = a.dims.size(), n = b.dims.size() - 1;
  Type element = packedResult(loc, a, b);
  if (!element)
    return failure();
  DimExpr depth = element.isF32() ? a.dims.back() : shapes.dims.ceilDiv(a.dims.back(), 4);
  if (failed(shapes.equal(loc, depth, b.dims[n - 1], "inner sizes differ")))
    return failure();
  ShapeOf out{element, {}};
  size_t batch = std::max(m, n) - 2;
  for (size_t i = 0; i < batch; ++i) {
    DimExpr x = i + m >= batch + 2 ? a.dims[i + m - batch - 2] : DimExpr(1);
    DimExpr y = i + n >= batch + 2 ? b.dims[i + n - batch - 2] : DimExpr(1);
    shapes.broadcasts(x, y);
    out.dims.push_back(shapes.dims.broadcast(x, y));
  }
  DimExpr columns = shapes.size(op.getColumns());
  shapes.atMost(columns, b.dims[n - 2] * DimExpr(16), "there are fewer panels than columns");
  out.dims.push_back(a.dims[m - 2]);
  out.dims.push_back(columns);
  results.push_back(out);
  return success();
}

LogicalResult PackedConvOp::inferShapes(Adaptor op, Shapes &shapes, std::optional<Location> loc, Results &results) {
  ShapeOf in = shapes.shape(op.getInput()), panels = shapes.shape(op.getPanels());
  size_t rank = in.dims.size();
  Type element = packedResult(loc, in, panels);
  if (!element)
    return failure();
  if (op.getWindow().size() != rank - 2 || panels.dims.size() != 3)
    return emitOptionalError(loc, "input ", in.type(), ", panels ", panels.type(), " and a window of ",
                             op.getWindow().size(), " sizes do not fit together");
  if (failed(windowAttributes(loc, op.getStrides(), op.getDilations(), rank - 2)))
    return failure();
  ShapeOf out{element, {in.dims[0]}};
  // Rows of a panel: a run that is contiguous in the input, which integers pad to a multiple of 4, times the rest.
  DimExpr run = in.dims.back(), rest = 1, columns = shapes.size(op.getColumns());
  for (size_t i = 0; i + 2 < rank; ++i) {
    bool inRun = i + 3 == rank && op.getDilations()[i] == 1;
    (inRun ? run : rest) = (inRun ? run : rest) * DimExpr(op.getWindow()[i]);
    out.dims.push_back(positions(shapes, in.dims[i + 1], op.getWindow()[i], op.getStrides()[i], op.getDilations()[i]));
  }
  DimExpr depth = rest * (element.isF32() ? run : shapes.dims.ceilDiv(run, 4));
  if (failed(shapes.equal(loc, panels.dims[1], depth, "the panels' depth and the window differ")))
    return failure();
  shapes.atMost(columns, panels.dims[0] * DimExpr(16), "there are fewer panels than columns");
  out.dims.push_back(columns);
  results.push_back(out);
  return success();
}
