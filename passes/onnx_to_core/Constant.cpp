// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Tensors made of attributes, and of nothing but the sizes of their inputs.
#include "passes/onnx_to_core/OpTable.h"
#include "passes/onnx_to_core/Operands.h"
#include "passes/onnx_to_core/ShapeMath.h"
#include "passes/onnx_to_core/Sizes.h"

using namespace mlir;
using namespace adze;
using namespace adze::core;
using P = arith::CmpIPredicate;

/// The TENSOR attribute `name` as a constant; an error if it is not one. Large ones are a dictionary of blob and type.
static Value tensorAttr(CoreBuilder &b, StringRef name) {
  Attribute value = b.node.getNodeAttr(name);
  RankedTensorType type;
  if (auto blob = dyn_cast_or_null<DictionaryAttr>(value)) {
    value = blob.get("value");
    if (auto typeAttr = blob.getAs<TypeAttr>("type"))
      type = dyn_cast<RankedTensorType>(typeAttr.getValue());
  } else if (auto elements = dyn_cast_or_null<ElementsAttr>(value)) {
    type = dyn_cast<RankedTensorType>(elements.getType());
  }
  if (value && type)
    return ConstantOp::create(b.b, b.loc, type, value);
  b.error() << "attribute '" << name << "' is not a tensor, expected type TENSOR";
  return {};
}

static LogicalResult lowerConstant(CoreBuilder &b) {
  auto dense = [&](RankedTensorType type, auto values) {
    Value constant = ConstantOp::create(b.b, b.loc, type, DenseElementsAttr::get(type, values));
    return b.done(constant);
  };
  auto vector = [&](size_t size, Type element) { return RankedTensorType::get({int64_t(size)}, element); };
  auto scalar = [](Type element) { return RankedTensorType::get({}, element); };
  for (StringRef name : {"value", "sparse_value"})
    if (b.node.getNodeAttr(name))
      return b.done(tensorAttr(b, name));
  Type i64 = b.i(64), f32 = b.b.getF32Type();
  if (b.node.getNodeAttr("value_int"))
    return dense(scalar(i64), ArrayRef<int64_t>{b.intAttr("value_int", 0)});
  if (b.node.getNodeAttr("value_float"))
    return dense(scalar(f32), ArrayRef<float>{float(b.floatAttr("value_float", 0))});
  if (auto ints = b.intsAttr("value_ints"))
    return dense(vector(ints->size(), i64), ArrayRef(*ints));
  if (auto floats = b.floatsAttr("value_floats")) {
    SmallVector<float> values(floats->begin(), floats->end());
    return dense(vector(values.size(), f32), ArrayRef(values));
  }
  if (b.node.getNodeAttr("value_string") || b.node.getNodeAttr("value_strings"))
    return b.error() << "strings are not supported, expected numbers";
  return b.error() << "has no attribute that gives its value, expected value, value_int or another";
}

static LogicalResult lowerConstantOfShape(CoreBuilder &b) {
  Value shape = b.in(0);
  Value value = b.node.getNodeAttr("value") ? tensorAttr(b, "value") : b.scalar(b.b.getF32Type(), 0);
  if (!shape || !value)
    return failure();
  if (isString(value))
    return b.error() << "strings are not supported, expected numbers";
  if (b.type(value).getNumElements() != 1)
    return b.error() << "value is " << value.getType() << ", expected one element";
  auto sizes = b.indices(shape);
  if (!sizes || b.rank(shape) != 1)
    return b.error() << "the shape is " << shape.getType()
                     << ", whose number of entries, the result's rank, is not known at compile time";
  for (Value &size : *sizes)
    if (!(size = checkedSize(b, size, "a size")))
      return failure();
  return b.done(b.broadcast(asScalar(b, value), *sizes));
}

