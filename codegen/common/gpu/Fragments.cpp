// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "codegen/common/gpu/Fragments.h"

using namespace mlir;
using namespace adze;
using namespace adze::core;
using adze::gpu::Fragments;

/// Of kernel.load_fragment: matrices of one instruction, rows of a matrix.
static constexpr int64_t kMostMatrices = 4, kMatrixRows = 8;

static Type elementOf(Value memory) { return cast<MemRefType>(memory.getType()).getElementType(); }

Fragments::Fragments(ThreadBlock &block, const Facts &facts, const Fragment &fragment, int64_t rows, int64_t columns,
                     SharedTile &tile, int64_t count, bool across, Value first, int64_t firstMultiple, Value slice)
    : block(block), e(block.e), fragment(fragment), rows(rows), columns(columns), tile(tile), count(count),
      across(across) {
  behind = warpRow = warpChunk = e.index(0);
  if (first && !across)
    (tile.exchangesWithinRows(firstMultiple) ? behind : warpRow) =
        tile.exchangesWithinRows(firstMultiple) ? e.muli(first, e.index(tile.columns)) : first;
  if (first && across) {
    bool outside = firstMultiple % tile.chunk == 0 && tile.exchangesWithinChunks(firstMultiple / tile.chunk);
    Value chunks = e.divui(first, tile.chunk);
    (outside ? behind : warpChunk) = outside ? first : chunks;
  }
  if (slice)
    behind = e.addi(behind, slice);
  pairs = across && comeInPairs(facts, fragment);
  if (pairs) {
    findPairs();
    return;
  }
  if (!facts.loadFragment)
    return;
  for (bool turned : {false, true})
    if (auto found = matricesOf(fragment, block.warpSize, turned)) {
      matrices = *found;
      transposed = turned;
    }
  bool wholeChunks = llvm::all_of(matrices, [&](Origin o) { return o.column % tile.chunk == 0; });
  if (!wholeChunks || columns % tile.chunk != 0 || !findInstructions())
    matrices.clear();
  if (matrices.empty())
    return;
  while (2 * together * int64_t(matrices.size()) <= kMostMatrices && count % (2 * together) == 0)
    together *= 2;
  // The lane's matrix, by choosing between those of the instruction.
  Value number = e.divui(block.lane, kMatrixRows);
  Value row = e.index(0), chunk = e.index(0);
  int64_t all = together * matrices.size(), chunkBits = 0;
  for (int64_t q = all - 1; q >= 0; --q) {
    Origin origin = matrices[q % matrices.size()];
    int64_t which = q / int64_t(matrices.size());
    int64_t r = origin.row + (across ? 0 : which * rows),
            c = (origin.column + (across ? which * columns : 0)) / tile.chunk;
    chunkBits |= c;
    if (q == all - 1) {
      row = e.index(r);
      chunk = e.index(c);
      continue;
    }
    Value here = e.cmpi(arith::CmpIPredicate::eq, number, e.index(q));
    row = e.select(here, e.index(r), row);
    chunk = e.select(here, e.index(c), chunk);
  }
  Value laneRow = e.addi(e.addi(row, e.remui(block.lane, kMatrixRows)), warpRow);
  places.emplace(tile, e, laneRow, e.addi(chunk, warpChunk), matchPattern(warpChunk, m_Zero()) ? chunkBits : -1,
                 behind);
}

/// Lanes of a row of a matrix.
static constexpr int64_t kLanesOfRow = 4;

bool Fragments::comeInPairs(const Facts &facts, const Fragment &fragment) {
  if (!facts.loadFragment || facts.warpSize != kMatrixRows * kLanesOfRow ||
      memoryType(fragment).getIntOrFloatBitWidth() != 8 || fragment.elements != 2 * kMostMatrices)
    return false;
  for (int64_t lane = 0; lane < facts.warpSize; ++lane)
    for (int64_t i = 0; i < fragment.elements; ++i) {
      auto [row, column] = placeOf(fragment, lane, i);
      if (column != lane / kLanesOfRow || row != placeOf(fragment, lane % kLanesOfRow, i).first)
        return false;
    }
  return true;
}

