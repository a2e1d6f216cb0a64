// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/artifact/Artifact.h"
#include "codegen/common/Link.h"
#include "compiler/artifact/Elf.h"
#include "compiler/artifact/Libraries.h"
#include "runtime/artifact.h"
#include "runtime/loader/loader.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Process.h"
#include "llvm/Support/raw_ostream.h"

using namespace mlir;
using namespace adze;

LogicalResult adze::writeConstantBytes(core::ConstantOp op, ByteSink sink) {
  if (auto blob = dyn_cast<core::BlobAttr>(op.getValue())) {
    auto bytes = op->getContext()->getLoadedDialect<core::CoreDialect>()->blobs().get(blob.getSource(),
                                                                                      blob.getOffset(), blob.getSize());
    if (!bytes)
      return op.emitOpError() << "reads bytes " << blob.getOffset() << " to " << blob.getOffset() + blob.getSize()
                              << " of '" << blob.getSource() << "', which are not there";
    return sink(bytes->bytes);
  }
  auto bytes = core::constantBytes(op);
  if (failed(bytes))
    return op.emitOpError() << "has bytes that cannot be read";
  return sink(*bytes);
}

namespace {
/// A file that is gone unless it was kept.
class TemporaryFile {
public:
  static llvm::Expected<TemporaryFile> beside(StringRef path) {
    TemporaryFile file;
    int descriptor;
    if (auto error = llvm::sys::fs::createUniqueFile(path + ".%%%%%%%%.tmp", descriptor, file.name))
      return llvm::createStringError(error, "cannot write '" + path + "': " + error.message());
    llvm::sys::Process::SafelyCloseFileDescriptor(descriptor);
    return file;
  }
  TemporaryFile() = default;
  TemporaryFile(TemporaryFile &&other) : name(std::move(other.name)) { other.name.clear(); }
  ~TemporaryFile() {
    if (!name.empty())
      llvm::sys::fs::remove(name);
  }
  StringRef path() const { return name; }
  std::error_code keepAs(StringRef path) {
    std::error_code error = llvm::sys::fs::rename(name, path);
    if (!error)
      name.clear();
    return error;
  }

private:
  SmallString<128> name;
};
} // namespace

/// Writes the weights at the stream's end, which is where the first of them belongs.
static LogicalResult writeWeights(const Artifact &artifact, llvm::raw_ostream &out) {
  int64_t at = 0;
  auto sink = [&](ArrayRef<char> bytes) {
    out.write(bytes.data(), bytes.size());
    at += bytes.size();
    return success();
  };
  for (core::ConstantOp op : artifact.constants) {
    int64_t offset = op->getAttrOfType<IntegerAttr>(host::kOffsetAttr).getInt();
    out.write_zeros(offset - at);
    at = offset;
    if (failed(artifact.bytesOf(op, sink)))
      return failure();
    auto type = cast<RankedTensorType>(op.getResult().getType());
    int64_t expected = type.getNumElements() * core::elementBytes(type.getElementType());
    if (at - offset != expected)
      return op.emitOpError() << "has " << at - offset << " bytes, expected " << expected;
  }
  out.write_zeros(artifact.weightBytes - at);
  return success();
}

static LogicalResult appendData(const Artifact &artifact, StringRef path, uint64_t codeBytes, uint64_t weightsOffset,
                                Location loc) {
  std::error_code error;
  llvm::raw_fd_ostream out(path, error, llvm::sys::fs::CD_OpenExisting, llvm::sys::fs::FA_Write,
                           llvm::sys::fs::OF_Append);
  if (error)
    return emitError(loc) << "cannot write '" << path << "': " << error.message();
  out.write_zeros(weightsOffset - codeBytes);
  LogicalResult written = writeWeights(artifact, out);
  out << artifact.metadata;
  out.close();
  if (std::error_code failure = out.error()) {
    out.clear_error();
    return emitError(loc) << "cannot write '" << path << "': " << failure.message();
  }
  return written;
}

LogicalResult adze::writeArtifact(const Artifact &artifact, StringRef path, Location loc, int64_t &codeBytes) {
  auto fail = [&](llvm::Error error) { return emitError(loc) << llvm::toString(std::move(error)); };
  auto archives = findArchives(artifact.libraryFolder);
  if (!archives)
    return fail(archives.takeError());
  auto file = TemporaryFile::beside(path);
  if (!file)
    return fail(file.takeError());
  static const StringRef exports[] = {"adze_info",    "adze_create",      "adze_run",
                                      "adze_destroy", "adze_arena_bytes", "adze_abi_version"};
  if (auto error = linkShared({artifact.objects, *archives, exports}, file->path()))
    return fail(std::move(error));
  if (auto error = checkUndefinedSymbols(file->path()))
    return fail(std::move(error));
  uint64_t size = 0;
  if (std::error_code error = llvm::sys::fs::file_size(file->path(), size))
    return emitError(loc) << "cannot read '" << path << "': " << error.message();
  codeBytes = size;
  uint64_t weightsOffset = llvm::alignTo(size, ADZE_WEIGHTS_ALIGNMENT);
  if (artifact.weightBytes)
    if (auto error = placeWeights(file->path(), weightsOffset, artifact.weightBytes))
      return fail(std::move(error));
  if (failed(appendData(artifact, file->path(), size, weightsOffset, loc)))
    return failure();
  adze_error error;
  if (adze_seal(file->path().str().c_str(), size, weightsOffset, artifact.weightBytes, &error) != ADZE_OK)
    return emitError(loc) << error.message;
  if (std::error_code renamed = file->keepAs(path))
    return emitError(loc) << "cannot write '" << path << "': " << renamed.message();
  return success();
}
