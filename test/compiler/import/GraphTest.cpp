// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Graphs: names and their order, attributes, subgraphs, locations.
#include "test/compiler/import/Models.h"
#include <gtest/gtest.h>

using namespace adze;
using namespace adze::test;
using A = pb::AttributeProto;

TEST(Graph, OneNode) {
  EXPECT_TEXT(Imported(reluModel()), "%0 = onnx.node \"Relu\" opset 22(%arg0) {} : (tensor<2x3xf32>) -> !onnx.any");
  EXPECT_TEXT(Imported(reluModel()), "-> (!onnx.any {adze.name = \"y\"})");
}

TEST(Graph, OldModelsWithInitializersAmongInputs) {
  pb::ModelProto model = reluModel();
  model.set_ir_version(3);
  addInput(*model.mutable_graph(), "w", {"2"});
  *model.mutable_graph()->add_initializer() = rawTensor("w", pb::TensorProto::FLOAT, {2}, 8);
  addOutput(*model.mutable_graph(), "w");
  Imported imported(model);
  EXPECT_TEXT(imported, "func.func @main(%arg0: tensor<2x3xf32> {adze.dims = [\"\", \"\"], adze.name = \"x\"}) ->");
  EXPECT_TEXT(imported, "tensor<2xf32> {adze.name = \"w\"}");
}

TEST(Graph, OutputThatIsAnInput) {
  pb::ModelProto model = reluModel();
  addOutput(*model.mutable_graph(), "x");
  EXPECT_TEXT(Imported(model), "return %0, %arg0 : !onnx.any, tensor<2x3xf32>");
}

TEST(Graph, NoNodesAndNoOutputs) { EXPECT_TEXT(Imported(emptyModel()), "func.func @main()"); }

TEST(Graph, DuplicateNames) {
  auto twice = [](auto change) {
    pb::ModelProto model = reluModel();
    change(*model.mutable_graph());
    return Imported(model).errors();
  };
  auto w = rawTensor("w", pb::TensorProto::FLOAT, {2}, 8), y = rawTensor("y", pb::TensorProto::FLOAT, {2}, 8);
  EXPECT_NE(twice([&](auto &g) { addInput(g, "x"); }).find("loc(\"x\"): tensor 'x' is defined twice"),
            std::string::npos);
  EXPECT_NE(
      twice([&](auto &g) { *g.add_initializer() = w, *g.add_initializer() = w; }).find("tensor 'w' is defined twice"),
      std::string::npos);
  EXPECT_NE(twice([&](auto &g) { *g.add_initializer() = y; }).find("loc(\"relu\"): tensor 'y' is defined twice"),
            std::string::npos);
  EXPECT_NE(
      twice([&](auto &g) { addNode(g, "Abs", {"x"}, {"y"}, "n"); }).find("loc(\"n\"): tensor 'y' is defined twice"),
      std::string::npos);
  EXPECT_NE(twice([&](auto &g) {
              addNode(g, "Split", {"x"}, {"a", "a"}, "n");
            }).find("loc(\"n\"): tensor 'a' is defined twice"),
            std::string::npos);
  EXPECT_NE(twice([&](auto &g) { addOutput(g, "y"); }).find("loc(\"y\"): output 'y' is given twice"),
            std::string::npos);
}

TEST(Graph, NamesThatAreEmpty) {
  pb::ModelProto model = reluModel();
  addInput(*model.mutable_graph(), "");
  EXPECT_REFUSED(Imported(model), "an input of the graph has no name");
  model = reluModel();
  addOutput(*model.mutable_graph(), "");
  EXPECT_REFUSED(Imported(model), "an output of the graph has no name");
  EXPECT_REFUSED(Imported(tensorModel(rawTensor("", pb::TensorProto::FLOAT, {2}, 8))),
                 "an initializer of the graph has no name");
  model = reluModel();
  model.mutable_graph()->mutable_node(0)->clear_op_type();
  EXPECT_REFUSED(Imported(model), "loc(\"relu\"): the node has no operator");
  model = reluModel();
  addAttribute(*model.mutable_graph()->mutable_node(0), "", A::INT).set_i(1);
  EXPECT_REFUSED(Imported(model), "loc(\"relu\"): an attribute has no name");
}

TEST(Graph, MissingInput) {
  pb::ModelProto model = reluModel();
  model.mutable_graph()->mutable_node(0)->set_input(0, "z");
  EXPECT_REFUSED(Imported(model), "loc(\"relu\"): input 'z' of operator Relu is not defined");
}

