// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/cache/Records.h"

#include "compiler/cache/Digest.h"
#include "compiler/cache/Folder.h"
#include "runtime/loader/write.h"

#include <algorithm>
#include <ctime>
#include <fcntl.h>
#include <filesystem>
#include <sys/stat.h>
#include <unistd.h>

using namespace adze;

namespace {

constexpr size_t kDigestText = 64;
constexpr int64_t kSecond = 1000000000;

int64_t nanoseconds(const timespec &time) { return time.tv_sec * kSecond + time.tv_nsec; }

std::optional<FileState> stateOf(int file) {
  struct stat info;
  if (file < 0 || fstat(file, &info) != 0 || !S_ISREG(info.st_mode))
    return std::nullopt;
  FileState state;
  int64_t modified = nanoseconds(info.st_mtim), changed = nanoseconds(info.st_ctim);
  state.size = static_cast<uint64_t>(info.st_size);
  state.changed = std::max(modified, changed);
  for (uint64_t value : {static_cast<uint64_t>(info.st_dev), static_cast<uint64_t>(info.st_ino), state.size,
                         static_cast<uint64_t>(modified), static_cast<uint64_t>(changed)})
    state.text += std::to_string(value) + " ";
  return state;
}

/// Not blocking: a FIFO would wait for a writer.
Descriptor openFile(const std::string &path) {
  return Descriptor(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
}

} // namespace

std::optional<std::string> Records::get(const std::string &name) const {
  Descriptor file(openat(folder, blake2b(name).c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC));
  std::string text = file.get() < 0 ? "" : readAll(file.get());
  if (text.size() < kDigestText || blake2b(name + text.substr(kDigestText)) != text.substr(0, kDigestText))
    return std::nullopt;
  return text.substr(kDigestText);
}

void Records::put(const std::string &name, std::string_view text) const {
  Descriptor file(openat(folder, blake2b(name).c_str(), O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600));
  std::string bytes = blake2b(name + std::string(text));
  bytes += text;
  if (file.get() >= 0 && (!adze_write_all(file.get(), bytes.data(), bytes.size()) ||
                          ftruncate(file.get(), static_cast<off_t>(bytes.size())) != 0))
    unlinkat(folder, blake2b(name).c_str(), 0);
}

void Records::trim(size_t most) const {
  std::vector<std::string> names = namesIn(folder);
  if (names.size() <= most)
    return;
  std::vector<std::pair<int64_t, std::string>> dated;
  for (const std::string &name : names) {
    struct stat info;
    if (fstatat(folder, name.c_str(), &info, AT_SYMLINK_NOFOLLOW) == 0)
      dated.emplace_back(nanoseconds(info.st_mtim), name);
  }
  std::sort(dated.begin(), dated.end());
  for (size_t i = 0; i + most < dated.size(); ++i)
    unlinkat(folder, dated[i].second.c_str(), 0);
}

std::optional<FileState> adze::stateOf(const std::string &path) { return ::stateOf(openFile(path).get()); }

std::optional<FileDigest> adze::digestOfFile(const Records &records, const std::string &path) {
  Descriptor file = openFile(path);
  auto before = ::stateOf(file.get());
  if (!before)
    return std::nullopt;
  std::string name = "file " + path, prefix = before->text + "\n";
  auto known = records.get(name);
  if (known && known->compare(0, prefix.size(), prefix) == 0)
    return FileDigest{known->substr(prefix.size()), *before};
  auto digest = digestOf(file.get(), before->size);
  auto after = ::stateOf(file.get());
  if (!digest || !after || !(*after == *before))
    return std::nullopt;
  timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  if (nanoseconds(now) - before->changed > 2 * kSecond)
    records.put(name, prefix + *digest);
  return FileDigest{*digest, *before};
}
