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

void BlobStore::addComputed(llvm::StringRef name, uint64_t size,
                            std::function<std::optional<std::vector<char>>()> compute) {
  std::lock_guard<std::mutex> lock(mutex);
  auto &entry = computed[name];
  if (entry)
    return;
  entry = std::make_shared<Computed>();
  entry->size = size;
  entry->compute = std::move(compute);
}

std::optional<BlobBytes> BlobStore::get(llvm::StringRef name, uint64_t offset, uint64_t size) const {
  std::shared_ptr<Computed> source;
  {
    std::lock_guard<std::mutex> lock(mutex);
    auto isInside = [&](uint64_t all) { return offset <= all && size <= all - offset; };
    if (auto it = sources.find(name); it != sources.end())
      return isInside(it->second.size()) ? std::optional(BlobBytes{it->second.slice(offset, size), {}}) : std::nullopt;
    auto it = computed.find(name);
    if (it == computed.end() || !isInside(it->second->size))
      return std::nullopt;
    source = it->second;
  }
  return read(*source, offset, size); // which may read others of this store
}

std::optional<BlobBytes> BlobStore::read(Computed &source, uint64_t offset, uint64_t size) const {
  std::lock_guard<std::mutex> lock(source.mutex);
  auto bytes = source.held.lock();
  if (!bytes) {
    auto made = source.compute();
    if (!made || made->size() != source.size)
      return std::nullopt;
    bytes = std::make_shared<const std::vector<char>>(std::move(*made));
    source.held = bytes;
  }
  return BlobBytes{llvm::ArrayRef<char>(*bytes).slice(offset, size), bytes};
}
