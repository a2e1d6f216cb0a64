// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Checks of what a caller passes to a run against what the model takes, with messages that name the input.
#ifndef ADZE_RUNTIME_VALIDATE_H
#define ADZE_RUNTIME_VALIDATE_H

#include "runtime/abi.h"

#include <stdbool.h>

#ifdef __cplusplus
extern "C" {
#endif

/// The named dimensions of a model's inputs, numbered by name.
typedef struct adze_symbols {
  int32_t count;
  int32_t *ids; ///< by input and dimension, in order; -1 for a dimension without a name
} adze_symbols;

/// Numbers the names. False: no memory.
bool adze_symbols_init(adze_symbols *symbols, const adze_model_info *info);

/// Frees what adze_symbols_init took.
void adze_symbols_free(adze_symbols *symbols);

/// Checks number, type, rank, sizes, strides and data of the inputs. `symbol_sizes` has room for `symbols->count`
/// values.
adze_status adze_validate_inputs(const adze_model_info *info, const adze_symbols *symbols, const adze_tensor *inputs,
                                 int32_t num_inputs, int64_t *symbol_sizes, adze_error *error);

/// Checks what can be known of the outputs before the run: number, type, rank, sizes and strides of those with memory.
adze_status adze_validate_outputs(const adze_model_info *info, const adze_tensor *outputs, int32_t num_outputs,
                                  adze_output_alloc alloc, adze_error *error);

/// Checks that all tensors are the host's, for models without a device.
adze_status adze_validate_on_host(const adze_model_info *info, const adze_tensor *inputs, const adze_tensor *outputs,
                                  adze_error *error);

/// Compares the shape of a caller's output with the one that the run found.
adze_status adze_validate_output_shape(const adze_tensor_info *info, const adze_tensor *output, const int64_t *shape,
                                       adze_error *error);

#ifdef __cplusplus
}
#endif
#endif // ADZE_RUNTIME_VALIDATE_H
