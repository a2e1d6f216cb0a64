// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/artifact/Elf.h"
#include "runtime/artifact.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/Object/ELFObjectFile.h"
#include "llvm/Support/MemoryBuffer.h"

using namespace llvm;
using Elf = object::ELF64LE;

/// The names of runtime/allowed_symbols.txt, quoted, by CMake.
static const char *const kAllowed[] = {
#include "compiler/artifact/AllowedSymbols.inc"
};

static Error invalid(const Twine &what) { return createStringError("the linked library is not as expected: " + what); }

Error adze::checkUndefinedSymbols(StringRef library) {
  auto object = object::ELFObjectFile<Elf>::create(MemoryBufferRef(library, "library"));
  if (!object)
    return object.takeError();
  static const StringSet<> allowed = [] {
    StringSet<> names;
    for (const char *name : kAllowed)
      names.insert(name);
    return names;
  }();
  std::string missing;
  for (const object::ELFSymbolRef &symbol : object->getDynamicSymbolIterators()) {
    auto flags = symbol.getFlags();
    auto name = symbol.getName();
    if (!flags || !name)
      return joinErrors(flags.takeError(), name.takeError());
    if ((*flags & object::SymbolRef::SF_Undefined) && !name->empty() && !allowed.contains(*name))
      missing += (missing.empty() ? "" : ", ") + name->str();
  }
  if (!missing.empty())
    return createStringError("the artifact would need symbols that it must not: " + missing);
  return Error::success();
}

namespace {
/// The two places of the file that change.
struct Places {
  uint64_t header;  ///< file offset of the program header
  uint64_t address; ///< of the weights in memory
  uint64_t addend;  ///< file offset of the relocation's addend
};
} // namespace

/// The file offset of the addend of the one relative relocation to `target`.
static Expected<uint64_t> findAddend(const object::ELFFile<Elf> &file, uint64_t target) {
  auto sections = file.sections();
  if (!sections)
    return sections.takeError();
  uint64_t found = 0;
  for (const Elf::Shdr &section : *sections) {
    if (section.sh_type != ELF::SHT_RELA)
      continue;
    auto entries = file.relas(section);
    if (!entries)
      return entries.takeError();
    for (const Elf::Rela &entry : *entries) {
      if (entry.getSymbol(false) != 0 || uint64_t(entry.r_addend) != target)
        continue;
      if (found)
        return invalid("several pointers to the weights");
      found = reinterpret_cast<const uint8_t *>(&entry.r_addend) - file.base();
    }
  }
  if (!found)
    return invalid("no pointer to the weights");
  return found;
}

static Expected<Places> findPlaces(const object::ELFFile<Elf> &file) {
  auto headers = file.program_headers();
  if (!headers)
    return headers.takeError();
  uint64_t end = 0;
  const Elf::Phdr *note = nullptr;
  for (const Elf::Phdr &header : *headers) {
    if (header.p_type == ELF::PT_LOAD)
      end = std::max<uint64_t>(end, header.p_vaddr + header.p_memsz);
    if (header.p_type != ELF::PT_NOTE)
      continue;
    if (note)
      return invalid("several notes");
    note = &header;
  }
  if (!note)
    return invalid("no note");
  auto addend = findAddend(file, note->p_vaddr);
  if (!addend)
    return addend.takeError();
  return Places{uint64_t(reinterpret_cast<const uint8_t *>(note) - file.base()),
                alignTo(end, ADZE_MAX_WEIGHTS_ALIGNMENT), *addend};
}

Error adze::placeWeights(MutableArrayRef<char> library, uint64_t offset, uint64_t bytes, bool apart) {
  auto file = object::ELFFile<Elf>::create(StringRef(library.data(), library.size()));
  if (!file)
    return file.takeError();
  auto places = findPlaces(*file);
  if (!places)
    return places.takeError();
  Elf::Phdr header;
  header.p_type = ELF::PT_LOAD;
  header.p_flags = ELF::PF_R;
  header.p_offset = offset;
  header.p_vaddr = places->address;
  header.p_paddr = places->address;
  header.p_filesz = apart ? 0 : bytes;
  header.p_memsz = bytes;
  header.p_align = ADZE_WEIGHTS_ALIGNMENT;
  support::little64_t addend(places->address);
  memcpy(&library[places->header], &header, sizeof header);
  memcpy(&library[places->addend], &addend, sizeof addend);
  return Error::success();
}
