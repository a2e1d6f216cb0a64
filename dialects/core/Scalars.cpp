// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "dialects/core/Scalars.h"
#include "dialects/core/Core.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Matchers.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace adze::core;

static constexpr int64_t kMaxElements = 256;

std::optional<int64_t> adze::core::constantOf(Value scalar) {
  APInt constant;
  if (!matchPattern(scalar, m_ConstantInt(&constant)))
    return std::nullopt;
  return scalar.getType().isInteger(1) ? int64_t(constant.getBoolValue()) : constant.getSExtValue();
}

namespace {
using Elements = std::optional<SmallVector<Value>>;

/// Follows one tensor at a time; deeper than kMaxDepth it reads the tensor itself.
class Evaluator {
public:
  Evaluator(OpBuilder &b, Location loc) : b(b), loc(loc) {}
  Elements elements(Value tensor, int depth = 0);

private:
  static constexpr int kMaxDepth = 64;

  Elements follow(Operation *op, RankedTensorType type, int depth);
  /// Reads the tensor's own elements.
  SmallVector<Value> read(Value tensor, RankedTensorType type);
  Elements constant(ConstantOp op, RankedTensorType type);
  Elements fromElements(tensor::FromElementsOp op);
  Elements gather(GatherOp op, int depth);
  Elements slice(SliceOp op, int depth);
  Elements reduce(ReduceOp op, int depth);
  Elements castElements(CastOp op, RankedTensorType type, int depth);
  /// Applies `fn` to operands broadcast to `count` elements.
  Elements zip(ValueRange operands, int64_t count, int depth, function_ref<Value(ArrayRef<Value>)> fn);
  Value unary(UnaryKind kind, Value x);
  Value binary(BinaryKind kind, Value x, Value y);
  Value compare(ComparePredicate predicate, Value x, Value y);

  Value index(int64_t v) { return arith::ConstantIndexOp::create(b, loc, v); }
  template <typename Op, typename... Args> Value fold(Args... args) { return b.createOrFold<Op>(loc, args...); }

  OpBuilder &b;
  Location loc;
  llvm::DenseMap<Value, Elements> known; ///< a tensor may be used in many ways
};
} // namespace

Elements Evaluator::elements(Value tensor, int depth) {
  auto type = dyn_cast<RankedTensorType>(tensor.getType());
  if (!type || type.getRank() > 1 || !type.hasStaticShape() || type.getNumElements() > kMaxElements ||
      !type.getElementType().isInteger())
    return std::nullopt;
  if (auto it = known.find(tensor); it != known.end())
    return it->second;
  Elements found;
  if (Operation *op = tensor.getDefiningOp(); op && depth < kMaxDepth)
    found = follow(op, type, depth + 1);
  return known[tensor] = found ? found : Elements(read(tensor, type));
}

SmallVector<Value> Evaluator::read(Value tensor, RankedTensorType type) {
  // Unsigned and narrow elements are widened to i64 first, so that the value is the number.
  Type i64 = b.getI64Type();
  bool isBool = type.getElementType().isInteger(1);
  if (!isBool && type.getElementType() != i64)
    tensor = CastOp::create(b, loc, RankedTensorType::get(type.getShape(), i64), tensor, i64, /*saturate=*/false);
  SmallVector<Value> out;
  for (int64_t i = 0; i < type.getNumElements(); ++i) {
    SmallVector<Value> at;
    if (type.getRank())
      at.push_back(index(i));
    Value v = tensor::ExtractOp::create(b, loc, tensor, at);
    out.push_back(isBool ? v : fold<arith::IndexCastOp>(b.getIndexType(), v));
  }
  return out;
}

