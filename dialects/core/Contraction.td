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
  let summary = "the right side of a contraction as panels of 16 columns; columns from N on are zero";
  let description = [{
    f32 [..., K, N] -> [..., ceil(N / 16), K, 16]; i8 [..., K, N] -> [..., ceil(N / 16), ceil(K / 4), 64]: four rows for each of 16
    columns, rows from K on are zero. Rows of a panel are 64 bytes, the same for every target.
  }];
  let arguments = (ins Core_Tensor:$input);
  let results = (outs Core_Tensor:$result);
  let assemblyFormat = "$input attr-dict `:` functional-type(operands, results)";
}

def Core_PackedMatmulOp : Core_Op<"packed_matmul"> {
  let summary = "core.matmul whose right side is packed by core.pack from N = `columns`: f32 x f32, or ui8 x i8 -> i32";
  let arguments = (ins Core_Tensor:$lhs, Core_Tensor:$panels, Index:$columns);
  let results = (outs Core_Tensor:$result);
  let assemblyFormat = "$lhs `,` $panels `columns` $columns attr-dict `:` type($lhs) `,` type($panels) `->` type($result)";
}

def Core_PackedConvOp : Core_Op<"packed_conv"> {
  let summary = "core.conv of one group whose filter is packed by core.pack as a matrix; `window` is its size";
  let description = [{
    f32 x f32: the matrix is [window... * C, OC]. ui8 x i8 -> i32: each run of the filter's rows that is contiguous in the input
    (C, times the last window size where that is not dilated) is padded with zeros to a multiple of 4.
  }];
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
