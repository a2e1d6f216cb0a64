// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Where the names of a node are looked up: the main graph, or one call of a model-local function.
#pragma once
#include "mlir/IR/Value.h"
#include "onnx-ml.pb.h"
#include "llvm/ADT/StringMap.h"
#include <map>
#include <string>
#include <vector>

namespace adze {

struct Frame;

/// An attribute and the frame in which its graphs look up names. No attribute: an optional one that the call leaves
/// out.
struct GivenAttribute {
  const ::onnx::AttributeProto *attribute = nullptr;
  Frame *frame = nullptr;
};

/// The names of one graph, main or of a subgraph, defined up to the node that is being imported.
struct Scope {
  llvm::StringMap<mlir::Value> values; ///< a null value: an input that the call leaves out
  const google::protobuf::RepeatedPtrField<::onnx::NodeProto> *nodes = nullptr;
};

/// Opset versions by domain; "ai.onnx" is "".
using Opsets = std::map<std::string, int64_t>;

/// A domain's name as Opsets has it.
inline std::string domainKey(const std::string &domain) { return domain == "ai.onnx" ? "" : domain; }

/// The state of importing the main graph or a function's body.
struct Frame {
  const ::onnx::FunctionProto *function = nullptr; ///< null in the main graph
  std::string prefix;                              ///< of its nodes' locations: the calls that led here
  llvm::StringMap<GivenAttribute> attributes;      ///< what attribute references mean
  std::vector<Scope> scopes;                       ///< innermost last

  /// What a name stands for; nothing if it is not defined.
  std::optional<mlir::Value> find(llvm::StringRef name) const {
    for (auto scope = scopes.rbegin(); scope != scopes.rend(); ++scope)
      if (auto it = scope->values.find(name); it != scope->values.end())
        return it->second;
    return std::nullopt;
  }
  /// True if a node of the graphs around gives this name to an output, be it later.
  bool isOutputOfANode(const std::string &name) const {
    for (const Scope &scope : scopes)
      for (auto &node : *scope.nodes)
        for (auto &output : node.output())
          if (output == name)
            return true;
    return false;
  }
};

} // namespace adze
