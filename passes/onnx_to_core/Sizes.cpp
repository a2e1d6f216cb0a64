// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "passes/onnx_to_core/Sizes.h"

using namespace mlir;
using namespace adze;
using namespace adze::core;

Value adze::floorDiv(CoreBuilder &b, Value x, Value y) {
  return CoreBuilder::constant(y) == 1 ? x : b.b.createOrFold<arith::FloorDivSIOp>(b.loc, x, y);
}
Value adze::ceilDiv(CoreBuilder &b, Value x, Value y) {
  return CoreBuilder::constant(y) == 1 ? x : b.b.createOrFold<arith::CeilDivSIOp>(b.loc, x, y);
}
Value adze::maxIndex(CoreBuilder &b, Value x, Value y) { return b.b.createOrFold<arith::MaxSIOp>(b.loc, x, y); }
Value adze::minIndex(CoreBuilder &b, Value x, Value y) { return b.b.createOrFold<arith::MinSIOp>(b.loc, x, y); }

Value adze::product(CoreBuilder &b, ValueRange sizes) {
  Value all = b.index(1);
  for (Value size : sizes)
    all = CoreBuilder::constant(all) == 1 ? size : b.muli(all, size);
  return all;
}

Value adze::compareIndex(CoreBuilder &b, arith::CmpIPredicate predicate, Value x, Value y) {
  return b.b.createOrFold<arith::CmpIOp>(b.loc, predicate, x, y);
}

Value adze::selectIndex(CoreBuilder &b, Value condition, Value x, Value y) {
  return b.b.createOrFold<arith::SelectOp>(b.loc, condition, x, y);
}

LogicalResult adze::require(CoreBuilder &b, arith::CmpIPredicate predicate, Value x, Value y, StringRef message) {
  Value holds = compareIndex(b, predicate, x, y);
  if (auto known = CoreBuilder::constant(holds)) {
    if (*known)
      return success();
    auto left = CoreBuilder::constant(x), right = CoreBuilder::constant(y);
    auto diagnostic = b.error() << message;
    if (left && right)
      diagnostic << ": " << *left << " and " << *right;
    return failure();
  }
  RequireOp::create(b.b, b.loc, holds, b.b.getStringAttr(message));
  return success();
}

std::optional<SmallVector<int64_t>> adze::listAttr(CoreBuilder &b, StringRef name, size_t count, int64_t otherwise,
                                                   int64_t least) {
  auto list = b.intsAttr(name);
  if (!list || (list->empty() && count))
    return SmallVector<int64_t>(count, otherwise);
  if (list->size() != count) {
    b.error() << name << " has " << list->size() << " entries, expected " << count;
    return std::nullopt;
  }
  for (int64_t v : *list)
    if (v < least || v > (int64_t(1) << 31)) {
      b.error() << name << " has the entry " << v << ", expected " << least << " or more";
      return std::nullopt;
    }
  return list;
}

std::optional<SmallVector<Value>> adze::indicesOf(CoreBuilder &b, Value tensor, int64_t count, StringRef what) {
  if (!tensor)
    return std::nullopt;
  if (b.rank(tensor) != 1 || b.isFloat(tensor)) {
    b.error() << what << " is " << tensor.getType() << ", expected a vector of integers";
    return std::nullopt;
  }
  std::string message = (what + " has another number of entries than expected").str();
  if (failed(requireEqual(b, b.dim(tensor, 0), b.index(count), message)))
    return std::nullopt;
  if (ShapedType::isDynamic(b.type(tensor).getDimSize(0)))
    tensor = b.reshape(tensor, b.index(count));
  auto values = b.indices(tensor);
  if (!values)
    b.error() << what << " has " << count << " entries, which are too many";
  return values;
}

SmallVector<int64_t> adze::range(int64_t first, int64_t last) {
  SmallVector<int64_t> out;
  for (int64_t i = first; i < last; ++i)
    out.push_back(i);
  return out;
}

Type adze::wideFloat(Type element) {
  auto type = dyn_cast<FloatType>(element);
  return type && type.getWidth() < 32 ? Float32Type::get(element.getContext()) : element;
}

Value adze::alongAxis(CoreBuilder &b, Value x, int64_t axis, int64_t rank) {
  if (!x)
    return {};
  CoreBuilder::Values sizes(rank, b.index(1));
  sizes[axis] = b.dim(x, 0);
  return b.reshape(x, sizes);
}

Value adze::asScalar(CoreBuilder &b, Value x) {
  if (!x || b.rank(x) == 0)
    return x;
  if (failed(
          requireEqual(b, product(b, b.dims(x)), b.index(1), "a scalar input has another number of elements than one")))
    return {};
  return b.reshape(x, {});
}

Value adze::elementAt(CoreBuilder &b, Value vector, int64_t i) {
  if (!vector)
    return {};
  return b.reshape(b.slice(vector, b.index(i), b.index(1), b.index(1)), {});
}

std::optional<SmallVector<double>> adze::constantFloats(Value tensor) {
  auto op = tensor ? tensor.getDefiningOp<ConstantOp>() : ConstantOp();
  auto elements = op ? dyn_cast<DenseFPElementsAttr>(op.getValue()) : DenseFPElementsAttr();
  if (!elements)
    return std::nullopt;
  SmallVector<double> out;
  for (APFloat v : elements.getValues<APFloat>()) {
    bool inexact;
    v.convert(APFloat::IEEEdouble(), APFloat::rmNearestTiesToEven, &inexact);
    out.push_back(v.convertToDouble());
  }
  return out;
}

Value adze::constantVector(CoreBuilder &b, Type element, ArrayRef<double> values) {
  auto type = RankedTensorType::get({int64_t(values.size())}, element);
  SmallVector<Attribute> elements;
  for (double v : values)
    if (isa<FloatType>(element))
      elements.push_back(b.b.getFloatAttr(element, v));
    else
      elements.push_back(b.b.getIntegerAttr(element, int64_t(v)));
  return ConstantOp::create(b.b, b.loc, type, DenseElementsAttr::get(type, elements));
}
