// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/import/GraphImporter.h"
#include "compiler/import/Types.h"
#include "dialects/core/Core.h"
#include <set>

using namespace mlir;
using namespace adze;
using ::onnx::AttributeProto;

static constexpr int64_t kLastOpset = 28;
static constexpr size_t kMostNesting = 64;

GraphImporter::GraphImporter(const ::onnx::ModelProto &model, TensorReader &tensors, const ImportOptions &options,
                             ModuleOp module)
    : model(model), tensors(tensors), options(options), module(module), context(*module.getContext()) {}

Value GraphImporter::find(StringRef name) {
  for (Scope &scope : llvm::reverse(scopes))
    if (auto it = scope.find(name); it != scope.end())
      return it->second;
  return {};
}

LogicalResult GraphImporter::define(StringRef name, Value value, Location loc) {
  if (find(name))
    return emitError(loc) << "tensor '" << name << "' is defined twice";
  scopes.back()[name] = value;
  return success();
}

Location GraphImporter::nodeLocation(const ::onnx::NodeProto &node, size_t number) {
  std::string name = node.name().empty() ? node.op_type() + "#" + std::to_string(number) : node.name();
  return NameLoc::get(StringAttr::get(&context, name));
}

LogicalResult GraphImporter::readOpsets() {
  for (auto &import : model.opset_import()) {
    std::string domain = import.domain() == "ai.onnx" ? "" : import.domain();
    auto [it, isNew] = opsets.try_emplace(domain, import.version());
    if (!isNew && it->second != import.version())
      return emitError(module.getLoc()) << "the model imports domain '" << domain << "' in two versions";
  }
  if (opsets.empty())
    opsets[""] = 1; // IR version 2 and before
  return success();
}

FailureOr<int64_t> GraphImporter::opsetOf(const ::onnx::NodeProto &node, Location loc) {
  std::string domain = node.domain() == "ai.onnx" ? "" : node.domain();
  for (auto &property : node.metadata_props())
    if (int64_t version; property.key() == "adze.opset" && !StringRef(property.value()).getAsInteger(10, version))
      return version;
  auto it = opsets.find(domain);
  if (it == opsets.end())
    return emitError(loc) << "operator " << node.op_type() << " is of domain '" << domain
                          << "', which the model does not import";
  if (domain.empty() && (it->second < 1 || it->second > kLastOpset))
    return emitError(loc) << "the model imports opset " << it->second << ", supported are 1 to " << kLastOpset;
  return it->second;
}

FailureOr<Type> GraphImporter::pinDims(Type type, ArrayRef<std::string> names, Location loc) {
  auto tensor = dyn_cast<RankedTensorType>(type);
  if (!tensor)
    return type;
  SmallVector<int64_t> sizes(tensor.getShape());
  for (auto [size, name] : llvm::zip(sizes, names))
    if (auto it = options.dims.find(name); !name.empty() && it != options.dims.end())
      size = it->second;
  return Type(RankedTensorType::get(sizes, tensor.getElementType()));
}

LogicalResult GraphImporter::importInputs(func::FuncOp function) {
  std::set<std::string> initialized, dimNames;
  for (auto &tensor : model.graph().initializer())
    initialized.insert(tensor.name());
  for (auto &sparse : model.graph().sparse_initializer())
    initialized.insert(sparse.values().name());
  Block *entry = &function.getBody().emplaceBlock();
  SmallVector<Type> types;
  SmallVector<DictionaryAttr> attributes;
  OpBuilder b(&context);
  for (auto &input : model.graph().input()) {
    if (initialized.count(input.name()))
      continue; // a default value: a constant here
    Location loc = NameLoc::get(b.getStringAttr(input.name()));
    DimNames names;
    Type type = valueType(input.type(), loc, names);
    if (!type)
      return failure();
    dimNames.insert(names.begin(), names.end());
    auto pinned = pinDims(type, names, loc);
    if (failed(pinned))
      return failure();
    types.push_back(*pinned);
    if (failed(define(input.name(), entry->addArgument(*pinned, loc), loc)))
      return failure();
    SmallVector<Attribute> dims = llvm::map_to_vector(
        names, [&](const std::string &n) -> Attribute { return b.getStringAttr(options.dims.count(n) ? "" : n); });
    NamedAttrList list;
    list.append("adze.name", b.getStringAttr(input.name()));
    list.append("adze.dims", b.getArrayAttr(dims));
    attributes.push_back(list.getDictionary(&context));
  }
  for (auto &[name, size] : options.dims) {
    if (!dimNames.count(name))
      return emitError(module.getLoc()) << "no input has a dimension named '" << name << "'";
    if (size < 0)
      return emitError(module.getLoc()) << "dimension '" << name << "' is set to " << size;
  }
  function.setType(b.getFunctionType(types, {}));
  for (auto [i, attribute] : llvm::enumerate(attributes))
    function.setArgAttrs(i, attribute);
  return success();
}

