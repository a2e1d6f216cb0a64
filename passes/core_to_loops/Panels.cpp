// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Contractions over packed panels: a register tile of MR rows by one panel of 16 columns, with unknown rows. The rows
// of an item are equalised, so that a tile is never tiny beside full ones, and a body for each number of rows is picked
// by a switch.
//
// The inner loop broadcasts one element of each row and multiplies it with the panel's vectors; accumulators stay in
// registers over all of the depth. They go through 16 * MR elements of scratch memory to the epilogue, which is emitted
// once for all row counts.
#include "passes/core_to_loops/Nests.h"

using namespace mlir;
using namespace adze;
using namespace adze::core;

static constexpr int64_t kPanel = 16;

TileShape adze::tileShape(int64_t vectorBytes, int64_t vectorRegisters) {
  int64_t lanes = vectorBytes / 4, vectors = kPanel / lanes;
  // Accumulators, the panel's vectors and one broadcast fit the register file.
  int64_t rows = (vectorRegisters - vectors - 1) / vectors;
  return {lanes, vectors, std::min<int64_t>(rows, 14)};
}

namespace {
/// What one tile reads: rows of the left side at `rowBases`, and a panel; `loops` walk both.
struct Tile {
  Value left, panel;
  SmallVector<Value> rowBases;
  Value panelBase;
  /// Outer reduction loops: count, and the elements that one step moves on the left side and in the panel.
  struct Loop {
    Value count, leftStep, panelStep;
  };
  SmallVector<Loop> loops;
  Value depth; ///< of the innermost loop: contiguous on the left, 16 apart in the panel
};

class TileEmitter {
public:
  TileEmitter(Emitter &e, TileShape shape, Value accumulators) : e(e), shape(shape), accumulators(accumulators) {}

  /// Computes `tile`, whose rows are those of its rowBases, into the scratch accumulators.
  void run(const Tile &tile) {
    auto vector = VectorType::get({shape.lanes}, e.b.getF32Type());
    Emitter::Values zero(tile.rowBases.size() * shape.vectors, e.constant(vector, 0));
    Emitter::Values sums = reduce(tile, 0, tile.rowBases, tile.panelBase, zero);
    for (auto [i, sum] : llvm::enumerate(sums))
      vector::StoreOp::create(e.b, e.loc, sum, accumulators, ValueRange{e.index(int64_t(i) * shape.lanes)});
  }

private:
  Emitter::Values reduce(const Tile &tile, size_t level, ArrayRef<Value> rows, Value panel, Emitter::Values carried) {
    if (level == tile.loops.size())
      return innermost(tile, rows, panel, carried);
    const Tile::Loop &loop = tile.loops[level];
    return e.loop(e.index(0), loop.count, e.index(1), carried, [&](Value i, ValueRange next) {
      Value moveLeft = e.muli(i, loop.leftStep), movePanel = e.muli(i, loop.panelStep);
      SmallVector<Value> inner = llvm::map_to_vector(rows, [&](Value row) { return e.addi(row, moveLeft); });
      return reduce(tile, level + 1, inner, e.addi(panel, movePanel), Emitter::Values(next));
    });
  }

  Emitter::Values innermost(const Tile &tile, ArrayRef<Value> rows, Value panel, Emitter::Values carried) {
    auto vector = VectorType::get({shape.lanes}, e.b.getF32Type());
    return e.loop(e.index(0), tile.depth, e.index(1), carried, [&](Value k, ValueRange sums) {
      Value at = e.addi(panel, e.muli(k, e.index(kPanel)));
      Emitter::Values right, next;
      for (int64_t v = 0; v < shape.vectors; ++v)
        right.push_back(e.create<vector::LoadOp>(vector, tile.panel, ValueRange{e.addi(at, e.index(v * shape.lanes))}));
      for (auto [r, row] : llvm::enumerate(rows)) {
        Value left = e.create<memref::LoadOp>(tile.left, ValueRange{e.addi(row, k)});
        Value splat = e.create<vector::BroadcastOp>(vector, left);
        for (int64_t v = 0; v < shape.vectors; ++v)
          next.push_back(e.create<vector::FMAOp>(splat, right[v], sums[r * shape.vectors + v]));
      }
      return next;
    });
  }

