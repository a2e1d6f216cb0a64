// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Statuses and messages; see error.h.
#include "runtime/error.h"

typedef struct text {
  char *out;
  size_t used, room; // room excludes the terminator
  int cut;
} text;

static void put(text *t, char c) {
  if (t->used < t->room)
    t->out[t->used++] = c;
  else
    t->cut = 1;
}

static void put_string(text *t, const char *s) {
  if (!s)
    s = "(none)";
  for (; *s; ++s) {
    unsigned char c = (unsigned char)*s;
    put(t, c < 0x20 || c == 0x7f ? '?' : *s);
  }
}

static void put_integer(text *t, long long value) {
  char digits[20];
  int count = 0;
  unsigned long long rest = value < 0 ? 0ull - (unsigned long long)value : (unsigned long long)value;
  do
    digits[count++] = (char)('0' + rest % 10);
  while (rest /= 10);
  if (value < 0)
    put(t, '-');
  while (count)
    put(t, digits[--count]);
}

/// Drops the bytes of a UTF-8 sequence that the end of the buffer cut in two.
static void drop_half_character(text *t) {
  size_t start = t->used, length = 1;
  while (start > 0 && t->used - start < 3 && ((unsigned char)t->out[start - 1] & 0xc0) == 0x80)
    --start;
  if (start == 0)
    return;
  unsigned char lead = (unsigned char)t->out[start - 1];
  if (lead >= 0xf0)
    length = 4;
  else if (lead >= 0xe0)
    length = 3;
  else if (lead >= 0xc0)
    length = 2;
  if (t->used - (start - 1) < length)
    t->used = start - 1;
}

void adze_format(char *out, size_t bytes, const char *format, va_list args) {
  text t = {out, 0, bytes - 1, 0};
  for (const char *f = format; *f; ++f) {
    if (*f != '%') {
      put(&t, *f);
      continue;
    }
    ++f;
    if (*f == 's')
      put_string(&t, va_arg(args, const char *));
    else if (*f == 'd')
      put_integer(&t, va_arg(args, int));
    else if (f[0] == 'l' && f[1] == 'l' && f[2] == 'd') {
      put_integer(&t, va_arg(args, long long));
      f += 2;
    } else if (*f == '%')
      put(&t, '%');
    else
      break;
  }
  if (t.cut)
    drop_half_character(&t);
  out[t.used] = 0;
}

adze_status adze_fail(adze_error *error, adze_status status, const char *format, ...) {
  if (!error)
    return status;
  va_list args;
  va_start(args, format);
  error->status = status;
  adze_format(error->message, sizeof error->message, format, args);
  va_end(args);
  return status;
}

const char *adze_status_text(adze_status status) {
  switch (status) {
  case ADZE_OK:
    return "success";
  case ADZE_INVALID_ARGUMENT:
    return "invalid argument";
  case ADZE_ABI_MISMATCH:
    return "made for another ABI version";
  case ADZE_UNSUPPORTED_CPU:
    return "unsupported CPU";
  case ADZE_OUT_OF_MEMORY:
    return "out of memory";
  case ADZE_INDEX_OUT_OF_RANGE:
    return "index out of range";
  case ADZE_SHAPE_MISMATCH:
    return "sizes do not fit together";
  case ADZE_BAD_ARTIFACT:
    return "not a usable artifact";
  case ADZE_IO_ERROR:
    return "input or output error";
  case ADZE_INVALID_VALUE:
    return "invalid value";
  case ADZE_INTERNAL:
    return "internal error";
  case ADZE_CANCELLED:
    return "cancelled";
  case ADZE_NO_DEVICE:
    return "no device";
  case ADZE_DEVICE_ERROR:
    return "error of a device";
  }
  return "unknown status";
}
