// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Written by fit.py. Beside each polynomial stands its largest error.
// clang-format off
#pragma once
#include "codegen/common/gpu/math/real.h"

#if ADZE_MATH_BITS == 32
static const Real kLn2Hi = 0x1.62e430p-1f;
static const Real kLn2Lo = -0x1.05c610p-29f;
static const Real kLn2ShortHi = 0x1.62e000p-1f;
static const Real kLn2ShortLo = 0x1.0bfbe8p-15f;
static const Real kTwoThirdsHi = 0x1.555556p-1f;
static const Real kTwoThirdsLo = -0x1.555556p-26f;
static const Real kLog2EHi = 0x1.715476p+0f;
static const Real kLog2ELo = 0x1.4ae0c0p-26f;
static const Real kLog10EHi = 0x1.bcb7b2p-2f;
static const Real kLog10ELo = -0x1.5b235ep-27f;
static const Real kHalfPiHi = 0x1.921fb6p+0f;
static const Real kHalfPiMid = -0x1.777a5cp-25f;
static const Real kHalfPiLo = -0x1.ee59dap-50f;
static const Real kTwoOverPi = 0x1.45f306p-1f;
static const Real kCbrt2 = 0x1.428a30p+0f;
static const Real kCbrt4 = 0x1.965feap+0f;
static const Bits kTwoOverPiWords[] = {0, 0xa2f9836e, 0x4e441529, 0xfc2757d1, 0xf534ddc0, 0xdb629599, 0x3c439041,
    0xfe5163ab};
/// (exp(r) - 1 - r) / r^2 in r, |r| <= ln(2) / 2: 2^-34.2
static const Real kExpTerms[] = {0x1.000000p-1f, 0x1.555556p-3f, 0x1.55547cp-5f, 0x1.1110a0p-7f, 0x1.6d99cap-10f,
    0x1.a189d6p-13f};
/// (2 atanh(s) - 2 s - 2/3 s^3) / s^5 in s^2, |s| <= 3 - sqrt(8): 2^-43.2
static const Real kLogTerms[] = {0x1.999998p-2f, 0x1.249374p-2f, 0x1.c6595ap-3f, 0x1.8eb466p-3f};
/// (sin(r) - r) / r^3 in r^2, |r| <= pi / 4: 2^-37.3
static const Real kSinTerms[] = {-0x1.555556p-3f, 0x1.111108p-7f, -0x1.a00f6ep-13f, 0x1.6cca7cp-19f};
/// (cos(r) - 1 + r^2 / 2) / r^4 in r^2, |r| <= pi / 4: 2^-33.1
static const Real kCosTerms[] = {0x1.55554ap-5f, -0x1.6c0c1ep-10f, 0x1.99e244p-16f};
/// (asin(x) - x) / x^3 in x^2, |x| <= 1/2: 2^-31.5
static const Real kAsinTerms[] = {0x1.55554ep-3f, 0x1.3337fep-4f, 0x1.6cc014p-5f, 0x1.040c94p-5f, 0x1.e077bap-7f,
    0x1.30e84cp-5f};
/// (atan(t) - t) / t^3 in t^2, |t| <= tan(pi / 8): 2^-30.4
static const Real kAtanTerms[] = {-0x1.55554ap-2f, 0x1.9991fep-3f, -0x1.23bbc4p-3f, 0x1.b2440ap-4f, -0x1.f3835ep-5f};
/// (sinh(x) - x) / x^3 in x^2, |x| <= 1: 2^-33.9
static const Real kSinhTerms[] = {0x1.555556p-3f, 0x1.111134p-7f, 0x1.9ffe92p-13f, 0x1.7a1714p-19f};
/// (erf(x) - x) / x in x^2, |x| <= 0.85: 2^-32.6
static const Real kErfTerms[] = {0x1.06eba8p-3f, -0x1.812746p-2f, 0x1.ce2ec0p-4f, -0x1.b81f2ap-6f, 0x1.5576d6p-8f,
    -0x1.b0dd98p-11f, 0x1.74d364p-14f};
