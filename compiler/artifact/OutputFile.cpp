// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/artifact/OutputFile.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

using namespace adze;
using namespace llvm;

/// As LLVM and compilers make libraries; the user's mask applies.
static constexpr mode_t kMode = 0777;

Error adze::cannotWrite(StringRef path, const std::error_code &why) {
  return createStringError(why, "cannot write '" + path + "': " + why.message());
}

OutputFile::OutputFile(OutputFile &&other)
    : path(std::move(other.path)), temporary(std::move(other.temporary)), fd(std::exchange(other.fd, -1)),
      named(std::exchange(other.named, false)) {}

OutputFile::~OutputFile() {
  if (named)
    unlink(temporary.c_str());
  if (fd >= 0)
    close(fd);
}

Expected<OutputFile> OutputFile::create(StringRef path) {
  OutputFile file(path);
  struct stat info;
  if (stat(file.path.c_str(), &info) == 0 && !S_ISREG(info.st_mode))
    return createStringError("cannot write '" + path + "': it exists and is not a regular file");
  StringRef folder = sys::path::parent_path(path);
  file.fd = open(folder.empty() ? "." : folder.str().c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, kMode);
  if (file.fd >= 0) {
    file.temporary = "/proc/self/fd/" + std::to_string(file.fd);
    return std::move(file);
  }
  if (errno != EOPNOTSUPP && errno != EISDIR && errno != EINVAL) // these: the file system has no files without a name
    return cannotWrite(path, errnoAsErrorCode());
  SmallString<128> name;
  if (std::error_code error = sys::fs::createUniqueFile(path + ".%%%%%%%%.tmp", file.fd, name, sys::fs::OF_None, kMode))
    return cannotWrite(path, error);
  file.temporary = name.str();
  file.named = true;
  return std::move(file);
}

/// Gives the file without a name one beside its later name.
std::error_code OutputFile::link() {
  for (int tries = 0; tries < 100; ++tries) {
    SmallString<128> name;
    sys::fs::createUniquePath(path + ".%%%%%%%%.tmp", name, /*MakeAbsolute=*/false);
    if (linkat(AT_FDCWD, temporary.c_str(), AT_FDCWD, name.c_str(), AT_SYMLINK_FOLLOW) == 0) {
      temporary = name.str();
      named = true;
      return {};
    }
    if (errno != EEXIST)
      break;
  }
  return errnoAsErrorCode();
}

Error OutputFile::keep() {
  if (!named) {
    if (linkat(AT_FDCWD, temporary.c_str(), AT_FDCWD, path.c_str(), AT_SYMLINK_FOLLOW) == 0)
      return Error::success();
    std::error_code error = errno == EEXIST ? link() : errnoAsErrorCode(); // a link replaces nothing, renaming does
    if (error)
      return cannotWrite(path, error);
  }
  if (std::error_code error = sys::fs::rename(temporary, path))
    return cannotWrite(path, error);
  named = false;
  return Error::success();
}

Error adze::writeOutput(StringRef path, function_ref<Error(raw_ostream &)> write) {
  auto file = OutputFile::create(path);
  if (!file)
    return file.takeError();
  raw_fd_ostream out(file->descriptor(), /*shouldClose=*/false);
  Error written = write(out);
  out.flush();
  std::error_code error = out.error();
  out.clear_error();
  if (written)
    return written;
  return error ? cannotWrite(path, error) : file->keep();
}
