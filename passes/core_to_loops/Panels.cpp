// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Contractions over packed panels, with unknown rows. Rows are cut into blocks of about equal size, so that a tile is
// never tiny beside full ones, and a body for each number of rows is picked by a switch. Sums go from registers through
// the epilogue to the result; through scratch memory where the epilogue is long, so that it is emitted once, and where
// the last columns are not whole panels.
#include "passes/core_to_loops/Nests.h"
#include "passes/core_to_loops/RegisterTile.h"

using namespace mlir;
using namespace adze;
using namespace adze::core;

/// Panels of this many bytes stay in the second-level cache while rows pass by.
static constexpr int64_t kSmallRightBytes = 192 * 1024;

namespace {
/// The parallel space of a contraction: `batch` independent products of `rows` rows by panels in groups of a tile's.
struct TileSpace {
  TileShape shape;
  SmallVector<DimExpr> batch;
  DimExpr rows, panels, depth; ///< depth: rows of a panel
  DimExpr groups, blocks;
  bool rowsOutside; ///< all panels for one block of rows after the other, rather than all rows for a group of panels

  TileSpace(Emitter &e, ArrayRef<DimExpr> batch, const DimExpr &rows, const DimExpr &panels, const DimExpr &depth)
      : shape(chooseTile(e.vectorBytes, e.vectorRegisters, panels)), batch(batch), rows(rows), panels(panels),
        depth(depth), groups(e.dims.dims.ceilDiv(panels, shape.panels)), blocks(e.dims.dims.ceilDiv(rows, shape.rows)) {
    auto bytes = (panels * depth * DimExpr(64)).constant();
    rowsOutside = bytes && *bytes <= kSmallRightBytes;
  }

  SmallVector<DimExpr> sizes() const {
    SmallVector<DimExpr> out(batch);
    out.append({rowsOutside ? blocks : groups, rowsOutside ? groups : blocks});
    return out;
  }

  Grid grid(Emitter &e) const {
    Grid grid;
    grid.items = product(sizes());
    DimExpr work = depth * DimExpr(shape.columns() * shape.rows / 8);
    grid.grain = grainOf(e, work);
    return grid;
  }
};

/// A block of rows: [first, first + count).
struct RowBlock {
  Value first, count;
};

/// Writes the sums of tiles through the epilogue.
class TileWriter {
public:
  TileWriter(Emitter &e, Operation *op, TileShape shape, WriteFn write)
      : e(e), op(op), shape(shape), write(write), sizes(e.dims.shape(op->getResult(0)).dims),
        element(getElementTypeOrSelf(op->getResult(0))) {
    vectorised = llvm::all_of(op->getBlock()->getTerminator()->getOperands(),
                              [&](Value v) { return e.vectorizable(v, sizes.size() - 1); });
    auto columns = sizes.back().constant();
    wholeTiles = columns && *columns % shape.columns() == 0;
    direct = vectorised && isShort();
    if (!direct || !wholeTiles)
      memory = e.scratchBuffer(element, DimExpr(shape.rows * shape.columns()));
  }

  /// Says where the tiles that follow lie: at result column `column`.
  void setColumn(Value column) {
    from = column;
    Value end = e.addi(from, e.index(shape.columns()));
    to = e.create<arith::MinSIOp>(end, e.size(sizes.back()));
    isWhole = wholeTiles ? Value() : e.cmpi(arith::CmpIPredicate::sle, end, e.size(sizes.back()));
  }

  /// Takes the sums of the `count` rows from result row `row` on: writes them, or keeps them for finish().
  void take(Value row, int64_t count, ArrayRef<Value> sums) {
    if (!direct)
      return keep(sums);
    if (wholeTiles)
      return writeVectors(row, count, sums);
    e.branch(
        isWhole, {}, [&] { return writeVectors(row, count, sums), Emitter::Values(); },
        [&] { return keep(sums), Emitter::Values(); });
  }

  /// Writes what was kept of `block`.
  void finish(const RowBlock &block) {
    if (direct && wholeTiles)
      return;
    if (!direct)
      return writeKept(block);
    e.branch(isWhole, {}, [&] { return Emitter::Values(); }, [&] { return writeKept(block), Emitter::Values(); });
  }

