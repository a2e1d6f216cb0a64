// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Reductions and scans along axes.
#ifndef ADZE_CORE_REDUCTION_TD
#define ADZE_CORE_REDUCTION_TD

def Core_ReduceKind : I32EnumAttr<"ReduceKind", "how elements are joined; over none: 0, 1, the least, the greatest", [
    Core_Case<"sum", 0>, Core_Case<"prod", 1>, Core_Case<"max", 2>, Core_Case<"min", 3>]> {
  let cppNamespace = "::adze::core";
}

def Core_ReduceOp : Core_Op<"reduce"> {
  let summary = "elements joined along `axes` (sorted, not negative); those dimensions become 1, or go without `keepdims`";
  let description = "f16 and bf16 are joined in f32. i1: max is or, min is and.";
  let arguments = (ins Core_ReduceKind:$kind, Core_Tensor:$input, DenseI64ArrayAttr:$axes, BoolAttr:$keepdims);
  let results = (outs Core_Tensor:$result);
  let assemblyFormat = "$kind $input `axes` $axes `keepdims` $keepdims attr-dict `:` functional-type(operands, results)";
}

def Core_ArgReduceOp : Core_Op<"arg_reduce"> {
  let summary = "i64 index of the greatest (kind max) or least (min) element along `axis`; the first of equal ones, or the last";
  let arguments = (ins Core_ReduceKind:$kind, Core_Tensor:$input, I64Attr:$axis, BoolAttr:$keepdims, UnitAttr:$last);
  let results = (outs Core_Tensor:$result);
  let assemblyFormat = [{
    $kind $input `axis` $axis `keepdims` $keepdims (`last` $last^)? attr-dict `:` functional-type(operands, results)
  }];
}

def Core_ScanOp : Core_Op<"scan"> {
  let summary = "running sum or product along `axis`; `exclusive` leaves the element itself out, `reverse` starts at the end";
  let arguments = (ins Core_ReduceKind:$kind, Core_Tensor:$input, I64Attr:$axis, UnitAttr:$exclusive, UnitAttr:$reverse);
  let results = (outs Core_Tensor:$result);
  let assemblyFormat = [{
    $kind $input `axis` $axis (`exclusive` $exclusive^)? (`reverse` $reverse^)? attr-dict
    `:` functional-type(operands, results)
  }];
}
#endif
