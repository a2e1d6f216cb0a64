// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Model-local functions, which import inlines.
#include "test/compiler/import/Models.h"
#include <chrono>
#include <gtest/gtest.h>

using namespace adze;
using namespace adze::test;
using A = pb::AttributeProto;

namespace {
pb::FunctionProto &addFunction(pb::ModelProto &model, const std::string &name, const Names &inputs,
                               const Names &outputs, int64_t opset = 22) {
  pb::FunctionProto &function = *model.add_functions();
  function.set_domain("local");
  function.set_name(name);
  for (auto &input : inputs)
    function.add_input(input);
  for (auto &output : outputs)
    function.add_output(output);
  auto &import = *function.add_opset_import();
  import.set_version(opset);
  auto &local = *function.add_opset_import();
  local.set_domain("local");
  local.set_version(1);
  return function;
}

/// Calls a function.
template <typename Holder>
pb::NodeProto &call(Holder &holder, const std::string &name, const Names &inputs, const Names &outputs,
                    const std::string &node = "") {
  pb::NodeProto &added = addNode(holder, name, inputs, outputs, node);
  added.set_domain("local");
  return added;
}

/// x -> F -> y, with F still without nodes.
pb::ModelProto callModel(const Names &inputs = {"x"}) {
  pb::ModelProto model = emptyModel();
  auto &local = *model.add_opset_import();
  local.set_domain("local");
  local.set_version(1);
  addInput(*model.mutable_graph(), "x", {"2"});
  call(*model.mutable_graph(), "F", inputs, {"y"}, "call");
  addOutput(*model.mutable_graph(), "y");
  return model;
}
} // namespace

TEST(Function, IsInlined) {
  pb::ModelProto model = callModel();
  pb::FunctionProto &f = addFunction(model, "F", {"a"}, {"b"}, 17);
  addNode(f, "Neg", {"a"}, {"x"}, "neg"); // x is the function's own
  addNode(f, "Abs", {"x"}, {"b"});
  Imported imported(model);
  EXPECT_TEXT(imported, "%0 = onnx.node \"Neg\" opset 17(%arg0)");
  EXPECT_TEXT(imported, "%1 = onnx.node \"Abs\" opset 17(%0)");
  EXPECT_TEXT(imported, "return %1");
  std::string text = imported.text(/*locations=*/true);
  for (const char *name : {"\"call/neg\"", "\"call/Abs#"})
    EXPECT_NE(text.find(name), std::string::npos) << text;
}

TEST(Function, CalledTwiceAndFromAFunction) {
  pb::ModelProto model = callModel();
  addNode(addFunction(model, "G", {"a"}, {"b"}, 11), "Exp", {"a"}, {"b"}, "exp");
  pb::FunctionProto &f = addFunction(model, "F", {"a"}, {"b"}, 17);
  call(f, "G", {"a"}, {"t"}, "g");
  call(f, "G", {"t"}, {"b"}, "g");
  Imported imported(model);
  EXPECT_TEXT(imported, "%0 = onnx.node \"Exp\" opset 11(%arg0)");
  EXPECT_TEXT(imported, "%1 = onnx.node \"Exp\" opset 11(%0)");
  std::string text = imported.text(true);
  EXPECT_NE(text.find("\"call/g/exp\""), std::string::npos) << text;
  EXPECT_NE(text.find("\"call/g#2/exp\""), std::string::npos) << text;
}

TEST(Function, InputThatIsAnOutput) {
  pb::ModelProto model = callModel();
  addFunction(model, "F", {"a"}, {"a"});
  EXPECT_TEXT(Imported(model), "return %arg0");
}

TEST(Function, SeesNothingOfItsCaller) {
  pb::ModelProto model = callModel();
  addNode(addFunction(model, "F", {"a"}, {"b"}), "Add", {"a", "x"}, {"b"}, "add");
  EXPECT_REFUSED(Imported(model), "loc(\"call/add\"): input 'x' of operator Add is not defined");
}

