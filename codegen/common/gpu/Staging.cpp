// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "codegen/common/gpu/Staging.h"

using namespace mlir;
using namespace adze;
using namespace adze::core;
using adze::gpu::Staging;

/// A tile of an operand with `outers` rows or columns.
static adze::gpu::SharedTile tileOf(adze::gpu::ThreadBlock &block, Type type, bool alongDepth, int64_t outers,
                                    int64_t depth, const Staging::Form &form) {
  return alongDepth ? adze::gpu::SharedTile(block, type, outers, depth, form.alongDepth)
                    : adze::gpu::SharedTile(block, type, depth, outers, form.acrossDepth);
}

Staging::Staging(ThreadBlock &block, Product &product, const TileShape &shape, int64_t slots, bool asyncCopy,
                 const Form &form)
    : left(tileOf(block, product.leftType, product.runsAlongDepth(true), shape.rows, shape.depth, form)),
      right(tileOf(block, product.rightType, product.runsAlongDepth(false), shape.columns, shape.depth, form)),
      block(block), e(block.e), product(product), shape(shape), slots(slots), form(form),
      sides{{true, product.runsAlongDepth(true), &left, product.leftType, product.rows},
            {false, product.runsAlongDepth(false), &right, product.rightType, product.columns}} {
  memory = block.reserve(slots * slotBytes());
  for (Side &side : sides) {
    SharedTile &tile = *side.tile;
    int64_t bytes = asyncCopy ? product.copyBytes(side.isLeft) : 0;
    side.piece = bytes ? bytes * tile.chunk / kChunkBytes : tile.chunk;
    if (bytes)
      side.walk.emplace(product, side.isLeft, shape.depth);
    else if (product.isImage(side.isLeft) && !product.isInLanes(side.isLeft, tile.chunk))
      side.elements.emplace(product, side.isLeft, shape.depth);
    side.rowsOfPass = block.threads / tile.perRow;
    side.passes = tile.rows / side.rowsOfPass;
    assert(side.rowsOfPass * side.passes == tile.rows && "each thread has the same number of chunks");
  }
}

void Staging::enter(Value firstRow, Value firstColumn) {
  depth = e.size(product.depth);
  enter(sides[0], firstRow);
  enter(sides[1], firstColumn);
}

void Staging::enter(Side &side, Value firstOuter) {
  SharedTile &tile = *side.tile;
  side.first = firstOuter;
  side.row = e.divui(block.thread, tile.perRow);
  side.chunk = e.remui(block.thread, tile.perRow);
  for (int64_t i = 0; i < side.passes; ++i)
    side.places.push_back(tile.place(side.row, i * side.rowsOfPass, side.chunk, 0));
  if (side.walk || side.elements)
    enterWalk(side, side.walk ? *side.walk : *side.elements);
}

Value Staging::atMost(Value x, const DimExpr &size, int64_t width) {
  return e.create<arith::MinSIOp>(x, e.size(size - DimExpr(width)));
}

Value Staging::outerOf(Side &side, Value row) {
  int64_t period = form.columnPeriod, step = form.columnStep;
  if (!side.isLeft && step > 1) {
    Value within = e.remui(row, period), behind = e.subi(row, within);
    Value column = e.muli(e.remui(within, period / step), e.index(step));
    row = e.addi(behind, e.addi(column, e.divui(within, period / step)));
  }
  return e.addi(side.first, row);
}

