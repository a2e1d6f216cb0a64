// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Sums and their like, counts, and the places of the greatest or least element.
#include "codegen/common/gpu/Reduction.h"

using namespace mlir;
using namespace adze;
using namespace adze::core;
using namespace adze::gpu;

/// The type of 32 or 64 bits that elements are joined in.
static Type joinedType(Type element) {
  MLIRContext *context = element.getContext();
  if (element.getIntOrFloatBitWidth() >= 32)
    return element;
  if (isa<FloatType>(element))
    return Float32Type::get(context);
  return IntegerType::get(context, 32, isUnsignedElement(element) ? IntegerType::Unsigned : IntegerType::Signless);
}

namespace {
/// core.reduce, and core.nonzero_count as the sum of ones.
class Sums final : public Joiner {
public:
  Sums(Emitter &e, Operation *op)
      : Joiner(e), element(getElementTypeOrSelf(op->getOperand(0))), to(getElementTypeOrSelf(op->getResult(0))) {
    auto reduce = dyn_cast<ReduceOp>(op);
    counts = !reduce;
    type = counts ? e.b.getI64Type() : joinedType(element);
    kind = counts ? ReduceKind::sum : reduce.getKind();
    start = counts ? e.constant(type, 0) : e.convert(e.neutral(kind, element), element, type, false);
    if (element.isInteger(1) && !counts) // of numbers that are 0 or 1
      kind = kind == ReduceKind::sum ? ReduceKind::max : kind == ReduceKind::prod ? ReduceKind::min : kind;
  }

  State none(int64_t lanes) override { return {e.splat(start, lanes)}; }

  State take(const State &state, Value v, Value, bool) override {
    if (counts) {
      v = e.convert(v, element, e.b.getI1Type(), false);
      v = e.create<arith::ExtUIOp>(e.typeLike(v, type), v);
    } else {
      v = e.convert(v, element, type, false);
    }
    return {e.join(kind, state[0], v, type)};
  }

  State join(const State &a, const State &b) override { return {e.join(kind, a[0], b[0], type)}; }
  Value result(const State &state) override { return e.convert(state[0], type, to, false); }

private:
  Type element, to, type;
  ReduceKind kind = ReduceKind::sum;
  bool counts = false;
  Value start;
};

/// core.arg_reduce: the best element so far and its number, which is -1 before the first.
class Best final : public Joiner {
public:
  Best(Emitter &e, ArgReduceOp op, bool isShort)
      : Joiner(e), op(op), element(getElementTypeOrSelf(op.getInput())), type(joinedType(element)),
        number(isShort ? e.b.getI32Type() : e.b.getI64Type()) {}

  State none(int64_t lanes) override {
    return {e.splat(e.constant(valueType(type), 0), lanes), e.splat(e.constant(number, -1), lanes)};
  }

  State take(const State &state, Value v, Value at, bool counted) override {
    v = e.convert(v, element, type, false);
    at = numbers(at, v, counted);
    Value wins = orI(isNone(state), e.compare(strict(op.getLast()), v, state[0], type));
    if (isFloat())
      wins = andI(orI(wins, isNan(v)), notI(isNan(state[0])));
    return {select(wins, v, state[0]), select(wins, at, state[1])};
  }

  State join(const State &a, const State &b) override {
    auto earlier = compare(arith::CmpIPredicate::slt, b[1], a[1]),
         later = compare(arith::CmpIPredicate::sgt, b[1], a[1]);
    Value equal = andI(e.compare(ComparePredicate::eq, a[0], b[0], type), op.getLast() ? later : earlier);
    Value wins = orI(e.compare(strict(false), b[0], a[0], type), equal);
    if (isFloat()) // the first that is no number
      wins = orI(wins, andI(isNan(b[0]), orI(notI(isNan(a[0])), earlier)));
    wins = andI(orI(wins, isNone(a)), notI(isNone(b)));
    return {select(wins, b[0], a[0]), select(wins, b[1], a[1])};
  }

  /// An empty range gives 0.
  Value result(const State &state) override {
    Value at = select(isNone(state), e.constant(state[1].getType(), 0), state[1]);
    return number.isInteger(64) ? at : e.create<arith::ExtSIOp>(e.typeLike(at, e.b.getI64Type()), at);
  }

private:
  bool isFloat() { return isa<FloatType>(type); }
  ComparePredicate strict(bool orEqual) {
    if (op.getKind() == ReduceKind::max)
      return orEqual ? ComparePredicate::ge : ComparePredicate::gt;
    return orEqual ? ComparePredicate::le : ComparePredicate::lt;
  }
  Value isNan(Value v) { return e.unary(UnaryKind::is_nan, v, type); }
  Value isNone(const State &state) {
    return compare(arith::CmpIPredicate::slt, state[1], e.constant(state[1].getType(), 0));
  }
  Value compare(arith::CmpIPredicate predicate, Value a, Value b) { return e.create<arith::CmpIOp>(predicate, a, b); }
  Value orI(Value a, Value b) { return e.create<arith::OrIOp>(a, b); }
  Value andI(Value a, Value b) { return e.create<arith::AndIOp>(a, b); }
  Value notI(Value a) { return e.create<arith::XOrIOp>(a, e.constant(a.getType(), 1)); }
  Value select(Value c, Value a, Value b) { return e.create<arith::SelectOp>(c, a, b); }

  /// The numbers of the lanes of `v`.
  Value numbers(Value at, Value v, bool counted) {
    at = e.create<arith::IndexCastOp>(number, at);
    auto vector = dyn_cast<VectorType>(v.getType());
    if (!vector)
      return at;
    at = e.splat(at, vector.getNumElements());
    if (!counted)
      return at;
    SmallVector<Attribute> steps;
    for (int64_t i = 0; i < vector.getNumElements(); ++i)
      steps.push_back(e.b.getIntegerAttr(number, i));
    auto type = VectorType::get(vector.getShape(), number);
    return e.create<arith::AddIOp>(at, e.create<arith::ConstantOp>(DenseElementsAttr::get(type, steps)));
  }

  ArgReduceOp op;
  Type element, type, number;
};
} // namespace

std::unique_ptr<Joiner> Joiner::of(Emitter &e, Operation *op, const DimExpr &count) {
  auto known = count.constant();
  if (auto best = dyn_cast<ArgReduceOp>(op))
    return std::make_unique<Best>(e, best, known && *known <= INT32_MAX);
  return std::make_unique<Sums>(e, op);
}
