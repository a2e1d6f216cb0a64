// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Files that a model keeps its weights in: opened only where they cannot lead outside the model's folder.
#pragma once
#include "compiler/import/MappedFile.h"
#include "dialects/core/Blob.h"
#include "onnx-ml.pb.h"
#include <map>
#include <vector>

namespace adze {

/// A range of a source in the BlobStore.
struct BlobRange {
  std::string source;
  uint64_t offset, size;
};

/// Adds bytes to the store under `name`, or under a name made of it where that one is taken; answers the name.
std::string addSource(core::BlobStore &store, const std::string &name, llvm::ArrayRef<char> bytes,
                      std::shared_ptr<void> owner);

/// The external data files of one model, each mapped once.
class ExternalData {
public:
  /// `modelPath` is the model's file, or empty; `directory` is where its data lies, or empty: then external data is an
  /// error.
  ExternalData(std::string modelPath, std::string directory, core::BlobStore &store)
      : modelPath(std::move(modelPath)), directory(std::move(directory)), store(store) {}

  /// Where the data of an EXTERNAL tensor of `bytes` bytes lies. The location must be a relative path below the model's
  /// folder, without
  /// ".." and without links, to a regular file with one name that holds the range. Exception, as in the Hugging Face
  /// cache: model and data are both symbolic links whose targets lie in one folder.
  llvm::Expected<BlobRange> locate(const ::onnx::TensorProto &tensor, uint64_t bytes);

  /// The locations of all files that were opened, sorted.
  std::vector<std::string> locations() const;

private:
  struct File {
    std::shared_ptr<MappedFile> mapped;
    std::string source;
  };
  llvm::Expected<std::shared_ptr<MappedFile>> open(llvm::StringRef location);
  llvm::Expected<int> openBeneath(llvm::StringRef location);
  llvm::Expected<int> openThroughLinks(llvm::StringRef location);

  std::string modelPath, directory;
  core::BlobStore &store;
  std::map<std::string, File> files;
};

} // namespace adze