  Emitter &e;
  TileShape shape;
  Value accumulators;
};

/// The part of one item: rows [first, first + rows) of the left side's `total` rows, and one panel.
struct Item {
  Value batch, panel, first, rows;
};

/// Splits an item number into batch, panel and equalised rows; neighbours share the panel.
Item splitItem(Emitter &e, Value item, Value panels, Value rows, Value blocks) {
  Value perBatch = e.muli(panels, blocks);
  Value batch = e.b.createOrFold<arith::DivUIOp>(e.loc, item, perBatch);
  Value rest = e.b.createOrFold<arith::RemUIOp>(e.loc, item, perBatch);
  Value panel = e.b.createOrFold<arith::DivUIOp>(e.loc, rest, blocks);
  Value block = e.b.createOrFold<arith::RemUIOp>(e.loc, rest, blocks);
  Value first = e.b.createOrFold<arith::DivUIOp>(e.loc, e.muli(block, rows), blocks);
  Value end = e.b.createOrFold<arith::DivUIOp>(e.loc, e.muli(e.addi(block, e.index(1)), rows), blocks);
  return {batch, panel, first, e.subi(end, first)};
}

/// Runs `body(n)` for the n in [1, most] that `rows` is.
void switchRows(Emitter &e, Value rows, int64_t most, function_ref<void(int64_t)> body) {
  SmallVector<int64_t> cases = llvm::to_vector(llvm::seq<int64_t>(1, most));
  auto op = scf::IndexSwitchOp::create(e.b, e.loc, TypeRange{}, rows, cases, cases.size());
  auto fill = [&](Region &region, int64_t n) {
    OpBuilder::InsertionGuard guard(e.b);
    e.b.createBlock(&region);
    e.pushScope();
    body(n);
    e.popScope();
    scf::YieldOp::create(e.b, e.loc);
  };
  for (auto [region, n] : llvm::zip(op.getCaseRegions(), cases))
    fill(region, n);
  fill(op.getDefaultRegion(), most);
}

/// Hands each element of the accumulated tile to `write`, at full coordinates or at row and column, as the emitter's
/// form is.
LogicalResult writeTile(Emitter &e, Operation *op, const Item &item, Value accumulators, TileShape shape,
                        Value firstRow, WriteFn write) {
  SmallVector<DimExpr> sizes = e.dims.shape(op->getResult(0)).dims;
  Value columns = e.size(sizes.back());
  Value from = e.muli(item.panel, e.index(kPanel));
  Value to = e.create<arith::MinSIOp>(e.addi(from, e.index(kPanel)), columns);
  int64_t lanes = shape.lanes;
  for (Value returned : op->getBlock()->getTerminator()->getOperands())
    if (!e.vectorizable(returned, sizes.size() - 1))
      lanes = 1;
  bool failed = false;
  e.loop(e.index(0), item.rows, e.index(1), {}, [&](Value r, ValueRange) {
    Value row = e.addi(firstRow, r), base = e.subi(e.muli(r, e.index(kPanel)), from);
    Coords at = e.form == Emitter::Form::Rows ? Coords{{row}} : e.delinearize(row, ArrayRef(sizes).drop_back());
    at.push_back({});
    e.laneLoop(from, to, lanes, [&](Coord n) {
      at.back() = n;
      Coord place{e.addi(base, n.base), n.lane};
      Value v = e.load(accumulators, e.b.getF32Type(), place, DimExpr(kPanel));
      failed |= mlir::failed(write(at, v));
    });
    return Emitter::Values();
  });
  return failure(failed);
}
} // namespace

/// Rows of the left side and columns in panels, of a contraction with `batch` independent parts.
static Grid panelGrid(Emitter &e, const DimExpr &batch, const DimExpr &panels, const DimExpr &rows,
                      const DimExpr &depth) {
  TileShape shape = tileShape(e.vectorBytes, e.vectorRegisters);
  Grid grid;
  grid.items = batch * panels * e.dims.dims.ceilDiv(rows, shape.rows);
  DimExpr work = depth * DimExpr(kPanel * shape.rows / 8);
  grid.grain = e.dims.dims.floorDiv(DimExpr(kGrainWork), e.dims.dims.max(work, DimExpr(1))) + DimExpr(1);
  return grid;
}

/// Sizes of a packed matmul: batch dimensions of the result, rows, depth, panels. A right side without batch dimensions
/// takes all rows of the left side as one matrix.
struct MatmulSizes {
  SmallVector<DimExpr> batch;
  DimExpr rows, depth, panels;
};
static MatmulSizes matmulSizes(Emitter &e, PackedMatmulOp op) {
  SmallVector<DimExpr> out = e.dims.shape(op.getResult()).dims, b = e.dims.shape(op.getPanels()).dims;
  SmallVector<DimExpr> batch;
  DimExpr rows = out[out.size() - 2];
  ArrayRef<DimExpr> head = ArrayRef(out).drop_back(2);
  if (b.size() == 3)
    for (const DimExpr &d : head)
      rows = rows * d;
  else
    batch.assign(head.begin(), head.end());
  return {batch, rows, b[b.size() - 2], b[b.size() - 3]};
}

Grid adze::packedMatmulGrid(Emitter &e, PackedMatmulOp op) {
  MatmulSizes sizes = matmulSizes(e, op);
  DimExpr parts = 1;
  for (const DimExpr &d : sizes.batch)
    parts = parts * d;
  return panelGrid(e, parts, sizes.panels, sizes.rows, sizes.depth);
}

