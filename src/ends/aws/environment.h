// The process's environment as a part that is passed in. A test brings its own.
#pragma once

#include <functional>
#include <optional>
#include <string>

namespace firn::aws {

class Environment {
 public:
  using Lookup = std::function<std::optional<std::string>(const std::string& name)>;
  explicit Environment(Lookup lookup) : lookup_(std::move(lookup)) {}
  [[nodiscard]] static Environment OfProcess();

  // Empty when unset: to AWS an empty variable is an unset one.
  [[nodiscard]] std::string Get(const std::string& name) const {
    return lookup_(name).value_or(std::string());
  }
  [[nodiscard]] std::string GetOr(const std::string& name, std::string otherwise) const {
    std::string value = Get(name);
    return value.empty() ? std::move(otherwise) : value;
  }

 private:
  Lookup lookup_;
};

}  // namespace firn::aws
