#include "patterns/exports/forget.h"

#include <filesystem>
#include <sstream>

#include "core/base/file.h"

namespace firn::exports {

Result<ForgottenRejects> ForgetRejects(const std::string& rejects_folder, const std::string& id,
                                       const ForgetOptions& options) {
  ForgottenRejects found;
  // A rejected row may show the Id in its 15-character form.
  const std::string needle = id.substr(0, 15);
  std::error_code error;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(rejects_folder, error)) {
    if (!entry.is_regular_file() || entry.path().extension() != ".jsonl") continue;
    FIRN_TRY(const std::string text, ReadFile(entry.path().string()));
    std::istringstream lines(text);
    std::string kept;
    int64_t gone = 0;
    for (std::string line; std::getline(lines, line);) {
      if (line.find(needle) != std::string::npos) {
        ++gone;
      } else {
        kept += line + "\n";
      }
    }
    if (gone == 0) continue;
    ++found.files;
    found.lines += gone;
    if (options.remove) FIRN_CHECK(WriteFileDurably(entry.path().string(), kept, 0600));
  }
  return found;
}

}  // namespace firn::exports