TEST(Graph, NotSorted) {
  pb::ModelProto model = reluModel();
  addNode(*model.mutable_graph(), "Abs", {"x"}, {"z"});
  model.mutable_graph()->mutable_node(0)->set_input(0, "z");
  EXPECT_REFUSED(
      Imported(model),
      "loc(\"relu\"): input 'z' of operator Relu is defined after it: the graph is not sorted or has a cycle");
}

TEST(Graph, Cycle) {
  pb::ModelProto model = reluModel();
  model.mutable_graph()->mutable_node(0)->set_input(0, "y");
  EXPECT_REFUSED(Imported(model),
                 "input 'y' of operator Relu is defined after it: the graph is not sorted or has a cycle");
}

TEST(Graph, MissingOutput) {
  pb::ModelProto model = reluModel();
  addOutput(*model.mutable_graph(), "z");
  EXPECT_REFUSED(Imported(model), "loc(\"z\"): output 'z' is not defined");
}

TEST(Graph, EmptyInputsAndOutputs) {
  pb::ModelProto model = reluModel();
  addNode(*model.mutable_graph(), "Clip", {"x", "", "x"}, {"c"});
  addNode(*model.mutable_graph(), "Clip", {"x", "", ""}, {"d"});
  addNode(*model.mutable_graph(), "LSTM", {"x"}, {"", "h", ""});
  addNode(*model.mutable_graph(), "Nop", {"", ""}, {});
  Imported imported(model);
  EXPECT_TEXT(imported, "onnx.node \"Clip\" opset 22(%arg0, %arg0) present [true, false, true] {}");
  EXPECT_TEXT(imported, "onnx.node \"Clip\" opset 22(%arg0) {}");
  EXPECT_TEXT(imported, ":3 = onnx.node \"LSTM\"");
  EXPECT_TEXT(imported, "onnx.node \"Nop\" opset 22() {}");
}

TEST(Graph, Attributes) {
  pb::ModelProto model = reluModel();
  pb::NodeProto &node = *model.mutable_graph()->mutable_node(0);
  addAttribute(node, "an_int", A::INT).set_i(-3);
  addAttribute(node, "a_float", A::FLOAT).set_f(0.5);
  addAttribute(node, "a_string", A::STRING).set_s(std::string("\xff\0", 2));
  addAttribute(node, "no_ints", A::INTS);
  A &ints = addAttribute(node, "ints", A::INTS), &floats = addAttribute(node, "floats", A::FLOATS),
    &strings = addAttribute(node, "strings", A::STRINGS);
  ints.add_ints(1);
  ints.add_ints(INT64_MIN);
  floats.add_floats(2);
  strings.add_strings("s");
  *addAttribute(node, "small", A::TENSOR).mutable_t() = rawTensor("", pb::TensorProto::INT8, {2}, 2);
  *addAttribute(node, "large", A::TENSOR).mutable_t() = rawTensor("", pb::TensorProto::INT8, {5000}, 5000);
  *addAttribute(node, "type", A::TYPE_PROTO).mutable_tp() = model.graph().input(0).type();
  Imported imported(model);
  for (const char *part : {"a_float = 5.000000e-01 : f32", "a_string = \"\\FF\\00\"", "an_int = -3 : i64",
                           "floats = array<f32: 2.000000e+00>", "ints = array<i64: 1, -9223372036854775808>",
                           "no_ints = array<i64>", "strings = [\"s\"]", "small = dense<[0, 7]> : tensor<2xi8>",
                           "large = {type = tensor<5000xi8>, value = #core.blob<\"model\", ", "type = tensor<2x3xf32>"})
    EXPECT_TEXT(imported, part);
}

/// Before IR version 2 the type of an attribute was not written.
TEST(Graph, AttributesWithoutType) {
  pb::ModelProto model = reluModel();
  pb::NodeProto &node = *model.mutable_graph()->mutable_node(0);
  auto add = [&](const char *name) -> A & {
    A &attribute = *node.add_attribute();
    attribute.set_name(name);
    return attribute;
  };
  add("i").set_i(4);
  add("f").set_f(1);
  add("s").set_s("t");
  add("ints").add_ints(2);
  add("none");
  *add("t").mutable_t() = rawTensor("", pb::TensorProto::INT8, {1}, 1);
  Imported imported(model);
  for (const char *part : {"f = 1.000000e+00 : f32", "i = 4 : i64", "ints = array<i64: 2>", "none = array<i64>",
                           "s = \"t\"", "t = dense<0> : tensor<1xi8>"})
    EXPECT_TEXT(imported, part);
}

