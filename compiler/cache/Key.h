// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What decides the bytes of an artifact: the model's content, what is beside it, the options, the CPU, the compiler.
#pragma once
#include "compiler/cache/Records.h"

#include <functional>

namespace adze {

/// Text that differs where "native" code of the compiler could differ: the CPU's model and all that it says it has.
std::string hostMachine();

/// A digest of the files that the compiler consists of: its program, the libraries that this program loads, and what
/// goes into artifacts. Which those are is asked of a worker (`ask`) once for each program. Nothing if there is none.
std::optional<std::string> compilerDigest(const Records &records, const std::function<std::vector<std::string>()> &ask);

/// A digest of these files; nothing if one cannot be read.
std::optional<std::string> digestOfFiles(const Records &records, const std::vector<std::string> &paths);

/// The key of one compilation.
class Key {
public:
  /// `compiler`: compilerDigest's, and that of the tools it uses. The options' paths are absolute.
  Key(const Records &records, const CompileOptions &options, std::string compiler);
  /// The key; nothing if the model cannot be read, or what lies beside it is not known yet.
  std::optional<std::string> beforeCompiling();
  /// The key of what has been compiled with these files beside the model, which is remembered. Nothing if a file has
  /// changed since the Key was made: then it is not known what was compiled.
  std::optional<std::string> afterCompiling(const std::vector<std::string> &externalFiles);

private:
  struct External {
    std::string location;
    FileDigest file;
  };
  std::optional<std::vector<External>> read(const std::vector<std::string> &locations) const;
  std::string text(const std::vector<External> &external) const;

  const Records &records;
  const CompileOptions &options;
  std::string compiler, folder;
  int64_t start; ///< ns since 1970
  std::optional<FileDigest> model;
  std::optional<std::vector<External>> known;
};

} // namespace adze
