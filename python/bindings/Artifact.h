// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A loaded artifact, and how what the C ABI says becomes Python's.
#pragma once
#include "runtime/loader/loader.h"

#include <pybind11/pybind11.h>
#include <string>

namespace adze::python {

/// Names in a model are bytes, not always UTF-8: what is none becomes backslash escapes.
pybind11::str text(std::string_view bytes);

/// Raises the adze.RunError that fits the status.
[[noreturn]] void raise(adze_status status, const std::string &message);

/// An artifact in this process, unloaded with the object.
class Artifact {
public:
  /// `weights`: an open file with its weights, or -1 where they are in it. Raises RunError for a file that is no
  /// artifact, or none of this ABI.
  Artifact(const std::string &path, int weights);
  Artifact(const Artifact &) = delete;
  ~Artifact();

  const adze_artifact &functions() const { return *loaded; }
  const adze_model_info &info() const { return *loaded->info(); }

  /// Name, number of the element type, and shape of each input, or of each output.
  pybind11::list tensors(bool inputs) const;
  /// Name of each kernel and the names of the ONNX nodes in it.
  pybind11::list kernels() const;

private:
  adze_artifact *loaded = nullptr;
};

} // namespace adze::python