/// exp(x^2) erfc(x) in (x - 1) / (x + 2), 0.85 <= x <= 6, its error weighted by exp(-x^2): 2^-31.8
static const Real kErfcTerms[] = {0x1.b5d878p-2f, -0x1.a3a756p-1f, 0x1.23b0ecp-1f, -0x1.70ca06p-3f, -0x1.a8e36ep-6f,
    0x1.ea958cp-6f};
/// cbrt(x) in x, 1 <= x <= 2: where the iteration begins: 2^-16.4
static const Real kCbrtTerms[] = {0x1.0453d6p-1f, 0x1.6d8ecep-1f, -0x1.2f602cp-2f, 0x1.588d7ap-4f, -0x1.50ad88p-7f};
#else
static const Real kLn2Hi = 0x1.62e42fefa39efp-1;
static const Real kLn2Lo = 0x1.abc9e3b39803fp-56;
static const Real kLn2ShortHi = 0x1.62e42fefa4000p-1;
static const Real kLn2ShortLo = -0x1.8432a1b0e2634p-43;
static const Real kTwoThirdsHi = 0x1.5555555555555p-1;
static const Real kTwoThirdsLo = 0x1.5555555555555p-55;
static const Real kLog2EHi = 0x1.71547652b82fep+0;
static const Real kLog2ELo = 0x1.777d0ffda0d24p-56;
static const Real kLog10EHi = 0x1.bcb7b1526e50ep-2;
static const Real kLog10ELo = 0x1.95355baaafad3p-57;
static const Real kHalfPiHi = 0x1.921fb54442d18p+0;
static const Real kHalfPiMid = 0x1.1a62633145c07p-54;
static const Real kHalfPiLo = -0x1.f1976b7ed8fbcp-110;
static const Real kTwoOverPi = 0x1.45f306dc9c883p-1;
static const Real kCbrt2 = 0x1.428a2f98d728bp+0;
static const Real kCbrt4 = 0x1.965fea53d6e3dp+0;
static const Bits kTwoOverPiWords[] = {0, 0xa2f9836e4e441529, 0xfc2757d1f534ddc0, 0xdb6295993c439041,
    0xfe5163abdebbc561, 0xb7246e3a424dd2e0, 0x6492eea09d1921c, 0xfe1deb1cb129a73e, 0xe88235f52ebb4484,
    0xe99c7026b45f7e41, 0x3991d639835339f4, 0x9c845f8bbdf9283b, 0x1ff897ffde05980f, 0xef2f118b5a0a6d1f,
    0x6d367ecf27cb09b7, 0x4f463f669e5fea2d, 0x7527bac7ebe5f17b, 0x3d0739f78a5292ea, 0x6bfb5fb11f8d5d08,
    0x56033046fc7b6bab};
/// (exp(r) - 1 - r) / r^2 in r, |r| <= ln(2) / 2: 2^-63.9
static const Real kExpTerms[] = {0x1.0000000000000p-1, 0x1.555555555555cp-3, 0x1.555555555555cp-5, 0x1.111111110ea78p-7,
    0x1.6c16c16c13e49p-10, 0x1.a01a01b424c66p-13, 0x1.a01a01b1b82d1p-16, 0x1.71ddeea76c371p-19, 0x1.27e4c49529a83p-22,
    0x1.af6e4613cf8b4p-26, 0x1.1f95e09ab4e04p-29};
/// (2 atanh(s) - 2 s - 2/3 s^3) / s^5 in s^2, |s| <= 3 - sqrt(8): 2^-72.5
static const Real kLogTerms[] = {0x1.9999999999996p-2, 0x1.2492492492fe8p-2, 0x1.c71c71c5887a3p-3, 0x1.745d182ee5523p-3,
    0x1.3b136385e3509p-3, 0x1.112099ca2821ep-3, 0x1.de376263d304dp-4, 0x1.eaf3bd6d8d4eep-4};
/// (sin(r) - r) / r^3 in r^2, |r| <= pi / 4: 2^-68.5
static const Real kSinTerms[] = {-0x1.5555555555555p-3, 0x1.111111111110bp-7, -0x1.a01a01a018a1dp-13,
    0x1.71de3a5324d60p-19, -0x1.ae645278d559ap-26, 0x1.61207c51b183ap-33, -0x1.aa993556173cep-41};
