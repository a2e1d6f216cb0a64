# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The device of the tests of this folder; without the played driver there is none to run them."""
import os

import kernel_tests
import pytest


@pytest.fixture
def device(tmp_path):
    if not os.path.exists(kernel_tests.DRIVER):
        pytest.skip("the played driver is not built")
    return kernel_tests.Device(str(tmp_path))
