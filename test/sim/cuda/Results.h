// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The results that the played driver answers, numbered as CUresult is.
#pragma once

namespace adze::sim {

enum : int {
  kSuccess = 0,
  kInvalidValue = 1,
  kOutOfMemory = 2,
  kNotInitialized = 3,
  kNoDevice = 100,
  kInvalidDevice = 101,
  kInvalidImage = 200,
  kInvalidContext = 201,
  kNoBinaryForGpu = 209,
  kInvalidPtx = 218,
  kInvalidHandle = 400,
  kNotFound = 500,
  kNotReady = 600,
  kStreamCaptureUnsupported = 900,
  kStreamCaptureInvalidated = 901,
  kIllegalAddress = 700,
  kLaunchOutOfResources = 701,
  kLaunchTimeout = 702,
  kContextIsDestroyed = 709,
  kMisalignedAddress = 716,
  kLaunchFailed = 719,
  kUnknown = 999
};

/// The name of a result and what it means; null: there is none of this number.
const char *resultName(int result);
const char *resultText(int result);

} // namespace adze::sim
