// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "codegen/common/gpu/Reduction.h"
#include "codegen/common/gpu/Transposition.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace adze;
using namespace adze::core;
using namespace adze::gpu;

static SmallVector<int64_t> axesOf(Operation *op, int64_t rank) {
  if (auto reduce = dyn_cast<ReduceOp>(op))
    return SmallVector<int64_t>(reduce.getAxes());
  if (auto best = dyn_cast<ArgReduceOp>(op))
    return {int64_t(best.getAxis())};
  return llvm::to_vector(llvm::seq<int64_t>(0, rank));
}

Reduction::Reduction(DimAnalysis &dims, Operation *op)
    : op(op), input(op->getOperand(0)), sizes(dims.shape(input).dims) {
  SmallVector<int64_t> axes = axesOf(op, sizes.size());
  for (auto [d, size] : llvm::enumerate(sizes)) {
    bool joined = llvm::is_contained(axes, int64_t(d));
    (joined ? range : kept).push_back(d);
    (joined ? rangeSizes : keptSizes).push_back(size);
    if (!size.isConstant(1)) {
      inner = d;
      alongRange = joined;
    }
  }
}

Coords Reduction::resultAt(Emitter &e, ArrayRef<Coord> keptAt) const {
  size_t rank = cast<RankedTensorType>(op->getResult(0).getType()).getRank();
  if (rank == kept.size())
    return Coords(keptAt);
  Coords at(rank, Coord{e.index(0)});
  for (auto [d, coord] : llvm::zip(kept, keptAt))
    at[d] = coord;
  return at;
}

Operation *adze::gpu::findReduction(kernel::FuncOp kernel, DimAnalysis &dims) {
  Operation *found = nullptr;
  for (Operation &op : kernel.getBody().front()) {
    if (isNest(&op) && !isa<NonZeroOp>(op))
      return nullptr;
    if (!isa<ReduceOp, ArgReduceOp, NonZeroOp>(op))
      continue;
    if (found)
      return nullptr;
    found = &op;
  }
  return found && endsElementwise(found->getResult(0), dims) ? found : nullptr;
}

static int64_t powerOfTwo(int64_t least) { return int64_t(llvm::PowerOf2Ceil(std::max<int64_t>(least, 1))); }

/// Teams of neighbouring threads: as many as a row has accesses, up to a warp; a block where a row has more for each
/// thread of a warp.
static Schedule chooseRows(const Reduction &reduction, const Facts &facts) {
  constexpr int64_t kAccessesOfThread = 8, kLong = 8192, kFew = 64;
  auto rows = product(reduction.keptSizes).constant(), count = product(reduction.rangeSizes).constant();
  int64_t lanes = facts.accessBytes / elementBytes(getElementTypeOrSelf(reduction.input));
  Schedule schedule;
  schedule.kind = Kind::reduce;
  bool few = rows && *rows <= kFew;
  if (!count) {
    schedule.threads = schedule.team = (few ? 16 : 4) * facts.warpSize;
    return schedule;
  }
  int64_t accesses = llvm::divideCeil(*count, std::max<int64_t>(lanes, 1));
  if (accesses <= facts.warpSize * (few ? 1 : kAccessesOfThread)) {
    schedule.team = std::min(powerOfTwo(accesses), facts.warpSize);
    schedule.threads = 4 * facts.warpSize;
    if (rows && *rows * schedule.team < schedule.threads)
      schedule.threads = std::max(powerOfTwo(*rows) * schedule.team, facts.warpSize);
    return schedule;
  }
  schedule.threads = schedule.team = (few && accesses > kLong ? 32 : few && accesses <= 256 ? 4 : 8) * facts.warpSize;
  return schedule;
}

/// Neighbouring threads have neighbouring elements of the result; where those are few, several share a range.
static Schedule chooseColumns(const Reduction &reduction, const Facts &facts) {
  constexpr int64_t kThreads = 256, kEnough = 65536, kTogether = 8;
  int64_t lanes = facts.accessBytes / elementBytes(getElementTypeOrSelf(reduction.input));
  auto elements = product(reduction.keptSizes).constant(), count = product(reduction.rangeSizes).constant();
  Schedule schedule;
  schedule.kind = Kind::reduce;
  auto size = reduction.inner < 0 ? std::optional<int64_t>(1) : reduction.sizes[reduction.inner].constant();
  if (size && *size % std::max<int64_t>(lanes, 1))
    lanes = 1;
  auto columns = elements ? std::optional(powerOfTwo(*elements / std::max<int64_t>(lanes, 1))) : std::nullopt;
  int64_t team = columns ? std::clamp<int64_t>(kEnough / *columns, 1, kThreads) : kTogether;
  team = std::min(team, count ? powerOfTwo(*count / 4) : kTogether);
  int64_t together = std::min(columns.value_or(facts.warpSize), facts.warpSize);
  schedule.team = std::min(team, kThreads / together);
  int64_t across = std::min(columns.value_or(kThreads), kThreads / schedule.team);
  schedule.threads = std::max(across * schedule.team, facts.warpSize);
  return schedule;
}

Schedule adze::gpu::chooseReduction(Operation *op, const Facts &facts) {
  DimAnalysis dims;
  Reduction reduction(dims, op);
  return reduction.alongRange ? chooseRows(reduction, facts) : chooseColumns(reduction, facts);
}
