// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The file itself: bytes that are no model, or one of another time; a model's place on disk; memory.
#include "compiler/import/WireScan.h"
#include "dialects/core/Core.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "test/compiler/import/Models.h"
#include <fstream>
#include <gtest/gtest.h>
#include <sys/stat.h>

using namespace adze;
using namespace adze::test;

TEST(File, EmptyBytes) { EXPECT_REFUSED(Imported(std::string()), "the model is empty"); }

TEST(File, EmptyFile) {
  TempFolder folder;
  EXPECT_REFUSED(Imported(folder.write("a.onnx", "")), "the model is empty");
}

TEST(File, Missing) {
  TempFolder folder;
  EXPECT_REFUSED(Imported(folder / "none.onnx"), "No such file or directory");
}

TEST(File, Folder) {
  TempFolder folder;
  EXPECT_REFUSED(Imported(folder.path), "is not a regular file");
}

TEST(File, FifoDoesNotWait) {
  TempFolder folder;
  ASSERT_EQ(mkfifo((folder / "a.onnx").c_str(), 0600), 0);
  EXPECT_REFUSED(Imported(folder / "a.onnx"), "is not a regular file");
}

TEST(File, NotProtobuf) {
  EXPECT_REFUSED(Imported(std::string("\x7f"
                                      "ELF\x02\x01\x01 and so on")),
                 "the file is no protobuf message at byte 0");
  EXPECT_REFUSED(Imported(std::string(100, '\0')), "the file is no protobuf message at byte 0");
  EXPECT_REFUSED(Imported(std::string(100, '\xff')), "more than 10 bytes");
}

TEST(File, NoGraph) {
  pb::ModelProto model = emptyModel();
  model.clear_graph();
  EXPECT_REFUSED(Imported(model), "it has no graph");
}

/// Every prefix of a model is refused, except one that ends between two fields after the graph.
TEST(File, Truncated) {
  pb::ModelProto model = reluModel();
  *model.mutable_graph()->add_initializer() = rawTensor("w", pb::TensorProto::FLOAT, {2000}, 8000);
  std::string bytes = model.SerializeAsString();
  for (size_t size : {1, 3, 9, 30, 60, 100, 4000, 8000})
    EXPECT_REFUSED(Imported(bytes.substr(0, size)), "not an ONNX model");
  size_t refused = 0;
  for (size_t size = 0; size < bytes.size(); size += size < 200 ? 1 : 97)
    refused += !Imported(bytes.substr(0, size)).ok();
  EXPECT_GT(refused, 250u);
}

TEST(File, WrongInside) {
  pb::ModelProto model = reluModel();
  std::string bytes = model.SerializeAsString();
  // A dimension's message with a field of the wrong wire type.
  size_t at = bytes.find("relu");
  ASSERT_NE(at, std::string::npos);
  bytes[at - 1] = '\x7f';
  EXPECT_REFUSED(Imported(bytes), "not an ONNX model");
}

TEST(File, IrVersion) {
  pb::ModelProto model = reluModel();
  model.set_ir_version(pb::IR_VERSION);
  EXPECT_TRUE(Imported(model).ok());
  model.set_ir_version(pb::IR_VERSION + 1);
  EXPECT_REFUSED(Imported(model), "the model has IR version " + std::to_string(pb::IR_VERSION + 1));
  model.set_ir_version(-1);
  EXPECT_REFUSED(Imported(model), "the model has IR version -1");
}

TEST(File, Opsets) {
  for (int64_t good : {1, 7, 28}) {
    pb::ModelProto model = reluModel();
    model.mutable_opset_import(0)->set_version(good);
    EXPECT_TEXT(Imported(model), "onnx.node \"Relu\" opset " + std::to_string(good));
  }
  for (int64_t bad : {int64_t(0), int64_t(-3), int64_t(29), INT64_MAX}) {
    pb::ModelProto model = reluModel();
    model.mutable_opset_import(0)->set_version(bad);
    EXPECT_REFUSED(Imported(model),
                   "loc(\"relu\"): the model imports opset " + std::to_string(bad) + ", supported are 1 to 28");
  }
}

TEST(File, OpsetOfAnUnusedDomainIsNotRead) {
  pb::ModelProto model = reluModel();
  auto &opset = *model.add_opset_import();
  opset.set_domain("com.example");
  opset.set_version(1000);
  EXPECT_TRUE(Imported(model).ok());
}

TEST(File, TwoVersionsOfADomain) {
  pb::ModelProto model = reluModel();
  auto &opset = *model.add_opset_import();
  opset.set_domain("ai.onnx");
  opset.set_version(21);
  EXPECT_REFUSED(Imported(model), "imports domain 'ai.onnx' in two versions");
}

TEST(File, NoOpsetIsTheFirst) {
  pb::ModelProto model = reluModel();
  model.clear_opset_import();
  EXPECT_TEXT(Imported(model), "opset 1(");
}

TEST(File, UnknownDomain) {
  pb::ModelProto model = reluModel();
  model.mutable_graph()->mutable_node(0)->set_domain("com.example");
  EXPECT_REFUSED(Imported(model),
                 "loc(\"relu\"): operator Relu is of domain 'com.example', which the model does not import");
}

TEST(File, Metadata) {
  pb::ModelProto model = reluModel();
  for (auto [key, value] :
       {std::pair("b", "1"), std::pair("a \"quoted\"", "2"), std::pair("b", "3"), std::pair("", "4")}) {
    auto &property = *model.add_metadata_props();
    property.set_key(key);
    property.set_value(value);
  }
  EXPECT_TEXT(Imported(model), "adze.metadata = {\"a \\22quoted\\22\" = \"2\", b = \"3\"}");
}

