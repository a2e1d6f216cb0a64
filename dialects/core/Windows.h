// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Questions about ops that slide windows over a tensor (core.conv, core.pool), for fusion and lowering alike.
#pragma once
#include "dialects/core/Core.h"

namespace adze::core {

/// True for an f32 convolution of which each channel is its own group with one output channel, and whose window has a
/// known size.
bool isDepthwise(ConvOp op);

/// True if `window` may leave out what `pad` puts around the other dimensions than the first (images) and last
/// (channels): zeros for a sum of products, what is neutral for a pool.
bool isNeutralPadding(PadOp pad, mlir::Operation *window);

} // namespace adze::core
