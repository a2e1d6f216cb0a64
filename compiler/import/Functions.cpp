// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/import/Functions.h"
#include "mlir/IR/Diagnostics.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include <map>

using namespace mlir;
using namespace adze;
using ::onnx::AttributeProto;
using ::onnx::FunctionProto;
using ::onnx::GraphProto;
using ::onnx::NodeProto;

namespace {
/// Nodes that inlining may make: functions that call each other twice a level grow without bound.
constexpr size_t kMostNodes = 4'000'000;

class Inliner {
public:
  Inliner(::onnx::ModelProto &model, Location loc) : model(model), loc(loc) {
    for (auto &function : model.functions())
      functions[key(function.domain(), function.name(), function.overload())] = &function;
  }

  LogicalResult run() { return functions.empty() ? success() : graph(*model.mutable_graph()); }

private:
  using Names = std::map<std::string, std::string>;
  using Attributes = std::map<std::string, const AttributeProto *>;

  static std::string key(StringRef domain, StringRef name, StringRef overload) {
    return ((domain == "ai.onnx" ? "" : domain) + "::" + name + "::" + overload).str();
  }

  LogicalResult graph(GraphProto &graph) {
    google::protobuf::RepeatedPtrField<NodeProto> nodes;
    nodes.Swap(graph.mutable_node());
    for (NodeProto &node : nodes)
      if (failed(this->node(node, *graph.mutable_node())))
        return failure();
    return success();
  }

  LogicalResult node(NodeProto &node, google::protobuf::RepeatedPtrField<NodeProto> &to) {
    for (AttributeProto &attribute : *node.mutable_attribute()) {
      if (attribute.has_g() && failed(graph(*attribute.mutable_g())))
        return failure();
      for (GraphProto &g : *attribute.mutable_graphs())
        if (failed(graph(g)))
          return failure();
    }
    auto it = functions.find(key(node.domain(), node.op_type(), node.overload()));
    if (it == functions.end()) {
      if (++made > kMostNodes)
        return emitError(loc) << "functions inline to more than " << kMostNodes << " nodes";
      to.Add()->Swap(&node);
      return success();
    }
    return call(node, *it->second, to);
  }

  LogicalResult call(const NodeProto &node, const FunctionProto &function,
                     google::protobuf::RepeatedPtrField<NodeProto> &to) {
    std::string name = key(function.domain(), function.name(), function.overload());
    if (llvm::is_contained(stack, name) || stack.size() > 64) {
      stack.push_back(name);
      return emitError(loc) << "functions call each other in a cycle: " << llvm::join(stack, " -> ");
    }
    if (node.input_size() > function.input_size() || node.output_size() > function.output_size())
      return emitError(loc) << "node '" << node.name() << "' calls function " << function.name()
                            << " with more inputs or outputs than it has";
    Names names;
    for (int i = 0; i < function.input_size(); ++i)
      names[function.input(i)] = i < node.input_size() ? node.input(i) : "";
    for (int i = 0; i < node.output_size(); ++i)
      if (!node.output(i).empty())
        names[function.output(i)] = node.output(i);
    Attributes attributes;
    for (auto &attribute : function.attribute_proto())
      attributes[attribute.name()] = &attribute;
    for (auto &attribute : node.attribute())
      attributes[attribute.name()] = &attribute;
    std::string prefix = (node.name().empty() ? function.name() : node.name()) + "/" + std::to_string(++calls) + "/";
    stack.push_back(name);
    for (const NodeProto &inner : function.node()) {
      NodeProto copy = inner;
      rename(copy, names, attributes, prefix);
      copy.set_name(prefix + (inner.name().empty() ? inner.op_type() : inner.name()));
      // The function's own imports say the opset of its nodes.
      for (auto &import : function.opset_import())
        if ((import.domain() == "ai.onnx" ? "" : import.domain()) == (copy.domain() == "ai.onnx" ? "" : copy.domain()))
          setOpset(copy, import.version());
      if (failed(this->node(copy, to)))
        return failure();
    }
    stack.pop_back();
    return success();
  }

  static void setOpset(NodeProto &node, int64_t version) {
    auto *property = node.add_metadata_props();
    property->set_key("adze.opset");
    property->set_value(std::to_string(version));
  }

  std::string renamed(const std::string &value, Names &names, StringRef prefix) {
    if (value.empty())
      return value;
    auto [it, isNew] = names.try_emplace(value, (prefix + value).str());
    return it->second;
  }

  /// Gives the function's values the caller's names or new ones, and its attribute references the caller's attributes.
  void rename(NodeProto &node, Names &names, const Attributes &attributes, StringRef prefix) {
    for (std::string &input : *node.mutable_input())
      input = renamed(input, names, prefix);
    for (std::string &output : *node.mutable_output())
      output = renamed(output, names, prefix);
    google::protobuf::RepeatedPtrField<AttributeProto> old;
    old.Swap(node.mutable_attribute());
    for (AttributeProto &attribute : old) {
      if (!attribute.ref_attr_name().empty()) {
        auto it = attributes.find(attribute.ref_attr_name());
        if (it == attributes.end())
          continue; // optional and not given
        std::string name = attribute.name();
        *node.add_attribute() = *it->second;
        node.mutable_attribute(node.attribute_size() - 1)->set_name(name);
        continue;
      }
      if (attribute.has_g())
        renameGraph(*attribute.mutable_g(), names, attributes, prefix);
      for (GraphProto &g : *attribute.mutable_graphs())
        renameGraph(g, names, attributes, prefix);
      node.add_attribute()->Swap(&attribute);
    }
  }

  void renameGraph(GraphProto &graph, Names names, const Attributes &attributes, StringRef prefix) {
    for (auto &input : *graph.mutable_input())
      input.set_name(renamed(input.name(), names, prefix));
    for (auto &tensor : *graph.mutable_initializer())
      tensor.set_name(renamed(tensor.name(), names, prefix));
    for (NodeProto &node : *graph.mutable_node())
      rename(node, names, attributes, prefix);
    for (auto &output : *graph.mutable_output())
      output.set_name(renamed(output.name(), names, prefix));
  }

  ::onnx::ModelProto &model;
  Location loc;
  std::map<std::string, const FunctionProto *> functions;
  std::vector<std::string> stack;
  size_t made = 0, calls = 0;
};
} // namespace

LogicalResult adze::inlineFunctions(::onnx::ModelProto &model, Location loc) { return Inliner(model, loc).run(); }
