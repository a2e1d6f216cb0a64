// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "python/bindings/Artifact.h"

#include "python/bindings/Bindings.h"

#include <memory>

namespace py = pybind11;
using namespace adze::python;

static const char *const kStatusNames[] = {"OK",
                                           "INVALID_ARGUMENT",
                                           "ABI_MISMATCH",
                                           "UNSUPPORTED_CPU",
                                           "OUT_OF_MEMORY",
                                           "INDEX_OUT_OF_RANGE",
                                           "SHAPE_MISMATCH",
                                           "BAD_ARTIFACT",
                                           "IO_ERROR",
                                           "INVALID_VALUE",
                                           "INTERNAL",
                                           "CANCELLED",
                                           "NO_DEVICE",
                                           "DEVICE_ERROR"};

py::str adze::python::text(std::string_view bytes) {
  return py::reinterpret_steal<py::str>(
      PyUnicode_DecodeUTF8(bytes.data(), static_cast<Py_ssize_t>(bytes.size()), "backslashreplace"));
}

void adze::python::raise(adze_status status, const std::string &message) {
  bool known = static_cast<size_t>(status) < std::size(kStatusNames);
  py::object make = py::module_::import("adze._errors").attr("run_error");
  py::object error = make(text(message), known ? kStatusNames[status] : "INTERNAL");
  PyErr_SetObject(reinterpret_cast<PyObject *>(Py_TYPE(error.ptr())), error.ptr());
  throw py::error_already_set();
}

Artifact::Artifact(const std::string &path, int weights) {
  adze_error error{};
  adze_status status;
  {
    py::gil_scoped_release release;
    status = adze_load_apart(path.c_str(), weights, &loaded, &error);
  }
  if (status != ADZE_OK)
    raise(status, error.message);
}

Artifact::~Artifact() { adze_unload(loaded); }

static py::tuple shapeOf(const adze_tensor_info &info) {
  py::list shape;
  for (int32_t d = 0; d < info.rank; ++d) {
    const char *name = info.dim_names ? info.dim_names[d] : nullptr;
    if (info.dims[d] >= 0)
      shape.append(info.dims[d]);
    else
      shape.append(name && *name ? py::object(text(name)) : py::object(py::none()));
  }
  return py::tuple(shape);
}

py::list Artifact::tensors(bool inputs) const {
  py::list result;
  const adze_tensor_info *infos = inputs ? info().inputs : info().outputs;
  for (int32_t i = 0; i < (inputs ? info().num_inputs : info().num_outputs); ++i)
    result.append(py::make_tuple(text(infos[i].name), static_cast<int>(infos[i].dtype), shapeOf(infos[i])));
  return result;
}

py::list Artifact::kernels() const {
  py::list result;
  for (int32_t i = 0; i < info().num_kernels; ++i) {
    const char *nodes = info().kernel_nodes ? info().kernel_nodes[i] : nullptr;
    result.append(py::make_tuple(text(info().kernel_names[i]), text(nodes ? nodes : "")));
  }
  return result;
}

/// The artifact in `path`, whose weights are in the open file `weights` or -1, as one file: `to`, which is empty.
static void join(const std::string &path, int weights, const std::string &to) {
  adze_error error{};
  adze_status status;
  {
    py::gil_scoped_release release;
    status = adze_join(path.c_str(), weights, to.c_str(), &error);
  }
  if (status != ADZE_OK)
    raise(status, error.message);
}

void adze::python::addArtifact(py::module_ &module) {
  module.def("join", join, py::arg("path"), py::arg("weights"), py::arg("to"),
             "Writes an artifact whose weights are in another open file (or -1) as one file, to an empty one.");
  py::class_<Artifact, std::shared_ptr<Artifact>>(module, "Artifact")
      .def(py::init<const std::string &, int>(), py::arg("path"), py::arg("weights") = -1)
      .def_property_readonly("metadata", [](const Artifact &a) { return text(a.functions().metadata); })
      .def_property_readonly("inputs", [](const Artifact &a) { return a.tensors(true); })
      .def_property_readonly("outputs", [](const Artifact &a) { return a.tensors(false); })
      .def_property_readonly("kernels", &Artifact::kernels);
}
