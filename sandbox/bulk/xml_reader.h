// The elements and texts of an XML document one after another. Knows what the first Bulk API
// and the SOAP API send: elements, `xsi:nil`, `xsi:type`, entities, CDATA, comments; a document
// type is refused. Holds the open elements only. One thread; the bytes must outlive it. Never fails
// on bytes but by kBroken. Source: W3C Extensible Markup Language 1.0, sections 2 and 3.1, read
// 2026-11.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace firn::sandbox {

class XmlReader {
 public:
  enum class Step { kOpen, kText, kClose, kEnd, kBroken };

  explicit XmlReader(std::string_view bytes) : bytes_(bytes) {}

  // An element without content is opened and closed. After kBroken or kEnd nothing else comes.
  [[nodiscard]] Step Next();
  // Of kOpen and kClose, without its namespace prefix.
  [[nodiscard]] std::string_view name() const { return name_; }
  // Of kOpen: `xsi:nil="true"`.
  [[nodiscard]] bool nil() const { return nil_; }
  // Of kOpen: `Account` of `xsi:type="sf:Account"`; empty without one.
  [[nodiscard]] std::string_view type() const { return type_; }
  // Of kText, unescaped.
  [[nodiscard]] const std::string& text() const { return text_; }
  [[nodiscard]] size_t depth() const { return open_.size(); }

 private:
  [[nodiscard]] Step Tag();
  [[nodiscard]] Step Close(std::string_view name);
  [[nodiscard]] Step Text();
  // Past comments, processing instructions; false at one that does not end, and at a DOCTYPE.
  [[nodiscard]] bool SkipMarkup();
  [[nodiscard]] bool SkipPast(std::string_view end);
  [[nodiscard]] bool AppendEntity();

  static constexpr size_t kDepthMax = 16;
  std::string_view bytes_;
  size_t at_ = 0;
  std::vector<std::string_view> open_;
  bool rooted_ = false;
  bool close_next_ = false;  // of `<element/>`
  bool nil_ = false;
  std::string_view type_;
  bool over_ = false;
  std::string_view name_;
  std::string text_;
};

}  // namespace firn::sandbox
