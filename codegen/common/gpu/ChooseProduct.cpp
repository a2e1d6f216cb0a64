// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// How products are cut into tiles. Larger tiles do more with what they read, smaller ones waste less and keep more
// blocks busy.
#include "codegen/common/gpu/Kinds.h"
#include "codegen/common/gpu/Product.h"
#include "codegen/common/gpu/SharedTile.h"
#include "codegen/common/gpu/Walk.h"

using namespace mlir;
using namespace adze;
using namespace adze::core;
using namespace adze::gpu;

/// Blocks that keep a machine busy.
static constexpr int64_t kManyBlocks = 96;
/// Steps of the depth under way, at most.
static constexpr int64_t kMostStages = 4;
/// So many of them hide the memory's latency.
static constexpr int64_t kGoodStages = 3;

/// The depth up to which shared memory does not pay: one step of a tile.
static constexpr int64_t kShortDepth = 16;
/// Bytes of a sum that threads can give to each other.
static constexpr int64_t kLeastSum = 4;
/// Steps of the depth for which slices of it pay, at least.
static constexpr int64_t kLeastSteps = 2;
/// Rows of a block where they turn out to be few when the product is launched.
static constexpr int64_t kFewOfUnknown = 4;

namespace {
/// What tiles are chosen by.
class ProductChoice {
public:
  ProductChoice(Operation *op, const Facts &facts) : op(op), facts(facts) {
    SmallVector<DimExpr> sizes = dims.shape(op->getResult(0)).dims;
    columns = sizes.back().constant();
    auto matmul = dyn_cast<MatmulOp>(op);
    bool isOne = !matmul || Product::foldsRows(matmul, dims);
    allRows = isOne ? product(ArrayRef(sizes).drop_back()) : sizes[sizes.size() - 2];
    rows = allRows.constant();
    auto knownBatches = isOne ? std::optional<int64_t>(1) : product(ArrayRef(sizes).drop_back(2)).constant();
    batches = knownBatches.value_or(1);
    isBatched = !knownBatches;
    depth = depthOf().constant();
  }

  std::optional<Schedule> choose() {
    if (depth && *depth <= kShortDepth)
      return Schedule{Kind::points, 4 * facts.warpSize, 0, {}, 2, {}};
    if (rows && *rows <= mostFewRows() && sumBytes() >= kLeastSum)
      return gemv();
    const MatrixUnit *unit = findUnit();
    auto schedule = unit ? matrix(*unit) : tiles();
    if (!schedule || rows)
      return schedule;
    if (sumBytes() >= kLeastSum && leastRows() <= kMostFewRows)
      schedule->few = {kFewOfUnknown, fewLanes(kFewOfUnknown)};
    schedule->some = someRows(*schedule);
    return schedule;
  }

private:
  DimExpr depthOf() {
    SmallVector<DimExpr> sizes = dims.shape(op->getOperand(isa<ConvOp>(op) ? 1 : 0)).dims;
    return isa<ConvOp>(op) ? product(ArrayRef(sizes).drop_back()) : sizes.back();
  }
  Type elementOf(unsigned operand) { return getElementTypeOrSelf(op->getOperand(operand)); }
  Type resultType() { return isa<MatmulOp>(op) ? cast<MatmulOp>(op).getTo() : cast<ConvOp>(op).getTo(); }
  Type accumulator() { return accumulatorOf(resultType()); }

  const MatrixUnit *findUnit() {
    for (const auto *table : {&facts.units, &facts.split})
      for (const MatrixUnit &unit : *table)
        if ((facts.allowTf32 || !unit.a.type.isTF32()) && memoryType(unit.a) == elementOf(0) &&
            memoryType(unit.b) == elementOf(1) && unit.c.type == accumulator())
          return &unit;
    return nullptr;
  }

  int64_t sumBytes() { return elementBytes(accumulator()); }

  /// The most rows with which a product is bound by memory, not by the scalar units: bytes are soon multiplied by
  /// units.
  int64_t mostFewRows() { return elementBytes(elementOf(1)) == 1 && findUnit() ? kMostFewRows / 2 : kMostFewRows; }

