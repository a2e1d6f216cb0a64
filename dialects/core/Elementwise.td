// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Elementwise ops. Operands broadcast to each other as numpy's do (trailing dimensions aligned).
#ifndef ADZE_CORE_ELEMENTWISE_TD
#define ADZE_CORE_ELEMENTWISE_TD

class Core_Case<string name, int value> : I32EnumAttrCase<name, value, name>;

def Core_UnaryKind : I32EnumAttr<"UnaryKind", "function of one element", [
    Core_Case<"abs", 0>, Core_Case<"neg", 1>, Core_Case<"exp", 2>, Core_Case<"log", 3>, Core_Case<"sqrt", 4>,
    Core_Case<"rsqrt", 5>, Core_Case<"reciprocal", 6>, Core_Case<"sin", 7>, Core_Case<"cos", 8>, Core_Case<"tan", 9>,
    Core_Case<"asin", 10>, Core_Case<"acos", 11>, Core_Case<"atan", 12>, Core_Case<"sinh", 13>, Core_Case<"cosh", 14>,
    Core_Case<"tanh", 15>, Core_Case<"asinh", 16>, Core_Case<"acosh", 17>, Core_Case<"atanh", 18>,
    Core_Case<"erf", 19>, Core_Case<"floor", 20>, Core_Case<"ceil", 21>,
    /// To the nearest integer, halves to even.
    Core_Case<"round", 22>, Core_Case<"trunc", 23>, Core_Case<"sign", 24>,
    /// Logical not of i1, bitwise not of integers.
    Core_Case<"bit_not", 25>, Core_Case<"is_nan", 26>, Core_Case<"is_inf", 27>, Core_Case<"is_pos_inf", 28>,
    Core_Case<"is_neg_inf", 29>, Core_Case<"sigmoid", 30>, Core_Case<"log1p", 31>, Core_Case<"expm1", 32>,
    /// x * 0.5 * (1 + erf(x / sqrt 2)), and its tanh approximation.
    Core_Case<"gelu", 33>, Core_Case<"gelu_tanh", 34>,
    /// x * sigmoid(x); x * clamp(x / 6 + 0.5, 0, 1); max(x, 0).
    Core_Case<"silu", 35>, Core_Case<"hard_swish", 36>, Core_Case<"relu", 37>]> {
  let cppNamespace = "::adze::core";
}

def Core_BinaryKind : I32EnumAttr<"BinaryKind", "function of two elements", [
    Core_Case<"add", 0>, Core_Case<"sub", 1>, Core_Case<"mul", 2>,
    /// Division; of integers towards zero. An integer divisor of zero gives zero.
    Core_Case<"div", 3>,
    /// Remainder with the divisor's sign (Python's %), and with the dividend's (C's fmod).
    Core_Case<"mod", 4>, Core_Case<"fmod", 5>,
    Core_Case<"pow", 6>,
    /// NaN if either operand is.
    Core_Case<"min", 7>, Core_Case<"max", 8>,
    Core_Case<"bit_and", 9>, Core_Case<"bit_or", 10>, Core_Case<"bit_xor", 11>,
    /// Shifts; by the width or more gives zero (the sign for the arithmetic shift right of signed integers).
    Core_Case<"shl", 12>, Core_Case<"shr", 13>]> {
  let cppNamespace = "::adze::core";
}

def Core_ComparePredicate : I32EnumAttr<"ComparePredicate", "comparison; false with NaN but for ne", [
    Core_Case<"eq", 0>, Core_Case<"ne", 1>, Core_Case<"lt", 2>, Core_Case<"le", 3>, Core_Case<"gt", 4>,
    Core_Case<"ge", 5>]> {
  let cppNamespace = "::adze::core";
}

def Core_UnaryOp : Core_Op<"unary"> {
  let summary = "a function of each element; is_* give i1, all others the operand's type";
  let arguments = (ins Core_UnaryKind:$kind, Core_Tensor:$input);
  let results = (outs Core_Tensor:$result);
  let assemblyFormat = "$kind $input attr-dict `:` functional-type(operands, results)";
}

def Core_BinaryOp : Core_Op<"binary"> {
  let summary = "a function of each pair of elements, of equal element type";
  let arguments = (ins Core_BinaryKind:$kind, Core_Tensor:$lhs, Core_Tensor:$rhs);
  let results = (outs Core_Tensor:$result);
  let assemblyFormat = "$kind $lhs `,` $rhs attr-dict `:` functional-type(operands, results)";
}

def Core_CompareOp : Core_Op<"compare"> {
  let summary = "i1 of each pair of elements of equal element type";
  let arguments = (ins Core_ComparePredicate:$predicate, Core_Tensor:$lhs, Core_Tensor:$rhs);
  let results = (outs Core_Tensor:$result);
  let assemblyFormat = "$predicate $lhs `,` $rhs attr-dict `:` functional-type(operands, results)";
}

def Core_SelectOp : Core_Op<"select"> {
  let summary = "condition ? lhs : rhs, each element";
  let arguments = (ins Core_Tensor:$condition, Core_Tensor:$lhs, Core_Tensor:$rhs);
  let results = (outs Core_Tensor:$result);
  let assemblyFormat = "$condition `,` $lhs `,` $rhs attr-dict `:` functional-type(operands, results)";
}

def Core_CastOp : Core_Op<"cast"> {
  let summary = "conversion of each element";
  let description = [{
    To a float: nearest, ties to even; what is too large becomes infinity or NaN as the type has it, or the largest finite
    number with `saturate`. Float to integer: towards zero, saturating at run time only where `saturate`; to i1: x != 0.
    Integer to a narrower integer: low bits.
  }];
  let arguments = (ins Core_Tensor:$input, TypeAttr:$to, UnitAttr:$saturate);
  let results = (outs Core_Tensor:$result);
  let assemblyFormat = "$input `to` $to (`saturate` $saturate^)? attr-dict `:` functional-type(operands, results)";
}

def Core_BitcastOp : Core_Op<"bitcast"> {
  let summary = "the same bits as another element type of equal width";
  let arguments = (ins Core_Tensor:$input, TypeAttr:$to);
  let results = (outs Core_Tensor:$result);
  let assemblyFormat = "$input `to` $to attr-dict `:` functional-type(operands, results)";
}
#endif
