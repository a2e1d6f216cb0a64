// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Contractions and windows. Channels are last; padding is a core.pad before.
#ifndef ADZE_CORE_CONTRACTION_TD
#define ADZE_CORE_CONTRACTION_TD

def Core_MatmulOp : Core_Op<"matmul"> {
  let summary = "[..., M, K] x [..., K, N] -> [..., M, N]; leading dimensions broadcast; ranks are 2 or more";
  let description = "Accumulates in f32 for f16 and bf16, in the result's element type `to` else (i8 x i8 -> i32).";
  let arguments = (ins Core_Tensor:$lhs, Core_Tensor:$rhs, TypeAttr:$to);
  let results = (outs Core_Tensor:$result);
  let assemblyFormat = "$lhs `,` $rhs `to` $to attr-dict `:` functional-type(operands, results)";
}

def Core_ConvOp : Core_Op<"conv"> {
  let summary = "[N, spatial..., C] x [window..., C/groups, OC] -> [N, out..., OC], inside the input only";
  let description = [{
    out = (size - ((window - 1) * dilation + 1)) floordiv stride + 1. Output channels of group g are
    [g * OC/groups, (g+1) * OC/groups).
  }];
  let arguments = (ins Core_Tensor:$input, Core_Tensor:$filter, DenseI64ArrayAttr:$strides,
                       DenseI64ArrayAttr:$dilations, I64Attr:$groups, TypeAttr:$to);
  let results = (outs Core_Tensor:$result);
  let assemblyFormat = [{
    $input `,` $filter `strides` $strides `dilations` $dilations `groups` $groups `to` $to attr-dict
    `:` functional-type(operands, results)
  }];
}

def Core_PackOp : Core_Op<"pack"> {
  let summary = "[..., K, N] -> panels [..., ceil(N / 16), K, 16]; columns from N on are zero";
  let description = "The one packed form of a contraction's right side: 64-byte panels of f32, read by every target.";
  let arguments = (ins Core_Tensor:$input);
  let results = (outs Core_Tensor:$result);
  let assemblyFormat = "$input attr-dict `:` functional-type(operands, results)";
}

def Core_PackedMatmulOp : Core_Op<"packed_matmul"> {
  let summary = "core.matmul of f32 whose right side is packed by core.pack from N = `columns`";
  let arguments = (ins Core_Tensor:$lhs, Core_Tensor:$panels, Index:$columns);
  let results = (outs Core_Tensor:$result);
  let assemblyFormat = "$lhs `,` $panels `columns` $columns attr-dict `:` type($lhs) `,` type($panels) `->` type($result)";
}

def Core_PackedConvOp : Core_Op<"packed_conv"> {
  let summary = "core.conv of f32 and one group whose filter [window... * C, OC] is packed by core.pack; `window` is its size";
  let arguments = (ins Core_Tensor:$input, Core_Tensor:$panels, Index:$columns, DenseI64ArrayAttr:$window,
                       DenseI64ArrayAttr:$strides, DenseI64ArrayAttr:$dilations);
  let results = (outs Core_Tensor:$result);
  let assemblyFormat = [{
    $input `,` $panels `columns` $columns `window` $window `strides` $strides `dilations` $dilations attr-dict
    `:` type($input) `,` type($panels) `->` type($result)
  }];
}

def Core_PoolOp : Core_Op<"pool"> {
  let summary = "[N, spatial..., C] -> [N, out..., C]: elements of each window joined by `kind`";
  let arguments = (ins Core_ReduceKind:$kind, Core_Tensor:$input, DenseI64ArrayAttr:$window, DenseI64ArrayAttr:$strides,
                       DenseI64ArrayAttr:$dilations);
  let results = (outs Core_Tensor:$result);
  let assemblyFormat = [{
    $kind $input `window` $window `strides` $strides `dilations` $dilations attr-dict
    `:` functional-type(operands, results)
  }];
}
#endif
