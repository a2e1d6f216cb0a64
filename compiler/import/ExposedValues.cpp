// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/import/ExposedValues.h"
#include "dialects/core/ExposedValues.h"
#include "mlir/IR/Builders.h"
#include "llvm/ADT/StringMap.h"

using namespace mlir;
using namespace adze;

void ExposedValues::addResults(ModuleOp module, SmallVectorImpl<Value> &results,
                               SmallVectorImpl<DictionaryAttr> &attributes) const {
  Builder b(module.getContext());
  auto text = [&](StringRef key, StringRef value) { return b.getNamedAttr(key, b.getStringAttr(value)); };
  llvm::StringMap<int64_t> known;
  for (auto [i, attribute] : llvm::enumerate(attributes))
    known[attribute.getAs<StringAttr>("adze.name").getValue()] = int64_t(i);
  SmallVector<Attribute> values;
  for (const Entry &entry : entries) {
    SmallVector<NamedAttribute> fields{text("name", entry.name), text("node", entry.node), text("op", entry.op),
                                       b.getNamedAttr("opset", b.getI64IntegerAttr(entry.opset))};
    if (!entry.reason.empty()) {
      fields.push_back(text("reason", entry.reason));
    } else {
      auto [place, isNew] = known.try_emplace(entry.name, int64_t(results.size()));
      fields.push_back(b.getNamedAttr("output", b.getI64IntegerAttr(place->second)));
      if (isNew) {
        results.push_back(entry.value);
        auto exposed = b.getNamedAttr(core::kExposedAttr, b.getUnitAttr());
        attributes.push_back(b.getDictionaryAttr({text("adze.name", entry.name), exposed}));
        fields.push_back(b.getNamedAttr("exposed", b.getUnitAttr()));
      }
    }
    values.push_back(b.getDictionaryAttr(fields));
  }
  module->setAttr(core::kValuesAttr, b.getArrayAttr(values));
}
