// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "tools/adze/Elements.h"

#include "runtime/tensor.h"

#include <cmath>
#include <cstring>
#include <limits>

using namespace adze::tool;

namespace {

/// The layout of a floating-point type of 16 bits or less, the sign first.
struct FloatFormat {
  int exponentBits, mantissaBits, bias;
  enum { Ieee, OnlyNanOfAllOnes, NanIsMinusZero, Finite } special; ///< how infinities and NaN are written
};

double decode(unsigned bits, const FloatFormat &format) {
  constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
  unsigned sign = bits >> (format.exponentBits + format.mantissaBits) & 1;
  unsigned allOnes = (1u << format.exponentBits) - 1, manyOnes = (1u << format.mantissaBits) - 1;
  unsigned exponent = bits >> format.mantissaBits & allOnes, mantissa = bits & manyOnes;
  if (format.special == FloatFormat::Ieee && exponent == allOnes)
    return mantissa ? kNan : (sign ? -1 : 1) * std::numeric_limits<double>::infinity();
  if (format.special == FloatFormat::OnlyNanOfAllOnes && exponent == allOnes && mantissa == manyOnes)
    return kNan;
  if (format.special == FloatFormat::NanIsMinusZero && sign && !exponent && !mantissa)
    return kNan;
  double value = std::ldexp(mantissa + (exponent ? manyOnes + 1 : 0),
                            static_cast<int>(exponent ? exponent : 1) - format.bias - format.mantissaBits);
  return sign ? -value : value;
}

template <typename T> T load(const void *data) {
  T value;
  memcpy(&value, data, sizeof value);
  return value;
}

} // namespace

bool adze::tool::isInteger(adze_dtype dtype) {
  switch (dtype) {
  case ADZE_BOOL:
  case ADZE_U2:
  case ADZE_I2:
  case ADZE_U4:
  case ADZE_I4:
  case ADZE_U8:
  case ADZE_I8:
  case ADZE_U16:
  case ADZE_I16:
  case ADZE_U32:
  case ADZE_I32:
  case ADZE_U64:
  case ADZE_I64:
    return true;
  default:
    return false;
  }
}

long double adze::tool::numberAt(adze_dtype dtype, const void *data) {
  switch (dtype) {
  case ADZE_F32:
    return load<float>(data);
  case ADZE_F64:
    return load<double>(data);
  case ADZE_F16:
    return decode(load<uint16_t>(data), {5, 10, 15, FloatFormat::Ieee});
  case ADZE_BF16:
    return decode(load<uint16_t>(data), {8, 7, 127, FloatFormat::Ieee});
  case ADZE_F8E4M3FN:
    return decode(load<uint8_t>(data), {4, 3, 7, FloatFormat::OnlyNanOfAllOnes});
  case ADZE_F8E4M3FNUZ:
    return decode(load<uint8_t>(data), {4, 3, 8, FloatFormat::NanIsMinusZero});
  case ADZE_F8E5M2:
    return decode(load<uint8_t>(data), {5, 2, 15, FloatFormat::Ieee});
  case ADZE_F8E5M2FNUZ:
    return decode(load<uint8_t>(data), {5, 2, 16, FloatFormat::NanIsMinusZero});
  case ADZE_F4E2M1:
    return decode(load<uint8_t>(data), {2, 1, 1, FloatFormat::Finite});
  case ADZE_F8E8M0: {
    unsigned bits = load<uint8_t>(data);
    return bits == 255 ? std::numeric_limits<long double>::quiet_NaN() : std::ldexp(1.0L, static_cast<int>(bits) - 127);
  }
  case ADZE_I2:
  case ADZE_I4:
  case ADZE_I8:
    return load<int8_t>(data);
  case ADZE_BOOL:
  case ADZE_U2:
  case ADZE_U4:
  case ADZE_U8:
    return load<uint8_t>(data);
  case ADZE_I16:
    return load<int16_t>(data);
  case ADZE_U16:
    return load<uint16_t>(data);
  case ADZE_I32:
    return load<int32_t>(data);
  case ADZE_U32:
    return load<uint32_t>(data);
  case ADZE_I64:
    return static_cast<long double>(load<int64_t>(data));
  case ADZE_U64:
    return static_cast<long double>(load<uint64_t>(data));
  case ADZE_STRING:
    return 0;
  }
  return 0;
}

std::string adze::tool::elementText(adze_dtype dtype, const void *data) {
  char text[64];
  if (dtype == ADZE_U64)
    snprintf(text, sizeof text, "%llu", static_cast<unsigned long long>(load<uint64_t>(data)));
  else if (isInteger(dtype))
    snprintf(text, sizeof text, "%lld", static_cast<long long>(numberAt(dtype, data)));
  else
    snprintf(text, sizeof text, "%.*g",
             dtype == ADZE_F64   ? 17
             : dtype == ADZE_F32 ? 9
                                 : 5,
             static_cast<double>(numberAt(dtype, data)));
  return text;
}

bool adze::tool::makeRowMajor(Tensor &tensor) {
  int32_t rank = static_cast<int32_t>(tensor.shape.size());
  if (tensor.strides.empty() || adze_is_contiguous(rank, tensor.shape.data(), tensor.strides.data())) {
    tensor.strides.clear();
    return true;
  }
  int64_t element = adze_dtype_bytes(tensor.dtype), bytes = 0;
  Bytes moved;
  if (adze_tensor_bytes(rank, tensor.shape.data(), element, &bytes))
    moved = allocate(static_cast<size_t>(bytes));
  if (!moved)
    return false;
  std::vector<int64_t> index(tensor.shape.size(), 0);
  const char *from = static_cast<const char *>(tensor.data.get());
  for (int64_t at = 0; at < bytes; at += element) {
    memcpy(static_cast<char *>(moved.get()) + at, from, static_cast<size_t>(element));
    for (size_t d = index.size(); d-- > 0;) {
      from += tensor.strides[d] * element;
      if (++index[d] < tensor.shape[d])
        break;
      from -= tensor.shape[d] * tensor.strides[d] * element;
      index[d] = 0;
    }
  }
  tensor.data = std::move(moved);
  tensor.strides.clear();
  return true;
}
