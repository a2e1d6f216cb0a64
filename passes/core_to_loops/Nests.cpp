// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Which ops are nests, how their work is cut into items, and who emits an item.
#include "passes/core_to_loops/Nests.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace adze;
using namespace adze::core;

bool adze::isNest(Operation *op) {
  return isa<MatmulOp, ConvOp, PoolOp, PackedMatmulOp, PackedConvOp, AttentionOp, SoftmaxOp, NormOp, ScanOp, SortOp,
             ScatterElementsOp, ScatterNdOp, NonZeroOp, NonZeroIndicesOp>(op);
}

bool adze::isTiled(Operation *op) { return isa<PackedMatmulOp, PackedConvOp>(op); }

int64_t adze::nestLanes(Emitter &e, Value tensor, int64_t dim) {
  if (e.vectorBytes == 0 || dim < 0 || !e.vectorizable(tensor, dim))
    return 1;
  return e.vectorBytes / 4;
}

DimExpr adze::grainOf(Emitter &e, const DimExpr &work, int64_t worth) {
  return e.dims.dims.floorDiv(DimExpr(worth), e.dims.dims.max(work, DimExpr(1))) + DimExpr(1);
}

int64_t adze::tapsOf(ArrayRef<int64_t> window) {
  int64_t taps = 1;
  for (int64_t n : window)
    taps = std::min<int64_t>(taps * n, 1 << 20);
  return taps;
}

/// All elements of `tensor` but those along `axis`, each of `axis`'s size.
static Grid alongAxis(Emitter &e, Value tensor, int64_t axis, int64_t workPerElement) {
  SmallVector<DimExpr> sizes = e.dims.shape(tensor).dims;
  Grid grid;
  for (auto [i, d] : llvm::enumerate(sizes))
    if (int64_t(i) < axis || int64_t(i) > axis)
      grid.items = grid.items * d;
  DimExpr work = sizes[axis] * DimExpr(workPerElement);
  grid.grain = grainOf(e, work);
  return grid;
}

Grid adze::nestGrid(Emitter &e, Operation *op) {
  if (isa<ConvOp, PoolOp>(op) && takesRows(e, op))
    return windowRowGrid(e, op);
  return llvm::TypeSwitch<Operation *, Grid>(op)
      .Case([&](MatmulOp op) {
        SmallVector<DimExpr> a = e.dims.shape(op.getLhs()).dims, b = e.dims.shape(op.getRhs()).dims;
        return rowGrid(e, op.getResult(), a.back() * b.back());
      })
      .Case([&](PoolOp op) {
        int64_t taps = std::min(tapsOf(op.getWindow()), kGrainWork);
        return rowGrid(e, op.getResult(), e.dims.shape(op.getResult()).dims.back() * DimExpr(taps));
      })
      .Case([&](PackedMatmulOp op) { return packedMatmulGrid(e, op); })
      .Case([&](PackedConvOp op) { return packedConvGrid(e, op); })
      .Case([&](AttentionOp op) { return attentionGrid(e, op); })
      .Case([&](ConvOp op) { return rowGrid(e, op.getResult(), product(e.dims.shape(op.getFilter()).dims)); })
      .Case([&](SoftmaxOp op) { return alongAxis(e, op.getInput(), op.getAxis(), 8); })
      .Case([&](NormOp op) {
        SmallVector<DimExpr> sizes = e.dims.shape(op.getInput()).dims;
        Grid grid;
        DimExpr row = 4;
        for (auto [i, d] : llvm::enumerate(sizes))
          (i < op.getAxis() ? grid.items : row) = (i < op.getAxis() ? grid.items : row) * d;
        grid.grain = grainOf(e, row);
        return grid;
      })
      .Case([&](ScanOp op) { return alongAxis(e, op.getInput(), op.getAxis(), 2); })
      .Case([&](SortOp op) { return alongAxis(e, op.getInput(), op.getAxis(), 32); })
      .Default([](Operation *) { return Grid(); });
}

/// Emits one item of a nest that is not tiled.
static LogicalResult emitItem(Emitter &e, Operation *op, Value item, WriteFn write) {
  return llvm::TypeSwitch<Operation *, LogicalResult>(op)
      .Case([&](MatmulOp op) { return emitMatmul(e, op, item, write); })
      .Case([&](ConvOp op) { return emitConv(e, op, item, write); })
      .Case([&](PoolOp op) { return emitPool(e, op, item, write); })
      .Case([&](AttentionOp op) { return emitAttention(e, op, item, write); })
      .Case([&](SoftmaxOp op) { return emitSoftmax(e, op, item, write); })
      .Case([&](NormOp op) { return emitNorm(e, op, item, write); })
      .Case([&](ScanOp op) { return emitScan(e, op, item, write); })
      .Case([&](SortOp op) { return emitSort(e, op, item, write); })
      .Case<ScatterElementsOp, ScatterNdOp>([&](Operation *op) { return emitScatter(e, op); })
      .Case([&](NonZeroOp op) { return emitNonZeroCount(e, op, write); })
      .Case([&](NonZeroIndicesOp op) { return emitNonZeroIndices(e, op); })
      .Default([](Operation *op) { return emitError(op->getLoc()) << "'" << op->getName() << "' is not a nest"; });
}

LogicalResult adze::emitNest(Emitter &e, Operation *op, Value begin, Value end, WriteFn write) {
  if (auto matmul = dyn_cast<PackedMatmulOp>(op))
    return emitPackedMatmul(e, matmul, begin, end, write);
  if (auto conv = dyn_cast<PackedConvOp>(op))
    return emitPackedConv(e, conv, begin, end, write);
  if (isa<ConvOp, PoolOp>(op) && takesRows(e, op))
    return emitWindowRows(e, op, begin, end, write);
  LogicalResult done = success();
  e.loop(begin, end, e.index(1), {}, [&](Value item, ValueRange) {
    done = emitItem(e, op, item, write);
    return Emitter::Values();
  });
  return done;
}
