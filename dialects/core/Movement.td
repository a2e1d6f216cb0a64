// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Ops that move elements without changing them. Sizes, offsets and steps are index operands, one for each dimension of the result.
#ifndef ADZE_CORE_MOVEMENT_TD
#define ADZE_CORE_MOVEMENT_TD

def Core_ReshapeOp : Core_Op<"reshape"> {
  let summary = "the same elements in row-major order under other sizes";
  let description = "The product of `sizes` is the number of elements; the creator checks it where it is not evident.";
  let arguments = (ins Core_Tensor:$input, Variadic<Index>:$sizes);
  let results = (outs Core_Tensor:$result);
  let assemblyFormat = "$input `sizes` `(` $sizes `)` attr-dict `:` type($input) `->` type($result)";
  let hasFolder = 1;
}

def Core_BroadcastOp : Core_Op<"broadcast"> {
  let summary = "repetition along dimensions of size 1, trailing dimensions aligned; the rank may grow";
  let arguments = (ins Core_Tensor:$input, Variadic<Index>:$sizes);
  let results = (outs Core_Tensor:$result);
  let assemblyFormat = "$input `sizes` `(` $sizes `)` attr-dict `:` type($input) `->` type($result)";
  let hasFolder = 1;
}

def Core_TransposeOp : Core_Op<"transpose"> {
  let summary = "result dimension i is input dimension permutation[i]";
  let arguments = (ins Core_Tensor:$input, DenseI64ArrayAttr:$permutation);
  let results = (outs Core_Tensor:$result);
  let assemblyFormat = "$input $permutation attr-dict `:` functional-type(operands, results)";
  let hasFolder = 1;
}

def Core_SliceOp : Core_Op<"slice", [AttrSizedOperandSegments]> {
  let summary = "element offset[d] + i[d] * step[d] of the input along each dimension d";
  let description = [{
    Steps may be negative. The creator makes sure that what is addressed lies inside the input: ONNX clamps before.
  }];
  let arguments = (ins Core_Tensor:$input, Variadic<Index>:$offsets, Variadic<Index>:$steps, Variadic<Index>:$sizes);
  let results = (outs Core_Tensor:$result);
  let assemblyFormat = [{
    $input `offsets` `(` $offsets `)` `steps` `(` $steps `)` `sizes` `(` $sizes `)` attr-dict
    `:` type($input) `->` type($result)
  }];
}

def Core_PadMode : I32EnumAttr<"PadMode", "what lies outside a tensor", [
    Core_Case<"constant", 0>, Core_Case<"edge", 1>, Core_Case<"reflect", 2>, Core_Case<"wrap", 3>]> {
  let cppNamespace = "::adze::core";
}

def Core_PadOp : Core_Op<"pad", [AttrSizedOperandSegments]> {
  let summary = "result element i is input element i - low, or by `mode` where that lies outside";
  let description = "`value` is a tensor of one element of rank 0, read where mode is constant. `low` may be negative.";
  let arguments = (ins Core_PadMode:$mode, Core_Tensor:$input, Core_Tensor:$value, Variadic<Index>:$low,
                       Variadic<Index>:$sizes);
  let results = (outs Core_Tensor:$result);
  let assemblyFormat = [{
    $mode $input `,` $value `low` `(` $low `)` `sizes` `(` $sizes `)` attr-dict
    `:` type($input) `,` type($value) `->` type($result)
  }];
}

def Core_ConcatOp : Core_Op<"concat"> {
  let summary = "inputs of equal rank one after the other along `axis`";
  let arguments = (ins I64Attr:$axis, Variadic<Core_Tensor>:$inputs);
  let results = (outs Core_Tensor:$result);
  let assemblyFormat = "`axis` $axis `(` $inputs `)` attr-dict `:` functional-type(operands, results)";
}

def Core_IotaOp : Core_Op<"iota"> {
  let summary = "the index along `axis` of each element, in the element type `type`";
  let arguments = (ins TypeAttr:$type, I64Attr:$axis, Variadic<Index>:$sizes);
  let results = (outs Core_Tensor:$result);
  let assemblyFormat = "$type `axis` $axis `sizes` `(` $sizes `)` attr-dict `:` type($result)";
}
#endif
