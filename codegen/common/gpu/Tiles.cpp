// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Products by scalar units: a block computes a tile of the result, steps along the depth through a ring of slots in
// shared memory; each thread sums its part of the tile in registers.
#include "codegen/common/gpu/BlockOrder.h"
#include "codegen/common/gpu/Kinds.h"
#include "codegen/common/gpu/Staging.h"

using namespace mlir;
using namespace adze;
using namespace adze::core;
using namespace adze::gpu;

namespace {
/// A warp is 4 x 8 lanes; a lane has every fourth row of the warp's part, and every eighth chunk of its columns.
constexpr int64_t kLaneRows = 4, kLaneColumns = 8;

class TileProduct {
public:
  TileProduct(KernelFunction &kernel, ThreadBlock &block, const gpu::Schedule &schedule, bool asyncCopy)
      : kernel(kernel), block(block), e(block.e), shape(schedule.tile), stages(schedule.stages), asyncCopy(asyncCopy),
        product(e, kernel.nest), bytes(elementBytes(product.accumulator)), chunk(kChunkBytes / bytes),
        laneRows(shape.warpRows / kLaneRows), laneChunks(shape.warpColumns / kLaneColumns / chunk) {
    vector = VectorType::get({chunk}, product.accumulator);
  }

  FailureOr<Grid> emit() {
    BlockPlace place = placeBlock(block, product, shape);
    product.enterBatch(place.batch);
    firstRow = place.row;
    firstColumn = place.column;
    staging.emplace(block, product, shape, stages, asyncCopy,
                    Staging::Spreads{0, SharedTile::kTogether}); // a warp reads one row of the right at a time
    staging->enter(firstRow, firstColumn);
    findWarp();
    writeSums(sumUp());
    if (failedAny || staging->failed())
      return failure();
    return Grid{place.blocks};
  }

private:
  Value divide(Value x, int64_t y) { return e.b.createOrFold<arith::DivUIOp>(e.loc, x, e.index(y)); }
  Value remainder(Value x, int64_t y) { return e.b.createOrFold<arith::RemUIOp>(e.loc, x, e.index(y)); }
  void findWarp() {
    int64_t across = shape.columns / shape.warpColumns;
    laneRow = divide(block.lane, kLaneColumns);
    laneChunk = remainder(block.lane, kLaneColumns);
    warpRow = e.muli(divide(block.warp, across), e.index(shape.warpRows));
    warpColumn = e.muli(remainder(block.warp, across), e.index(shape.warpColumns));
  }

  Value load(Value tile, Value place) { return e.create<vector::LoadOp>(vector, tile, ValueRange{place}); }

  Value multiplyAdd(Value x, Value y, Value sum) {
    if (isa<FloatType>(product.accumulator))
      return e.create<vector::FMAOp>(x, y, sum);
    return e.create<arith::AddIOp>(e.create<arith::MulIOp>(x, y), sum);
  }

  /// sums += the product of the tiles in `slot`.
  Emitter::Values multiply(Emitter::Values sums, const Staging::Slot &slot) {
    SharedTile &left = staging->left, &right = staging->right;
    Value fromLeft = e.muli(warpRow, e.index(shape.depth));
    for (int64_t k = 0; k < shape.depth; k += chunk) {
      Emitter::Values x;
      for (int64_t r = 0; r < laneRows; ++r)
        x.push_back(load(slot.left, e.addi(left.place(laneRow, r * kLaneRows, e.index(0), k / chunk), fromLeft)));
      for (int64_t i = 0; i < chunk; ++i)
        for (int64_t c = 0; c < laneChunks; ++c) {
          Value place = right.place(e.index(0), k + i, laneChunk, c * kLaneColumns);
          Value y = load(slot.right, e.addi(place, warpColumn));
          for (int64_t r = 0; r < laneRows; ++r) {
            Value &sum = sums[r * laneChunks + c];
            sum = multiplyAdd(e.splat(e.create<vector::ExtractOp>(x[r], i), chunk), y, sum);
          }
        }
    }
    return sums;
  }

  Emitter::Values sumUp() {
    Emitter::Values state = staging->start();
    staging->fill(state);
    Emitter::Values zeros(laneRows * laneChunks, e.constant(vector, 0));
    return staging->loop(zeros, state, [&](Staging::Step &step, ValueRange sums) {
      staging->wait(stages - 2);
      step.begin();
      Emitter::Values out = multiply(Emitter::Values(sums), step.here);
      step.finish();
      return out;
    });
  }

  void writeSums(ArrayRef<Value> sums) {
    SmallVector<DimExpr> sizes = e.dims.shape(kernel.nest->getResult(0)).dims;
    auto columns = product.columns.constant();
    bool inLanes = columns && *columns % chunk == 0 && kernel.vectorizable(e, sizes.size() - 1);
    auto write = [&](Value row, Coord column, Value sum) {
      failedAny |= failed(kernel.storeEpilogue(e, product.resultAt(row, column), product.finish(sum), sizes));
    };
    auto ifBelow = [&](Value x, const DimExpr &size, function_ref<void()> body) {
      e.when(e.cmpi(arith::CmpIPredicate::ult, x, e.size(size)), body);
    };
    for (int64_t r = 0; r < laneRows; ++r) {
      Value row = e.addi(e.addi(firstRow, e.addi(warpRow, laneRow)), e.index(r * kLaneRows));
      ifBelow(row, product.rows, [&] {
        for (int64_t c = 0; c < laneChunks; ++c) {
          Value ofWarp = e.addi(warpColumn, e.muli(laneChunk, e.index(chunk)));
          Value column = e.addi(e.addi(firstColumn, ofWarp), e.index(c * kLaneColumns * chunk));
          Value sum = sums[r * laneChunks + c];
          if (inLanes) {
            int64_t width = std::exchange(e.width, chunk);
            ifBelow(column, product.columns, [&] { write(row, {column, true}, sum); });
            e.width = width;
            continue;
          }
          for (int64_t i = 0; i < chunk; ++i) {
            Value one = e.addi(column, e.index(i));
            ifBelow(one, product.columns, [&] { write(row, {one}, e.create<vector::ExtractOp>(sum, i)); });
          }
        }
      });
    }
  }

  KernelFunction &kernel;
  ThreadBlock &block;
  Emitter &e;
  gpu::TileShape shape;
  int64_t stages;
  bool asyncCopy;
  Product product;
  int64_t bytes, chunk;         ///< of an element; elements of a chunk
  int64_t laneRows, laneChunks; ///< of one lane
  VectorType vector;
  std::optional<Staging> staging;
  Value firstRow, firstColumn, warpRow, warpColumn, laneRow, laneChunk;
  bool failedAny = false;
};
} // namespace

FailureOr<Grid> adze::gpu::emitTiles(KernelFunction &kernel, ThreadBlock &block, const Schedule &schedule,
                                     const Facts &facts) {
  return TileProduct(kernel, block, schedule, facts.asyncCopy).emit();
}