  /// The least number of rows, but for none, as far as is known.
  int64_t leastRows() {
    int64_t least = 0;
    for (auto &[product, coefficient] : allRows.terms) {
      if (product.empty() && coefficient > 0)
        return dims.dims.lowerBound(allRows).value_or(1);
      least = least == 0 ? coefficient : std::min(least, coefficient);
    }
    return dims.dims.lowerBound(allRows) ? least : 1;
  }

  /// Threads along a row of the right side: as many as read 128 bytes, fewer where blocks are too few then, but 32
  /// bytes at least.
  int64_t fewLanes(int64_t rowsOfBlock) {
    int64_t bytes = elementBytes(elementOf(1)), chunk = kChunkBytes / bytes;
    while (chunk > 1 && !(columns && *columns % chunk == 0))
      chunk /= 2;
    auto lanesOf = [&](int64_t rowBytes) { return std::clamp<int64_t>(rowBytes / (chunk * bytes), 1, facts.warpSize); };
    int64_t lanes = lanesOf(128), least = lanesOf(32);
    auto blocks = [&]() -> int64_t {
      return batches * llvm::divideCeil(rows.value_or(1), rowsOfBlock) * llvm::divideCeil(*columns, lanes * chunk);
    };
    while (columns && lanes > least && blocks() < facts.multiprocessors)
      lanes /= 2;
    while (columns && lanes > 1 && lanes / 2 * chunk >= *columns)
      lanes /= 2;
    return lanes;
  }

  Schedule gemv() {
    constexpr int64_t kLongDepth = 1024;
    Schedule schedule;
    schedule.kind = Kind::gemv;
    schedule.threads = (!depth || *depth < kLongDepth ? 4 : 8) * facts.warpSize;
    schedule.few.rows = std::max<int64_t>(*rows, 1);
    schedule.few.lanes = fewLanes(schedule.few.rows);
    return schedule;
  }

  int64_t blocksOf(int64_t tileRows, int64_t tileColumns) {
    return batches * llvm::divideCeil(*rows, tileRows) * llvm::divideCeil(*columns, tileColumns);
  }

  /// True of tiles of which more than half is used, too.
  bool hasManyBlocks(int64_t tileRows, int64_t tileColumns) {
    return rows && columns && *columns > tileColumns / 2 && blocksOf(tileRows, tileColumns) >= kManyBlocks;
  }

  /// Blocks that share a multiprocessor: one of a product that has not more blocks than there are.
  int64_t blocksTogether(const TileShape &tile) {
    bool isAlone = tile.slices > 1 && rows && columns && blocksOf(tile.rows, tile.columns) <= facts.multiprocessors;
    return isAlone ? 1 : kBlocksTogether;
  }

  /// Where usual tiles would leave half of the machine idle: smaller ones, whose warps each have a slice of the depth.
  std::optional<TileShape> sliced(int64_t sliceDepth, int64_t leftBytes, int64_t rightBytes) {
    if (!rows || !columns || !depth)
      return std::nullopt;
    int64_t tileRows = *rows <= 16 ? 16 : 32, columnsOfTile = 32;
    int64_t rowBytes = tileRows * leftBytes + columnsOfTile * rightBytes;
    if (2 * blocksOf(2 * tileRows, 2 * columnsOfTile) > facts.multiprocessors)
      return std::nullopt;
    for (int64_t slices : {4, 2}) {
      TileShape tile{tileRows, columnsOfTile, slices * sliceDepth, tileRows, columnsOfTile, slices};
      bool isRoomy = slices == 2 || facts.sharedBytes / blocksTogether(tile) >= kGoodStages * tile.depth * rowBytes;
      if (isRoomy && *depth >= kLeastSteps * tile.depth)
        return tile;
    }
    return std::nullopt;
  }

  /// True if an operand, of elements of so many bytes in shared memory, is copied there or loaded in chunks.
  bool isCopied(bool isLeft, int64_t bytes) {
    int64_t copy = bytes == elementBytes(elementOf(isLeft ? 0 : 1)) ? Walk::copyBytes(op, dims, isLeft) : 0;
    return facts.asyncCopy ? copy > 0 : copy == kChunkBytes;
  }

