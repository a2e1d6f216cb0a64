// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// How many blocks of a kernel a multiprocessor has at a time.
#pragma once
#include "codegen/nvptx/Chip.h"
#include <optional>

namespace adze::nvptx {

/// What a kernel takes of a multiprocessor.
struct BlockUse {
  int64_t threads = 0;
  int64_t registers = 0;   ///< of a thread
  int64_t sharedBytes = 0; ///< declared and asked for at the launch
};

struct Occupancy {
  int64_t blocks = 0; ///< at a time; 0: the kernel cannot run
  int64_t warps = 0;  ///< of these blocks
  double share = 0;   ///< of the warps that the multiprocessor could have
};

/// By the rules of the CUDA C++ Programming Guide ("Compute Capabilities", technical specifications) and of the
/// toolkit's cuda_occupancy.h. Nothing for a chip that is not known.
std::optional<Occupancy> occupancyOf(llvm::StringRef chip, const BlockUse &use);

} // namespace adze::nvptx
