// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Kernels: what is computed in one go, and the launches of it by the host program.
#ifndef ADZE_KERNEL_TD
#define ADZE_KERNEL_TD
include "mlir/IR/AttrTypeBase.td"
include "mlir/IR/EnumAttr.td"
include "mlir/IR/OpBase.td"
include "mlir/IR/SymbolInterfaces.td"
include "mlir/Interfaces/ControlFlowInterfaces.td"
include "mlir/Interfaces/FunctionInterfaces.td"
include "mlir/Interfaces/SideEffectInterfaces.td"

def Kernel_Dialect : Dialect {
  let name = "kernel";
  let cppNamespace = "::adze::kernel";
  let summary = "fused kernels and their launches";
}

def Kernel_FuncOp : Op<Kernel_Dialect, "func", [FunctionOpInterface, IsolatedFromAbove, Symbol]> {
  let summary = "one kernel";
  let description = [{
    Up to stage Kernels the body is core ops on tensors, target-neutral: no tiles, vectors or packing.

    ```
    kernel.func @k(%n: index, %x: tensor<?x768xf32> {adze.dims = array<i64: 0, -1>}, ...)
        -> (tensor<?x768xf32> {adze.dims = array<i64: 0, -1>}) { ... kernel.return %y : ... }
    ```
    The arguments are first all index scalars, then tensors. Each size of an argument or result that is not static is one of the
    index arguments: `adze.dims` gives its number, -1 for static sizes. `schedule` is how a device runs it, in the words of that
    target (stage Placed); the host runs a kernel without one.
  }];
  let arguments = (ins SymbolNameAttr:$sym_name, TypeAttrOf<FunctionType>:$function_type,
                       OptionalAttr<DictArrayAttr>:$arg_attrs, OptionalAttr<DictArrayAttr>:$res_attrs,
                       OptionalAttr<DictionaryAttr>:$schedule);
  let regions = (region AnyRegion:$body);
  let hasCustomAssemblyFormat = 1;
  let hasVerifier = 1;
  let extraClassDeclaration = [{
    /// Number of leading index arguments.
    unsigned getNumScalars();
    mlir::ArrayRef<mlir::Type> getArgumentTypes() { return getFunctionType().getInputs(); }
    mlir::ArrayRef<mlir::Type> getResultTypes() { return getFunctionType().getResults(); }
    mlir::Region *getCallableRegion() { return &getBody(); }
  }];
}

def Kernel_ReturnOp : Op<Kernel_Dialect, "return", [Pure, Terminator, ReturnLike, HasParent<"FuncOp">]> {
  let summary = "end of a kernel: its results";
  let arguments = (ins Variadic<AnyType>:$values);
  let assemblyFormat = "($values^ `:` type($values))? attr-dict";
}

def Kernel_DotOp : Op<Kernel_Dialect, "dot", [Pure, AllTypesMatch<["acc", "result"]>, AllTypesMatch<["lhs", "rhs"]>]> {
  let summary = "acc[i] + sum of lhs[4 i + j] * rhs[4 i + j] over j in [0, 4); lhs is unsigned, rhs signed; sums wrap";
  let description = "What machines have an instruction for; at stage loops, in bodies of kernels.";
  let arguments = (ins VectorOfRankAndType<[1], [I32]>:$acc, VectorOfRankAndType<[1], [I8]>:$lhs,
                       VectorOfRankAndType<[1], [I8]>:$rhs);
  let results = (outs VectorOfRankAndType<[1], [I32]>:$result);
  let assemblyFormat = "$lhs `,` $rhs `,` $acc attr-dict `:` type($lhs) `->` type($acc)";
  let hasVerifier = 1;
}

def Kernel_LaunchOp : Op<Kernel_Dialect, "launch", [Pure, DeclareOpInterfaceMethods<SymbolUserOpInterface>]> {
  let summary = "one run of a kernel by the host program";
  let description = [{
    `%y = kernel.launch @k(%n, %x) : (index, tensor<?x768xf32>) -> tensor<?x768xf32>`
  }];
  let arguments = (ins FlatSymbolRefAttr:$kernel, Variadic<AnyType>:$inputs);
  let results = (outs Variadic<AnyType>:$outputs);
  let assemblyFormat = "$kernel `(` $inputs `)` attr-dict `:` functional-type($inputs, $outputs)";
}

def Kernel_Memory : I32EnumAttr<"Memory", "whose memory", [I32EnumAttrCase<"host", 0>, I32EnumAttrCase<"device", 1>]> {
  let cppNamespace = "::adze::kernel";
}

def Kernel_CopyOp : Op<Kernel_Dialect, "copy", [Pure, AllTypesMatch<["source", "result"]>]> {
  let summary = "the same tensor in the other memory";
  let description = [{
    From stage Placed on, every tensor of the host program lies in one memory: results of launches in that of what runs the
    kernel, all others in the host's, unless they are made by this op:

    ```
    %d = kernel.copy %x to device : tensor<?x768xf32>
    ```
    A copy of a constant to the device is free: the device has its weights from the begin on.
  }];
  let arguments = (ins AnyRankedTensor:$source, Kernel_Memory:$memory);
  let results = (outs AnyRankedTensor:$result);
  let assemblyFormat = "$source `to` $memory attr-dict `:` type($result)";
  let hasFolder = 1;
}

def Kernel_AppendOp : Op<Kernel_Dialect, "append", [Pure]> {
  let summary = "the elements of one tensor, then those of another";
  let description = [{
    What a loop collects, from stage Placed on: the host program makes the first tensor longer where it lies, if a loop carries it and it is
    read no more, so a step costs what it adds. `size` is the result's, the sum of both.

    ```
    %y = kernel.append %x, %more size %n : tensor<?xf32>, tensor<?xf32> -> tensor<?xf32>
    ```
  }];
  let arguments = (ins 1DTensorOf<[AnyType]>:$data, 1DTensorOf<[AnyType]>:$more, Index:$size);
  let results = (outs 1DTensorOf<[AnyType]>:$result);
  let assemblyFormat = "$data `,` $more `size` $size attr-dict `:` type($data) `,` type($more) `->` type($result)";
  let hasVerifier = 1;
}

include "dialects/kernel/Device.td"
#endif
