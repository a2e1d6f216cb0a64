// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "passes/core_to_loops/Views.h"

using namespace mlir;
using namespace adze;
using namespace adze::core;

std::optional<View> adze::viewOf(DimAnalysis &dims, Value v) {
  if (auto transpose = v.getDefiningOp<TransposeOp>()) {
    auto view = viewOf(dims, transpose.getInput());
    if (!view)
      return std::nullopt;
    SmallVector<DimExpr> strides;
    for (int64_t from : transpose.getPermutation())
      strides.push_back(view->strides[from]);
    view->strides = strides;
    return view;
  }
  if (auto slice = v.getDefiningOp<SliceOp>()) {
    auto view = viewOf(dims, slice.getInput());
    if (!view)
      return std::nullopt;
    for (auto [i, stride] : llvm::enumerate(view->strides)) {
      view->offset = view->offset + dims.size(slice.getOffsets()[i]) * stride;
      stride = stride * dims.size(slice.getSteps()[i]);
    }
    return view;
  }
  if (!isa<BlockArgument>(v))
    return std::nullopt;
  View view{v, {}, 0, {}};
  DimExpr stride = 1;
  SmallVector<DimExpr> sizes = dims.shape(v).dims;
  for (const DimExpr &size : llvm::reverse(sizes)) {
    view.strides.insert(view.strides.begin(), stride);
    stride = stride * size;
  }
  return view;
}

std::optional<View> adze::viewOf(Emitter &e, Value v) {
  auto view = viewOf(e.dims, v);
  if (view)
    view->buffer = e.buffers.lookup(view->argument);
  return view;
}

Value adze::matrixAt(Emitter &e, ArrayRef<Coord> at, const View &view) {
  Value out = e.size(view.offset);
  for (size_t i = 0; i + 2 < at.size(); ++i)
    out = e.addi(out, e.muli(at[i].base, e.size(view.strides[i])));
  return out;
}
