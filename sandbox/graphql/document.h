// A GraphQL document: its operations, with fragments put in their places.
//
// Pure; any thread. Values are JSON: enum values are texts, a variable is replaced by what the
// request gave or by its default. Source: GraphQL specification (October 2021), section 2; read
// 2026-11.
#pragma once

#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/error.h"

namespace firn::sandbox::graphql {

struct Place {
  size_t line = 1;
  size_t column = 1;
};

struct Selection {
  std::string alias;  // the key in the answer; the name where none was given
  std::string name;
  std::string on_type;  // of the fragment it came from; empty: of any
  std::vector<std::pair<std::string, std::shared_ptr<const nlohmann::json>>> arguments;
  std::vector<Selection> children;
  Place place;

  [[nodiscard]] const nlohmann::json* Argument(std::string_view wanted) const;
};

struct Operation {
  std::string kind;  // `query`, `mutation`, `subscription`
  std::string name;
  std::vector<Selection> selections;
};

// The operation of that name; any name where there is only one and `name` is empty. Selections that
// `@skip` and `@include` leave out are not there. Errors: api error INVALID_SYNTAX with a sentence
// that tells line and column.
[[nodiscard]] Result<Operation> ParseDocument(std::string_view text, const std::string& name,
                                              const nlohmann::json& variables);

}  // namespace firn::sandbox::graphql
