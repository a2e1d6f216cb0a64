// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Ops whose indices are data, and `generate`, which computes elements by scalar code. Indices may be negative: they count from the
// end. One that is out of range ends the run with a status that names the node.
#ifndef ADZE_CORE_INDEXING_TD
#define ADZE_CORE_INDEXING_TD

def Core_ScatterReduction : I32EnumAttr<"ScatterReduction", "how an update meets what is there", [
    Core_Case<"none", 0>, Core_Case<"add", 1>, Core_Case<"mul", 2>, Core_Case<"min", 3>, Core_Case<"max", 4>]> {
  let cppNamespace = "::adze::core";
}

def Core_GatherOp : Core_Op<"gather"> {
  let summary = "slices of the input along `axis` by index: sizes input[:axis] ++ indices ++ input[axis+1:]";
  let arguments = (ins Core_Tensor:$input, Core_Tensor:$indices, I64Attr:$axis);
  let results = (outs Core_Tensor:$result);
  let assemblyFormat = "$input `,` $indices `axis` $axis attr-dict `:` functional-type(operands, results)";
}

def Core_GatherElementsOp : Core_Op<"gather_elements"> {
  let summary = "input[..., indices[i], ...] with all other coordinates those of i; sizes of `indices`";
  let arguments = (ins Core_Tensor:$input, Core_Tensor:$indices, I64Attr:$axis);
  let results = (outs Core_Tensor:$result);
  let assemblyFormat = "$input `,` $indices `axis` $axis attr-dict `:` functional-type(operands, results)";
}

def Core_GatherNdOp : Core_Op<"gather_nd"> {
  let summary = "slices of the input by index tuples in the last dimension of `indices` (static), after batch_dims equal dimensions";
  let arguments = (ins Core_Tensor:$input, Core_Tensor:$indices, I64Attr:$batch_dims);
  let results = (outs Core_Tensor:$result);
  let assemblyFormat = "$input `,` $indices `batch_dims` $batch_dims attr-dict `:` functional-type(operands, results)";
}

def Core_ScatterElementsOp : Core_Op<"scatter_elements"> {
  let summary = "the input with updates[i] at input[..., indices[i], ...], in order of i";
  let arguments = (ins Core_Tensor:$input, Core_Tensor:$indices, Core_Tensor:$updates, I64Attr:$axis,
                       Core_ScatterReduction:$reduction);
  let results = (outs Core_Tensor:$result);
  let assemblyFormat = [{
    $reduction $input `,` $indices `,` $updates `axis` $axis attr-dict `:` functional-type(operands, results)
  }];
}

def Core_ScatterNdOp : Core_Op<"scatter_nd"> {
  let summary = "the input with slices updates[i] at the index tuples indices[i], in order of i";
  let arguments = (ins Core_Tensor:$input, Core_Tensor:$indices, Core_Tensor:$updates,
                       Core_ScatterReduction:$reduction);
  let results = (outs Core_Tensor:$result);
  let assemblyFormat = [{
    $reduction $input `,` $indices `,` $updates attr-dict `:` functional-type(operands, results)
  }];
}

def Core_SortOp : Core_Op<"sort"> {
  let summary = "elements along `axis` in order (stable), and their indices (i64) in the input";
  let arguments = (ins Core_Tensor:$input, I64Attr:$axis, UnitAttr:$descending);
  let results = (outs Core_Tensor:$values, Core_Tensor:$indices);
  let assemblyFormat = "$input `axis` $axis (`descending` $descending^)? attr-dict `:` functional-type(operands, results)";
}

def Core_NonZeroOp : Core_Op<"nonzero_count"> {
  let summary = "how many elements of the input are not zero, as an i64 of rank 0";
  let arguments = (ins Core_Tensor:$input);
  let results = (outs Core_Tensor:$result);
  let assemblyFormat = "$input attr-dict `:` functional-type(operands, results)";
}

def Core_NonZeroIndicesOp : Core_Op<"nonzero_indices"> {
  let summary = "coordinates of the first `count` elements that are not zero, i64 of sizes rank x count, in row-major order";
  let arguments = (ins Core_Tensor:$input, Index:$count);
  let results = (outs Core_Tensor:$result);
  let assemblyFormat = "$input `count` $count attr-dict `:` functional-type(operands, results)";
}

def Core_GenerateOp : Op<Core_Dialect, "generate", [Pure, SingleBlock, AttrSizedOperandSegments, DeclareOpInterfaceMethods<Core_ShapeOp>]> {
  let summary = "each element computed by scalar code from its coordinates";
  let description = [{
    The body's arguments are the coordinates (index); it ends in `core.yield` of one scalar (i1, signless integer or float; the
    result's element type without its sign). It may hold arith, math and scf ops, read tensors of the `inputs` by `core.load` and sizes by
    tensor.dim, and use scalars from outside.
  }];
  let arguments = (ins Variadic<Core_Tensor>:$inputs, Variadic<Index>:$sizes);
  let results = (outs Core_Tensor:$result);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = [{
    `(` $inputs `)` `sizes` `(` $sizes `)` $body attr-dict `:` functional-type($inputs, results)
  }];
  let hasVerifier = 1;
}

def Core_LoadOp : Op<Core_Dialect, "load", [Pure]> {
  let summary = "one element of a tensor inside core.generate, without its sign";
  let description = [{
    Coordinates lie inside the tensor: scalar code that takes them from data makes sure of it, with `core.check_index` for those that
    are an error outside.
  }];
  let arguments = (ins Core_Tensor:$tensor, Variadic<Index>:$indices);
  let results = (outs AnyType:$result);
  let assemblyFormat = "$tensor `[` $indices `]` attr-dict `:` type($tensor) `->` type($result)";
}

def Core_CheckIndexOp : Op<Core_Dialect, "check_index", []> {
  let summary = "`index`, counted from the end if negative; outside [-size, size) the run fails at this op's node and 0 comes out";
  let arguments = (ins Index:$index, Index:$size);
  let results = (outs Index:$result);
  let assemblyFormat = "$index `below` $size attr-dict";
}

def Core_YieldOp : Op<Core_Dialect, "yield", [Terminator, ReturnLike, Pure]> {
  let summary = "end of a body: its value";
  let arguments = (ins Variadic<AnyType>:$values);
  let assemblyFormat = "($values^ `:` type($values))? attr-dict";
}
#endif
