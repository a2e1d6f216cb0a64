// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/import/ExternalData.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/Path.h"
#include <cerrno>
#include <climits>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

using namespace llvm;
using namespace adze;

static Error problem(const Twine &why) { return createStringError(inconvertibleErrorCode(), why); }

static Error atPath(StringRef location, const Twine &why) { return problem("external data '" + location + "' " + why); }

/// A non-negative decimal number.
static bool parseSize(StringRef text, uint64_t &value) {
  return all_of(text, isDigit) && !text.getAsInteger(10, value) && value <= INT64_MAX;
}

std::string adze::addSource(core::BlobStore &store, const std::string &name, ArrayRef<char> bytes,
                            std::shared_ptr<void> owner) {
  std::string unique = name;
  for (unsigned i = 2; !store.addMapped(unique, bytes, owner); ++i)
    unique = name + "#" + std::to_string(i);
  return unique;
}

/// Why `part` of `folder` cannot be opened.
static std::string openProblem(int folder, const std::string &part, int why) {
  struct stat info;
  if (fstatat(folder, part.c_str(), &info, AT_SYMLINK_NOFOLLOW) == 0 && S_ISLNK(info.st_mode))
    return "leads through a symbolic link";
  return std::string("cannot be opened: ") + std::strerror(why);
}

/// Fails, and closes the file, where it has other names: one of them may be outside of the model's folder.
static Expected<int> withOneName(int fd, StringRef location) {
  struct stat info;
  if (fstat(fd, &info) != 0 || !S_ISREG(info.st_mode) || info.st_nlink <= 1)
    return fd;
  close(fd);
  return atPath(location, "is a hard link: the file has other names too");
}

Expected<int> ExternalData::openBeneath(StringRef location) {
  int folder = ::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (folder < 0)
    return atPath(location, "lies in a folder that cannot be opened: " + Twine(std::strerror(errno)));
  SmallVector<StringRef> parts;
  location.split(parts, '/', -1, /*KeepEmpty=*/false);
  for (auto [i, part] : enumerate(parts)) {
    if (part == ".")
      continue;
    bool last = i + 1 == parts.size();
    int flags = O_RDONLY | O_CLOEXEC | O_NOFOLLOW | (last ? O_NONBLOCK : O_DIRECTORY);
    int next = openat(folder, part.str().c_str(), flags);
    std::string problem = next < 0 ? openProblem(folder, part.str(), errno) : "";
    close(folder);
    if (next < 0)
      return atPath(location, problem);
    folder = next;
  }
  return withOneName(folder, location);
}

/// The folder of a symbolic link's target, or empty.
static std::string targetFolder(const std::string &path) {
  struct stat info;
  char resolved[PATH_MAX];
  if (lstat(path.c_str(), &info) != 0 || !S_ISLNK(info.st_mode) || !realpath(path.c_str(), resolved))
    return "";
  return sys::path::parent_path(resolved).str();
}

Expected<int> ExternalData::openThroughLinks(StringRef location) {
  std::string path = directory + "/" + location.str();
  std::string folder = targetFolder(path);
  if (folder.empty() || modelPath.empty() || location.contains('/') || folder != targetFolder(modelPath))
    return atPath(location, "is a symbolic link");
  char resolved[PATH_MAX];
  if (!realpath(path.c_str(), resolved))
    return atPath(location, std::strerror(errno));
  int fd = ::open(resolved, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
  if (fd < 0)
    return atPath(location, "cannot be opened: " + Twine(std::strerror(errno)));
  return withOneName(fd, location);
}

Expected<std::shared_ptr<MappedFile>> ExternalData::open(StringRef location) {
  if (location.empty() || location.contains('\0'))
    return problem("external data has no file name");
  if (sys::path::is_absolute(location))
    return atPath(location, "has an absolute path");
  SmallVector<StringRef> parts;
  location.split(parts, '/');
  if (is_contained(parts, ".."))
    return atPath(location, "leaves the model's folder by '..'");
  if (directory.empty())
    return atPath(location, "cannot be found: the model is given as bytes without a folder");
  struct stat info;
  bool isLink = lstat((directory + "/" + location.str()).c_str(), &info) == 0 && S_ISLNK(info.st_mode);
  auto fd = isLink ? openThroughLinks(location) : openBeneath(location);
  if (!fd)
    return fd.takeError();
  auto file = MappedFile::map(*fd, location);
  close(*fd);
  return file;
}

Expected<BlobRange> ExternalData::locate(const ::onnx::TensorProto &tensor, uint64_t bytes) {
  StringRef location;
  uint64_t offset = 0, length = bytes;
  for (auto &entry : tensor.external_data()) {
    if (entry.key() == "location")
      location = entry.value();
    else if (entry.key() == "offset" && !parseSize(entry.value(), offset))
      return problem("external data has offset '" + entry.value() + "'");
    else if (entry.key() == "length" && !parseSize(entry.value(), length))
      return problem("external data has length '" + entry.value() + "'");
  }
  if (length != bytes)
    return atPath(location, "has " + Twine(length) + " bytes for this tensor, expected " + Twine(bytes));
  File &file = files[location.str()];
  if (!file.mapped) {
    auto opened = open(location);
    if (!opened)
      return opened.takeError();
    file.mapped = *opened;
    file.source = addSource(store, "external:" + location.str(), file.mapped->bytes(), file.mapped);
  }
  uint64_t have = file.mapped->bytes().size();
  if (offset > have || bytes > have - offset)
    return atPath(location,
                  "is too short: it has " + Twine(have) + " bytes, the tensor ends at " + Twine(offset + bytes));
  return BlobRange{file.source, offset, bytes};
}

std::vector<std::string> ExternalData::locations() const {
  std::vector<std::string> names;
  for (auto &[location, file] : files)
    if (file.mapped)
      names.push_back(location);
  return names;
}
