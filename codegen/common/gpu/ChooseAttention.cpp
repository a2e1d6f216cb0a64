// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// How attention is run: by matrix units where there are some for its types and its sizes fit, else by scalar units,
// else by what runs any op.
#include "codegen/common/gpu/AttentionPlan.h"
#include "codegen/common/gpu/Kinds.h"
#include "codegen/common/gpu/SharedTile.h"

using namespace mlir;
using namespace adze;
using namespace adze::core;
using namespace adze::gpu;

/// A mask of as many rows as there are queries: a lane reads other elements for each of its rows.
static bool hasMaskOfRows(AttentionOp op) {
  auto shape = op.getMask() ? cast<RankedTensorType>(op.getMask().getType()).getShape() : ArrayRef<int64_t>();
  return shape.size() >= 2 && shape[shape.size() - 2] != 1;
}

static int64_t headSize(Value tensor) { return cast<RankedTensorType>(tensor.getType()).getShape().back(); }

AttentionPlan::AttentionPlan(AttentionOp op, const MatrixUnit &unit, const Schedule &schedule, const Facts &facts)
    : shape(schedule.tile), stages(schedule.stages), depth(llvm::alignTo(headSize(op.getQuery()), unit.depth)),
      columns(llvm::alignTo(headSize(op.getValue()), unit.columns)), down(shape.warpRows / unit.rows) {
  int64_t bytes = elementBytes(memoryType(unit.a)), chunk = kChunkBytes / bytes;
  auto ofTile = [&](int64_t size) { return int64_t(llvm::PowerOf2Ceil(std::max(size, chunk))); };
  depthOfTile = ofTile(depth);
  columnsOfTile = ofTile(columns);
  int64_t across = shape.warpColumns / unit.columns + columns / unit.columns;
  accumulatorRegisters = down * across * unit.c.elements;
  queryRegisters = down * (depth / unit.depth) * unit.a.elements * bytes / 4;
  mostRegisters = hasMaskOfRows(op) ? 136 : 168;
  holdsQueries = accumulatorRegisters + queryRegisters <= mostRegisters;
  loadsMasksEarly = op.getMask() && accumulatorRegisters + queryRegisters <= 128;
  if (auto sources = sourcesOfA(unit, facts.warpSize))
    weightSources = *sources;
  int64_t weights = weightSources.empty() ? shape.rows * shape.columns : 0;
  int64_t steps = shape.rows * depthOfTile + stages * shape.columns * (depthOfTile + columnsOfTile) + weights;
  // Where warps share queries, their results are joined in f32, and what they know of rows.
  int64_t joined = shape.rows * shape.columns / shape.warpColumns;
  int64_t result = warpsAcross() > 1 ? joined * (columnsOfTile + 2) * 4
                                     : shape.rows * columnsOfTile * elementBytes(getElementTypeOrSelf(op.getResult()));
  sharedBytes = std::max(steps * bytes, result);
}

namespace {
/// What a schedule by matrix units is chosen by.
class MatrixChoice {
public:
  MatrixChoice(AttentionOp op, const Facts &facts) : op(op), facts(facts) {
    SmallVector<DimExpr> q = dims.shape(op.getQuery()).dims, k = dims.shape(op.getKey()).dims;
    queries = q[q.size() - 2].constant();
    keys = k[k.size() - 2].constant();
    heads = product(ArrayRef(q).drop_back(2)).constant();
  }

  /// The schedule, or why there is none.
  std::optional<Schedule> choose(StringRef &why) {
    int64_t depth = headSize(op.getQuery()), columns = headSize(op.getValue());
    if (ShapedType::isDynamic(depth) || ShapedType::isDynamic(columns) || depth == 0 || columns == 0) {
      why = "the size of a head is not known";
      return std::nullopt;
    }
    const MatrixUnit *unit = findUnit(facts.allowTf32);
    if (!unit) {
      why = findUnit(/*takesTf32=*/true) ? "tf32 is not allowed" : "the machine has no matrix units for these types";
      return std::nullopt;
    }
    auto schedule = fitting(*unit);
    if (!schedule)
      why = "heads are too large for a warp's registers and a block's shared memory";
    return schedule;
  }

private:
  const MatrixUnit *findUnit(bool takesTf32) {
    auto isOf = [](Value v, Type type) { return getElementTypeOrSelf(v) == type; };
    for (const MatrixUnit &unit : facts.units) {
      Type type = memoryType(unit.a);
      bool fits = unit.a.type == unit.b.type && unit.c.type.isF32() && isOf(op.getQuery(), type) &&
                  isOf(op.getKey(), type) && isOf(op.getValue(), type);
      if (fits && (takesTf32 || !unit.a.type.isTF32()) && rowShares(unit.c, facts.warpSize))
        return &unit;
    }
    return nullptr;
  }

