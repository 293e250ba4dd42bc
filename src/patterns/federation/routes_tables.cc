#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "core/base/encoding.h"
#include "core/net/digest.h"
#include "patterns/federation/refusals.h"
#include "patterns/federation/routes.h"
#include "patterns/federation/storage/delegation.h"

namespace firn::federation {

using lake::EntryKind;
using Json = nlohmann::ordered_json;

namespace {

std::string TagOf(const std::string& location, bool refs_only) {
  const std::string digest = net::Sha256(location + (refs_only ? "\nrefs" : "\nall"));
  return "\"" + Hex(digest.substr(0, 16)) + "\"";
}

// Put together as text: the metadata is large and already there.
Answer TableAnswer(const LoadedTable& table, const std::string& metadata_json, bool refs_only,
                   const Delegated& delegated) {
  Answer answer;
  answer.body.reserve(metadata_json.size() + 512);
  answer.body = "{";
  if (!table.location.empty()) {
    answer.body += "\"metadata-location\":" + Json(table.location).dump() + ",";
    answer.headers.Add("ETag", TagOf(table.location, refs_only));
  }
  answer.body += "\"metadata\":" + metadata_json + ",\"config\":" + delegated.config_json;
  if (!delegated.credentials_json.empty())
    answer.body += ",\"storage-credentials\":" + delegated.credentials_json;
  answer.body += "}";
  return answer;
}

Answer TableAnswer(const LoadedTable& table) { return TableAnswer(table, *table.json, false, {}); }

// With what the client asked for to reach its files.
Result<Answer> TableAnswer(Desk& desk, const Exchange& exchange, const EntryName& name,
                           const LoadedTable& table) {
  FIRN_TRY(const Delegated delegated, DelegateAccess(desk, exchange, name, *table.metadata));
  return TableAnswer(table, *table.json, false, delegated);
}

std::string WithReferencedSnapshots(const lake::TableMetadata& metadata) {
  std::set<int64_t> kept;
  for (const auto& [name, ref] : metadata.refs) kept.insert(ref.snapshot_id);
  lake::TableMetadata shown = metadata;
  std::erase_if(shown.snapshots,
                [&](const auto& snapshot) { return !kept.contains(snapshot->snapshot_id); });
  return lake::MetadataJson(shown);
}

// Whether the header names the tag, alone, in a list, as a weak one or as `*` (RFC 9110, 13.1.2).
bool Matches(std::string_view header, std::string_view tag) {
  for (size_t at = 0; at < header.size();) {
    const size_t end = std::min(header.find(',', at), header.size());
    std::string_view item = header.substr(at, end - at);
    while (item.starts_with(' ')) item.remove_prefix(1);
    while (item.ends_with(' ')) item.remove_suffix(1);
    if (item.starts_with("W/")) item.remove_prefix(2);
    if (item == tag || item == "*") return true;
    at = end + 1;
  }
  return false;
}

Result<std::string> Text(const Json& body, const char* key) {
  const auto found = body.find(key);
  if (found == body.end() || !found->is_string())
    return BadRequest("`" + std::string(key) + "` is missing or no text");
  return found->get<std::string>();
}

// nullptr when missing or null. Errors: it is something else.
Result<const Json*> Object(const Json& body, const char* key) {
  const auto found = body.find(key);
  if (found == body.end() || found->is_null()) return nullptr;
  if (!found->is_object()) return BadRequest("`" + std::string(key) + "` is no object");
  return &*found;
}

// False when missing or null.
Result<bool> Flag(const Json& body, const char* key) {
  const auto found = body.find(key);
  if (found == body.end() || found->is_null()) return false;
  if (!found->is_boolean())
    return BadRequest("`" + std::string(key) + "` is neither true nor false");
  return found->get<bool>();
}

Result<TableChange> ChangeFrom(const Exchange& exchange, const EntryName& name, const Json& body) {
  TableChange change;
  change.name = name;
  change.any_location = exchange.principal.Administers();
  const auto requirements = body.find("requirements");
  const auto updates = body.find("updates");
  if (requirements == body.end() || !requirements->is_array())
    return BadRequest("`requirements` is missing or no list");
  if (updates == body.end() || !updates->is_array())
    return BadRequest("`updates` is missing or no list");
  change.requirements_json = requirements->dump();
  change.updates_json = updates->dump();
  return change;
}

// Making a table needs more than changing one.
Result<void> RequireFor(const Exchange& exchange, const TableChange& change) {
  FIRN_TRY(const bool creates, lake::RequiresNoTable(change.requirements_json));
  return Require(exchange.principal, creates ? Right::kManage : Right::kWrite, PathOf(change.name));
}

Answer UnregisteredAnswer(const LoadedTable& table) {
  Answer answer;
  answer.body = "{\"metadata-location\":" + Json(table.location).dump() +
                ",\"metadata\":" + *table.json + "}";
  return answer;
}

Result<Answer> RenameEntry(Desk& desk, const Exchange& exchange, EntryKind kind) {
  FIRN_TRY(const EntryName from, EntryNameFromJson(exchange.body.value("source", Json())));
  FIRN_TRY(const EntryName to, EntryNameFromJson(exchange.body.value("destination", Json())));
  FIRN_CHECK(Require(exchange.principal, Right::kManage, PathOf(from)));
  FIRN_CHECK(Require(exchange.principal, Right::kManage, PathOf(to)));
  FIRN_TRY(const auto refusal,
           desk.catalog->Rename({IdentOf(from), IdentOf(to), kind}, exchange.note));
  if (!refusal) return NoContent();
  using Why = lake::CatalogRefusal::Why;
  if (refusal->why == Why::kNoNamespace) return NoNamespace(to.ns);
  if (refusal->why != Why::kTakenByTable && refusal->why != Why::kTakenByView)
    return NoEntry(from, kind);
  const bool view = refusal->why == Why::kTakenByView;
  return Fail(Error(Kind::kConflict, view ? "CAT-VIEW-002" : "CAT-TABLE-002",
                    "Cannot rename " + Shown(from) + " to " + Shown(to) +
                        (view ? ". View already exists" : ". Table already exists")));
}

}  // namespace

Result<Answer> RenameTable(Desk& desk, const Exchange& exchange) {
  return RenameEntry(desk, exchange, EntryKind::kTable);
}

Result<Answer> RenameView(Desk& desk, const Exchange& exchange) {
  return RenameEntry(desk, exchange, EntryKind::kView);
}

Result<Answer> ListEntries(Desk& desk, const Exchange& exchange, EntryKind kind) {
  FIRN_TRY(const Levels levels, exchange.Namespace());
  if (!exchange.principal.Sees(levels))
    FIRN_CHECK(Require(exchange.principal, Right::kRead, levels));
  const std::string ns = CatalogText(levels);
  FIRN_TRY(const auto there, desk.catalog->FindNamespace(ns));
  if (!there) return NoNamespace(levels);
  FIRN_TRY(auto names, desk.catalog->Entries(ns, kind));
  std::erase_if(names, [&](const std::string& name) {
    return !exchange.principal.May(Right::kRead, PathOf({levels, name}));
  });
  FIRN_TRY(const Page page, PageOf(exchange, names));
  Json list = Json::array();
  for (size_t i = page.begin; i < page.end; ++i)
    list.push_back({{"namespace", levels}, {"name", names[i]}});
  Json answer = {{"identifiers", list}};
  if (!page.next_token.empty()) answer["next-page-token"] = page.next_token;
  return JsonAnswer(answer);
}

Result<Answer> ListTables(Desk& desk, const Exchange& exchange) {
  return ListEntries(desk, exchange, EntryKind::kTable);
}

Result<Answer> ListViews(Desk& desk, const Exchange& exchange) {
  return ListEntries(desk, exchange, EntryKind::kView);
}

Result<Answer> CreateTable(Desk& desk, const Exchange& exchange) {
  const Json& body = exchange.body;
  CreateTableRequest request;
  FIRN_TRY(request.name.ns, exchange.Namespace());
  FIRN_TRY(request.name.name, Text(body, "name"));
  FIRN_CHECK(CheckEntryName(request.name.name));
  FIRN_CHECK(Require(exchange.principal, Right::kManage, PathOf(request.name)));
  request.any_location = exchange.principal.Administers();
  request.note = exchange.note;
  lake::TableRequest& table = request.table;
  FIRN_TRY(const Json* schema, Object(body, "schema"));
  if (schema == nullptr) return BadRequest("`schema` is missing");
  table.schema_json = schema->dump();
  FIRN_TRY(const Json* spec, Object(body, "partition-spec"));
  if (spec != nullptr) table.partition_spec_json = spec->dump();
  FIRN_TRY(const Json* order, Object(body, "write-order"));
  if (order != nullptr) table.write_order_json = order->dump();
  if (body.contains("location") && !body["location"].is_null()) {
    FIRN_TRY(table.location, Text(body, "location"));
  }
  FIRN_TRY(const Json* properties, Object(body, "properties"));
  if (properties != nullptr) {
    for (const auto& [key, value] : properties->items()) {
      if (!value.is_string()) return BadRequest("property `" + key + "` is no text");
      table.properties[key] = value.get<std::string>();
    }
  }
  FIRN_TRY(const bool staged, Flag(body, "stage-create"));
  if (staged) {
    FIRN_TRY(const LoadedTable made, desk.tables.Stage(exchange.call, request));
    return TableAnswer(desk, exchange, request.name, made);
  }
  FIRN_TRY(const LoadedTable made, desk.tables.Create(exchange.call, request));
  return TableAnswer(desk, exchange, request.name, made);
}

Result<Answer> LoadTable(Desk& desk, const Exchange& exchange) {
  FIRN_TRY(const EntryName name, exchange.Entry("table"));
  FIRN_CHECK(Require(exchange.principal, Right::kRead, PathOf(name)));
  const std::string snapshots = exchange.Param("snapshots");
  if (!snapshots.empty() && snapshots != "all" && snapshots != "refs")
    return BadRequest("`snapshots` is neither `all` nor `refs`");
  const bool refs_only = snapshots == "refs";
  FIRN_TRY(const LoadedTable table, desk.tables.Load(exchange.call, name));
  const std::string tag = TagOf(table.location, refs_only);
  if (Matches(exchange.headers.GetOr("If-None-Match", ""), tag))
    return Answer{304, "", {{"ETag", tag}}};
  if (!refs_only) return TableAnswer(desk, exchange, name, table);
  FIRN_TRY(const Delegated delegated, DelegateAccess(desk, exchange, name, *table.metadata));
  return TableAnswer(table, WithReferencedSnapshots(*table.metadata), true, delegated);
}

Result<Answer> TableExists(Desk& desk, const Exchange& exchange) {
  FIRN_TRY(const EntryName name, exchange.Entry("table"));
  FIRN_CHECK(Require(exchange.principal, Right::kRead, PathOf(name)));
  FIRN_TRY(const bool there, desk.tables.Exists(name));
  if (!there) return NoEntry(name, EntryKind::kTable);
  return NoContent();
}

Result<Answer> CommitTable(Desk& desk, const Exchange& exchange) {
  FIRN_TRY(const EntryName name, exchange.Entry("table"));
  FIRN_TRY(const Json* identifier, Object(exchange.body, "identifier"));
  if (identifier != nullptr) {
    FIRN_TRY(const EntryName named, EntryNameFromJson(*identifier));
    if (IdentOf(named) != IdentOf(name))
      return BadRequest("`identifier` names another table than the path");
  }
  FIRN_TRY(const TableChange change, ChangeFrom(exchange, name, exchange.body));
  FIRN_CHECK(RequireFor(exchange, change));
  FIRN_TRY(const LoadedTable table, desk.tables.Commit(exchange.call, change, exchange.note));
  return TableAnswer(table);
}

Result<Answer> CommitTransaction(Desk& desk, const Exchange& exchange) {
  const auto list = exchange.body.find("table-changes");
  if (list == exchange.body.end() || !list->is_array())
    return BadRequest("`table-changes` is missing or no list");
  std::vector<TableChange> changes;
  for (const Json& item : *list) {
    if (!item.is_object()) return BadRequest("`table-changes` holds something that is no object");
    FIRN_TRY(const EntryName name, EntryNameFromJson(item.value("identifier", Json())));
    FIRN_TRY(TableChange change, ChangeFrom(exchange, name, item));
    FIRN_CHECK(RequireFor(exchange, change));
    changes.push_back(std::move(change));
  }
  FIRN_CHECK(desk.tables.CommitAll(exchange.call, changes, exchange.note));
  return NoContent();
}

Result<Answer> DropTable(Desk& desk, const Exchange& exchange) {
  FIRN_TRY(const EntryName name, exchange.Entry("table"));
  FIRN_CHECK(Require(exchange.principal, Right::kManage, PathOf(name)));
  Tables::DropOptions options;
  options.note = exchange.note;
  options.purge = exchange.Says("purgeRequested");
  FIRN_CHECK(desk.tables.Drop(exchange.call, name, options));
  return NoContent();
}

Result<Answer> UnregisterTable(Desk& desk, const Exchange& exchange) {
  FIRN_TRY(const EntryName name, exchange.Entry("table"));
  FIRN_CHECK(Require(exchange.principal, Right::kManage, PathOf(name)));
  FIRN_TRY(const LoadedTable table, desk.tables.Unregister(exchange.call, name, exchange.note));
  return UnregisteredAnswer(table);
}

Result<Answer> RegisterTable(Desk& desk, const Exchange& exchange) {
  RegisterRequest request;
  request.note = exchange.note;
  FIRN_TRY(request.name.ns, exchange.Namespace());
  FIRN_TRY(request.name.name, Text(exchange.body, "name"));
  FIRN_CHECK(CheckEntryName(request.name.name));
  // Whoever names a metadata file can read any table's: that takes the whole catalog.
  FIRN_CHECK(Require(exchange.principal, Right::kManage, {}));
  FIRN_TRY(request.metadata_location, Text(exchange.body, "metadata-location"));
  FIRN_TRY(request.overwrite, Flag(exchange.body, "overwrite"));
  FIRN_TRY(const LoadedTable table, desk.tables.Register(exchange.call, request));
  return TableAnswer(desk, exchange, request.name, table);
}

Result<Answer> ReportMetrics(Desk& desk, const Exchange& exchange) {
  FIRN_TRY(const EntryName name, exchange.Entry("table"));
  FIRN_CHECK(Require(exchange.principal, Right::kRead, PathOf(name)));
  FIRN_TRY(const std::string type, Text(exchange.body, "report-type"));
  if (type != "scan-report" && type != "commit-report")
    return BadRequest("`report-type` is neither `scan-report` nor `commit-report`");
  FIRN_TRY(const bool there, desk.tables.Exists(name));
  // Java reports the first commit of a table that it makes before the one that makes it.
  const bool being_made =
      type == "commit-report" && exchange.principal.May(Right::kManage, PathOf(name));
  if (!there && !being_made) return NoEntry(name, EntryKind::kTable);
  desk.metrics
      .GetCounter("catalog_reports_total", {{"type", type}}, "metrics reports that engines sent")
      .Add();
  return NoContent();
}

// The table that a call made or changed, as it is now.
Result<Answer> ReplayTable(Desk& desk, const Exchange& exchange) {
  EntryName name;
  FIRN_TRY(name.ns, exchange.Namespace());
  const auto var = exchange.vars.find("table");
  const bool made = var == exchange.vars.end();
  if (made) {
    FIRN_TRY(name.name, Text(exchange.body, "name"));
  } else {
    name.name = var->second;
  }
  FIRN_TRY(const LoadedTable table, desk.tables.Load(exchange.call, name));
  return made ? TableAnswer(desk, exchange, name, table) : TableAnswer(table);
}

// The table may be back under that name, or another have it: what it was is read from its files.
Result<Answer> ReplayUnregister(Desk& desk, const Exchange& exchange) {
  FIRN_TRY(const EntryName name, exchange.Entry("table"));
  FIRN_CHECK(Require(exchange.principal, Right::kManage, PathOf(name)));
  FIRN_TRY(const LoadedTable table, desk.tables.ReadFile(exchange.call, exchange.noted));
  return UnregisteredAnswer(table);
}

Result<Answer> ReplayNothing(Desk&, const Exchange&) { return NoContent(); }

}  // namespace firn::federation
