// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Products by matrix units: a block computes a tile of the result, each warp a part of it in registers. Steps of the
// depth come through a ring of slots in shared memory; fragments for the next part of a step are loaded while those of
// the last one are multiplied, across steps too.
#include "codegen/common/gpu/BlockOrder.h"
#include "codegen/common/gpu/Fragments.h"
#include "codegen/common/gpu/Kinds.h"
#include "codegen/common/gpu/Staging.h"

using namespace mlir;
using namespace adze;
using namespace adze::core;
using namespace adze::gpu;

namespace {
class MatrixProduct {
public:
  MatrixProduct(KernelFunction &kernel, ThreadBlock &block, const Schedule &schedule, const MatrixUnit &unit,
                const Facts &facts)
      : kernel(kernel), block(block), e(block.e), shape(schedule.tile), stages(schedule.stages), unit(unit),
        facts(facts), product(e, kernel.nest) {
    product.leftType = valueType(memoryType(unit.a));
    product.rightType = valueType(memoryType(unit.b));
  }

  FailureOr<Grid> emit() {
    BlockPlace place = placeBlock(block, product, shape);
    product.enterBatch(place.batch);
    int64_t before = block.sharedMark();
    staging.emplace(block, product, shape, stages, facts.asyncCopy, form());
    staging->enter(place.row, place.column);
    findWarp();
    Emitter::Values sums = sumUp();
    block.shareFrom(before);
    writeSums(place, sums);
    if (failedAny || staging->failed())
      return failure();
    return Grid{place.blocks};
  }

private:
  /// Fragments that are loaded element by element: lanes of neighbouring rows read two chunks each, where rows run
  /// across the depth.
  Staging::Form form() const {
    if (Fragments::comeInPairs(facts, unit.b))
      return {0, SharedTile::kPairsOfRows};
    return {0, memoryType(unit.b).getIntOrFloatBitWidth() == 32 ? 1 : 0};
  }
  int64_t down() const { return shape.warpRows / unit.rows; }
  int64_t across() const { return shape.warpColumns / unit.columns; }
  int64_t parts() const { return shape.sliceDepth() / unit.depth; }

  /// How far this warp's slice of the depth is from the first in a tile; null: it is the only one.
  Value sliceOf(SharedTile &tile, bool alongDepth) {
    if (shape.slices == 1)
      return {};
    assert((alongDepth ? tile.exchangesWithinChunks(shape.sliceDepth() / tile.chunk)
                       : tile.exchangesWithinRows(shape.sliceDepth())) &&
           "slices are moved by whole exchanges");
    return e.muli(slice, e.index(shape.sliceDepth() * (alongDepth ? 1 : tile.columns)));
  }

  void findWarp() {
    int64_t warpsAcross = shape.columns / shape.warpColumns, warps = shape.warpsOfSlice();
    slice = e.divui(block.warp, warps);
    Value warp = e.remui(block.warp, warps);
    warpRow = e.muli(e.divui(warp, warpsAcross), e.index(shape.warpRows));
    warpColumn = e.muli(e.remui(warp, warpsAcross), e.index(shape.warpColumns));
    bool leftTurned = !staging->leftAlongDepth(), rightTurned = staging->rightAlongDepth();
    if (leftTurned)
      leftFragments.emplace(block, facts, transposed(unit.a), unit.depth, unit.rows, staging->left, down(),
                            /*across=*/true, warpRow, shape.warpRows, sliceOf(staging->left, false));
    else
      leftFragments.emplace(block, facts, unit.a, unit.rows, unit.depth, staging->left, down(), /*across=*/false,
                            warpRow, shape.warpRows, sliceOf(staging->left, true));
    if (rightTurned)
      rightFragments.emplace(block, facts, transposed(unit.b), unit.columns, unit.depth, staging->right, across(),
                             /*across=*/false, warpColumn, shape.warpColumns, sliceOf(staging->right, true));
    else
      rightFragments.emplace(block, facts, unit.b, unit.depth, unit.columns, staging->right, across(), /*across=*/true,
                             warpColumn, shape.warpColumns, sliceOf(staging->right, false));
  }

  /// Those of one part of a step, of the left and then of the right.
  Emitter::Values load(const Staging::Slot &slot, int64_t part) {
    auto at = [&](Fragments &fragments, Value memory, bool alongDepth) {
      int64_t depth = part * unit.depth;
      return alongDepth ? fragments.load(memory, 0, depth) : fragments.load(memory, depth, 0);
    };
    Emitter::Values out = at(*leftFragments, slot.left, staging->leftAlongDepth());
    out.append(at(*rightFragments, slot.right, staging->rightAlongDepth()));
    return out;
  }

