// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "python/bindings/DeviceArray.h"

#include "python/bindings/Bindings.h"
#include "runtime/tensor.h"

#include <pybind11/numpy.h>
#include <pybind11/stl.h>
#include <unistd.h>

namespace py = pybind11;
using namespace adze::python;

namespace {

/// The structs of dlpack.h.
struct DlTensor {
  void *data;
  int32_t deviceType, deviceNumber, rank;
  uint8_t code, bits;
  uint16_t lanes;
  int64_t *shape, *strides;
  uint64_t byteOffset;
};
struct DlManaged {
  DlTensor tensor;
  void *context;
  void (*deleter)(DlManaged *);
};
struct DlVersioned {
  uint32_t major, minor;
  void *context;
  void (*deleter)(DlVersioned *);
  uint64_t flags;
  DlTensor tensor;
};

constexpr const char *kName = "dltensor", *kVersionedName = "dltensor_versioned";
constexpr int32_t kHost = 1, kCuda = 2;

/// An element type as DLPack and numpy's array interface call it.
struct TypeName {
  adze_dtype dtype;
  uint8_t code, bits;
  const char *text; ///< null: numpy has none
};
const TypeName kTypes[] = {{ADZE_F32, 2, 32, "<f4"},          {ADZE_F64, 2, 64, "<f8"},
                           {ADZE_F16, 2, 16, "<f2"},          {ADZE_I8, 0, 8, "|i1"},
                           {ADZE_I16, 0, 16, "<i2"},          {ADZE_I32, 0, 32, "<i4"},
                           {ADZE_I64, 0, 64, "<i8"},          {ADZE_U8, 1, 8, "|u1"},
                           {ADZE_U16, 1, 16, "<u2"},          {ADZE_U32, 1, 32, "<u4"},
                           {ADZE_U64, 1, 64, "<u8"},          {ADZE_BOOL, 6, 8, "|b1"},
                           {ADZE_BF16, 4, 16, nullptr},       {ADZE_F8E4M3FN, 10, 8, nullptr},
                           {ADZE_F8E4M3FNUZ, 11, 8, nullptr}, {ADZE_F8E5M2, 12, 8, nullptr},
                           {ADZE_F8E5M2FNUZ, 13, 8, nullptr}, {ADZE_F8E8M0, 14, 8, nullptr}};

template <typename Test> const TypeName *findType(Test test) {
  for (const TypeName &type : kTypes)
    if (test(type))
      return &type;
  return nullptr;
}

[[noreturn]] void bufferError(const std::string &message) { throw py::buffer_error(message); }

/// What a capsule made here points to.
template <typename Managed> struct Lent {
  Managed managed{};
  std::vector<int64_t> shape, strides;
  std::shared_ptr<void> memory;
};

template <typename Managed> py::capsule lend(const DeviceArray &array, const char *name, Managed managed) {
  const TypeName *type = findType([&](const TypeName &t) { return t.dtype == array.dtype; });
  if (!type)
    bufferError(std::string("DLPack has no elements of type ") + adze_dtype_name(array.dtype));
  auto *lent = new Lent<Managed>{managed, array.shape, array.strides, array.memory};
  if (lent->strides.empty()) {
    int64_t step = 1;
    lent->strides.resize(lent->shape.size());
    for (size_t d = lent->shape.size(); d-- > 0; step *= lent->shape[d])
      lent->strides[d] = step;
  }
  lent->managed.context = lent;
  lent->managed.deleter = [](Managed *done) { delete static_cast<Lent<Managed> *>(done->context); };
  lent->managed.tensor = {array.data,
                          array.type,
                          array.number,
                          static_cast<int32_t>(array.shape.size()),
                          type->code,
                          type->bits,
                          1,
                          lent->shape.data(),
                          lent->strides.data(),
                          0};
  return py::reinterpret_steal<py::capsule>(PyCapsule_New(&lent->managed, name, [](PyObject *capsule) {
    const char *now = PyCapsule_GetName(capsule);
    if (now && (strcmp(now, kName) == 0 || strcmp(now, kVersionedName) == 0)) { // nobody has taken it
      auto *managed = static_cast<Managed *>(PyCapsule_GetPointer(capsule, now));
      managed->deleter(managed);
    }
  }));
}

int64_t integer(const py::handle &value) { return py::cast<int64_t>(value); }

} // namespace

