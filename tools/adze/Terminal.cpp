// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "tools/adze/Terminal.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <sys/ioctl.h>
#include <unistd.h>

using namespace adze;
using namespace adze::tool;

namespace {

Colour colour = Colour::Auto;

bool colourful() {
  const char *unwanted = getenv("NO_COLOR");
  return colour == Colour::Always || (colour == Colour::Auto && isatty(STDERR_FILENO) && !(unwanted && *unwanted));
}

size_t terminalWidth(int fd) {
  winsize size{};
  return ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
}

} // namespace

void adze::tool::setColour(Colour wanted) { colour = wanted; }

std::string adze::tool::printable(std::string text) {
  for (char &c : text)
    if ((static_cast<unsigned char>(c) < 32 && c != '\n' && c != '\t') || c == 127)
      c = '?';
  return text;
}

void adze::tool::print(const Diagnostic &d) {
  const char *begin = d.severity == Severity::Error ? "\033[1;31m" : "\033[1;35m";
  std::string text = printable(toString(d));
  if (colourful())
    fprintf(stderr, "%s%s:\033[0m %s\n", begin, toString(d.severity), text.c_str());
  else
    fprintf(stderr, "%s: %s\n", toString(d.severity), text.c_str());
}

int adze::tool::fail(const std::string &message) {
  Diagnostic d;
  d.message = message;
  print(d);
  return 1;
}

std::string adze::tool::bytesText(int64_t bytes) {
  const char *units[] = {"bytes", "KB", "MB", "GB", "TB"};
  double value = static_cast<double>(bytes);
  int unit = 0;
  for (; value >= 1000 && unit < 4; ++unit)
    value /= 1000;
  char text[32];
  snprintf(text, sizeof text, unit == 0 || value >= 100 ? "%.0f %s" : "%.1f %s", value, units[unit]);
  return text;
}

std::string adze::tool::fitted(std::string text, size_t used) {
  size_t width = terminalWidth(STDOUT_FILENO), left = width > used + 3 ? width - used : 3;
  if (isatty(STDOUT_FILENO) && text.size() > left)
    text = text.substr(0, left - 3) + "...";
  return text;
}

ProgressBar::ProgressBar() : terminal(isatty(STDERR_FILENO)) {}

void ProgressBar::show(const CompileProgress &p) {
  if (!terminal)
    return;
  constexpr int kCells = 24;
  std::string text = p.stage;
  if (p.total > 0) {
    int filled = static_cast<int>(std::clamp<int64_t>(p.done * kCells / p.total, 0, kCells));
    text = "[" + std::string(filled, '#') + std::string(kCells - filled, '.') + "] " + p.stage + " " +
           std::to_string(p.done) + "/" + std::to_string(p.total) + " kernels " + printable(p.kernel);
  }
  fprintf(stderr, "\r\033[K%s", text.substr(0, terminalWidth(STDERR_FILENO) - 1).c_str());
  fflush(stderr);
  shown = true;
}

void ProgressBar::clear() {
  if (shown)
    fputs("\r\033[K", stderr);
  shown = false;
}