Elements Evaluator::follow(Operation *op, RankedTensorType type, int depth) {
  int64_t count = type.getNumElements();
  return llvm::TypeSwitch<Operation *, Elements>(op)
      .Case([&](ConstantOp op) { return constant(op, type); })
      .Case([&](tensor::FromElementsOp op) { return fromElements(op); })
      .Case([&](ReshapeOp op) { return elements(op.getInput(), depth); })
      .Case([&](CastOp op) { return castElements(op, type, depth); })
      .Case([&](GatherOp op) { return gather(op, depth); })
      .Case([&](SliceOp op) { return slice(op, depth); })
      .Case([&](ReduceOp op) { return reduce(op, depth); })
      .Case([&](ConcatOp op) -> Elements {
        SmallVector<Value> out;
        for (Value input : op.getInputs()) {
          auto part = elements(input, depth);
          if (!part)
            return std::nullopt;
          out.append(*part);
        }
        return out;
      })
      .Case([&](BroadcastOp op) { return zip(op.getInput(), count, depth, [](ArrayRef<Value> v) { return v[0]; }); })
      .Case([&](IotaOp op) -> Elements {
        SmallVector<Value> out;
        for (int64_t i = 0; i < count; ++i)
          out.push_back(index(i));
        return out;
      })
      .Case([&](UnaryOp op) {
        return zip(op.getInput(), count, depth, [&](ArrayRef<Value> v) { return unary(op.getKind(), v[0]); });
      })
      .Case([&](BinaryOp op) {
        return zip(op->getOperands(), count, depth,
                   [&](ArrayRef<Value> v) { return binary(op.getKind(), v[0], v[1]); });
      })
      .Case([&](CompareOp op) {
        return zip(op->getOperands(), count, depth,
                   [&](ArrayRef<Value> v) { return compare(op.getPredicate(), v[0], v[1]); });
      })
      .Case([&](SelectOp op) {
        return zip(op->getOperands(), count, depth,
                   [&](ArrayRef<Value> v) { return fold<arith::SelectOp>(v[0], v[1], v[2]); });
      })
      .Default([](Operation *) { return std::nullopt; });
}

Elements Evaluator::constant(ConstantOp op, RankedTensorType type) {
  auto dense = dyn_cast<DenseIntElementsAttr>(op.getValue());
  if (!dense)
    return std::nullopt;
  SmallVector<Value> out;
  for (const APInt &v : dense.getValues<APInt>())
    if (type.getElementType().isInteger(1))
      out.push_back(arith::ConstantIntOp::create(b, loc, v.getBoolValue(), 1));
    else
      out.push_back(index(isUnsignedElement(type.getElementType()) ? int64_t(v.getZExtValue()) : v.getSExtValue()));
  return out;
}

Elements Evaluator::fromElements(tensor::FromElementsOp op) {
  SmallVector<Value> out;
  for (Value v : op.getElements())
    if (v.getType().isInteger(1) || v.getType().isIndex())
      out.push_back(v);
    else if (auto cast = v.getDefiningOp<arith::IndexCastOp>(); cast && cast.getIn().getType().isIndex())
      out.push_back(cast.getIn());
    else if (v.getType().isSignlessInteger())
      out.push_back(fold<arith::IndexCastOp>(b.getIndexType(), v));
    else
      return std::nullopt;
  return out;
}

Elements Evaluator::castElements(CastOp op, RankedTensorType type, int depth) {
  Type from = getElementTypeOrSelf(op.getInput()), to = type.getElementType();
  if (!from.isInteger() || from.isInteger(1) != to.isInteger(1))
    return std::nullopt;
  bool widens = from == to || (from.getIntOrFloatBitWidth() <= 32 && to.isSignlessInteger(64)) ||
                (from.isSignlessInteger(64) && to.isSignlessInteger(32)); // sizes fit 32 bits where models say so
  return widens ? elements(op.getInput(), depth) : std::nullopt;
}

Elements Evaluator::gather(GatherOp op, int depth) {
  auto in = elements(op.getInput(), depth), indices = elements(op.getIndices(), depth);
  if (!in || !indices || cast<RankedTensorType>(op.getInput().getType()).getRank() != 1)
    return std::nullopt;
  SmallVector<Value> out;
  for (Value v : *indices) {
    auto at = constantOf(v);
    if (!at)
      return std::nullopt;
    int64_t i = *at < 0 ? *at + int64_t(in->size()) : *at;
    if (i < 0 || i >= int64_t(in->size()))
      return std::nullopt;
    out.push_back((*in)[i]);
  }
  return out;
}