/// A transposed matrix gives a lane two neighbours of two rows: the rows are those of two neighbouring elements.
void Fragments::findPairs() {
  assert(count % 2 == 0 && 2 * columns == tile.chunk && "a chunk has the columns of two fragments");
  Value matrix = e.divui(block.lane, kMatrixRows), row = e.remui(block.lane, kMatrixRows);
  Value element = e.addi(e.muli(matrix, e.index(2)), e.remui(row, 2));
  Value laneRow = e.addi(placeOfLane(e, fragment.places.getResult(0), e.divui(row, 2), element), warpRow);
  places.emplace(tile, e, laneRow, warpChunk, matchPattern(warpChunk, m_Zero()) ? 0 : -1, behind);
}

Fragments::Values Fragments::loadPairs(Value memory, int64_t moreRows, int64_t moreColumns) {
  Values out;
  int64_t elements = fragment.elements;
  auto both = VectorType::get({2 * elements}, elementOf(memory));
  for (int64_t i = 0; i < count; i += 2) {
    Value at = places->at(moreRows, (moreColumns + i * columns) / tile.chunk);
    Value loaded = e.create<kernel::LoadFragmentOp>(both, memory, at, /*transposed=*/true);
    for (int64_t odd : {0, 1}) {
      SmallVector<int64_t> from;
      for (int64_t n = 0; n < elements; ++n)
        from.push_back(2 * n + odd);
      out.push_back(e.create<vector::ShuffleOp>(loaded, loaded, from));
    }
  }
  return out;
}

/// Leaves those of one instruction in `matrices`. False if further ones are not the same at another place.
bool Fragments::findInstructions() {
  size_t each = std::min<size_t>(matrices.size(), kMostMatrices);
  instructions.clear();
  for (size_t first = 0; first < matrices.size(); first += each) {
    Origin apart{matrices[first].row - matrices[0].row, matrices[first].column - matrices[0].column};
    for (size_t i = 0; i < each; ++i)
      if (first + i >= matrices.size() || matrices[first + i].row != matrices[i].row + apart.row ||
          matrices[first + i].column != matrices[i].column + apart.column)
        return false;
    instructions.push_back(apart);
  }
  matrices.resize(each);
  return true;
}

Value Fragments::position(Value row, int64_t moreRows, Value chunk, int64_t moreChunks) {
  return e.addi(behind, tile.place(row, moreRows, chunk, moreChunks));
}

Fragments::Values Fragments::load(Value memory, int64_t moreRows, int64_t moreColumns) {
  if (pairs)
    return loadPairs(memory, moreRows, moreColumns);
  if (!matrices.empty())
    return loadMatrices(memory, moreRows, moreColumns);
  Values out;
  for (int64_t i = 0; i < count; ++i)
    out.push_back(loadElements(memory, moreRows + (across ? 0 : i * rows), moreColumns + (across ? i * columns : 0)));
  return out;
}

Fragments::Values Fragments::loadMatrices(Value memory, int64_t moreRows, int64_t moreColumns) {
  Values out;
  int64_t elements = fragment.elements, each = elements / int64_t(instructions.size()) * together;
  Type type = elementOf(memory);
  for (int64_t i = 0; i < count; i += together) {
    Value loaded;
    for (auto [number, apart] : llvm::enumerate(instructions)) {
      int64_t r = moreRows + (across ? 0 : i * rows) + apart.row,
              c = (moreColumns + (across ? i * columns : 0) + apart.column) / tile.chunk;
      Value part =
          e.create<kernel::LoadFragmentOp>(VectorType::get({each}, type), memory, places->at(r, c), transposed);
      if (instructions.size() == 1) {
        loaded = part;
        continue;
      }
      if (!loaded)
        loaded = e.constant(VectorType::get({elements}, type), 0);
      loaded = e.create<vector::InsertStridedSliceOp>(part, loaded, ArrayRef<int64_t>{int64_t(number) * each},
                                                      ArrayRef<int64_t>{1});
    }
    for (int64_t j = 0; j < together; ++j)
      out.push_back(together == 1
                        ? loaded
                        : e.create<vector::ExtractStridedSliceOp>(loaded, ArrayRef<int64_t>{j * elements},
                                                                  ArrayRef<int64_t>{elements}, ArrayRef<int64_t>{1}));
  }
  return out;
}

