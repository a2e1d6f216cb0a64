// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Models set up to run, on numpy arrays: inputs are passed by address and strides, outputs become arrays or are written
// where the caller says.
#include "python/bindings/Arrays.h"
#include "python/bindings/Artifact.h"
#include "python/bindings/Bindings.h"
#include "python/bindings/Profile.h"

#include "runtime/tensor.h"

#include <optional>
#include <pybind11/stl.h>
#include <unistd.h>

namespace py = pybind11;
using namespace adze::python;

namespace {

/// The dtype that arrays of an input or output must have, and another that is taken too, or None.
using Types = std::pair<py::object, py::object>;

/// The options of the run that this thread is in, for the runtime's question whether to go on.
thread_local PyObject *optionsOfThread = nullptr;

/// Sets optionsOfThread for one run.
class OptionsOfThread {
public:
  explicit OptionsOfThread(const py::object &options) { optionsOfThread = options.ptr(); }
  ~OptionsOfThread() { optionsOfThread = nullptr; }
  OptionsOfThread(const OptionsOfThread &) = delete;
};

/// adze_options.cancelled: true once a signal's handler has raised, as Ctrl-C's does, or the run's options say so. An
/// exception stays set for the end of the run.
int32_t cancelled(void *) {
  py::gil_scoped_acquire gil;
  if (PyErr_CheckSignals() != 0)
    return 1;
  if (optionsOfThread == Py_None)
    return 0;
  py::object terminate = py::reinterpret_steal<py::object>(PyObject_GetAttrString(optionsOfThread, "terminate"));
  return !terminate || PyObject_IsTrue(terminate.ptr()) != 0;
}

/// A model set up to run. Any number of threads may run it at the same time.
class Session {
public:
  /// `device`: see adze_options.
  Session(std::shared_ptr<Artifact> artifact, int threads, std::optional<std::string> device, std::vector<Types> inputs,
          std::vector<Types> outputs, bool profiled)
      : artifact(std::move(artifact)), threads(threads), device(std::move(device)), inputTypes(std::move(inputs)),
        outputTypes(std::move(outputs)), profiled(profiled) {
    create();
  }
  Session(const Session &) = delete;

  /// `into`: for each output None, the array to write to, or ... for a new one on the device. `options`: None, or what
  /// has an attribute `terminate`, which ends the run as soon as it is true. So does a signal's handler that raises.
  py::list run(const py::list &values, const py::list &into, const py::object &options) {
    const adze_model_info &info = artifact->info();
    expectCount("inputs", values.size(), info.num_inputs);
    expectCount("outputs", into.size(), info.num_outputs);
    std::vector<View> inputs(values.size()), given(into.size());
    std::vector<adze_tensor> in(inputs.size()), out(given.size());
    for (size_t i = 0; i < in.size(); ++i)
      in[i] = takeInput(values[i], i, inputs[i]);
    std::vector<Output> outputs(out.size());
    for (size_t i = 0; i < out.size(); ++i) {
      if (into[i].ptr() == Py_Ellipsis)
        out[i] = newOnDevice(outputs[i]);
      else if (!into[i].is_none())
        out[i] = takeOutput(into[i], i, given[i]);
    }
    adze_error error{};
    adze_status status;
    {
      OptionsOfThread set(options);
      adze_model *current = modelOfThisProcess(error);
      py::gil_scoped_release release;
      status = current ? artifact->functions().run(current, in.data(), info.num_inputs, out.data(), info.num_outputs,
                                                   allocateOutput, &outputs, &error)
                       : error.status;
    }
    if (status == ADZE_CANCELLED && PyErr_Occurred())
      throw py::error_already_set();
    if (status != ADZE_OK)
      raise(status, error.message);
    py::list result;
    for (size_t i = 0; i < outputs.size(); ++i) {
      if (outputs[i].onDevice)
        result.append(toDeviceArray(outputs[i], info.outputs[i].dtype, outputTypes[i].first));
      else
        result.append(into[i].is_none() ? toArray(outputs[i], outputTypes[i].first) : py::object(into[i]));
    }
    return result;
  }

  int64_t arenaBytes() const { return artifact->functions().arena_bytes(loaded->model); }

  /// Waits for what is in a stream of the device's; 0: the one that all share.
  void waitForDevice(uintptr_t stream) {
    adze_error error{};
    adze_model *current = modelOfThisProcess(error);
    adze_status status = error.status;
    if (current) {
      py::gil_scoped_release release;
      status = artifact->functions().wait_for_device(current, reinterpret_cast<void *>(stream), &error);
    }
    if (status != ADZE_OK)
      raise(status, error.message);
  }

  py::array_t<int64_t> takeProfile() { return loaded->process == getpid() ? profile->take() : Profile().take(); }

private:
  static void expectCount(const char *what, size_t found, int32_t expected) {
    if (found != static_cast<size_t>(expected))
      raise(ADZE_INVALID_ARGUMENT,
            "found " + std::to_string(found) + " " + what + ", expected " + std::to_string(expected));
  }

