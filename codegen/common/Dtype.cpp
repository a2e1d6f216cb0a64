// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "codegen/common/Dtype.h"
#include "mlir/IR/BuiltinTypes.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;

static std::optional<adze_dtype> integerDtype(IntegerType type) {
  bool isUnsigned = type.isUnsigned();
  switch (type.getWidth()) {
  case 1:
    return ADZE_BOOL;
  case 2:
    return isUnsigned ? ADZE_U2 : ADZE_I2;
  case 4:
    return isUnsigned ? ADZE_U4 : ADZE_I4;
  case 8:
    return isUnsigned ? ADZE_U8 : ADZE_I8;
  case 16:
    return isUnsigned ? ADZE_U16 : ADZE_I16;
  case 32:
    return isUnsigned ? ADZE_U32 : ADZE_I32;
  case 64:
    return isUnsigned ? ADZE_U64 : ADZE_I64;
  default:
    return std::nullopt;
  }
}

std::optional<adze_dtype> adze::dtypeOf(Type elementType) {
  using Result = std::optional<adze_dtype>;
  return llvm::TypeSwitch<Type, Result>(elementType)
      .Case([](IntegerType type) { return integerDtype(type); })
      .Case([](Float32Type) { return Result(ADZE_F32); })
      .Case([](Float64Type) { return Result(ADZE_F64); })
      .Case([](Float16Type) { return Result(ADZE_F16); })
      .Case([](BFloat16Type) { return Result(ADZE_BF16); })
      .Case([](Float8E4M3FNType) { return Result(ADZE_F8E4M3FN); })
      .Case([](Float8E4M3FNUZType) { return Result(ADZE_F8E4M3FNUZ); })
      .Case([](Float8E5M2Type) { return Result(ADZE_F8E5M2); })
      .Case([](Float8E5M2FNUZType) { return Result(ADZE_F8E5M2FNUZ); })
      .Case([](Float4E2M1FNType) { return Result(ADZE_F4E2M1); })
      .Case([](Float8E8M0FNUType) { return Result(ADZE_F8E8M0); })
      .Default([](Type) { return Result(); });
}

const char *adze::dtypeName(adze_dtype dtype) {
  switch (dtype) {
  case ADZE_F32:
    return "float32";
  case ADZE_U8:
    return "uint8";
  case ADZE_I8:
    return "int8";
  case ADZE_U16:
    return "uint16";
  case ADZE_I16:
    return "int16";
  case ADZE_I32:
    return "int32";
  case ADZE_I64:
    return "int64";
  case ADZE_STRING:
    return "string";
  case ADZE_BOOL:
    return "bool";
  case ADZE_F16:
    return "float16";
  case ADZE_F64:
    return "float64";
  case ADZE_U32:
    return "uint32";
  case ADZE_U64:
    return "uint64";
  case ADZE_BF16:
    return "bfloat16";
  case ADZE_F8E4M3FN:
    return "float8e4m3fn";
  case ADZE_F8E4M3FNUZ:
    return "float8e4m3fnuz";
  case ADZE_F8E5M2:
    return "float8e5m2";
  case ADZE_F8E5M2FNUZ:
    return "float8e5m2fnuz";
  case ADZE_U4:
    return "uint4";
  case ADZE_I4:
    return "int4";
  case ADZE_F4E2M1:
    return "float4e2m1";
  case ADZE_F8E8M0:
    return "float8e8m0";
  case ADZE_U2:
    return "uint2";
  case ADZE_I2:
    return "int2";
  }
  return "unknown";
}
