// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Attention reads its operands through transposes and slices of what lies in memory, but a reshape is a buffer of its
// own: it goes above them, where it costs nothing.
#include "dialects/core/Scalars.h"
#include "passes/core/Passes.h"

using namespace mlir;
using namespace adze::core;

namespace adze {
#define GEN_PASS_DEF_HOISTRESHAPES
#include "passes/core/Passes.h.inc"

namespace {
/// For each dimension of a reshape's input, the dimensions of its result that it becomes. Sizes of 1 come and go.
struct Split {
  SmallVector<SmallVector<size_t, 2>> parts;
  SmallVector<size_t> ones; ///< dimensions of the result that belong to none
};

/// Nothing if a dimension of the result is made of several. Where `keepsOne[i]`, the input's dimension i of size 1 must
/// stay one.
std::optional<Split> splitOf(ArrayRef<DimExpr> from, ArrayRef<DimExpr> to, ArrayRef<bool> keepsOne) {
  Split split;
  size_t at = 0;
  for (auto [i, size] : llvm::enumerate(from)) {
    auto &parts = split.parts.emplace_back();
    if (size.isConstant(1) && !keepsOne[i])
      continue;
    if (size.isConstant(1)) {
      if (at == to.size() || !to[at].isConstant(1))
        return std::nullopt;
      parts.push_back(at++);
      continue;
    }
    for (DimExpr product = 1; product != size; ++at) {
      if (at == to.size())
        return std::nullopt;
      product = product * to[at];
      if (to[at].isConstant(1))
        split.ones.push_back(at);
      else
        parts.push_back(at);
    }
  }
  for (; at < to.size(); ++at) {
    if (!to[at].isConstant(1))
      return std::nullopt;
    split.ones.push_back(at);
  }
  return split;
}

/// reshape(transpose(x)) -> transpose(reshape(x)), or null.
Value hoist(ReshapeOp reshape, TransposeOp transpose) {
  DimAnalysis dims;
  auto from = dims.shape(transpose.getResult()).dims, to = dims.shape(reshape.getResult()).dims;
  auto split = splitOf(from, to, SmallVector<bool>(from.size(), false));
  if (!split)
    return {};
  OpBuilder b(reshape);
  SmallVector<Value> sizes;
  SmallVector<int64_t> permutation(to.size());
  auto append = [&](size_t part) {
    permutation[part] = sizes.size();
    sizes.push_back(reshape.getSizes()[part]);
  };
  llvm::for_each(split->ones, append); // they are in nobody's way in front
  for (size_t i = 0; i < from.size(); ++i) {
    size_t place = llvm::find(transpose.getPermutation(), int64_t(i)) - transpose.getPermutation().begin();
    llvm::for_each(split->parts[place], append);
  }
  Value x = ReshapeOp::create(b, reshape.getLoc(), transpose.getInput(), ValueRange(sizes));
  return TransposeOp::create(b, transpose.getLoc(), x, permutation);
}

/// A slice and the same slice of the reshaped input, dimension by dimension.
class SliceHoist {
public:
  SliceHoist(ReshapeOp reshape, SliceOp slice)
      : reshape(reshape), slice(slice), b(reshape), in(dims.shape(slice.getInput()).dims),
        from(dims.shape(slice.getResult()).dims), to(dims.shape(reshape.getResult()).dims) {}

  /// reshape(slice(x)) -> slice(reshape(x)), or null.
  Value run() {
    SmallVector<bool> cuts;
    for (size_t i = 0; i < from.size(); ++i)
      cuts.push_back(!isWhole(i));
    auto split = splitOf(from, to, cuts);
    if (!split)
      return {};
    Location loc = reshape.getLoc();
    Value zero = arith::ConstantIndexOp::create(b, loc, 0), one = arith::ConstantIndexOp::create(b, loc, 1);
    inner.assign(reshape.getSizes().begin(), reshape.getSizes().end());
    offsets.assign(to.size(), zero);
    steps.assign(to.size(), one);
    for (size_t i = 0; i < from.size(); ++i)
      if (cuts[i] && !cut(i, split->parts[i]))
        return {};
    Value x = ReshapeOp::create(b, loc, slice.getInput(), ValueRange(inner));
    return SliceOp::create(b, slice.getLoc(), x, offsets, steps, reshape.getSizes());
  }

private:
  bool isWhole(size_t i) {
    return in[i] == from[i] && dims.size(slice.getOffsets()[i]).isConstant(0) &&
           dims.size(slice.getSteps()[i]).isConstant(1);
  }

