// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The core dialect: the small set of tensor ops that every model becomes. One .td and .cpp per family.
#ifndef ADZE_CORE_TD
#define ADZE_CORE_TD
include "mlir/IR/AttrTypeBase.td"
include "mlir/IR/EnumAttr.td"
include "mlir/IR/OpBase.td"
include "mlir/Interfaces/ControlFlowInterfaces.td"
include "mlir/Interfaces/InferTypeOpInterface.td"
include "mlir/Interfaces/SideEffectInterfaces.td"

def Core_Dialect : Dialect {
  let name = "core";
  let cppNamespace = "::adze::core";
  let summary = "tensor operations that every model is made of";
  let useDefaultTypePrinterParser = 1;
  let useDefaultAttributePrinterParser = 1;
  let hasConstantMaterializer = 1;
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::tensor::TensorDialect"];
  let extraClassDeclaration = [{
    /// The bytes behind #core.blob attributes of this context.
    BlobStore &blobs() { return *blobStore; }
    /// Registers the ops (CoreOps.cpp, where their generated code is compiled).
    void addOps();
  private:
    std::shared_ptr<BlobStore> blobStore;
  public:
  }];
}

//===- types and attributes ----------------------------------------------------------------------------------------===//

def Core_StringType : TypeDef<Core_Dialect, "String"> {
  let mnemonic = "string";
  let summary = "a string of bytes, as a tensor's element (host only)";
}
def Core_SequenceType : TypeDef<Core_Dialect, "Sequence"> {
  let mnemonic = "sequence";
  let summary = "a sequence of values of one type (host only)";
  let parameters = (ins "::mlir::Type":$elementType);
  let assemblyFormat = "`<` $elementType `>`";
}
def Core_OptionalType : TypeDef<Core_Dialect, "Optional"> {
  let mnemonic = "optional";
  let summary = "a value or nothing (host only)";
  let parameters = (ins "::mlir::Type":$elementType);
  let assemblyFormat = "`<` $elementType `>`";
}

def Core_BlobAttr : AttrDef<Core_Dialect, "Blob"> {
  let mnemonic = "blob";
  let summary = "bytes that stay where they are: in a file, or in the context's BlobStore";
  let description = [{
    `#core.blob<"model.onnx", 4096, 1024, "">`: 1024 bytes at offset 4096 of a source that the BlobStore of the context knows by
    name. Elements are little-endian, row-major, one byte or more each (sub-byte types: one element a byte). `digest`
    is a hash of the bytes, or empty where nobody has asked for it yet.
  }];
  let parameters = (ins StringRefParameter<"source name">:$source, "uint64_t":$offset, "uint64_t":$size,
                        StringRefParameter<"hash of the bytes">:$digest);
  let assemblyFormat = "`<` $source `,` $offset `,` $size `,` $digest `>`";
}

//===- the shape interface -----------------------------------------------------------------------------------------===//

def Core_ShapeOp : OpInterface<"ShapeOp"> {
  let cppNamespace = "::adze::core";
  let description = [{An op that says its results' shapes as expressions of its operands' sizes.}];
  let methods = [
    InterfaceMethod<"Shapes and element types of the results, in terms of `shapes`.", "::llvm::LogicalResult",
                    "inferResultShapes", (ins "::adze::core::Shapes &":$shapes,
                                              "::llvm::SmallVectorImpl<::adze::core::ShapeOf> &":$results)>
  ];
}

def Core_Tensor : Type<CPred<"::llvm::isa<::mlir::RankedTensorType>($_self)">, "ranked tensor", "::mlir::RankedTensorType">;

/// An op whose result types follow from its operands and attributes by `inferShapes`, which is written once for static types and
/// for symbolic sizes. A result type may know more sizes than inference finds.
class Core_Op<string mnemonic, list<Trait> traits = []>
    : Op<Core_Dialect, mnemonic,
         traits # [Pure, DeclareOpInterfaceMethods<InferTypeOpInterface>,
                   DeclareOpInterfaceMethods<Core_ShapeOp>]> {
  let extraClassDeclaration = [{
    static bool isCompatibleReturnTypes(::mlir::TypeRange a, ::mlir::TypeRange b);
    static ::llvm::LogicalResult inferShapes(Adaptor op, ::adze::core::Shapes &shapes,
                                             ::std::optional<::mlir::Location> loc,
                                             ::llvm::SmallVectorImpl<::adze::core::ShapeOf> &results);
  }];
  let extraClassDefinition = [{
    ::llvm::LogicalResult $cppClass::inferReturnTypes(::mlir::MLIRContext *context, ::std::optional<::mlir::Location> loc,
        ::mlir::ValueRange operands, ::mlir::DictionaryAttr attributes, ::mlir::OpaqueProperties properties,
        ::mlir::RegionRange regions, ::llvm::SmallVectorImpl<::mlir::Type> &types) {
      ::adze::core::LocalShapes shapes;
      ::llvm::SmallVector<::adze::core::ShapeOf> results;
      Adaptor adaptor(operands, attributes, properties, regions);
      if (::mlir::failed(inferShapes(adaptor, shapes, loc, results)))
        return ::mlir::failure();
      for (auto &result : results)
        types.push_back(result.type());
      return ::mlir::success();
    }
    bool $cppClass::isCompatibleReturnTypes(::mlir::TypeRange a, ::mlir::TypeRange b) {
      return ::adze::core::compatibleShapes(a, b);
    }
    ::llvm::LogicalResult $cppClass::inferResultShapes(::adze::core::Shapes &shapes,
                                                       ::llvm::SmallVectorImpl<::adze::core::ShapeOf> &results) {
      return inferShapes(Adaptor((*this)->getOperands(), *this), shapes, getLoc(), results);
    }
  }];
}

//===- constants ---------------------------------------------------------------------------------------------------===//

def Core_ConstantOp : Op<Core_Dialect, "constant", [Pure, ConstantLike]> {
  let summary = "a tensor known at compile time";
  let description = "`value` is an elements attribute of the result's type, or a #core.blob of its bytes.";
  let arguments = (ins AnyAttr:$value);
  let results = (outs Core_Tensor:$result);
  let hasCustomAssemblyFormat = 1;
  let hasFolder = 1;
  let hasVerifier = 1;
}

//===- the host program --------------------------------------------------------------------------------------------===//

def Core_RequireOp : Op<Core_Dialect, "require", []> {
  let summary = "the run fails here with a shape mismatch and `message` unless `condition` holds (host only)";
  let description = "`found` are two sizes that the run's message gives, or none.";
  let arguments = (ins I1:$condition, StrAttr:$message, Variadic<Index>:$found);
  let assemblyFormat = "$condition `,` $message (`found` `(` $found^ `)`)? attr-dict";
  let builders = [OpBuilder<(ins "::mlir::Value":$condition, "::mlir::StringAttr":$message), [{
    build($_builder, $_state, condition, message, ::mlir::ValueRange());
  }]>];
  let hasCanonicalizer = 1;
  let hasVerifier = 1;
}

include "dialects/core/Elementwise.td"
include "dialects/core/Movement.td"
include "dialects/core/Indexing.td"
include "dialects/core/Reduction.td"
include "dialects/core/Contraction.td"
include "dialects/core/Normalization.td"
include "dialects/core/Attention.td"
#endif
