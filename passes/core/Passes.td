// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef ADZE_CORE_PASSES_TD
#define ADZE_CORE_PASSES_TD
include "mlir/Pass/PassBase.td"

def DropOpaqueResults : Pass<"adze-drop-opaque-results", "::mlir::ModuleOp"> {
  let summary = "Drop results of @main that are there to be looked at and whose types no caller can take";
  let description = [{
    Where all named values of a model are results (`adze.exposed`), those that turn out to be sequences, optionals or strings are dropped,
    and the module's list of values (`adze.values`) says why. The model's own outputs stay.
  }];
}

def RefineShapes : Pass<"adze-refine-shapes", "::mlir::ModuleOp"> {
  let summary = "Make sizes static where the symbolic analysis finds constants";
  let dependentDialects = ["::adze::core::CoreDialect", "::mlir::arith::ArithDialect"];
}

def GuardShapes : Pass<"adze-guard-shapes", "::mlir::ModuleOp"> {
  let summary = "Require at run time what ops need of their operands' sizes and the symbolic analysis cannot prove";
  let description = [{
    Each core op tells by its shape function what must hold of sizes (SizeRule), so that no kernel reads or writes outside its operands:
    that they broadcast, that a slice lies inside its input, that a reshape keeps the number of elements, and so on. Each rule that is
    not known to hold becomes one `core.require` before the op, computed from the symbols themselves, so that no op has another user.
  }];
  let dependentDialects = ["::adze::core::CoreDialect", "::mlir::arith::ArithDialect", "::mlir::tensor::TensorDialect"];
}

def FoldConstants : Pass<"adze-fold-constants", "::mlir::ModuleOp"> {
  let summary = "Evaluate ops whose operands are constants";
  let description = "Results from 4 KB up go to the context's BlobStore. What would grow much (a constant broadcast to a large shape) stays.";
  let options = [Option<"evaluate", "evaluate", "bool", "true",
                        "evaluate core ops too, not only make core.constants of other dialects' constants">];
  let dependentDialects = ["::adze::core::CoreDialect"];
}

def SplitReductions : Pass<"adze-split-reductions", "::mlir::ModuleOp"> {
  let summary = "Join many elements into few in two steps, for machines of many workers";
  let description = [{
    reduce(x, axes) -> reduce(reduce(x, the last axes), the first axes), where the result has few elements and many are joined, or it is not
    known how many: an element of a result is the work of one block of a GPU. An only axis is cut in two if that keeps no producer from being
    computed on the way. Parts of f16 and bf16 are joined in f32.
  }];
  let dependentDialects = ["::adze::core::CoreDialect", "::mlir::arith::ArithDialect"];
}

def SinkTransposes : Pass<"adze-sink-transposes", "::mlir::ModuleOp"> {
  let summary = "Move transposes down through their users until they meet and cancel";
  let description = [{
    Convolutions take their channels last, so each comes with a transpose before and after it. One rule a family moves a transpose below
    elementwise ops, concat, pad, slice, gather, reductions and softmax; a transpose that moves only sizes of 1 is a reshape. What is left moves above the padding of a window.
  }];
  let dependentDialects = ["::adze::core::CoreDialect", "::mlir::arith::ArithDialect", "::mlir::tensor::TensorDialect"];
}

def FillChannels : Pass<"adze-fill-channels", "::mlir::ModuleOp"> {
  let summary = "Give images of few channels whole chunks of them";
  let description = [{
    For machines that copy memory in chunks. The first convolution of a model has images of three channels: with zeros they become a chunk,
    as do its weights, a constant, where that is at most three times the work.
  }];
  let options = [Option<"chunkBytes", "chunk-bytes", "int64_t", "16", "of a chunk of contiguous memory">];
  let dependentDialects = ["::adze::core::CoreDialect", "::mlir::arith::ArithDialect", "::mlir::tensor::TensorDialect"];
}

def Simplify : Pass<"adze-simplify", "::mlir::ModuleOp"> {
  let summary = "Drop ops that exporters leave and that change nothing, and replace powers and divisions by cheaper ops";
  let description = [{
    x * 1, x + 0, pow(x, 2), division by a power of two, casts that lose nothing, reshapes of reshapes, reshapes, broadcasts,
    padding and slices to the shape that is there already (by the symbolic analysis).
  }];
  let dependentDialects = ["::adze::core::CoreDialect", "::mlir::arith::ArithDialect", "::mlir::tensor::TensorDialect"];
}

