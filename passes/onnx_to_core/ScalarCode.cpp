// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "passes/onnx_to_core/ScalarCode.h"

using namespace mlir;
using namespace adze;
using namespace adze::core;

static bool isFloat(Value x) { return isa<FloatType>(x.getType()); }

Value ScalarCode::number(Type type, double v) {
  if (isa<FloatType>(type))
    return arith::ConstantOp::create(b, loc, b.getFloatAttr(type, v));
  return arith::ConstantOp::create(b, loc, b.getIntegerAttr(type, int64_t(v)));
}

Value ScalarCode::add(Value x, Value y) {
  return isFloat(x) ? b.createOrFold<arith::AddFOp>(loc, x, y) : b.createOrFold<arith::AddIOp>(loc, x, y);
}
Value ScalarCode::sub(Value x, Value y) {
  return isFloat(x) ? b.createOrFold<arith::SubFOp>(loc, x, y) : b.createOrFold<arith::SubIOp>(loc, x, y);
}
Value ScalarCode::mul(Value x, Value y) {
  return isFloat(x) ? b.createOrFold<arith::MulFOp>(loc, x, y) : b.createOrFold<arith::MulIOp>(loc, x, y);
}
Value ScalarCode::div(Value x, Value y) {
  return isFloat(x) ? b.createOrFold<arith::DivFOp>(loc, x, y) : b.createOrFold<arith::DivSIOp>(loc, x, y);
}
Value ScalarCode::min(Value x, Value y) {
  return isFloat(x) ? b.createOrFold<arith::MinimumFOp>(loc, x, y) : b.createOrFold<arith::MinSIOp>(loc, x, y);
}
Value ScalarCode::max(Value x, Value y) {
  return isFloat(x) ? b.createOrFold<arith::MaximumFOp>(loc, x, y) : b.createOrFold<arith::MaxSIOp>(loc, x, y);
}

Value ScalarCode::compare(Predicate p, Value x, Value y) {
  if (!isFloat(x))
    return b.createOrFold<arith::CmpIOp>(loc, p, x, y);
  using F = arith::CmpFPredicate;
  static constexpr F ordered[] = {F::OEQ, F::ONE, F::OLT, F::OLE, F::OGT, F::OGE};
  return b.createOrFold<arith::CmpFOp>(loc, ordered[int(p)], x, y);
}

Value ScalarCode::toFloat(Value index, Type type) {
  Value wide = b.createOrFold<arith::IndexCastOp>(loc, b.getI64Type(), index);
  return arith::SIToFPOp::create(b, loc, type, wide);
}

Value ScalarCode::toIndex(Value x) {
  constexpr double kLimit = 1LL << 40;
  Value low = number(x.getType(), -kLimit), high = number(x.getType(), kLimit);
  x = select(compare(Predicate::sgt, x, low), x, low);
  x = select(compare(Predicate::slt, x, high), x, high);
  Value wide = arith::FPToSIOp::create(b, loc, b.getI64Type(), x);
  return b.createOrFold<arith::IndexCastOp>(loc, b.getIndexType(), wide);
}

Value ScalarCode::convert(Value x, Type type) {
  unsigned from = x.getType().getIntOrFloatBitWidth(), to = type.getIntOrFloatBitWidth();
  if (x.getType() == type)
    return x;
  if (from < to)
    return arith::ExtFOp::create(b, loc, type, x);
  if (from > to)
    return arith::TruncFOp::create(b, loc, type, x);
  return convert(convert(x, b.getF32Type()), type); // f16 and bf16
}

Value ScalarCode::asIndex(Value integer) { return b.createOrFold<arith::IndexCastOp>(loc, b.getIndexType(), integer); }

Type ScalarCode::valueType(Type element) {
  auto integer = dyn_cast<IntegerType>(element);
  return integer ? IntegerType::get(element.getContext(), integer.getWidth()) : element;
}

Value ScalarCode::load(Value tensor, ValueRange at) {
  return LoadOp::create(b, loc, valueType(cast<RankedTensorType>(tensor.getType()).getElementType()), tensor, at);
}

Value ScalarCode::dim(Value tensor, int64_t i) {
  int64_t size = cast<RankedTensorType>(tensor.getType()).getDimSize(i);
  return ShapedType::isDynamic(size) ? tensor::DimOp::create(b, loc, tensor, i).getResult() : index(size);
}

Value ScalarCode::loadOr(Value tensor, ValueRange at, Value otherwise) {
  Value inside;
  for (auto [i, v] : llvm::enumerate(at)) {
    Value here = both(ge(v, index(0)), lt(v, dim(tensor, i)));
    inside = inside ? both(inside, here) : here;
  }
  if (!inside)
    return load(tensor, at);
  auto branch = scf::IfOp::create(b, loc, TypeRange{otherwise.getType()}, inside, /*withElseRegion=*/true);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(branch.thenBlock());
  scf::YieldOp::create(b, loc, load(tensor, at));
  b.setInsertionPointToStart(branch.elseBlock());
  scf::YieldOp::create(b, loc, otherwise);
  return branch.getResult(0);
}

ScalarCode::Values ScalarCode::loop(Value low, Value high, ValueRange init,
                                    function_ref<Values(Value, ValueRange)> body) {
  auto loop = scf::ForOp::create(b, loc, low, high, index(1), init,
                                 [&](OpBuilder &inner, Location at, Value i, ValueRange values) {
                                   OpBuilder::InsertionGuard guard(b);
                                   b.restoreInsertionPoint(inner.saveInsertionPoint());
                                   Values next = body(i, values);
                                   inner.restoreInsertionPoint(b.saveInsertionPoint());
                                   scf::YieldOp::create(inner, at, next);
                                 });
  return Values(loop.getResults());
}

Value adze::generate(CoreBuilder &b, ValueRange inputs, Type element, ValueRange sizes,
                     function_ref<Value(ScalarCode &, ValueRange)> body) {
  if (!element || llvm::is_contained(inputs, Value()) || llvm::is_contained(sizes, Value()))
    return {};
  SmallVector<int64_t> shape;
  for (Value size : sizes) {
    auto known = CoreBuilder::constant(size);
    shape.push_back(known && *known >= 0 ? *known : ShapedType::kDynamic);
  }
  auto op = GenerateOp::create(b.b, b.loc, RankedTensorType::get(shape, element), inputs, sizes);
  Block *block = b.b.createBlock(&op.getBody(), {}, SmallVector<Type>(shape.size(), b.b.getIndexType()),
                                 SmallVector<Location>(shape.size(), b.loc));
  ScalarCode code(b.b, b.loc);
  Value result = body(code, block->getArguments());
  YieldOp::create(b.b, b.loc, result);
  b.b.setInsertionPointAfter(op);
  return op.getResult();
}