Value adze::gpu::placeOfLane(Emitter &e, AffineExpr expr, Value lane, Value element) {
  if (auto constant = dyn_cast<AffineConstantExpr>(expr))
    return e.index(constant.getValue());
  if (auto dim = dyn_cast<AffineDimExpr>(expr))
    return dim.getPosition() == 0 ? lane : element;
  auto pair = cast<AffineBinaryOpExpr>(expr);
  Value x = placeOfLane(e, pair.getLHS(), lane, element), y = placeOfLane(e, pair.getRHS(), lane, element);
  switch (expr.getKind()) {
  case AffineExprKind::Add:
    return e.addi(x, y);
  case AffineExprKind::Mul:
    return e.muli(x, y);
  case AffineExprKind::FloorDiv:
    return e.divui(x, y);
  case AffineExprKind::Mod:
    return e.remui(x, y);
  default:
    llvm_unreachable("tables have no other expressions");
  }
}

Value Fragments::elementPosition(int64_t element, int64_t moreRows, int64_t moreColumns) {
  Value row = e.addi(placeOfLane(block, fragment.places.getResult(0), element), warpRow);
  Value column = placeOfLane(block, fragment.places.getResult(1), element);
  column = e.addi(column, e.index(moreColumns % tile.chunk));
  Value chunk = e.addi(e.divui(column, tile.chunk), warpChunk);
  Value within = e.remui(column, tile.chunk);
  return e.addi(position(row, moreRows, chunk, moreColumns / tile.chunk), within);
}

Value Fragments::loadElements(Value memory, int64_t moreRows, int64_t moreColumns) {
  Type type = elementOf(memory);
  auto whole = VectorType::get({fragment.elements}, type);
  Values parts;
  for (int64_t i = 0, run; i < fragment.elements; i += run) {
    run = runFrom(fragment, block.warpSize, i, tile.chunk);
    Value at = elementPosition(i, moreRows, moreColumns);
    Value loaded = e.create<vector::LoadOp>(VectorType::get({run}, type), memory, ValueRange{at});
    for (int64_t j = 0; j < run; ++j)
      parts.push_back(e.create<vector::ExtractOp>(loaded, j));
  }
  return e.create<vector::FromElementsOp>(whole, parts);
}

void Fragments::store(Value elements, Value memory, int64_t moreRows, int64_t moreColumns) {
  for (int64_t i = 0, run; i < fragment.elements; i += run) {
    run = runFrom(fragment, block.warpSize, i, tile.chunk);
    Value part = e.create<vector::ExtractStridedSliceOp>(elements, ArrayRef<int64_t>{i}, ArrayRef<int64_t>{run},
                                                         ArrayRef<int64_t>{1});
    Value at = elementPosition(i, moreRows, moreColumns);
    vector::StoreOp::create(e.b, e.loc, part, memory, ValueRange{at});
  }
}

llvm::SmallVector<Value> adze::gpu::splitFragment(Emitter &e, Value fragment, Type type, int64_t terms) {
  auto narrow = VectorType::get(cast<VectorType>(fragment.getType()).getShape(), type);
  SmallVector<Value> out;
  for (Value rest = fragment;;) {
    out.push_back(e.create<arith::TruncFOp>(narrow, rest));
    if (int64_t(out.size()) == terms)
      return out;
    rest = e.create<arith::SubFOp>(rest, e.create<arith::ExtFOp>(rest.getType(), out.back()));
  }
}
