// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/import/GraphImporter.h"
#include "compiler/import/Types.h"
#include "dialects/core/Core.h"
#include "llvm/ADT/ScopeExit.h"
#include "llvm/ADT/StringExtras.h"
#include <set>

using namespace mlir;
using namespace adze;

static constexpr size_t kMostNesting = 64;

GraphImporter::GraphImporter(const ::onnx::ModelProto &model, TensorReader &tensors, const ImportOptions &options,
                             ModuleOp module)
    : model(model), tensors(tensors), options(options), module(module), context(*module.getContext()) {}

LogicalResult GraphImporter::define(StringRef name, Value value, Location loc) {
  if (!frame->scopes.back().values.try_emplace(name, value).second)
    return emitError(loc) << "tensor '" << name << "' is defined twice, expected each name once";
  return success();
}

/// Names of a graph's initializers.
static std::set<std::string> initializerNames(const ::onnx::GraphProto &graph) {
  std::set<std::string> names;
  for (auto &tensor : graph.initializer())
    names.insert(tensor.name());
  for (auto &sparse : graph.sparse_initializer())
    names.insert(sparse.values().name());
  return names;
}

FailureOr<Type> GraphImporter::pinDims(Type type, ArrayRef<std::string> names, Location loc) {
  auto tensor = dyn_cast<RankedTensorType>(type);
  if (!tensor)
    return type;
  SmallVector<int64_t> sizes(tensor.getShape()), known;
  for (auto [size, name] : llvm::zip(sizes, names)) {
    if (auto it = options.dims.find(name); !name.empty() && it != options.dims.end())
      size = it->second;
    if (!ShapedType::isDynamic(size))
      known.push_back(size);
  }
  if (std::string problem = sizeProblem(known, tensor.getElementType()); !problem.empty())
    return emitError(loc) << problem;
  return Type(RankedTensorType::get(sizes, tensor.getElementType()));
}

LogicalResult GraphImporter::checkDims(const std::set<std::string> &dimNames) {
  std::vector<std::string> known;
  llvm::copy_if(dimNames, std::back_inserter(known), [](const std::string &name) { return !name.empty(); });
  std::string expected = known.empty() ? "none: all sizes are fixed" : "one of " + llvm::join(known, ", ");
  for (auto &[name, size] : options.dims)
    if (!llvm::is_contained(known, name))
      return emitError(module.getLoc()) << "no input has a dimension named '" << name << "', expected " << expected;
  return success();
}

LogicalResult GraphImporter::importInputs(func::FuncOp function) {
  for (auto &[name, size] : options.dims)
    if (size < 0)
      return emitError(module.getLoc()) << "dimension '" << name << "' is set to " << size;
  std::set<std::string> initialized = initializerNames(model.graph()), dimNames;
  Block *entry = &function.getBody().emplaceBlock();
  SmallVector<Type> types;
  SmallVector<DictionaryAttr> attributes;
  Builder b(&context);
  for (auto &input : model.graph().input()) {
    if (input.name().empty())
      return emitError(module.getLoc()) << "an input of the graph has no name";
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
    attributes.push_back(b.getDictionaryAttr({b.getNamedAttr("adze.dims", b.getArrayAttr(dims)),
                                              b.getNamedAttr("adze.name", b.getStringAttr(input.name()))}));
  }
  function.setType(b.getFunctionType(types, {}));
  function.setAllArgAttrs(attributes);
  return checkDims(dimNames);
}

LogicalResult GraphImporter::importInitializers(const ::onnx::GraphProto &graph, OpBuilder &b) {
  auto add = [&](const std::string &name, auto read) -> LogicalResult {
    if (name.empty())
      return emitError(module.getLoc()) << "an initializer of the graph has no name";
    Location loc = NameLoc::get(b.getStringAttr(name));
    FailureOr<TensorValue> value = read(loc);
    if (failed(value))
      return failure();
    return define(name, core::ConstantOp::create(b, loc, value->type, value->value), loc);
  };
  for (auto &tensor : graph.initializer())
    if (failed(add(tensor.name(), [&](Location loc) { return tensors.read(tensor, loc); })))
      return failure();
  for (auto &sparse : graph.sparse_initializer())
    if (failed(add(sparse.values().name(), [&](Location loc) { return tensors.readSparse(sparse, loc); })))
      return failure();
  return success();
}

