// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The functions that an artifact exports; abi.h says what each does. Nothing else of the runtime is visible.
#ifndef ADZE_RUNTIME_EXPORT_H
#define ADZE_RUNTIME_EXPORT_H

#include "runtime/abi.h"

#ifdef __cplusplus
extern "C" {
#endif

#define ADZE_EXPORT __attribute__((visibility("default"), used))

/// See adze_info_fn.
ADZE_EXPORT const adze_model_info *adze_info(void);
/// See adze_abi_version_fn.
ADZE_EXPORT uint32_t adze_abi_version(void);
/// See adze_create_fn.
ADZE_EXPORT adze_status adze_create(const adze_options *options, adze_model **model, adze_error *error);
/// See adze_run_fn.
ADZE_EXPORT adze_status adze_run(adze_model *model, const adze_tensor *inputs, int32_t num_inputs,
                                 const adze_tensor *outputs, int32_t num_outputs, adze_output_alloc alloc,
                                 void *alloc_user, adze_error *error);
/// See adze_destroy_fn.
ADZE_EXPORT void adze_destroy(adze_model *model);
/// See adze_arena_bytes_fn.
ADZE_EXPORT int64_t adze_arena_bytes(const adze_model *model);
/// See adze_describe_device_fn and those below it.
ADZE_EXPORT const adze_device_info *adze_describe_device(const adze_model *model);
ADZE_EXPORT adze_status adze_alloc_on_device(adze_model *model, size_t bytes, void **data, adze_error *error);
ADZE_EXPORT void adze_free_on_device(adze_model *model, void *data);
ADZE_EXPORT adze_status adze_copy_on_device(adze_model *model, void *to, adze_place to_place, const void *from,
                                            adze_place from_place, size_t bytes, adze_error *error);
ADZE_EXPORT adze_status adze_wait_for_device(adze_model *model, void *stream, adze_error *error);

#ifdef __cplusplus
}
#endif
#endif // ADZE_RUNTIME_EXPORT_H
