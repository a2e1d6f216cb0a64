// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef ADZE_CORE_PASSES_TD
#define ADZE_CORE_PASSES_TD
include "mlir/Pass/PassBase.td"

def RefineShapes : Pass<"adze-refine-shapes", "::mlir::ModuleOp"> {
  let summary = "Make sizes static where the symbolic analysis finds constants";
  let dependentDialects = ["::adze::core::CoreDialect", "::mlir::arith::ArithDialect"];
}

def FoldConstants : Pass<"adze-fold-constants", "::mlir::ModuleOp"> {
  let summary = "Evaluate ops whose operands are constants";
  let description = "Results from 4 KB up go to the context's BlobStore. What would grow much (a constant broadcast to a large shape) stays.";
  let options = [Option<"evaluate", "evaluate", "bool", "true",
                        "evaluate core ops too, not only make core.constants of other dialects' constants">];
  let dependentDialects = ["::adze::core::CoreDialect"];
}

def SinkTransposes : Pass<"adze-sink-transposes", "::mlir::ModuleOp"> {
  let summary = "Move transposes down through their users until they meet and cancel";
  let description = [{
    Convolutions take their channels last, so each comes with a transpose before and after it. One rule a family moves a transpose below
    elementwise ops, concat, pad, slice, gather, reductions and softmax; a transpose that moves only sizes of 1 is a reshape.
  }];
  let dependentDialects = ["::adze::core::CoreDialect", "::mlir::arith::ArithDialect", "::mlir::tensor::TensorDialect"];
}

def PackContractions : Pass<"adze-pack-contractions", "::mlir::ModuleOp"> {
  let summary = "Give f32 contractions packed right sides";
  let description = "core.matmul and core.conv of one group become core.packed_matmul and core.packed_conv of core.pack.";
  let dependentDialects = ["::adze::core::CoreDialect", "::mlir::arith::ArithDialect", "::mlir::tensor::TensorDialect"];
}
#endif