LogicalResult GraphImporter::importBody(const ::onnx::GraphProto &graph, OpBuilder &b) {
  auto constant = [&](StringRef name, FailureOr<TensorValue> value, Location loc) -> LogicalResult {
    if (failed(value))
      return failure();
    return define(name, core::ConstantOp::create(b, loc, value->type, value->value), loc);
  };
  for (auto &tensor : graph.initializer()) {
    Location loc = NameLoc::get(b.getStringAttr(tensor.name()));
    if (failed(constant(tensor.name(), tensors.read(tensor, loc), loc)))
      return failure();
  }
  for (auto &sparse : graph.sparse_initializer()) {
    Location loc = NameLoc::get(b.getStringAttr(sparse.values().name()));
    if (failed(constant(sparse.values().name(), tensors.readSparse(sparse, loc), loc)))
      return failure();
  }
  for (auto [i, node] : llvm::enumerate(graph.node()))
    if (failed(importNode(node, i, b)))
      return failure();
  return success();
}

FailureOr<Attribute> GraphImporter::importAttribute(const AttributeProto &attribute, Location loc) {
  OpBuilder b(&context);
  auto type = attribute.type();
  if (type == AttributeProto::UNDEFINED) // before IR version 2 the type was not written
    type = attribute.has_f()          ? AttributeProto::FLOAT
           : attribute.has_i()        ? AttributeProto::INT
           : attribute.has_s()        ? AttributeProto::STRING
           : attribute.has_t()        ? AttributeProto::TENSOR
           : attribute.floats_size()  ? AttributeProto::FLOATS
           : attribute.strings_size() ? AttributeProto::STRINGS
                                      : AttributeProto::INTS;
  switch (type) {
  case AttributeProto::FLOAT:
    return Attribute(b.getF32FloatAttr(attribute.f()));
  case AttributeProto::INT:
    return Attribute(b.getI64IntegerAttr(attribute.i()));
  case AttributeProto::STRING:
    return Attribute(b.getStringAttr(attribute.s()));
  case AttributeProto::FLOATS:
    return Attribute(b.getDenseF32ArrayAttr(SmallVector<float>(attribute.floats().begin(), attribute.floats().end())));
  case AttributeProto::INTS:
    return Attribute(b.getDenseI64ArrayAttr(SmallVector<int64_t>(attribute.ints().begin(), attribute.ints().end())));
  case AttributeProto::STRINGS: {
    SmallVector<Attribute> strings;
    for (auto &s : attribute.strings())
      strings.push_back(b.getStringAttr(s));
    return Attribute(b.getArrayAttr(strings));
  }
  case AttributeProto::TENSOR:
  case AttributeProto::SPARSE_TENSOR: {
    auto value = type == AttributeProto::TENSOR ? tensors.read(attribute.t(), loc)
                                                : tensors.readSparse(attribute.sparse_tensor(), loc);
    if (failed(value))
      return failure();
    if (isa<ElementsAttr>(value->value))
      return value->value;
    NamedAttrList blob;
    blob.append("value", value->value);
    blob.append("type", TypeAttr::get(value->type));
    return Attribute(blob.getDictionary(&context));
  }
  case AttributeProto::TYPE_PROTO: {
    DimNames names;
    Type value = valueType(attribute.tp(), loc, names);
    if (!value)
      return failure();
    return Attribute(TypeAttr::get(value));
  }
  default:
    return emitError(loc) << "attribute '" << attribute.name() << "' has a type that is not supported: " << int(type);
  }
}

