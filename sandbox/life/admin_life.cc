#include "sandbox/life/admin_life.h"

#include "sandbox/life/admin_answer.h"
#include "sandbox/life/load.h"
#include "sandbox/life/snapshot.h"
#include "sandbox/sign_in/oauth_text.h"

namespace firn::sandbox {
namespace {

using nlohmann::json;
using nlohmann::ordered_json;

constexpr int kPageRowsMax = 200;
constexpr uint64_t kChangesAtOnceMax = 100'000;
constexpr double kPerSecondMax = 10'000;

Answer LoadSchema(ApiParts& parts, LifeParts& life, const std::string& body) {
  const auto files = ObjectFilesOf(body);
  if (!files) return AdminError(files.error());
  for (const std::string& file : *files) {
    if (auto defined = parts.org.DefineYaml(file); !defined) return AdminError(defined.error());
  }
  life.activity.SetupChanged("createdCF", "Custom Objects",
                             "Loaded the schema of " + std::to_string(files->size()) + " objects");
  return JsonAnswer(200, DumpJson({{"objects", files->size()}}));
}

}  // namespace

Result<void> RenameInstance(ApiParts& parts) {
  FIRN_TRY(const auto cursor, parts.org.Query("SELECT Id, InstanceName FROM Organization LIMIT 1",
                                              {.see_hidden = true}));
  FIRN_TRY(const bool found, cursor->Next());
  if (!found) return {};
  const bool first = cursor->row()[1].text == "FIRN1";
  return parts.org.Update(cursor->row()[0].number, {{"InstanceName", first ? "FIRN2" : "FIRN1"}},
                          {.user_id = "", .set_audit_fields = true});
}

namespace {

Result<void> MigrateOrg(ApiParts& parts, LifeParts& life) {
  FIRN_CHECK(RenameInstance(parts));
  FIRN_CHECK(parts.sessions.ExpireAll());
  if (life.on_org_migrated) life.on_org_migrated();
  return {};
}

}  // namespace

Answer HandleLoad(ApiParts& parts, LifeParts& life, const net::ServerRequest& request) {
  if (request.method != "POST") return AdminError(405, "POST the data");
  const FormFields query = FormDecode(request.query).value_or(FormFields{});
  const std::string format = FieldOf(query, "format");
  const std::string object = FieldOf(query, "object");
  if (format == "describe") return LoadSchema(parts, life, request.body);
  if (format != "csv" && format != "json") {
    return AdminError(400, "give `format`: csv, json or describe");
  }
  if (format == "csv" && object.empty()) return AdminError(400, "CSV needs `object`");
  const size_t rows_before = std::strtoull(FieldOf(query, "rows_before").c_str(), nullptr, 10);
  const auto report = format == "csv" ? LoadCsv(parts.org, {object, request.body, rows_before})
                                      : LoadJson(parts.org, object, request.body);
  if (!report) return AdminError(report.error());
  return JsonAnswer(200, DumpJson({{"loaded", report->loaded},
                                   {"failed", report->failed},
                                   {"errors", report->errors}}));
}

Answer HandleTraffic(LifeParts& life, const net::ServerRequest& request) {
  Traffic& traffic = life.traffic;
  if (request.method == "DELETE") traffic.Stop();
  if (request.method == "POST") {
    const json body = json::parse(request.body, nullptr, false);
    if (!body.is_object()) return AdminError(400, "the body is not a JSON object");
    try {
      const auto seed = body.value("seed", uint64_t{1});
      if (body.contains("changes")) {
        const auto count = body["changes"].get<uint64_t>();
        if (count > kChangesAtOnceMax) return AdminError(400, "at most 100000 changes at once");
        const auto made = traffic.Make(count, seed);
        if (!made) return AdminError(made.error());
        return JsonAnswer(200, DumpJson({{"changes", count}, {"kinds", *made}}));
      }
      const double rate = body.at("per_second").get<double>();
      if (!(rate > 0) || rate > kPerSecondMax) {
        return AdminError(400, "`per_second` is above 0 and at most 10000");
      }
      traffic.Start(rate, seed);
    } catch (const json::exception&) {
      return AdminError(400, "give `changes` or `per_second`, and `seed`");
    }
  }
  return JsonAnswer(200, DumpJson({{"running", traffic.running()},
                                   {"per_second", traffic.running() ? traffic.rate() : 0},
                                   {"made", traffic.made()}}));
}

Answer HandleSnapshot(ApiParts& parts, LifeParts& life, const net::ServerRequest& request) {
  const json body = json::parse(request.body, nullptr, false);
  if (request.method != "POST" || !body.is_object() || !body.value("to", json()).is_string()) {
    return AdminError(400, "POST `to`, a folder that does not exist yet");
  }
  // What stands only in memory so far belongs to the snapshot too.
  auto done = parts.usage.Flush();
  if (done) done = life.activity.Flush();
  if (done) done = TakeSnapshot(parts.folder, body["to"].get<std::string>());
  return done ? NoContent() : AdminError(done.error());
}

Answer HandlePageQuery(ApiParts& parts, const net::ServerRequest& request) {
  const json body = json::parse(request.body, nullptr, false);
  if (request.method != "POST" || !body.is_object() || !body.value("soql", json()).is_string()) {
    return AdminError(400, "POST `soql`");
  }
  const auto cursor = parts.org.Query(body["soql"].get<std::string>(), {});
  if (!cursor) {
    const ApiErrorParts error = PartsOf(cursor.error());
    return AdminError(400, error.code + ": " + error.message);
  }
  if ((*cursor)->count_only()) {
    return JsonAnswer(200, DumpJson({{"records", ordered_json::array()},
                                     {"done", true},
                                     {"count", (*cursor)->count()}}));
  }
  std::string rows;
  bool more = false;
  for (int i = 0;; ++i) {
    const auto next = (*cursor)->Next();
    if (!next) return AdminError(next.error());
    more = *next;
    if (!more || i == kPageRowsMax) break;
    if (i > 0) rows += ',';
    AppendJsonRow(**cursor, QueryOptions{}.api_version, rows);
  }
  return JsonAnswer(200, "{\"records\":[" + rows + "],\"done\":" + (more ? "false" : "true") + "}");
}

Answer HandleEventLogs(LifeParts& life, const net::ServerRequest& request) {
  if (request.method != "POST") return AdminError(405, "POST");
  const auto closed = life.activity.CloseNow();
  return closed ? NoContent() : AdminError(closed.error());
}

Answer HandleCertificate(LifeParts& life, const net::ServerRequest& request) {
  const json body = json::parse(request.body, nullptr, false);
  if (request.method != "POST" || !body.is_object() ||
      !body.value("swapped", json()).is_boolean()) {
    return AdminError(400, "POST `swapped`, true or false");
  }
  life.certificate_swapped = body["swapped"].get<bool>();
  return NoContent();
}

Answer HandleMigrate(ApiParts& parts, LifeParts& life, const net::ServerRequest& request) {
  if (request.method != "POST") return AdminError(405, "POST");
  const auto done = MigrateOrg(parts, life);
  return done ? NoContent() : AdminError(done.error());
}

}  // namespace firn::sandbox
