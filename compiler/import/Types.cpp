// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/import/Types.h"
#include "dialects/core/Core.h"

using namespace mlir;
using namespace adze;

Type adze::elementType(int32_t dataType, MLIRContext &context) {
  using T = ::onnx::TensorProto;
  auto i = [&](unsigned bits) { return IntegerType::get(&context, bits); };
  auto ui = [&](unsigned bits) { return IntegerType::get(&context, bits, IntegerType::Unsigned); };
  switch (dataType) {
  case T::FLOAT:
    return Float32Type::get(&context);
  case T::DOUBLE:
    return Float64Type::get(&context);
  case T::FLOAT16:
    return Float16Type::get(&context);
  case T::BFLOAT16:
    return BFloat16Type::get(&context);
  case T::FLOAT8E4M3FN:
    return Float8E4M3FNType::get(&context);
  case T::FLOAT8E4M3FNUZ:
    return Float8E4M3FNUZType::get(&context);
  case T::FLOAT8E5M2:
    return Float8E5M2Type::get(&context);
  case T::FLOAT8E5M2FNUZ:
    return Float8E5M2FNUZType::get(&context);
  case T::FLOAT4E2M1:
    return Float4E2M1FNType::get(&context);
  case T::FLOAT6E2M3:
    return Float6E2M3FNType::get(&context);
  case T::FLOAT6E3M2:
    return Float6E3M2FNType::get(&context);
  case T::FLOAT8E8M0:
    return Float8E8M0FNUType::get(&context);
  case T::BOOL:
    return i(1);
  case T::INT2:
    return i(2);
  case T::INT4:
    return i(4);
  case T::INT8:
    return i(8);
  case T::INT16:
    return i(16);
  case T::INT32:
    return i(32);
  case T::INT64:
    return i(64);
  case T::UINT2:
    return ui(2);
  case T::UINT4:
    return ui(4);
  case T::UINT8:
    return ui(8);
  case T::UINT16:
    return ui(16);
  case T::UINT32:
    return ui(32);
  case T::UINT64:
    return ui(64);
  case T::STRING:
    return core::StringType::get(&context);
  default:
    return {};
  }
}

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
  Type element = elementType(type.elem_type(), *loc.getContext());
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
