// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Model-local functions, inlined before the graph is imported.
#pragma once
#include "mlir/IR/Location.h"
#include "onnx-ml.pb.h"

namespace adze {

/// Replaces every node that calls one of the model's functions by the function's nodes, in all graphs, with values
/// renamed apart and attribute references resolved. An error on `loc` for recursion and for a result that would be too
/// large.
mlir::LogicalResult inlineFunctions(::onnx::ModelProto &model, mlir::Location loc);

} // namespace adze
