// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The emitter's machinery: scopes, loops, memory, sizes. What ops mean stands in the family files.
#include "passes/core_to_loops/Emitter.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace adze;
using namespace adze::core;

Type adze::storageType(Type element) {
  MLIRContext *context = element.getContext();
  if (isa<Float32Type, Float64Type, Float16Type, BFloat16Type>(element))
    return element;
  unsigned bytes = elementBytes(element);
  return IntegerType::get(context, std::max(8u, bytes * 8));
}

Type adze::valueType(Type element) { return element.isInteger(1) ? element : storageType(element); }

Emitter::Emitter(OpBuilder b, kernel::FuncOp kernel, DimAnalysis &dims)
    : b(b), loc(kernel.getLoc()), dims(dims), entry(b.getInsertionBlock()) {
  scopes.emplace_back();
}

// ---- scalars and control ----

Value Emitter::index(int64_t v) {
  Value &constant = indexConstants[v];
  if (!constant) {
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(entry);
    constant = arith::ConstantIndexOp::create(b, loc, v);
  }
  return constant;
}

Value Emitter::size(const DimExpr &e) {
  if (auto constant = e.constant())
    return index(*constant);
  Value &value = sizeValues[e];
  if (!value) {
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(entry);
    value = materialize(b, loc, dims.dims, e, [&](AtomId id) -> Value {
      const DimContext::Atom &atom = dims.dims.atom(id);
      assert(atom.value && "a kernel's sizes are its index arguments");
      return scalars.lookup(atom.value);
    });
  }
  return value;
}

Value Emitter::scalar(Value index) { return size(dims.size(index)); }

Value Emitter::asIndex(Value x) {
  return x.getType().isIndex() ? x : create<arith::IndexCastUIOp>(b.getIndexType(), x);
}
Value Emitter::addi(Value x, Value y) { return b.createOrFold<arith::AddIOp>(loc, x, y); }
Value Emitter::subi(Value x, Value y) { return b.createOrFold<arith::SubIOp>(loc, x, y); }
Value Emitter::muli(Value x, Value y) { return b.createOrFold<arith::MulIOp>(loc, x, y); }
Value Emitter::divui(Value x, Value y) { return b.createOrFold<arith::DivUIOp>(loc, x, y); }
Value Emitter::remui(Value x, Value y) { return b.createOrFold<arith::RemUIOp>(loc, x, y); }
Value Emitter::cmpi(arith::CmpIPredicate p, Value x, Value y) { return b.createOrFold<arith::CmpIOp>(loc, p, x, y); }
Value Emitter::select(Value c, Value x, Value y) { return x == y ? x : b.createOrFold<arith::SelectOp>(loc, c, x, y); }

Value Emitter::constant(Type type, double v) {
  Type scalar = getElementTypeOrSelf(type);
  TypedAttr attr;
  if (auto f = dyn_cast<FloatType>(scalar))
    attr = b.getFloatAttr(f, v);
  else
    attr = b.getIntegerAttr(scalar, int64_t(v));
  if (auto vector = dyn_cast<VectorType>(type))
    attr = DenseElementsAttr::get(vector, attr);
  return arith::ConstantOp::create(b, loc, attr);
}

Emitter::Values Emitter::loop(Value from, Value to, Value step, ValueRange init,
                              function_ref<Values(Value, ValueRange)> body) {
  auto op = scf::ForOp::create(b, loc, from, to, step, init, [](OpBuilder &, Location, Value, ValueRange) {});
  OpBuilder::InsertionGuard guard(b);
  Block *block = op.getBody();
  if (!block->empty() && block->back().hasTrait<OpTrait::IsTerminator>())
    block->back().erase();
  b.setInsertionPointToEnd(block);
  pushScope();
  Values next = body(op.getInductionVar(), op.getRegionIterArgs());
  popScope();
  scf::YieldOp::create(b, loc, next);
  return Values(op.getResults());
}

Emitter::Values Emitter::branch(Value condition, TypeRange types, function_ref<Values()> then,
                                function_ref<Values()> otherwise) {
  auto op = scf::IfOp::create(b, loc, types, condition, /*addThenBlock=*/true, /*addElseBlock=*/true);
  auto side = [&](Block *block, function_ref<Values()> body) {
    OpBuilder::InsertionGuard guard(b);
    if (!block->empty() && block->back().hasTrait<OpTrait::IsTerminator>())
      block->back().erase();
    b.setInsertionPointToEnd(block);
    pushScope();
    Values values = body();
    popScope();
    scf::YieldOp::create(b, loc, values);
  };
  side(op.thenBlock(), then);
  side(op.elseBlock(), otherwise);
  return Values(op.getResults());
}