LogicalResult GraphImporter::importBody(const ::onnx::GraphProto &graph, OpBuilder &b) {
  if (failed(importInitializers(graph, b)))
    return failure();
  for (auto &node : graph.node()) {
    Location loc = nodeLocation(node);
    if (failed(importNode(node, loc, b)))
      return failure();
    if (options.exposeValues && calls.empty())
      noteValues(node, loc);
  }
  return success();
}

LogicalResult GraphImporter::importRegion(const ::onnx::GraphProto &graph, Frame &in, Region &region, StringRef name,
                                          Location loc) {
  if (nesting >= kMostNesting)
    return emitError(loc) << "subgraphs nest deeper than " << kMostNesting;
  // A subgraph given to a function belongs to the caller.
  Frame *outer = std::exchange(frame, &in);
  ++nesting;
  frame->scopes.emplace_back().nodes = &graph.node();
  llvm::scope_exit leave([&] {
    frame->scopes.pop_back();
    --nesting;
    frame = outer;
  });
  Block *block = &region.emplaceBlock();
  OpBuilder b = OpBuilder::atBlockEnd(block);
  std::set<std::string> initialized = initializerNames(graph);
  for (auto &input : graph.input()) {
    if (initialized.count(input.name()))
      continue;
    BlockArgument argument = block->addArgument(onnx::AnyType::get(&context), loc);
    if (!input.name().empty() && failed(define(input.name(), argument, loc)))
      return failure();
  }
  if (failed(importBody(graph, b)))
    return failure();
  SmallVector<Value> outputs;
  for (auto &output : graph.output()) {
    auto value = frame->find(output.name());
    if (!value || !*value)
      return emitError(loc) << "output '" << output.name() << "' of subgraph '" << name << "' is not "
                            << (value ? "given" : "defined");
    outputs.push_back(*value);
  }
  onnx::YieldOp::create(b, loc, outputs);
  return success();
}

LogicalResult GraphImporter::importOutputs(func::FuncOp function, OpBuilder &b) {
  SmallVector<Value> outputs;
  SmallVector<DictionaryAttr> attributes;
  std::set<StringRef> names;
  for (auto &output : model.graph().output()) {
    if (output.name().empty())
      return emitError(module.getLoc()) << "an output of the graph has no name";
    Location loc = NameLoc::get(b.getStringAttr(output.name()));
    auto value = frame->find(output.name());
    if (!value || !*value)
      return emitError(loc) << "output '" << output.name() << "' is not " << (value ? "given" : "defined");
    if (!names.insert(output.name()).second)
      return emitError(loc) << "output '" << output.name() << "' is given twice";
    outputs.push_back(*value);
    attributes.push_back(b.getDictionaryAttr(b.getNamedAttr("adze.name", b.getStringAttr(output.name()))));
  }
  if (options.exposeValues)
    exposed.addResults(module, outputs, attributes);
  func::ReturnOp::create(b, function.getLoc(), outputs);
  function.setType(b.getFunctionType(function.getArgumentTypes(), ValueRange(outputs).getTypes()));
  function.setAllResultAttrs(attributes);
  return success();
}

LogicalResult GraphImporter::run() {
  if (failed(readFunctions()))
    return failure();
  OpBuilder b = OpBuilder::atBlockEnd(module.getBody());
  auto function = func::FuncOp::create(b, module.getLoc(), "main", b.getFunctionType({}, {}));
  Frame main;
  main.scopes.emplace_back().nodes = &model.graph().node();
  frame = &main;
  if (failed(importInputs(function)))
    return failure();
  OpBuilder body = OpBuilder::atBlockEnd(&function.getBody().front());
  if (failed(importBody(model.graph(), body)))
    return failure();
  return importOutputs(function, body);
}