  LogicalResult result() const { return failure(failed); }

private:
  /// True if the epilogue is emitted for every row count without being most of the code.
  bool isShort() const {
    int64_t cost = 0;
    for (Operation &other : *op->getBlock()) {
      auto unary = dyn_cast<UnaryOp>(other);
      bool plain = !unary || llvm::is_contained({UnaryKind::abs, UnaryKind::neg, UnaryKind::relu, UnaryKind::sqrt},
                                                unary.getKind());
      bool free = &other == op || isa<ConstantOp, BroadcastOp>(other) || other.hasTrait<OpTrait::IsTerminator>() ||
                  other.hasTrait<OpTrait::ConstantLike>();
      cost += free ? 0 : plain ? 1 : 16;
    }
    return cost <= 8;
  }

  void keep(ArrayRef<Value> sums) {
    for (auto [i, sum] : llvm::enumerate(sums))
      vector::StoreOp::create(e.b, e.loc, sum, memory, ValueRange{e.index(int64_t(i) * shape.lanes)});
  }

  /// Coordinates of result row `row` but for the last, as the emitter's form is.
  Coords rowAt(Value row) {
    return e.form == Emitter::Form::Rows ? Coords{{row}} : e.delinearize(row, ArrayRef(sizes).drop_back());
  }

  void writeVectors(Value row, int64_t count, ArrayRef<Value> sums) {
    int64_t width = std::exchange(e.width, shape.lanes);
    SmallVector<Coord> columns;
    for (int64_t v = 0; v < shape.vectors(); ++v)
      columns.push_back({e.addi(from, e.index(v * shape.lanes)), true});
    Coords at = rowAt(row);
    for (int64_t r = 0; r < count; ++r) {
      for (auto [v, column] : llvm::enumerate(columns)) {
        Coords where(at);
        where.push_back(column);
        failed |= mlir::failed(write(where, sums[r * shape.vectors() + v]));
      }
      if (r + 1 < count)
        at = e.form == Emitter::Form::Rows ? Coords{{e.addi(row, e.index(r + 1))}}
                                           : e.next(at, ArrayRef(sizes).drop_back());
    }
    e.width = width;
  }

  void writeKept(const RowBlock &block) {
    e.loop(e.index(0), block.count, e.index(1), {}, [&](Value r, ValueRange) {
      Value base = e.subi(e.muli(r, e.index(shape.columns())), from);
      Coords at = rowAt(e.addi(block.first, r));
      at.push_back({});
      e.laneLoop(from, to, vectorised ? shape.lanes : 1, [&](Coord n) {
        at.back() = n;
        Coord place{e.addi(base, n.base), n.lane};
        failed |= mlir::failed(write(at, e.load(memory, element, place, e.dims.dims.named(""))));
      });
      return Emitter::Values();
    });
  }

  Emitter &e;
  Operation *op;
  TileShape shape;
  WriteFn write;
  SmallVector<DimExpr> sizes;
  Type element; ///< of sums
  bool vectorised, wholeTiles, direct, failed = false;
  Value memory, from, to, isWhole;
};

/// Runs `body(n)` for the n of `counts` that `rows` is; the last one is taken for all others.
void switchRows(Emitter &e, Value rows, ArrayRef<int64_t> counts, function_ref<void(int64_t)> body) {
  if (counts.size() == 1)
    return body(counts[0]);
  auto cases = counts.drop_back();
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
  fill(op.getDefaultRegion(), counts.back());
}

/// Emits all tiles of a range of items.
class TileLoops {
public:
  TileLoops(Emitter &e, const TileSpace &space) : e(e), space(space) {
    // Of `blocks` blocks the first `longer` have one row more than the others.
    Value blocks = e.size(space.blocks);
    least = e.divui(e.size(space.rows), blocks);
    longer = e.remui(e.size(space.rows), blocks);
    counts = llvm::to_vector(llvm::seq_inclusive<int64_t>(1, space.shape.rows));
    if (auto rows = space.rows.constant(), parts = space.blocks.constant(); rows && parts && *parts > 0) {
      counts = {*rows / *parts};
      if (*rows % *parts)
        counts.push_back(counts[0] + 1);
    }
  }

  /// operands(batch coordinates, row block, count, panel numbers): what a tile of `count` rows multiplies.
  using OperandsFn = function_ref<TileOperands(ArrayRef<Coord>, const RowBlock &, int64_t, ArrayRef<Value>)>;

