#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Writes coefficients.h: python3 fit.py > coefficients.h. Needs mpmath. Each polynomial is the weighted least-squares fit at
Chebyshev nodes, which is near the minimax one; its largest weighted error stands beside it as a power of two."""
import textwrap

from mpmath import (asin, atan, atanh, cbrt, cos, erf, erfc, exp, expm1, floor, frexp, ldexp, log, matrix, mp, mpf, nint, pi, qr_solve, sin,
                    sinh)

mp.dps = 70


def fit(f, low, high, terms, weight, variable):
    """Coefficients c with f(x) = sum of c[i] * variable(x)^i, and log2 of the largest weighted error."""
    def node(i, count):
        return (low + high) / 2 + (high - low) / 2 * cos(pi * (2 * i + 1) / (2 * count))
    count = 4 * terms
    left, right = matrix(count, terms), matrix(count, 1)
    for i in range(count):
        x = node(i, count)
        for j in range(terms):
            left[i, j] = weight(x) * variable(x) ** j
        right[i] = weight(x) * f(x)
    found = list(qr_solve(left, right)[0])
    errors = [abs(weight(x) * (f(x) - sum(c * variable(x) ** j for j, c in enumerate(found))))
              for x in (node(i, 400) for i in range(400))]
    return found, log(max(errors), 2)


def rounded(x, bits):
    """x to `bits` significant bits."""
    mantissa, exponent = frexp(mpf(x))
    return ldexp(nint(ldexp(mantissa, bits)), int(exponent) - bits)


def literal(x, bits):
    value = rounded(x, bits)
    text = float(value).hex().replace("0000000p", "p") if bits == 24 else float(value).hex()
    return text + ("f" if bits == 24 else "")


def array(head, items):
    return textwrap.fill(f"{head} = {{{', '.join(items)}}};", 120, subsequent_indent="    ")


def split(name, x, bits, first):
    """x as a sum of two or more numbers; the first has first[0] bits, and so on."""
    for suffix, kept in zip(("Hi", "Mid", "Lo") if len(first) == 3 else ("Hi", "Lo"), first):
        part = rounded(x, kept)
        print(f"static const Real {name}{suffix} = {literal(part, bits)};")
        x -= part


#: name, what it is of, function, interval of x, terms for f32 and f64, weight of an error, variable
def ratio(f, power):
    """(f(x) - x) / x^power, the part of an odd function after its first term."""
    return lambda x: (f(x) - x) / x ** power


def square(x):
    return x * x


def cube(x):
    return abs(x ** 3)


HALF_LN2, QUARTER_PI, TAN_EIGHTH = log(2) / 2 * mpf("1.001"), pi / 4 * mpf("1.01"), mpf("0.41422")
TINY = mpf(2) ** -20
POLYNOMIALS = [
    ("Exp", "(exp(r) - 1 - r) / r^2 in r, |r| <= ln(2) / 2", lambda r: (expm1(r) - r) / r ** 2, (-HALF_LN2, HALF_LN2), (6, 11),
     lambda r: r * r, lambda r: r),
    ("Log", "(2 atanh(s) - 2 s - 2/3 s^3) / s^5 in s^2, |s| <= 3 - sqrt(8)",
     lambda s: (2 * atanh(s) - 2 * s - s ** 3 * 2 / 3) / s ** 5, (TINY, mpf("0.1717")), (4, 8), lambda s: s ** 4, square),
    ("Sin", "(sin(r) - r) / r^3 in r^2, |r| <= pi / 4", ratio(sin, 3), (TINY, QUARTER_PI), (4, 7), square, square),
    ("Cos", "(cos(r) - 1 + r^2 / 2) / r^4 in r^2, |r| <= pi / 4", lambda r: (cos(r) - 1 + r * r / 2) / r ** 4,
     (TINY, QUARTER_PI), (3, 7), lambda r: r ** 4, square),
    ("Asin", "(asin(x) - x) / x^3 in x^2, |x| <= 1/2", ratio(asin, 3), (TINY, mpf("0.5001")), (6, 13), square, square),
    ("Atan", "(atan(t) - t) / t^3 in t^2, |t| <= tan(pi / 8)", ratio(atan, 3), (TINY, TAN_EIGHTH), (5, 11), square, square),
    ("Sinh", "(sinh(x) - x) / x^3 in x^2, |x| <= 1", ratio(sinh, 3), (TINY, mpf("1.001")), (4, 8), square, square),
    ("Erf", "(erf(x) - x) / x in x^2, |x| <= 0.85", ratio(erf, 1), (TINY, mpf("0.851")), (7, 12), lambda x: 1, square),
    ("Erfc", "exp(x^2) erfc(x) in (x - 1) / (x + 2), 0.85 <= x <= 6, its error weighted by exp(-x^2)",
     lambda x: exp(x * x) * erfc(x), (mpf("0.849"), mpf(6)), (6, 14), lambda x: exp(-x * x), lambda x: (x - 1) / (x + 2)),
    ("Cbrt", "cbrt(x) in x, 1 <= x <= 2: where the iteration begins", cbrt, (mpf(1), mpf(2)), (5, 5), lambda x: 1, lambda x: x),
]


def coefficients(bits, index):
    for name, text, f, (low, high), terms, weight, variable in POLYNOMIALS:
        found, error = fit(f, low, high, terms[index], weight, variable)
        print(f"/// {text}: 2^{float(error):.1f}")
        print(array(f"static const Real k{name}Terms[]", [literal(c, bits) for c in found]))


def constants(bits):
    """Constants in parts. The first part of ln(2) leaves room for a product by any exponent."""
    split("kLn2", log(2), bits, (bits, bits))
    split("kLn2Short", log(2), bits, (bits - 12, bits))
    split("kTwoThirds", mpf(2) / 3, bits, (bits, bits))
    split("kLog2E", 1 / log(2), bits, (bits, bits))
    split("kLog10E", 1 / log(10), bits, (bits, bits))
    split("kHalfPi", pi / 2, bits, (bits, bits, bits))
    for name, value in (("kTwoOverPi", 2 / pi), ("kCbrt2", cbrt(2)), ("kCbrt4", cbrt(4))):
        print(f"static const Real {name} = {literal(value, bits)};")


def two_over_pi(bits, words):
    """Words of 2 / pi, the first of them the (empty) part before the point."""
    value, text = 2 / pi, ["0"]
    for _ in range(words - 1):
        value = ldexp(value, bits)
        text.append(hex(int(floor(value))))
        value -= floor(value)
    print(array("static const Bits kTwoOverPiWords[]", text))


def main():
    print("// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception")
    print("// Written by fit.py. Beside each polynomial stands its largest error.")
    print("// clang-format off\n#pragma once\n#include \"codegen/common/gpu/math/real.h\"\n")
    for bits, index, directive, word, words in ((24, 0, "#if ADZE_MATH_BITS == 32", 32, 8), (53, 1, "#else", 64, 20)):
        mp.prec = 240 if bits == 24 else 1500
        print(directive)
        constants(bits)
        two_over_pi(word, words)
        mp.prec = 240
        coefficients(bits, index)
    print("#endif\n// clang-format on")


main()
