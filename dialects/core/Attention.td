// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Attention: two contractions with the softmax between them.
#ifndef ADZE_CORE_ATTENTION_TD
#define ADZE_CORE_ATTENTION_TD

def Core_AttentionOp : Core_Op<"attention"> {
  let summary = "softmax(query x key transposed * scale + mask) x value: [..., S, D], [..., T, D], [..., T, E] -> [..., S, E]";
  let description = [{
    Operands have equal ranks. Each leading size of key and value divides the query's: place i of the query reads place
    i floordiv (query size / key size), which is broadcasting where the key's is 1 and grouped heads else; the creator checks that where
    it is not evident. The mask, of any float, is added to the scores; its dimensions, trailing ones aligned to [..., S, T], are 1 or of
    that size. Without keys (T = 0) the result is 0. Rows whose softmax is NaN (no key is allowed, or a score is NaN) are 0 with
    `nan_as_zero`. Products and softmax of f16 and bf16 are computed in f32.
  }];
  let arguments = (ins Core_Tensor:$query, Core_Tensor:$key, Core_Tensor:$value, Optional<Core_Tensor>:$mask,
                       F64Attr:$scale, UnitAttr:$nan_as_zero);
  let results = (outs Core_Tensor:$result);
  let assemblyFormat = [{
    $query `,` $key `,` $value (`mask` $mask^)? `scale` $scale (`nan_as_zero` $nan_as_zero^)? attr-dict
    `:` functional-type(operands, results)
  }];
}
#endif
