// `composite/tree/{object}`: records and their children, all or none.
// Source: REST API Developer Guide, "sObject Tree", read 2026-11.
#include <set>

#include "sandbox/rest/body.h"
#include "sandbox/rest/rest.h"
#include "sandbox/rest/write.h"

namespace firn::sandbox {
namespace {

constexpr size_t kRecordsMax = 200;
constexpr size_t kLevelsMax = 5;
constexpr size_t kTypesMax = 5;

// A record of the tree, with the parent it hangs on.
struct Node {
  RecordBody* record;
  int parent;        // index into the level above; -1 of a root
  std::string link;  // the field that holds the parent's id
  int64_t id = 0;
};
using Level = std::vector<Node>;

tl::unexpected<Error> Bad(const std::string& what) {
  return Fail(ApiError(400, "INVALID_INPUT", what));
}

// The next level: the children of one, with the fields that link them.
Result<Level> Below(const Catalogue& catalogue, const Level& level) {
  Level below;
  for (size_t i = 0; i < level.size(); ++i) {
    const ObjectInfo* object = catalogue.Object(level[i].record->type);
    for (ChildList& list : level[i].record->children) {
      const ChildRelationship* child =
          object == nullptr ? nullptr : object->Child(list.relationship);
      if (child == nullptr) {
        return Fail(ApiError(400, "INVALID_FIELD",
                             "No such column '" + list.relationship + "' on sobject of type " +
                                 level[i].record->type));
      }
      for (RecordBody& record : list.records) {
        below.push_back({&record, static_cast<int>(i), child->field});
      }
    }
  }
  return below;
}

Result<std::vector<Level>> Levels(const Catalogue& catalogue, std::vector<RecordBody>& records) {
  std::vector<Level> levels(1);
  for (RecordBody& record : records) levels[0].push_back({&record, -1, {}});
  while (true) {
    FIRN_TRY(Level below, Below(catalogue, levels.back()));
    if (below.empty()) break;
    levels.push_back(std::move(below));
    if (levels.size() > kLevelsMax) return Bad("A tree has at most 5 levels");
  }
  size_t count = 0;
  std::set<std::string> types;
  std::set<std::string> references;
  for (const Level& level : levels) {
    count += level.size();
    for (const Node& node : level) {
      types.insert(Folded(node.record->type));
      if (node.record->reference_id.empty() || node.record->type.empty()) {
        return Bad("Each record needs attributes with a type and a referenceId");
      }
      if (!references.insert(node.record->reference_id).second) {
        return Bad("Duplicate ReferenceId provided in the request: " + node.record->reference_id);
      }
    }
  }
  if (count > kRecordsMax) return Bad("A tree has at most 200 records");
  if (types.size() > kTypesMax) return Bad("A tree has records of at most 5 types");
  return levels;
}

std::string ErrorResult(const Node& node, const Error& error) {
  return "{\"referenceId\":" + JsonString(node.record->reference_id) + ",\"errors\":[" +
         RowErrorJson(error) + "]}";
}

// Inserts one level. The errors of its rows, empty when there are none.
Result<std::string> Insert(ApiParts& parts, const ApiRequest& request, Level& level,
                           const Level* above) {
  std::vector<Mutation> mutations;
  for (Node& node : level) {
    RecordBody& record = *node.record;
    if (above != nullptr) {
      const std::string& id = record.texts.emplace_back(IdText((*above)[node.parent].id));
      record.cells.push_back({record.texts.emplace_back(node.link), id});
    }
    Mutation& mutation = mutations.emplace_back();
    mutation.object = record.type;
    mutation.cells = record.cells;
  }
  FIRN_TRY(const auto outcomes, WriteRows(parts, request, mutations, true));
  std::string errors;
  for (size_t i = 0; i < outcomes.size(); ++i) {
    level[i].id = outcomes[i].id;
    if (!outcomes[i].error ||
        PartsOf(*outcomes[i].error).code == "ALL_OR_NONE_OPERATION_ROLLED_BACK") {
      continue;
    }
    errors += (errors.empty() ? "" : ",") + ErrorResult(level[i], *outcomes[i].error);
  }
  return errors;
}

}  // namespace

Answer HandleTree(ApiParts& parts, ApiRequest& request) {
  if (request.path.size() != 3) return NotFoundAnswer();
  if (request.method != "POST") return MethodNotAllowed(request.method, "POST");
  const auto catalogue = parts.org.CatalogueFor(request.session.user_id);
  if (VisibleObject(*catalogue, request.path[2]) == nullptr) return NotFoundAnswer();
  auto body = ReadRecordsBody(request.body);
  if (!body) return ErrorAnswer(body.error());
  if (body->records.empty()) return ErrorAnswer(400, "INVALID_INPUT", "The tree has no records");
  auto levels = Levels(*catalogue, body->records);
  if (!levels) return ErrorAnswer(levels.error());
  std::string errors;
  const auto done = parts.org.Transact(OptionsOf(request, true), [&]() -> Result<bool> {
    for (size_t i = 0; i < levels->size(); ++i) {
      FIRN_TRY(errors, Insert(parts, request, (*levels)[i], i == 0 ? nullptr : &(*levels)[i - 1]));
      if (!errors.empty()) return false;
    }
    return true;
  });
  if (!done) return ErrorAnswer(done.error());
  if (!errors.empty()) {
    return JsonAnswer(400, "{\"hasErrors\":true,\"results\":[" + errors + "]}");
  }
  std::string results;
  for (const Level& level : *levels) {
    for (const Node& node : level) {
      results += (results.empty() ? "" : ",") + std::string("{\"referenceId\":") +
                 JsonString(node.record->reference_id) + ",\"id\":\"" + IdText(node.id) + "\"}";
    }
  }
  return JsonAnswer(201, "{\"hasErrors\":false,\"results\":[" + results + "]}");
}

}  // namespace firn::sandbox
