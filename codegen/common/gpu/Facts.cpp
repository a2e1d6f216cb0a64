// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "codegen/common/gpu/Facts.h"
#include "codegen/Target.h"
#include "mlir/IR/Builders.h"

using namespace mlir;
using namespace adze::gpu;

/// Name and place of each fact.
static constexpr std::pair<llvm::StringLiteral, int64_t Facts::*> kFacts[] = {
    {"warp_size", &Facts::warpSize}, {"shared_bytes", &Facts::sharedBytes}, {"access_bytes", &Facts::accessBytes}};

DictionaryAttr Facts::write(MLIRContext &context) const {
  Builder b(&context);
  SmallVector<NamedAttribute> entries;
  for (auto [name, place] : kFacts)
    entries.push_back(b.getNamedAttr(name, b.getI64IntegerAttr(this->*place)));
  return b.getDictionaryAttr(entries);
}

Facts Facts::of(ModuleOp module) {
  Facts facts;
  auto given = module->getAttrOfType<DictionaryAttr>(kDeviceFactsAttr);
  for (auto [name, place] : kFacts)
    if (auto value = given ? given.getAs<IntegerAttr>(name) : IntegerAttr())
      facts.*place = value.getInt();
  return facts;
}
