// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "runtime/loader/write.h"

#include <errno.h>
#include <unistd.h>

bool adze_write_all(int descriptor, const void *bytes, size_t count) {
  for (const char *from = bytes; count > 0;) {
    ssize_t put = write(descriptor, from, count);
    if (put < 0 && errno == EINTR)
      continue;
    if (put <= 0)
      return false;
    from += put;
    count -= (size_t)put;
  }
  return true;
}
