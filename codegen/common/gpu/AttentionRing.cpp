// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "codegen/common/gpu/AttentionRing.h"

using namespace mlir;
using namespace adze;
using namespace adze::core;
using adze::gpu::AttentionBlock;
using adze::gpu::AttentionRing;
using adze::gpu::RowTiles;
using adze::gpu::SharedTile;

/// The coordinates of a query's matrix.
static Coords matrixOf(const Coords &batch) {
  Coords at(batch);
  at.append(2, Coord());
  return at;
}

AttentionRing::AttentionRing(AttentionBlock &attention, const SharedTile &queries, const SharedTile &keys,
                             const SharedTile &values, int64_t slots, bool asyncCopy)
    : attention(attention), block(attention.block), e(attention.e), queryTile(queries), keyTile(keys),
      valueTile(values), slots(slots),
      queryRows(block, attention.op.getQuery(), matrixOf(attention.batch), queries, asyncCopy),
      keyRows(block, attention.op.getKey(), attention.parts.sharedAt(attention.op.getKey(), attention.batch), keys,
              asyncCopy),
      valueRows(block, attention.op.getValue(), attention.parts.sharedAt(attention.op.getValue(), attention.batch),
                values, asyncCopy),
      copies(queryRows.isCopied() || keyRows.isCopied() || valueRows.isCopied()) {
  this->queries = queryTile.at(e.index(block.reserve(queryTile.bytes())));
  memory = block.reserve(slots * slotBytes());
}

AttentionRing::Slot AttentionRing::slotAt(Value place) {
  Value values = e.addi(place, e.index(keyTile.bytes()));
  return {keyTile.at(place), valueTile.at(values), values};
}

Value AttentionRing::placeOf(int64_t number) {
  return e.create<arith::ConstantIntOp>(memory + number * slotBytes(), 32);
}

Value AttentionRing::nextOf(Value place) {
  Value next = e.addi(place, e.create<arith::ConstantIntOp>(slotBytes(), 32));
  return e.select(e.cmpi(arith::CmpIPredicate::eq, next, placeOf(slots)), placeOf(0), next);
}

AttentionRing::Chunks AttentionRing::begin(ValueRange state, Value first, const Slot &slot) {
  size_t ofKeys = keyRows.isCopied() ? 1 : 0;
  Chunks chunks{keyRows.begin(state.take_front(ofKeys), first, slot.keys),
                valueRows.begin(state.drop_front(ofKeys), first, slot.values)};
  if (copies)
    kernel::AsyncCommitOp::create(e.b, e.loc);
  return chunks;
}

void AttentionRing::finish(const Chunks &chunks, const Slot &slot) {
  keyRows.finish(chunks.keys, slot.keys);
  valueRows.finish(chunks.values, slot.values);
}

AttentionRing::Values AttentionRing::next(ValueRange state) {
  size_t ofKeys = keyRows.isCopied() ? 1 : 0;
  Values out = keyRows.next(state.take_front(ofKeys));
  out.append(valueRows.next(state.drop_front(ofKeys)));
  return out;
}

void AttentionRing::wait(int64_t pending) {
  if (copies)
    kernel::AsyncWaitOp::create(e.b, e.loc, pending);
  block.barrier();
}

void AttentionRing::fill() {
  Value first = attention.firstQuery;
  queryRows.finish(queryRows.begin(queryRows.start(first), first, queries), queries);
  state = keyRows.start(e.index(0));
  state.append(valueRows.start(e.index(0)));
  for (int64_t s = 0; s + 1 < slots; ++s) {
    Slot slot = slotAt(e.index(memory + s * slotBytes()));
    finish(begin(state, e.index(s * keyTile.rows), slot), slot);
    state = next(state);
  }
  wait(slots - 2);
}

AttentionRing::Values AttentionRing::loop(ValueRange carried,
                                          function_ref<Values(Value, const Slot &, ValueRange)> body) {
  size_t given = carried.size();
  Values init(carried);
  init.append({placeOf(0), placeOf(slots - 1)});
  init.append(state);
  Value step = e.index(keyTile.rows), keys = e.size(attention.parts.keys);
  Values last = e.loop(e.index(0), keys, step, init, [&](Value k, ValueRange from) {
    Value reads = from[given], writes = from[given + 1];
    auto slotOf = [&](Value place) { return slotAt(e.asIndex(place)); };
    Slot here = slotOf(reads), written = slotOf(writes);
    ValueRange at = from.drop_front(given + 2);
    Chunks chunks = begin(at, e.addi(k, e.index((slots - 1) * keyTile.rows)), written);
    Values out = body(k, here, from.take_front(given));
    finish(chunks, written);
    wait(slots - 2);
    out.append({nextOf(reads), nextOf(writes)});
    out.append(next(at));
    return out;
  });
  last.resize(given);
  wait(0);
  return last;
}
