// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "passes/onnx_to_core/Builder.h"
#include "dialects/core/Scalars.h"
#include "dialects/onnx/DataTypes.h"

using namespace mlir;
using namespace adze;
using namespace adze::core;

CoreBuilder::CoreBuilder(onnx::NodeOp node) : node(node), b(node), loc(node.getLoc()) {}

InFlightDiagnostic CoreBuilder::error() { return emitError(loc); }

LogicalResult CoreBuilder::done(ValueRange values) {
  results.assign(values.begin(), values.end());
  for (auto [i, result] : llvm::enumerate(node.getOutputs()))
    if (i >= values.size() && !result.use_empty())
      return error() << "output " << i << " is used, but the operator gives only " << values.size();
  if (results.size() < node.getNumResults())
    results.resize(node.getNumResults());
  for (auto [value, result] : llvm::zip(results, node.getOutputs()))
    if (!value && !result.use_empty())
      return failure();
  return success();
}

Value CoreBuilder::in(unsigned i) {
  Value v = node.getInput(i);
  if (!v) {
    error() << "input " << i << " is missing, expected a tensor";
    return {};
  }
  if (!isa<RankedTensorType>(v.getType())) {
    InFlightDiagnostic message = error() << "input " << i << " is " << v.getType()
                                         << ", expected a tensor whose rank is known at compile time";
    if (isa<UnrankedTensorType>(v.getType()))
      message << ": give the model's inputs shapes, with names for the sizes that vary";
    return {};
  }
  if (isa<StringType>(element(v))) {
    error() << "input " << i << " has elements of type " << element(v) << ", expected no strings";
    return {};
  }
  return v;
}

/// ONNX's name for the type of an attribute, as the import writes it.
static StringRef attributeTypeName(Attribute attr) {
  if (isa<IntegerAttr>(attr))
    return "INT";
  if (isa<FloatAttr>(attr))
    return "FLOAT";
  if (isa<StringAttr>(attr))
    return "STRING";
  if (isa<DenseI64ArrayAttr>(attr))
    return "INTS";
  if (isa<DenseF32ArrayAttr>(attr))
    return "FLOATS";
  if (isa<ArrayAttr>(attr))
    return "STRINGS";
  return isa<TypeAttr>(attr) ? "TYPE_PROTO" : "TENSOR";
}

template <typename T> T CoreBuilder::attrOf(StringRef name, StringRef expected) {
  Attribute attr = node.getNodeAttr(name);
  auto wanted = dyn_cast_or_null<T>(attr);
  if (!attr || wanted || llvm::is_contained(wrongAttributes, name))
    return wanted;
  wrongAttributes.push_back(name.str());
  error() << "attribute '" << name << "' is of type " << attributeTypeName(attr) << ", expected " << expected;
  return {};
}

int64_t CoreBuilder::intAttr(StringRef name, int64_t otherwise) {
  auto attr = attrOf<IntegerAttr>(name, "INT");
  return attr ? attr.getInt() : otherwise;
}

double CoreBuilder::floatAttr(StringRef name, double otherwise) {
  auto attr = attrOf<FloatAttr>(name, "FLOAT");
  return attr ? attr.getValueAsDouble() : otherwise;
}

std::string CoreBuilder::stringAttr(StringRef name, StringRef otherwise) {
  auto attr = attrOf<StringAttr>(name, "STRING");
  return (attr ? attr.getValue() : otherwise).str();
}

std::optional<SmallVector<int64_t>> CoreBuilder::intsAttr(StringRef name) {
  auto attr = attrOf<DenseI64ArrayAttr>(name, "INTS");
  if (!attr)
    return std::nullopt;
  return SmallVector<int64_t>(attr.asArrayRef());
}

std::optional<SmallVector<double>> CoreBuilder::floatsAttr(StringRef name) {
  auto attr = attrOf<DenseF32ArrayAttr>(name, "FLOATS");
  if (!attr)
    return std::nullopt;
  return SmallVector<double>(attr.asArrayRef());
}

