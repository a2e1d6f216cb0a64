// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// How the runtime reports: a status and a message in the caller's adze_error, formatted without the C library.
#ifndef ADZE_RUNTIME_ERROR_H
#define ADZE_RUNTIME_ERROR_H

#include "runtime/abi.h"

#include <stdarg.h>

#ifdef __cplusplus
extern "C" {
#endif

/// Writes the message of `format` into `error` (may be NULL) and answers `status`. Conversions: %s (NULL prints as
/// "(none)"), %d (int), %lld (long long), %%. Too long a message is cut at a character's end; control characters become
/// '?'.
adze_status adze_fail(adze_error *error, adze_status status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/// adze_fail into plain text of `bytes` > 0 bytes.
void adze_format(char *out, size_t bytes, const char *format, va_list args) __attribute__((format(printf, 3, 0)));

/// What a status means, in a few words; never NULL.
const char *adze_status_text(adze_status status);

#ifdef __cplusplus
}
#endif
#endif // ADZE_RUNTIME_ERROR_H
