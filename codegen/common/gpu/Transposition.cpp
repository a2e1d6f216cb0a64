// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "codegen/common/gpu/Transposition.h"

using namespace mlir;
using namespace adze;
using namespace adze::core;
using namespace adze::gpu;

Transposition::Transposition(DimAnalysis &dims, TransposeOp op)
    : op(op), order(op.getPermutation()), from(dims.shape(op.getInput()).dims), to(dims.shape(op.getResult()).dims) {
  auto follows = [&](int64_t first, int64_t second) {
    return first < second &&
           llvm::all_of(ArrayRef(from).slice(first + 1, second - first - 1), [](auto &d) { return d.isConstant(1); });
  };
  for (int64_t d : order) {
    if (from[d].isConstant(1))
      continue;
    if (groups.empty() || !follows(groups.back().dims.back(), d))
      groups.emplace_back();
    groups.back().dims.push_back(d);
    groups.back().size = groups.back().size * from[d];
  }
  for (size_t i = 0; i < groups.size(); ++i)
    inInput.push_back(i);
  llvm::sort(inInput, [&](unsigned a, unsigned b) { return groups[a].dims[0] < groups[b].dims[0]; });
}

Coords Transposition::inputAt(Emitter &e, ArrayRef<Coord> at) const {
  Coords in(from.size(), Coord{e.index(0)});
  for (auto [group, coord] : llvm::zip(groups, at)) {
    SmallVector<DimExpr> sizes;
    for (int64_t d : group.dims)
      sizes.push_back(from[d]);
    Coords inside = e.delinearize(coord.base, sizes);
    inside.back().lane = coord.lane;
    for (auto [d, one] : llvm::zip(group.dims, inside))
      in[d] = one;
  }
  return in;
}

Coords Transposition::resultAt(Emitter &e, ArrayRef<Coord> at) const {
  Coords in = inputAt(e, at), out;
  for (int64_t d : order)
    out.push_back(in[d]);
  return out;
}

Value Transposition::position(Emitter &e, ArrayRef<Coord> at, ArrayRef<unsigned> order, int64_t lanes) const {
  Coords to;
  SmallVector<DimExpr> sizes;
  for (unsigned number : order) {
    to.push_back(at[number]);
    sizes.push_back(groups[number].size);
  }
  if (lanes == 1)
    return e.linear(to, sizes);
  // Counted in accesses, so that it is seen to be a multiple of their length.
  to.back().base = e.divui(to.back().base, lanes);
  sizes.back() = e.dims.dims.floorDiv(sizes.back(), lanes);
  return e.muli(e.linear(to, sizes), e.index(lanes));
}

Value Transposition::inputPosition(Emitter &e, ArrayRef<Coord> at, int64_t lanes) const {
  return position(e, at, inInput, lanes);
}

Value Transposition::resultPosition(Emitter &e, ArrayRef<Coord> at, int64_t lanes) const {
  return position(e, at, llvm::to_vector(llvm::seq<unsigned>(0, groups.size())), lanes);
}

bool adze::gpu::endsElementwise(Value value, DimAnalysis &dims) {
  SmallVector<Value> open{value};
  llvm::SmallPtrSet<Operation *, 16> seen;
  while (!open.empty())
    for (Operation *user : open.pop_back_val().getUsers()) {
      if (isa<kernel::ReturnOp>(user) || !seen.insert(user).second)
        continue;
      if (!isa<UnaryOp, BinaryOp, CompareOp, SelectOp, CastOp, BitcastOp>(user) ||
          !dims.sameShape(user->getResult(0), value))
        return false;
      open.push_back(user->getResult(0));
    }
  return true;
}

TransposeOp adze::gpu::findTransposition(kernel::FuncOp kernel, DimAnalysis &dims) {
  TransposeOp found;
  for (Operation &op : kernel.getBody().front()) {
    if (isNest(&op) || isa<ReduceOp, ArgReduceOp>(op))
      return {};
    auto transpose = dyn_cast<TransposeOp>(op);
    if (!transpose || !Transposition(dims, transpose).crosses())
      continue;
    if (found)
      return {};
    found = transpose;
  }
  return found && endsElementwise(found.getResult(), dims) ? found : TransposeOp();
}