void Staging::enterWalk(Side &side, Walk &walk) {
  int64_t chunk = side.tile->chunk, outers = outersOf(side);
  Value within = e.muli(side.chunk, e.index(chunk));
  auto known = side.outers.constant();
  bool isWhole = known && *known % outers == 0;
  auto bounded = [&](Value x, int64_t width) { return isWhole ? x : atMost(x, side.outers, width); };
  // Those of the depth are equally apart; rows and columns are if none is beyond the last.
  Value stride = side.alongDepth ? walk.outerStride() : walk.depthStride();
  bool equallyApart =
      !side.alongDepth || (stride && isWhole && (side.isLeft || side.rowsOfPass % form.columnPeriod == 0));
  for (int64_t i = 0; i < side.passes; ++i) {
    Value more = e.index(i * side.rowsOfPass), row = equallyApart ? side.row : e.addi(side.row, more), base;
    if (side.alongDepth) {
      Value outer = bounded(outerOf(side, row), 1);
      base = walk.base(outer);
      base = side.walk && walk.isUniform() ? e.addi(base, within) : base;
      if (WindowPadding *padding = walk.windowPadding())
        side.windows.push_back(padding->known(outer));
    } else {
      Value outer = e.addi(side.first, within);
      base = walk.base(side.piece == chunk ? bounded(outer, chunk) : outer);
      base = e.addi(base, e.muli(row, stride));
    }
    side.bases.push_back(base);
    side.apart.push_back(equallyApart ? e.muli(more, stride) : e.index(0));
  }
  for (int64_t i = 0; !side.alongDepth && side.piece < chunk && !isWhole && i < pieces(side); ++i) {
    Value outer = e.addi(e.addi(side.first, within), e.index(i * side.piece));
    side.insides.push_back(e.cmpi(arith::CmpIPredicate::ult, outer, e.size(side.outers)));
  }
}

size_t Staging::stateSize(Side &side) { return side.walk ? side.walk->stateSize() * walks(side) : 0; }

Staging::Values Staging::start() {
  Values state;
  for (Side &side : sides)
    if (side.walk) {
      Value from = side.walk->isUniform() ? e.index(0) : e.muli(side.chunk, e.index(side.tile->chunk));
      for (int64_t i = 0; i < walks(side); ++i)
        state.append(side.walk->start(e.addi(from, e.index(i * side.piece))));
    }
  return state;
}

Staging::Values Staging::next(ValueRange state) {
  Values out;
  for (Side &side : sides)
    if (side.walk) {
      for (int64_t i = 0; i < walks(side); ++i, state = state.drop_front(side.walk->stateSize()))
        out.append(side.walk->next(state.take_front(side.walk->stateSize())));
    }
  return out;
}

bool Staging::depthDivides() const {
  auto known = product.depth.constant();
  return known && *known % shape.depth == 0;
}

Value Staging::insideDepth(Side &side, int64_t pass, int64_t piece, Value k) {
  if (k.getType().isInteger(32) && depthDivides())
    return e.cmpi(arith::CmpIPredicate::ult, k, e.create<arith::ConstantIntOp>(*product.depth.constant(), 32));
  k = e.asIndex(k);
  if (!depthDivides() && side.alongDepth)
    k = e.addi(k, e.addi(e.muli(side.chunk, e.index(side.tile->chunk)), e.index(piece * side.piece)));
  else if (!depthDivides())
    k = e.addi(k, e.addi(side.row, e.index(pass * side.rowsOfPass)));
  return e.cmpi(arith::CmpIPredicate::ult, k, depth);
}

void Staging::copy(Side &side, ValueRange state, Value k, const Slot &slot) {
  Walk &walk = *side.walk;
  Value to = side.isLeft ? slot.left : slot.right;
  Type i32 = e.b.getI32Type();
  int64_t bytes = kChunkBytes / pieces(side);
  Value all = e.create<arith::ConstantIntOp>(bytes, 32), none = e.create<arith::ConstantIntOp>(int64_t(0), 32);
  for (int64_t piece = 0; piece < pieces(side); ++piece) {
    bool own = piece > 0 && walks(side) > 1; // walk
    if (own)
      state = state.drop_front(walk.stateSize());
    ValueRange at = state.take_front(walk.stateSize());
    Value more = e.index(piece * side.piece), offset = walk.offset(at);
    if (!own)
      offset = e.addi(offset, more);
    WindowPadding *padding = walk.windowPadding();
    WindowPadding::Question question;
    if (padding) // a row's depth is the same in all passes
      question = padding->ask(at, insideDepth(side, 0, piece, k));
    for (int64_t i = 0; i < side.passes; ++i) {
      Value inside = padding ? padding->answer(side.windows[i], question) : insideDepth(side, i, piece, k);
      if (!side.insides.empty())
        inside = e.create<arith::AndIOp>(inside, side.insides[piece]);
      Value read = e.create<arith::SelectOp>(i32, inside, all, none);
      Value from = e.addi(e.addi(side.bases[i], offset), side.apart[i]);
      kernel::AsyncCopyOp::create(e.b, e.loc, walk.buffer, from, to, e.addi(side.places[i], more), read, bytes);
    }
  }
}

