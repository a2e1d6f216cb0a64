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
/// A warp is 4 x 8 lanes; a lane has every fourth row of the warp's part, or every fourth chunk of its rows where these
/// are neighbours in shared memory, and every eighth chunk of its columns.
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
    int64_t before = block.sharedMark();
    // A warp reads one row across the depth at a time, or neighbouring ones along it: each lane's column of a chunk.
    staging.emplace(block, product, shape, stages, asyncCopy,
                    Staging::Form{0, SharedTile::kTogether, chunk, chunk * kLaneColumns});
    staging->enter(firstRow, firstColumn);
    findWarp();
    Emitter::Values sums = sumUp();
    if (shape.slices > 1) {
      staging->wait(0);
      block.shareFrom(before);
      writeSlices(sums);
    } else {
      writeSums(sums);
    }
    if (failedAny || staging->failed())
      return failure();
    return Grid{place.blocks};
  }

private:
  void findWarp() {
    int64_t across = shape.columns / shape.warpColumns;
    slice = e.divui(block.warp, shape.warpsOfSlice());
    Value warp = e.remui(block.warp, shape.warpsOfSlice());
    laneRow = e.divui(block.lane, kLaneColumns);
    laneChunk = e.remui(block.lane, kLaneColumns);
    warpRow = e.muli(e.divui(warp, across), e.index(shape.warpRows));
    warpColumn = e.muli(e.remui(warp, across), e.index(shape.warpColumns));
    bool isOne = shape.slices == 1;
    sliceRow = isOne ? e.index(0) : e.muli(slice, e.index(shape.sliceDepth()));
    sliceChunk = isOne ? e.index(0) : e.muli(slice, e.index(shape.sliceDepth() / chunk));
    leftPlaces.emplace(staging->left, e, laneRow, sliceChunk, isOne ? 0 : -1, e.muli(warpRow, e.index(shape.depth)));
  }

  Value load(Value tile, Value place) { return e.create<vector::LoadOp>(vector, tile, ValueRange{place}); }

  Value multiplyAdd(Value x, Value y, Value sum) {
    if (isa<FloatType>(product.accumulator))
      return e.create<vector::FMAOp>(x, y, sum);
    return e.create<arith::AddIOp>(e.create<arith::MulIOp>(x, y), sum);
  }

  Value extract(Value v, int64_t i) { return e.create<vector::ExtractOp>(v, i); }

  /// Vectors of the left that hold this lane's rows at `k` and, where they run along the depth, behind it.
  Emitter::Values loadLeft(Value tile, int64_t k) {
    SharedTile &left = staging->left;
    Emitter::Values out;
    if (staging->leftAlongDepth())
      for (int64_t r = 0; r < laneRows; ++r)
        out.push_back(load(tile, leftPlaces->at(r * kLaneRows, k / chunk)));
    else
      for (int64_t r = 0; r < laneRows; r += chunk)
        out.push_back(load(tile, e.addi(left.place(sliceRow, k, laneRow, r / chunk * kLaneRows), warpRow)));
    return out;
  }

  /// Vectors of the right that hold this lane's chunk number `c` of columns, likewise.
  Emitter::Values loadRight(Value tile, int64_t k, int64_t c) {
    SharedTile &right = staging->right;
    if (!staging->rightAlongDepth())
      return {load(tile, e.addi(right.place(sliceRow, k, laneChunk, c * kLaneColumns), warpColumn))};
    Emitter::Values out;
    for (int64_t i = 0; i < chunk; ++i)
      out.push_back(load(tile, e.addi(right.place(laneChunk, (c * chunk + i) * kLaneColumns, sliceChunk, k / chunk),
                                      e.muli(warpColumn, e.index(shape.depth)))));
    return out;
  }

  /// sums += the product of the tiles in `slot`.
  Emitter::Values multiply(Emitter::Values sums, const Staging::Slot &slot) {
    bool leftAlong = staging->leftAlongDepth(), rightAlong = staging->rightAlongDepth();
    for (int64_t k = 0; k < shape.sliceDepth(); k += chunk) {
      Emitter::Values x;
      SmallVector<Emitter::Values> columns(laneChunks);
      if (leftAlong)
        x = loadLeft(slot.left, k);
      for (int64_t c = 0; rightAlong && c < laneChunks; ++c)
        columns[c] = loadRight(slot.right, k, c);
      for (int64_t i = 0; i < chunk; ++i) {
        if (!leftAlong)
          x = loadLeft(slot.left, k + i);
        for (int64_t c = 0; c < laneChunks; ++c) {
          Value y = rightAlong ? across(columns[c], i) : loadRight(slot.right, k + i, c)[0];
          for (int64_t r = 0; r < laneRows; ++r) {
            Value one = leftAlong ? extract(x[r], i) : extract(x[r / chunk], r % chunk);
            Value &sum = sums[r * laneChunks + c];
            sum = multiplyAdd(e.splat(one, chunk), y, sum);
          }
        }
      }
    }
    return sums;
  }

  /// Element `i` of each.
  Value across(ArrayRef<Value> vectors, int64_t i) {
    Emitter::Values parts;
    for (Value v : vectors)
      parts.push_back(extract(v, i));
    return e.create<vector::FromElementsOp>(vector, parts);
  }

  /// This lane's row number `r` of the warp's part.
  Value rowOf(Value r) {
    if (staging->leftAlongDepth())
      return e.addi(laneRow, e.muli(r, e.index(kLaneRows)));
    Value further = e.addi(e.muli(e.divui(r, chunk), e.index(kLaneRows * chunk)), e.remui(r, chunk));
    return e.addi(e.muli(laneRow, e.index(chunk)), further);
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
    for (int64_t r = 0; r < laneRows; ++r)
      writeRow(e.index(r), [&](int64_t c) { return sums[r * laneChunks + c]; });
  }

  /// Joins the sums of all slices, in their order, by way of shared memory; each of them writes some of the rows.
  void writeSlices(ArrayRef<Value> sums) {
    int64_t ofSlice = shape.warpsOfSlice(), ofWarp = laneRows * laneChunks;
    Value memory = block.shared(product.accumulator, shape.warps() * ofWarp * block.warpSize * chunk);
    auto place = [&](Value warp, Value number) {
      Value at = e.addi(e.muli(warp, e.index(ofWarp)), number);
      return e.muli(e.addi(e.muli(at, e.index(block.warpSize)), block.lane), e.index(chunk));
    };
    for (auto [i, sum] : llvm::enumerate(sums))
      vector::StoreOp::create(e.b, e.loc, sum, memory, ValueRange{place(block.warp, e.index(i))});
    block.barrier();
    Value warp = e.remui(block.warp, ofSlice);
    e.loop(slice, e.index(laneRows), e.index(shape.slices), {}, [&](Value r, ValueRange) {
      writeRow(r, [&](int64_t c) {
        Value number = e.addi(e.muli(r, e.index(laneChunks)), e.index(c)), sum;
        for (int64_t s = 0; s < shape.slices; ++s) {
          Value v = load(memory, place(e.addi(warp, e.index(s * ofSlice)), number));
          sum = sum ? e.join(ReduceKind::sum, sum, v, product.accumulator) : v;
        }
        return sum;
      });
      return Emitter::Values();
    });
  }

  /// Writes this lane's row number `r` of the warp's part; `sumOf` gives its chunks.
  void writeRow(Value r, function_ref<Value(int64_t)> sumOf) {
    SmallVector<DimExpr> sizes = e.dims.shape(kernel.nest->getResult(0)).dims;
    auto columns = product.columns.constant();
    bool inLanes = columns && *columns % chunk == 0 && kernel.vectorizable(e, sizes.size() - 1);
    auto write = [&](Value row, Coord column, Value sum) {
      failedAny |= failed(kernel.storeEpilogue(e, product.resultAt(row, column), product.finish(sum), sizes));
    };
    auto ifBelow = [&](Value x, const DimExpr &size, function_ref<void()> body) {
      e.when(e.cmpi(arith::CmpIPredicate::ult, x, e.size(size)), body);
    };
    Value row = e.addi(e.addi(firstRow, warpRow), rowOf(r));
    ifBelow(row, product.rows, [&] {
      for (int64_t c = 0; c < laneChunks; ++c) {
        Value ofWarp = e.addi(warpColumn, e.muli(laneChunk, e.index(chunk)));
        Value column = e.addi(e.addi(firstColumn, ofWarp), e.index(c * kLaneColumns * chunk));
        Value sum = sumOf(c);
        if (inLanes) {
          int64_t width = std::exchange(e.width, chunk);
          ifBelow(column, product.columns, [&] { write(row, {column, true}, sum); });
          e.width = width;
          continue;
        }
        for (int64_t i = 0; i < chunk; ++i) {
          Value one = e.addi(column, e.index(i));
          ifBelow(one, product.columns, [&] { write(row, {one}, extract(sum, i)); });
        }
      }
    });
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
  std::optional<LanePlaces> leftPlaces; ///< of a left tile along the depth
  Value firstRow, firstColumn, slice, warpRow, warpColumn, laneRow, laneChunk;
  Value sliceRow, sliceChunk; ///< where the slice begins along the depth, in elements and in chunks
  bool failedAny = false;
};
} // namespace

FailureOr<Grid> adze::gpu::emitTiles(KernelFunction &kernel, ThreadBlock &block, const Schedule &schedule,
                                     const Facts &facts) {
  return TileProduct(kernel, block, schedule, facts.asyncCopy).emit();
}
