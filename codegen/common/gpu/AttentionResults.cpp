// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "codegen/common/gpu/AttentionResults.h"
#include "codegen/common/gpu/Fragments.h"

using namespace mlir;
using namespace adze;
using namespace adze::core;
using adze::gpu::AttentionResults;
using adze::gpu::SharedTile;

Value adze::gpu::weightOf(Emitter &e, Value x) {
  return math::Exp2Op::create(e.b, e.loc, x, arith::FastMathFlags::afn);
}

AttentionResults::AttentionResults(AttentionBlock &attention, const AttentionPlan &plan, const MatrixUnit &unit,
                                   const Facts &facts, const RowShares &shares)
    : attention(attention), block(attention.block), e(attention.e), plan(plan), unit(unit), facts(facts),
      shares(shares) {}

AttentionResults::Values AttentionResults::lanePlaces() {
  Values places;
  for (int64_t i = 0; i < plan.down; ++i)
    for (int64_t first : shares.firsts)
      places.push_back(e.addi(placeOfLane(block, unit.c.places.getResult(0), first), e.index(i * unit.rows)));
  return places;
}

AttentionResults::Values AttentionResults::joinRows(State &state, Value factor) {
  Values inverses;
  for (Value &sum : state.sums)
    sum = block.joinAcross(shares.lanes, ReduceKind::sum, sum, attention.parts.acc);
  int64_t warps = plan.warpsAcross(), rows = plan.shape.warpRows;
  if (warps > 1) {
    Type acc = attention.parts.acc;
    int64_t all = block.threads / block.warpSize * rows;
    Value greatest = block.shared(acc, all), sums = block.shared(acc, all);
    Values places = lanePlaces();
    Value own = e.muli(block.warp, e.index(rows));
    for (auto [i, at] : llvm::enumerate(places)) {
      memref::StoreOp::create(e.b, e.loc, state.greatest[i], greatest, ValueRange{e.addi(own, at)});
      memref::StoreOp::create(e.b, e.loc, state.sums[i], sums, ValueRange{e.addi(own, at)});
    }
    block.barrier();
    Value group = e.divui(block.warp, warps);
    Value first = e.muli(group, e.index(warps * rows));
    for (auto [i, at] : llvm::enumerate(places)) {
      auto load = [&, at = at](Value from, int64_t warp) -> Value {
        return e.create<memref::LoadOp>(from, ValueRange{e.addi(e.addi(first, at), e.index(warp * rows))});
      };
      Value most, sum;
      for (int64_t warp = 0; warp < warps; ++warp)
        most = most ? e.create<arith::MaxNumFOp>(most, load(greatest, warp)) : load(greatest, warp);
      Value base = attention.baseOf(most);
      auto scale = [&](Value x) {
        return weightOf(e, e.create<arith::MulFOp>(e.create<arith::SubFOp>(x, base), factor));
      };
      for (int64_t warp = 0; warp < warps; ++warp) {
        Value part = e.create<arith::MulFOp>(load(sums, warp), scale(load(greatest, warp)));
        sum = sum ? e.join(ReduceKind::sum, sum, part, acc) : part;
      }
      Value mine = scale(state.greatest[i]);
      for (auto [number, result] : llvm::enumerate(state.results)) {
        Values byElement;
        for (int64_t k = 0; k < unit.c.elements; ++k)
          byElement.push_back(rowOf(number, k) == i ? mine : e.constant(acc, 1));
        result = e.create<arith::MulFOp>(result, e.create<vector::FromElementsOp>(result.getType(), byElement));
      }
      state.greatest[i] = most;
      state.sums[i] = sum;
    }
  }
  for (auto [most, sum] : llvm::zip(state.greatest, state.sums))
    inverses.push_back(attention.inverseOf(most, sum));
  return inverses;
}

void AttentionResults::toTile(SharedTile &tile, function_ref<Value(size_t, size_t)> elementOf) {
  int64_t warps = block.threads / block.warpSize;
  place = block.reserve(warps * tile.bytes());
  Value mine = tile.at(e.addi(e.muli(block.warp, e.index(tile.bytes())), e.index(place)));
  Fragments places(block, facts, unit.c, unit.rows, unit.columns, tile, 1, /*across=*/false, Value(), 1);
  for (int64_t number = 0; number < plan.down * across(); ++number) {
    Values elements;
    for (int64_t k = 0; k < unit.c.elements; ++k)
      elements.push_back(elementOf(number, k));
    auto type = VectorType::get({unit.c.elements}, tile.element);
    places.store(e.create<vector::FromElementsOp>(type, elements), mine, number / across() * unit.rows,
                 number % across() * unit.columns);
  }
}

Value AttentionResults::loadFrom(SharedTile &tile, int64_t place, Value warp, Value row, Value column, int64_t lanes) {
  Value memory = tile.at(e.addi(e.muli(warp, e.index(tile.bytes())), e.index(place)));
  Value chunk = e.divui(column, tile.chunk);
  Value within = e.remui(column, tile.chunk);
  Value at = e.addi(tile.place(row, 0, chunk, 0), within);
  if (lanes == 1)
    return e.create<memref::LoadOp>(memory, ValueRange{at});
  return e.create<vector::LoadOp>(VectorType::get({lanes}, tile.element), memory, ValueRange{at});
}

void AttentionResults::write(State state, Value factor) {
  Values inverses = joinRows(state, factor);
  Type acc = attention.parts.acc, result = valueType(getElementTypeOrSelf(attention.op.getResult()));
  bool isJoined = plan.warpsAcross() > 1;
  SharedTile tile(block, isJoined ? acc : result, plan.shape.warpRows, plan.columnsOfTile, /*spread=*/isJoined ? 1 : 0);
  toTile(tile, [&](size_t number, size_t element) -> Value {
    Value v = e.create<vector::ExtractOp>(state.results[number], int64_t(element));
    Value inverse = inverses[rowOf(number, element)];
    return isJoined ? attention.parts.divide(v, inverse) : attention.parts.finish(v, inverse);
  });
  block.barrier();
  bool inLanes = *attention.parts.columns.constant() % tile.chunk == 0 &&
                 attention.kernel.vectorizable(e, attention.parts.out.size() - 1);
  int64_t lanes = inLanes ? tile.chunk : 1, rows = plan.shape.warpRows;
  writeRows(lanes, [&](Value row, Value column) -> Value {
    Value group = e.divui(row, rows);
    Value within = e.remui(row, rows);
    Value first = e.muli(group, e.index(plan.warpsAcross())), sum;
    for (int64_t warp = 0; warp < plan.warpsAcross(); ++warp) {
      Value part = loadFrom(tile, place, e.addi(first, e.index(warp)), within, column, lanes);
      sum = sum ? e.create<arith::AddFOp>(sum, part) : part;
    }
    return isJoined ? attention.parts.finish(sum) : sum;
  });
}

void AttentionResults::writeRows(int64_t lanes, function_ref<Value(Value, Value)> load) {
  int64_t perRow = *attention.parts.columns.constant() / lanes;
  Value end = e.index(plan.shape.rows * perRow);
  e.loop(block.thread, end, e.index(block.threads), {}, [&](Value n, ValueRange) {
    Value row = e.divui(n, perRow);
    Value column = e.muli(e.remui(n, perRow), e.index(lanes));
    Value query = e.addi(attention.firstQuery, row);
    e.when(e.cmpi(arith::CmpIPredicate::ult, query, e.size(attention.parts.queries)), [&] {
      int64_t width = std::exchange(e.width, lanes);
      attention.store(query, {column, lanes > 1}, load(row, column));
      e.width = width;
    });
    return Values();
  });
}
