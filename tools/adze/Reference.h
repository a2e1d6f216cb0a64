// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What `adze diff` compares with: a dump, whoever makes it.
#pragma once
#include "tools/adze/Dump.h"
#include "tools/adze/Inputs.h"

namespace adze::tool {

/// A folder for files that nobody needs afterwards; removed with this object.
class TemporaryFolder {
public:
  TemporaryFolder() = default;
  TemporaryFolder(const TemporaryFolder &) = delete;
  TemporaryFolder &operator=(const TemporaryFolder &) = delete;
  ~TemporaryFolder();
  /// Makes it. False, with the reason in `error`.
  bool make(std::string &error);
  const std::string &path() const { return folder; }

private:
  std::string folder;
};

/// Runs the model at -O0 on `inputs` and dumps its values in `folder`. False after messages, or with the reason in
/// `error`.
bool dumpReferenceRoute(const InputFlags &flags, const std::vector<Tensor> &inputs, const std::string &folder,
                        std::string &error);

/// Has the Python package run the model in ONNX Runtime on `inputs` and dump its values in `folder`. False, with the
/// reason in `error`; what Python says stands in standard error.
bool dumpOnnxRuntime(const std::string &model, const adze_model_info &info, const std::vector<Tensor> &inputs,
                     const std::string &folder, std::string &error);

} // namespace adze::tool
