// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The choice of images and devices; see choose.h.
#include "runtime/cuda/choose.h"

#include <stddef.h>
#include <string.h>

/// A machine's name taken apart: "sm_90a" is 90 and 'a'.
typedef struct machine {
  int number;  ///< 10 * major + minor
  char suffix; ///< 0: none
} machine;

static bool parse_machine(const char *name, machine *m) {
  enum { kMost = 100000 };
  if (name[0] != 's' || name[1] != 'm' || name[2] != '_')
    return false;
  const char *p = name + 3;
  m->number = 0;
  for (; *p >= '0' && *p <= '9' && m->number < kMost; ++p)
    m->number = 10 * m->number + (*p - '0');
  m->suffix = *p;
  return p > name + 3 && (!*p || ((*p == 'a' || *p == 'f') && !p[1]));
}

/// How well an image suits: 0 not at all, more is better.
static int rank(const adze_device_image *image, int device) {
  enum { kExact = 3 << 20, kCode = 2 << 20, kText = 1 << 20 };
  machine m;
  if (!parse_machine(image->machine, &m) || m.number > device)
    return 0;
  bool exact = m.number == device, same_major = m.number / 10 == device / 10, code = strcmp(image->form, "cubin") == 0;
  if ((!code && strcmp(image->form, "ptx") != 0) || (m.suffix == 'a' && !exact) || (m.suffix == 'f' && !same_major))
    return 0;
  int better = 2 * m.number + (m.suffix != 0); // what is made for this machine alone may use more of it
  if (code)
    return exact ? kExact + better : same_major ? kCode + better : 0;
  return kText + better;
}

const adze_device_image *adze_cuda_choose_image(const adze_device_image *images, int32_t num_images, int major,
                                                int minor) {
  const adze_device_image *best = NULL;
  int best_rank = 0;
  for (int32_t i = 0; i < num_images; ++i) {
    int found = rank(&images[i], 10 * major + minor);
    if (found > best_rank) {
      best = &images[i];
      best_rank = found;
    }
  }
  return best;
}

bool adze_cuda_is_number(const char *wanted, int32_t *number) {
  int64_t value = 0;
  const char *p = wanted;
  for (; *p >= '0' && *p <= '9'; ++p)
    if (value < INT32_MAX)
      value = 10 * value + (*p - '0');
  *number = value < INT32_MAX ? (int32_t)value : INT32_MAX;
  return p > wanted && !*p;
}

static char lower(char c) { return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c; }

bool adze_cuda_contains(const char *name, const char *part) {
  for (;; ++name) {
    size_t i = 0;
    while (part[i] && lower(name[i]) == lower(part[i]))
      ++i;
    if (!part[i])
      return true;
    if (!*name)
      return false;
  }
}