  /// Blocks that keep a machine busy with so many queries each.
  bool hasManyBlocks(int64_t rows) {
    constexpr int64_t kManyBlocks = 96;
    return queries && heads && *heads * llvm::divideCeil(*queries, rows) >= kManyBlocks;
  }

  /// The best shape that fits.
  std::optional<Schedule> fitting(const MatrixUnit &unit) {
    constexpr int64_t kFewQueries = 32;
    if (queries && *queries <= kFewQueries)
      return fittingFew(unit);
    SmallVector<std::pair<int64_t, int64_t>> rowsToTry{{64, 16}};
    if (hasManyBlocks(128))
      rowsToTry.insert(rowsToTry.begin(), {128, 32});
    for (int64_t bytes : {facts.sharedBytes / kBlocksTogether, facts.sharedBytes})
      for (auto [rows, warpRows] : rowsToTry)
        for (int64_t columns : {64, 32, 16})
          if (auto schedule = ifFits(unit, {rows, columns, 0, warpRows, columns}, 2, bytes))
            return schedule;
    return std::nullopt;
  }

  /// Of few queries: the warps share them, and have other keys each. A block waits for memory more than it computes: as
  /// many steps as possible are under way.
  std::optional<Schedule> fittingFew(const MatrixUnit &unit) {
    constexpr int64_t kWarps = 4, kRows = 16, kMostStages = 4;
    int64_t rows = *queries <= kRows ? kRows : 2 * kRows;
    for (int64_t across = kWarps * kRows / rows; across > 0; across /= 2)
      for (int64_t stages = facts.asyncCopy ? kMostStages : 2; stages >= 2; --stages)
        for (int64_t columns : {32, 16})
          if (auto schedule = ifFits(unit, {rows, across * columns, 0, kRows, columns}, stages, facts.sharedBytes))
            return schedule;
    return std::nullopt;
  }

  std::optional<Schedule> ifFits(const MatrixUnit &unit, TileShape tile, int64_t stages, int64_t bytes) {
    Schedule schedule;
    schedule.kind = Kind::matrixAttention;
    schedule.unit = unit.name;
    tile.depth = llvm::alignTo(headSize(op.getQuery()), unit.depth);
    schedule.tile = tile;
    schedule.threads = tile.warps() * facts.warpSize;
    schedule.stages = stages;
    return fits(schedule, unit, bytes) ? std::optional(schedule) : std::nullopt;
  }

  bool fits(const Schedule &schedule, const MatrixUnit &unit, int64_t bytes) {
    const TileShape &tile = schedule.tile;
    bool isTooLong = keys && tile.columns > 16 && tile.columns / 2 >= *keys;
    if (isTooLong || tile.warpRows % unit.rows || tile.warpColumns % unit.depth || tile.warpColumns % unit.columns)
      return false;
    AttentionPlan plan(op, unit, schedule, facts);
    int64_t chunks = std::max(plan.depthOfTile, plan.columnsOfTile) * elementBytes(memoryType(unit.a)) / kChunkBytes;
    if (chunks > schedule.threads)
      return false;
    // Rows of several fragments pay where their queries stay.
    return plan.sharedBytes <= bytes && plan.accumulatorRegisters <= plan.mostRegisters &&
           (plan.holdsQueries || plan.down == 1);
  }

  AttentionOp op;
  const Facts &facts;
  DimAnalysis dims;
  std::optional<int64_t> queries, keys, heads;
};
} // namespace

Schedule adze::gpu::chooseAttention(AttentionOp op, const Facts &facts) {
  StringRef why;
  if (auto schedule = MatrixChoice(op, facts).choose(why))
    return *schedule;
  Schedule schedule;
  schedule.kind = Kind::items;
  schedule.threads = 2 * facts.warpSize;
  if (auto threads = attentionThreads(op, facts)) {
    schedule.kind = Kind::attention;
    schedule.threads = *threads;
  }
  schedule.why = why.str();
  return schedule;
}
