// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A file of which nothing is copied.
#pragma once
#include "llvm/ADT/ArrayRef.h"
#include "llvm/Support/Error.h"
#include <memory>

namespace adze {

/// Read-only bytes of a regular file, mapped as long as this lives.
class MappedFile {
public:
  ~MappedFile();
  /// Maps what `fd` refers to; the descriptor may be closed afterwards. `name` is for messages.
  static llvm::Expected<std::shared_ptr<MappedFile>> map(int fd, llvm::StringRef name);
  /// Opens and maps a path; links are followed.
  static llvm::Expected<std::shared_ptr<MappedFile>> open(llvm::StringRef path);

  llvm::ArrayRef<char> bytes() const { return {data, size}; }

private:
  MappedFile() = default;
  const char *data = nullptr;
  size_t size = 0;
};

} // namespace adze
