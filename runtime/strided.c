// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Strided copies: neighbouring dimensions are merged where both sides allow it, then an odometer runs over rows.
#include "runtime/strided.h"

#include "runtime/abi.h"

#include <string.h>

/// A dimension after merging; steps are in bytes.
typedef struct loop {
  int64_t size, to_step, from_step;
} loop;

static int32_t merge_dims(loop *loops, const int64_t *to_strides, const int64_t *from_strides, int32_t rank,
                          const int64_t *shape, int64_t element) {
  loop dims[ADZE_MAX_RANK];
  int64_t contiguous = element;
  for (int32_t d = rank - 1; d >= 0; --d) {
    dims[d].size = shape[d];
    dims[d].to_step = to_strides ? to_strides[d] * element : contiguous;
    dims[d].from_step = from_strides ? from_strides[d] * element : contiguous;
    contiguous *= shape[d];
  }
  int32_t count = 0;
  for (int32_t d = 0; d < rank; ++d) {
    if (dims[d].size == 1)
      continue;
    loop *outer = count ? &loops[count - 1] : NULL;
    if (outer && outer->to_step == dims[d].to_step * dims[d].size &&
        outer->from_step == dims[d].from_step * dims[d].size) {
      outer->size *= dims[d].size;
      outer->to_step = dims[d].to_step;
      outer->from_step = dims[d].from_step;
    } else {
      loops[count++] = dims[d];
    }
  }
  return count;
}

#define ADZE_COPY_ROW(type)                                                                                            \
  for (int64_t i = 0; i < row.size; ++i) {                                                                             \
    type value;                                                                                                        \
    memcpy(&value, from + i * row.from_step, sizeof value);                                                            \
    memcpy(to + i * row.to_step, &value, sizeof value);                                                                \
  }

static void copy_row(char *to, const char *from, loop row, int64_t element) {
  if (row.to_step == element && row.from_step == element) {
    memcpy(to, from, (size_t)(row.size * element));
    return;
  }
  switch (element) {
  case 1:
    ADZE_COPY_ROW(uint8_t)
    break;
  case 2:
    ADZE_COPY_ROW(uint16_t)
    break;
  case 4:
    ADZE_COPY_ROW(uint32_t)
    break;
  case 8:
    ADZE_COPY_ROW(uint64_t)
    break;
  default:
    for (int64_t i = 0; i < row.size; ++i)
      memcpy(to + i * row.to_step, from + i * row.from_step, (size_t)element);
  }
}

void adze_copy_strided(void *to, const int64_t *to_strides, const void *from, const int64_t *from_strides, int32_t rank,
                       const int64_t *shape, int64_t element) {
  for (int32_t d = 0; d < rank; ++d)
    if (shape[d] == 0)
      return;
  loop loops[ADZE_MAX_RANK];
  int32_t count = merge_dims(loops, to_strides, from_strides, rank, shape, element);
  if (count == 0) {
    memcpy(to, from, (size_t)element);
    return;
  }
  int64_t index[ADZE_MAX_RANK] = {0};
  char *target = to;
  const char *source = from;
  for (;;) {
    copy_row(target, source, loops[count - 1], element);
    int32_t d = count - 2;
    for (; d >= 0; --d) {
      target += loops[d].to_step;
      source += loops[d].from_step;
      if (++index[d] < loops[d].size)
        break;
      target -= loops[d].to_step * loops[d].size;
      source -= loops[d].from_step * loops[d].size;
      index[d] = 0;
    }
    if (d < 0)
      return;
  }
}
