// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "codegen/nvptx/Assemble.h"
#include "codegen/nvptx/Child.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/Program.h"
#include "llvm/Support/Regex.h"
#include "llvm/Support/raw_ostream.h"
#include <cstdlib>

using namespace mlir;
using namespace adze;
using namespace adze::nvptx;

/// For all kernels of a model.
static constexpr std::chrono::seconds kPatience{600};
/// Where the toolkit's own installer puts it.
static constexpr llvm::StringLiteral kDefaultToolkit = "/usr/local/cuda";

std::string adze::nvptx::findAssembler(std::string &why) {
  if (const char *named = getenv("ADZE_PTXAS"); named && *named) {
    if (llvm::sys::fs::can_execute(named))
      return named;
    why = "ADZE_PTXAS names '" + std::string(named) + "', which cannot be executed";
    return "";
  }
  if (auto found = llvm::sys::findProgramByName("ptxas"))
    return *found;
  SmallVector<std::string> folders;
  for (const char *variable : {"CUDA_HOME", "CUDA_PATH"})
    if (const char *toolkit = getenv(variable); toolkit && *toolkit)
      folders.push_back(toolkit);
  folders.push_back(kDefaultToolkit.str());
  for (const std::string &folder : folders)
    if (auto found = llvm::sys::findProgramByName("ptxas", {folder + "/bin"}))
      return *found;
  why = "there is no ptxas of a CUDA toolkit: not by PATH, nor by CUDA_HOME or CUDA_PATH, nor in " +
        kDefaultToolkit.str() + "/bin; ADZE_PTXAS may name it";
  return "";
}

std::vector<KernelResources> adze::nvptx::parseResources(StringRef log) {
  static llvm::Regex entry("Compiling entry function '([^']*)'"), registers("Used ([0-9]+) registers"),
      shared("([0-9]+) bytes smem"),
      stack("([0-9]+) bytes stack frame, ([0-9]+) bytes spill stores, ([0-9]+) bytes spill loads");
  std::vector<KernelResources> kernels;
  SmallVector<StringRef> parts;
  auto number = [&](size_t i) {
    int64_t value = -1;
    return i < parts.size() && !parts[i].getAsInteger(10, value) ? value : -1;
  };
  for (StringRef line : llvm::split(log, '\n')) {
    if (entry.match(line, &parts)) {
      kernels.emplace_back();
      kernels.back().name = parts[1].str();
    }
    if (kernels.empty())
      continue;
    KernelResources &kernel = kernels.back();
    if (stack.match(line, &parts)) {
      kernel.stackBytes = number(1);
      kernel.spillStores = number(2);
      kernel.spillLoads = number(3);
    }
    if (registers.match(line, &parts)) {
      kernel.registers = number(1);
      kernel.sharedBytes = shared.match(line, &parts) ? number(1) : 0;
    }
  }
  return kernels;
}

StringRef adze::nvptx::entryOfError(StringRef log, StringRef text) {
  static llvm::Regex place("line ([0-9]+)"), entry("\\.entry +([A-Za-z0-9_$]+)");
  SmallVector<StringRef> parts;
  size_t number = 0;
  if (!place.match(log, &parts) || parts[1].getAsInteger(10, number))
    return "";
  StringRef found;
  for (StringRef line : llvm::split(text, '\n')) {
    if (entry.match(line, &parts))
      found = parts[1];
    if (--number == 0)
      break;
  }
  return number == 0 ? found : "";
}

/// The lines of a log that say what is wrong, or all of it; not too many.
static std::string complaint(StringRef log) {
  constexpr size_t kMost = 10;
  SmallVector<StringRef> lines, wrong;
  log.trim().split(lines, '\n');
  llvm::copy_if(lines, std::back_inserter(wrong),
                [](StringRef line) { return line.contains("error") || line.contains("fatal"); });
  if (wrong.empty())
    wrong = lines;
  return llvm::join(ArrayRef(wrong).take_front(kMost), "\n");
}

namespace {
/// Files of one call of the assembler, in a folder of their own that goes with the object.
class Workspace {
public:
  static llvm::Expected<Workspace> create(StringRef text) {
    SmallString<128> folder;
    if (std::error_code error = llvm::sys::fs::createUniqueDirectory("adze", folder))
      return llvm::createStringError(error, "a temporary folder: " + error.message());
    Workspace made(folder);
    std::error_code error;
    llvm::raw_fd_ostream out(made.path("ptx"), error);
    if (!error) {
      out << text;
      out.close();
      error = out.error();
      out.clear_error();
    }
    if (error)
      return llvm::createStringError(error, "'" + made.path("ptx") + "': " + error.message());
    return std::move(made);
  }
  Workspace(Workspace &&other) : folder(std::move(other.folder)) { other.folder.clear(); }
  ~Workspace() {
    if (!folder.empty())
      llvm::sys::fs::remove_directories(folder);
  }

  std::string path(StringRef kind) const { return (folder + "/kernels." + kind).str(); }
  std::string read(StringRef kind) const {
    auto file = llvm::MemoryBuffer::getFile(path(kind));
    return file ? (*file)->getBuffer().str() : "";
  }

private:
  explicit Workspace(StringRef folder) : folder(folder) {}
  SmallString<128> folder;
};
} // namespace

FailureOr<Assembled> adze::nvptx::assembleText(StringRef text, StringRef chip, Location loc) {
  std::string why, program = findAssembler(why);
  if (program.empty())
    return emitError(loc) << "the device's code cannot be assembled: " << why;
  auto files = Workspace::create(text);
  if (!files)
    return emitError(loc) << "the device's code cannot be assembled: " << llvm::toString(files.takeError());
  std::string from = files->path("ptx"), to = files->path("cubin"), logFile = files->path("log");
  Ended ended = runChild({program, "-v", "-arch", chip.str(), from, "-o", to}, logFile, kPatience);
  std::string log = files->read("log"), code = ended == Ended::Well ? files->read("cubin") : "";
  if (!code.empty())
    return Assembled{Emitted(code.begin(), code.end()), parseResources(log)};
  StringRef entry = entryOfError(log, text);
  return emitError(loc) << "'" << program << "' "
                        << (ended == Ended::TooLate ? "took too long" : "did not assemble the code") << " for " << chip
                        << (entry.empty() ? "" : ", kernel '") << entry << (entry.empty() ? "" : "'")
                        << (log.empty() ? "" : ": ") << complaint(log);
}