Elements Evaluator::slice(SliceOp op, int depth) {
  auto in = elements(op.getInput(), depth);
  auto type = cast<RankedTensorType>(op.getResult().getType());
  if (!in || type.getRank() != 1)
    return std::nullopt;
  auto offset = constantOf(op.getOffsets()[0]), step = constantOf(op.getSteps()[0]);
  if (!offset || !step)
    return std::nullopt;
  SmallVector<Value> out;
  for (int64_t i = 0; i < type.getNumElements(); ++i) {
    auto at = int64_t(uint64_t(*offset) + uint64_t(i) * uint64_t(*step));
    if (at < 0 || at >= int64_t(in->size()))
      return std::nullopt;
    out.push_back((*in)[at]);
  }
  return out;
}

Elements Evaluator::reduce(ReduceOp op, int depth) {
  auto in = elements(op.getInput(), depth);
  if (!in || cast<RankedTensorType>(op.getInput().getType()).getRank() != 1 || op.getAxes().size() != 1 ||
      in->empty() || getElementTypeOrSelf(op.getInput()).isInteger(1))
    return std::nullopt;
  static constexpr BinaryKind kinds[] = {BinaryKind::add, BinaryKind::mul, BinaryKind::max, BinaryKind::min};
  Value all = in->front();
  for (Value v : llvm::drop_begin(*in))
    all = binary(kinds[int(op.getKind())], all, v);
  return SmallVector<Value>{all};
}

Elements Evaluator::zip(ValueRange operands, int64_t count, int depth, function_ref<Value(ArrayRef<Value>)> fn) {
  SmallVector<SmallVector<Value>> inputs;
  for (Value operand : operands) {
    auto in = elements(operand, depth);
    if (!in || (int64_t(in->size()) != count && in->size() != 1))
      return std::nullopt;
    inputs.push_back(*in);
  }
  SmallVector<Value> out;
  for (int64_t i = 0; i < count; ++i) {
    SmallVector<Value> at;
    for (auto &in : inputs)
      at.push_back(in.size() == 1 ? in[0] : in[i]);
    Value v = fn(at);
    if (!v)
      return std::nullopt;
    out.push_back(v);
  }
  return out;
}

Value Evaluator::unary(UnaryKind kind, Value x) {
  if (kind == UnaryKind::neg && x.getType().isIndex())
    return fold<arith::SubIOp>(index(0), x);
  if (kind == UnaryKind::bit_not && x.getType().isInteger(1))
    return fold<arith::XOrIOp>(x, arith::ConstantIntOp::create(b, loc, 1, 1).getResult());
  return {};
}

Value Evaluator::binary(BinaryKind kind, Value x, Value y) {
  bool isBool = x.getType().isInteger(1);
  switch (kind) {
  case BinaryKind::bit_and:
    return fold<arith::AndIOp>(x, y);
  case BinaryKind::bit_or:
    return fold<arith::OrIOp>(x, y);
  case BinaryKind::add:
    return isBool ? Value() : fold<arith::AddIOp>(x, y);
  case BinaryKind::sub:
    return isBool ? Value() : fold<arith::SubIOp>(x, y);
  case BinaryKind::mul:
    return isBool ? Value() : fold<arith::MulIOp>(x, y);
  case BinaryKind::min:
    return isBool ? Value() : fold<arith::MinSIOp>(x, y);
  case BinaryKind::max:
    return isBool ? Value() : fold<arith::MaxSIOp>(x, y);
  case BinaryKind::div:
  case BinaryKind::mod: {
    auto divisor = constantOf(y);
    if (isBool || !divisor || *divisor <= 0)
      return {};
    if (kind == BinaryKind::div)
      return fold<arith::DivSIOp>(x, y);
    Value quotient = fold<arith::FloorDivSIOp>(x, y);
    return fold<arith::SubIOp>(x, fold<arith::MulIOp>(quotient, y));
  }
  default:
    return {};
  }
}

Value Evaluator::compare(ComparePredicate predicate, Value x, Value y) {
  using P = arith::CmpIPredicate;
  static constexpr P predicates[] = {P::eq, P::ne, P::slt, P::sle, P::sgt, P::sge};
  return fold<arith::CmpIOp>(predicates[int(predicate)], x, y);
}

std::optional<SmallVector<Value>> adze::core::scalarElements(OpBuilder &builder, Location loc, Value tensor) {
  return Evaluator(builder, loc).elements(tensor);
}
