// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Nodes: operands by name, attributes with references resolved, locations that are unique.
#include "compiler/import/Attributes.h"
#include "compiler/import/GraphImporter.h"
#include "llvm/ADT/StringSet.h"

using namespace mlir;
using namespace adze;
using ::onnx::AttributeProto;

static constexpr int64_t kLastOpset = 28;

Location GraphImporter::nodeLocation(const ::onnx::NodeProto &node) {
  std::string number = std::to_string(nodes++);
  std::string name = frame->prefix + (node.name().empty() ? node.op_type() + "#" + number : node.name());
  for (std::string unique = name;;) {
    if (locations.try_emplace(unique, 1).second)
      return NameLoc::get(StringAttr::get(&context, unique), NameLoc::get(StringAttr::get(&context, node.op_type())));
    unique = name + "#" + std::to_string(++locations[name]);
  }
}

std::string GraphImporter::qualifiedOp(const ::onnx::NodeProto &node) {
  std::string domain = domainKey(node.domain());
  return domain.empty() ? node.op_type() : domain + "::" + node.op_type();
}

/// The opset that a node's operator is of and the function that says so (null: the model); nothing where nobody says.
std::optional<std::pair<int64_t, const ::onnx::FunctionProto *>>
GraphImporter::findOpset(const ::onnx::NodeProto &node) {
  // A function says the opsets of its nodes; one that forgets a domain has the model's.
  for (const ::onnx::FunctionProto *importer : {frame->function, (const ::onnx::FunctionProto *)nullptr}) {
    const Opsets &versions = opsets[importer];
    if (auto it = versions.find(domainKey(node.domain())); it != versions.end())
      return std::pair(it->second, importer);
  }
  return std::nullopt;
}

FailureOr<int64_t> GraphImporter::opsetOf(const ::onnx::NodeProto &node, Location loc) {
  auto found = findOpset(node);
  if (!found)
    return emitError(loc) << "operator " << node.op_type() << " is of domain '" << node.domain()
                          << "', which the model does not import: expected an entry for it in opset_import";
  auto [opset, importer] = *found;
  if (domainKey(node.domain()).empty() && (opset < 1 || opset > kLastOpset))
    return emitError(loc) << (importer ? "function " + importer->name() : std::string("the model")) << " imports opset "
                          << opset << ", supported are 1 to " << kLastOpset << ": onnx.version_converter can change it";
  return opset;
}

/// One value an input position; null where the input is empty. Positions at the end that are empty are left out.
FailureOr<SmallVector<Value>> GraphImporter::importOperands(const ::onnx::NodeProto &node, Location loc) {
  SmallVector<Value> operands;
  for (const std::string &name : node.input()) {
    auto value = name.empty() ? Value() : frame->find(name);
    if (!value)
      return emitError(loc) << "input '" << name << "' of operator " << node.op_type()
                            << (frame->isOutputOfANode(name)
                                    ? " is defined after it: the graph is not sorted or has a cycle"
                                    : " is not defined, expected an input of the graph, an initializer or "
                                      "an output of a node before it");
    operands.push_back(*value);
  }
  while (!operands.empty() && !operands.back())
    operands.pop_back();
  return operands;
}

FailureOr<GivenAttribute> GraphImporter::resolve(const AttributeProto &attribute, Location loc) {
  if (attribute.ref_attr_name().empty())
    return GivenAttribute{&attribute, frame};
  if (!frame->function)
    return emitError(loc) << "attribute '" << attribute.name() << "' refers to attribute '" << attribute.ref_attr_name()
                          << "' of a function, but stands in none";
  GivenAttribute given = frame->attributes.lookup(attribute.ref_attr_name());
  if (!given.attribute || attribute.type() == AttributeProto::UNDEFINED)
    return given;
  auto type = attributeType(*given.attribute, loc);
  if (failed(type))
    return failure();
  if (*type != attribute.type())
    return emitError(loc) << "attribute '" << attribute.name() << "' is of type "
                          << AttributeProto::AttributeType_Name(attribute.type()) << ", but the call gives "
                          << AttributeProto::AttributeType_Name(*type);
  return given;
}

