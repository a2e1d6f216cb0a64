# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# cmake -DFROM=file -DTO=out.inc -P embed.cmake: the file's bytes as C numbers, each followed by a comma.
file(READ ${FROM} bytes HEX)
string(REGEX REPLACE "(..)" "0x\\1," numbers "${bytes}")
file(WRITE ${TO} "${numbers}\n")
