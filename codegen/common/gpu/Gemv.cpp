// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Products of few rows: bound by the reading of the right side, which each thread does in the widest accesses, next to
// its neighbours. What threads have summed up of a column is joined by shuffles and in shared memory, always in the
// same order.
#include "codegen/common/gpu/Kinds.h"
#include "codegen/common/gpu/Product.h"
#include "codegen/common/gpu/SharedTile.h"

using namespace mlir;
using namespace adze;
using namespace adze::core;
using namespace adze::gpu;

/// Loads of the right side that a thread has under way.
static constexpr int64_t kLoads = 4;
/// Bytes of the sums of one thread.
static constexpr int64_t kSumBytes = 256;

namespace {
/// The columns of the right side lie across its rows in memory, or (transposed) along them:
///   across: `lanes` threads have neighbouring chunks of a row, each further `lanes` threads the next row of the block;
///   along: each warp has one column, lanes have neighbouring chunks of it.
class FewRowsProduct {
public:
  FewRowsProduct(KernelFunction &kernel, ThreadBlock &block, const FewRows &few)
      : kernel(kernel), block(block), e(block.e), product(e, kernel.nest), few(few), acc(product.accumulator),
        isAlong(product.runsAlongDepth(/*isLeft=*/false)) {
    chunk = chooseChunk();
    lanes = isAlong ? 1 : few.lanes;
    parts = isAlong ? 1 : block.threads / block.warpSize;
    columnsOfBlock = isAlong ? block.threads / block.warpSize : lanes * chunk;
    step = isAlong ? block.warpSize * chunk : block.threads / lanes;
  }

  FailureOr<Grid> emit() {
    DimExpr groups = e.dims.dims.ceilDiv(product.rows, DimExpr(few.rows)),
            across = e.dims.dims.ceilDiv(product.columns, DimExpr(columnsOfBlock));
    Coords at = e.delinearize(block.number, {product.batches, groups, across});
    product.enterBatch(at[0].base);
    firstRow = e.muli(at[1].base, e.index(few.rows));
    firstColumn = e.muli(at[2].base, e.index(columnsOfBlock));
    findThread();
    Emitter::Values sums = sumUp();
    memory = block.shared(acc, parts * few.rows * columnsOfBlock);
    if (isAlong)
      keepColumn(sums);
    else
      keepChunks(sums);
    block.barrier();
    writeSums();
    if (failedAny)
      return failure();
    return Grid{product.batches * groups * across};
  }

private:
  /// The most elements of one access that lie in one row of memory and whose sums fit into registers.
  int64_t chooseChunk() {
    Type right = getElementTypeOrSelf(kernel.nest->getOperand(1));
    int64_t most = kChunkBytes / elementBytes(right);
    while (most > 1 && most * few.rows * elementBytes(acc) > kSumBytes)
      most /= 2;
    auto inLanes = [&](int64_t n) {
      bool leftToo = product.runsAlongDepth(/*isLeft=*/true) && product.isInLanes(/*isLeft=*/true, n);
      return product.isInLanes(/*isLeft=*/false, n) && (!isAlong || leftToo);
    };
    while (most > 1 && !inLanes(most))
      most /= 2;
    return most;
  }

  /// `x`, or the last place where a chunk is inside of `size`; for sizes that are multiples of `width`.
  Value inside(Value x, const DimExpr &size, int64_t width, int64_t ofBlock) {
    auto known = size.constant();
    if (known && *known % ofBlock == 0)
      return x;
    return e.create<arith::MinSIOp>(x, e.size(size - DimExpr(width)));
  }

  void findThread() {
    if (isAlong) {
      firstDepth = e.muli(block.lane, e.index(chunk));
      column = inside(e.addi(firstColumn, block.warp), product.columns, 1, columnsOfBlock);
    } else {
      firstDepth = e.divui(block.thread, lanes);
      ofBlock = e.muli(e.remui(block.thread, lanes), e.index(chunk));
      column = inside(e.addi(firstColumn, ofBlock), product.columns, chunk, columnsOfBlock);
    }
    for (int64_t r = 0; r < few.rows; ++r)
      rows.push_back(inside(e.addi(firstRow, e.index(r)), product.rows, 1, few.rows));
  }

  Value check(Value v) {
    failedAny |= !v;
    return v ? v : e.constant(acc, 0);
  }

  Value multiplyAdd(Value x, Value y, Value sum) {
    x = e.splat(x, chunk);
    y = e.splat(y, chunk);
    if (isa<FloatType>(acc))
      return chunk > 1 ? e.create<vector::FMAOp>(x, y, sum) : e.create<math::FmaOp>(x, y, sum);
    return e.create<arith::AddIOp>(e.create<arith::MulIOp>(x, y), sum);
  }

  /// sums += what this thread has at the depths `k`, k + step, ..., `count` of them.
  Emitter::Values multiply(Value k, int64_t count, Emitter::Values sums) {
    int64_t width = std::exchange(e.width, chunk);
    bool wide = chunk > 1;
    Emitter::Values depths, right;
    for (int64_t i = 0; i < count; ++i) {
      depths.push_back(e.addi(k, e.index(i * step)));
      right.push_back(check(product.right({depths[i], isAlong && wide}, {column, !isAlong && wide})));
    }
    for (int64_t i = 0; i < count; ++i)
      for (auto [row, sum] : llvm::zip(rows, sums))
        sum = multiplyAdd(check(product.left({row}, {depths[i], isAlong && wide})), right[i], sum);
    e.width = width;
    return sums;
  }

