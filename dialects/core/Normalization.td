// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Row functions that fusion wants to see whole.
#ifndef ADZE_CORE_NORMALIZATION_TD
#define ADZE_CORE_NORMALIZATION_TD

def Core_SoftmaxOp : Core_Op<"softmax"> {
  let summary = "exp(x - max) / sum along `axis`, or the log of it; f16 and bf16 computed in f32";
  let arguments = (ins Core_Tensor:$input, I64Attr:$axis, UnitAttr:$log);
  let results = (outs Core_Tensor:$result);
  let assemblyFormat = "$input `axis` $axis (`log` $log^)? attr-dict `:` functional-type(operands, results)";
}

def Core_NormOp : Core_Op<"norm"> {
  let summary = "(x - mean) / sqrt(variance + epsilon) over the last dimensions from `axis` on; `rms`: x / sqrt(mean square + epsilon)";
  let arguments = (ins Core_Tensor:$input, I64Attr:$axis, F64Attr:$epsilon, UnitAttr:$rms);
  let results = (outs Core_Tensor:$result);
  let assemblyFormat = [{
    $input `axis` $axis `epsilon` $epsilon (`rms` $rms^)? attr-dict `:` functional-type(operands, results)
  }];
}
#endif
