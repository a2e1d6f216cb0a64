// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What the GPU storey knows of a machine.
#pragma once
#include "mlir/IR/BuiltinOps.h"

namespace adze::gpu {

struct Facts {
  int64_t warpSize = 32;           ///< threads that run in step
  int64_t sharedBytes = 48 * 1024; ///< of a block
  int64_t accessBytes = 16;        ///< the widest access of one thread

  /// As the module's attribute kDeviceFactsAttr.
  mlir::DictionaryAttr write(mlir::MLIRContext &context) const;
  /// Those of `module`; the defaults for what it does not say.
  static Facts of(mlir::ModuleOp module);
};

} // namespace adze::gpu
