// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What the machine can do, for adze.bench. Python's other threads go on meanwhile, so that several can measure at once.
#include "python/bindings/Bindings.h"

#include "runtime/probes/probes.h"

namespace py = pybind11;

void adze::python::addProbes(py::module_ &module) {
  using Release = py::call_guard<py::gil_scoped_release>;
  module.def("probe_fma", adze_probe_fma, py::arg("seconds"), Release());
  module.def("probe_clock", adze_probe_clock, py::arg("seconds"), Release());
  module.def("probe_read", adze_probe_read, py::arg("bytes"), Release());
}