  LogicalResult run(Value begin, Value end, Operation *op, OperandsFn operands, WriteFn write) {
    TileWriter writer(e, op, space.shape, write);
    e.gridLoop(begin, end, space.sizes(), [&](ArrayRef<Coord> at) {
      Value group = at[at.size() - (space.rowsOutside ? 1 : 2)].base;
      Value block = at[at.size() - (space.rowsOutside ? 2 : 1)].base;
      at = at.drop_back(2);
      Value batch = e.linear(at, space.batch);
      RowBlock rows = rowBlock(block);
      SmallVector<Value> panels = panelNumbers(group);
      writer.setColumn(e.muli(group, e.index(space.shape.columns())));
      Value firstOfAll = e.addi(e.muli(batch, e.size(space.rows)), rows.first);
      switchRows(e, rows.count, counts, [&](int64_t count) {
        writer.take(firstOfAll, count, emitTile(e, space.shape, operands(at, rows, count, panels)));
      });
      writer.finish({firstOfAll, rows.count});
    });
    return writer.result();
  }

private:
  RowBlock rowBlock(Value block) {
    Value more = e.cmpi(arith::CmpIPredicate::ult, block, longer);
    Value first = e.addi(e.muli(block, least), e.select(more, block, longer));
    return {first, e.select(more, e.addi(least, e.index(1)), least)};
  }

  /// The panels of a group; beyond the last it is the last again, whose columns are not written.
  SmallVector<Value> panelNumbers(Value group) {
    SmallVector<Value> out;
    auto count = space.panels.constant();
    bool whole = space.shape.panels == 1 || (count && *count % space.shape.panels == 0);
    for (int64_t i = 0; i < space.shape.panels; ++i) {
      Value panel = e.addi(e.muli(group, e.index(space.shape.panels)), e.index(i));
      Value last = whole ? Value() : e.size(space.panels - DimExpr(1));
      out.push_back(whole ? panel : e.create<arith::MinUIOp>(panel, last));
    }
    return out;
  }

  Emitter &e;
  const TileSpace &space;
  Value least, longer;
  SmallVector<int64_t> counts;
};
} // namespace

/// A right side without batch dimensions takes all rows of the left side as one matrix.
static TileSpace matmulSpace(Emitter &e, PackedMatmulOp op) {
  SmallVector<DimExpr> out = e.dims.shape(op.getResult()).dims, b = e.dims.shape(op.getPanels()).dims;
  ArrayRef<DimExpr> head = ArrayRef(out).drop_back(2);
  DimExpr rows = out[out.size() - 2];
  SmallVector<DimExpr> batch;
  if (b.size() == 3)
    rows = rows * product(head);
  else
    batch.assign(head.begin(), head.end());
  return TileSpace(e, batch, rows, b[b.size() - 3], b[b.size() - 2]);
}

/// All output positions of all images are rows of one matrix.
static TileSpace convSpace(Emitter &e, PackedConvOp op) {
  SmallVector<DimExpr> panels = e.dims.shape(op.getPanels()).dims, out = e.dims.shape(op.getResult()).dims;
  return TileSpace(e, {}, product(ArrayRef(out).drop_back()), panels[0], panels[1]);
}

Grid adze::packedMatmulGrid(Emitter &e, PackedMatmulOp op) { return matmulSpace(e, op).grid(e); }
Grid adze::packedConvGrid(Emitter &e, PackedConvOp op) { return convSpace(e, op).grid(e); }

/// Elements of a panel of `rows` rows.
static DimExpr panelSize(Value panels, const DimExpr &rows) {
  return rows * DimExpr(panelRow(getElementTypeOrSelf(panels).isF32()));
}

/// `depth` elements of the left side, which are neighbours, in the innermost loop; of integers a constant.
static void setDepth(Emitter &e, TileOperands &tile, const DimExpr &depth) {
  int64_t step = tileStep(getElementTypeOrSelf(tile.left).isF32());
  tile.depth = e.size(e.dims.dims.floorDiv(depth, step));
  tile.rest = step == 1 ? 0 : *depth.constant() % step;
}