LogicalResult adze::emitPackedMatmul(Emitter &e, PackedMatmulOp op, Value number, WriteFn write) {
  TileShape shape = tileShape(e.vectorBytes, e.vectorRegisters);
  MatmulSizes m = matmulSizes(e, op);
  ArrayRef<DimExpr> batch = m.batch;
  const DimExpr &rows = m.rows, &depth = m.depth, &panels = m.panels;
  Item item = splitItem(e, number, e.size(panels), e.size(rows), e.size(e.dims.dims.ceilDiv(rows, shape.rows)));
  Coords at = e.delinearize(item.batch, batch);
  auto batchOffset = [&](Value operand, size_t inner) {
    SmallVector<DimExpr> sizes = e.dims.shape(operand).dims;
    size_t own = sizes.size() - inner;
    Coords in;
    SmallVector<DimExpr> head(sizes.begin(), sizes.begin() + own);
    for (size_t i = 0; i < own; ++i)
      in.push_back(e.broadcastCoord(sizes[i], batch[batch.size() - own + i], at[batch.size() - own + i]));
    return e.linear(in, head);
  };
  Value depthValue = e.size(depth);
  Value left = e.index(0), right = e.muli(item.panel, e.muli(depthValue, e.index(kPanel)));
  if (!batch.empty()) {
    left = e.muli(batchOffset(op.getLhs(), 2), e.size(rows * depth));
    right = e.addi(right, e.muli(batchOffset(op.getPanels(), 3), e.size(panels * depth * DimExpr(kPanel))));
  }
  Value accumulators = e.scratchBuffer(e.b.getF32Type(), DimExpr(shape.rows * kPanel));
  switchRows(e, item.rows, shape.rows, [&](int64_t count) {
    Tile tile{e.buffers.lookup(op.getLhs()), e.buffers.lookup(op.getPanels()), {}, right, {}, depthValue};
    for (int64_t r = 0; r < count; ++r)
      tile.rowBases.push_back(e.addi(left, e.muli(e.addi(item.first, e.index(r)), depthValue)));
    TileEmitter(e, shape, accumulators).run(tile);
  });
  Value firstRow = e.addi(e.muli(item.batch, e.size(rows)), item.first);
  return writeTile(e, op, item, accumulators, shape, firstRow, write);
}

/// Rows of a convolution: its output positions, all images in one row of them.
static DimExpr convRows(Emitter &e, PackedConvOp op) {
  DimExpr rows = 1;
  SmallVector<DimExpr> sizes = e.dims.shape(op.getResult()).dims;
  for (const DimExpr &d : ArrayRef(sizes).drop_back())
    rows = rows * d;
  return rows;
}

Grid adze::packedConvGrid(Emitter &e, PackedConvOp op) {
  SmallVector<DimExpr> panels = e.dims.shape(op.getPanels()).dims;
  return panelGrid(e, 1, panels[0], convRows(e, op), panels[1]);
}

LogicalResult adze::emitPackedConv(Emitter &e, PackedConvOp op, Value number, WriteFn write) {
  TileShape shape = tileShape(e.vectorBytes, e.vectorRegisters);
  SmallVector<DimExpr> in = e.dims.shape(op.getInput()).dims, out = e.dims.shape(op.getResult()).dims;
  SmallVector<DimExpr> panels = e.dims.shape(op.getPanels()).dims;
  DimExpr rows = convRows(e, op);
  Item item = splitItem(e, number, e.size(panels[0]), e.size(rows), e.size(e.dims.dims.ceilDiv(rows, shape.rows)));
  size_t spatial = op.getWindow().size();
  Value accumulators = e.scratchBuffer(e.b.getF32Type(), DimExpr(shape.rows * kPanel));

  // Where each output position's window begins in the input, found once an item for all row counts.
  SmallVector<Value> starts;
  for (int64_t r = 0; r < shape.rows; ++r) {
    Coords at = e.delinearize(e.addi(item.first, e.index(r)), ArrayRef(out).drop_back());
    for (size_t i = 0; i < spatial; ++i)
      at[i + 1].base = e.muli(at[i + 1].base, e.index(op.getStrides()[i]));
    starts.push_back(e.muli(e.linear(at, ArrayRef(in).drop_back()), e.size(in.back())));
  }
  // The window's last dimensions that are contiguous in the input with its channels make the innermost loop.
  DimExpr depth = in.back();
  size_t outer = spatial;
  if (spatial && op.getDilations()[spatial - 1] == 1) {
    depth = depth * DimExpr(op.getWindow()[spatial - 1]);
    --outer;
  }
  switchRows(e, item.rows, shape.rows, [&](int64_t count) {
    Value base = e.muli(item.panel, e.size(panels[1] * DimExpr(kPanel)));
    Tile tile{e.buffers.lookup(op.getInput()),
              e.buffers.lookup(op.getPanels()),
              SmallVector<Value>(starts.begin(), starts.begin() + count),
              base,
              {},
              e.size(depth)};
    for (size_t i = 0; i < outer; ++i) {
      DimExpr panelStep = depth * DimExpr(kPanel);
      for (size_t j = i + 1; j < outer; ++j)
        panelStep = panelStep * DimExpr(op.getWindow()[j]);
      DimExpr leftStep = e.stride(in, i + 1) * DimExpr(op.getDilations()[i]);
      tile.loops.push_back({e.index(op.getWindow()[i]), e.size(leftStep), e.size(panelStep)});
    }
    TileEmitter(e, shape, accumulators).run(tile);
  });
  return writeTile(e, op, item, accumulators, shape, item.first, write);
}