  Emitter::Values sumUp() {
    Type type = chunk > 1 ? Type(VectorType::get({chunk}, acc)) : acc;
    Emitter::Values carried(few.rows, e.constant(type, 0));
    Value k = firstDepth;
    auto known = product.depth.constant();
    int64_t loads = known && *known <= step ? 1 : kLoads;
    auto pass = [&](int64_t count) {
      carried.push_back(k);
      Value end = e.size(product.depth - DimExpr((count - 1) * step)), further = e.index(count * step);
      carried = e.loop(k, end, further, carried, [&](Value at, ValueRange from) {
        Emitter::Values next = multiply(at, count, Emitter::Values(from.drop_back()));
        next.push_back(e.addi(at, further));
        return next;
      });
      k = carried.pop_back_val();
    };
    if (loads > 1)
      pass(loads);
    if (loads == 1 || !known || *known % (loads * step) != 0)
      pass(1);
    return carried;
  }

  Value place(Value part, Value row, Value of) {
    Value at = e.addi(e.muli(part, e.index(few.rows)), row);
    return e.addi(e.muli(at, e.index(columnsOfBlock)), of);
  }

  /// Each warp's sums of the block's columns.
  void keepChunks(ArrayRef<Value> sums) {
    int64_t apart = std::min(lanes, block.warpSize);
    Emitter::Values joined;
    for (Value sum : sums)
      joined.push_back(block.joinAcross(block.warpSize - apart, ReduceKind::sum, sum, acc));
    e.when(e.cmpi(arith::CmpIPredicate::ult, block.lane, e.index(lanes)), [&] {
      for (auto [r, v] : llvm::enumerate(joined))
        keep(v, place(block.warp, e.index(r), ofBlock));
    });
  }

  /// The sums of each warp's column.
  void keepColumn(ArrayRef<Value> sums) {
    Emitter::Values joined;
    for (Value sum : sums) {
      Value all = chunk > 1 ? e.create<vector::ExtractOp>(sum, int64_t(0)) : sum;
      for (int64_t i = 1; i < chunk; ++i)
        all = e.join(ReduceKind::sum, all, e.create<vector::ExtractOp>(sum, i), acc);
      joined.push_back(block.joinWarp(ReduceKind::sum, all, acc));
    }
    e.when(e.cmpi(arith::CmpIPredicate::eq, block.lane, e.index(0)), [&] {
      for (auto [r, v] : llvm::enumerate(joined))
        keep(v, place(e.index(0), e.index(r), block.warp));
    });
  }

  void keep(Value v, Value at) {
    if (e.isVector(v))
      vector::StoreOp::create(e.b, e.loc, v, memory, ValueRange{at});
    else
      memref::StoreOp::create(e.b, e.loc, v, memory, ValueRange{at});
  }

  /// Neighbouring threads write neighbouring columns.
  void writeSums() {
    SmallVector<DimExpr> sizes = e.dims.shape(kernel.nest->getResult(0)).dims;
    e.loop(block.thread, e.index(few.rows * columnsOfBlock), e.index(block.threads), {}, [&](Value n, ValueRange) {
      Value row = e.divui(n, columnsOfBlock), of = e.remui(n, columnsOfBlock), sum;
      Value resultRow = e.addi(firstRow, row), resultColumn = e.addi(firstColumn, of);
      for (int64_t p = 0; p < parts; ++p) {
        Value part = e.create<memref::LoadOp>(memory, ValueRange{place(e.index(p), row, of)});
        sum = sum ? e.join(ReduceKind::sum, sum, part, acc) : part;
      }
      Value here = e.create<arith::AndIOp>(e.cmpi(arith::CmpIPredicate::ult, resultRow, e.size(product.rows)),
                                           e.cmpi(arith::CmpIPredicate::ult, resultColumn, e.size(product.columns)));
      e.when(here, [&] {
        Coords at = product.resultAt(resultRow, {resultColumn});
        failedAny |= failed(kernel.storeEpilogue(e, at, product.finish(sum), sizes));
      });
      return Emitter::Values();
    });
  }

  KernelFunction &kernel;
  ThreadBlock &block;
  Emitter &e;
  Product product;
  FewRows few;
  Type acc;
  bool isAlong;
  int64_t chunk;          ///< elements of the right side in one access
  int64_t lanes;          ///< threads that have a row of the block's columns
  int64_t parts;          ///< sums of each column that meet in shared memory
  int64_t columnsOfBlock; ///< in elements
  int64_t step;           ///< of a thread along the depth
  Value firstRow, firstColumn, firstDepth, column, ofBlock, memory;
  Emitter::Values rows;
  bool failedAny = false;
};
} // namespace

FailureOr<Grid> adze::gpu::emitGemv(KernelFunction &kernel, ThreadBlock &block, const FewRows &few) {
  return FewRowsProduct(kernel, block, few).emit();
}
