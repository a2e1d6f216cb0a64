// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What the GPU storey knows of a machine.
#pragma once
#include "codegen/common/gpu/MatrixUnits.h"
#include "mlir/IR/BuiltinOps.h"
#include <vector>

namespace adze::gpu {

struct Facts {
  int64_t warpSize = 32;           ///< threads that run in step
  int64_t sharedBytes = 48 * 1024; ///< of a block
  int64_t accessBytes = 16;        ///< the widest access of one thread
  int64_t multiprocessors = 96;    ///< blocks that keep all of it busy are at least so many; an assumption
  bool asyncCopy = false;          ///< kernel.async_copy is an instruction
  bool loadFragment = false;       ///< kernel.load_fragment is one
  bool allowTf32 = false;          ///< the user's choice, not the machine's: `allow` has "tf32"
  std::vector<MatrixUnit> units;   ///< the preferred first among those of equal types
  std::vector<MatrixUnit> split;   ///< of several terms, as far as the user allows them; written among `units`

  /// As the module's attribute kDeviceFactsAttr.
  mlir::DictionaryAttr write(mlir::MLIRContext &context) const;
  /// Those of `module`; the defaults for what it does not say.
  static Facts of(mlir::ModuleOp module);
  /// The unit of this name, or null.
  const MatrixUnit *unit(llvm::StringRef name) const;
};

} // namespace adze::gpu
