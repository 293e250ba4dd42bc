// Who may see what: the org's side of access_view.h.
#include <algorithm>
#include <nlohmann/json.hpp>

#include "sandbox/api_error.h"
#include "sandbox/store/org_impl.h"

namespace firn::sandbox {
namespace {

using nlohmann::json;

constexpr std::string_view kAccessObjects[] = {"FieldPermissions", "ObjectPermissions",
                                               "PermissionSet",    "PermissionSetAssignment",
                                               "Profile",          "User"};

}  // namespace

Result<void> OrgImpl::LoadAccessRules() {
  const std::lock_guard lock(write_mutex_);
  FIRN_TRY(Statement find,
           writer_.db().Prepare("SELECT value FROM meta WHERE key = 'access_rules'"));
  FIRN_TRY(const bool found, find.Step());
  const json rules =
      found ? json::parse(std::string(find.Text(0)), nullptr, false) : json::object();
  AccessRules loaded;
  for (const json& name : rules.value("closed_profiles", json::array())) {
    loaded.closed_profiles.insert(name.get<std::string>());
  }
  for (const json& name : rules.value("private_objects", json::array())) {
    loaded.private_objects.insert(name.get<std::string>());
  }
  const std::lock_guard swap(catalogue_mutex_);
  access_rules_ = std::move(loaded);
  views_.clear();
  ++views_epoch_;
  return {};
}

AccessRules OrgImpl::access_rules() const {
  const std::lock_guard lock(catalogue_mutex_);
  return access_rules_;
}

Result<void> OrgImpl::SetAccessRules(const AccessRules& rules) {
  const auto schema = catalogue();
  for (const std::string& name : rules.private_objects) {
    const ObjectInfo* object = schema->Object(name);
    if (object == nullptr || object->Field("OwnerId") == nullptr) {
      return Fail(Kind::kBadInput, "SBX-ACCESS-001",
                  "`" + name + "` is no object whose records have owners");
    }
  }
  for (const std::string& name : rules.closed_profiles) {
    FIRN_TRY(const auto cursor, Query("SELECT Name FROM Profile", {.see_hidden = true}));
    bool known = false;
    for (;;) {
      FIRN_TRY(const bool more, cursor->Next());
      if (!more) break;
      known = known || cursor->row()[0].text == name;
    }
    if (!known) {
      return Fail(Kind::kBadInput, "SBX-ACCESS-001", "no profile is called `" + name + "`");
    }
  }
  {
    const std::lock_guard lock(write_mutex_);
    FIRN_TRY(Statement put, writer_.db().Prepare("INSERT OR REPLACE INTO meta(key, value)"
                                                 " VALUES ('access_rules', ?)"));
    const json text = {{"closed_profiles", rules.closed_profiles},
                       {"private_objects", rules.private_objects}};
    put.Bind(1, text.dump());
    FIRN_CHECK(put.Run());
  }
  return LoadAccessRules();
}

bool OrgImpl::TouchesAccess(const Catalogue& schema, const Mutation& mutation) {
  const int64_t id = mutation.id != 0 ? mutation.id : ParseId(mutation.id_text).value_or(0);
  const ObjectInfo* object = mutation.object.empty() ? schema.ByKeyPrefix(KeyPrefixOf(id))
                                                     : schema.Object(mutation.object);
  return object != nullptr && std::find(std::begin(kAccessObjects), std::end(kAccessObjects),
                                        object->name) != std::end(kAccessObjects);
}

void OrgImpl::ForgetViews() {
  const std::lock_guard lock(catalogue_mutex_);
  views_.clear();
  ++views_epoch_;
}

Result<AccessFacts> OrgImpl::ReadAccessFacts(const std::string& user_id, const AccessRules& rules) {
  AccessFacts facts;
  facts.user_id = user_id;
  for (const std::string& name : rules.private_objects) facts.private_objects.insert(Folded(name));
  std::string sets;
  const auto each = [&](const std::string& soql, const auto& use) -> Result<void> {
    FIRN_TRY(const auto cursor, Query(soql, {.see_hidden = true}));
    for (;;) {
      FIRN_TRY(const bool more, cursor->Next());
      if (!more) return {};
      use(cursor->row());
    }
  };
  FIRN_CHECK(each(
      "SELECT Profile.Name, Profile.PermissionsViewAllData FROM User WHERE Id = '" + user_id + "'",
      [&](std::span<const Value> row) {
        facts.closed = !row[0].null() && rules.closed_profiles.contains(std::string(row[0].text));
        facts.view_all = !row[1].null() && row[1].number != 0;
      }));
  FIRN_CHECK(
      each("SELECT PermissionSetId, PermissionSet.PermissionsViewAllData FROM"
           " PermissionSetAssignment WHERE AssigneeId = '" +
               user_id + "'",
           [&](std::span<const Value> row) {
             if (row[0].null()) return;
             sets += (sets.empty() ? "'" : ",'") + IdText(row[0].number) + "'";
             facts.view_all = facts.view_all || (!row[1].null() && row[1].number != 0);
           }));
  if (sets.empty()) return facts;
  const auto on = [](const Value& value) { return !value.null() && value.number != 0; };
  FIRN_CHECK(
      each("SELECT SobjectType, PermissionsRead, PermissionsCreate, PermissionsEdit,"
           " PermissionsDelete, PermissionsViewAllRecords FROM ObjectPermissions WHERE"
           " ParentId IN (" +
               sets + ")",
           [&](std::span<const Value> row) {
             ObjectAccess& access = facts.objects[Folded(row[0].text)];
             access.read |= on(row[1]);
             access.create |= on(row[2]);
             access.edit |= on(row[3]);
             access.remove |= on(row[4]);
             access.view_all |= on(row[5]);
           }));
  FIRN_CHECK(
      each("SELECT Field, PermissionsRead, PermissionsEdit FROM FieldPermissions WHERE"
           " ParentId IN (" +
               sets + ")",
           [&](std::span<const Value> row) {
             if (on(row[1])) facts.fields[Folded(row[0].text)] |= on(row[2]);
           }));
  return facts;
}

Result<std::shared_ptr<const AccessView>> OrgImpl::ViewOf(const std::string& user_id) {
  std::shared_ptr<const Catalogue> base;
  AccessRules rules;
  uint64_t epoch = 0;
  {
    const std::lock_guard lock(catalogue_mutex_);
    const bool anyone =
        access_rules_.closed_profiles.empty() && access_rules_.private_objects.empty();
    const auto found = views_.find(anyone ? std::string() : user_id);
    if (found != views_.end() && found->second->base() == catalogue_) return found->second;
    base = catalogue_;
    rules = access_rules_;
    if (anyone || user_id.empty()) {
      AccessFacts open;
      open.view_all = true;
      auto view = std::make_shared<const AccessView>(base, std::move(open));
      return views_[std::string()] = view;
    }
    epoch = views_epoch_;
  }
  FIRN_TRY(AccessFacts facts, ReadAccessFacts(user_id, rules));
  auto view = std::make_shared<const AccessView>(base, std::move(facts));
  const std::lock_guard lock(catalogue_mutex_);
  if (epoch == views_epoch_ && base == catalogue_) views_[user_id] = view;
  return std::shared_ptr<const AccessView>(view);
}

std::shared_ptr<const Catalogue> OrgImpl::CatalogueFor(const std::string& user_id) {
  const auto view = ViewOf(user_id);
  // Who cannot be looked up sees nothing.
  return view ? (*view)->catalogue() : std::make_shared<const Catalogue>(std::vector<ObjectInfo>());
}

// By the profile or a permission set, and only together with View All Data.
Result<bool> OrgImpl::MayQueryAllFiles(const std::string& user_id) {
  const auto any = [&](const std::string& from) -> Result<bool> {
    FIRN_TRY(const auto cursor, Query(from + " = '" + user_id + "' LIMIT 1", {.see_hidden = true}));
    return cursor->Next();
  };
  FIRN_TRY(const bool by_profile, any("SELECT Id FROM User WHERE Profile.PermissionsQueryAllFiles ="
                                      " true AND Profile.PermissionsViewAllData = true AND Id"));
  if (by_profile) return true;
  return any(
      "SELECT Id FROM PermissionSetAssignment WHERE PermissionSet.PermissionsQueryAllFiles ="
      " true AND PermissionSet.PermissionsViewAllData = true AND AssigneeId");
}

// Whether the row may be changed by the user: whether the user sees it.
Result<std::optional<Error>> OrgImpl::RefusedBy(const AccessView& view, const Mutation& mutation) {
  const auto& schema = view.base();
  int64_t id = mutation.id;
  if (id == 0) id = ParseId(mutation.id_text).value_or(0);
  const ObjectInfo* object = mutation.object.empty() ? schema->ByKeyPrefix(KeyPrefixOf(id))
                                                     : schema->Object(mutation.object);
  if (object == nullptr) return std::optional<Error>();  // the writer says what is wrong
  if (auto refusal = view.Refuses(mutation, *object)) return refusal;
  if (!view.OwnOnly(*object) || mutation.kind == Mutation::Kind::kInsert) {
    return std::optional<Error>();
  }
  std::vector<int64_t> ids;
  if (id != 0) ids.push_back(id);
  for (const Cell& cell : mutation.cells) {
    if (id != 0 || Folded(cell.name) != Folded(mutation.key_field) || !cell.text) continue;
    FIRN_TRY(ids, FindByExternalId(object->name, mutation.key_field, *cell.text));
  }
  for (const int64_t each : ids) {
    FIRN_TRY(const auto cursor,
             Query("SELECT Id FROM " + object->name + " WHERE Id = '" + IdText(each) + "'",
                   {.all_rows = true, .user_id = view.user_id()}));
    FIRN_TRY(const bool seen, cursor->Next());
    if (!seen) {
      return std::optional<Error>(ApiError(404, "INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY",
                                           "insufficient access rights on cross-reference id"));
    }
  }
  return std::optional<Error>();
}

}  // namespace firn::sandbox
