// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Models set up in this process, and arrays in the memory of their devices.
#pragma once
#include "python/bindings/Artifact.h"

#include <memory>
#include <pybind11/pybind11.h>
#include <string>
#include <sys/types.h>
#include <vector>

namespace adze::python {

/// A model set up by this process; destroyed with the last that needs it, unless that is in a fork.
struct LoadedModel {
  std::shared_ptr<Artifact> artifact;
  adze_model *model;
  pid_t process;

  LoadedModel(std::shared_ptr<Artifact> artifact, adze_model *model);
  LoadedModel(const LoadedModel &) = delete;
  ~LoadedModel();
};

/// An array in a device's memory: an output of a run, which owns it, or a view of another library's.
struct DeviceArray {
  std::shared_ptr<LoadedModel> owner; ///< of whose device the memory is, for outputs
  std::shared_ptr<void> memory;       ///< keeps an output's memory
  pybind11::object keeper;            ///< keeps a view's
  void *data = nullptr;
  adze_dtype dtype{};
  pybind11::object numpyType;   ///< an output's dtype, None for views
  int32_t type = 0, number = 0; ///< of the device, as DLPack counts them
  bool readOnly = false;
  std::vector<int64_t> shape, strides; ///< strides in elements; empty: row-major

  adze_tensor tensor() const;
  int64_t bytes() const;

  /// A view of the tensor in a capsule, which is kept. Raises BufferError for one that is not on a device.
  static DeviceArray fromDlpack(const pybind11::capsule &capsule);
  /// A view of what an object's __cuda_array_interface__ says; the object is kept. Raises BufferError.
  static DeviceArray fromInterface(const pybind11::object &object, const pybind11::dict &interface);

  /// A copy in the host's memory, of an output.
  pybind11::object numpy() const;
  /// A new capsule, of DLPack 1 if `versioned`; it shares an output's memory.
  pybind11::capsule dlpack(bool versioned) const;
  pybind11::dict interface() const;
};

/// Memory of the model's device for an output; null: there is none.
std::shared_ptr<void> allocateOnDevice(const std::shared_ptr<LoadedModel> &model, size_t bytes);

} // namespace adze::python
