// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The bytes behind #core.blob attributes: files that are mapped once, and memory that constant folding has made.
#pragma once
#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/ADT/StringRef.h"
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

namespace adze::core {

/// Sources of bytes by name. Safe to use from several threads. What it has given stays where it is until the store
/// goes.
class BlobStore {
public:
  /// Makes `bytes` known as `name`; false if the name is taken. `owner` is kept as long as the store lives.
  bool addMapped(llvm::StringRef name, llvm::ArrayRef<char> bytes, std::shared_ptr<void> owner = {});
  /// Takes over `bytes` and answers the name under which they are known.
  std::string addOwned(std::vector<char> bytes);
  /// Bytes [offset, offset + size) of a source; nothing if the name is unknown or the range is not inside.
  std::optional<llvm::ArrayRef<char>> get(llvm::StringRef name, uint64_t offset, uint64_t size) const;

private:
  mutable std::mutex mutex;
  llvm::StringMap<llvm::ArrayRef<char>> sources;
  std::vector<std::unique_ptr<std::vector<char>>> owned;
  std::vector<std::shared_ptr<void>> owners;
};

} // namespace adze::core