void Emitter::when(Value condition, function_ref<void()> body) {
  branch(condition, {}, [&] { return body(), Values(); }, [] { return Values(); });
}

void Emitter::laneLoop(Value from, Value to, int64_t lanes, function_ref<void(Coord)> body) {
  auto run = [&](Value lo, Value hi, int64_t step, bool lane) {
    int64_t before = width;
    width = lane ? step : 1;
    loop(lo, hi, index(step), {}, [&](Value i, ValueRange) {
      body({i, lane});
      return Values();
    });
    width = before;
  };
  if (lanes <= 1)
    return run(from, to, 1, false);
  Value count = subi(to, from);
  Value whole = subi(count, b.createOrFold<arith::RemSIOp>(loc, count, index(lanes)));
  Value middle = addi(from, whole);
  run(from, middle, lanes, true);
  run(middle, to, 1, false);
}

void Emitter::gridLoop(Value begin, Value end, ArrayRef<DimExpr> sizes, function_ref<void(ArrayRef<Coord>)> body) {
  Coords at(sizes.size(), Coord{index(0)});
  // The numbers [from, to) of the box that dimensions `level` and on span.
  std::function<void(size_t, Value, Value)> run = [&](size_t level, Value from, Value to) {
    while (level < sizes.size() && sizes[level].isConstant(1))
      ++level;
    if (level == sizes.size()) { // one number or none
      when(cmpi(arith::CmpIPredicate::slt, from, to), [&] { body(at); });
      return;
    }
    DimExpr inner = stride(sizes, level);
    if (inner.isConstant(1)) {
      loop(from, to, index(1), {}, [&](Value i, ValueRange) {
        at[level] = {i};
        body(at);
        return Values();
      });
      return;
    }
    // Sizes are positive wherever there is a number.
    Value count = size(inner);
    Value first = divui(from, count);
    Value last = b.createOrFold<arith::CeilDivUIOp>(loc, to, count);
    loop(first, last, index(1), {}, [&](Value i, ValueRange) {
      at[level] = {i};
      Value before = muli(i, count);
      run(level + 1, create<arith::MaxSIOp>(subi(from, before), index(0)),
          create<arith::MinSIOp>(subi(to, before), count));
      return Values();
    });
  };
  run(0, begin, end);
}

Coords Emitter::next(ArrayRef<Coord> at, ArrayRef<DimExpr> sizes) {
  Coords out(at);
  Value carry;
  for (size_t i = sizes.size(); i-- > 0;) {
    if (sizes[i].isConstant(1))
      continue;
    Value moved = addi(out[i].base, index(1));
    if (carry)
      moved = select(carry, moved, out[i].base);
    Value over = cmpi(arith::CmpIPredicate::eq, moved, size(sizes[i]));
    carry = over;
    out[i].base = select(over, index(0), moved);
  }
  return out;
}

Coords Emitter::delinearize(Value linear, ArrayRef<DimExpr> sizes) {
  Coords at(sizes.size());
  for (size_t i = sizes.size(); i-- > 0;) {
    if (sizes[i].isConstant(1)) {
      at[i] = {index(0)};
      continue;
    }
    bool outermost = llvm::all_of(sizes.take_front(i), [](const DimExpr &d) { return d.isConstant(1); });
    if (outermost) {
      at[i] = {linear};
      linear = index(0);
      continue;
    }
    // Sizes are positive wherever there is an item to compute.
    Value s = size(sizes[i]);
    at[i] = {remui(linear, s)};
    linear = divui(linear, s);
  }
  return at;
}

void Emitter::fail(int64_t status, Operation *op) {
  auto number = op->getAttrOfType<IntegerAttr>("adze.site");
  auto i64 = [&](int64_t v) -> Value { return arith::ConstantIntOp::create(b, loc, b.getI64Type(), v); };
  auto at = [&](int64_t v) -> Value { return arith::ConstantIndexOp::create(b, loc, v); };
  Value place = arith::IndexCastOp::create(b, loc, b.getI64Type(),
                                           arith::AddIOp::create(b, loc, site, at(number ? number.getInt() : 0)));
  if (sharedError) {
    Value word = arith::AddIOp::create(b, loc, arith::MulIOp::create(b, loc, place, i64(256)), i64(status));
    memref::AtomicRMWOp::create(b, loc, arith::AtomicRMWKind::maxs, word, error, at(0));
    return;
  }
  memref::StoreOp::create(b, loc, i64(status), error, at(0));
  memref::StoreOp::create(b, loc, place, error, at(1));
}