  /// What has been loaded, as the unit takes it: term after term, those of one term as `load` has them.
  Emitter::Values split(Emitter::Values loaded) {
    if (unit.terms == 1)
      return loaded;
    Emitter::Values out(loaded.size() * unit.terms);
    for (auto [i, fragment] : llvm::enumerate(loaded))
      for (auto [t, term] : llvm::enumerate(splitFragment(e, fragment, unit.a.type, unit.terms)))
        out[t * loaded.size() + i] = term;
    return out;
  }

  /// Products of terms that together are smaller than what the sum of the terms lacks are left out; the smallest of the
  /// others come first.
  void multiply(MutableArrayRef<Value> sums, ArrayRef<Value> fragments) {
    int64_t count = down() + across();
    for (int64_t order = unit.terms - 1; order >= 0; --order)
      for (int64_t term = 0; term <= order; ++term)
        multiply(sums, fragments.slice(term * count, down()),
                 fragments.slice((order - term) * count + down(), across()));
  }

  void multiply(MutableArrayRef<Value> sums, ArrayRef<Value> left, ArrayRef<Value> right) {
    for (int64_t i = 0; i < down(); ++i)
      for (int64_t j = 0; j < across(); ++j) {
        Value &sum = sums[i * across() + j];
        sum =
            e.create<kernel::MultiplyFragmentsOp>(sum.getType(), e.b.getStringAttr(unit.name), left[i], right[j], sum);
      }
  }

  Emitter::Values sumUp() {
    Emitter::Values state = staging->start();
    staging->fill(state);
    staging->wait(stages - 2);
    size_t count = down() * across();
    Emitter::Values carried(count, e.constant(VectorType::get({unit.c.elements}, product.accumulator), 0));
    carried.append(split(load(staging->slot(0), 0)));
    Emitter::Values last = staging->loop(carried, state, [&](Staging::Step &step, ValueRange from) {
      Emitter::Values sums(from.take_front(count)), current(from.drop_front(count));
      step.begin();
      for (int64_t part = 0; part < parts(); ++part) {
        bool isLast = part + 1 == parts();
        if (isLast) {
          step.finish();
          staging->wait(stages - 2);
        }
        Emitter::Values loaded = isLast ? load(step.next, 0) : load(step.here, part + 1);
        multiply(sums, current);
        current = split(loaded);
      }
      sums.append(current);
      return sums;
    });
    last.resize(count);
    staging->wait(0);
    return last;
  }

  /// The sums go through shared memory, some rows of each warp at a time, so that neighbouring lanes have neighbouring
  /// columns. Warps of the same part write the sum of their slices, each some of the rows.
  void writeSums(const BlockPlace &place, ArrayRef<Value> sums) {
    int64_t warps = block.threads / block.warpSize;
    SharedTile turned(block, product.accumulator, unit.rows, shape.warpColumns, /*spread=*/1);
    int64_t memory = block.reserve(warps * turned.bytes());
    auto ofWarp = [&](Value warp) { return turned.at(e.addi(e.muli(warp, e.index(turned.bytes())), e.index(memory))); };
    Value mine = ofWarp(block.warp), warp = e.remui(block.warp, shape.warpsOfSlice());
    Emitter::Values ofSlices;
    for (int64_t s = 0; s < shape.slices; ++s)
      ofSlices.push_back(shape.slices == 1 ? mine : ofWarp(e.addi(warp, e.index(s * shape.warpsOfSlice()))));
    Value firstLane = e.addi(block.lane, e.muli(slice, e.index(block.warpSize)));
    int64_t together = Fragments::comeInPairs(facts, unit.b) ? 2 : 1;
    Fragments places(block, facts, together == 1 ? unit.c : interleaved(unit.c), unit.rows, together * unit.columns,
                     turned, 1, /*across=*/false, {}, 1);
    int64_t lanes = resultLanes(), perRow = shape.warpColumns / lanes;
    Value firstRow = e.addi(place.row, warpRow), firstColumn = e.addi(place.column, warpColumn);
    for (int64_t i = 0; i < down(); ++i) {
      for (int64_t j = 0; j < across(); j += together)
        places.store(interleave(sums.slice(i * across() + j, together)), mine, 0, j * unit.columns);
      block.barrier();
      int64_t step = shape.slices * block.warpSize;
      e.loop(firstLane, e.index(unit.rows * perRow), e.index(step), {}, [&](Value n, ValueRange) {
        Value row = e.divui(n, perRow), column = e.muli(e.remui(n, perRow), e.index(lanes));
        writeLanes(turned, ofSlices, row, column, lanes, e.addi(firstRow, e.addi(row, e.index(i * unit.rows))),
                   e.addi(firstColumn, column));
        return Emitter::Values();
      });
      if (i + 1 < down())
        block.barrier();
    }
  }

