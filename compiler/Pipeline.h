// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The stages of a compilation.
#pragma once
#include "compiler/Options.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/PassManager.h"

namespace adze {

class DeviceTarget;

/// One step of a compilation, by the name of what there is after it (`--stop-after`, `--start-at`).
struct Stage {
  llvm::StringLiteral name;
  void (*build)(mlir::OpPassManager &passes, const Options &options, const DeviceTarget *device);
};

/// The stages up to the host program, in order; then comes emission. The module has the target's facts (kTargetAttr)
/// from the start.
llvm::ArrayRef<Stage> stages();

/// Adds the passes of a stage, and the check of its contract. `device`: that of `options.target`; null if it is none.
void buildStage(mlir::OpPassManager &passes, const Stage &stage, const Options &options, const DeviceTarget *device);

/// Registers each stage as pipeline `adze-stage-NAME`, for adze-opt.
void registerStagePipelines();

} // namespace adze
