// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "dialects/onnx/DataTypes.h"
#include "dialects/core/Core.h"

using namespace mlir;
using namespace adze;

static Type integer(unsigned bits, MLIRContext *context) { return IntegerType::get(context, bits); }

static Type unsignedInteger(unsigned bits, MLIRContext *context) {
  return IntegerType::get(context, bits, IntegerType::Unsigned);
}

Type onnx::elementType(int64_t dataType, MLIRContext *context) {
  switch (dataType) {
  case 1:
    return Float32Type::get(context);
  case 2:
    return unsignedInteger(8, context);
  case 3:
    return integer(8, context);
  case 4:
    return unsignedInteger(16, context);
  case 5:
    return integer(16, context);
  case 6:
    return integer(32, context);
  case 7:
    return integer(64, context);
  case 8:
    return core::StringType::get(context);
  case 9:
    return integer(1, context);
  case 10:
    return Float16Type::get(context);
  case 11:
    return Float64Type::get(context);
  case 12:
    return unsignedInteger(32, context);
  case 13:
    return unsignedInteger(64, context);
  case 16:
    return BFloat16Type::get(context);
  case 17:
    return Float8E4M3FNType::get(context);
  case 18:
    return Float8E4M3FNUZType::get(context);
  case 19:
    return Float8E5M2Type::get(context);
  case 20:
    return Float8E5M2FNUZType::get(context);
  case 21:
    return unsignedInteger(4, context);
  case 22:
    return integer(4, context);
  case 23:
    return Float4E2M1FNType::get(context);
  case 24:
    return Float8E8M0FNUType::get(context);
  case 25:
    return unsignedInteger(2, context);
  case 26:
    return integer(2, context);
  case 27:
    return Float6E2M3FNType::get(context);
  case 28:
    return Float6E3M2FNType::get(context);
  default:
    return {};
  }
}

std::optional<unsigned> onnx::dataTypeOf(Type element) {
  for (unsigned number = 1; number < kDataTypes; ++number)
    if (elementType(number, element.getContext()) == element)
      return number;
  return std::nullopt;
}
