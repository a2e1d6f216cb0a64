// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "test/compiler/import/Models.h"
#include "dialects/core/Core.h"
#include "mlir/IR/Verifier.h"
#include <cstdlib>
#include <fstream>
#include <stdexcept>

using namespace adze;
using namespace adze::test;

pb::ModelProto test::emptyModel() {
  pb::ModelProto model;
  model.set_ir_version(10);
  model.set_producer_name("test");
  pb::OperatorSetIdProto &opset = *model.add_opset_import();
  opset.set_domain("");
  opset.set_version(22);
  model.mutable_graph()->set_name("g");
  return model;
}

pb::ModelProto test::reluModel(const Names &dims) {
  pb::ModelProto model = emptyModel();
  addInput(*model.mutable_graph(), "x", dims);
  addNode(*model.mutable_graph(), "Relu", {"x"}, {"y"}, "relu");
  addOutput(*model.mutable_graph(), "y");
  return model;
}

pb::ValueInfoProto &test::addInput(pb::GraphProto &graph, const std::string &name, const Names &dims, int dataType) {
  pb::ValueInfoProto &input = *graph.add_input();
  input.set_name(name);
  auto &type = *input.mutable_type()->mutable_tensor_type();
  type.set_elem_type(dataType);
  auto &shape = *type.mutable_shape();
  for (auto &dim : dims) {
    auto &added = *shape.add_dim();
    if (dim.find_first_not_of("-0123456789") != std::string::npos)
      added.set_dim_param(dim);
    else if (!dim.empty())
      added.set_dim_value(std::stoll(dim));
  }
  return input;
}

void test::addOutput(pb::GraphProto &graph, const std::string &name) { graph.add_output()->set_name(name); }

pb::AttributeProto &test::addAttribute(pb::NodeProto &node, const std::string &name,
                                       pb::AttributeProto::AttributeType type) {
  pb::AttributeProto &attribute = *node.add_attribute();
  attribute.set_name(name);
  attribute.set_type(type);
  return attribute;
}

pb::GraphProto &test::addGraph(pb::NodeProto &node, const std::string &name) {
  return *addAttribute(node, name, pb::AttributeProto::GRAPH).mutable_g();
}

pb::TensorProto test::tensor(const std::string &name, int dataType, const std::vector<int64_t> &dims) {
  pb::TensorProto made;
  made.set_name(name);
  made.set_data_type(dataType);
  for (int64_t size : dims)
    made.add_dims(size);
  return made;
}

pb::TensorProto test::rawTensor(const std::string &name, int dataType, const std::vector<int64_t> &dims, size_t bytes) {
  pb::TensorProto made = tensor(name, dataType, dims);
  std::string raw(bytes, 0);
  for (size_t i = 0; i < bytes; ++i)
    raw[i] = char(i * 7 + (i >> 8));
  made.set_raw_data(raw);
  return made;
}

pb::ModelProto test::tensorModel(const pb::TensorProto &tensor) {
  pb::ModelProto model = emptyModel();
  *model.mutable_graph()->add_initializer() = tensor;
  addOutput(*model.mutable_graph(), tensor.name());
  return model;
}

Imported::Imported(std::string content, const std::string &baseDirectory, const ImportOptions &options)
    : bytes(std::move(content)), context(mlir::MLIRContext::Threading::DISABLED) {
  ModelSource source;
  source.bytes = bytes;
  source.baseDirectory = baseDirectory;
  run(source, options);
}

Imported::Imported(const std::filesystem::path &path, const ImportOptions &options)
    : context(mlir::MLIRContext::Threading::DISABLED) {
  ModelSource source;
  source.path = path.string();
  run(source, options);
}

void Imported::run(const ModelSource &source, const ImportOptions &options) {
  mlir::ScopedDiagnosticHandler handler(&context, [&](mlir::Diagnostic &diagnostic) {
    llvm::raw_string_ostream os(messages);
    // A node's location has its operator too, which no message depends on.
    mlir::Location loc = diagnostic.getLocation();
    if (auto name = mlir::dyn_cast<mlir::NameLoc>(loc))
      loc = mlir::NameLoc::get(name.getName());
    os << loc << ": " << diagnostic << "\n";
    return mlir::success();
  });
  module = importModel(source, options, context);
  if (module && failed(mlir::verify(*module))) {
    messages += "invalid module";
    module = {};
  }
}

std::string Imported::text(bool locations) {
  std::string out;
  llvm::raw_string_ostream os(out);
  mlir::OpPrintingFlags flags;
  if (locations)
    flags.enableDebugInfo(/*enable=*/true, /*prettyForm=*/true);
  module->print(os, flags);
  return out;
}

std::string Imported::constant(size_t index) {
  std::string found;
  module->walk([&](core::ConstantOp op) {
    if (index-- != 0)
      return;
    auto value = core::constantBytes(op);
    if (succeeded(value))
      found.assign(value->begin(), value->end());
  });
  return found;
}

TempFolder::TempFolder() {
  std::string name = (std::filesystem::temp_directory_path() / "adze-import-XXXXXX").string();
  if (!mkdtemp(name.data()))
    throw std::runtime_error("no temporary folder");
  path = std::filesystem::canonical(name);
}

TempFolder::~TempFolder() { std::filesystem::remove_all(path); }

std::filesystem::path TempFolder::write(const std::string &name, const std::string &content) const {
  std::filesystem::create_directories((path / name).parent_path());
  std::ofstream(path / name, std::ios::binary) << content;
  return path / name;
}
