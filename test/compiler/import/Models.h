// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Models for tests: built in memory, imported with their diagnostics caught.
#pragma once
#include "compiler/import/Import.h"
#include "mlir/IR/MLIRContext.h"
#include "onnx-ml.pb.h"
#include <filesystem>
#include <string>
#include <vector>

namespace adze::test {

namespace pb = ::onnx;
using Names = std::vector<std::string>;

/// A model of opset 22 without inputs, outputs or nodes.
pb::ModelProto emptyModel();
/// x -> Relu -> y, x of the given dimensions: a number, or a name.
pb::ModelProto reluModel(const Names &dims = {"2", "3"});

/// Adds an input to the graph. A dimension is a number, a name, or "" for one of which nothing is known.
pb::ValueInfoProto &addInput(pb::GraphProto &graph, const std::string &name, const Names &dims = {},
                             int dataType = pb::TensorProto::FLOAT);
void addOutput(pb::GraphProto &graph, const std::string &name);
/// Adds a node to a graph or to a function.
template <typename Holder>
pb::NodeProto &addNode(Holder &holder, const std::string &op, const Names &inputs, const Names &outputs,
                       const std::string &name = "") {
  pb::NodeProto &node = *holder.add_node();
  node.set_op_type(op);
  node.set_name(name);
  for (auto &input : inputs)
    node.add_input(input);
  for (auto &output : outputs)
    node.add_output(output);
  return node;
}
/// Adds an attribute of a given type, without a value.
pb::AttributeProto &addAttribute(pb::NodeProto &node, const std::string &name, pb::AttributeProto::AttributeType type);
/// Adds a GRAPH attribute.
pb::GraphProto &addGraph(pb::NodeProto &node, const std::string &name);
/// A tensor without data.
pb::TensorProto tensor(const std::string &name, int dataType, const std::vector<int64_t> &dims);
/// A tensor with raw data of `bytes` bytes that count up.
pb::TensorProto rawTensor(const std::string &name, int dataType, const std::vector<int64_t> &dims, size_t bytes);
/// A model that returns one initializer.
pb::ModelProto tensorModel(const pb::TensorProto &tensor);

/// One import and what came of it.
class Imported {
public:
  explicit Imported(const pb::ModelProto &model, const ImportOptions &options = {})
      : Imported(model.SerializeAsString(), "", options) {}
  /// From bytes, with a folder for external data.
  explicit Imported(std::string bytes, const std::string &baseDirectory = "", const ImportOptions &options = {});
  /// From a file.
  explicit Imported(const std::filesystem::path &path, const ImportOptions &options = {});

  bool ok() const { return bool(module); }
  /// "location: message" of each diagnostic, one a line; "invalid module" where the verifier is not content.
  const std::string &errors() const { return messages; }
  /// The module as text, with locations if asked for.
  std::string text(bool locations = false);
  /// The bytes of the `index`-th core.constant.
  std::string constant(size_t index = 0);

private:
  void run(const ModelSource &source, const ImportOptions &options);

  std::string bytes;
  mlir::MLIRContext context;
  mlir::OwningOpRef<mlir::ModuleOp> module;
  std::string messages;
};

/// A folder that goes when this does.
class TempFolder {
public:
  TempFolder();
  ~TempFolder();
  std::filesystem::path operator/(const std::string &name) const { return path / name; }
  /// Writes a file in it.
  std::filesystem::path write(const std::string &name, const std::string &content) const;

  std::filesystem::path path;
};

} // namespace adze::test

/// The import fails, and says so with these words.
#define EXPECT_REFUSED(imported, fragment)                                                                             \
  do {                                                                                                                 \
    auto &&result = imported;                                                                                          \
    EXPECT_FALSE(result.ok());                                                                                         \
    EXPECT_NE(result.errors().find(fragment), std::string::npos) << "the message is: " << result.errors();             \
  } while (false)
/// The import succeeds and its text has this part.
#define EXPECT_TEXT(imported, fragment)                                                                                \
  do {                                                                                                                 \
    auto &&result = imported;                                                                                          \
    ASSERT_TRUE(result.ok()) << result.errors();                                                                       \
    EXPECT_NE(result.text().find(fragment), std::string::npos) << result.text();                                       \
  } while (false)
