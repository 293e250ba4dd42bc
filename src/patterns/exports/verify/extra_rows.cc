#include "patterns/exports/verify/extra_rows.h"

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>

#include "core/base/time_text.h"
#include "patterns/exports/object/layout_for.h"
#include "patterns/exports/window/deleted_ids.h"

namespace firn::exports {
namespace {

constexpr size_t kIdsPerQuery = 200;

struct Found {
  bool deleted = false;
  std::string stamp;
};
using FoundById = std::map<std::string, Found, std::less<>>;

class Explainer {
 public:
  Explainer(const Call& call, const ExportParts& parts, const ObjectSpec& spec,
            const ExtraQuestion& question)
      : call_(call), parts_(parts), spec_(spec), question_(question) {}

  Result<ExtraRows> Run(std::vector<IdText> ids) {
    std::sort(ids.begin(), ids.end());
    FIRN_CHECK(TakeListed(ids));
    if (ids.size() > kExtrasAsked) {
      out_.unasked = static_cast<int64_t>(ids.size() - kExtrasAsked);
      ids.resize(kExtrasAsked);
    }
    for (size_t from = 0; from < ids.size(); from += kIdsPerQuery) {
      FIRN_CHECK(call_.Check());
      FIRN_CHECK(AskFor(ids, from, std::min(ids.size(), from + kIdsPerQuery)));
    }
    return std::move(out_);
  }

 private:
  // Those that the org's list tells as deleted since; they leave `ids`.
  Result<void> TakeListed(std::vector<IdText>& ids) {
    if (!question_.since || ids.empty()) return {};
    FIRN_TRY(const UtcMicros now, parts_.rest->OrgTime(call_));
    const DeletedRange range = RangeOfDeletes(*question_.since - std::chrono::minutes(2), now);
    const std::string path = question_.folder + "/deleted";
    // An object without replication has no such list; then nothing is explained by it.
    FIRN_TRY(const auto list, FetchDeletedIds(call_, parts_, spec_.object, range, path));
    if (!list.offered) return {};
    std::vector<bool> told(ids.size(), false);
    const auto take = [&](const ListedId& listed) -> Result<void> {
      IdText id;
      if (listed.deleted < *question_.since || !ToIdText(listed.id, id)) return {};
      const auto at = std::lower_bound(ids.begin(), ids.end(), id);
      if (at == ids.end() || *at != id) return {};
      const auto place = static_cast<size_t>(at - ids.begin());
      if (told[place]) return {};
      told[place] = true;
      Note(id, {.deleted = true, .stamp = FormatUtc(listed.deleted)});
      return {};
    };
    FIRN_CHECK(EachListedId(path, take));
    size_t place = 0;
    std::erase_if(ids, [&](const IdText&) { return told[place++]; });
    return {};
  }

  Result<void> AskFor(const std::vector<IdText>& ids, size_t from, size_t to) {
    const std::string stamp = CursorFieldOf(question_.describe);
    std::string soql = "SELECT Id";
    if (question_.describe.find("\"IsDeleted\"") != std::string::npos) soql += ", IsDeleted";
    if (!stamp.empty()) soql += ", " + stamp;
    soql += " FROM " + spec_.object + " WHERE Id IN (";
    for (size_t i = from; i < to; ++i) {
      soql += i == from ? "'" : ",'";
      soql += View(ids[i]);
      soql += "'";
    }
    FIRN_TRY(const auto found, Ask(soql + ")", stamp));
    for (size_t i = from; i < to; ++i) {
      const auto one = found.find(View(ids[i]));
      Note(ids[i], one == found.end() ? Found{.deleted = true} : one->second);
    }
    return {};
  }

  Result<FoundById> Ask(const std::string& soql, const std::string& stamp) {
    FoundById found;
    FIRN_TRY(const auto records, parts_.rest->Query(call_, {.soql = soql, .all_rows = true}));
    for (;;) {
      FIRN_TRY(const auto text, records->Next(call_));
      if (!text) return found;
      const auto record = nlohmann::json::parse(*text, nullptr, false);
      if (!record.is_object()) continue;
      Found& one = found[record.value("Id", "")];
      if (record.contains("IsDeleted") && record["IsDeleted"].is_boolean()) {
        one.deleted = record["IsDeleted"].get<bool>();
      }
      if (!stamp.empty() && record.contains(stamp) && record[stamp].is_string()) {
        one.stamp = record[stamp].get<std::string>();
      }
    }
  }

  void Note(const IdText& id, const Found& found) {
    DifferentRow row{.id = std::string(View(id)), .kind = DifferentRow::Kind::kExtra};
    row.stamp = found.stamp;
    const auto at = ParseInstant(found.stamp);
    const bool explained = question_.since && at && *at >= *question_.since;
    if (explained) {
      row.explanation =
          (found.deleted ? "deleted after the " : "changed after the ") + question_.mark;
      ++out_.explained;
    }
    size_t& named = explained ? explained_named_ : unexplained_named_;
    if (named++ < question_.rows_named_max) out_.named.push_back(std::move(row));
  }

  const Call& call_;
  const ExportParts& parts_;
  const ObjectSpec& spec_;
  const ExtraQuestion& question_;
  size_t explained_named_ = 0;
  size_t unexplained_named_ = 0;
  ExtraRows out_;
};

}  // namespace

Result<ExtraRows> ExplainExtras(const Call& call, const ExportParts& parts, const ObjectSpec& spec,
                                const ExtraQuestion& question, std::vector<IdText> ids) {
  return Explainer(call, parts, spec, question).Run(std::move(ids));
}

}  // namespace firn::exports
