// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "passes/host/Program.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinAttributes.h"

using namespace mlir;
using namespace adze::host;

static constexpr StringLiteral kProgramAttr = "adze.program";
/// Entries that only programs with a device have.
static constexpr StringLiteral kDevice = "device", kThreads = "threads", kSharedBytes = "shared_bytes",
                               kBuffers = "buffers", kScalars = "scalars", kOnDevice = "on_device",
                               kDeviceWeightBytes = "device_weight_bytes";

static Attribute tensorsAttr(Builder &b, ArrayRef<TensorInfo> tensors) {
  SmallVector<Attribute> out;
  for (const TensorInfo &t : tensors) {
    SmallVector<Attribute> names;
    for (const std::string &name : t.dimNames)
      names.push_back(b.getStringAttr(name));
    out.push_back(b.getDictionaryAttr(
        {b.getNamedAttr("name", b.getStringAttr(t.name)), b.getNamedAttr("type", TypeAttr::get(t.elementType)),
         b.getNamedAttr("dims", b.getDenseI64ArrayAttr(t.dims)), b.getNamedAttr("dim_names", b.getArrayAttr(names))}));
  }
  return b.getArrayAttr(out);
}

static Attribute kernelAttr(Builder &b, const Kernel &kernel) {
  SmallVector<NamedAttribute> entries{b.getNamedAttr("symbol", b.getStringAttr(kernel.symbol)),
                                      b.getNamedAttr("nodes", b.getStringAttr(kernel.nodes)),
                                      b.getNamedAttr("operators", b.getStringAttr(kernel.operators))};
  if (kernel.device) {
    auto number = [&](StringRef name, int32_t value) { return b.getNamedAttr(name, b.getI32IntegerAttr(value)); };
    entries.push_back(b.getNamedAttr(kDevice, b.getDictionaryAttr({number(kThreads, kernel.device->threads),
                                                                   number(kSharedBytes, kernel.device->sharedBytes),
                                                                   number(kBuffers, kernel.device->numBuffers),
                                                                   number(kScalars, kernel.device->numScalars)})));
  }
  return b.getDictionaryAttr(entries);
}

static Attribute planAttr(Builder &b, const Plan &plan) {
  SmallVector<NamedAttribute> entries{b.getNamedAttr("first", b.getDenseI32ArrayAttr(plan.first)),
                                      b.getNamedAttr("last", b.getDenseI32ArrayAttr(plan.last)),
                                      b.getNamedAttr("sizes", b.getDenseI64ArrayAttr(plan.sizes))};
  if (plan.onDevice)
    entries.push_back(b.getNamedAttr(kOnDevice, b.getUnitAttr()));
  return b.getDictionaryAttr(entries);
}

void Program::write(ModuleOp module) const {
  Builder b(module.getContext());
  SmallVector<Attribute> kernelAttrs, planAttrs, siteAttrs;
  for (const Kernel &k : kernels)
    kernelAttrs.push_back(kernelAttr(b, k));
  for (const Plan &p : plans)
    planAttrs.push_back(planAttr(b, p));
  for (const std::string &s : sites)
    siteAttrs.push_back(b.getStringAttr(s));
  SmallVector<NamedAttribute> entries{b.getNamedAttr("inputs", tensorsAttr(b, inputs)),
                                      b.getNamedAttr("outputs", tensorsAttr(b, outputs)),
                                      b.getNamedAttr("kernels", b.getArrayAttr(kernelAttrs)),
                                      b.getNamedAttr("plans", b.getArrayAttr(planAttrs)),
                                      b.getNamedAttr("sites", b.getArrayAttr(siteAttrs)),
                                      b.getNamedAttr("weight_bytes", b.getI64IntegerAttr(weightBytes))};
  if (deviceWeightBytes)
    entries.push_back(b.getNamedAttr(kDeviceWeightBytes, b.getI64IntegerAttr(deviceWeightBytes)));
  module->setAttr(kProgramAttr, b.getDictionaryAttr(entries));
}

namespace {
/// Reads entries of dictionaries and remembers whether all were there.
struct Reader {
  bool ok = true;

