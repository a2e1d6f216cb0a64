// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Values that are results only to be looked at, and that no caller can look at, are results no longer.
#include "dialects/core/Core.h"
#include "dialects/core/ExposedValues.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "passes/core/Passes.h"
#include "llvm/ADT/BitVector.h"

using namespace mlir;

namespace adze {
#define GEN_PASS_DEF_DROPOPAQUERESULTS
#include "passes/core/Passes.h.inc"

namespace {
/// True for what an artifact can hand to its caller.
bool isTransparent(Type type) {
  auto tensor = dyn_cast<RankedTensorType>(type);
  return tensor && core::elementBytes(tensor.getElementType()) > 0;
}

/// The results that are there to be looked at and cannot be.
llvm::BitVector opaqueResults(func::FuncOp main) {
  llvm::BitVector opaque(main.getNumResults());
  for (auto [i, type] : llvm::enumerate(main.getResultTypes()))
    if (main.getResultAttr(i, core::kExposedAttr) && !isTransparent(type))
      opaque.set(i);
  return opaque;
}

/// The module's list of values after these results are gone: new indices, and a reason for each that has none.
ArrayAttr renumber(ArrayAttr values, func::FuncOp main, const llvm::BitVector &opaque) {
  Builder b(main.getContext());
  SmallVector<int64_t> place;
  for (int64_t i = 0, next = 0; i < int64_t(opaque.size()); ++i)
    place.push_back(opaque[i] ? -1 : next++);
  SmallVector<Attribute> out;
  for (Attribute entry : values) {
    auto dictionary = dyn_cast<DictionaryAttr>(entry);
    auto output = dictionary ? dictionary.getAs<IntegerAttr>("output") : IntegerAttr();
    if (!output || output.getInt() < 0 || output.getInt() >= int64_t(place.size())) {
      out.push_back(entry);
      continue;
    }
    int64_t i = output.getInt();
    NamedAttrList fields(dictionary);
    if (place[i] < 0) {
      std::string text;
      llvm::raw_string_ostream(text) << "its type is " << main.getResultTypes()[i] << ", which no output can have";
      fields.erase("output");
      fields.set("reason", b.getStringAttr(text));
    } else {
      fields.set("output", b.getI64IntegerAttr(place[i]));
    }
    out.push_back(fields.getDictionary(b.getContext()));
  }
  return b.getArrayAttr(out);
}

struct DropOpaqueResults : impl::DropOpaqueResultsBase<DropOpaqueResults> {
  void runOnOperation() override {
    auto main = getOperation().lookupSymbol<func::FuncOp>("main");
    auto values = getOperation()->getAttrOfType<ArrayAttr>(core::kValuesAttr);
    if (!main || main.isDeclaration() || !values)
      return;
    llvm::BitVector opaque = opaqueResults(main);
    if (opaque.none())
      return;
    getOperation()->setAttr(core::kValuesAttr, renumber(values, main, opaque));
    main.getBody().front().getTerminator()->eraseOperands(opaque);
    if (failed(main.eraseResults(opaque)))
      signalPassFailure();
  }
};
} // namespace
} // namespace adze
