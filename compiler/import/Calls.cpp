// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Model-local functions: a call imports the function's nodes in a frame of their own.
#include "compiler/import/GraphImporter.h"
#include "llvm/ADT/ScopeExit.h"
#include "llvm/ADT/StringExtras.h"

using namespace mlir;
using namespace adze;
using ::onnx::FunctionProto;
using ::onnx::NodeProto;

static constexpr size_t kMostCalls = 64;
/// Bytes that inlining may make, about: functions that call each other twice a level grow without bound.
constexpr size_t kMostInlined = 64 << 20;
/// Bytes of a node without its names, about.
constexpr size_t kNodeCost = 200;

static std::string functionKey(const std::string &domain, const std::string &name, const std::string &overload) {
  std::string key = domainKey(domain) + "::" + name;
  return overload.empty() ? key : key + "::" + overload;
}

static std::string functionKey(const FunctionProto &function) {
  return functionKey(function.domain(), function.name(), function.overload());
}

LogicalResult GraphImporter::readFunctions() {
  auto readOpsets = [&](auto &holder, const FunctionProto *function, const std::string &who) -> LogicalResult {
    Opsets &versions = opsets[function];
    for (auto &import : holder.opset_import())
      if (auto [it, isNew] = versions.try_emplace(domainKey(import.domain()), import.version());
          !isNew && it->second != import.version())
        return emitError(module.getLoc()) << who << " imports domain '" << import.domain() << "' in two versions";
    return success();
  };
  if (failed(readOpsets(model, nullptr, "the model")))
    return failure();
  if (model.opset_import().empty())
    opsets[nullptr][""] = 1; // IR version 2 and before
  for (const FunctionProto &function : model.functions()) {
    std::string key = functionKey(function);
    if (!functions.try_emplace(key, &function).second)
      return emitError(module.getLoc()) << "function '" << key << "' is defined twice";
    if (failed(readOpsets(function, &function, "function '" + key + "'")))
      return failure();
  }
  return success();
}

const FunctionProto *GraphImporter::calledFunction(const NodeProto &node) {
  return functions.empty() ? nullptr : functions.lookup(functionKey(node.domain(), node.op_type(), node.overload()));
}

LogicalResult GraphImporter::charge(const NodeProto &node, Location loc) {
  inlined += kNodeCost + cast<NameLoc>(loc).getName().size();
  for (auto *names : {&node.input(), &node.output()})
    for (auto &name : *names)
      inlined += sizeof(Value) + name.size();
  for (auto &attribute : node.attribute())
    inlined += sizeof(NamedAttribute) + attribute.name().size();
  if (inlined <= kMostInlined)
    return success();
  return emitError(module.getLoc()) << "functions inline to a graph that is too large";
}

LogicalResult GraphImporter::bindInputs(const NodeProto &node, Frame &callee, Location loc) {
  auto operands = importOperands(node, loc);
  if (failed(operands))
    return failure();
  for (auto [i, name] : llvm::enumerate(callee.function->input())) {
    inlined += sizeof(Value) + name.size();
    Value value = i < operands->size() ? (*operands)[i] : Value();
    if (!callee.scopes.back().values.try_emplace(name, value).second)
      return emitError(loc) << "tensor '" << name << "' is defined twice";
  }
  return success();
}

LogicalResult GraphImporter::bindAttributes(const NodeProto &node, Frame &callee, Location loc) {
  for (auto &attribute : callee.function->attribute_proto())
    callee.attributes[attribute.name()] = {&attribute, &callee};
  for (auto &attribute : node.attribute()) {
    auto given = resolve(attribute, loc);
    if (failed(given))
      return failure();
    if (given->attribute)
      callee.attributes[attribute.name()] = *given;
  }
  return success();
}

LogicalResult GraphImporter::importCall(const NodeProto &node, const FunctionProto &function, Location loc,
                                        OpBuilder &b) {
  calls.push_back(&function);
  Frame *caller = frame;
  llvm::scope_exit leave([&] {
    calls.pop_back();
    frame = caller;
  });
  if (llvm::count(calls, &function) > 1) {
    auto path = llvm::map_range(calls, [](const FunctionProto *f) { return functionKey(*f); });
    return emitError(loc) << "functions call each other in a cycle: " << llvm::join(path, " -> ");
  }
  if (calls.size() > kMostCalls)
    return emitError(loc) << "functions call each other deeper than " << kMostCalls;
  if (node.input_size() > function.input_size() || node.output_size() > function.output_size())
    return emitError(loc) << "calls function " << function.name() << " with " << node.input_size() << " inputs and "
                          << node.output_size() << " outputs, it has " << function.input_size() << " and "
                          << function.output_size();
  Frame callee;
  callee.function = &function;
  callee.prefix = cast<NameLoc>(loc).getName().str() + "/";
  callee.scopes.emplace_back().nodes = &function.node();
  if (failed(bindInputs(node, callee, loc)) || failed(bindAttributes(node, callee, loc)))
    return failure();
  frame = &callee;
  for (const NodeProto &inner : function.node())
    if (failed(importNode(inner, nodeLocation(inner), b)))
      return failure();
  frame = caller;
  for (auto [name, inner] : llvm::zip(node.output(), function.output())) {
    if (name.empty())
      continue;
    auto value = callee.find(inner);
    if (!value)
      return emitError(loc) << "function " << function.name() << " does not define its output '" << inner << "'";
    if (failed(define(name, *value, loc)))
      return failure();
  }
  return success();
}
