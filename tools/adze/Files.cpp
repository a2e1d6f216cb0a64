// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "tools/adze/Files.h"

#include "runtime/loader/write.h"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

using namespace adze::tool;

std::string adze::tool::errnoText(const char *what) {
  return std::string("cannot ") + what + ": " + strerrordesc_np(errno);
}

bool adze::tool::writeFile(const std::string &path, const std::vector<std::string_view> &pieces, std::string &error) {
  std::string temporary = path + ".XXXXXX";
  int fd = mkostemp(temporary.data(), O_CLOEXEC);
  if (fd < 0) {
    error = errnoText("be written");
    return false;
  }
  mode_t mask = umask(0);
  umask(mask);
  bool ok = fchmod(fd, 0666 & ~mask) == 0;
  for (std::string_view piece : pieces)
    ok = ok && adze_write_all(fd, piece.data(), piece.size());
  ok = ok && rename(temporary.c_str(), path.c_str()) == 0;
  if (!ok) {
    error = errnoText("be written");
    unlink(temporary.c_str());
  }
  close(fd);
  return ok;
}
