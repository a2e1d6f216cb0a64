// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "tools/adze/Difference.h"

#include "runtime/tensor.h"
#include "tools/adze/Elements.h"
#include "tools/adze/Names.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

using namespace adze::tool;

static constexpr double kInfinity = std::numeric_limits<double>::infinity();

Tolerance ToleranceFlags::of(adze_dtype dtype) const {
  Tolerance usual{1e-3, 0, 1e-4};
  if (isInteger(dtype))
    usual = {};
  else if (adze_dtype_bytes(dtype) < 4)
    usual = {1e-2, 0, 1e-2};
  return {relative.value_or(usual.relative), absolute.value_or(0), absolute ? 0 : usual.ofRange};
}

double Difference::ofRange() const {
  if (!mismatch.empty())
    return kInfinity;
  return maxAbsolute == 0 ? 0 : range > 0 ? maxAbsolute / range : kInfinity;
}

/// |a - b|: 0 for two NaNs, infinite where just one is no finite number.
static double distance(long double a, long double b) {
  if (a == b || (std::isnan(a) && std::isnan(b)))
    return 0;
  long double d = std::fabs(a - b);
  return std::isnan(d) ? kInfinity : static_cast<double>(d);
}

Difference adze::tool::compare(const Tensor &ours, Tensor &reference, Tolerance tolerance) {
  Difference result;
  if (ours.dtype != reference.dtype || ours.shape != reference.shape) {
    result.mismatch = typeText(ours.dtype, ours.shape) + " and " + typeText(reference.dtype, reference.shape);
    return result;
  }
  if (!makeRowMajor(reference)) {
    result.mismatch = "no memory to compare them";
    return result;
  }
  int64_t bytes = 0, element = adze_dtype_bytes(ours.dtype);
  adze_tensor_bytes(static_cast<int32_t>(ours.shape.size()), ours.shape.data(), element, &bytes);
  const char *a = static_cast<const char *>(ours.data.get()), *b = static_cast<const char *>(reference.data.get());
  for (int64_t at = 0; at < bytes; at += element)
    if (double size = static_cast<double>(std::fabs(numberAt(ours.dtype, b + at))); std::isfinite(size))
      result.range = std::max(result.range, size);
  result.allowed = tolerance.absolute + tolerance.ofRange * result.range;
  double worst = -1;
  for (int64_t at = 0; at < bytes; at += element, ++result.elements) {
    if (memcmp(a + at, b + at, static_cast<size_t>(element)) == 0)
      continue;
    long double theirs = numberAt(ours.dtype, b + at);
    double d = distance(numberAt(ours.dtype, a + at), theirs), size = static_cast<double>(std::fabs(theirs));
    bool isOutside = d > result.allowed + (std::isfinite(size) ? tolerance.relative * size : 0);
    result.maxAbsolute = std::max(result.maxAbsolute, d);
    if (d > 0)
      result.maxRelative = std::max(result.maxRelative, size == 0 || std::isinf(d) ? kInfinity : d / size);
    if (isOutside ? result.outside == 0 || d > worst : result.outside == 0 && d > worst) {
      worst = d;
      result.worst = result.elements;
    }
    result.outside += isOutside;
  }
  if (result.worst >= 0) {
    result.ours = elementText(ours.dtype, a + result.worst * element);
    result.theirs = elementText(ours.dtype, b + result.worst * element);
  }
  return result;
}

std::string adze::tool::placeText(int64_t at, const std::vector<int64_t> &shape) {
  std::vector<int64_t> index(shape.size());
  for (size_t d = shape.size(); d-- > 0; at /= shape[d])
    index[d] = at % shape[d];
  return "[" + commaSeparated(index) + "]";
}