/// A value that is zero may be left out (as proto3 writers do), one of another type is an error.
TEST(Graph, AttributeTypeMismatch) {
  pb::ModelProto model = reluModel();
  addAttribute(*model.mutable_graph()->mutable_node(0), "axis", A::INT);
  EXPECT_TEXT(Imported(model), "{axis = 0 : i64}");
  model.mutable_graph()->mutable_node(0)->mutable_attribute(0)->set_f(1);
  EXPECT_REFUSED(Imported(model), "loc(\"relu\"): attribute 'axis' is of type INT, but holds another");
  for (auto type : {A::TENSOR, A::GRAPH, A::SPARSE_TENSOR, A::TYPE_PROTO}) {
    model.mutable_graph()->mutable_node(0)->mutable_attribute(0)->clear_f();
    model.mutable_graph()->mutable_node(0)->mutable_attribute(0)->set_type(type);
    EXPECT_REFUSED(Imported(model),
                   "attribute 'axis' is of type " + A::AttributeType_Name(type) + ", but has no value");
  }
}

TEST(Graph, AttributeTypesThatAreNotSupported) {
  for (auto type : {A::TENSORS, A::GRAPHS, A::SPARSE_TENSORS, A::TYPE_PROTOS}) {
    pb::ModelProto model = reluModel();
    addAttribute(*model.mutable_graph()->mutable_node(0), "a", type);
    EXPECT_REFUSED(Imported(model),
                   "attribute 'a' is of type " + A::AttributeType_Name(type) + ", which is not supported");
  }
}

TEST(Graph, AttributeTwice) {
  pb::ModelProto model = reluModel();
  addAttribute(*model.mutable_graph()->mutable_node(0), "a", A::INT).set_i(1);
  addAttribute(*model.mutable_graph()->mutable_node(0), "a", A::FLOAT).set_f(1);
  EXPECT_REFUSED(Imported(model), "loc(\"relu\"): attribute 'a' is given twice");
  model = reluModel();
  addGraph(*model.mutable_graph()->mutable_node(0), "a");
  addGraph(*model.mutable_graph()->mutable_node(0), "a");
  EXPECT_REFUSED(Imported(model), "loc(\"relu\"): attribute 'a' is given twice");
}

TEST(Graph, AttributeReferenceOutsideOfAFunction) {
  pb::ModelProto model = reluModel();
  addAttribute(*model.mutable_graph()->mutable_node(0), "a", A::INT).set_ref_attr_name("b");
  EXPECT_REFUSED(Imported(model),
                 "loc(\"relu\"): attribute 'a' refers to attribute 'b' of a function, but stands in none");
}

