// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Transposes: a block has a tile, which it reads along the input's rows into shared memory, and writes along the
// result's.
#include "codegen/common/gpu/Kinds.h"
#include "codegen/common/gpu/Transposition.h"

using namespace mlir;
using namespace adze;
using namespace adze::core;
using namespace adze::gpu;

namespace {
class Transposing {
public:
  Transposing(KernelFunction &kernel, ThreadBlock &block, int64_t mostLanes)
      : kernel(kernel), block(block), e(block.e), move(e.dims, cast<TransposeOp>(kernel.nest)),
        element(getElementTypeOrSelf(kernel.nest->getResult(0))),
        readsFlat(e.fits(Emitter::Form::Flat, move.op.getInput(), move.from)),
        writesFlat(kernel.fits(e, Emitter::Form::Flat, move.to, kernel.nest)) {
    lanes = mostLanes > 1 ? lanesOf(mostLanes) : 1;
    side = lanes > 1 ? lanes * kChunks : block.warpSize;
  }

  FailureOr<Grid> emit() {
    DimExpr tiles = findTile();
    if (Value whole = wholeAtRunTime())
      e.branch(
          whole, {}, [&] { return moveVectors(), Emitter::Values(); },
          [&] {
            lanes = 1;
            block.shareFrom(0);
            return moveElements(), Emitter::Values();
          });
    else if (lanes > 1)
      moveVectors();
    else
      moveElements();
    if (failed)
      return failure();
    return Grid{tiles};
  }

private:
  /// Accesses along a row of a tile of vectors. Their numbers are exchanged by XOR in the rows of shared memory, so
  /// that eight threads that each write an access, or read an element in rows that are one access apart, meet no bank
  /// twice.
  static constexpr int64_t kChunks = 8;

  const Transposition::Group &rowGroup() { return move.groups[move.row()]; }
  const Transposition::Group &columnGroup() { return move.groups[move.column()]; }

  /// True if rows of both sides are whole vectors of so many lanes; nothing if that depends on sizes that are not
  /// known.
  std::optional<bool> wholeVectors(int64_t most) {
    std::optional<bool> whole = true;
    auto look = [&](const Transposition::Group &group, bool flat) {
      auto size = (flat ? group.size : move.from[group.dims.back()]).constant();
      if (size ? *size % most : !flat)
        whole = false;
      else if (!size && whole.value_or(false))
        whole = std::nullopt;
    };
    look(columnGroup(), readsFlat);
    look(rowGroup(), writesFlat);
    return whole;
  }

  int64_t lanesOf(int64_t most) {
    int64_t inner = columnGroup().dims.back(), last = rowGroup().dims.back();
    int64_t inResult = llvm::find(move.order, last) - move.order.begin();
    if (!e.vectorizable(move.op.getInput(), inner) || !kernel.vectorizable(e, inResult))
      return 1;
    // Where only the run knows, tiles of both ways are of one size.
    return wholeVectors(most).value_or(most * kChunks == block.warpSize) ? most : 1;
  }

  /// Whether rows of both sides are whole vectors, where only the run knows; else null.
  Value wholeAtRunTime() {
    if (lanes == 1 || wholeVectors(lanes))
      return {};
    auto rest = [&](const Transposition::Group &group) { return e.remui(e.size(group.size), lanes); };
    Value both = e.create<arith::OrIOp>(rest(rowGroup()), rest(columnGroup()));
    return e.cmpi(arith::CmpIPredicate::eq, both, e.index(0));
  }

  /// Where this block's tile begins.
  DimExpr findTile() {
    SmallVector<DimExpr> sizes;
    for (auto [i, group] : llvm::enumerate(move.groups))
      sizes.push_back(i == move.row() || i == move.column()
                          ? e.dims.dims.floorDiv(group.size + DimExpr(side - 1), DimExpr(side))
                          : group.size);
    first = e.delinearize(block.number, sizes);
    for (unsigned i : {move.row(), move.column()})
      first[i].base = e.muli(first[i].base, e.index(side));
    return product(sizes);
  }

  /// The groups' coordinates of row `r` and column `c` of the tile, along one of which are lanes.
  Coords place(Value r, Value c, bool laneOnRow = false, bool laneOnColumn = false) {
    Coords at(first);
    at[move.row()] = {e.addi(first[move.row()].base, r), laneOnRow};
    at[move.column()] = {e.addi(first[move.column()].base, c), laneOnColumn};
    return at;
  }

  /// The same, but no further than the last whole access: threads outside of the tensor read what others do.
  Coords placeInside(Value r, Value c) {
    Coords at = place(r, c, false, lanes > 1);
    auto bound = [&](unsigned i, int64_t access) {
      Value last = e.subi(e.size(move.groups[i].size), e.index(access));
      auto known = move.groups[i].size.constant();
      if (!known || *known % side)
        at[i].base = e.create<arith::MinUIOp>(at[i].base, last);
    };
    bound(move.row(), 1);
    bound(move.column(), lanes);
    return at;
  }

