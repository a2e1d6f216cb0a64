// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Windows that slide over the spatial dimensions of [N, C, spatial...]: what convolution and pooling share.
#pragma once
#include "passes/onnx_to_core/Builder.h"

namespace adze {

/// Strides, dilations and padding of a node, by spatial dimension.
struct SpatialWindow {
  llvm::SmallVector<int64_t> strides, dilations;
  llvm::SmallVector<mlir::Value> kernel; ///< sizes of the window
  llvm::SmallVector<mlir::Value> low;    ///< padding before
  llvm::SmallVector<mlir::Value> high;   ///< padding after, as the node says (what ceil_mode adds is not in it)
  llvm::SmallVector<mlir::Value> out;    ///< number of positions
  llvm::SmallVector<mlir::Value> padded; ///< size that the positions need: (out - 1) * stride + extent of the window

  size_t rank() const { return strides.size(); }
};

/// Reads strides, dilations, pads, auto_pad and ceil_mode of the node, for an input [N, C, spatial...] and window sizes
/// `kernel`. Nothing after it has reported an error.
std::optional<SpatialWindow> spatialWindow(CoreBuilder &b, mlir::Value nchw, mlir::ValueRange kernel);

/// The attribute kernel_shape as index values; an error if it is missing or does not fit `nchw`.
std::optional<llvm::SmallVector<mlir::Value>> kernelShape(CoreBuilder &b, mlir::Value nchw);

/// [N, C, spatial...] <-> [N, spatial..., C].
mlir::Value channelsLast(CoreBuilder &b, mlir::Value nchw);
mlir::Value channelsFirst(CoreBuilder &b, mlir::Value nhwc);

/// A channels-last input padded with `value` (rank 0) to what the window's positions need.
mlir::Value padToWindow(CoreBuilder &b, mlir::Value nhwc, const SpatialWindow &window, mlir::Value value);

} // namespace adze