  /// Cuts the first of the parts that dimension `i` becomes; the others stay whole.
  bool cut(size_t i, ArrayRef<size_t> parts) {
    Location loc = slice.getLoc();
    size_t first = parts.front();
    if (parts.size() == 1) {
      inner[first] = b.createOrFold<tensor::DimOp>(loc, slice.getInput(), i);
      offsets[first] = slice.getOffsets()[i];
      steps[first] = slice.getSteps()[i];
      return true;
    }
    int64_t rest = 1;
    for (size_t part : parts.drop_front()) {
      auto size = to[part].constant();
      if (!size || *size <= 0)
        return false;
      rest *= *size;
    }
    auto size = in[i].constant(), offset = constantOf(slice.getOffsets()[i]);
    if (!size || !offset || *size % rest || *offset % rest || !dims.size(slice.getSteps()[i]).isConstant(1))
      return false;
    inner[first] = arith::ConstantIndexOp::create(b, loc, *size / rest);
    offsets[first] = arith::ConstantIndexOp::create(b, loc, *offset / rest);
    return true;
  }

  ReshapeOp reshape;
  SliceOp slice;
  OpBuilder b;
  DimAnalysis dims;
  SmallVector<DimExpr> in, from, to;
  SmallVector<Value> inner, offsets, steps;
};

void eraseIfUnused(Operation *op) {
  if (op->use_empty())
    op->erase();
}

/// Moves a reshape that `use` reads one op up; false if it stays. Other readers of the ops keep theirs.
bool hoistOnce(OpOperand &use, ReshapeOp reshape) {
  Operation *below = reshape.getInput().getDefiningOp();
  if (auto other = dyn_cast_if_present<ReshapeOp>(below)) {
    reshape.getInputMutable().assign(other.getInput());
    eraseIfUnused(other);
    return true;
  }
  Value moved;
  if (auto transpose = dyn_cast_if_present<TransposeOp>(below))
    moved = hoist(reshape, transpose);
  else if (auto slice = dyn_cast_if_present<SliceOp>(below))
    moved = SliceHoist(reshape, slice).run();
  if (!moved)
    return false;
  if (moved.getType() != reshape.getResult().getType())
    moved.setType(reshape.getResult().getType());
  use.set(moved);
  eraseIfUnused(reshape);
  eraseIfUnused(below);
  return true;
}

/// Moves reshapes up the chains of views that end in `first`, also those that a cache is joined to.
void hoistAbove(OpOperand &first) {
  SmallVector<OpOperand *> open{&first};
  while (!open.empty()) {
    OpOperand &use = *open.pop_back_val();
    Operation *op = use.get().getDefiningOp();
    if (isa_and_present<TransposeOp, SliceOp>(op))
      open.push_back(&op->getOpOperand(0));
    else if (auto reshape = dyn_cast_if_present<ReshapeOp>(op); reshape && hoistOnce(use, reshape))
      open.push_back(&use);
    else if (isa_and_present<ConcatOp>(op) && &use == &first)
      for (OpOperand &part : op->getOpOperands())
        open.push_back(&part);
  }
}

struct HoistReshapes : impl::HoistReshapesBase<HoistReshapes> {
  void runOnOperation() override {
    getOperation().walk([](AttentionOp op) {
      for (int i = 0; i < 3; ++i)
        hoistAbove(op->getOpOperand(i));
    });
  }
};
} // namespace
} // namespace adze
