// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The carrier of an ONNX graph: one op for a node of any operator, any opset. It never grows with ONNX.
include "mlir/IR/AttrTypeBase.td"
include "mlir/IR/OpBase.td"
include "mlir/Interfaces/ControlFlowInterfaces.td"
include "mlir/Interfaces/SideEffectInterfaces.td"

def Onnx_Dialect : Dialect {
  let name = "onnx";
  let cppNamespace = "::adze::onnx";
  let summary = "ONNX graphs as the model has them";
  let useDefaultTypePrinterParser = 1;
}

def Onnx_AnyType : TypeDef<Onnx_Dialect, "Any"> {
  let mnemonic = "any";
  let summary = "a value whose type is not known before its node is lowered";
}

def Onnx_NodeOp : Op<Onnx_Dialect, "node"> {
  let summary = "one ONNX node";
  let description = [{
    `onnx.node "ReduceSum" opset 13 (%0) {keepdims = 0 : i64} : (tensor<4x8xf32>) -> !onnx.any`

    Attributes of the node stand in `attrs`: INT as i64, FLOAT as f32, STRING as a string attribute (its raw bytes), INTS as `array<i64>`,
    FLOATS as `array<f32>`, STRINGS as an array of strings, TENSOR as an elements attribute or `#core.blob` (through
    the generic attribute interface). GRAPH attributes are the op's regions; `region_names` gives their attribute names.
    A region's block arguments are the subgraph's inputs and it ends in `onnx.yield`; it sees the values around it.

    An input that the model leaves empty is not an operand: `present` has a flag for each input position, and is left out when
    all are there. Outputs that the model leaves empty are results without uses.
  }];
  let arguments = (ins StrAttr:$op_type, DefaultValuedStrAttr<StrAttr, "">:$domain, I64Attr:$opset, DictionaryAttr:$attrs,
                       OptionalAttr<DenseBoolArrayAttr>:$present, OptionalAttr<StrArrayAttr>:$region_names,
                       Variadic<AnyType>:$inputs);
  let results = (outs Variadic<AnyType>:$outputs);
  let regions = (region VariadicRegion<AnyRegion>:$graphs);
  let hasVerifier = 1;
  let assemblyFormat = [{
    $op_type (`domain` $domain^)? `opset` $opset `(` $inputs `)` (`present` $present^)? $attrs
    (`graphs` $region_names^ $graphs)? attr-dict `:` functional-type($inputs, $outputs)
  }];
  let extraClassDeclaration = [{
    /// Number of input positions, the empty ones included.
    unsigned getNumPositions();
    /// The value at input position `i`; null where the model leaves it empty or has fewer inputs.
    mlir::Value getInput(unsigned i);
    /// The attribute `name`, or null.
    mlir::Attribute getNodeAttr(llvm::StringRef name) { return getAttrs().get(name); }
    /// The subgraph of the GRAPH attribute `name`, or null.
    mlir::Region *getGraph(llvm::StringRef name);
  }];
}

def Onnx_YieldOp : Op<Onnx_Dialect, "yield", [Terminator, ReturnLike]> {
  let summary = "end of a subgraph: its outputs";
  let arguments = (ins Variadic<AnyType>:$values);
  let assemblyFormat = "($values^ `:` type($values))? attr-dict";
}
