// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The parts of the extension adze._adze; the package's Python files give them their public form.
#pragma once
#include <pybind11/pybind11.h>

namespace adze::python {

/// compile(): a model to an artifact, in the worker process.
void addCompiler(pybind11::module_ &module);

/// Artifact: what is loaded.
void addArtifact(pybind11::module_ &module);

/// DeviceArray: an array in a device's memory.
void addDeviceArray(pybind11::module_ &module);

/// Session: an artifact set up to run.
void addSession(pybind11::module_ &module);

/// probe_fma(), probe_clock(), probe_read(): what the machine can do.
void addProbes(pybind11::module_ &module);

} // namespace adze::python