LogicalResult adze::emitPackedMatmul(Emitter &e, PackedMatmulOp op, Value begin, Value end, WriteFn write) {
  TileSpace space = matmulSpace(e, op);
  DimExpr depth = e.dims.shape(op.getLhs()).dims.back(), panelElements = panelSize(op.getPanels(), space.depth);
  // Where the matrix of a batch coordinate begins in an operand of `inner` further dimensions.
  auto batchOffset = [&](Value operand, size_t inner, ArrayRef<Coord> at, const DimExpr &matrix) {
    SmallVector<DimExpr> sizes = e.dims.shape(operand).dims;
    ArrayRef<DimExpr> head = ArrayRef(sizes).drop_back(inner);
    size_t skip = space.batch.size() - head.size();
    Coords in;
    for (size_t i = 0; i < head.size(); ++i)
      in.push_back(e.broadcastCoord(head[i], space.batch[skip + i], at[skip + i]));
    return e.muli(e.linear(in, head), e.size(matrix));
  };
  auto operands = [&](ArrayRef<Coord> at, const RowBlock &rows, int64_t count, ArrayRef<Value> panels) {
    TileOperands tile{e.buffers.lookup(op.getLhs()), e.buffers.lookup(op.getPanels())};
    setDepth(e, tile, depth);
    Value left = e.index(0), right = e.index(0);
    if (!space.batch.empty()) {
      left = batchOffset(op.getLhs(), 2, at, space.rows * depth);
      right = batchOffset(op.getPanels(), 3, at, space.panels * panelElements);
    }
    left = e.addi(left, e.muli(rows.first, e.size(depth)));
    for (int64_t r = 0; r < count; ++r)
      tile.rows.push_back(e.addi(left, e.muli(e.index(r), e.size(depth))));
    for (Value panel : panels)
      tile.panels.push_back(e.addi(right, e.muli(panel, e.size(panelElements))));
    return tile;
  };
  return TileLoops(e, space).run(begin, end, op, operands, write);
}

namespace {
/// How the windows of a convolution's rows lie in its input.
class ConvWindows {
public:
  ConvWindows(Emitter &e, PackedConvOp op)
      : e(e), op(op), in(e.dims.shape(op.getInput()).dims), out(e.dims.shape(op.getResult()).dims),
        outer(op.getWindow().size()), depth(in.back()) {
    // The window's last dimension is contiguous in the input with its channels.
    if (outer && op.getDilations()[outer - 1] == 1)
      depth = depth * DimExpr(op.getWindow()[--outer]);
  }

  /// Elements of a run that is contiguous in the input.
  const DimExpr &innerDepth() { return depth; }

  /// Where the windows of `count` output positions from row `first` on begin in the input.
  SmallVector<Value> starts(Value first, int64_t count) {
    ArrayRef<DimExpr> positions = ArrayRef(out).drop_back();
    Coords at = e.delinearize(first, positions);
    SmallVector<Value> starts;
    for (int64_t r = 0; r < count; ++r) {
      Coords corner(at);
      for (auto [i, stride] : llvm::enumerate(op.getStrides()))
        corner[i + 1].base = e.muli(corner[i + 1].base, e.index(stride));
      starts.push_back(e.muli(e.linear(corner, ArrayRef(in).drop_back()), e.size(in.back())));
      if (r + 1 < count)
        at = e.next(at, positions);
    }
    return starts;
  }

  /// The window's dimensions that the innermost loop leaves.
  SmallVector<TileOperands::Loop> loops() {
    SmallVector<TileOperands::Loop> loops;
    for (size_t i = 0; i < outer; ++i) {
      bool floats = getElementTypeOrSelf(op.getPanels()).isF32();
      DimExpr rightStep = panelSize(op.getPanels(), e.dims.dims.ceilDiv(depth, tileStep(floats)));
      for (size_t j = i + 1; j < outer; ++j)
        rightStep = rightStep * DimExpr(op.getWindow()[j]);
      DimExpr leftStep = e.stride(in, i + 1) * DimExpr(op.getDilations()[i]);
      if (op.getWindow()[i] != 1)
        loops.push_back({e.index(op.getWindow()[i]), e.size(leftStep), e.size(rightStep)});
    }
    return loops;
  }

private:
  Emitter &e;
  PackedConvOp op;
  SmallVector<DimExpr> in, out;
  size_t outer; ///< window dimensions that are loops of their own
  DimExpr depth;
};
} // namespace

LogicalResult adze::emitPackedConv(Emitter &e, PackedConvOp op, Value begin, Value end, WriteFn write) {
  TileSpace space = convSpace(e, op);
  ConvWindows windows(e, op);
  auto operands = [&](ArrayRef<Coord>, const RowBlock &rows, int64_t count, ArrayRef<Value> panels) {
    TileOperands tile{e.buffers.lookup(op.getInput()), e.buffers.lookup(op.getPanels()),
                      windows.starts(rows.first, count)};
    tile.loops = windows.loops();
    setDepth(e, tile, windows.innerDepth());
    for (Value panel : panels)
      tile.panels.push_back(e.muli(panel, e.size(panelSize(op.getPanels(), space.depth))));
    return tile;
  };
  return TileLoops(e, space).run(begin, end, op, operands, write);
}
