// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What becomes of a device's images.
#pragma once
#include "codegen/Target.h"

namespace adze {

/// What an artifact carries of `texts`, the least machine first: all of them, or with `assemble` the code for each
/// machine and the text of the first, for machines that come later.
mlir::FailureOr<std::vector<DeviceImage>> imagesToCarry(const DeviceTarget &device, std::vector<DeviceImage> texts,
                                                        bool assemble, mlir::Location loc);

/// Writes each of `texts` in `form`, one of the device's, to a file "MACHINE.FORM" in `folder`, which is made if it is
/// not there. After an error that comes before the last file is complete, none of them is. Answers their bytes.
mlir::FailureOr<int64_t> writeImages(const DeviceTarget &device, std::vector<DeviceImage> texts, llvm::StringRef form,
                                     llvm::StringRef folder, mlir::Location loc);

} // namespace adze
