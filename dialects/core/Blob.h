// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The bytes behind #core.blob attributes: files that are mapped once, memory that constant folding has made, and bytes
// that are computed where they are read.
#pragma once
#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/ADT/StringRef.h"
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

namespace adze::core {

/// Bytes, and what keeps them where they are (nothing is needed for those that stay with the store).
struct BlobBytes {
  llvm::ArrayRef<char> bytes;
  std::shared_ptr<const std::vector<char>> owner;
};

/// Sources of bytes by name. Safe to use from several threads.
class BlobStore {
public:
  /// Makes `bytes` known as `name`; false if the name is taken. `owner` is kept as long as the store lives.
  bool addMapped(llvm::StringRef name, llvm::ArrayRef<char> bytes, std::shared_ptr<void> owner = {});
  /// Takes over `bytes` and answers the name under which they are known.
  std::string addOwned(std::vector<char> bytes);
  /// Makes the `size` bytes that `compute` gives known as `name`, if nothing is yet. They are computed when they are
  /// read, and again when they are read after nobody held them; `compute` may read other sources.
  void addComputed(llvm::StringRef name, uint64_t size, std::function<std::optional<std::vector<char>>()> compute);
  /// Bytes [offset, offset + size) of a source; nothing if the name is unknown, the range is not inside, or they cannot
  /// be computed.
  std::optional<BlobBytes> get(llvm::StringRef name, uint64_t offset, uint64_t size) const;

private:
  /// A source that is computed.
  struct Computed {
    uint64_t size;
    std::function<std::optional<std::vector<char>>()> compute;
    std::mutex mutex;
    std::weak_ptr<const std::vector<char>> held;
  };
  std::optional<BlobBytes> read(Computed &source, uint64_t offset, uint64_t size) const;

  mutable std::mutex mutex;
  llvm::StringMap<llvm::ArrayRef<char>> sources;
  llvm::StringMap<std::shared_ptr<Computed>> computed;
  std::vector<std::unique_ptr<std::vector<char>>> owned;
  std::vector<std::shared_ptr<void>> owners;
};

} // namespace adze::core
