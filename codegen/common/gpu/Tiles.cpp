// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Products by scalar units: a block computes a tile of the result, steps along the depth through shared memory, two
// steps of which are there at a time; each thread sums its part of the tile in registers.
//
// The left operand's tile lies in shared memory row by row, the right one's too, in chunks of 16 bytes. Chunks of the
// left are exchanged within their row by XOR with a number of the row, so that the lanes of a warp, which read the same
// chunk of neighbouring rows, meet different banks.
#include "codegen/common/gpu/Kinds.h"
#include "codegen/common/gpu/Product.h"

using namespace mlir;
using namespace adze;
using namespace adze::core;
using adze::gpu::Product;
using adze::gpu::ThreadBlock;

namespace {
/// A warp is 4 x 8 lanes; a lane has every fourth row of the warp's part, and every eighth chunk of its columns.
constexpr int64_t kLaneRows = 4, kLaneColumns = 8;
constexpr int64_t kChunkBytes = 16, kBankBytes = 128;

class TileProduct {
public:
  TileProduct(KernelFunction &kernel, ThreadBlock &block, const gpu::TileShape &shape)
      : kernel(kernel), block(block), e(block.e), shape(shape), product(e, kernel.nest),
        bytes(elementBytes(product.accumulator)), chunk(kChunkBytes / bytes), laneRows(shape.warpRows / kLaneRows),
        laneChunks(shape.warpColumns / kLaneColumns / chunk) {
    vector = VectorType::get({chunk}, product.accumulator);
  }

  FailureOr<Grid> emit() {
    DimExpr down = ceilDiv(product.rows, shape.rows), across = ceilDiv(product.columns, shape.columns);
    Coords at = e.delinearize(block.number, {product.batches, down, across});
    product.enterBatch(at[0].base);
    firstRow = e.muli(at[1].base, e.index(shape.rows));
    firstColumn = e.muli(at[2].base, e.index(shape.columns));
    depth = e.size(product.depth);
    leftTile = block.shared(product.accumulator, 2 * shape.rows * shape.depth);
    rightTile = block.shared(product.accumulator, 2 * shape.depth * shape.columns);
    findWarp();
    writeSums(sumUp());
    if (failedAny)
      return failure();
    return Grid{product.batches * down * across};
  }

private:
  DimExpr ceilDiv(const DimExpr &x, int64_t y) { return e.dims.dims.ceilDiv(x, y); }
  Value divide(Value x, int64_t y) { return e.b.createOrFold<arith::DivUIOp>(e.loc, x, e.index(y)); }
  Value remainder(Value x, int64_t y) { return e.b.createOrFold<arith::RemUIOp>(e.loc, x, e.index(y)); }
  Value atMost(Value x, const DimExpr &size, int64_t width) {
    return e.create<arith::MinSIOp>(x, e.size(size - DimExpr(width)));
  }

  void findWarp() {
    int64_t across = shape.columns / shape.warpColumns;
    warpRow = e.addi(e.muli(divide(block.warp, across), e.index(shape.warpRows)), divide(block.lane, kLaneColumns));
    warpColumn = e.addi(e.muli(remainder(block.warp, across), e.index(shape.warpColumns)),
                        e.muli(remainder(block.lane, kLaneColumns), e.index(chunk)));
  }

  /// Where chunk `c` of row `row` of the left's tile lies.
  Value leftPlace(Value row, Value c) {
    int64_t chunks = shape.depth / chunk, rowsOfBanks = std::max<int64_t>(kBankBytes / (shape.depth * bytes), 1);
    Value swapped = e.create<arith::XOrIOp>(c, remainder(divide(row, rowsOfBanks), chunks));
    return e.addi(e.muli(row, e.index(shape.depth)), e.muli(swapped, e.index(chunk)));
  }

  /// A chunk of an operand, zeros from the depth's end on. `element(i, lanes)` gives those from the i-th on.
  Value readChunk(bool inLanes, Value k, bool alongDepth, function_ref<Value(int64_t, bool)> element) {
    bool whole = product.depth.constant() && *product.depth.constant() % shape.depth == 0;
    Value zero = e.constant(product.accumulator, 0);
    auto inside = [&](int64_t i) { return e.cmpi(arith::CmpIPredicate::ult, e.addi(k, e.index(i)), depth); };
    auto check = [&](Value v) {
      failedAny |= !v;
      return v ? v : zero;
    };
    if (inLanes) {
      int64_t width = std::exchange(e.width, chunk);
      Value v = e.splat(check(element(0, true)), chunk);
      e.width = width;
      return whole ? v : e.create<arith::SelectOp>(inside(0), v, e.splat(zero, chunk));
    }
    Emitter::Values parts;
    for (int64_t i = 0; i < chunk; ++i) {
      Value v = check(element(i, false));
      parts.push_back(whole ? v : e.create<arith::SelectOp>(inside(alongDepth ? i : 0), v, zero));
    }
    return e.create<vector::FromElementsOp>(vector, parts);
  }

  Value readLeft(Value row, Value k) {
    row = atMost(row, product.rows, 1);
    bool inLanes = product.leftInLanes(chunk);
    return readChunk(inLanes, k, true, [&](int64_t i, bool lane) {
      return product.left(row, {atMost(e.addi(k, e.index(i)), product.depth, lane ? chunk : 1), lane});
    });
  }

  Value readRight(Value k, Value column) {
    Value within = atMost(k, product.depth, 1);
    bool inLanes = product.rightInLanes(chunk);
    return readChunk(inLanes, k, false, [&](int64_t i, bool lane) {
      return product.right(within, {atMost(e.addi(column, e.index(i)), product.columns, lane ? chunk : 1), lane});
    });
  }