LoadedModel::LoadedModel(std::shared_ptr<Artifact> artifact, adze_model *model)
    : artifact(std::move(artifact)), model(model), process(getpid()) {}

LoadedModel::~LoadedModel() {
  if (process == getpid())
    artifact->functions().destroy(model);
}

std::shared_ptr<void> adze::python::allocateOnDevice(const std::shared_ptr<LoadedModel> &model, size_t bytes) {
  void *data = nullptr;
  if (model->artifact->functions().alloc_on_device(model->model, bytes, &data, nullptr) != ADZE_OK)
    return nullptr;
  return std::shared_ptr<void>(data, [model](void *memory) {
    if (model->process == getpid())
      model->artifact->functions().free_on_device(model->model, memory);
  });
}

adze_tensor DeviceArray::tensor() const {
  return {data,
          dtype,
          static_cast<int32_t>(shape.size()),
          shape.data(),
          strides.empty() ? nullptr : strides.data(),
          ADZE_ON_DEVICE};
}

int64_t DeviceArray::bytes() const {
  int64_t count = adze_dtype_bytes(dtype);
  for (int64_t size : shape)
    count *= size;
  return count;
}

DeviceArray DeviceArray::fromDlpack(const py::capsule &capsule) {
  const char *name = capsule.name();
  DeviceArray array;
  const DlTensor *tensor = nullptr;
  if (name && strcmp(name, kName) == 0) {
    tensor = &capsule.get_pointer<DlManaged>()->tensor;
  } else if (name && strcmp(name, kVersionedName) == 0) {
    const auto *managed = capsule.get_pointer<DlVersioned>();
    if (managed->major != 1)
      bufferError("found DLPack of version " + std::to_string(managed->major) + ", expected version 1");
    array.readOnly = (managed->flags & 1) != 0;
    tensor = &managed->tensor;
  } else {
    bufferError("found a capsule of another name, expected 'dltensor' or 'dltensor_versioned'");
  }
  if (tensor->deviceType == kHost)
    bufferError("the tensor is in the host's memory, expected a device's");
  const TypeName *type = findType(
      [&](const TypeName &t) { return t.code == tensor->code && t.bits == tensor->bits && tensor->lanes == 1; });
  if (!type)
    bufferError("elements of DLPack's type " + std::to_string(tensor->code) + " with " + std::to_string(tensor->bits) +
                " bits are not supported");
  array.keeper = capsule;
  array.data = static_cast<char *>(tensor->data) + tensor->byteOffset;
  array.dtype = type->dtype;
  array.numpyType = py::none();
  array.type = tensor->deviceType;
  array.number = tensor->deviceNumber;
  array.shape.assign(tensor->shape, tensor->shape + tensor->rank);
  if (tensor->strides)
    array.strides.assign(tensor->strides, tensor->strides + tensor->rank);
  return array;
}

DeviceArray DeviceArray::fromInterface(const py::object &object, const py::dict &interface) {
  DeviceArray array;
  std::string text = py::cast<std::string>(interface["typestr"]);
  const TypeName *type = findType([&](const TypeName &t) { return t.text && text == t.text; });
  if (!type)
    bufferError("elements of type '" + text + "' are not supported");
  if (interface.contains("mask") && !interface["mask"].is_none())
    bufferError("arrays with a mask are not supported");
  int64_t element = adze_dtype_bytes(type->dtype);
  py::tuple data = interface["data"];
  array.keeper = object;
  array.data = reinterpret_cast<void *>(py::cast<uintptr_t>(data[0]));
  array.readOnly = py::cast<bool>(data[1]);
  array.dtype = type->dtype;
  array.numpyType = py::none();
  array.type = kCuda;
  for (const py::handle &size : py::tuple(interface["shape"]))
    array.shape.push_back(integer(size));
  if (interface.contains("strides") && !interface["strides"].is_none())
    for (const py::handle &stride : py::tuple(interface["strides"])) {
      if (integer(stride) % element != 0)
        bufferError("its elements do not lie on whole strides");
      array.strides.push_back(integer(stride) / element);
    }
  return array;
}

