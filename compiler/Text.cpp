// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/Text.h"
#include "compiler/artifact/OutputFile.h"
#include "compiler/import/MappedFile.h"
#include "dialects/core/Core.h"
#include "mlir/IR/AttrTypeSubElements.h"
#include "llvm/ADT/MapVector.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/raw_ostream.h"

#include <cerrno>
#include <fcntl.h>
#include <unistd.h>

using namespace mlir;
using namespace adze;

static constexpr StringLiteral kSuffix = ".weights";
static constexpr uint64_t kAlignment = 64;

/// All blobs that the ops of `module` hold, in order.
static llvm::SetVector<core::BlobAttr> blobsOf(ModuleOp module) {
  llvm::SetVector<core::BlobAttr> blobs;
  AttrTypeWalker walker;
  walker.addWalk([&](core::BlobAttr blob) { blobs.insert(blob); });
  module.walk([&](Operation *op) { walker.walk(op->getAttrDictionary()); });
  return blobs;
}

/// Writes the bytes that are known, and answers where: the blob to put in the place of each.
static llvm::Expected<llvm::DenseMap<Attribute, Attribute>>
writeWeights(core::BlobStore &store, const llvm::SetVector<core::BlobAttr> &blobs, StringRef path) {
  llvm::DenseMap<Attribute, Attribute> moved;
  StringRef name = llvm::sys::path::filename(path);
  llvm::Error error = writeOutput(path, [&](llvm::raw_ostream &os) {
    uint64_t at = 0;
    for (core::BlobAttr blob : blobs) {
      auto bytes = store.get(blob.getSource(), blob.getOffset(), blob.getSize());
      if (!bytes)
        continue;
      moved[blob] = core::BlobAttr::get(blob.getContext(), name, at, blob.getSize(), blob.getDigest());
      os.write(bytes->bytes.data(), bytes->bytes.size());
      uint64_t end = llvm::alignTo(at + bytes->bytes.size(), kAlignment);
      os.write_zeros(end - at - bytes->bytes.size());
      at = end;
    }
    return llvm::Error::success();
  });
  if (error)
    return std::move(error);
  return moved;
}

llvm::Error adze::writeModuleText(ModuleOp module, StringRef path, bool weights) {
  auto blobs = weights ? blobsOf(module) : llvm::SetVector<core::BlobAttr>();
  if (!blobs.empty()) {
    auto &store = module.getContext()->getLoadedDialect<core::CoreDialect>()->blobs();
    auto moved = writeWeights(store, blobs, (path + kSuffix).str());
    if (!moved)
      return moved.takeError();
    AttrTypeReplacer replacer;
    replacer.addReplacement([&](core::BlobAttr blob) -> std::optional<Attribute> {
      auto found = moved->find(blob);
      return found == moved->end() ? Attribute(blob) : found->second;
    });
    replacer.recursivelyReplaceElementsIn(module);
  }
  return writeOutput(path, [&](llvm::raw_ostream &os) {
    module.print(os, OpPrintingFlags().enableDebugInfo());
    return llvm::Error::success();
  });
}

llvm::Error adze::openWeights(ModuleOp module, StringRef folder) {
  auto &store = module.getContext()->getOrLoadDialect<core::CoreDialect>()->blobs();
  llvm::StringSet<> seen;
  for (core::BlobAttr blob : blobsOf(module)) {
    StringRef name = blob.getSource();
    if (!name.ends_with(kSuffix) || name.contains('/') || name.contains('\0') || !seen.insert(name).second)
      continue;
    std::string path = (folder.empty() ? name : folder + "/" + name).str();
    int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW);
    if (fd < 0 && errno == ENOENT)
      continue;
    if (fd < 0)
      return llvm::createStringError(std::error_code(errno, std::generic_category()), "cannot read '" + path + "'");
    auto file = MappedFile::map(fd, path);
    close(fd);
    if (!file)
      return file.takeError();
    store.addMapped(name, (*file)->bytes(), *file);
  }
  return llvm::Error::success();
}