/// A chunk of an image, element by element; zeros in the padding, and from the depth's end on.
Value Staging::gatherChunk(Side &side, int64_t pass, Value k) {
  Walk &walk = *side.elements;
  WindowPadding *padding = walk.windowPadding(); // an image has one
  Value first = e.addi(k, e.muli(side.chunk, e.index(side.tile->chunk))), zero = e.constant(valueType(side.type), 0);
  Values parts;
  for (int64_t i = 0; i < side.tile->chunk; ++i) {
    Value at = e.addi(first, e.index(i));
    Values state = walk.start(at);
    Value before = depthDivides() ? Value() : e.cmpi(arith::CmpIPredicate::ult, at, depth);
    Value inside = padding->answer(side.windows[pass], padding->ask(state, before));
    Value place = e.addi(side.bases[pass], walk.offset(state));
    Value v = walk.load(inside ? e.select(inside, place, e.index(0)) : place);
    parts.push_back(inside ? e.select(inside, v, zero) : v);
  }
  return e.create<vector::FromElementsOp>(VectorType::get({side.tile->chunk}, valueType(side.type)), parts);
}

/// A chunk of an operand that is computed, zeros from the depth's end on.
Value Staging::readChunk(Side &side, int64_t pass, Value k) {
  int64_t chunk = side.tile->chunk;
  Value row = e.addi(side.row, e.index(pass * side.rowsOfPass)), along = e.muli(side.chunk, e.index(chunk));
  Value outer = side.alongDepth ? outerOf(side, row) : e.addi(side.first, along);
  Value at = e.addi(k, side.alongDepth ? along : row); // in the depth
  auto element = [&](int64_t i, bool lane) {
    int64_t width = lane ? chunk : 1;
    auto bounded = [&](Value x, const DimExpr &size, bool moves) {
      return Coord{atMost(moves ? e.addi(x, e.index(i)) : x, size, moves ? width : 1), moves && lane};
    };
    Coord depthAt = bounded(at, product.depth, side.alongDepth),
          outerAt = bounded(outer, side.outers, !side.alongDepth);
    return side.isLeft ? product.left(outerAt, depthAt) : product.right(depthAt, outerAt);
  };
  Value zero = e.constant(valueType(side.type), 0);
  auto check = [&](Value v) {
    failedAny |= !v;
    return v ? v : zero;
  };
  auto inside = [&](int64_t i) { return e.cmpi(arith::CmpIPredicate::ult, e.addi(at, e.index(i)), depth); };
  if (product.isInLanes(side.isLeft, chunk)) {
    int64_t width = std::exchange(e.width, chunk);
    Value v = e.splat(check(element(0, true)), chunk);
    e.width = width;
    return depthDivides() ? v : e.create<arith::SelectOp>(inside(0), v, e.splat(zero, chunk));
  }
  Values parts;
  for (int64_t i = 0; i < chunk; ++i) {
    Value v = check(element(i, false));
    parts.push_back(depthDivides() ? v : e.create<arith::SelectOp>(inside(side.alongDepth ? i : 0), v, zero));
  }
  return e.create<vector::FromElementsOp>(VectorType::get({chunk}, valueType(side.type)), parts);
}