/// Numbers as protobuf writes them.
static std::string varints(std::initializer_list<uint64_t> numbers) {
  std::string out;
  for (uint64_t number : numbers) {
    for (; number >= 0x80; number >>= 7)
      out.push_back(char(number | 0x80));
    out.push_back(char(number));
  }
  return out;
}

/// Wraps a message `depth` times in field `number`.
static std::string nested(std::string inner, unsigned depth, std::initializer_list<int> numbers) {
  for (unsigned i = 0; i < depth; ++i)
    for (int number : numbers)
      inner = varints({uint64_t(number) << 3 | 2, inner.size()}) + inner;
  return inner;
}

TEST(File, MessagesThatNestTooDeep) {
  // Graph.node.attribute.g.node...
  EXPECT_REFUSED(Imported(nested(nested("", 40, {6, 5, 1}), 1, {7})), "nest deeper than 100");
  EXPECT_REFUSED(Imported(nested(nested("", 2000, {6, 5, 1}), 1, {7})), "nest deeper than 100");
  // A type: a sequence of sequences.
  std::string type = nested("", 5000, {1, 4});
  std::string graph = nested(nested(type, 1, {2}), 1, {11});
  EXPECT_REFUSED(Imported(nested(graph, 1, {7})), "protobuf cannot parse it");
}

TEST(File, DeepButAllowed) {
  pb::ModelProto model = emptyModel();
  addInput(*model.mutable_graph(), "c", {}, pb::TensorProto::BOOL);
  pb::GraphProto *graph = model.mutable_graph();
  for (int i = 0; i < 25; ++i) {
    pb::NodeProto &node = addNode(*graph, "If", {"c"}, {"y"});
    addOutput(*graph, "y");
    graph = &addGraph(node, "then_branch");
  }
  addNode(*graph, "Identity", {"c"}, {"y"});
  addOutput(*graph, "y");
  EXPECT_TEXT(Imported(model), "onnx.node \"Identity\"");
}

/// The field that stands for cut data cannot be planted.
TEST(File, PlantedCutData) {
  pb::TensorProto planted = tensor("w", pb::TensorProto::FLOAT, {2});
  uint64_t tag = uint64_t(kRawDataField) << 3;
  for (const std::string &field : {varints({tag, 7}), varints({tag | 2, 1}) + "x"}) {
    *planted.mutable_unknown_fields() = field;
    EXPECT_REFUSED(Imported(tensorModel(planted)), "has 0 values");
  }
}

TEST(File, DataTwice) {
  pb::ModelProto model = tensorModel(rawTensor("w", pb::TensorProto::FLOAT, {2000}, 8000));
  std::string tensor = model.graph().initializer(0).SerializeAsString();
  for (const std::string &second :
       {rawTensor("w", 1, {}, 8000).SerializeAsString(), rawTensor("w", 1, {}, 8).SerializeAsString()}) {
    std::string graph = nested(tensor + second, 1, {5});
    EXPECT_REFUSED(Imported(nested(graph, 1, {7})), "tensor 'w': has raw data twice");
  }
}

/// Memory of this process that belongs to no file.
static size_t anonymousBytes() {
  std::ifstream status("/proc/self/status");
  for (std::string word; status >> word;)
    if (word == "RssAnon:") {
      size_t kilobytes;
      status >> kilobytes;
      return kilobytes * 1024;
    }
  return 0;
}

TEST(File, WeightsAreNotCopied) {
  TempFolder folder;
  constexpr int64_t kBytes = 500'000'000;
  // The file is written by hand: its weights are a hole. Field 7 of the model, 5 of the graph, 9 of the tensor.
  pb::TensorProto head = tensor("w", pb::TensorProto::INT8, {kBytes});
  auto length = [](uint64_t number, uint64_t size) { return varints({number << 3 | 2, size}); };
  pb::ModelProto model = emptyModel();
  addOutput(*model.mutable_graph(), "w");
  std::string tensorHead = head.SerializeAsString() + length(9, kBytes);
  std::string graph = model.graph().SerializeAsString() + length(5, tensorHead.size() + kBytes) + tensorHead;
  model.clear_graph();
  std::string bytes = model.SerializeAsString() + length(7, graph.size() + kBytes) + graph;
  std::filesystem::path path = folder.write("large.onnx", bytes);
  std::filesystem::resize_file(path, bytes.size() + kBytes);
  size_t before = anonymousBytes();
  Imported imported(path);
  ASSERT_TRUE(imported.ok()) << imported.errors();
  EXPECT_LT(anonymousBytes(), before + 20'000'000);
  EXPECT_TEXT(imported,
              "#core.blob<\"model\", " + std::to_string(bytes.size()) + ", 500000000, \"\"> -> tensor<500000000xi8>");
}

TEST(File, TwoModelsInOneContext) {
  mlir::MLIRContext context(mlir::MLIRContext::Threading::DISABLED);
  std::string first = tensorModel(rawTensor("w", pb::TensorProto::INT8, {5000}, 5000)).SerializeAsString();
  pb::TensorProto zeros = tensor("w", pb::TensorProto::INT8, {5000});
  zeros.set_raw_data(std::string(5000, 0));
  std::string second = tensorModel(zeros).SerializeAsString();
  for (bool isFirst : {true, false}) {
    ModelSource source;
    source.bytes = isFirst ? first : second;
    auto module = importModel(source, {}, context);
    ASSERT_TRUE(module);
    mlir::func::FuncOp function = *module->getOps<mlir::func::FuncOp>().begin();
    core::ConstantOp constant = *function.getOps<core::ConstantOp>().begin();
    auto value = core::constantBytes(constant);
    ASSERT_TRUE(succeeded(value));
    EXPECT_EQ((*value)[1], isFirst ? 7 : 0);
  }
}
