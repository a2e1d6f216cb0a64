// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/cache/Folder.h"

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <dirent.h>
#include <fcntl.h>
#include <filesystem>
#include <sys/stat.h>
#include <unistd.h>

using namespace adze;
namespace fs = std::filesystem;

static std::string variable(const char *name) {
  const char *value = getenv(name);
  return value ? value : "";
}

std::string adze::userCacheFolder() {
  std::string own = variable("ADZE_CACHE_DIR"), caches = variable("XDG_CACHE_HOME"), home = variable("HOME");
  if (!own.empty())
    return own;
  if (!caches.empty())
    return fs::path(caches) / "adze";
  if (!home.empty())
    return fs::path(home) / ".cache" / "adze";
  std::error_code ignored;
  fs::path temporary = fs::temp_directory_path(ignored);
  return (ignored ? fs::path("/tmp") : temporary) / ("adze-" + std::to_string(geteuid()));
}

/// Takes the folder if it is ours alone.
static Descriptor checked(int folder, const std::string &path, std::string &why) {
  Descriptor opened(folder);
  struct stat info;
  if (folder < 0 && (errno == ELOOP || errno == ENOTDIR))
    why = "'" + path + "' is no folder, or a link to one";
  else if (folder < 0)
    why = "cannot open the folder '" + path + "': " + strerrordesc_np(errno);
  else if (fstat(folder, &info) != 0 || info.st_uid != geteuid())
    why = "the folder '" + path + "' belongs to another user";
  else if (info.st_mode & (S_IWGRP | S_IWOTH))
    why = "others may write into the folder '" + path + "'";
  else
    return opened;
  return Descriptor();
}

constexpr int kFolderFlags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;

Descriptor adze::openPrivateFolder(const std::string &path, std::string &why) {
  std::string plain = path;
  while (plain.size() > 1 && plain.back() == '/') // with it, O_NOFOLLOW would follow
    plain.pop_back();
  std::error_code ignored;
  fs::create_directories(fs::path(plain).parent_path(), ignored);
  if (mkdir(plain.c_str(), 0700) != 0 && errno != EEXIST) {
    why = "cannot make the folder '" + plain + "': " + strerrordesc_np(errno);
    return Descriptor();
  }
  return checked(open(plain.c_str(), kFolderFlags), plain, why);
}

Descriptor adze::openFolderIn(int folder, const std::string &name, std::string &why) {
  if (mkdirat(folder, name.c_str(), 0700) != 0 && errno != EEXIST) {
    why = "cannot make the folder '" + name + "': " + strerrordesc_np(errno);
    return Descriptor();
  }
  return checked(openat(folder, name.c_str(), kFolderFlags), name, why);
}

std::vector<std::string> adze::namesIn(int folder) {
  std::vector<std::string> names;
  int own = openat(folder, ".", kFolderFlags); // the stream takes it, and its place in the folder
  DIR *stream = own >= 0 ? fdopendir(own) : nullptr;
  if (!stream) {
    Descriptor closed(own);
    return names;
  }
  while (const dirent *entry = readdir(stream))
    if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
      names.push_back(entry->d_name);
  closedir(stream);
  return names;
}

bool adze::removeFolder(int folder, const std::string &name) {
  Descriptor inner(openat(folder, name.c_str(), kFolderFlags));
  for (const std::string &file : namesIn(inner.get()))
    unlinkat(inner.get(), file.c_str(), 0);
  return unlinkat(folder, name.c_str(), AT_REMOVEDIR) == 0 || errno == ENOENT;
}

std::string adze::readAll(int file, size_t most) {
  std::string bytes;
  char chunk[1 << 14];
  while (bytes.size() < most) {
    ssize_t got = read(file, chunk, std::min(sizeof chunk, most - bytes.size()));
    if (got < 0 && errno == EINTR)
      continue;
    if (got <= 0)
      break;
    bytes.append(chunk, static_cast<size_t>(got));
  }
  return bytes;
}
