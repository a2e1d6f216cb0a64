// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/Reproducer.h"
#include "compiler/cache/Folder.h"
#include "mlir/IR/AsmState.h"
#include "mlir/Pass/Pass.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/raw_ostream.h"
#include "llvm/Support/xxhash.h"

#include <algorithm>
#include <cerrno>
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
  std::string why, user = userCacheFolder();
  fs::path path = fs::path(user) / "reproducers";
  Descriptor folder = openPrivateFolder(user, why);
  if (folder.get() >= 0)
    folder = openPrivateFolder(path, why);
  if (folder.get() < 0)
    return llvm::createStringError(why);
  std::string text = makeText(module, pipeline);
  // The same failure again is the same file.
  std::string name = llvm::formatv("{0}-{1:x-16}.mlir", stage, llvm::xxh3_64bits(text));
  llvm::Error error = writeFile(folder.get(), name, text);
  if (error)
    return std::move(error);
  dropOld(path);
  return (path / name).string();
}

} // namespace adze