  /// One fragment, or two of which one has the columns of even, the other those of odd number, as one.
  Value interleave(ArrayRef<Value> fragments) {
    if (fragments.size() == 1)
      return fragments[0];
    return e.create<vector::InterleaveOp>(fragments[0], fragments[1]);
  }

  /// Elements of the result that a lane writes at a time.
  int64_t resultLanes() {
    SmallVector<DimExpr> sizes = e.dims.shape(kernel.nest->getResult(0)).dims;
    int64_t bytes = 1;
    for (Value v : kernel.returned())
      bytes = std::max<int64_t>(bytes, elementBytes(getElementTypeOrSelf(v)));
    int64_t lanes = std::max<int64_t>(facts.accessBytes / bytes, 1),
            chunk = kChunkBytes / elementBytes(product.accumulator);
    auto columns = product.columns.constant();
    bool inLanes = columns && *columns % lanes == 0 && lanes % chunk == 0 && kernel.vectorizable(e, sizes.size() - 1);
    return inLanes ? std::min(lanes, shape.warpColumns) : 1;
  }

  /// The sums of some lanes, joined over the slices in their order.
  Value readLanes(ArrayRef<Value> ofSlices, function_ref<Value(Value)> load) {
    Value sum;
    for (Value memory : ofSlices) {
      Value v = load(memory);
      sum = sum ? e.join(ReduceKind::sum, sum, v, product.accumulator) : v;
    }
    return sum;
  }

  void writeLanes(SharedTile &tile, ArrayRef<Value> ofSlices, Value row, Value column, int64_t lanes, Value resultRow,
                  Value resultColumn) {
    int64_t chunk = tile.chunk;
    auto below = [&](Value x, const DimExpr &size, int64_t tileSize) {
      auto known = size.constant();
      return known && *known % tileSize == 0 ? Value() : e.cmpi(arith::CmpIPredicate::ult, x, e.size(size));
    };
    Value inside = below(resultRow, product.rows, shape.rows),
          insideColumn = below(resultColumn, product.columns, shape.columns);
    if (inside && insideColumn)
      inside = e.create<arith::AndIOp>(inside, insideColumn);
    else if (insideColumn)
      inside = insideColumn;
    auto write = [&] {
      Value value;
      Value c = e.divui(column, chunk);
      if (lanes == 1) {
        Value place = e.addi(tile.place(row, 0, c, 0), e.remui(column, chunk));
        value = readLanes(ofSlices, [&](Value memory) { return e.create<memref::LoadOp>(memory, ValueRange{place}); });
      } else {
        auto part = VectorType::get({chunk}, product.accumulator);
        auto load = [&](int64_t i) {
          Value place = tile.place(row, 0, c, i);
          return readLanes(ofSlices,
                           [&](Value memory) { return e.create<vector::LoadOp>(part, memory, ValueRange{place}); });
        };
        value = load(0);
        if (lanes > chunk) {
          auto whole = VectorType::get({lanes}, product.accumulator);
          Value joined = e.constant(whole, 0);
          for (int64_t i = 0; i < lanes / chunk; ++i)
            joined = e.create<vector::InsertStridedSliceOp>(i == 0 ? value : load(i), joined,
                                                            ArrayRef<int64_t>{i * chunk}, ArrayRef<int64_t>{1});
          value = joined;
        }
      }
      SmallVector<DimExpr> sizes = e.dims.shape(kernel.nest->getResult(0)).dims;
      int64_t width = std::exchange(e.width, lanes);
      Coords at = product.resultAt(resultRow, {resultColumn, lanes > 1});
      failedAny |= mlir::failed(kernel.storeEpilogue(e, at, product.finish(value), sizes));
      e.width = width;
    };
    if (!inside)
      return write();
    e.when(inside, write);
  }

  KernelFunction &kernel;
  ThreadBlock &block;
  Emitter &e;
  TileShape shape;
  int64_t stages;
  const MatrixUnit &unit;
  const Facts &facts;
  Product product;
  std::optional<Staging> staging;
  std::optional<Fragments> leftFragments, rightFragments;
  Value slice, warpRow, warpColumn;
  bool failedAny = false;
};
} // namespace

FailureOr<Grid> adze::gpu::emitMatrix(KernelFunction &kernel, ThreadBlock &block, const Schedule &schedule,
                                      const Facts &facts) {
  const MatrixUnit *unit = facts.unit(schedule.unit);
  if (!unit)
    return kernel.nest->emitOpError() << "is scheduled for the matrix unit '" << schedule.unit
                                      << "', which the device has not";
  return MatrixProduct(kernel, block, schedule, *unit, facts).emit();
}
