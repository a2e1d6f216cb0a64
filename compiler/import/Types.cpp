// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/import/Types.h"
#include "dialects/core/Core.h"
#include "dialects/onnx/DataTypes.h"

using namespace mlir;
using namespace adze;

std::string adze::sizeProblem(ArrayRef<int64_t> sizes, Type element) {
  int64_t bytes = std::max(1u, core::elementBytes(element));
  for (int64_t size : sizes) {
    if (size < 0)
      return "has a dimension of size " + std::to_string(size);
    // Where one is zero, the others still count: they meet in products of their own later.
    if (size > 0 && __builtin_mul_overflow(bytes, size, &bytes))
      return "has more bytes than can be addressed";
  }
  return "";
}

static Type tensorType(const ::onnx::TypeProto::Tensor &type, Location loc, DimNames &names) {
  Type element = adze::onnx::elementType(type.elem_type(), loc.getContext());
  if (!element) {
    emitError(loc) << "data type " << type.elem_type() << " is not supported";
    return {};
  }
  if (!type.has_shape())
    return UnrankedTensorType::get(element);
  if (type.shape().dim_size() > kMaxRank) {
    emitError(loc) << "has rank " << type.shape().dim_size() << ", more than " << kMaxRank;
    return {};
  }
  SmallVector<int64_t> sizes, known;
  for (auto &dim : type.shape().dim()) {
    names.emplace_back();
    // Exporters write -1, and "?", for a size that they do not know; two of these need not be equal.
    if (dim.has_dim_value() && dim.dim_value() != -1) {
      sizes.push_back(dim.dim_value());
      known.push_back(dim.dim_value());
      continue;
    }
    sizes.push_back(ShapedType::kDynamic);
    if (dim.dim_param() != "?")
      names.back() = dim.dim_param();
  }
  if (std::string problem = sizeProblem(known, element); !problem.empty()) {
    emitError(loc) << problem;
    return {};
  }
  return RankedTensorType::get(sizes, element);
}

Type adze::valueType(const ::onnx::TypeProto &type, Location loc, DimNames &names) {
  DimNames inner;
  MLIRContext *context = loc.getContext();
  switch (type.value_case()) {
  case ::onnx::TypeProto::kTensorType:
    return tensorType(type.tensor_type(), loc, names);
  case ::onnx::TypeProto::kSequenceType:
    if (Type element = valueType(type.sequence_type().elem_type(), loc, inner))
      return core::SequenceType::get(context, element);
    return {};
  case ::onnx::TypeProto::kOptionalType:
    if (Type element = valueType(type.optional_type().elem_type(), loc, inner))
      return core::OptionalType::get(context, element);
    return {};
  case ::onnx::TypeProto::VALUE_NOT_SET:
    emitError(loc) << "has no type";
    return {};
  default:
    emitError(loc) << "is neither a tensor, a sequence nor an optional, which are the types that are supported";
    return {};
  }
}