Staging::Values Staging::read(Side &side, Value k) {
  k = e.asIndex(k);
  auto type = VectorType::get({side.tile->chunk}, valueType(side.type));
  SmallVector<Type> types(side.passes, type);
  // What lies behind the depth's end is not read: there may be nothing at all.
  Value any = e.cmpi(arith::CmpIPredicate::ult, k, depth);
  if (Value something = side.elements ? side.elements->isSomething() : Value())
    any = e.create<arith::AndIOp>(any, something);
  return e.branch(
      any, types,
      [&] {
        Values chunks;
        for (int64_t i = 0; i < side.passes; ++i)
          chunks.push_back(side.elements ? gatherChunk(side, i, k) : readChunk(side, i, k));
        return chunks;
      },
      [&] { return Values(side.passes, e.splat(e.constant(valueType(side.type), 0), side.tile->chunk)); });
}

Staging::Values Staging::begin(ValueRange state, Value k, const Slot &slot) {
  Values chunks;
  bool copies = false;
  for (Side &side : sides) {
    if (!side.walk) {
      chunks.append(read(side, k));
      continue;
    }
    copies = true;
    copy(side, state.take_front(stateSize(side)), k, slot);
    state = state.drop_front(stateSize(side));
  }
  if (copies)
    kernel::AsyncCommitOp::create(e.b, e.loc);
  return chunks;
}

void Staging::finish(ValueRange chunks, const Slot &slot) {
  for (Side &side : sides) {
    if (side.walk)
      continue;
    Value to = side.isLeft ? slot.left : slot.right;
    for (int64_t i = 0; i < side.passes; ++i)
      vector::StoreOp::create(e.b, e.loc, chunks[i], to, ValueRange{side.places[i]});
    chunks = chunks.drop_front(side.passes);
  }
}

Staging::Slot Staging::slotAt(Value place) { return {left.at(place), right.at(e.addi(place, e.index(left.bytes())))}; }

Value Staging::ring(int64_t number) { return e.create<arith::ConstantIntOp>(memory + number * slotBytes(), 32); }

Value Staging::nextOf(Value carried) {
  Value next = e.addi(carried, e.create<arith::ConstantIntOp>(slotBytes(), 32));
  return e.select(e.cmpi(arith::CmpIPredicate::eq, next, ring(slots)), ring(0), next);
}

void Staging::fill(Values &state) {
  for (int64_t s = 0; s + 1 < slots; ++s) {
    finish(begin(state, e.index(s * shape.depth), slot(s)), slot(s));
    state = next(state);
  }
}

Staging::Values Staging::loop(ValueRange carried, ValueRange state, function_ref<Values(Step &, ValueRange)> body) {
  auto count = [&](int64_t v) { return product.alongDepth(v); };
  size_t given = carried.size();
  Values init(carried);
  init.append({ring(0), ring(slots - 1)});
  init.append(state.begin(), state.end());
  Value to = product.isDepthSmall() ? count(*product.depth.constant()) : depth;
  Values out = e.loop(count(0), to, count(shape.depth), init, [&](Value k, ValueRange from) {
    Value reads = from[given], writes = from[given + 1], nextReads = nextOf(reads);
    ValueRange at = from.drop_front(given + 2);
    auto slotOf = [&](Value carried) { return slotAt(e.asIndex(carried)); };
    Value ahead = e.addi(k, count((slots - 1) * shape.depth));
    Step step{slotOf(reads), slotOf(nextReads), *this, slotOf(writes), at, ahead};
    Values next = body(step, from.take_front(given));
    next.append({nextReads, reads}); // what is read now is the next to be written
    next.append(this->next(at));
    return next;
  });
  // A step is long, and its copies are for those that come later.
  out[0].getDefiningOp()->setAttr(kernel::kRolledAttr, e.b.getUnitAttr());
  out.resize(given);
  return out;
}

void Staging::wait(int64_t pending) {
  if (sides[0].walk || sides[1].walk)
    kernel::AsyncWaitOp::create(e.b, e.loc, pending);
  block.barrier();
}