Value Emitter::checkIndex(Value at, Value size, Operation *op) {
  Value negative = cmpi(arith::CmpIPredicate::slt, at, index(0));
  Value counted = select(negative, addi(at, size), at);
  // Unsigned: what is still negative is beyond the end too.
  Value inside = cmpi(arith::CmpIPredicate::ult, counted, size);
  Value outside = create<arith::XOrIOp>(inside, create<arith::ConstantIntOp>(int64_t(1), 1u));
  scf::IfOp::create(b, loc, outside, [&](OpBuilder &nested, Location l) {
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToEnd(nested.getInsertionBlock());
    fail(5, op); // ADZE_INDEX_OUT_OF_RANGE
    scf::YieldOp::create(b, l);
  });
  return select(inside, counted, index(0));
}

// ---- memory ----

Value Emitter::linear(ArrayRef<Coord> at, ArrayRef<DimExpr> sizes) {
  assert(at.size() == sizes.size());
  Value position;
  for (auto [coord, dim] : llvm::zip(at, sizes)) {
    if (position && !dim.isConstant(1))
      position = muli(position, size(dim));
    position = position ? addi(position, coord.base) : coord.base;
  }
  return position ? position : index(0);
}

DimExpr Emitter::stride(ArrayRef<DimExpr> sizes, unsigned dim) {
  DimExpr out = 1;
  for (const DimExpr &d : sizes.drop_front(dim + 1))
    out = out * d;
  return out;
}

/// Dimension whose coordinate has lanes, or -1.
static int laneDim(ArrayRef<Coord> at) {
  for (auto [i, coord] : llvm::enumerate(at))
    if (coord.lane)
      return i;
  return -1;
}

Value Emitter::load(Value buffer, Type element, ArrayRef<Coord> at, ArrayRef<DimExpr> sizes) {
  Type storage = storageType(element);
  Value position = linear(at, sizes);
  int lane = laneDim(at);
  Value v;
  if (lane < 0 || sizes[lane].isConstant(1)) {
    v = create<memref::LoadOp>(buffer, ValueRange{position});
  } else if (stride(sizes, lane).isConstant(1)) {
    v = create<vector::LoadOp>(VectorType::get({width}, storage), buffer, ValueRange{position});
  } else {
    Values lanes;
    Value step = size(stride(sizes, lane));
    for (int64_t i = 0; i < width; ++i) {
      lanes.push_back(create<memref::LoadOp>(buffer, ValueRange{position}));
      position = addi(position, step);
    }
    v = create<vector::FromElementsOp>(VectorType::get({width}, storage), lanes);
  }
  if (element.isInteger(1))
    return create<arith::CmpIOp>(arith::CmpIPredicate::ne, v, constant(v.getType(), 0));
  return v;
}

void Emitter::store(Value value, Value buffer, Type element, ArrayRef<Coord> at, ArrayRef<DimExpr> sizes) {
  int lane = laneDim(at);
  if (lane >= 0)
    value = splat(value, width);
  if (element.isInteger(1))
    value = create<arith::ExtUIOp>(typeLike(value, b.getI8Type()), value);
  Value position = linear(at, sizes);
  if (lane < 0) {
    memref::StoreOp::create(b, loc, value, buffer, ValueRange{position});
  } else if (stride(sizes, lane).isConstant(1)) {
    vector::StoreOp::create(b, loc, value, buffer, ValueRange{position});
  } else {
    Value step = size(stride(sizes, lane));
    for (int64_t i = 0; i < width; ++i) {
      Value one = create<vector::ExtractOp>(value, i);
      memref::StoreOp::create(b, loc, one, buffer, ValueRange{position});
      position = addi(position, step);
    }
  }
}

Value Emitter::scratchBuffer(Type element, const DimExpr &count) {
  Type storage = storageType(element);
  DimExpr bytes = count * DimExpr(elementBytes(storage));
  DimExpr offset = scratchUsed;
  // Each buffer begins on a cache line.
  scratchUsed = scratchUsed + dims.dims.floorDiv(bytes + DimExpr(63), 64) * DimExpr(64);
  OpBuilder::InsertionGuard guard(b);
  auto type = MemRefType::get({ShapedType::kDynamic}, storage);
  return memref::ViewOp::create(b, loc, type, scratch, size(offset), ValueRange{size(count)});
}

// ---- values ----

Value Emitter::splat(Value v, int64_t lanes) {
  if (lanes <= 1 || isVector(v))
    return v;
  return create<vector::BroadcastOp>(VectorType::get({lanes}, v.getType()), v);
}

