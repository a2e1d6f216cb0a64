// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "codegen/common/gpu/Schedule.h"
#include "codegen/common/gpu/Kinds.h"
#include "codegen/common/gpu/Passes.h"
#include "codegen/common/gpu/Product.h"
#include "codegen/common/gpu/Reduction.h"
#include "codegen/common/gpu/Transposition.h"
#include "passes/core_to_loops/Nests.h"

using namespace mlir;
using namespace adze::core;

namespace adze {
#define GEN_PASS_DEF_GPUSCHEDULE
#include "codegen/common/gpu/Passes.h.inc"

namespace gpu {

static constexpr std::pair<Kind, llvm::StringLiteral> kKinds[] = {
    {Kind::elements, "elements"},   {Kind::points, "points"},
    {Kind::items, "items"},         {Kind::rows, "rows"},
    {Kind::reduce, "reduce"},       {Kind::transpose, "transpose"},
    {Kind::owners, "owners"},       {Kind::nonzero, "nonzero"},
    {Kind::scan, "scan"},           {Kind::tiles, "tiles"},
    {Kind::matrix, "matrix"},       {Kind::gemv, "gemv"},
    {Kind::attention, "attention"}, {Kind::matrixAttention, "matrix_attention"}};

static bool hasTeam(Kind kind) { return kind == Kind::rows || kind == Kind::reduce || kind == Kind::owners; }
static bool hasUnit(Kind kind) { return kind == Kind::matrix || kind == Kind::matrixAttention; }
static bool hasTile(Kind kind) { return kind == Kind::tiles || hasUnit(kind); }

int64_t Schedule::blocksTogether() const {
  if (hasTile(kind) || kind == Kind::attention)
    return kBlocksTogether;
  return kind == Kind::points || kind == Kind::reduce ? kThreadsTogether / threads : 0;
}

DictionaryAttr Schedule::write(MLIRContext &context) const {
  Builder b(&context);
  const auto *name = llvm::find_if(kKinds, [&](auto &entry) { return entry.first == kind; });
  SmallVector<NamedAttribute> entries{b.getNamedAttr("kind", b.getStringAttr(name->second)),
                                      b.getNamedAttr("threads", b.getI64IntegerAttr(threads))};
  if (hasTeam(kind))
    entries.push_back(b.getNamedAttr("team", b.getI64IntegerAttr(team)));
  if (hasTile(kind)) {
    entries.push_back(b.getNamedAttr(
        "tile", b.getDenseI64ArrayAttr({tile.rows, tile.columns, tile.depth, tile.warpRows, tile.warpColumns})));
    entries.push_back(b.getNamedAttr("stages", b.getI64IntegerAttr(stages)));
    if (tile.slices > 1)
      entries.push_back(b.getNamedAttr("slices", b.getI64IntegerAttr(tile.slices)));
  }
  if (few.rows > 0)
    entries.push_back(b.getNamedAttr("few", b.getDenseI64ArrayAttr({few.rows, few.lanes})));
  if (some.most > 0)
    entries.push_back(b.getNamedAttr(
        "some", b.getDenseI64ArrayAttr({some.most, some.tile.rows, some.tile.columns, some.tile.depth,
                                        some.tile.warpRows, some.tile.warpColumns, some.tile.slices, some.stages})));
  if (hasUnit(kind))
    entries.push_back(b.getNamedAttr("unit", b.getStringAttr(unit)));
  if (!why.empty())
    entries.push_back(b.getNamedAttr("why", b.getStringAttr(why)));
  return b.getDictionaryAttr(entries);
}

FailureOr<Schedule> Schedule::read(kernel::FuncOp kernel) {
  DictionaryAttr given = kernel.getScheduleAttr();
  auto number = [&](StringRef name) {
    auto value = given ? given.getAs<IntegerAttr>(name) : IntegerAttr();
    return value ? value.getInt() : 0;
  };
  auto kind = given ? given.getAs<StringAttr>("kind") : StringAttr();
  auto tile = given ? given.getAs<DenseI64ArrayAttr>("tile") : DenseI64ArrayAttr();
  const auto *name = llvm::find_if(kKinds, [&](auto &entry) { return kind && entry.second == kind.getValue(); });
  Schedule schedule;
  schedule.threads = number("threads");
  schedule.team = number("team");
  bool good = name != std::end(kKinds) && schedule.threads > 0;
  if (good)
    schedule.kind = name->first;
  if (tile && tile.size() == 5)
    schedule.tile = {tile[0], tile[1], tile[2], tile[3], tile[4], std::max<int64_t>(number("slices"), 1)};
  if (auto few = given ? given.getAs<DenseI64ArrayAttr>("few") : DenseI64ArrayAttr(); few && few.size() == 2)
    schedule.few = {few[0], few[1]};
  if (auto some = given ? given.getAs<DenseI64ArrayAttr>("some") : DenseI64ArrayAttr(); some && some.size() == 8)
    schedule.some = {some[0], {some[1], some[2], some[3], some[4], some[5], some[6]}, some[7]};
  good &= schedule.kind != Kind::gemv || schedule.few.rows > 0;
  good &= schedule.few.rows == 0 || llvm::isPowerOf2_64(schedule.few.lanes);
  good &= !hasTeam(schedule.kind) || schedule.team > 0;
  if (auto unit = given ? given.getAs<StringAttr>("unit") : StringAttr())
    schedule.unit = unit.str();
  if (hasTile(schedule.kind)) {
    schedule.stages = number("stages");
    good &= schedule.tile.rows > 0 && schedule.stages >= 2;
  }
  good &= !hasUnit(schedule.kind) || !schedule.unit.empty();
  if (!good)
    return kernel.emitOpError() << "has the schedule " << given
                                << ", expected a known kind, a number of threads, and the kind's own numbers";
  return schedule;
}

/// As many threads as a scatter has lines; where those are few, threads that have elements of the result, of all lines.
static Schedule chooseScatter(Operation *op, const Facts &facts) {
  constexpr int64_t kOwners = 1024;
  DimAnalysis dims;
  auto lines = product(scatterLines(dims, op)).constant();
  Schedule schedule{Kind::items, 2 * facts.warpSize, 0, {}, 2, {}};
  if (!lines || *lines >= facts.warpSize)
    return schedule;
  auto elements = product(dims.shape(op->getResult(0)).dims).constant();
  schedule.kind = Kind::owners;
  schedule.team = std::clamp<int64_t>(llvm::PowerOf2Ceil(std::max<int64_t>(elements.value_or(kOwners), 1)),
                                      facts.warpSize, kOwners);
  schedule.threads = std::min(schedule.team, 4 * facts.warpSize);
  return schedule;
}

/// A warp a row where that keeps a row in its registers, else a block a row.
static Schedule chooseRows(Operation *op, const Facts &facts) {
  constexpr int64_t kRowOfWarp = 1024;
  DimAnalysis dims;
  SmallVector<DimExpr> sizes = dims.shape(op->getOperand(0)).dims;
  auto count = product(ArrayRef(sizes).drop_front(*rowAxis(op))).constant();
  Schedule schedule{Kind::rows, 4 * facts.warpSize, facts.warpSize, {}, 2, {}};
  if (!count || *count > kRowOfWarp) {
    schedule.threads = count ? 8 * facts.warpSize : 4 * facts.warpSize;
    schedule.team = schedule.threads;
  }
  return schedule;
}

/// True if a tile's rows are long enough to be read by several threads, on both sides, as far as is known.
static bool fillsTiles(const Transposition &move) {
  constexpr int64_t kShort = 8;
  auto isLong = [&](unsigned group) { return move.groups[group].size.constant().value_or(kShort) >= kShort; };
  return isLong(move.row()) && isLong(move.column());
}

static Schedule chooseNest(Operation *nest, const Facts &facts) {
  if (rowAxis(nest))
    return chooseRows(nest, facts);
  if (auto schedule = Product::isProduct(nest) ? chooseProduct(nest, facts) : std::nullopt)
    return *schedule;
  if (auto attention = dyn_cast<AttentionOp>(nest))
    return chooseAttention(attention, facts);
  if (isa<ScatterElementsOp, ScatterNdOp>(nest))
    return chooseScatter(nest, facts);
  if (auto scan = dyn_cast<ScanOp>(nest); scan && scansInWarps(scan, facts))
    return {Kind::scan, 4 * facts.warpSize, 0, {}, 2, {}};
  if (isa<NonZeroIndicesOp>(nest))
    return {Kind::nonzero, 32 * facts.warpSize, 0, {}, 2, {}};
  if (isa<ConvOp, PoolOp>(nest))
    return {Kind::points, 4 * facts.warpSize, 0, {}, 2, {}};
  return {Kind::items, 2 * facts.warpSize, 0, {}, 2, {}};
}

Schedule chooseSchedule(kernel::FuncOp kernel, const Facts &facts) {
  DimAnalysis dims;
  if (Operation *op = findReduction(kernel, dims))
    return chooseReduction(op, facts);
  if (TransposeOp op = findTransposition(kernel, dims); op && fillsTiles(Transposition(dims, op)))
    return Schedule{Kind::transpose, 4 * facts.warpSize, 0, {}, 2, {}};
  Operation *nest = nullptr;
  for (Operation &op : kernel.getBody().front())
    if (isNest(&op))
      nest = &op;
  if (!nest)
    return Schedule{Kind::elements, 8 * facts.warpSize, 0, {}, 2, {}};
  return chooseNest(nest, facts);
}

} // namespace gpu

namespace {
struct GpuSchedule : impl::GpuScheduleBase<GpuSchedule> {
  void runOnOperation() override {
    gpu::Facts facts = gpu::Facts::of(getOperation());
    for (auto kernel : getOperation().getOps<kernel::FuncOp>())
      kernel.setScheduleAttr(gpu::chooseSchedule(kernel, facts).write(getContext()));
  }
};
} // namespace
} // namespace adze