  template <typename T> T get(DictionaryAttr dict, StringRef name) {
    T attr = dict ? dict.getAs<T>(name) : T();
    ok &= bool(attr);
    return attr;
  }
  std::string text(DictionaryAttr dict, StringRef name) {
    auto attr = get<StringAttr>(dict, name);
    return attr ? attr.str() : "";
  }
  template <typename Array> auto numbers(DictionaryAttr dict, StringRef name) {
    auto attr = get<Array>(dict, name);
    return attr ? attr.asArrayRef().vec() : decltype(attr.asArrayRef().vec())();
  }
  int64_t number(DictionaryAttr dict, StringRef name) {
    auto attr = get<IntegerAttr>(dict, name);
    return attr ? attr.getInt() : 0;
  }
  std::optional<DeviceKernel> device(DictionaryAttr kernel) {
    if (!kernel || !kernel.contains(kDevice))
      return std::nullopt;
    auto dict = get<DictionaryAttr>(kernel, kDevice);
    auto read = [&](StringRef name) { return static_cast<int32_t>(number(dict, name)); };
    return DeviceKernel{read(kThreads), read(kSharedBytes), read(kBuffers), read(kScalars)};
  }
  /// The entries of an array of dictionaries.
  SmallVector<DictionaryAttr> dicts(DictionaryAttr dict, StringRef name) {
    SmallVector<DictionaryAttr> out;
    if (auto array = get<ArrayAttr>(dict, name))
      for (Attribute a : array) {
        out.push_back(dyn_cast<DictionaryAttr>(a));
        ok &= bool(out.back());
      }
    return out;
  }
  std::vector<std::string> texts(DictionaryAttr dict, StringRef name) {
    std::vector<std::string> out;
    if (auto array = get<ArrayAttr>(dict, name))
      for (Attribute a : array) {
        auto text = dyn_cast<StringAttr>(a);
        ok &= bool(text);
        out.push_back(text ? text.str() : "");
      }
    return out;
  }
  std::vector<TensorInfo> tensors(DictionaryAttr dict, StringRef name) {
    std::vector<TensorInfo> out;
    for (DictionaryAttr d : dicts(dict, name)) {
      auto type = get<TypeAttr>(d, "type");
      out.push_back({text(d, "name"), type ? type.getValue() : Type(), numbers<DenseI64ArrayAttr>(d, "dims"),
                     texts(d, "dim_names")});
      ok &= out.back().dims.size() == out.back().dimNames.size();
    }
    return out;
  }
};
} // namespace

FailureOr<Program> Program::read(ModuleOp module) {
  auto dict = module->getAttrOfType<DictionaryAttr>(kProgramAttr);
  if (!dict)
    return module.emitError() << "module has no attribute '" << kProgramAttr << "': run adze-host-to-buffers first";
  Reader reader;
  Program program;
  program.inputs = reader.tensors(dict, "inputs");
  program.outputs = reader.tensors(dict, "outputs");
  for (DictionaryAttr d : reader.dicts(dict, "kernels"))
    program.kernels.push_back(
        {reader.text(d, "symbol"), reader.text(d, "nodes"), reader.text(d, "operators"), reader.device(d)});
  for (DictionaryAttr d : reader.dicts(dict, "plans")) {
    const Plan &plan = program.plans.emplace_back(
        Plan{reader.numbers<DenseI32ArrayAttr>(d, "first"), reader.numbers<DenseI32ArrayAttr>(d, "last"),
             reader.numbers<DenseI64ArrayAttr>(d, "sizes"), d && d.contains(kOnDevice)});
    reader.ok &= plan.first.size() == plan.last.size() && plan.first.size() == plan.sizes.size();
  }
  program.sites = reader.texts(dict, "sites");
  program.weightBytes = reader.number(dict, "weight_bytes");
  if (dict.contains(kDeviceWeightBytes))
    program.deviceWeightBytes = reader.number(dict, kDeviceWeightBytes);
  if (!reader.ok)
    return module.emitError() << "attribute '" << kProgramAttr << "' is not of the form of passes/host/Program.h";
  return program;
}