TEST(Graph, ManyAttributesAreQuick) {
  pb::ModelProto model = reluModel();
  for (int i = 0; i < 100'000; ++i)
    addAttribute(*model.mutable_graph()->mutable_node(0), "a" + std::to_string(i), A::INT).set_i(i);
  EXPECT_TRUE(Imported(model).ok());
}

/// Names of nodes are locations, and no two nodes share one.
TEST(Graph, Locations) {
  pb::ModelProto model = emptyModel();
  pb::GraphProto &graph = *model.mutable_graph();
  addInput(graph, "x");
  addNode(graph, "Relu", {"x"}, {"a"});
  addNode(graph, "Relu", {"a"}, {"b"}, "n");
  addNode(graph, "Relu", {"b"}, {"c"}, "n");
  addNode(graph, "Relu", {"c"}, {"d"}, "n#2");
  pb::NodeProto &node = addNode(graph, "If", {"x"}, {"e"});
  addNode(addGraph(node, "then_branch"), "Relu", {"x"}, {"f"});
  std::string text = Imported(model).text(/*locations=*/true);
  for (const char *name : {"\"Relu#0\"", "\"n\"", "\"n#2\"", "\"n#2#2\"", "\"If#4\"", "\"Relu#5\""})
    EXPECT_NE(text.find(name), std::string::npos) << name << " in " << text;
}

namespace {
/// If with a branch that uses x of the graph around it and an initializer of its own.
pb::ModelProto ifModel() {
  pb::ModelProto model = emptyModel();
  pb::GraphProto &graph = *model.mutable_graph();
  addInput(graph, "c", {}, pb::TensorProto::BOOL);
  addInput(graph, "x", {"2"});
  pb::NodeProto &node = addNode(graph, "If", {"c"}, {"y"}, "if");
  pb::GraphProto &yes = addGraph(node, "then_branch"), &no = addGraph(node, "else_branch");
  *yes.add_initializer() = rawTensor("w", pb::TensorProto::FLOAT, {2}, 8);
  addNode(yes, "Add", {"x", "w"}, {"z"}, "add");
  addOutput(yes, "z");
  addOutput(no, "x");
  addOutput(graph, "y");
  return model;
}
} // namespace

TEST(Subgraph, If) {
  Imported imported(ifModel());
  EXPECT_TEXT(imported, "onnx.node \"If\" opset 22(%arg0) {}");
  EXPECT_TEXT(imported, "graphs [\"then_branch\", \"else_branch\"]");
  EXPECT_TEXT(imported, "onnx.node \"Add\" opset 22(%arg1, %1)");
  EXPECT_TEXT(imported, "onnx.yield %arg1 : tensor<2xf32>");
}

TEST(Subgraph, Loop) {
  pb::ModelProto model = reluModel();
  pb::NodeProto &node = addNode(*model.mutable_graph(), "Loop", {"", "", "x"}, {"last"}, "loop");
  pb::GraphProto &body = addGraph(node, "body");
  for (const char *name : {"i", "cond", "state"})
    body.add_input()->set_name(name);
  addNode(body, "Add", {"state", "y"}, {"next"});
  addOutput(body, "cond");
  addOutput(body, "next");
  Imported imported(model);
  EXPECT_TEXT(imported, "onnx.node \"Loop\" opset 22(%arg0) present [false, false, true] {}");
  EXPECT_TEXT(imported, "^bb0(%arg1: !onnx.any, %arg2: !onnx.any, %arg3: !onnx.any):");
  EXPECT_TEXT(imported, "onnx.node \"Add\" opset 22(%arg3, %0)");
  EXPECT_TEXT(imported, "onnx.yield %arg2, ");
}

/// A name of a subgraph hides the same name around it, only there.
TEST(Subgraph, HidesNames) {
  pb::ModelProto model = ifModel();
  pb::GraphProto &branch = *model.mutable_graph()->mutable_node(0)->mutable_attribute(1)->mutable_g();
  addNode(branch, "Neg", {"x"}, {"c"});
  addNode(branch, "Abs", {"c"}, {"x"});
  addNode(*model.mutable_graph(), "Exp", {"x"}, {"e"});
  Imported imported(model);
  EXPECT_TEXT(imported, "\"Neg\" opset 22(%arg1)");
  EXPECT_TEXT(imported, "\"Abs\" opset 22(%2)");
  EXPECT_TEXT(imported, "\"Exp\" opset 22(%arg1)");
}

TEST(Subgraph, ValuesDoNotLeak) {
  pb::ModelProto model = ifModel();
  addNode(*model.mutable_graph(), "Neg", {"z"}, {"n"}, "neg");
  EXPECT_REFUSED(Imported(model), "loc(\"neg\"): input 'z' of operator Neg is not defined");
}

TEST(Subgraph, Errors) {
  pb::ModelProto model = ifModel();
  pb::GraphProto &branch = *model.mutable_graph()->mutable_node(0)->mutable_attribute(0)->mutable_g();
  addOutput(branch, "none");
  EXPECT_REFUSED(Imported(model), "loc(\"if\"): output 'none' of subgraph 'then_branch' is not defined");
  branch.mutable_output(1)->set_name("w");
  branch.mutable_node(0)->set_input(0, "y");
  EXPECT_REFUSED(Imported(model), "loc(\"add\"): input 'y' of operator Add is defined after it");
  branch.mutable_node(0)->set_input(0, "w");
  branch.mutable_node(0)->set_output(0, "w");
  EXPECT_REFUSED(Imported(model), "loc(\"add\"): tensor 'w' is defined twice");
}

TEST(Subgraph, InputsThatHaveAValue) {
  pb::ModelProto model = ifModel();
  pb::GraphProto &branch = *model.mutable_graph()->mutable_node(0)->mutable_attribute(0)->mutable_g();
  branch.add_input()->set_name("w");
  EXPECT_TEXT(Imported(model), "opset 22(%arg1, %1)");
}
