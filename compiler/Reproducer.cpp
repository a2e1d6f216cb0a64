// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/Reproducer.h"
#include "mlir/IR/AsmState.h"
#include "mlir/Pass/Pass.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/raw_ostream.h"
#include "llvm/Support/xxhash.h"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <fcntl.h>
#include <filesystem>
#include <sys/stat.h>
#include <unistd.h>

using namespace mlir;
namespace fs = std::filesystem;

namespace adze {

static constexpr size_t kMaxFiles = 20;

void FailedPass::runAfterPassFailed(Pass *pass, Operation *op) {
  // The adaptor that runs the passes of a nested op fails after the pass itself.
  if (name.empty())
    name = pass->getArgument().str();
}

static llvm::Error failure(const Twine &what, int error) {
  return llvm::createStringError(std::error_code(error, std::generic_category()), what);
}

static std::string variable(const char *name) {
  const char *value = getenv(name);
  return value ? value : "";
}

/// The user's folder for reproducers.
static fs::path folderPath() {
  std::string own = variable("ADZE_CACHE_DIR"), caches = variable("XDG_CACHE_HOME"), home = variable("HOME");
  if (!own.empty())
    return fs::path(own) / "reproducers";
  if (!caches.empty())
    return fs::path(caches) / "adze" / "reproducers";
  if (!home.empty())
    return fs::path(home) / ".cache" / "adze" / "reproducers";
  std::error_code ignored;
  fs::path temporary = fs::temp_directory_path(ignored);
  return (ignored ? fs::path("/tmp") : temporary) / ("adze-" + std::to_string(geteuid()));
}

/// Makes and opens the folder; it must be this user's, and nobody else's to write in.
static llvm::Expected<int> openFolder(const fs::path &path) {
  std::error_code wrong;
  fs::create_directories(path.parent_path(), wrong);
  if (mkdir(path.c_str(), 0700) != 0 && errno != EEXIST)
    return failure("cannot make the folder '" + path.string() + "'", errno);
  int folder = open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (folder < 0)
    return failure("cannot open the folder '" + path.string() + "'", errno);
  struct stat info;
  if (fstat(folder, &info) == 0 && info.st_uid == geteuid() && (info.st_mode & (S_IWGRP | S_IWOTH)) == 0)
    return folder;
  close(folder);
  return failure("others may write into the folder '" + path.string() + "'", EPERM);
}

/// A whole file under `name`, or none.
static llvm::Error writeFile(int folder, const std::string &name, StringRef text) {
  std::string temporary = ".tmp-" + std::to_string(getpid()) + "-" + name;
  unlinkat(folder, temporary.c_str(), 0);
  int fd = openat(folder, temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
  if (fd < 0)
    return failure("cannot make '" + name + "'", errno);
  llvm::raw_fd_ostream os(fd, /*shouldClose=*/true);
  os << text;
  os.close();
  std::error_code wrong = os.error();
  os.clear_error();
  if (!wrong && renameat(folder, temporary.c_str(), folder, name.c_str()) != 0)
    wrong = std::error_code(errno, std::generic_category());
  if (!wrong)
    return llvm::Error::success();
  unlinkat(folder, temporary.c_str(), 0);
  return llvm::createStringError(wrong, "cannot write '" + name + "'");
}

/// Removes all but the newest.
static void dropOld(const fs::path &path) {
  std::vector<std::pair<fs::file_time_type, fs::path>> files;
  std::error_code ignored;
  for (const fs::directory_entry &entry : fs::directory_iterator(path, ignored))
    if (entry.path().extension() == ".mlir")
      files.emplace_back(entry.last_write_time(ignored), entry.path());
  std::sort(files.begin(), files.end());
  for (size_t i = 0; i + kMaxFiles < files.size(); ++i)
    fs::remove(files[i].second, ignored);
}

static std::string makeText(ModuleOp module, StringRef pipeline) {
  std::string text;
  llvm::raw_string_ostream os(text);
  AsmState state(module, OpPrintingFlags().enableDebugInfo());
  if (!pipeline.empty())
    state.attachResourcePrinter("mlir_reproducer", [&](Operation *, AsmResourceBuilder &builder) {
      builder.buildString("pipeline", pipeline);
      builder.buildBool("disable_threading", true);
      builder.buildBool("verify_each", true);
    });
  module.print(os, state);
  return text;
}

llvm::Expected<std::string> writeReproducer(ModuleOp module, StringRef stage, StringRef pipeline) {
  fs::path path = folderPath();
  auto folder = openFolder(path);
  if (!folder)
    return folder.takeError();
  std::string text = makeText(module, pipeline);
  // The same failure again is the same file.
  std::string name = llvm::formatv("{0}-{1:x-16}.mlir", stage, llvm::xxh3_64bits(text));
  llvm::Error error = writeFile(*folder, name, text);
  close(*folder);
  if (error)
    return std::move(error);
  dropOld(path);
  return (path / name).string();
}

} // namespace adze
