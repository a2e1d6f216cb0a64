// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Artifacts and their models, on numpy arrays: inputs are passed by address and strides, outputs become the arrays.
#include "python/bindings/Bindings.h"
#include "runtime/loader/loader.h"
#include "runtime/tensor.h"

#include <cstdlib>
#include <memory>
#include <mutex>
#include <pybind11/numpy.h>
#include <pybind11/stl.h>
#include <unistd.h>

namespace py = pybind11;

namespace {

const char *const kStatusNames[] = {"OK",
                                    "INVALID_ARGUMENT",
                                    "ABI_MISMATCH",
                                    "UNSUPPORTED_CPU",
                                    "OUT_OF_MEMORY",
                                    "INDEX_OUT_OF_RANGE",
                                    "SHAPE_MISMATCH",
                                    "BAD_ARTIFACT",
                                    "IO_ERROR",
                                    "INVALID_VALUE",
                                    "INTERNAL"};

py::str text(const char *bytes) {
  return py::reinterpret_steal<py::str>(
      PyUnicode_DecodeUTF8(bytes, static_cast<Py_ssize_t>(strlen(bytes)), "backslashreplace"));
}

/// Raises adze.RunError.
[[noreturn]] void raise(adze_status status, const std::string &message) {
  py::object type = py::module_::import("adze._errors").attr("RunError");
  bool known = static_cast<size_t>(status) < std::size(kStatusNames);
  py::object error = type(text(message.c_str()), known ? kStatusNames[status] : "INTERNAL");
  PyErr_SetObject(type.ptr(), error.ptr());
  throw py::error_already_set();
}

struct FreeDeleter {
  void operator()(void *data) const { free(data); }
};

/// An output that a run has made.
struct Output {
  std::unique_ptr<void, FreeDeleter> data;
  std::vector<py::ssize_t> shape;
};

/// Memory for an output; called without the interpreter's lock.
void *allocateOutput(void *user, int32_t index, adze_dtype dtype, int32_t rank, const int64_t *shape) {
  constexpr size_t kAlignment = 64;
  Output &output = (*static_cast<std::vector<Output> *>(user))[static_cast<size_t>(index)];
  int64_t bytes;
  if (!adze_tensor_bytes(rank, shape, adze_dtype_bytes(dtype), &bytes) || bytes > INT64_MAX / 2)
    return nullptr;
  output.shape.assign(shape, shape + rank);
  output.data.reset(aligned_alloc(kAlignment, (static_cast<size_t>(bytes) + kAlignment) / kAlignment * kAlignment));
  return output.data.get();
}

class Artifact {
public:
  explicit Artifact(const std::string &path) {
    adze_error error{};
    adze_status status;
    {
      py::gil_scoped_release release;
      status = adze_load(path.c_str(), &loaded, &error);
    }
    if (status != ADZE_OK)
      raise(status, error.message);
  }
  Artifact(const Artifact &) = delete;
  ~Artifact() { adze_unload(loaded); }

  const adze_artifact &functions() const { return *loaded; }
  const adze_model_info &info() const { return *loaded->info(); }
  py::str metadata() const { return text(loaded->metadata); }

  py::list tensors(bool inputs) const {
    py::list result;
    const adze_tensor_info *infos = inputs ? info().inputs : info().outputs;
    for (int32_t i = 0; i < (inputs ? info().num_inputs : info().num_outputs); ++i) {
      py::list shape;
      for (int32_t d = 0; d < infos[i].rank; ++d) {
        const char *name = infos[i].dim_names ? infos[i].dim_names[d] : nullptr;
        if (infos[i].dims[d] >= 0)
          shape.append(infos[i].dims[d]);
        else
          shape.append(name && *name ? py::object(text(name)) : py::object(py::none()));
      }
      result.append(py::make_tuple(text(infos[i].name), static_cast<int>(infos[i].dtype), py::tuple(shape)));
    }
    return result;
  }

  py::list kernels() const {
    py::list result;
    for (int32_t i = 0; i < info().num_kernels; ++i)
      result.append(text(info().kernel_names[i]));
    return result;
  }

private:
  adze_artifact *loaded = nullptr;
};

/// One input of one run: the array is kept, and described for the C ABI.
struct Input {
  py::array array;
  std::vector<int64_t> shape, strides;

  /// False: the array's elements do not lie on whole strides; it must be copied first.
  bool describe() {
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
};

/// A model set up to run. Any number of threads may run it at the same time.
class Session {
public:
  /// `inputs`: for each the dtype it must have and another that is taken too, or None. `outputs`: the dtypes to give.
  Session(std::shared_ptr<Artifact> artifact, int threads, std::vector<std::pair<py::object, py::object>> inputs,
          std::vector<py::object> outputs)
      : artifact(std::move(artifact)), threads(threads), inputTypes(std::move(inputs)),
        outputTypes(std::move(outputs)) {
    create();
  }
  Session(const Session &) = delete;
  ~Session() {
    if (process == getpid())
      artifact->functions().destroy(model);
  }

