// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "dialects/core/Blob.h"

using namespace adze::core;

bool BlobStore::addMapped(llvm::StringRef name, llvm::ArrayRef<char> bytes, std::shared_ptr<void> owner) {
  std::lock_guard<std::mutex> lock(mutex);
  if (owner)
    owners.push_back(std::move(owner));
  return sources.try_emplace(name, bytes).second;
}

std::string BlobStore::addOwned(std::vector<char> bytes) {
  std::lock_guard<std::mutex> lock(mutex);
  owned.push_back(std::make_unique<std::vector<char>>(std::move(bytes)));
  std::string name = "folded:" + std::to_string(owned.size());
  sources[name] = llvm::ArrayRef<char>(*owned.back());
  return name;
}

std::optional<llvm::ArrayRef<char>> BlobStore::get(llvm::StringRef name, uint64_t offset, uint64_t size) const {
  std::lock_guard<std::mutex> lock(mutex);
  auto it = sources.find(name);
  if (it == sources.end() || offset > it->second.size() || size > it->second.size() - offset)
    return std::nullopt;
  return it->second.slice(offset, size);
}
