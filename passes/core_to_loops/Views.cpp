// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "passes/core_to_loops/Views.h"

using namespace mlir;
using namespace adze;
using namespace adze::core;

std::optional<View> adze::viewOf(Emitter &e, Value v) {
  if (auto transpose = v.getDefiningOp<TransposeOp>()) {
    auto view = viewOf(e, transpose.getInput());
    if (!view)
      return std::nullopt;
    SmallVector<DimExpr> strides;
    for (int64_t from : transpose.getPermutation())
      strides.push_back(view->strides[from]);
    view->strides = strides;
    return view;
  }
  if (auto slice = v.getDefiningOp<SliceOp>()) {
    auto view = viewOf(e, slice.getInput());
    if (!view)
      return std::nullopt;
    for (auto [i, stride] : llvm::enumerate(view->strides)) {
      view->offset = view->offset + e.dims.size(slice.getOffsets()[i]) * stride;
      stride = stride * e.dims.size(slice.getSteps()[i]);
    }
    return view;
  }
  if (!isa<BlockArgument>(v))
    return std::nullopt;
  View view{e.buffers.lookup(v), 0, {}};
  SmallVector<DimExpr> sizes = e.dims.shape(v).dims;
  for (size_t i = 0; i < sizes.size(); ++i)
    view.strides.push_back(e.stride(sizes, i));
  return view;
}

Value adze::matrixAt(Emitter &e, ArrayRef<Coord> at, const View &view) {
  Value out = e.size(view.offset);
  for (size_t i = 0; i + 2 < at.size(); ++i)
    out = e.addi(out, e.muli(at[i].base, e.size(view.strides[i])));
  return out;
}
