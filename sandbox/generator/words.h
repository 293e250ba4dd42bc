// Words the generator makes records of. Made up or everyday; nobody in particular.
#pragma once

#include <span>
#include <string_view>

namespace firn::sandbox {

struct People {
  std::span<const std::string_view> first;
  std::span<const std::string_view> last;
  std::span<const std::string_view> cities;
  std::string_view country;
  bool family_name_first = false;
};

// By script: index 0 is plain ASCII; then Latin with diacritics, Cyrillic, Japanese, Chinese,
// Greek, Arabic, Hebrew, Devanagari, Korean.
[[nodiscard]] std::span<const People> Peoples();
[[nodiscard]] std::span<const std::string_view> CompanyHeads();
[[nodiscard]] std::span<const std::string_view> CompanyTails();
[[nodiscard]] std::span<const std::string_view> CompanyForms();
[[nodiscard]] std::span<const std::string_view> Streets();
[[nodiscard]] std::span<const std::string_view> States();
[[nodiscard]] std::span<const std::string_view> Titles();
[[nodiscard]] std::span<const std::string_view> Departments();
[[nodiscard]] std::span<const std::string_view> CommonWords();
[[nodiscard]] std::span<const std::string_view> Products();
// Values that careless readers mangle: `NA`, `null`, quotes, line ends, other scripts, emoji.
[[nodiscard]] std::span<const std::string_view> AwkwardTexts();

}  // namespace firn::sandbox
