#include "core/base/secret.h"

#include <cstring>

namespace firn {

Secret& Secret::operator=(const Secret& other) {
  if (this != &other) {
    Wipe();
    text_ = other.text_;
  }
  return *this;
}

Secret& Secret::operator=(Secret&& other) noexcept {
  if (this != &other) {
    Wipe();
    text_ = std::move(other.text_);
    other.Wipe();
  }
  return *this;
}

void Secret::Wipe() noexcept {
  // explicit_bzero is not optimised away, unlike memset before a free.
  explicit_bzero(text_.data(), text_.size());
  text_.clear();
}

}  // namespace firn