LogicalResult GraphImporter::importRegion(const ::onnx::GraphProto &graph, Region &region, Location loc) {
  if (scopes.size() > kMostNesting)
    return emitError(loc) << "subgraphs nest deeper than " << kMostNesting;
  Block *block = &region.emplaceBlock();
  scopes.emplace_back();
  OpBuilder b = OpBuilder::atBlockEnd(block);
  std::set<std::string> initialized;
  for (auto &tensor : graph.initializer())
    initialized.insert(tensor.name());
  for (auto &input : graph.input()) {
    if (initialized.count(input.name()))
      continue;
    if (failed(define(input.name(), block->addArgument(onnx::AnyType::get(&context), loc), loc)))
      return failure();
  }
  if (failed(importBody(graph, b)))
    return failure();
  SmallVector<Value> outputs;
  for (auto &output : graph.output()) {
    Value value = find(output.name());
    if (!value)
      return emitError(loc) << "output '" << output.name() << "' of a subgraph is not defined";
    outputs.push_back(value);
  }
  onnx::YieldOp::create(b, loc, outputs);
  scopes.pop_back();
  return success();
}

LogicalResult GraphImporter::importNode(const ::onnx::NodeProto &node, size_t number, OpBuilder &b) {
  Location loc = nodeLocation(node, number);
  auto opset = opsetOf(node, loc);
  if (failed(opset))
    return failure();
  SmallVector<Value> inputs;
  SmallVector<bool> present;
  for (const std::string &name : node.input()) {
    present.push_back(!name.empty());
    if (name.empty())
      continue;
    Value value = find(name);
    if (!value)
      return emitError(loc) << "input '" << name << "' of operator " << node.op_type()
                            << " is not defined before it: it is missing, or the graph has a cycle or is not sorted";
    inputs.push_back(value);
  }
  NamedAttrList attributes;
  SmallVector<Attribute> regionNames;
  SmallVector<const ::onnx::GraphProto *> graphs;
  for (auto &attribute : node.attribute()) {
    if (attributes.get(attribute.name()) || llvm::is_contained(regionNames, b.getStringAttr(attribute.name())))
      return emitError(loc) << "attribute '" << attribute.name() << "' is given twice";
    if (attribute.has_g() || attribute.type() == AttributeProto::GRAPH) {
      regionNames.push_back(b.getStringAttr(attribute.name()));
      graphs.push_back(&attribute.g());
      continue;
    }
    auto value = importAttribute(attribute, loc);
    if (failed(value))
      return failure();
    attributes.append(b.getStringAttr(attribute.name()), *value);
  }
  SmallVector<Type> results(node.output_size(), onnx::AnyType::get(&context));
  auto op =
      onnx::NodeOp::create(b, loc, results, node.op_type(), node.domain() == "ai.onnx" ? "" : node.domain(), *opset,
                           attributes.getDictionary(&context),
                           llvm::is_contained(present, false) ? b.getDenseBoolArrayAttr(present) : DenseBoolArrayAttr(),
                           regionNames.empty() ? ArrayAttr() : b.getArrayAttr(regionNames), inputs, graphs.size());
  for (auto [graph, region] : llvm::zip(graphs, op.getGraphs()))
    if (failed(importRegion(*graph, region, loc)))
      return failure();
  for (auto [name, value] : llvm::zip(node.output(), op.getOutputs()))
    if (!name.empty() && failed(define(name, value, loc)))
      return failure();
  return success();
}

LogicalResult GraphImporter::importOutputs(func::FuncOp function, OpBuilder &b) {
  SmallVector<Value> outputs;
  SmallVector<Attribute> names;
  for (auto &output : model.graph().output()) {
    Value value = find(output.name());
    if (!value)
      return emitError(NameLoc::get(b.getStringAttr(output.name())))
             << "output '" << output.name() << "' is not defined";
    outputs.push_back(value);
  }
  func::ReturnOp::create(b, function.getLoc(), outputs);
  function.setType(b.getFunctionType(function.getArgumentTypes(), ValueRange(outputs).getTypes()));
  for (auto [i, output] : llvm::enumerate(model.graph().output()))
    function.setResultAttr(i, "adze.name", b.getStringAttr(output.name()));
  return success();
}

LogicalResult GraphImporter::run() {
  if (failed(readOpsets()))
    return failure();
  OpBuilder b = OpBuilder::atBlockEnd(module.getBody());
  auto function = func::FuncOp::create(b, module.getLoc(), "main", b.getFunctionType({}, {}));
  scopes.emplace_back();
  if (failed(importInputs(function)))
    return failure();
  OpBuilder body = OpBuilder::atBlockEnd(&function.getBody().front());
  if (failed(importBody(model.graph(), body)))
    return failure();
  return importOutputs(function, body);
}
