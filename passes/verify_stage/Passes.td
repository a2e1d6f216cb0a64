// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef ADZE_VERIFY_STAGE_PASSES_TD
#define ADZE_VERIFY_STAGE_PASSES_TD
include "mlir/Pass/PassBase.td"

def VerifyStage : Pass<"adze-verify-stage", "::mlir::ModuleOp"> {
  let summary = "Check that the module keeps the contract of a stage";
  let description = [{
    The contracts stand in `StageContracts.cpp`: which ops the host program and the kernels may hold, and what more is promised. The first
    op that breaks it is an error that names the op, the stage and the pipeline that should have brought it about.
  }];
  let options = [Option<"stage", "stage", "std::string", "\"\"", "the stage that the module is said to be at">];
}
#endif