LogicalResult GraphImporter::importAttributes(const ::onnx::NodeProto &node, Attributes &to, Location loc) {
  llvm::StringSet<> names;
  for (const AttributeProto &attribute : node.attribute()) {
    if (attribute.name().empty())
      return emitError(loc) << "an attribute has no name, expected one";
    if (!names.insert(attribute.name()).second)
      return emitError(loc) << "attribute '" << attribute.name() << "' is given twice, expected once";
    auto given = resolve(attribute, loc);
    if (failed(given))
      return failure();
    if (!given->attribute)
      continue;
    auto type = attributeType(*given->attribute, loc);
    if (failed(type))
      return failure();
    StringAttr name = StringAttr::get(&context, attribute.name());
    if (*type == AttributeProto::GRAPH) {
      to.graphNames.push_back(name);
      to.graphs.push_back(*given);
      continue;
    }
    Attribute &value = imported[given->attribute];
    if (!value) {
      auto made = importAttribute(*given->attribute, *type, tensors, loc);
      if (failed(made))
        return failure();
      value = *made;
    }
    to.values.append(name, value);
  }
  return success();
}

void GraphImporter::noteValues(const ::onnx::NodeProto &node, Location loc) {
  ExposedValues::Entry entry;
  entry.node = cast<NameLoc>(loc).getName();
  entry.op = qualifiedOp(node);
  auto opset = findOpset(node);
  entry.opset = opset ? opset->first : -1;
  for (const std::string &name : node.output()) {
    if (name.empty())
      continue;
    entry.name = name;
    entry.value = nesting ? Value() : frame->find(name).value_or(Value());
    entry.reason = entry.value ? ""
                   : nesting   ? "it is a value of a subgraph"
                               : "the function that makes it leaves it out";
    exposed.add(entry);
  }
}

LogicalResult GraphImporter::importNode(const ::onnx::NodeProto &node, Location loc, OpBuilder &b) {
  if (!calls.empty() && failed(charge(node, loc)))
    return failure();
  if (options.onNode) {
    auto opset = findOpset(node);
    options.onNode(cast<NameLoc>(loc).getName(), qualifiedOp(node), opset ? opset->first : -1);
  }
  if (node.op_type().empty())
    return emitError(loc) << "the node has no operator, expected an op_type";
  if (const ::onnx::FunctionProto *function = calledFunction(node))
    return importCall(node, *function, loc, b);
  auto opset = opsetOf(node, loc);
  if (failed(opset))
    return failure();
  auto operands = importOperands(node, loc);
  Attributes attributes;
  if (failed(operands) || failed(importAttributes(node, attributes, loc)))
    return failure();
  SmallVector<bool> present = llvm::map_to_vector(*operands, [](Value v) { return bool(v); });
  llvm::erase(*operands, Value());
  SmallVector<Type> results(node.output_size(), onnx::AnyType::get(&context));
  auto op = onnx::NodeOp::create(
      b, loc, results, node.op_type(), domainKey(node.domain()), *opset, attributes.values.getDictionary(&context),
      operands->size() < present.size() ? b.getDenseBoolArrayAttr(present) : DenseBoolArrayAttr(),
      attributes.graphNames.empty() ? ArrayAttr() : b.getArrayAttr(attributes.graphNames), *operands,
      attributes.graphs.size());
  for (auto [graph, name, region] : llvm::zip(attributes.graphs, attributes.graphNames, op.getGraphs()))
    if (failed(importRegion(graph.attribute->g(), *graph.frame, region, cast<StringAttr>(name), loc)))
      return failure();
  for (auto [name, value] : llvm::zip(node.output(), op.getOutputs()))
    if (!name.empty() && failed(define(name, value, loc)))
      return failure();
  return success();
}
