// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// numpy arrays as tensors of the C ABI, by address and strides.
#pragma once
#include "python/bindings/DeviceArray.h"

#include <memory>
#include <pybind11/numpy.h>
#include <vector>

namespace adze::python {

/// An array that a run reads or writes, kept alive and described.
struct View {
  pybind11::array array;
  std::vector<int64_t> shape, strides; ///< strides in elements; empty: row-major

  /// Describes `array`. False: its elements do not lie on whole strides.
  bool describe();
  /// The same for the C ABI; points into this object.
  adze_tensor tensor(adze_dtype dtype) const;
};

/// Memory of a run's outputs that the caller did not bring.
struct FreeDeleter {
  void operator()(void *data) const;
};
struct Output {
  std::unique_ptr<void, FreeDeleter> data;
  std::vector<pybind11::ssize_t> shape;
  std::shared_ptr<LoadedModel> onDevice; ///< of whose device its memory is to be; null: the host's
  std::shared_ptr<void> deviceMemory;
};

/// The adze_output_alloc whose `user` is a std::vector<Output>, one for each output. Takes no interpreter's lock.
void *allocateOutput(void *user, int32_t index, adze_dtype dtype, int32_t rank, const int64_t *shape);

/// The same for one on the device.
DeviceArray toDeviceArray(const Output &output, adze_dtype dtype, const pybind11::object &numpyType);

/// An array that owns the output's memory.
pybind11::array toArray(Output &output, const pybind11::object &dtype);

} // namespace adze::python
