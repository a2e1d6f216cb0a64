// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/artifact/Artifact.h"
#include "codegen/common/Link.h"
#include "compiler/artifact/Elf.h"
#include "compiler/artifact/Libraries.h"
#include "compiler/artifact/OutputFile.h"
#include "runtime/artifact.h"
#include "runtime/loader/loader.h"
#include "llvm/Support/raw_ostream.h"
#include <optional>

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

/// True if the weights go to a file of their own.
static bool isApart(const Artifact &artifact) { return artifact.weightBytes && !artifact.weightsPath.empty(); }

/// Fills `file`, which is to be `path`, with what `write` gives.
static LogicalResult fill(const OutputFile &file, StringRef path, Location loc,
                          llvm::function_ref<LogicalResult(llvm::raw_ostream &)> write) {
  llvm::raw_fd_ostream out(file.descriptor(), /*shouldClose=*/false);
  LogicalResult written = write(out);
  out.flush();
  std::error_code error = out.error();
  out.clear_error();
  if (error)
    return emitError(loc) << llvm::toString(cannotWrite(path, error));
  return written;
}

/// The linked library, with the weights' place in it.
static llvm::Expected<Emitted> link(const Artifact &artifact, uint64_t &weightsOffset) {
  static const StringRef exports[] = {"adze_info",
                                      "adze_create",
                                      "adze_run",
                                      "adze_destroy",
                                      "adze_arena_bytes",
                                      "adze_describe_device",
                                      "adze_alloc_on_device",
                                      "adze_free_on_device",
                                      "adze_copy_on_device",
                                      "adze_wait_for_device",
                                      "adze_abi_version"};
  auto archives = findArchives(artifact.libraryFolder);
  if (!archives)
    return archives.takeError();
  auto code = linkShared({artifact.objects, *archives, exports});
  if (!code)
    return code.takeError();
  // Another runtime than the compiler's own may need what it likes.
  if (artifact.libraryFolder.empty())
    if (auto error = checkUndefinedSymbols(StringRef(code->data(), code->size())))
      return std::move(error);
  weightsOffset = llvm::alignTo(code->size(), ADZE_WEIGHTS_ALIGNMENT);
  if (artifact.weightBytes)
    if (auto error = placeWeights(*code, weightsOffset, artifact.weightBytes, isApart(artifact)))
      return std::move(error);
  return code;
}

LogicalResult adze::writeArtifact(const Artifact &artifact, StringRef path, Location loc, int64_t &codeBytes) {
  auto fail = [&](llvm::Error error) { return emitError(loc) << llvm::toString(std::move(error)); };
  uint64_t weightsOffset = 0;
  auto code = link(artifact, weightsOffset);
  if (!code)
    return fail(code.takeError());
  codeBytes = code->size();
  auto file = OutputFile::create(path);
  if (!file)
    return fail(file.takeError());
  std::optional<OutputFile> apart;
  if (isApart(artifact)) {
    auto made = OutputFile::create(artifact.weightsPath);
    if (!made)
      return fail(made.takeError());
    apart.emplace(std::move(*made));
  }
  auto weights = [&](llvm::raw_ostream &out) { return writeWeights(artifact, out); };
  auto data = [&](llvm::raw_ostream &out) {
    out.write(code->data(), code->size());
    out.write_zeros(weightsOffset - code->size());
    LogicalResult written = apart ? success() : weights(out);
    out << artifact.metadata;
    return written;
  };
  if (failed(fill(*file, path, loc, data)) || (apart && failed(fill(*apart, artifact.weightsPath, loc, weights))))
    return failure();
  adze_error error;
  std::string place = file->place().str();
  adze_status sealed =
      apart ? adze_seal_apart(place.c_str(), codeBytes, weightsOffset, apart->place().str().c_str(), &error)
            : adze_seal(place.c_str(), codeBytes, weightsOffset, artifact.weightBytes, &error);
  if (sealed != ADZE_OK)
    return emitError(loc) << "'" << path << "'" << StringRef(error.message).drop_until([](char c) { return c == ':'; });
  // The weights first: a library that has its name finds them.
  if (apart)
    if (auto failure = apart->keep())
      return fail(std::move(failure));
  if (auto failure = file->keep())
    return fail(std::move(failure));
  return success();
}
