// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "codegen/common/Link.h"
#include "lld/Common/Driver.h"
#include "llvm/Object/ArchiveWriter.h"
#include "llvm/Support/FormatVariadic.h"
#include <mutex>
#include <sys/mman.h>
#include <unistd.h>

LLD_HAS_DRIVER(elf)

using namespace adze;

namespace {
/// A file without a name on any disk.
class MemoryFile {
public:
  MemoryFile() = default;
  MemoryFile(const MemoryFile &) = delete;
  ~MemoryFile() {
    if (descriptor >= 0)
      close(descriptor);
  }
  llvm::Error write(llvm::StringRef bytes) {
    descriptor = memfd_create("adze", MFD_CLOEXEC);
    if (descriptor < 0)
      return llvm::createStringError(llvm::errnoAsErrorCode(), "no memory for the linker's input");
    while (!bytes.empty()) {
      ssize_t written = ::write(descriptor, bytes.data(), bytes.size());
      if (written <= 0)
        return llvm::createStringError(llvm::errnoAsErrorCode(), "no memory for the linker's input");
      bytes = bytes.drop_front(written);
    }
    return llvm::Error::success();
  }
  std::string path() const { return llvm::formatv("/proc/self/fd/{0}", descriptor); }

private:
  int descriptor = -1;
};
} // namespace

static llvm::Expected<std::unique_ptr<llvm::MemoryBuffer>> archive(llvm::ArrayRef<Emitted> objects) {
  std::vector<llvm::NewArchiveMember> members;
  std::vector<std::string> names(objects.size());
  for (size_t i = 0; i < objects.size(); ++i) {
    names[i] = llvm::formatv("{0}.o", i);
    members.emplace_back(llvm::MemoryBufferRef(llvm::StringRef(objects[i].data(), objects[i].size()), names[i]));
  }
  return llvm::writeArchiveToBuffer(members, llvm::SymtabWritingMode::NoSymtab, llvm::object::Archive::K_GNU,
                                    /*Deterministic=*/true, /*Thin=*/false);
}

static llvm::Error runLinker(const std::vector<std::string> &arguments) {
  std::vector<const char *> pointers;
  for (const std::string &argument : arguments)
    pointers.push_back(argument.c_str());

  static std::mutex lock;
  std::lock_guard<std::mutex> guard(lock);
  std::string messages;
  llvm::raw_string_ostream stream(messages);
  const lld::DriverDef drivers[] = {{lld::Gnu, &lld::elf::link}};
  lld::Result result = lld::lldMain(pointers, stream, stream, drivers);
  if (result.retCode != 0)
    return llvm::createStringError("the linker failed: " + llvm::StringRef(messages).rtrim());
  return llvm::Error::success();
}

llvm::Error adze::linkShared(const LinkJob &job, llvm::StringRef output) {
  auto objects = archive(job.objects);
  if (!objects)
    return objects.takeError();
  std::string versions = "{global:";
  for (llvm::StringRef name : job.exports)
    versions += (" " + name + ";").str();
  versions += " local: *; };";
  MemoryFile objectFile, versionFile;
  if (auto error = objectFile.write((*objects)->getBuffer()))
    return error;
  if (auto error = versionFile.write(versions))
    return error;

  std::vector<std::string> arguments = {"ld.lld",
                                        "-shared",
                                        "--build-id=none",
                                        "--gc-sections",
                                        "--strip-debug", // the runtime's, which names this machine's folders
                                        "--threads=1",
                                        "-O0",
                                        "--hash-style=gnu",
                                        "-z",
                                        "now",
                                        "-z",
                                        "relro",
                                        "-z",
                                        "noexecstack",
                                        "--version-script=" + versionFile.path(),
                                        "--whole-archive",
                                        objectFile.path(),
                                        "--no-whole-archive"};
  for (llvm::StringRef name : job.exports)
    arguments.push_back(("--undefined=" + name).str());
  llvm::append_range(arguments, job.archives);
  arguments.insert(arguments.end(), {"-o", output.str()});
  return runLinker(arguments);
}

llvm::Error adze::linkRelocatable(llvm::ArrayRef<Emitted> objects, llvm::StringRef output) {
  auto all = archive(objects);
  if (!all)
    return all.takeError();
  MemoryFile file;
  if (auto error = file.write((*all)->getBuffer()))
    return error;
  return runLinker(
      {"ld.lld", "-r", "--build-id=none", "--threads=1", "--whole-archive", file.path(), "-o", output.str()});
}
