// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// PTX as text.
#pragma once
#include "codegen/Target.h"

namespace adze::nvptx {

/// One text of several for the same chip: the header of the first, and the bodies of all. Their names must differ.
Emitted joinTexts(llvm::ArrayRef<Emitted> texts);

} // namespace adze::nvptx