  /// This thread's chunks of the operands' tiles from depth `k` on: those of the left, then those of the right.
  Emitter::Values readTiles(Value k) {
    Emitter::Values chunks;
    int64_t perRow = shape.depth / chunk, perStep = shape.columns / chunk;
    for (int64_t i = 0; i < shape.rows * perRow; i += block.threads) {
      Value c = e.addi(block.thread, e.index(i));
      chunks.push_back(
          readLeft(e.addi(firstRow, divide(c, perRow)), e.addi(k, e.muli(remainder(c, perRow), e.index(chunk)))));
    }
    for (int64_t i = 0; i < shape.depth * perStep; i += block.threads) {
      Value c = e.addi(block.thread, e.index(i));
      chunks.push_back(
          readRight(e.addi(k, divide(c, perStep)), e.addi(firstColumn, e.muli(remainder(c, perStep), e.index(chunk)))));
    }
    return chunks;
  }

  void writeTiles(ValueRange chunks, Value half) {
    int64_t perRow = shape.depth / chunk, perStep = shape.columns / chunk;
    Value left = e.muli(half, e.index(shape.rows * shape.depth)),
          right = e.muli(half, e.index(shape.depth * shape.columns));
    auto next = chunks.begin();
    auto store = [&](Value tile, Value place) {
      vector::StoreOp::create(e.b, e.loc, *next++, tile, ValueRange{place});
    };
    for (int64_t i = 0; i < shape.rows * perRow; i += block.threads) {
      Value c = e.addi(block.thread, e.index(i));
      store(leftTile, e.addi(left, leftPlace(divide(c, perRow), remainder(c, perRow))));
    }
    for (int64_t i = 0; i < shape.depth * perStep; i += block.threads)
      store(rightTile, e.addi(right, e.muli(e.addi(block.thread, e.index(i)), e.index(chunk))));
  }

  Value load(Value tile, Value place) { return e.create<vector::LoadOp>(vector, tile, ValueRange{place}); }

  Value multiplyAdd(Value x, Value y, Value sum) {
    if (isa<FloatType>(product.accumulator))
      return e.create<vector::FMAOp>(x, y, sum);
    return e.create<arith::AddIOp>(e.create<arith::MulIOp>(x, y), sum);
  }

  /// sums += the product of the tiles in `half`.
  Emitter::Values multiply(Emitter::Values sums, Value half) {
    Value left = e.muli(half, e.index(shape.rows * shape.depth)),
          right = e.muli(half, e.index(shape.depth * shape.columns));
    for (int64_t k = 0; k < shape.depth; k += chunk) {
      Emitter::Values x;
      for (int64_t r = 0; r < laneRows; ++r)
        x.push_back(
            load(leftTile, e.addi(left, leftPlace(e.addi(warpRow, e.index(r * kLaneRows)), e.index(k / chunk)))));
      for (int64_t i = 0; i < chunk; ++i) {
        Value row = e.addi(e.addi(right, e.index((k + i) * shape.columns)), warpColumn);
        for (int64_t c = 0; c < laneChunks; ++c) {
          Value y = load(rightTile, e.addi(row, e.index(c * kLaneColumns * chunk)));
          for (int64_t r = 0; r < laneRows; ++r) {
            Value &sum = sums[r * laneChunks + c];
            sum = multiplyAdd(e.splat(e.create<vector::ExtractOp>(x[r], i), chunk), y, sum);
          }
        }
      }
    }
    return sums;
  }

  Emitter::Values sumUp() {
    Value zero = e.splat(e.constant(product.accumulator, 0), chunk), step = e.index(shape.depth);
    Emitter::Values sums(laneRows * laneChunks, zero);
    SmallVector<Type> chunkTypes(((shape.rows + shape.columns) * shape.depth / chunk) / block.threads, vector);
    // What lies behind the depth's end is not read: there may be nothing at all.
    auto readFrom = [&](Value k) {
      return e.branch(
          e.cmpi(arith::CmpIPredicate::ult, k, depth), chunkTypes, [&] { return readTiles(k); },
          [&] { return Emitter::Values(chunkTypes.size(), zero); });
    };
    writeTiles(readFrom(e.index(0)), e.index(0));
    block.barrier();
    return e.loop(e.index(0), depth, step, sums, [&](Value k, ValueRange carried) {
      Value half = remainder(divide(k, shape.depth), 2);
      Emitter::Values next = readFrom(e.addi(k, step));
      Emitter::Values out = multiply(Emitter::Values(carried), half);
      writeTiles(next, e.create<arith::XOrIOp>(half, e.index(1)));
      block.barrier();
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
      e.branch(
          e.cmpi(arith::CmpIPredicate::ult, x, e.size(size)), {}, [&] { return body(), Emitter::Values(); },
          [] { return Emitter::Values(); });
    };
    for (int64_t r = 0; r < laneRows; ++r) {
      Value row = e.addi(e.addi(firstRow, warpRow), e.index(r * kLaneRows));
      ifBelow(row, product.rows, [&] {
        for (int64_t c = 0; c < laneChunks; ++c) {
          Value column = e.addi(e.addi(firstColumn, warpColumn), e.index(c * kLaneColumns * chunk));
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
  Product product;
  int64_t bytes, chunk;         ///< of an element; elements of a chunk
  int64_t laneRows, laneChunks; ///< of one lane
  VectorType vector;
  Value firstRow, firstColumn, depth, leftTile, rightTile, warpRow, warpColumn;
  bool failedAny = false;
};
} // namespace

FailureOr<Grid> adze::gpu::emitTiles(KernelFunction &kernel, ThreadBlock &block, const Schedule &schedule) {
  return TileProduct(kernel, block, schedule.tile).emit();
}
