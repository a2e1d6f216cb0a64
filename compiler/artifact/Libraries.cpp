// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/artifact/Libraries.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/SmallString.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"

using llvm::StringRef;

static constexpr const char *kArchives[] = {"libadze_rt.a", "libadze_math.a", "libadze_builtins.a"};

static std::string inFolder(const llvm::Twine &folder, StringRef name) {
  llvm::SmallString<128> path;
  llvm::sys::path::append(path, folder, name);
  return std::string(path);
}

/// The archives of devices' drivers in `folder`, which are libadze_rt_DRIVER.a. An artifact takes from them what its
/// program names.
static std::vector<std::string> findDrivers(const std::string &folder) {
  std::vector<std::string> paths;
  std::error_code error;
  for (llvm::sys::fs::directory_iterator i(folder, error), end; i != end && !error; i.increment(error)) {
    StringRef name = llvm::sys::path::filename(i->path());
    if (name.starts_with("libadze_rt_") && name.ends_with(".a"))
      paths.push_back(i->path());
  }
  llvm::sort(paths);
  return paths;
}

llvm::Expected<std::vector<std::string>> adze::findArchives(StringRef folder) {
  std::vector<std::string> folders;
  if (!folder.empty()) {
    folders.push_back(folder.str());
  } else {
    llvm::SmallString<128> program;
    if (auto error = llvm::sys::fs::real_path("/proc/self/exe", program))
      return llvm::createStringError(error, "cannot find the running program: " + error.message());
    StringRef beside = llvm::sys::path::parent_path(program);
    folders = {beside.str(), inFolder(beside, "lib"), inFolder(llvm::sys::path::parent_path(beside), "lib")};
  }
  for (const std::string &candidate : folders) {
    std::vector<std::string> paths;
    for (const char *name : kArchives)
      if (std::string path = inFolder(candidate, name); llvm::sys::fs::exists(path))
        paths.push_back(path);
    if (paths.size() != std::size(kArchives))
      continue;
    for (std::string &driver : findDrivers(candidate))
      paths.push_back(std::move(driver));
    return paths;
  }
  return llvm::createStringError(
      "libadze_rt.a, libadze_math.a and libadze_builtins.a, which go into every artifact, are not in " +
      folders.front() + (folder.empty() ? " nor in a lib folder beside it" : ""));
}
