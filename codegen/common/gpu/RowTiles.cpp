// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "codegen/common/gpu/RowTiles.h"
#include "passes/core_to_loops/Views.h"

using namespace mlir;
using namespace adze;
using namespace adze::core;
using adze::gpu::RowTiles;

static bool isMultiple(const DimExpr &x, int64_t of) {
  return llvm::all_of(x.terms, [&](auto &term) { return term.second % of == 0; });
}

/// True if rows of the view are whole chunks that begin at multiples of their length.
static bool liesInChunks(const View &view, int64_t columns, int64_t chunk) {
  auto inChunks = [&](const DimExpr &x) { return isMultiple(x, chunk); };
  return columns % chunk == 0 && view.strides.back().isConstant(1) && inChunks(view.offset) &&
         llvm::all_of(ArrayRef(view.strides).drop_back(), inChunks);
}

RowTiles::RowTiles(ThreadBlock &block, Value tensor, ArrayRef<Coord> matrix, const SharedTile &tile, bool asyncCopy)
    : e(block.e), tensor(tensor), matrix(matrix), tile(tile), rowsOfPass(block.threads / tile.perRow) {
  SmallVector<DimExpr> sizes = e.dims.shape(tensor).dims;
  rows = sizes[sizes.size() - 2];
  columns = *sizes.back().constant();
  passes = llvm::divideCeil(tile.rows, rowsOfPass);
  row = e.divui(block.thread, tile.perRow);
  chunk = e.remui(block.thread, tile.perRow);
  for (int64_t i = 0; i < passes; ++i)
    places.push_back(this->tile.place(row, i * rowsOfPass, chunk, 0));
  Value inside = chunkInside();
  limit = inside ? e.select(inside, e.size(rows), e.index(0)) : e.size(rows);
  auto view = viewOf(e, tensor);
  Type element = getElementTypeOrSelf(tensor);
  copied = asyncCopy && view && storageType(element) == tile.element && liesInChunks(*view, columns, tile.chunk);
  if (!copied)
    return;
  buffer = view->buffer;
  stride = e.size(view->strides[sizes.size() - 2]);
  base = e.addi(matrixAt(e, matrix, *view), e.muli(chunk, e.index(tile.chunk)));
}

/// Whether this thread's chunks are among the matrix's columns; null: always.
Value RowTiles::chunkInside() {
  if (columns == tile.columns)
    return {};
  return e.cmpi(arith::CmpIPredicate::ult, e.muli(chunk, e.index(tile.chunk)), e.index(columns));
}

void RowTiles::whenInTile(function_ref<void()> body) {
  if (passes * rowsOfPass == tile.rows)
    return body();
  assert(passes == 1 && "the sizes are powers of two");
  e.when(e.cmpi(arith::CmpIPredicate::ult, row, e.index(tile.rows)), body);
}

RowTiles::Values RowTiles::start(Value firstRow) {
  return copied ? Values{e.addi(base, e.muli(e.addi(firstRow, row), stride))} : Values();
}

RowTiles::Values RowTiles::next(ValueRange state) {
  return copied ? Values{e.addi(state[0], e.muli(e.index(tile.rows), stride))} : Values();
}

RowTiles::Values RowTiles::begin(ValueRange state, Value firstRow, Value memory) {
  Value first = e.addi(firstRow, row);
  auto inside = [&](int64_t pass) {
    return e.cmpi(arith::CmpIPredicate::ult, e.addi(first, e.index(pass * rowsOfPass)), limit);
  };
  if (copied) {
    Type i32 = e.b.getI32Type();
    Value all = e.create<arith::ConstantIntOp>(kChunkBytes, 32), none = e.create<arith::ConstantIntOp>(int64_t(0), 32);
    whenInTile([&] {
      for (int64_t i = 0; i < passes; ++i) {
        Value from = e.addi(state[0], e.muli(e.index(i * rowsOfPass), stride));
        kernel::AsyncCopyOp::create(e.b, e.loc, buffer, from, memory, places[i],
                                    e.create<arith::SelectOp>(i32, inside(i), all, none), kChunkBytes);
      }
    });
    return {};
  }
  Values chunks;
  auto type = VectorType::get({tile.chunk}, tile.element);
  for (int64_t i = 0; i < passes; ++i)
    chunks.push_back(e.branch(
        inside(i), type, [&] { return Values{readChunk(e.addi(first, e.index(i * rowsOfPass)))}; },
        [&] { return Values{e.constant(type, 0)}; })[0]);
  return chunks;
}

void RowTiles::finish(ValueRange chunks, Value memory) {
  if (copied)
    return;
  whenInTile([&] {
    for (int64_t i = 0; i < passes; ++i)
      vector::StoreOp::create(e.b, e.loc, chunks[i], memory, ValueRange{places[i]});
  });
}

/// This thread's chunk of a row that is there, zeros behind its end.
Value RowTiles::readChunk(Value row) {
  int64_t rank = matrix.size();
  Value zero = e.constant(tile.element, 0), at = e.muli(chunk, e.index(tile.chunk));
  auto read = [&](Coord column) {
    Coords in(matrix);
    in[rank - 2] = {row};
    in[rank - 1] = column;
    return e.element(tensor, in, tile.element, failedAny);
  };
  if (columns % tile.chunk == 0 && e.vectorizable(tensor, rank - 1)) {
    int64_t width = std::exchange(e.width, tile.chunk);
    Value v = e.splat(read({at, true}), tile.chunk);
    e.width = width;
    return v;
  }
  Values parts;
  for (int64_t i = 0; i < tile.chunk; ++i) {
    Value column = e.addi(at, e.index(i)), last = e.index(columns - 1);
    Value v = read({e.create<arith::MinUIOp>(column, last)});
    parts.push_back(e.select(e.cmpi(arith::CmpIPredicate::ule, column, last), v, zero));
  }
  return e.create<vector::FromElementsOp>(VectorType::get({tile.chunk}, tile.element), parts);
}