TEST(Function, MissingInputs) {
  for (const Names &inputs : {Names{"x"}, Names{"x", ""}, Names{"x", "", ""}}) {
    pb::ModelProto model = callModel(inputs);
    addNode(addFunction(model, "F", {"a", "low", "high"}, {"b"}), "Clip", {"a", "low", "high"}, {"b"});
    EXPECT_TEXT(Imported(model), "onnx.node \"Clip\" opset 22(%arg0) {}");
  }
  pb::ModelProto model = callModel({"", "x"});
  addNode(addFunction(model, "F", {"a", "b"}, {"c"}), "Two", {"a", "b"}, {"c"});
  EXPECT_TEXT(Imported(model), "onnx.node \"Two\" opset 22(%arg0) present [false, true] {}");
  addFunction(model, "H", {"a"}, {"a"});
  model.mutable_graph()->mutable_node(0)->set_op_type("H");
  model.mutable_graph()->mutable_node(0)->clear_input();
  EXPECT_REFUSED(Imported(model), "loc(\"y\"): output 'y' is not given");
}

TEST(Function, TooManyInputsAndOutputs) {
  pb::ModelProto model = callModel({"x", "x"});
  addNode(addFunction(model, "F", {"a"}, {"b"}), "Neg", {"a"}, {"b"});
  EXPECT_REFUSED(Imported(model), "loc(\"call\"): calls function F with 2 inputs and 1 outputs, it has 1 and 1");
}

TEST(Function, OutputThatIsNotDefined) {
  pb::ModelProto model = callModel();
  addFunction(model, "F", {"a"}, {"b"});
  EXPECT_REFUSED(Imported(model), "loc(\"call\"): function F does not define its output 'b'");
  model.mutable_functions(0)->add_output("c");
  addNode(*model.mutable_functions(0), "Neg", {"a"}, {"b"});
  EXPECT_TRUE(Imported(model).ok()); // nobody asks for c
}

TEST(Function, NamesTwice) {
  pb::ModelProto model = callModel();
  addNode(addFunction(model, "F", {"a"}, {"b"}), "Neg", {"a"}, {"b"});
  *model.add_functions() = model.functions(0);
  EXPECT_REFUSED(Imported(model), "function 'local::F' is defined twice");
  model.mutable_functions()->RemoveLast();
  model.mutable_functions(0)->add_input("a");
  EXPECT_REFUSED(Imported(model), "loc(\"call\"): tensor 'a' is defined twice");
}

TEST(Function, Overloads) {
  pb::ModelProto model = callModel();
  addNode(addFunction(model, "F", {"a"}, {"b"}), "Neg", {"a"}, {"b"});
  addNode(addFunction(model, "F", {"a"}, {"b"}), "Abs", {"a"}, {"b"});
  model.mutable_functions(1)->set_overload("second");
  EXPECT_TEXT(Imported(model), "\"Neg\"");
  model.mutable_graph()->mutable_node(0)->set_overload("second");
  EXPECT_TEXT(Imported(model), "\"Abs\"");
}

TEST(Function, AttributeReferences) {
  pb::ModelProto model = callModel();
  addAttribute(*model.mutable_graph()->mutable_node(0), "alpha", A::FLOAT).set_f(0.25);
  pb::FunctionProto &g = addFunction(model, "G", {"a"}, {"b"});
  g.add_attribute("inner");
  pb::NodeProto &node = addNode(g, "Op", {"a"}, {"b"});
  addAttribute(node, "given", A::FLOAT).set_ref_attr_name("inner");
  addAttribute(node, "absent", A::FLOAT).set_ref_attr_name("nobody");
  pb::FunctionProto &f = addFunction(model, "F", {"a"}, {"b"});
  f.add_attribute("alpha");
  addAttribute(call(f, "G", {"a"}, {"b"}), "inner", A::FLOAT).set_ref_attr_name("alpha");
  EXPECT_TEXT(Imported(model), "onnx.node \"Op\" opset 22(%arg0) {given = 2.500000e-01 : f32}");
}

TEST(Function, DefaultAttributes) {
  pb::ModelProto model = callModel();
  pb::FunctionProto &f = addFunction(model, "F", {"a"}, {"b"});
  A &axis = *f.add_attribute_proto();
  axis.set_name("axis");
  axis.set_type(A::INT);
  axis.set_i(7);
  addAttribute(addNode(f, "Op", {"a"}, {"b"}), "axis", A::INT).set_ref_attr_name("axis");
  EXPECT_TEXT(Imported(model), "{axis = 7 : i64}");
  addAttribute(*model.mutable_graph()->mutable_node(0), "axis", A::INT).set_i(8);
  EXPECT_TEXT(Imported(model), "{axis = 8 : i64}");
}