Type CoreBuilder::elementOf(int64_t onnxType) {
  Type element = onnx::elementType(onnxType, b.getContext());
  if (!element)
    error() << "data type " << onnxType << " is not supported, expected the number of a real type in TensorProto";
  return element;
}

std::optional<int64_t> CoreBuilder::axis(int64_t axis, int64_t rank) {
  if (axis >= -rank && axis < rank)
    return axis < 0 ? axis + rank : axis;
  error() << "axis " << axis << " is out of range for rank " << rank << ", expected " << -rank << " to " << rank - 1;
  return std::nullopt;
}

Value CoreBuilder::addi(Value x, Value y) { return b.createOrFold<arith::AddIOp>(loc, x, y); }
Value CoreBuilder::subi(Value x, Value y) { return b.createOrFold<arith::SubIOp>(loc, x, y); }
Value CoreBuilder::muli(Value x, Value y) { return b.createOrFold<arith::MulIOp>(loc, x, y); }

Value CoreBuilder::dim(Value tensor, int64_t i) {
  if (!tensor)
    return {};
  int64_t size = type(tensor).getDimSize(i);
  return ShapedType::isDynamic(size) ? tensor::DimOp::create(b, loc, tensor, i).getResult() : index(size);
}

std::optional<CoreBuilder::Values> CoreBuilder::indices(Value tensor) {
  if (!tensor)
    return std::nullopt;
  return scalarElements(b, loc, tensor);
}

std::optional<SmallVector<int64_t>> CoreBuilder::constantInts(Value tensor) {
  auto values = indices(tensor);
  if (!values)
    return std::nullopt;
  SmallVector<int64_t> out;
  for (Value v : *values) {
    auto c = constant(v);
    if (!c)
      return std::nullopt;
    out.push_back(*c);
  }
  return out;
}

std::optional<int64_t> CoreBuilder::constant(Value index) { return constantOf(index); }

Value CoreBuilder::tensorOf(ValueRange indices) {
  SmallVector<Value> elements;
  for (Value v : indices)
    elements.push_back(b.createOrFold<arith::IndexCastOp>(loc, b.getI64Type(), v));
  auto type = RankedTensorType::get({int64_t(elements.size())}, b.getI64Type());
  if (elements.empty())
    return ConstantOp::create(b, loc, type, DenseElementsAttr::get(type, ArrayRef<Attribute>()));
  return tensor::FromElementsOp::create(b, loc, type, elements);
}

Value CoreBuilder::unary(UnaryKind kind, Value x) { return create<UnaryOp>(kind, x); }
Value CoreBuilder::binary(BinaryKind kind, Value x, Value y) { return create<BinaryOp>(kind, x, y); }
Value CoreBuilder::compare(ComparePredicate p, Value x, Value y) { return create<CompareOp>(p, x, y); }
Value CoreBuilder::select(Value c, Value x, Value y) { return create<SelectOp>(c, x, y); }

Value CoreBuilder::cast(Value x, Type to, bool saturate) {
  if (!x || !to || element(x) == to)
    return to ? x : Value();
  if (isa<StringType>(to)) {
    error() << "a cast from " << element(x) << " to " << to << " is not supported, expected numbers on both sides";
    return {};
  }
  return create<CastOp>(x, to, saturate);
}

Value CoreBuilder::scalar(Type element, double v) {
  if (!element.isIntOrFloat()) {
    error() << "elements of type " << element << " are no numbers";
    return {};
  }
  auto type = RankedTensorType::get({}, element);
  Attribute value;
  if (auto f = dyn_cast<FloatType>(element)) {
    APFloat rounded(v);
    bool inexact;
    rounded.convert(f.getFloatSemantics(), APFloat::rmNearestTiesToEven, &inexact);
    value = DenseElementsAttr::get(type, rounded);
  } else {
    unsigned width = element.getIntOrFloatBitWidth();
    value = DenseElementsAttr::get(type, APInt(width, uint64_t(int64_t(v)), /*isSigned=*/true, /*implicitTrunc=*/true));
  }
  return ConstantOp::create(b, loc, type, value);
}

