// Secret: text that cannot be printed by accident. It has no formatter, no stream operator and no
// conversion; Reveal() is the one door, easy to search for. The memory is wiped when it goes.
#pragma once

#include <string>
#include <string_view>

namespace firn {

class Secret {
 public:
  Secret() = default;
  explicit Secret(std::string text) : text_(std::move(text)) {}
  Secret(const Secret&) = default;
  Secret(Secret&& other) noexcept : text_(std::move(other.text_)) { other.Wipe(); }
  Secret& operator=(const Secret& other);
  Secret& operator=(Secret&& other) noexcept;
  ~Secret() { Wipe(); }

  [[nodiscard]] const std::string& Reveal() const { return text_; }
  [[nodiscard]] bool empty() const { return text_.empty(); }

 private:
  void Wipe() noexcept;
  std::string text_;
};

}  // namespace firn