TEST(Function, AttributeOfAnotherType) {
  pb::ModelProto model = callModel();
  addAttribute(*model.mutable_graph()->mutable_node(0), "axis", A::FLOAT).set_f(0.25);
  addAttribute(addNode(addFunction(model, "F", {"a"}, {"b"}), "Op", {"a"}, {"b"}, "n"), "axis", A::INT)
      .set_ref_attr_name("axis");
  EXPECT_REFUSED(Imported(model), "loc(\"call/n\"): attribute 'axis' is of type INT, but the call gives FLOAT");
}

TEST(Function, Subgraphs) {
  pb::ModelProto model = callModel();
  pb::FunctionProto &f = addFunction(model, "F", {"a"}, {"b"});
  addNode(f, "Neg", {"a"}, {"n"});
  pb::NodeProto &node = addNode(f, "If", {"a"}, {"b"}, "if");
  addAttribute(addNode(addGraph(node, "then_branch"), "Op", {"n"}, {"t"}), "axis", A::INT).set_ref_attr_name("axis");
  addOutput(*node.mutable_attribute(0)->mutable_g(), "t");
  *addGraph(node, "else_branch").add_initializer() = rawTensor("a", pb::TensorProto::INT8, {1}, 1); // hides a
  addOutput(*node.mutable_attribute(1)->mutable_g(), "a");
  addAttribute(*model.mutable_graph()->mutable_node(0), "axis", A::INT).set_i(3);
  Imported imported(model);
  EXPECT_TEXT(imported, "\"Op\" opset 22(%0) {axis = 3 : i64}");
  EXPECT_TEXT(imported, "onnx.yield %2 : tensor<1xi8>");
}

/// A subgraph that the caller gives as an attribute sees the caller's values.
TEST(Function, GraphAsAttribute) {
  pb::ModelProto model = callModel();
  pb::FunctionProto &f = addFunction(model, "F", {"a"}, {"b"});
  addAttribute(addNode(f, "If", {"a"}, {"b"}, "if"), "then_branch", A::GRAPH).set_ref_attr_name("body");
  pb::GraphProto &body = addGraph(*model.mutable_graph()->mutable_node(0), "body");
  addNode(body, "Neg", {"x"}, {"n"});
  addOutput(body, "n");
  Imported imported(model);
  EXPECT_TEXT(imported, "graphs [\"then_branch\"]");
  EXPECT_TEXT(imported, "\"Neg\" opset 22(%arg0)");
  body.mutable_node(0)->set_input(0, "a");
  EXPECT_REFUSED(Imported(model), "input 'a' of operator Neg is not defined");
}

TEST(Function, CallInASubgraph) {
  pb::ModelProto model = callModel();
  pb::NodeProto &node = addNode(*model.mutable_graph(), "If", {"x"}, {"z"});
  pb::GraphProto &branch = addGraph(node, "then_branch");
  call(branch, "F", {"y"}, {"t"});
  addOutput(branch, "t");
  addNode(addFunction(model, "F", {"a"}, {"b"}), "Neg", {"a"}, {"b"});
  EXPECT_TEXT(Imported(model), "onnx.node \"Neg\" opset 22(%0)");
}

/// The opset of a node cannot be set by its metadata.
TEST(Function, PlantedOpset) {
  pb::ModelProto model = reluModel();
  auto &property = *model.mutable_graph()->mutable_node(0)->add_metadata_props();
  property.set_key("adze.opset");
  property.set_value("3");
  EXPECT_TEXT(Imported(model), "opset 22(");
}

TEST(Function, BadOpset) {
  pb::ModelProto model = callModel();
  addNode(addFunction(model, "F", {"a"}, {"b"}, 99), "Neg", {"a"}, {"b"}, "neg");
  EXPECT_REFUSED(Imported(model), "loc(\"call/neg\"): function F imports opset 99, supported are 1 to 28");
}

