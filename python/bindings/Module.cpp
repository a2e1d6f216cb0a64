// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The extension module. It links the worker's client and the loader, neither MLIR nor LLVM.
#include "compiler/Api.h"
#include "python/bindings/Bindings.h"

PYBIND11_MODULE(_adze, module) {
  module.doc() = "The native part of the package adze.";
  module.attr("version") = adze::version();
  adze::python::addCompiler(module);
  adze::python::addArtifact(module);
  adze::python::addDeviceArray(module);
  adze::python::addSession(module);
  adze::python::addProbes(module);
}