/// (cos(r) - 1 + r^2 / 2) / r^4 in r^2, |r| <= pi / 4: 2^-74.9
static const Real kCosTerms[] = {0x1.5555555555555p-5, -0x1.6c16c16c16c0fp-10, 0x1.a01a01a018c65p-16,
    -0x1.27e4fb75e2b10p-22, 0x1.1eed8c84dc66cp-29, -0x1.939314a791742p-37, 0x1.aab55ca853c0bp-45};
/// (asin(x) - x) / x^3 in x^2, |x| <= 1/2: 2^-59.6
static const Real kAsinTerms[] = {0x1.555555555556fp-3, 0x1.333333332f093p-4, 0x1.6db6db7168056p-5,
    0x1.f1c71ad107669p-6, 0x1.6e8bd89add19ep-6, 0x1.1c4a5bce1edc1p-6, 0x1.ca15e9cfc2f8ep-7, 0x1.75d159a557181p-7,
    0x1.5fa2e4a52d798p-7, 0x1.fd5399ae06a77p-9, 0x1.5cba314e9b6fbp-6, -0x1.4e8944bcd37a9p-6, 0x1.086714cfa9929p-5};
/// (atan(t) - t) / t^3 in t^2, |t| <= tan(pi / 8): 2^-59.4
static const Real kAtanTerms[] = {-0x1.5555555555541p-2, 0x1.9999999996046p-3, -0x1.24924922da037p-3,
    0x1.c71c70f604caep-4, -0x1.745cfa84e71e0p-4, 0x1.3b11349e74c7bp-4, -0x1.10ecddd41fdbdp-4, 0x1.df1f0b4ac743ep-5,
    -0x1.9d16060c38739p-5, 0x1.3878581308b98p-5, -0x1.26be9dfc34718p-6};
/// (sinh(x) - x) / x^3 in x^2, |x| <= 1: 2^-73.5
static const Real kSinhTerms[] = {0x1.5555555555555p-3, 0x1.1111111111111p-7, 0x1.a01a01a019fc3p-13,
    0x1.71de3a5573db4p-19, 0x1.ae645674337b6p-26, 0x1.61246aef58aeep-33, 0x1.ae75736fa14e3p-41, 0x1.9a7875e910d65p-49};
/// (erf(x) - x) / x in x^2, |x| <= 0.85: 2^-62.2
static const Real kErfTerms[] = {0x1.06eba8214db69p-3, -0x1.812746b0379e6p-2, 0x1.ce2f21a042ae8p-4,
    -0x1.b82ce31281ec2p-6, 0x1.565bcd0cee0b7p-8, -0x1.c02db39f44c07p-11, 0x1.f9a317676df29p-14, -0x1.f4d0b85594bc0p-17,
    0x1.b9c94b285275fp-20, -0x1.5e14c054f49eap-23, 0x1.e7d2438958d3cp-27, -0x1.e6decd86524acp-31};
/// exp(x^2) erfc(x) in (x - 1) / (x + 2), 0.85 <= x <= 6, its error weighted by exp(-x^2): 2^-60.7
static const Real kErfcTerms[] = {0x1.b5d8780f956b2p-2, -0x1.a3a755ea3a079p-1, 0x1.23b0c49d3843fp-1,
    -0x1.70cbbd2732124p-3, -0x1.a3f5fc6fbf703p-6, 0x1.c38f223de90d0p-6, 0x1.a5181548d615fp-8, -0x1.2242bcf57df44p-8,
    -0x1.4d2677630adfap-9, 0x1.0036f4ba2c09bp-12, 0x1.7ed130ee7bed0p-11, 0x1.3edbe54f92d08p-12, -0x1.255e8fc379d63p-13,
    -0x1.d33f79cb64b1ap-14};
/// cbrt(x) in x, 1 <= x <= 2: where the iteration begins: 2^-16.4
static const Real kCbrtTerms[] = {0x1.0453d54166750p-1, 0x1.6d8ece8de1628p-1, -0x1.2f602b980cc05p-2,
    0x1.588d7ad208d58p-4, -0x1.50ad875e0f765p-7};
#endif
// clang-format on