def RecognizeActivations : Pass<"adze-recognize-activations", "::mlir::ModuleOp"> {
  let summary = "GELU, SiLU, HardSwish and sigmoid written in parts -> one core.unary";
  let description = "Expressions are compared in normal form (sums of products), so the order in which an exporter writes them does not matter.";
  let dependentDialects = ["::adze::core::CoreDialect"];
}

def RecognizeNorms : Pass<"adze-recognize-norms", "::mlir::ModuleOp"> {
  let summary = "Layer and RMS normalisation and softmax written in parts -> core.norm, core.softmax";
  let description = "Scale and bias stay elementwise ops after the norm.";
  let dependentDialects = ["::adze::core::CoreDialect"];
}

def RecognizeAttention : Pass<"adze-recognize-attention", "::mlir::ModuleOp"> {
  let summary = "matmul, scale, mask, softmax, matmul -> core.attention";
  let description = [{
    Keys come transposed by whatever ops; scales go into the op; masks are added or select a very negative number; the NaN of rows without
    keys may be replaced by 0 after the softmax. Keys and values that are repeated for groups of heads are read without the repetition.
    With `widen`, operands of f16 and bf16 are cast to f32, which the op computes in anyway: for machines that multiply no shorter floats.
  }];
  let options = [Option<"widen", "widen", "bool", /*default=*/"true", "Cast operands of f16 and bf16 to f32">];
  let dependentDialects = ["::adze::core::CoreDialect", "::mlir::arith::ArithDialect", "::mlir::tensor::TensorDialect"];
}

def FoldQuantization : Pass<"adze-fold-quantization", "::mlir::ModuleOp"> {
  let summary = "Contractions of dequantised numbers -> contractions of 8-bit integers, with scale and zero point after them";
  let description = [{
    The left side has one scale and one zero point, which may come at run time; the right side is a constant with zero point 0 (of ui8: 128)
    and a scale for all or for each output channel. The left side becomes ui8, the right i8: the others are shifted by 128.

    With `general` integers keep their sign, the right side may be computed at run time and have zero points, the left a zero point for each
    row: for targets that multiply 8-bit integers of any signs.
  }];
  let options = [Option<"general", "general", "bool", "false", "any signs, zero points, and right sides that are not constant">];
  let dependentDialects = ["::adze::core::CoreDialect", "::mlir::arith::ArithDialect", "::mlir::tensor::TensorDialect"];
}

def FoldRequantization : Pass<"adze-fold-requantization", "::mlir::ModuleOp"> {
  let summary = "Compute what becomes 8-bit integers in steps of their scale";
  let description = [{
    The division by a constant scale goes into the constant factors of what is divided; numbers that are quantised and dequantised at once
    stay floats, between the ends of the integers. FoldConstants computes the new constants.
  }];
  let dependentDialects = ["::adze::core::CoreDialect"];
}

def SinkReshapes : Pass<"adze-sink-reshapes", "::mlir::ModuleOp"> {
  let summary = "Compute on flat rows what follows a product of flat rows";
  let description = [{
    Moves reshapes that add leading dimensions down through elementwise ops, norms and softmax of rows, and products with one matrix. What
    else such an op reads is flattened, which costs nothing.
  }];
  let dependentDialects = ["::adze::core::CoreDialect", "::mlir::arith::ArithDialect", "::mlir::tensor::TensorDialect"];
}

def HoistReshapes : Pass<"adze-hoist-reshapes", "::mlir::ModuleOp"> {
  let summary = "Move reshapes of attention's operands above transposes and slices";
  let description = "So that attention reads through these in place: heads are strided views of what a projection wrote.";
  let dependentDialects = ["::adze::core::CoreDialect", "::mlir::arith::ArithDialect", "::mlir::tensor::TensorDialect"];
}

def FoldScales : Pass<"adze-fold-scales", "::mlir::ModuleOp"> {
  let summary = "Put constant factors after a contraction into its constant right side, and constant summands together";
  let description = [{
    Batch normalisation after a convolution becomes a bias. What is added is one constant for each output channel at most; FoldConstants
    computes the new constants.
  }];
  let dependentDialects = ["::adze::core::CoreDialect"];
}

def PackContractions : Pass<"adze-pack-contractions", "::mlir::ModuleOp"> {
  let summary = "Give contractions of f32, and of ui8 and i8, packed right sides";
  let description = "core.matmul and core.conv of one group become core.packed_matmul and core.packed_conv of core.pack.";
  let dependentDialects = ["::adze::core::CoreDialect", "::mlir::arith::ArithDialect", "::mlir::tensor::TensorDialect"];
}
#endif