  Schedule withStages(Kind kind, const TileShape &tile, int64_t leftBytes, int64_t rightBytes) {
    Schedule schedule;
    schedule.kind = kind;
    schedule.tile = tile;
    schedule.threads = tile.warps() * facts.warpSize;
    int64_t bytes = tile.depth * (tile.rows * leftBytes + tile.columns * rightBytes);
    bool copies = facts.asyncCopy && (isCopied(true, leftBytes) || isCopied(false, rightBytes));
    int64_t room = facts.sharedBytes / blocksTogether(tile);
    schedule.stages = copies ? std::clamp<int64_t>(room / bytes, 2, kMostStages) : 2;
    return schedule;
  }

  /// The same for unknown rows, while there are few enough for that: by as many threads as `other` has.
  SomeRows someRows(const Schedule &other) {
    if (!columns || !depth || isBatched || *columns == 0 || batches == 0)
      return {};
    constexpr int64_t kTile = 64;
    int64_t tilesDown = facts.multiprocessors / (2 * batches * llvm::divideCeil(*columns, kTile));
    int64_t slices = other.threads / facts.warpSize, sliceDepth = sliceOf(other.kind);
    SomeRows some;
    some.most = tilesDown * kTile;
    if (slices < 2 || *depth < kLeastSteps * slices * sliceDepth || leastRows() > some.most)
      return {};
    some.tile = {kTile / 2, kTile / 2, slices * sliceDepth, kTile / 2, kTile / 2, slices};
    bool isMatrix = other.kind == Kind::matrix;
    int64_t left = isMatrix ? elementBytes(elementOf(0)) : sumBytes(),
            right = isMatrix ? elementBytes(elementOf(1)) : sumBytes();
    some.stages = withStages(other.kind, some.tile, left, right).stages;
    return some;
  }

  /// The depth of a slice of one step: what SharedTile exchanges.
  int64_t sliceOf(Kind kind) { return kind == Kind::matrix ? 128 / elementBytes(elementOf(0)) : 16; }

  Schedule matrix(const MatrixUnit &unit) {
    int64_t bytes = elementBytes(elementOf(0)), step = 64 / bytes;
    // Elements that are computed one by one are in registers while they come: too many for the large tiles.
    bool isLarge = isCopied(true, bytes) && isCopied(false, elementBytes(elementOf(1)));
    TileShape tile{64, 64, step, 32, 32};
    if (auto slices = sliced(sliceOf(Kind::matrix), bytes, elementBytes(elementOf(1))))
      tile = *slices;
    else if (rows && *rows <= 16)
      tile = {16, 64, 2 * step, 16, 16};
    else if (rows && *rows <= 32)
      tile = {32, 64, 2 * step, 32, 16};
    else if (isLarge && hasManyBlocks(128, 128) && unit.terms == 1) // else there are too few registers
      tile = {128, 128, step, 64, 64};
    else if (isLarge && hasManyBlocks(128, 64))
      tile = {128, 64, step, 64, 32};
    Schedule schedule = withStages(Kind::matrix, tile, bytes, elementBytes(elementOf(1)));
    schedule.unit = unit.name;
    return schedule;
  }

  std::optional<Schedule> tiles() {
    int64_t bytes = sumBytes();
    if (bytes < kLeastSum)
      return std::nullopt;
    TileShape tile{64, 64, 16, 32, 64};
    if (auto slices = sliced(sliceOf(Kind::tiles), bytes, bytes))
      tile = *slices;
    else if (bytes == 8)
      tile = {32, 64, 16, 16, 64};
    else if (rows && *rows <= 16)
      tile = {16, 64, 16, 16, 64};
    else if (rows && *rows <= 32)
      tile = {32, 64, 16, 32, 64};
    else if (hasManyBlocks(128, 64))
      tile = {128, 64, 16, 32, 64}; // with twice the columns, two blocks have too few registers
    return withStages(Kind::tiles, tile, bytes, bytes);
  }

  Operation *op;
  const Facts &facts;
  DimAnalysis dims;
  DimExpr allRows;
  std::optional<int64_t> rows, columns, depth;
  int64_t batches = 1;
  bool isBatched = false; ///< so many times that nobody knows
};
} // namespace

std::optional<Schedule> adze::gpu::chooseProduct(Operation *op, const Facts &facts) {
  return ProductChoice(op, facts).choose();
}