  py::list run(const py::list &values) {
    const adze_model_info &info = artifact->info();
    if (values.size() != static_cast<size_t>(info.num_inputs))
      raise(ADZE_INVALID_ARGUMENT,
            "found " + std::to_string(values.size()) + " inputs, expected " + std::to_string(info.num_inputs));
    std::vector<Input> inputs(values.size());
    std::vector<adze_tensor> in(values.size()), out(static_cast<size_t>(info.num_outputs));
    for (size_t i = 0; i < values.size(); ++i)
      in[i] = take(values[i], i, inputs[i]);
    std::vector<Output> outputs(out.size());
    adze_error error{};
    adze_status status;
    {
      py::gil_scoped_release release;
      adze_model *current = modelOfThisProcess(error);
      status = current ? artifact->functions().run(current, in.data(), info.num_inputs, out.data(), info.num_outputs,
                                                   allocateOutput, &outputs, &error)
                       : error.status;
    }
    if (status != ADZE_OK)
      raise(status, error.message);
    py::list result;
    for (size_t i = 0; i < outputs.size(); ++i) {
      void *data = outputs[i].data.release();
      py::capsule owner(data, [](void *memory) { free(memory); });
      result.append(py::array(py::reinterpret_borrow<py::dtype>(outputTypes[i]), outputs[i].shape, data, owner));
    }
    return result;
  }

  int64_t arenaBytes() const { return artifact->functions().arena_bytes(model); }

private:
  adze_status tryCreate(adze_error &error) {
    adze_options options{};
    options.struct_bytes = sizeof options;
    options.abi_version = ADZE_ABI_VERSION;
    options.pool = adze_shared_pool(threads);
    if (!options.pool) {
      snprintf(error.message, sizeof error.message, "cannot start %d threads", threads);
      return error.status = ADZE_INVALID_ARGUMENT;
    }
    process = getpid();
    return error.status = artifact->functions().create(&options, &model, &error);
  }

  void create() {
    adze_error error{};
    if (tryCreate(error) != ADZE_OK)
      raise(error.status, error.message);
  }

  /// A fork has none of the parent's threads: the model is set up again there. The parent's is left alone.
  adze_model *modelOfThisProcess(adze_error &error) {
    std::lock_guard<std::mutex> lock(mutex);
    if (process != getpid() && tryCreate(error) != ADZE_OK)
      return nullptr;
    return model;
  }

  adze_tensor take(const py::handle &value, size_t index, Input &input) {
    const adze_tensor_info &info = artifact->info().inputs[index];
    const auto &[expected, other] = inputTypes[index];
    std::string name = std::string("input '") + info.name + "': ";
    if (expected.is_none())
      raise(ADZE_INVALID_ARGUMENT, name + "type " + adze_dtype_name(info.dtype) + " is not supported");
    if (!py::isinstance<py::array>(value))
      raise(ADZE_INVALID_ARGUMENT, name + "found " + Py_TYPE(value.ptr())->tp_name + ", expected a numpy array");
    input.array = py::reinterpret_borrow<py::array>(value);
    py::object found = input.array.dtype();
    if (!found.is(expected) && !found.equal(expected) && (other.is_none() || !found.equal(other)))
      raise(ADZE_INVALID_ARGUMENT, name + "found dtype " + py::cast<std::string>(py::str(found)) + ", expected " +
                                       py::cast<std::string>(py::str(expected)));
    if (!input.describe()) {
      input.array = py::module_::import("numpy").attr("ascontiguousarray")(input.array);
      input.describe();
    }
    return {const_cast<void *>(input.array.data()), info.dtype, static_cast<int32_t>(input.array.ndim()),
            input.shape.data(), input.strides.empty() ? nullptr : input.strides.data()};
  }

  std::shared_ptr<Artifact> artifact;
  adze_model *model = nullptr;
  int threads;
  pid_t process = -1;
  std::mutex mutex;
  std::vector<std::pair<py::object, py::object>> inputTypes;
  std::vector<py::object> outputTypes;
};

} // namespace

void adze::python::addRuntime(py::module_ &module) {
  py::class_<Artifact, std::shared_ptr<Artifact>>(module, "Artifact")
      .def(py::init<const std::string &>())
      .def_property_readonly("metadata", &Artifact::metadata)
      .def_property_readonly("inputs", [](const Artifact &a) { return a.tensors(true); })
      .def_property_readonly("outputs", [](const Artifact &a) { return a.tensors(false); })
      .def_property_readonly("kernels", &Artifact::kernels);
  py::class_<Session>(module, "Session")
      .def(py::init<std::shared_ptr<Artifact>, int, std::vector<std::pair<py::object, py::object>>,
                    std::vector<py::object>>())
      .def("run", &Session::run)
      .def_property_readonly("arena_bytes", &Session::arenaBytes);
}
