// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The JSON text that says what an artifact is.
#pragma once
#include "codegen/Target.h"
#include "compiler/Options.h"
#include <map>

namespace adze {

/// What concerns a device.
struct DeviceMetadata {
  llvm::ArrayRef<DeviceImage> images; ///< that the artifact carries; none: all kernels are the host's
  const std::map<std::string, std::string> &hostReasons; ///< by kernel: why the host runs it though there is a device
};

/// `machine` is Target::machine(). What the import has kept of the model's file is read from attributes of `module`.
std::string makeMetadata(mlir::ModuleOp module, const host::Program &program, const DeviceMetadata &device,
                         llvm::StringRef machine, const Options &options);

} // namespace adze
