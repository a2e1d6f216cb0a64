// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Where the worker puts an output that shall have no name in the end.
#pragma once
#include "compiler/Api.h"

namespace adze {

/// A file in a folder of its own that only this user can enter; both are removed with the object.
class PrivateFile {
public:
  /// Makes the folder. False: why stands in failure.diagnostics.
  bool create(CompileResult &failure);
  ~PrivateFile();
  /// The file's path; the file itself is the worker's to make.
  std::string path() const { return folder + "/model.so"; }
  /// Opens it for reading; -1 and errno if that fails.
  Descriptor open() const;

private:
  std::string folder;
};

} // namespace adze