  adze_status tryCreate(adze_error &error) {
    adze_options options{};
    options.struct_bytes = sizeof options;
    options.abi_version = ADZE_ABI_VERSION;
    options.pool = adze_shared_pool(threads);
    options.cancelled = cancelled;
    options.device = device ? device->c_str() : nullptr;
    auto recorder = std::make_unique<Profile>();
    if (profiled)
      recorder->attach(options);
    if (!options.pool) {
      snprintf(error.message, sizeof error.message, "cannot start %d threads", threads);
      return error.status = ADZE_INVALID_ARGUMENT;
    }
    adze_model *made;
    error.status = artifact->functions().create(&options, &made, &error);
    if (error.status == ADZE_OK) {
      loaded = std::make_shared<LoadedModel>(artifact, made);
      (void)profile.release(); // null, or the parent's in a fork: one of its threads may have been recording
      profile = std::move(recorder);
    }
    return error.status;
  }

  void create() {
    adze_error error{};
    if (tryCreate(error) != ADZE_OK)
      raise(error.status, error.message);
  }

  /// A fork has none of the parent's threads: the model is set up again there. The parent's is left alone. Called with
  /// the GIL, the one lock that a fork by Python never finds held by another thread.
  adze_model *modelOfThisProcess(adze_error &error) {
    if (loaded->process != getpid() && tryCreate(error) != ADZE_OK)
      return nullptr;
    return loaded->model;
  }

  /// An output that gets memory of the device.
  adze_tensor newOnDevice(Output &output) {
    adze_error error{};
    if (!modelOfThisProcess(error))
      raise(error.status, error.message);
    if (!artifact->functions().describe_device(loaded->model))
      raise(ADZE_NO_DEVICE, "outputs on the device: the model has no device, the host runs all of its kernels");
    output.onDevice = loaded;
    adze_tensor tensor{};
    tensor.place = ADZE_ON_DEVICE;
    return tensor;
  }

  /// An array on the device that is of the input's or output's type. `name` begins the message.
  static adze_tensor takeOnDevice(const DeviceArray &array, const adze_tensor_info &info, const std::string &name) {
    if (array.dtype != info.dtype)
      raise(ADZE_INVALID_ARGUMENT,
            name + "found dtype " + adze_dtype_name(array.dtype) + ", expected " + adze_dtype_name(info.dtype));
    return array.tensor();
  }

  /// Raises unless `value` is an array of one of `types`; `name` begins the message.
  static py::array asArray(const py::handle &value, const adze_tensor_info &info, const Types &types,
                           const std::string &name) {
    const auto &[expected, other] = types;
    if (expected.is_none())
      raise(ADZE_INVALID_ARGUMENT, name + "type " + adze_dtype_name(info.dtype) + " is not supported");
    if (!py::isinstance<py::array>(value))
      raise(ADZE_INVALID_ARGUMENT, name + "found " + Py_TYPE(value.ptr())->tp_name + ", expected a numpy array");
    py::array array = py::reinterpret_borrow<py::array>(value);
    py::object found = array.dtype();
    if (!found.is(expected) && !found.equal(expected) && (other.is_none() || !found.equal(other)))
      raise(ADZE_INVALID_ARGUMENT, name + "found dtype " + py::cast<std::string>(py::str(found)) + ", expected " +
                                       py::cast<std::string>(py::str(expected)));
    return array;
  }

  adze_tensor takeInput(const py::handle &value, size_t index, View &view) {
    const adze_tensor_info &info = artifact->info().inputs[index];
    std::string name = std::string("input '") + info.name + "': ";
    if (py::isinstance<DeviceArray>(value))
      return takeOnDevice(value.cast<const DeviceArray &>(), info, name);
    view.array = asArray(value, info, inputTypes[index], name);
    if (!view.describe()) {
      view.array = py::module_::import("numpy").attr("ascontiguousarray")(view.array);
      view.describe();
    }
    return view.tensor(info.dtype);
  }

  adze_tensor takeOutput(const py::handle &value, size_t index, View &view) {
    const adze_tensor_info &info = artifact->info().outputs[index];
    std::string name = std::string("output '") + info.name + "': ";
    if (py::isinstance<DeviceArray>(value)) {
      if (value.cast<const DeviceArray &>().readOnly)
        raise(ADZE_INVALID_ARGUMENT, name + "the array is read-only");
      return takeOnDevice(value.cast<const DeviceArray &>(), info, name);
    }
    view.array = asArray(value, info, outputTypes[index], name);
    if (!view.array.writeable())
      raise(ADZE_INVALID_ARGUMENT, name + "the array is read-only");
    if (!view.describe() || !(view.array.flags() & py::detail::npy_api::NPY_ARRAY_ALIGNED_))
      raise(ADZE_INVALID_ARGUMENT, name + "the array's elements are not aligned");
    return view.tensor(info.dtype);
  }

  std::shared_ptr<Artifact> artifact;
  std::shared_ptr<LoadedModel> loaded;
  int threads;
  std::optional<std::string> device;
  std::vector<Types> inputTypes, outputTypes;
  bool profiled;
  std::unique_ptr<Profile> profile;
};

} // namespace

void adze::python::addSession(py::module_ &module) {
  py::class_<Session>(module, "Session")
      .def(py::init<std::shared_ptr<Artifact>, int, std::optional<std::string>, std::vector<Types>, std::vector<Types>,
                    bool>(),
           py::arg("artifact"), py::arg("threads"), py::arg("device"), py::arg("inputs"), py::arg("outputs"),
           py::arg("profiled"))
      .def("run", &Session::run, py::arg("values"), py::arg("into"), py::arg("options"))
      .def("wait_for_device", &Session::waitForDevice, py::arg("stream"))
      .def("take_profile", &Session::takeProfile)
      .def_property_readonly("arena_bytes", &Session::arenaBytes);
}
