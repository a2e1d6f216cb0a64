// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/import/MappedFile.h"
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

using namespace llvm;
using namespace adze;

static Error failure(StringRef name, const Twine &why) {
  return createStringError(inconvertibleErrorCode(), "'" + name + "': " + why);
}

MappedFile::~MappedFile() {
  if (data)
    munmap(const_cast<char *>(data), size);
}

Expected<std::shared_ptr<MappedFile>> MappedFile::map(int fd, StringRef name) {
  struct stat info;
  if (fstat(fd, &info) != 0)
    return failure(name, std::strerror(errno));
  if (!S_ISREG(info.st_mode))
    return failure(name, "is not a regular file");
  std::shared_ptr<MappedFile> file(new MappedFile);
  if (info.st_size == 0)
    return file;
  void *data = mmap(nullptr, info.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
  if (data == MAP_FAILED)
    return failure(name, std::strerror(errno));
  file->data = static_cast<const char *>(data);
  file->size = info.st_size;
  return file;
}

Expected<std::shared_ptr<MappedFile>> MappedFile::open(StringRef path) {
  // Not blocking: a FIFO would wait for a writer.
  int fd = ::open(path.str().c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0)
    return failure(path, std::strerror(errno));
  auto file = map(fd, path);
  close(fd);
  return file;
}
