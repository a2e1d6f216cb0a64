// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The tables of a compiled program: what the artifact's description is made from. Held by the module attribute
// `adze.program` between the host passes and emission.
#pragma once
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/Types.h"
#include <optional>
#include <string>
#include <vector>

namespace adze::host {

/// Name and type of an input or output.
struct TensorInfo {
  std::string name;
  mlir::Type elementType;
  std::vector<int64_t> dims;         ///< -1: known only at run time
  std::vector<std::string> dimNames; ///< one a dimension; empty: none
};

/// Lives of a plan's buffers, in the plan's own time.
struct Plan {
  std::vector<int32_t> first, last;
  std::vector<int64_t> sizes; ///< in bytes; -1: known only at run time
  bool onDevice = false;      ///< whose memory it is
};

/// What the device's driver is told of a kernel.
struct DeviceKernel {
  int32_t threads;     ///< of a block, which is a work item
  int32_t sharedBytes; ///< of a block, beside what its code declares
  int32_t numBuffers;
  int32_t numScalars; ///< the site, then the sizes
  std::string name{}; ///< in the device's code; known when that is made
};

struct Kernel {
  std::string symbol;                      ///< of the function with its body
  std::string nodes;                       ///< names of the model's nodes in it, separated by ';'
  std::string operators;                   ///< names of those nodes' operators, each once, separated by ';'
  std::optional<DeviceKernel> device = {}; ///< none: the host runs it
};

struct Program {
  std::vector<TensorInfo> inputs, outputs;
  std::vector<Kernel> kernels; ///< in order of first use
  std::vector<Plan> plans;
  std::vector<std::string> sites;
  int64_t weightBytes = 0;
  int64_t deviceWeightBytes = 0; ///< how many of them, from the first on, the device's kernels read

  /// Sets the attribute of `module`.
  void write(mlir::ModuleOp module) const;
  /// Reads it back; an error on the module where it is absent or not of this form.
  static mlir::FailureOr<Program> read(mlir::ModuleOp module);
};

/// The attribute of a module-level core.constant: its offset among the weights.
constexpr llvm::StringLiteral kOffsetAttr = "adze.offset";
/// The unit attribute of a function that is a kernel's body.
constexpr llvm::StringLiteral kKernelAttr = "adze.kernel";
/// Alignment of each constant among the weights.
constexpr int64_t kWeightAlignment = 64;
/// The global that points to the weights, defined beside the program's description.
constexpr llvm::StringLiteral kWeightsPointer = "adze_weights_pointer";

} // namespace adze::host
