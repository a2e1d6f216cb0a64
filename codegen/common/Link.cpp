// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "codegen/common/Link.h"
#include "lld/Common/Driver.h"
#include "llvm/Object/ArchiveWriter.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/raw_ostream.h"
#include <cstdio>
#include <fcntl.h>
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
  /// Makes the file, with these bytes.
  llvm::Error write(llvm::StringRef bytes) {
    descriptor = memfd_create("adze", MFD_CLOEXEC);
    if (descriptor < 0)
      return noMemory();
    while (!bytes.empty()) {
      ssize_t written = ::write(descriptor, bytes.data(), bytes.size());
      if (written <= 0)
        return noMemory();
      bytes = bytes.drop_front(written);
    }
    return llvm::Error::success();
  }
  /// All that is in it.
  llvm::Expected<Emitted> read() const {
    off_t size = lseek(descriptor, 0, SEEK_END);
    Emitted bytes;
    bytes.resize_for_overwrite(std::max<off_t>(size, 0));
    for (size_t done = 0; done < bytes.size();) {
      ssize_t got = pread(descriptor, bytes.data() + done, bytes.size() - done, done);
      if (got <= 0)
        return noMemory();
      done += got;
    }
    return bytes;
  }
  int get() const { return descriptor; }
  std::string path() const { return llvm::formatv("/proc/self/fd/{0}", descriptor); }

private:
  static llvm::Error noMemory() {
    return llvm::createStringError(llvm::errnoAsErrorCode(), "no memory for the linker's files");
  }
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

namespace {
/// Makes standard output a file in memory for a while.
class StandardOutput {
public:
  explicit StandardOutput(const MemoryFile &file) : before(fcntl(1, F_DUPFD_CLOEXEC, 3)) {
    llvm::outs().flush();
    fflush(stdout);
    dup2(file.get(), 1);
  }
  StandardOutput(const StandardOutput &) = delete;
  ~StandardOutput() {
    llvm::outs().flush();
    if (before < 0) {
      close(1);
      return;
    }
    dup2(before, 1);
    close(before);
  }

private:
  int before; ///< -1: it was closed
};
} // namespace

/// Runs lld. It would leave temporary files beside a file that it writes if it is killed, so it writes to standard
/// output: nobody else uses that in the worker.
static llvm::Expected<Emitted> runLinker(std::vector<std::string> arguments) {
  MemoryFile output;
  if (auto error = output.write(""))
    return std::move(error);
  arguments.insert(arguments.end(), {"-o", "-"});
  std::vector<const char *> pointers;
  for (const std::string &argument : arguments)
    pointers.push_back(argument.c_str());

  static std::mutex lock;
  std::lock_guard<std::mutex> guard(lock);
  std::string messages;
  llvm::raw_string_ostream stream(messages);
  const lld::DriverDef drivers[] = {{lld::Gnu, &lld::elf::link}};
  int status;
  {
    StandardOutput redirected(output);
    status = lld::lldMain(pointers, stream, stream, drivers).retCode;
  }
  if (status != 0)
    return llvm::createStringError("the linker failed: " + llvm::StringRef(messages).rtrim());
  return output.read();
}

llvm::Expected<Emitted> adze::linkShared(const LinkJob &job) {
  auto objects = archive(job.objects);
  if (!objects)
    return objects.takeError();
  std::string versions = "{global:";
  for (llvm::StringRef name : job.exports)
    versions += (" " + name + ";").str();
  versions += " local: *; };";
  MemoryFile objectFile, versionFile;
  if (auto error = objectFile.write((*objects)->getBuffer()))
    return std::move(error);
  if (auto error = versionFile.write(versions))
    return std::move(error);

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
  return runLinker(std::move(arguments));
}

llvm::Expected<Emitted> adze::linkRelocatable(llvm::ArrayRef<Emitted> objects) {
  auto all = archive(objects);
  if (!all)
    return all.takeError();
  MemoryFile file;
  if (auto error = file.write((*all)->getBuffer()))
    return std::move(error);
  return runLinker({"ld.lld", "-r", "--build-id=none", "--threads=1", "--whole-archive", file.path()});
}
