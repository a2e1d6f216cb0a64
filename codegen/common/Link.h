// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Linking of ELF shared libraries in this process.
#pragma once
#include "codegen/Target.h"
#include "llvm/Support/Error.h"

namespace adze {

struct LinkJob {
  /// Objects, in order; all of them are linked.
  llvm::ArrayRef<Emitted> objects;
  /// Paths of archives, in order, for what the objects miss.
  llvm::ArrayRef<std::string> archives;
  /// Symbols that others may see; no other is exported.
  llvm::ArrayRef<llvm::StringRef> exports;
};

/// Links a shared library. The same job gives the same bytes, whatever the paths are. Calls from several threads are
/// run one after the other: lld allows no other way.
llvm::Expected<Emitted> linkShared(const LinkJob &job);

/// Links objects to one relocatable object.
llvm::Expected<Emitted> linkRelocatable(llvm::ArrayRef<Emitted> objects);

} // namespace adze
