// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The work that copies and fills put in a stream: checked when it is given, checked again and done at the last moment.
#pragma once
#include "test/sim/cuda/Driver.h"

namespace adze::sim {

/// Whether these bytes of the host's memory are pinned.
bool isPinned(const Context &context, const void *data, size_t bytes);

/// Each answers nothing, and reports, if the device's range is not within one piece of memory. bytes > 0.
///
/// Of pinned memory a copy to the device takes what is there when it is done, and reports if that differs from what was
/// there when it was given; of other host memory it takes what is there at once, as drivers do. Of such memory neither
/// copy can be recorded: the stream is spoilt.
Recipe makeCopyIn(Context &context, const char *function, uint64_t to, const void *from, size_t bytes);
/// What the host may not read yet is filled with a pattern; a host that writes there before it is done is reported. So
/// are bytes that nobody has written.
Recipe makeCopyOut(Context &context, const char *function, void *to, uint64_t from, size_t bytes);
Recipe makeCopy(Context &context, const char *function, uint64_t to, uint64_t from, size_t bytes);
/// `count` elements of 1 or 4 bytes.
Recipe makeFill(Context &context, const char *function, uint64_t to, uint32_t value, size_t element, size_t count);

} // namespace adze::sim
