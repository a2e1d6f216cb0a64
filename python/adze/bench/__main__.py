# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
import sys

from adze.bench._command import main

sys.exit(main())
