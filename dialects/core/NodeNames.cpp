// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "dialects/core/NodeNames.h"
#include "llvm/ADT/STLExtras.h"

using namespace mlir;

/// Calls `visit` on the location of each node in `loc`.
static void walkNodes(Location loc, function_ref<void(NameLoc)> visit) {
  loc->walk([&](Location l) {
    auto node = dyn_cast<NameLoc>(l);
    if (!node)
      return WalkResult::advance();
    visit(node);
    return WalkResult::skip();
  });
}

static void addOnce(SmallVectorImpl<StringRef> &texts, StringRef text) {
  if (!llvm::is_contained(texts, text))
    texts.push_back(text);
}

void adze::core::collectNodeNames(Location loc, SmallVectorImpl<StringRef> &names) {
  walkNodes(loc, [&](NameLoc node) { addOnce(names, node.getName()); });
}

void adze::core::collectOperators(Location loc, SmallVectorImpl<StringRef> &operators) {
  walkNodes(loc, [&](NameLoc node) {
    if (auto op = dyn_cast<NameLoc>(node.getChildLoc()))
      addOnce(operators, op.getName());
  });
}

std::string adze::core::messageAtNode(Location loc, StringRef message) {
  SmallVector<StringRef> names;
  collectNodeNames(loc, names);
  return names.empty() ? message.str() : ("node '" + names.front() + "': " + message).str();
}
