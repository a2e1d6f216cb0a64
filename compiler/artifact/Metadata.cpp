// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/artifact/Metadata.h"
#include "codegen/common/Dtype.h"
#include "dialects/core/ExposedValues.h"
#include "runtime/abi.h"
#include "llvm/Config/llvm-config.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/JSON.h"

using namespace adze;
namespace json = llvm::json;

static json::Array tensors(const std::vector<host::TensorInfo> &infos) {
  json::Array out;
  for (const host::TensorInfo &info : infos) {
    json::Array shape;
    for (auto [size, name] : llvm::zip(info.dims, info.dimNames)) {
      if (size >= 0)
        shape.push_back(size);
      else if (name.empty())
        shape.push_back(nullptr);
      else
        shape.push_back(json::fixUTF8(name));
    }
    auto dtype = dtypeOf(info.elementType);
    out.push_back(json::Object{{"name", json::fixUTF8(info.name)},
                               {"dtype", dtype ? dtypeName(*dtype) : "unknown"},
                               {"shape", std::move(shape)}});
  }
  return out;
}

/// What the model's file says of itself.
static json::Object aboutModel(mlir::ModuleOp module) {
  json::Object out;
  const std::pair<const char *, const char *> texts[] = {{"adze.producer", "producer"},
                                                         {"adze.producer_version", "producer_version"},
                                                         {"adze.model_domain", "domain"},
                                                         {"adze.graph_name", "graph_name"},
                                                         {"adze.doc_string", "doc_string"}};
  for (auto [attribute, key] : texts)
    if (auto text = module->getAttrOfType<mlir::StringAttr>(attribute))
      out[key] = json::fixUTF8(text.getValue());
  const std::pair<const char *, const char *> numbers[] = {{"adze.model_version", "version"},
                                                           {"adze.ir_version", "ir_version"}};
  for (auto [attribute, key] : numbers)
    if (auto number = module->getAttrOfType<mlir::IntegerAttr>(attribute))
      out[key] = number.getInt();
  json::Object properties;
  if (auto entries = module->getAttrOfType<mlir::DictionaryAttr>("adze.metadata"))
    for (mlir::NamedAttribute entry : entries)
      if (auto text = mlir::dyn_cast<mlir::StringAttr>(entry.getValue()))
        properties[json::fixUTF8(entry.getName().getValue())] = json::fixUTF8(text.getValue());
  out["metadata"] = std::move(properties);
  return out;
}

/// The model's named values, where they are outputs to be looked at.
static json::Array values(mlir::ArrayAttr entries) {
  json::Array out;
  for (mlir::Attribute entry : entries) {
    auto dictionary = mlir::dyn_cast<mlir::DictionaryAttr>(entry);
    json::Object fields;
    for (mlir::NamedAttribute field : dictionary ? dictionary.getValue() : llvm::ArrayRef<mlir::NamedAttribute>()) {
      if (auto text = mlir::dyn_cast<mlir::StringAttr>(field.getValue()))
        fields[field.getName().getValue()] = json::fixUTF8(text.getValue());
      else if (auto number = mlir::dyn_cast<mlir::IntegerAttr>(field.getValue()))
        fields[field.getName().getValue()] = number.getInt();
      else if (mlir::isa<mlir::UnitAttr>(field.getValue()))
        fields[field.getName().getValue()] = true;
    }
    out.push_back(std::move(fields));
  }
  return out;
}

/// `device` is there for a kernel of the device, `host_reason` for one that it could have had.
static json::Object about(const host::Kernel &kernel, const DeviceMetadata &device) {
  json::Object out{{"name", json::fixUTF8(kernel.symbol)},
                   {"nodes", json::fixUTF8(kernel.nodes)},
                   {"operators", json::fixUTF8(kernel.operators)}};
  if (kernel.device)
    out["device"] = json::Object{{"name", kernel.device->name},
                                 {"threads", int64_t(kernel.device->threads)},
                                 {"shared_bytes", int64_t(kernel.device->sharedBytes)}};
  if (auto reason = device.hostReasons.find(kernel.symbol); reason != device.hostReasons.end())
    out["host_reason"] = json::fixUTF8(reason->second);
  return out;
}

/// The code that the artifact carries for a device.
static json::Array codeObjects(llvm::ArrayRef<DeviceImage> images) {
  json::Array out;
  for (const DeviceImage &image : images)
    out.push_back(
        json::Object{{"machine", image.machine}, {"form", image.form}, {"bytes", int64_t(image.code.size())}});
  return out;
}

std::string adze::makeMetadata(mlir::ModuleOp module, const host::Program &program, const DeviceMetadata &device,
                               llvm::StringRef machine, const Options &options) {
  json::Array kernels;
  for (const host::Kernel &kernel : program.kernels)
    kernels.push_back(about(kernel, device));
  json::Object dims;
  for (const auto &[name, size] : options.dims)
    dims[json::fixUTF8(name)] = size;
  json::Object root{{"abi_version", int64_t(ADZE_ABI_VERSION)},
                    {"compiler", "adze " ADZE_VERSION " (LLVM " LLVM_VERSION_STRING ")"},
                    {"machine", machine},
                    {"model", aboutModel(module)},
                    {"opt_level", int64_t(options.optLevel)},
                    {"allow", json::Array(options.allow)},
                    {"dims", std::move(dims)},
                    {"source", json::fixUTF8(options.sourceDigest)},
                    {"inputs", tensors(program.inputs)},
                    {"outputs", tensors(program.outputs)},
                    {"kernels", std::move(kernels)},
                    {"weight_bytes", program.weightBytes}};
  if (!device.images.empty())
    root["code_objects"] = codeObjects(device.images);
  if (auto entries = module->getAttrOfType<mlir::ArrayAttr>(core::kValuesAttr))
    root["values"] = values(entries);
  return llvm::formatv("{0}", json::Value(std::move(root)));
}