TEST(Function, Recursion) {
  pb::ModelProto model = callModel();
  call(addFunction(model, "F", {"a"}, {"b"}), "G", {"a"}, {"b"}, "g");
  call(addFunction(model, "G", {"a"}, {"b"}), "F", {"a"}, {"b"}, "f");
  EXPECT_REFUSED(Imported(model), "functions call each other in a cycle: local::F -> local::G -> local::F");
  model.mutable_functions(0)->mutable_node(0)->set_op_type("F");
  EXPECT_REFUSED(Imported(model), "functions call each other in a cycle: local::F -> local::F");
}

TEST(Function, DeepCalls) {
  pb::ModelProto model = callModel();
  for (int depth : {50, 500}) {
    model.clear_functions();
    for (int i = 0; i < depth; ++i)
      call(addFunction(model, i == 0 ? "F" : "F" + std::to_string(i), {"a"}, {"b"}), "F" + std::to_string(i + 1), {"a"},
           {"b"});
    addNode(addFunction(model, "F" + std::to_string(depth), {"a"}, {"b"}), "Neg", {"a"}, {"b"});
    if (depth == 50)
      EXPECT_TRUE(Imported(model).ok());
    else
      EXPECT_REFUSED(Imported(model), "functions call each other deeper than 64");
  }
}

namespace {
/// F of 2 calls of F1 of 2 calls ... of the last.
pb::ModelProto bomb(int levels) {
  pb::ModelProto model = callModel();
  for (int i = 0; i < levels; ++i) {
    pb::FunctionProto &f = addFunction(model, i == 0 ? "F" : "F" + std::to_string(i), {"a"}, {"b"});
    call(f, "F" + std::to_string(i + 1), {"a"}, {"t"});
    call(f, "F" + std::to_string(i + 1), {"t"}, {"b"});
  }
  return model;
}

void expectQuickRefusal(const pb::ModelProto &model, const char *message) {
  auto start = std::chrono::steady_clock::now();
  EXPECT_REFUSED(Imported(model), message);
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(20));
}
} // namespace

TEST(Function, BombOfNodes) {
  pb::ModelProto model = bomb(40);
  addNode(addFunction(model, "F40", {"a"}, {"b"}), "Neg", {"a"}, {"b"});
  expectQuickRefusal(model, "functions inline to a graph that is too large");
}

TEST(Function, BombOfCalls) {
  pb::ModelProto model = bomb(40);
  addFunction(model, "F40", {"a"}, {"a"});
  expectQuickRefusal(model, "functions inline to a graph that is too large");
}

TEST(Function, BombOfData) {
  pb::ModelProto model = bomb(40);
  pb::NodeProto &node = addNode(addFunction(model, "F40", {"a"}, {"b"}), "Op", {"a"}, {"b"}, std::string(10000, 'n'));
  pb::TensorProto &data = *addAttribute(node, "value", A::TENSOR).mutable_t();
  data = tensor("", pb::TensorProto::FLOAT, {100'000});
  A &ints = addAttribute(node, "ints", A::INTS);
  for (int i = 0; i < 100'000; ++i) {
    data.add_float_data(i);
    ints.add_ints(i);
  }
  expectQuickRefusal(model, "functions inline to a graph that is too large");
}

TEST(Function, NestedSubgraphsByCalls) {
  pb::ModelProto model = callModel();
  for (int i = 0; i < 60; ++i) {
    pb::FunctionProto &f = addFunction(model, i == 0 ? "F" : "F" + std::to_string(i), {"a"}, {"b"});
    pb::NodeProto &outer = addNode(f, "If", {"a"}, {"b"});
    pb::GraphProto &graph = addGraph(outer, "then_branch");
    pb::NodeProto &inner = addNode(graph, "If", {"a"}, {"t"});
    addOutput(graph, "t");
    pb::GraphProto &innermost = addGraph(inner, "then_branch");
    call(innermost, "F" + std::to_string(i + 1), {"a"}, {"u"});
    addOutput(innermost, "u");
  }
  addNode(addFunction(model, "F60", {"a"}, {"b"}), "Neg", {"a"}, {"b"});
  EXPECT_REFUSED(Imported(model), "subgraphs nest deeper than 64");
}
