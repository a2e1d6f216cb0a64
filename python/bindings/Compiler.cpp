// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/Api.h"
#include "python/bindings/Artifact.h"
#include "python/bindings/Bindings.h"

#include <pybind11/stl.h>

namespace py = pybind11;
using adze::python::text;

namespace {

py::dict asDict(const adze::Diagnostic &d) {
  py::dict result;
  result["severity"] = adze::toString(d.severity);
  result["message"] = text(d.message);
  result["node"] = text(d.node);
  result["op"] = text(d.op);
  result["opset"] = d.opset;
  result["types"] = text(d.types);
  result["stage"] = text(d.stage);
  result["text"] = text(adze::toString(d));
  return result;
}

py::dict asDict(const adze::HostKernel &kernel) {
  py::dict result;
  result["kernel"] = text(kernel.kernel);
  result["nodes"] = text(kernel.nodes);
  result["operators"] = text(kernel.operators);
  result["reason"] = text(kernel.reason);
  return result;
}

py::dict asDict(const adze::CompileSummary &s) {
  py::dict result;
  result["kernels"] = s.kernels;
  result["code_bytes"] = s.codeBytes;
  result["weight_bytes"] = s.weightBytes;
  result["peak_arena_bytes"] = s.peakArenaBytes;
  result["peak_device_arena_bytes"] = s.peakDeviceArenaBytes;
  result["seconds"] = s.seconds;
  py::list hostKernels;
  for (const adze::HostKernel &kernel : s.hostKernels)
    hostKernels.append(asDict(kernel));
  result["host_kernels"] = hostKernels;
  return result;
}

/// True once a signal's handler has raised, as Ctrl-C's does; the exception is then set.
bool interrupted() {
  py::gil_scoped_acquire gil;
  return PyErr_CheckSignals() != 0;
}

/// Compiles `model` (a path or bytes). The answer: the descriptors of the artifact and of its weights, or -1,
/// diagnostics, summary. `cache`: None for no cache, or its folder, empty for the user's.
py::tuple compileModel(const py::object &model, const std::string &baseDirectory, const py::dict &dims,
                       const std::string &target, const std::string &machine, int optLevel,
                       const std::vector<std::string> &allow, int jobs, bool assemble,
                       const std::optional<std::string> &cache) {
  adze::CompileOptions options;
  if (py::isinstance<py::bytes>(model))
    options.modelBytes = std::string_view(py::reinterpret_borrow<py::bytes>(model));
  else
    options.modelPath = py::cast<std::string>(py::module_::import("os").attr("fsencode")(model));
  options.baseDirectory = baseDirectory;
  options.target = target;
  options.cpu = machine;
  options.optLevel = optLevel;
  options.allow = allow;
  options.jobs = jobs;
  options.assemble = assemble;
  options.cache = {cache.has_value(), cache.value_or("")};
  for (auto [name, size] : dims)
    options.dims.emplace_back(py::cast<std::string>(name), py::cast<int64_t>(size));
  adze::Callbacks callbacks;
  callbacks.cancelled = interrupted;
  adze::CompileResult result;
  {
    py::gil_scoped_release release;
    result = adze::compile(options, callbacks);
  }
  if (result.cancelled && PyErr_Occurred())
    throw py::error_already_set();
  py::list diagnostics;
  for (const adze::Diagnostic &diagnostic : result.diagnostics)
    diagnostics.append(asDict(diagnostic));
  py::dict summary = asDict(result.summary);
  summary["cached"] = result.cached;
  return py::make_tuple(result.ok ? result.descriptor.release() : -1, result.ok ? result.weights.release() : -1,
                        diagnostics, summary);
}

} // namespace

void adze::python::addCompiler(py::module_ &module) {
  module.def(
      "compile", compileModel, py::arg("model"), py::kw_only(), py::arg("base_dir"), py::arg("dims"), py::arg("target"),
      py::arg("machine"), py::arg("opt_level"), py::arg("allow"), py::arg("jobs"), py::arg("assemble"),
      py::arg("cache"),
      "Compiles a model; answers (descriptor of the artifact or -1, of its weights or -1, diagnostics, summary).");
}