py::object DeviceArray::numpy() const {
  if (!owner)
    raise(ADZE_INVALID_ARGUMENT, "the array is another library's: ask that for its values");
  auto made = py::array(py::reinterpret_borrow<py::dtype>(numpyType), shape);
  adze_error error{};
  adze_status status;
  {
    void *to = made.mutable_data();
    auto count = static_cast<size_t>(bytes());
    py::gil_scoped_release release;
    status = owner->artifact->functions().copy_on_device(owner->model, to, ADZE_ON_HOST, data, ADZE_ON_DEVICE, count,
                                                         &error);
  }
  if (status != ADZE_OK)
    raise(status, error.message);
  return made;
}

py::capsule DeviceArray::dlpack(bool versioned) const {
  if (!memory)
    bufferError("the array is another library's");
  if (versioned)
    return lend(*this, kVersionedName, DlVersioned{1, 0, nullptr, nullptr, 0, {}});
  return lend(*this, kName, DlManaged{});
}

py::dict DeviceArray::interface() const {
  const TypeName *type = findType([&](const TypeName &t) { return t.dtype == dtype; });
  if (!type || !type->text || this->type != kCuda)
    throw py::attribute_error("__cuda_array_interface__");
  py::dict made;
  made["shape"] = py::tuple(py::cast(shape));
  made["typestr"] = type->text;
  made["data"] = py::make_tuple(reinterpret_cast<uintptr_t>(bytes() ? data : nullptr), readOnly);
  made["strides"] = py::none();
  made["stream"] = py::none(); // runs are done when they return
  made["version"] = 3;
  return made;
}

/// As the array API's standard says. Results are done, so that any stream may use them at once.
static py::capsule toDlpack(const DeviceArray &array, const py::object &, const py::object &maxVersion,
                            const py::object &device, const py::object &copy) {
  if (!device.is_none() && !device.equal(py::make_tuple(array.type, array.number)))
    bufferError("the array is on another device");
  if (!copy.is_none() && py::cast<bool>(copy))
    bufferError("no copy can be made");
  return array.dlpack(!maxVersion.is_none() && integer(py::tuple(maxVersion)[0]) >= 1);
}

static std::string describe(const DeviceArray &array) {
  return std::string("<adze.DeviceArray ") + adze_dtype_name(array.dtype) +
         py::cast<std::string>(py::str(py::cast(array.shape))) + " on device " + std::to_string(array.number) + ">";
}

void adze::python::addDeviceArray(py::module_ &module) {
  py::class_<DeviceArray>(
      module, "DeviceArray",
      "An array in the memory of a model's device: an output of a run. It keeps its memory, and its "
      "model, alive; so does what other libraries make of it.")
      .def_static("_from_dlpack", &DeviceArray::fromDlpack)
      .def_static("_from_interface", &DeviceArray::fromInterface)
      .def("numpy", &DeviceArray::numpy, "A copy in the host's memory.")
      .def_property_readonly("shape", [](const DeviceArray &a) { return py::tuple(py::cast(a.shape)); })
      .def_property_readonly("dtype", [](const DeviceArray &a) { return a.numpyType; })
      .def_property_readonly("nbytes", &DeviceArray::bytes)
      .def(
          "data_ptr", [](const DeviceArray &a) { return reinterpret_cast<uintptr_t>(a.data); }, "The address.")
      .def("__dlpack_device__", [](const DeviceArray &a) { return py::make_tuple(a.type, a.number); })
      .def("__dlpack__", toDlpack, py::kw_only(), py::arg("stream") = py::none(), py::arg("max_version") = py::none(),
           py::arg("dl_device") = py::none(), py::arg("copy") = py::none())
      .def_property_readonly("__cuda_array_interface__", &DeviceArray::interface)
      .def("__repr__", describe);
}
