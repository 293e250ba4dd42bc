// A reader of just so much XML: elements by their local names, texts with entities and CDATA.
#include <algorithm>
#include <charconv>

#include "sandbox/sign_in/soap_login.h"

namespace firn::sandbox {
namespace {

constexpr size_t kDepthMax = 32;

void AppendUtf8(uint32_t code, std::string& out) {
  if (code < 0x80) {
    out += static_cast<char>(code);
  } else if (code < 0x800) {
    out += static_cast<char>(0xc0 | code >> 6);
    out += static_cast<char>(0x80 | (code & 0x3f));
  } else if (code < 0x10000) {
    out += static_cast<char>(0xe0 | code >> 12);
    out += static_cast<char>(0x80 | (code >> 6 & 0x3f));
    out += static_cast<char>(0x80 | (code & 0x3f));
  } else {
    out += static_cast<char>(0xf0 | code >> 18);
    out += static_cast<char>(0x80 | (code >> 12 & 0x3f));
    out += static_cast<char>(0x80 | (code >> 6 & 0x3f));
    out += static_cast<char>(0x80 | (code & 0x3f));
  }
}

// The character of `amp`, `#38` or `#x26`; false when it is none.
bool AppendEntity(std::string_view name, std::string& out) {
  constexpr std::pair<std::string_view, char> kNamed[] = {
      {"amp", '&'}, {"lt", '<'}, {"gt", '>'}, {"quot", '"'}, {"apos", '\''}};
  for (const auto& [known, c] : kNamed) {
    if (name == known) {
      out += c;
      return true;
    }
  }
  if (!name.starts_with('#')) return false;
  name.remove_prefix(1);
  const bool hex = name.starts_with('x');
  if (hex) name.remove_prefix(1);
  uint32_t code = 0;
  const auto read = std::from_chars(name.data(), name.data() + name.size(), code, hex ? 16 : 10);
  if (read.ec != std::errc() || read.ptr != name.data() + name.size()) return false;
  if (code == 0 || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff)) return false;
  AppendUtf8(code, out);
  return true;
}

bool AppendText(std::string_view raw, std::string& out) {
  while (!raw.empty()) {
    const size_t amp = std::min(raw.find('&'), raw.size());
    out += raw.substr(0, amp);
    raw.remove_prefix(amp);
    if (raw.empty()) break;
    const size_t end = raw.find(';');
    if (end == std::string_view::npos || !AppendEntity(raw.substr(1, end - 1), out)) return false;
    raw.remove_prefix(end + 1);
  }
  return true;
}

std::string_view LocalName(std::string_view tag) {
  tag = tag.substr(0, tag.find_first_of(" \t\r\n/"));
  const size_t colon = tag.find(':');
  return colon == std::string_view::npos ? tag : tag.substr(colon + 1);
}

// Walks the document and keeps the texts of the elements it knows.
class Walker {
 public:
  explicit Walker(std::string_view xml) : rest_(xml) {}

  std::optional<SoapCall> Walk() {
    while (!rest_.empty()) {
      const size_t tag = std::min(rest_.find('<'), rest_.size());
      if (!AppendText(rest_.substr(0, tag), text_)) return std::nullopt;
      rest_.remove_prefix(tag);
      if (!rest_.empty() && !Markup()) return std::nullopt;
    }
    if (!open_.empty() || call_.operation.empty()) return std::nullopt;
    return std::move(call_);
  }

 private:
  bool Markup() {
    if (rest_.starts_with("<![CDATA[")) {
      const size_t end = rest_.find("]]>");
      if (end == std::string_view::npos) return false;
      text_ += rest_.substr(9, end - 9);
      rest_.remove_prefix(end + 3);
      return true;
    }
    if (rest_.starts_with("<!--")) return Skip("-->");
    // A document type could define entities: none is taken.
    if (rest_.starts_with("<!")) return false;
    if (rest_.starts_with("<?")) return Skip("?>");
    const size_t end = rest_.find('>');
    if (end == std::string_view::npos) return false;
    const std::string_view tag = rest_.substr(1, end - 1);
    rest_.remove_prefix(end + 1);
    if (tag.starts_with('/')) return Close(LocalName(tag.substr(1)));
    if (!Open(LocalName(tag))) return false;
    return !tag.ends_with('/') || Close(LocalName(tag));
  }

  bool Skip(std::string_view end) {
    const size_t at = rest_.find(end);
    if (at == std::string_view::npos) return false;
    rest_.remove_prefix(at + end.size());
    return true;
  }

  bool Open(std::string_view name) {
    if (name.empty() || open_.size() >= kDepthMax) return false;
    if (open_.empty() && name != "Envelope") return false;
    if (open_.size() == 2 && open_[1] == "Body" && call_.operation.empty()) call_.operation = name;
    open_.emplace_back(name);
    text_.clear();
    return true;
  }

  bool Close(std::string_view name) {
    if (open_.empty() || open_.back() != name) return false;
    const bool in_body = open_.size() == 4 && open_[1] == "Body";
    if (in_body && name == "username") call_.username = text_;
    if (in_body && name == "password") call_.password = text_;
    if (open_.size() == 4 && open_[1] == "Header" && name == "sessionId") call_.session_id = text_;
    open_.pop_back();
    text_.clear();
    return true;
  }

  std::string_view rest_;
  std::vector<std::string> open_;
  std::string text_;
  SoapCall call_;
};

}  // namespace

std::optional<SoapCall> ParseSoapCall(std::string_view xml) { return Walker(xml).Walk(); }

}  // namespace firn::sandbox
