// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "passes/core/MoveBytes.h"
#include <cstring>

using namespace adze;
using llvm::ArrayRef;

llvm::SmallVector<int64_t> adze::stridesOf(ArrayRef<int64_t> shape) {
  llvm::SmallVector<int64_t> strides(shape.size(), 1);
  for (size_t i = shape.size(); i-- > 1;)
    strides[i - 1] = strides[i] * shape[i];
  return strides;
}

/// Copies a view's elements of `width` bytes to `to` in row-major order.
template <size_t width>
static void copyView(const StridedView &view, const char *from, char *to, size_t dim, int64_t at) {
  int64_t count = view.shape[dim], step = view.strides[dim];
  if (dim + 1 < view.shape.size()) {
    int64_t inner = 1;
    for (int64_t size : ArrayRef(view.shape).drop_front(dim + 1))
      inner *= size;
    for (int64_t i = 0; i < count; ++i)
      copyView<width>(view, from, to + i * inner * width, dim + 1, at + i * step);
    return;
  }
  if (step == 1) {
    std::memcpy(to, from + at * width, count * width);
    return;
  }
  for (int64_t i = 0; i < count; ++i)
    std::memcpy(to + i * width, from + (at + i * step) * width, width);
}

std::vector<char> adze::readView(const StridedView &view, ArrayRef<char> from, unsigned width) {
  int64_t count = 1;
  for (int64_t size : view.shape)
    count *= size;
  std::vector<char> out(count * width);
  if (count == 0)
    return out;
  if (view.shape.empty()) {
    std::memcpy(out.data(), from.data() + view.offset * width, width);
    return out;
  }
  auto copy = width == 1 ? copyView<1> : width == 2 ? copyView<2> : width == 4 ? copyView<4> : copyView<8>;
  copy(view, from.data(), out.data(), 0, view.offset);
  return out;
}

/// One panel of `width` columns of f32; answers where the next one begins.
static char *packFloats(char *to, const char *from, int64_t depth, int64_t columns, int64_t width) {
  for (int64_t k = 0; k < depth; ++k, to += 64)
    std::memcpy(to, from + k * columns * 4, width * 4);
  return to;
}

/// One panel of `width` columns of i8: four rows for each column.
static char *packBytes(char *to, const char *from, int64_t depth, int64_t columns, int64_t width) {
  for (int64_t k = 0; k < depth; k += 4, to += 64)
    for (int64_t row = 0; row < std::min<int64_t>(4, depth - k); ++row)
      for (int64_t j = 0; j < width; ++j)
        to[4 * j + row] = from[(k + row) * columns + j];
  return to;
}

int64_t PackedMatrices::size() const {
  return batch * ((columns + 15) / 16) * (width == 4 ? depth : (depth + 3) / 4) * 64;
}

std::vector<char> PackedMatrices::pack(ArrayRef<char> from) const {
  std::vector<char> out(size(), 0);
  char *to = out.data();
  for (int64_t b = 0; b < batch; ++b)
    for (int64_t column = 0; column < columns; column += 16) {
      const char *corner = from.data() + (b * depth * columns + column) * width;
      to = (width == 4 ? packFloats : packBytes)(to, corner, depth, columns, std::min<int64_t>(16, columns - column));
    }
  return out;
}
