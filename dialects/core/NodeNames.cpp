// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "dialects/core/NodeNames.h"
#include "llvm/ADT/STLExtras.h"

using namespace mlir;

void adze::core::collectNodeNames(Location loc, SmallVectorImpl<StringRef> &names) {
  loc->walk([&](Location l) {
    if (auto name = dyn_cast<NameLoc>(l)) {
      StringRef text = name.getName().getValue();
      if (!llvm::is_contained(names, text))
        names.push_back(text);
      return WalkResult::skip();
    }
    return WalkResult::advance();
  });
}

std::string adze::core::messageAtNode(Location loc, StringRef message) {
  SmallVector<StringRef> names;
  collectNodeNames(loc, names);
  return names.empty() ? message.str() : ("node '" + names.front() + "': " + message).str();
}
