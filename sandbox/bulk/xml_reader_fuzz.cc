// A client's XML must never make the reader read past its bytes, loop or lose count of elements.
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "sandbox/bulk/classic_xml.h"
#include "sandbox/bulk/xml_reader.h"

using firn::sandbox::XmlReader;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  XmlReader xml(bytes);
  size_t opened = 0;
  size_t closed = 0;
  size_t steps = 0;
  for (bool over = false; !over;) {
    switch (xml.Next()) {
      case XmlReader::Step::kOpen:
        ++opened;
        break;
      case XmlReader::Step::kClose:
        ++closed;
        break;
      case XmlReader::Step::kText:
        if (xml.text().size() > bytes.size()) std::abort();
        break;
      case XmlReader::Step::kEnd:
        if (opened != closed || opened == 0) std::abort();
        over = true;
        break;
      case XmlReader::Step::kBroken:
        over = true;
        break;
    }
    if (closed > opened || (!over && xml.depth() != opened - closed)) std::abort();
    if (++steps > 2 * size + 4) std::abort();
  }
  (void)firn::sandbox::LeafElements(bytes);
  return 0;
}
