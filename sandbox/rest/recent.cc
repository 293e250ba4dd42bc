#include "sandbox/rest/recent.h"

#include <algorithm>
#include <mutex>

namespace firn::sandbox {
namespace {

constexpr size_t kKeptMax = 200;

std::string Key(const std::string& user_id) { return "recent:" + user_id; }

std::vector<int64_t> Read(std::string_view text) {
  std::vector<int64_t> ids;
  while (!text.empty()) {
    const size_t end = std::min(text.find(' '), text.size());
    if (const auto id = ParseId(text.substr(0, end))) ids.push_back(*id);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return ids;
}

// `{"attributes":{..},"Id":..,"Name":..}`; empty when the record is gone.
Result<std::string> ItemJson(ApiParts& parts, const ApiRequest& request, const ObjectInfo& object,
                             int64_t id) {
  const FieldInfo* name = object.NameField();
  const std::string list = name == nullptr || name->hidden ? "Id" : "Id, " + name->name;
  FIRN_TRY(auto cursor, parts.org.Query("SELECT " + list + " FROM " + object.name +
                                            " WHERE Id = '" + IdText(id) + "'",
                                        request.Options(false)));
  std::string json;
  FIRN_TRY(const bool found, cursor->Next());
  if (found) AppendJsonRow(*cursor, request.version, json);
  return json;
}

}  // namespace

Result<void> NoteRecent(ApiParts& parts, const std::string& user_id,
                        const std::vector<int64_t>& ids) {
  static std::mutex mutex;  // of reading, changing and writing the list
  const std::lock_guard lock(mutex);
  FIRN_TRY(const auto kept, parts.db.Setting(Key(user_id)));
  std::vector<int64_t> all = ids;
  for (const int64_t id : Read(kept.value_or(""))) {
    if (std::find(all.begin(), all.end(), id) == all.end()) all.push_back(id);
  }
  if (all.size() > kKeptMax) all.resize(kKeptMax);
  std::string text;
  for (const int64_t id : all) text += (text.empty() ? "" : " ") + IdText(id);
  return parts.db.SetSetting(Key(user_id), text);
}

Result<std::string> RecentJson(ApiParts& parts, const ApiRequest& request,
                               std::string_view object_name, size_t max) {
  FIRN_TRY(const auto kept, parts.db.Setting(Key(request.session.user_id)));
  const auto catalogue = parts.org.catalogue();
  std::string json = "[";
  size_t count = 0;
  for (const int64_t id : Read(kept.value_or(""))) {
    const ObjectInfo* object = catalogue->ByKeyPrefix(KeyPrefixOf(id));
    if (object == nullptr || (!object_name.empty() && object->name != object_name)) continue;
    if (count == max) break;
    FIRN_TRY(const std::string item, ItemJson(parts, request, *object, id));
    if (item.empty()) continue;
    json += (count++ > 0 ? "," : "") + item;
  }
  return json + "]";
}

}  // namespace firn::sandbox
