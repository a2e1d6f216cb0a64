// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Weights in a file of their own (artifact.h): put into their place in memory, or back into the artifact.
#ifndef ADZE_RUNTIME_LOADER_APART_H
#define ADZE_RUNTIME_LOADER_APART_H

#include "runtime/loader/file.h"

/// Maps the weights where the loaded library `library` of the checked file keeps their place. The size of `weights` has
/// been checked.
adze_status adze_map_apart(const adze_file *file, void *library, int weights, adze_error *error);

#endif // ADZE_RUNTIME_LOADER_APART_H
