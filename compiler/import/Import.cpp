// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/import/Import.h"
#include "compiler/import/GraphImporter.h"
#include "dialects/core/Core.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "llvm/Support/Path.h"

using namespace mlir;
using namespace adze;

static constexpr int64_t kLastIrVersion = ::onnx::IR_VERSION;

/// Parses what the scan has left of the model.
static bool parse(const ScannedModel &scanned, ::onnx::ModelProto &model) {
  google::protobuf::io::CodedInputStream stream(reinterpret_cast<const uint8_t *>(scanned.message.data()),
                                                int(scanned.message.size()));
  return scanned.message.size() < (size_t(1) << 31) && model.ParseFromCodedStream(&stream) &&
         stream.ConsumedEntireMessage();
}

static void setMetadata(const ::onnx::ModelProto &model, ModuleOp module) {
  OpBuilder b(module.getContext());
  module->setAttr("adze.producer", b.getStringAttr(model.producer_name()));
  module->setAttr("adze.producer_version", b.getStringAttr(model.producer_version()));
  module->setAttr("adze.model_domain", b.getStringAttr(model.domain()));
  module->setAttr("adze.graph_name", b.getStringAttr(model.graph().name()));
  module->setAttr("adze.doc_string", b.getStringAttr(model.doc_string()));
  module->setAttr("adze.model_version", b.getI64IntegerAttr(model.model_version()));
  module->setAttr("adze.ir_version", b.getI64IntegerAttr(model.ir_version()));
  NamedAttrList properties;
  for (auto &property : model.metadata_props())
    if (!property.key().empty())
      properties.set(property.key(), b.getStringAttr(property.value()));
  module->setAttr("adze.metadata", properties.getDictionary(module.getContext()));
}

OwningOpRef<ModuleOp> adze::importModel(const ModelSource &source, const ImportOptions &options, MLIRContext &context,
                                        std::vector<std::string> *externalFiles) {
  context.loadDialect<core::CoreDialect, onnx::OnnxDialect, func::FuncDialect>();
  std::string name = source.path.empty() ? "model" : llvm::sys::path::filename(source.path).str();
  Location loc = FileLineColLoc::get(&context, name, 0, 0);
  core::BlobStore &store = context.getLoadedDialect<core::CoreDialect>()->blobs();

  ArrayRef<char> bytes(source.bytes.data(), source.bytes.size());
  std::shared_ptr<MappedFile> file;
  std::string directory = source.baseDirectory;
  if (!source.path.empty()) {
    auto mapped = MappedFile::open(source.path);
    if (!mapped)
      return emitError(loc) << "cannot read the model " << llvm::toString(mapped.takeError()), nullptr;
    file = *mapped;
    bytes = file->bytes();
    directory = llvm::sys::path::parent_path(source.path).str();
    if (directory.empty())
      directory = ".";
  }
  if (bytes.empty())
    return emitError(loc) << "the model is empty", nullptr;
  std::string sourceName = addSource(store, "model", bytes, file);

  auto scanned = scanModel(bytes);
  if (!scanned)
    return emitError(loc) << llvm::toString(scanned.takeError()), nullptr;
  ::onnx::ModelProto model;
  if (!parse(*scanned, model))
    return emitError(loc) << "not an ONNX model: protobuf cannot parse it", nullptr;
  scanned->message = std::string();
  if (!model.has_graph())
    return emitError(loc) << "not an ONNX model: it has no graph", nullptr;
  if (model.ir_version() < 0 || model.ir_version() > kLastIrVersion)
    return emitError(loc) << "the model has IR version " << model.ir_version() << ", supported are up to "
                          << kLastIrVersion,
           nullptr;

  OwningOpRef<ModuleOp> module = ModuleOp::create(loc);
  setMetadata(model, *module);
  ExternalData external(source.path, directory, store);
  TensorReader tensors(*scanned, sourceName, external, store);
  if (failed(GraphImporter(model, tensors, options, *module).run()))
    return nullptr;
  if (externalFiles)
    *externalFiles = external.locations();
  return module;
}