static LogicalResult lowerShape(CoreBuilder &b) {
  Value x = b.in(0);
  if (!x)
    return failure();
  int64_t rank = b.rank(x);
  auto bound = [&](StringRef name, int64_t otherwise) {
    int64_t v = b.intAttr(name, otherwise);
    return std::clamp<int64_t>(v < 0 ? v + rank : v, 0, rank);
  };
  int64_t start = bound("start", 0), end = std::max(bound("end", rank), start);
  CoreBuilder::Values sizes;
  for (int64_t d = start; d < end; ++d)
    sizes.push_back(b.dim(x, d));
  return b.done(b.tensorOf(sizes));
}

static LogicalResult lowerSize(CoreBuilder &b) {
  Value x = b.in(0);
  return b.done(x ? b.scalarOf(product(b, b.dims(x)), b.i(64)) : Value());
}

/// The number of elements of a range of integers.
static Value countOfIntegers(CoreBuilder &b, Value start, Value limit, Value delta) {
  auto from = b.indices(start), to = b.indices(limit), step = b.indices(delta);
  if (!from || !to || !step)
    return {};
  if (failed(require(b, P::ne, (*step)[0], b.index(0), "delta is zero")))
    return {};
  Value count = ceilDiv(b, b.subi((*to)[0], (*from)[0]), (*step)[0]);
  return isSize(count) ? count : maxIndex(b, count, b.index(0));
}

/// max(ceil((limit - start) / delta), 0), computed as f64 in a tensor of one element.
static Value countOfFloats(CoreBuilder &b, Value start, Value limit, Value delta) {
  Type f64 = b.b.getF64Type();
  Value quotient = b.div(b.sub(b.cast(limit, f64), b.cast(start, f64)), b.cast(delta, f64));
  Value count = b.max(b.unary(UnaryKind::ceil, quotient), b.like(quotient, 0));
  auto scalars = b.indices(b.cast(count, b.i(64), /*saturate=*/true));
  return scalars ? checkedSize(b, (*scalars)[0], "the number of elements") : Value();
}

static LogicalResult lowerRange(CoreBuilder &b) {
  Value start = asScalar(b, b.in(0)), limit = asScalar(b, b.in(1));
  Value delta = asScalar(b, b.in(2));
  if (!start || !limit || !delta)
    return failure();
  Type type = b.element(start), wide = wideFloat(type);
  bool isFloat = b.isFloat(start);
  Value count = isFloat ? countOfFloats(b, start, limit, delta) : countOfIntegers(b, start, limit, delta);
  if (!count)
    return failure();
  auto is = [&](Value v, int64_t what) {
    auto known = isFloat ? std::nullopt : b.constantInts(v);
    return known && (*known)[0] == what;
  };
  Value v = b.iota(wide, 0, count);
  if (!is(delta, 1))
    v = b.mul(v, b.cast(delta, wide));
  if (!is(start, 0))
    v = b.add(v, b.cast(start, wide));
  return b.done(b.cast(v, type));
}

static LogicalResult lowerEyeLike(CoreBuilder &b) {
  Value x = b.in(0);
  if (!x)
    return failure();
  Type type = b.node.getNodeAttr("dtype") ? b.elementOf(b.intAttr("dtype", 0)) : b.element(x);
  if (!type)
    return failure();
  if (b.rank(x) != 2)
    return b.error() << "input 0 is " << x.getType() << ", expected a matrix";
  auto sizes = b.dims(x);
  Value row = b.iota(b.i(64), 0, sizes), column = b.iota(b.i(64), 1, sizes);
  Value shifted = b.add(row, b.like(row, b.intAttr("k", 0)));
  return b.done(b.cast(b.compare(ComparePredicate::eq, shifted, column), type));
}

void adze::addConstantOps(OpTable &table) {
  table.onOp("Constant", 1, lowerConstant);
  table.onOp("ConstantOfShape", 9, lowerConstantOfShape);
  table.onOp("Shape", 1, lowerShape);
  table.onOp("Size", 1, lowerSize);
  table.onOp("Range", 11, lowerRange);
  table.onOp("EyeLike", 9, lowerEyeLike);
}