Value CoreBuilder::scalarOf(Value index, Type element) {
  Value i64 = b.createOrFold<arith::IndexCastOp>(loc, b.getI64Type(), index);
  Value tensor = tensor::FromElementsOp::create(b, loc, RankedTensorType::get({}, b.getI64Type()), i64);
  return cast(tensor, element);
}

Value CoreBuilder::reshape(Value x, ValueRange sizes) { return create<ReshapeOp>(x, sizes); }
Value CoreBuilder::broadcast(Value x, ValueRange sizes) { return create<BroadcastOp>(x, sizes); }

Value CoreBuilder::transpose(Value x, ArrayRef<int64_t> permutation) {
  return llvm::is_sorted(permutation) ? x : create<TransposeOp>(x, permutation);
}

Value CoreBuilder::squeeze(Value x, ArrayRef<int64_t> axes) {
  if (!x)
    return {};
  Values sizes;
  for (int64_t i = 0; i < rank(x); ++i)
    if (!llvm::is_contained(axes, i))
      sizes.push_back(dim(x, i));
  return reshape(x, sizes);
}

Value CoreBuilder::unsqueeze(Value x, ArrayRef<int64_t> axes) {
  if (!x)
    return {};
  Values sizes;
  int64_t from = 0;
  for (int64_t i = 0, n = rank(x) + int64_t(axes.size()); i < n; ++i)
    sizes.push_back(llvm::is_contained(axes, i) ? index(1) : dim(x, from++));
  return reshape(x, sizes);
}

Value CoreBuilder::reverse(Value x, ArrayRef<int64_t> axes) {
  Values offsets(rank(x), index(0)), steps(rank(x), index(1)), sizes = dims(x);
  for (int64_t axis : axes) { // an empty one has no last
    offsets[axis] = arith::MaxSIOp::create(b, loc, subi(sizes[axis], index(1)), index(0));
    steps[axis] = index(-1);
  }
  return slice(x, offsets, steps, sizes);
}

Value CoreBuilder::slice(Value x, ValueRange offsets, ValueRange steps, ValueRange sizes) {
  return create<SliceOp>(x, offsets, steps, sizes);
}

Value CoreBuilder::sliceAxis(Value x, int64_t axis, Value offset, Value size) {
  if (!x)
    return {};
  Values offsets(rank(x), index(0)), steps(rank(x), index(1)), sizes = dims(x);
  offsets[axis] = offset;
  sizes[axis] = size;
  return slice(x, offsets, steps, sizes);
}

Value CoreBuilder::pad(PadMode mode, Value x, Value value, ValueRange low, ValueRange sizes) {
  return create<PadOp>(mode, x, value, low, sizes);
}
Value CoreBuilder::concat(int64_t axis, ValueRange inputs) {
  return inputs.size() == 1 ? inputs[0] : create<ConcatOp>(axis, inputs);
}
Value CoreBuilder::iota(Type element, int64_t axis, ValueRange sizes) {
  return element ? create<IotaOp>(element, axis, sizes) : Value();
}
Value CoreBuilder::gather(Value x, Value indices, int64_t axis) { return create<GatherOp>(x, indices, axis); }

Value CoreBuilder::reduce(ReduceKind kind, Value x, ArrayRef<int64_t> axes, bool keepdims) {
  return create<ReduceOp>(kind, x, axes, keepdims);
}

Value CoreBuilder::matmul(Value x, Value y, Type to) {
  if (!x || !y)
    return {};
  return create<MatmulOp>(x, y, to ? to : element(x));
}
