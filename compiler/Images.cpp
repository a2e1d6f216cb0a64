// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/Images.h"
#include "compiler/artifact/OutputFile.h"
#include "llvm/Support/FileSystem.h"

using namespace mlir;
using namespace adze;

FailureOr<std::vector<DeviceImage>> adze::imagesToCarry(const DeviceTarget &device, std::vector<DeviceImage> texts,
                                                        bool assemble, Location loc) {
  if (!assemble || texts.empty())
    return std::move(texts);
  std::vector<DeviceImage> images;
  for (const DeviceImage &text : texts) {
    auto code = device.assemble(text, loc);
    if (failed(code))
      return failure();
    images.push_back(std::move(*code));
  }
  images.push_back(std::move(texts.front()));
  return images;
}

/// The file, complete but without its name.
static llvm::Expected<OutputFile> write(const DeviceImage &image, StringRef folder) {
  std::string path = (folder + "/" + image.machine + "." + image.form).str();
  auto file = OutputFile::create(path);
  if (!file)
    return file.takeError();
  llvm::raw_fd_ostream out(file->descriptor(), /*shouldClose=*/false);
  out << StringRef(image.code.data(), image.code.size());
  out.flush();
  std::error_code error = out.error();
  out.clear_error();
  if (error)
    return cannotWrite(path, error);
  return file;
}

FailureOr<int64_t> adze::writeImages(const DeviceTarget &device, std::vector<DeviceImage> texts, StringRef form,
                                     StringRef folder, Location loc) {
  if (texts.empty())
    return emitError(loc) << "no kernel of the model is the device's, so there is nothing of form '" << form << "'";
  std::vector<DeviceImage> images;
  for (DeviceImage &text : texts) {
    FailureOr<DeviceImage> image = form == text.form ? std::move(text) : device.assemble(text, loc);
    if (failed(image))
      return failure();
    images.push_back(std::move(*image));
  }
  if (std::error_code error =
          llvm::sys::fs::create_directories(folder, /*IgnoreExisting=*/true, llvm::sys::fs::all_all))
    return emitError(loc) << llvm::toString(cannotWrite(folder, error));
  std::vector<OutputFile> files;
  int64_t bytes = 0;
  for (const DeviceImage &image : images) {
    auto file = write(image, folder);
    if (!file)
      return emitError(loc) << llvm::toString(file.takeError());
    files.push_back(std::move(*file));
    bytes += image.code.size();
  }
  for (OutputFile &file : files)
    if (llvm::Error error = file.keep())
      return emitError(loc) << llvm::toString(std::move(error));
  return bytes;
}
