// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What is remembered between processes: small texts by name, and with them the digests of files.
#pragma once
#include "compiler/Api.h"

#include <optional>

namespace adze {

/// Small texts in a folder, one file each. A record carries its own digest: half of one, or of two that were written at
/// once, is none.
class Records {
public:
  /// The folder is the caller's.
  explicit Records(int folder) : folder(folder) {}
  /// The text under `name`, which may be any bytes.
  std::optional<std::string> get(const std::string &name) const;
  /// Replaces it. Failing is no harm: it is then not remembered.
  void put(const std::string &name, std::string_view text) const;
  /// Removes the oldest beyond `most`.
  void trim(size_t most) const;

private:
  int folder;
};

/// Which file it is and when it changed last, as text: device, inode, size, times in ns.
struct FileState {
  std::string text;
  uint64_t size = 0;
  int64_t changed = 0; ///< the later of both times, in ns since 1970
  bool operator==(const FileState &other) const { return text == other.text; }
};

/// The content of a file.
struct FileDigest {
  std::string digest;
  FileState state; ///< of the file while it was read
};

/// Of a regular file; nothing for anything else. Links are followed.
std::optional<FileState> stateOf(const std::string &path);

/// The digest of a regular file: a remembered one where the state is that of then, else of its bytes, remembered from
/// then on unless the file changed in the last two seconds (another change could leave its times as they are). Nothing
/// if it cannot be read, or changes meanwhile.
std::optional<FileDigest> digestOfFile(const Records &records, const std::string &path);

} // namespace adze
