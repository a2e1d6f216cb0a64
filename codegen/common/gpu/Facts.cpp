// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "codegen/common/gpu/Facts.h"
#include "codegen/Target.h"
#include "mlir/IR/Builders.h"

using namespace mlir;
using namespace adze::gpu;

/// Name and place of each fact.
static constexpr std::pair<llvm::StringLiteral, int64_t Facts::*> kNumbers[] = {
    {"warp_size", &Facts::warpSize},
    {"shared_bytes", &Facts::sharedBytes},
    {"access_bytes", &Facts::accessBytes},
    {"multiprocessors", &Facts::multiprocessors}};
static constexpr std::pair<llvm::StringLiteral, bool Facts::*> kFlags[] = {{"async_copy", &Facts::asyncCopy},
                                                                           {"load_fragment", &Facts::loadFragment}};

DictionaryAttr Facts::write(MLIRContext &context) const {
  Builder b(&context);
  SmallVector<NamedAttribute> entries;
  for (auto [name, place] : kNumbers)
    entries.push_back(b.getNamedAttr(name, b.getI64IntegerAttr(this->*place)));
  for (auto [name, place] : kFlags)
    entries.push_back(b.getNamedAttr(name, b.getBoolAttr(this->*place)));
  SmallVector<Attribute> table;
  for (const MatrixUnit &unit : units)
    table.push_back(unit.write(context));
  entries.push_back(b.getNamedAttr("matrix_units", b.getArrayAttr(table)));
  return b.getDictionaryAttr(entries);
}

Facts Facts::of(ModuleOp module) {
  Facts facts;
  auto given = module->getAttrOfType<DictionaryAttr>(kDeviceFactsAttr);
  if (!given)
    return facts;
  for (auto [name, place] : kNumbers)
    if (auto value = given.getAs<IntegerAttr>(name))
      facts.*place = value.getInt();
  for (auto [name, place] : kFlags)
    if (auto value = given.getAs<BoolAttr>(name))
      facts.*place = value.getValue();
  SmallVector<StringRef> allowed;
  if (auto allow = given.getAs<ArrayAttr>("allow"))
    llvm::append_range(allowed, allow.getAsValueRange<StringAttr>());
  facts.allowTf32 = llvm::is_contained(allowed, "tf32");
  if (auto table = given.getAs<ArrayAttr>("matrix_units"))
    for (auto entry : table.getAsRange<DictionaryAttr>())
      if (auto unit = MatrixUnit::read(entry)) {
        if (unit->terms == 1)
          facts.units.push_back(std::move(*unit));
        else if (llvm::is_contained(allowed, unit->allow))
          facts.split.push_back(std::move(*unit));
      }
  return facts;
}

const MatrixUnit *Facts::unit(StringRef name) const {
  for (const auto *table : {&units, &split})
    for (const MatrixUnit &unit : *table)
      if (unit.name == name)
        return &unit;
  return nullptr;
}