void Emitter::unify(MutableArrayRef<Value> values) {
  int64_t lanes = 1;
  for (Value v : values)
    if (auto type = dyn_cast<VectorType>(v.getType()))
      lanes = type.getNumElements();
  for (Value &v : values)
    v = splat(v, lanes);
}

Type Emitter::typeLike(Value like, Type scalar) {
  if (auto vector = dyn_cast<VectorType>(like.getType()))
    return VectorType::get(vector.getShape(), scalar);
  return scalar;
}

// ---- elements ----

Value Emitter::lookup(const Key &key) {
  for (auto &scope : llvm::reverse(scopes))
    if (auto it = scope.find(key); it != scope.end())
      return it->second;
  return {};
}

void Emitter::bind(Value tensor, ArrayRef<Coord> at, Value value) {
  scopes.back()[{tensor.getAsOpaquePointer(), Coords(at)}] = value;
}

Value Emitter::element(Value tensor, ArrayRef<Coord> at) {
  Key key{tensor.getAsOpaquePointer(), Coords(at)};
  if (Value known = lookup(key))
    return known;
  Value v;
  Type elementType = getElementTypeOrSelf(tensor);
  if (isa<BlockArgument>(tensor)) {
    SmallVector<DimExpr> sizes = dims.shape(tensor).dims;
    Coords where(at);
    if (form != Form::Full)
      std::tie(where, sizes) = collapsed(sizes, at);
    v = load(buffers.lookup(tensor), elementType, where, sizes);
  } else {
    Operation *op = tensor.getDefiningOp();
    v = llvm::TypeSwitch<Operation *, Value>(op)
            .Case<ConstantOp, UnaryOp, BinaryOp, CompareOp, SelectOp, CastOp, BitcastOp>(
                [&](auto) { return emitElementwise(*this, op, at); })
            .Case<ReshapeOp, BroadcastOp, TransposeOp, SliceOp, PadOp, ConcatOp, PackOp, IotaOp>(
                [&](auto) { return emitMovement(*this, op, at); })
            .Case<GatherOp, GatherElementsOp, GatherNdOp, GenerateOp>([&](auto) { return emitIndexing(*this, op, at); })
            .Case<ReduceOp, ArgReduceOp>([&](auto) { return emitReduction(*this, op, at); })
            .Default([&](Operation *) {
              emitError(op->getLoc()) << "'" << op->getName() << "' has no element in a kernel";
              return Value();
            });
  }
  if (v)
    scopes.back()[key] = v;
  return v;
}

Value Emitter::element(Value tensor, ArrayRef<Coord> at, Type type, bool &failed) {
  Value v = element(tensor, at);
  failed |= !v;
  return v ? convert(v, getElementTypeOrSelf(tensor), type, false) : constant(type, 0);
}

DimExpr adze::product(ArrayRef<DimExpr> sizes) {
  DimExpr out = 1;
  for (const DimExpr &d : sizes)
    out = out * d;
  return out;
}

std::pair<Coords, SmallVector<DimExpr>> Emitter::collapsed(ArrayRef<DimExpr> sizes, ArrayRef<Coord> at) {
  DimExpr total = product(sizes);
  if (total.isConstant(1))
    return {Coords(), {}};
  if (form == Form::Flat)
    return {Coords(at), {total}};
  Coords where;
  SmallVector<DimExpr> out;
  DimExpr rows = product(sizes.drop_back());
  if (!rows.isConstant(1)) {
    where.push_back(at[0]);
    out.push_back(rows);
  }
  if (!sizes.back().isConstant(1)) {
    where.push_back(at[1]);
    out.push_back(sizes.back());
  }
  return {where, out};
}

Coord Emitter::broadcastCoord(const DimExpr &from, const DimExpr &to, Coord at) {
  if (from == to)
    return at;
  if (from.isConstant(1))
    return {index(0)};
  // 1 or the result's size, which only the run knows: a stride of 0 or 1.
  return {select(cmpi(arith::CmpIPredicate::eq, size(from), index(1)), index(0), at.base), at.lane};
}

Coords Emitter::broadcastCoords(Value operand, Value result, ArrayRef<Coord> at) {
  if (form != Form::Full)
    return Coords(at);
  SmallVector<DimExpr> from = dims.shape(operand).dims, to = dims.shape(result).dims;
  Coords out;
  size_t skip = to.size() - from.size();
  for (size_t i = 0; i < from.size(); ++i)
    out.push_back(broadcastCoord(from[i], to[skip + i], at[skip + i]));
  return out;
}