  Value isInside(ArrayRef<Coord> at) {
    auto below = [&](unsigned i) { return e.cmpi(arith::CmpIPredicate::ult, at[i].base, e.size(move.groups[i].size)); };
    return e.create<arith::AndIOp>(below(move.row()), below(move.column()));
  }

  Value read(ArrayRef<Coord> at) {
    auto form = std::exchange(e.form, readsFlat ? Emitter::Form::Flat : Emitter::Form::Full);
    int64_t width = std::exchange(e.width, lanes);
    Value v = readsFlat ? e.element(move.op.getInput(), Coord{move.inputPosition(e, at, lanes), lanes > 1})
                        : e.element(move.op.getInput(), move.inputAt(e, at));
    failed |= !v;
    v = e.splat(v ? v : e.constant(valueType(element), 0), lanes);
    e.form = form;
    e.width = width;
    return element.isInteger(1) ? e.create<arith::ExtUIOp>(e.typeLike(v, storageType(element)), v) : v;
  }

  void write(ArrayRef<Coord> at, Value v) {
    if (element.isInteger(1))
      v = e.create<arith::CmpIOp>(arith::CmpIPredicate::ne, v, e.constant(v.getType(), 0));
    auto form = std::exchange(e.form, writesFlat ? Emitter::Form::Flat : Emitter::Form::Full);
    int64_t width = std::exchange(e.width, lanes);
    LogicalResult done =
        writesFlat ? kernel.storeEpilogue(e, Coord{move.resultPosition(e, at, lanes), lanes > 1}, v, product(move.to))
                   : kernel.storeEpilogue(e, move.resultAt(e, at), v, move.to);
    failed |= mlir::failed(done);
    e.form = form;
    e.width = width;
  }

  /// A warp a row, or a column; rows of shared memory are one bank longer than a tile's.
  void moveElements() {
    int64_t pitch = side + std::max<int64_t>(4 / elementBytes(storageType(element)), 1);
    Value tile = block.shared(element, side * pitch);
    int64_t warps = block.threads / block.warpSize;
    auto line = [&](int64_t i) { return e.addi(block.warp, e.index(i)); };
    Emitter::Values values;
    for (int64_t i = 0; i < side; i += warps)
      values.push_back(read(placeInside(line(i), block.lane)));
    for (int64_t i = 0; i < side; i += warps)
      memref::StoreOp::create(e.b, e.loc, values[i / warps], tile,
                              ValueRange{e.addi(e.muli(line(i), e.index(pitch)), block.lane)});
    block.barrier();
    for (int64_t i = 0; i < side; i += warps) {
      Coords at = place(block.lane, line(i));
      e.when(isInside(at), [&] {
        Value from = e.addi(e.muli(block.lane, e.index(pitch)), line(i));
        write(at, e.create<memref::LoadOp>(tile, ValueRange{from}));
      });
    }
  }

  /// Eight threads a row, or a column.
  void moveVectors() {
    Value tile = block.shared(element, side * side);
    int64_t accesses = side * kChunks;
    Value chunk = e.remui(block.thread, kChunks);
    auto line = [&](int64_t i) { return e.addi(e.divui(block.thread, kChunks), e.index(i / kChunks)); };
    auto exchanged = [&](Value chunk, Value row) {
      return e.muli(e.create<arith::XOrIOp>(chunk, row), e.index(lanes));
    };
    Value along = e.muli(chunk, e.index(lanes));
    Emitter::Values values;
    for (int64_t i = 0; i < accesses; i += block.threads)
      values.push_back(read(placeInside(line(i), along)));
    for (int64_t i = 0; i < accesses; i += block.threads) {
      Value to = e.addi(e.muli(line(i), e.index(side)), exchanged(chunk, e.divui(line(i), lanes)));
      vector::StoreOp::create(e.b, e.loc, values[i / block.threads], tile, ValueRange{to});
    }
    block.barrier();
    for (int64_t i = 0; i < accesses; i += block.threads) {
      Coords at = place(along, line(i), /*laneOnRow=*/true);
      Value from = e.addi(exchanged(e.divui(line(i), lanes), chunk), e.remui(line(i), lanes));
      from = e.addi(from, e.muli(along, e.index(side)));
      e.when(isInside(at), [&] {
        Emitter::Values parts;
        for (int64_t l = 0; l < lanes; ++l)
          parts.push_back(e.create<memref::LoadOp>(tile, ValueRange{e.addi(from, e.index(l * side))}));
        write(at, e.create<vector::FromElementsOp>(VectorType::get({lanes}, storageType(element)), parts));
      });
    }
  }

  KernelFunction &kernel;
  ThreadBlock &block;
  Emitter &e;
  Transposition move;
  Type element;
  bool readsFlat, writesFlat, failed = false;
  int64_t lanes = 1, side = 0; ///< side: of a tile, in elements
  Coords first;
};
} // namespace

FailureOr<Grid> adze::gpu::emitTranspose(KernelFunction &kernel, ThreadBlock &block, int64_t mostLanes) {
  return Transposing(kernel, block, mostLanes).emit();
}
