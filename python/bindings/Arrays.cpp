// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "python/bindings/Arrays.h"

#include "runtime/tensor.h"

#include <cstdlib>

namespace py = pybind11;
using namespace adze::python;

bool View::describe() {
  py::ssize_t element = array.itemsize();
  bool contiguous = array.flags() & py::array::c_style;
  shape.assign(array.shape(), array.shape() + array.ndim());
  strides.clear();
  for (py::ssize_t d = 0; d < array.ndim() && !contiguous; ++d) {
    if (array.strides(d) % element != 0)
      return false;
    strides.push_back(array.strides(d) / element);
  }
  return true;
}

adze_tensor View::tensor(adze_dtype dtype) const {
  return {const_cast<void *>(array.data()),           dtype,       static_cast<int32_t>(array.ndim()), shape.data(),
          strides.empty() ? nullptr : strides.data(), ADZE_ON_HOST};
}

void FreeDeleter::operator()(void *data) const { free(data); }

void *adze::python::allocateOutput(void *user, int32_t index, adze_dtype dtype, int32_t rank, const int64_t *shape) {
  constexpr size_t kAlignment = 64;
  Output &output = (*static_cast<std::vector<Output> *>(user))[static_cast<size_t>(index)];
  int64_t bytes;
  if (!adze_tensor_bytes(rank, shape, adze_dtype_bytes(dtype), &bytes) || bytes > INT64_MAX / 2)
    return nullptr;
  output.shape.assign(shape, shape + rank);
  if (output.onDevice) {
    output.deviceMemory = allocateOnDevice(output.onDevice, static_cast<size_t>(bytes));
    return output.deviceMemory.get();
  }
  output.data.reset(aligned_alloc(kAlignment, (static_cast<size_t>(bytes) + kAlignment) / kAlignment * kAlignment));
  return output.data.get();
}

DeviceArray adze::python::toDeviceArray(const Output &output, adze_dtype dtype, const py::object &numpyType) {
  const adze_device_info *device = output.onDevice->artifact->functions().describe_device(output.onDevice->model);
  DeviceArray array;
  array.owner = output.onDevice;
  array.memory = output.deviceMemory;
  array.data = output.deviceMemory.get();
  array.dtype = dtype;
  array.numpyType = numpyType;
  array.type = device->type;
  array.number = device->number;
  array.shape.assign(output.shape.begin(), output.shape.end());
  return array;
}

py::array adze::python::toArray(Output &output, const py::object &dtype) {
  void *data = output.data.release();
  py::capsule owner(data, [](void *memory) { free(memory); });
  return py::array(py::reinterpret_borrow<py::dtype>(dtype), output.shape, data, owner);
}
