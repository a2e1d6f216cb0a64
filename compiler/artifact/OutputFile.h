// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What the compiler writes: a file that is there complete or not at all.
#pragma once
#include "llvm/ADT/STLFunctionalExtras.h"
#include "llvm/ADT/SmallString.h"
#include "llvm/Support/Error.h"
#include "llvm/Support/raw_ostream.h"

namespace adze {

/// A file that gets its name when it is complete. Where the file system allows it there is no name before, so that
/// nothing is left of it even if this process is killed; elsewhere a temporary file lies beside it until then.
class OutputFile {
public:
  /// Begins the file `path`, which may exist already if it is a regular file.
  static llvm::Expected<OutputFile> create(llvm::StringRef path);
  OutputFile(OutputFile &&other);
  ~OutputFile();

  /// Where the bytes are until keep(), for those who open files by name.
  llvm::StringRef place() const { return temporary; }
  /// The file, open for writing at its begin.
  int descriptor() const { return fd; }
  /// Gives it its name, and replaces what has that name.
  llvm::Error keep();

private:
  OutputFile(llvm::StringRef path) : path(path) {}
  std::error_code link();

  std::string path, temporary;
  int fd = -1;
  bool named = false; ///< `temporary` is to be removed
};

/// Writes the file `path` by what `write` puts into the stream; after any error there is none. A full disk is an error
/// here, where a stream of LLVM's would end the process.
llvm::Error writeOutput(llvm::StringRef path, llvm::function_ref<llvm::Error(llvm::raw_ostream &)> write);

/// "cannot write 'path': why".
llvm::Error cannotWrite(llvm::StringRef path, const std::error_code &why);

} // namespace adze
