#include "sandbox/life/admin.h"

#include <nlohmann/json.hpp>
#include <optional>

#include "core/base/log.h"
#include "core/base/time_text.h"
#include "sandbox/bulk/bulk_query.h"
#include "sandbox/crypto.h"
#include "sandbox/data_cloud/lake_http.h"
#include "sandbox/events/change_capture.h"
#include "sandbox/life/admin_answer.h"
#include "sandbox/life/admin_life.h"
#include "sandbox/text.h"

namespace firn::sandbox {
namespace {

using nlohmann::json;
using nlohmann::ordered_json;

std::string Dump(const ordered_json& value) { return DumpJson(value); }

Answer Done(const Result<void>& result) {
  return result ? NoContent() : AdminError(result.error());
}

ordered_json LimitsJson(ApiParts& parts) {
  const DailyLimits limits = parts.usage.limits();
  const auto one = [&](Allotment allotment) {
    return ordered_json{{"max", limits.Max(allotment)}, {"used", parts.usage.Used(allotment)}};
  };
  return {{"api_requests", one(Allotment::kApiRequests)},
          {"bulk_query_jobs", one(Allotment::kBulkQueryJobs)},
          {"bulk_query_bytes", one(Allotment::kBulkQueryBytes)},
          {"delivered_events", one(Allotment::kDeliveredEvents)},
          {"published_events", one(Allotment::kPublishedEvents)},
          {"bulk_batches", one(Allotment::kBulkBatches)},
          {"bulk_rows", one(Allotment::kBulkRows)}};
}

Answer Status(ApiParts& parts) {
  ordered_json objects = ordered_json::array();
  const auto catalogue = parts.org.catalogue();
  for (const ObjectInfo& object : catalogue->objects()) {
    if (IsPlatformEvent(object.name)) continue;
    const auto live = parts.org.Count(object.name, false);
    const auto all = parts.org.Count(object.name, true);
    objects.push_back({{"name", object.name},
                       {"rows", live ? *live : 0},
                       {"deleted", live && all ? *all - *live : 0}});
  }
  return JsonAnswer(200, Dump({{"org_id", parts.org.org_id()},
                               {"now", FormatUtc(parts.clock.Now())},
                               {"requests", parts.log.total()},
                               {"sessions", parts.sessions.count()},
                               {"limits", LimitsJson(parts)},
                               {"faults", ordered_json::parse(parts.faults.ToJson())},
                               {"objects", objects}}));
}

Answer Faults(ApiParts& parts, const net::ServerRequest& request, const std::string& name) {
  if (request.method == "GET") return JsonAnswer(200, parts.faults.ToJson());
  if (request.method == "POST" && name.empty()) return Done(parts.faults.Add(request.body));
  if (request.method != "DELETE") return AdminError(405, "use GET, POST or DELETE");
  if (name.empty()) {
    parts.faults.Clear();
    return NoContent();
  }
  return parts.faults.Remove(name) ? NoContent() : AdminError(404, "no fault has this name");
}

Answer ClockAnswer(ApiParts& parts) {
  const auto seconds = std::chrono::duration<double>(parts.clock.offset()).count();
  return JsonAnswer(200,
                    Dump({{"now", FormatUtc(parts.clock.Now(), 6)}, {"offset_seconds", seconds}}));
}

Answer MoveClock(ApiParts& parts, const net::ServerRequest& request) {
  if (request.method == "GET") return ClockAnswer(parts);
  const json body = json::parse(request.body, nullptr, false);
  if (!body.is_object()) return AdminError(400, "the body is not a JSON object");
  auto offset = parts.clock.offset();
  const auto micros = [](const json& seconds) {
    return std::chrono::microseconds(static_cast<int64_t>(seconds.get<double>() * 1e6));
  };
  try {
    if (body.contains("now")) {
      const auto now = ParseInstant(body["now"].get<std::string>());
      if (!now) return AdminError(now.error());
      offset = *now - parts.clock.under().Now();
    } else if (body.contains("advance_seconds")) {
      offset += micros(body["advance_seconds"]);
    } else if (body.contains("offset_seconds")) {
      offset = micros(body["offset_seconds"]);
    } else {
      return AdminError(400, "give `now`, `advance_seconds` or `offset_seconds`");
    }
  } catch (const json::exception&) {
    return AdminError(400, "a value has the wrong type");
  }
  parts.clock.SetOffset(offset);
  const auto kept = parts.db.SetSetting("clock_offset_us", std::to_string(offset.count()));
  return kept ? ClockAnswer(parts) : AdminError(kept.error());
}

Answer Log(ApiParts& parts, const net::ServerRequest& request) {
  uint64_t after = 0;
  size_t count = 100;
  for (const auto& [key, value] : FormDecode(request.query).value_or(FormFields{})) {
    if (key == "after") after = std::strtoull(value.c_str(), nullptr, 10);
    if (key == "count") count = std::strtoull(value.c_str(), nullptr, 10);
  }
  ordered_json lines = ordered_json::array();
  for (const RequestLine& line : parts.log.After(after, count)) {
    lines.push_back({{"number", line.number},
                     {"at", FormatUtc(line.at)},
                     {"method", line.method},
                     {"path", line.path},
                     {"query", line.query},
                     {"client", line.client},
                     {"user", line.username},
                     {"status", line.status},
                     {"cost", line.cost},
                     {"bytes", line.bytes},
                     {"ms", static_cast<double>(line.micros) / 1000.0},
                     {"faults", line.faults}});
  }
  return JsonAnswer(200, Dump({{"total", parts.log.total()}, {"requests", lines}}));
}

Answer Limits(ApiParts& parts, const net::ServerRequest& request) {
  if (request.method == "GET") return JsonAnswer(200, Dump(LimitsJson(parts)));
  const json body = json::parse(request.body, nullptr, false);
  if (!body.is_object()) return AdminError(400, "the body is not a JSON object");
  DailyLimits limits = parts.usage.limits();
  constexpr std::pair<const char*, Allotment> kNames[] = {
      {"api_requests", Allotment::kApiRequests},
      {"bulk_query_jobs", Allotment::kBulkQueryJobs},
      {"bulk_query_bytes", Allotment::kBulkQueryBytes},
      {"delivered_events", Allotment::kDeliveredEvents},
      {"published_events", Allotment::kPublishedEvents},
      {"bulk_batches", Allotment::kBulkBatches},
      {"bulk_rows", Allotment::kBulkRows}};
  int64_t* const values[] = {&limits.api_requests,     &limits.bulk_query_jobs,
                             &limits.bulk_query_bytes, &limits.delivered_events,
                             &limits.published_events, &limits.bulk_batches,
                             &limits.bulk_rows};
  try {
    for (size_t i = 0; i < kAllotments; ++i) {
      const json one = body.value(kNames[i].first, json::object());
      if (one.contains("max")) *values[i] = one["max"].get<int64_t>();
      if (one.contains("used")) parts.usage.SetUsed(kNames[i].second, one["used"].get<int64_t>());
    }
  } catch (const json::exception&) {
    return AdminError(400, "a value has the wrong type");
  }
  parts.usage.SetLimits(limits);
  const json kept = {{"api_requests", limits.api_requests},
                     {"bulk_query_jobs", limits.bulk_query_jobs},
                     {"bulk_query_bytes", limits.bulk_query_bytes},
                     {"delivered_events", limits.delivered_events},
                     {"published_events", limits.published_events},
                     {"bulk_batches", limits.bulk_batches},
                     {"bulk_rows", limits.bulk_rows}};
  if (auto saved = parts.db.SetSetting("limits", kept.dump()); !saved) {
    return AdminError(saved.error());
  }
  return JsonAnswer(200, Dump(LimitsJson(parts)));
}

ordered_json AppJson(const App& app) {
  ordered_json certificates = ordered_json::array();
  for (const AppCertificate& certificate : app.certificates) {
    certificates.push_back(
        {{"name", certificate.name},
         {"sha256", CertificateFingerprint(certificate.pem).value_or("public key")}});
  }
  return {{"name", app.name},
          {"client_id", app.client_id},
          {"certificates", certificates},
          {"run_as", app.run_as},
          {"scopes", app.scopes},
          {"users", app.users},
          {"self_authorize", app.self_authorize},
          {"redirect_uris", app.redirect_uris},
          {"pkce_required", app.pkce_required},
          {"secret_required", app.secret_required},
          {"jwt_tokens", app.jwt_tokens},
          {"rotate_refresh_tokens", app.rotate_refresh_tokens},
          {"password_flow", app.password_flow},
          {"session_seconds", app.session_length.count()}};
}

// Makes an app, or changes the one with that client id; the answer holds a new app's secret.
Answer PutApp(ApiParts& parts, LifeParts& life, const json& body) {
  App app;
  bool fresh = true;
  try {
    if (auto known = parts.apps.Find(body.value("client_id", ""))) {
      app = *std::move(known);
      fresh = false;
    } else {
      app.client_id = body.value("client_id", NewConsumerKey(SystemRandom()));
      app.client_secret = Secret(body.value("client_secret", NewConsumerSecret(SystemRandom())));
      app.name = "app";
    }
    app.name = body.value("name", app.name);
    app.run_as = body.value("run_as", app.run_as);
    app.scopes = body.value("scopes", app.scopes);
    app.users = body.value("users", app.users);
    app.self_authorize = body.value("self_authorize", app.self_authorize);
    app.redirect_uris = body.value("redirect_uris", app.redirect_uris);
    app.pkce_required = body.value("pkce_required", app.pkce_required);
    app.secret_required = body.value("secret_required", app.secret_required);
    app.jwt_tokens = body.value("jwt_tokens", app.jwt_tokens);
    app.rotate_refresh_tokens = body.value("rotate_refresh_tokens", app.rotate_refresh_tokens);
    app.password_flow = body.value("password_flow", app.password_flow);
    app.session_length =
        std::chrono::seconds(body.value("session_seconds", int64_t{app.session_length.count()}));
  } catch (const json::exception&) {
    return AdminError(400, "a value has the wrong type");
  }
  ordered_json answer = AppJson(app);
  if (fresh) answer["client_secret"] = app.client_secret.Reveal();
  const std::string name = app.name;
  if (auto put = parts.apps.Put(std::move(app)); !put) return AdminError(put.error());
  life.activity.SetupChanged(fresh ? "createdConnectedApplication" : "changedConnectedApplication",
                             "Connected Apps",
                             (fresh ? "Created connected app " : "Changed connected app ") + name);
  return JsonAnswer(fresh ? 201 : 200, Dump(answer));
}

Answer NewRefreshToken(ApiParts& parts, const App& app, const json& body) {
  const auto user = parts.users.ByUsername(body.value("username", app.run_as));
  if (!user) return AdminError(404, "no user has this username");
  Session session;
  session.user_id = user->id;
  session.client_id = app.client_id;
  for (const std::string& scope : app.scopes) {
    session.scopes += (session.scopes.empty() ? "" : " ") + scope;
  }
  const auto token = parts.sessions.Issue(SessionStore::TokenKind::kRefresh, session);
  if (!token) return AdminError(token.error());
  return JsonAnswer(201, Dump({{"refresh_token", *token}}));
}

// `/sandbox/apps[/{client id}[/certificates[/{name}] | /refresh_tokens]]`
Answer Apps(ApiParts& parts, LifeParts& life, const net::ServerRequest& request,
            const std::vector<std::string>& path) {
  json body = request.body.empty() ? json::object() : json::parse(request.body, nullptr, false);
  if (!body.is_object()) return AdminError(400, "the body is not a JSON object");
  const std::string& method = request.method;
  if (path.size() == 2) {
    if (method == "POST") return PutApp(parts, life, body);
    ordered_json apps = ordered_json::array();
    for (const App& app : parts.apps.All()) apps.push_back(AppJson(app));
    return JsonAnswer(200, Dump(apps));
  }
  const auto app = parts.apps.Find(path[2]);
  if (!app) return AdminError(404, "no app has this client id");
  if (path.size() == 3) {
    if (method == "DELETE") return Done(parts.apps.Remove(path[2]));
    return JsonAnswer(200, Dump(AppJson(*app)));
  }
  if (path[3] == "refresh_tokens" && method == "POST") return NewRefreshToken(parts, *app, body);
  if (path[3] != "certificates") return AdminError(404, "no such resource");
  if (path.size() == 5 && method == "DELETE") {
    return Done(parts.apps.RemoveCertificate(path[2], path[4]));
  }
  if (method != "POST" || !body.value("pem", json()).is_string()) {
    return AdminError(400, "POST `name` and `pem`");
  }
  const AppCertificate certificate{body.value("name", "certificate"),
                                   body["pem"].get<std::string>()};
  return Done(parts.apps.AddCertificate(path[2], certificate));
}

// {"closed_profiles": [..], "private_objects": [..]}: what is not given stays as it is.
Answer Access(ApiParts& parts, LifeParts& life, const net::ServerRequest& request) {
  AccessRules rules = parts.org.access_rules();
  if (request.method == "POST") {
    const json body = json::parse(request.body, nullptr, false);
    if (!body.is_object()) return AdminError(400, "the body is not a JSON object");
    try {
      rules.closed_profiles = body.value("closed_profiles", rules.closed_profiles);
      rules.private_objects = body.value("private_objects", rules.private_objects);
    } catch (const json::exception&) {
      return AdminError(400, "give lists of names");
    }
    if (auto set = parts.org.SetAccessRules(rules); !set) return AdminError(set.error());
    life.activity.SetupChanged("sharingSettingsChanged", "Sharing Defaults",
                               "Changed which profiles and objects are restricted");
  }
  return JsonAnswer(200, Dump({{"closed_profiles", rules.closed_profiles},
                               {"private_objects", rules.private_objects}}));
}

// GET lists the keys' ids; POST makes a new one that signs from now on; DELETE drops the others.
Answer Keys(ApiParts& parts, const net::ServerRequest& request) {
  if (request.method == "POST") {
    const auto made = parts.keys.Rotate();
    return made ? JsonAnswer(201, Dump({{"kid", *made}})) : AdminError(made.error());
  }
  if (request.method == "DELETE") {
    const auto dropped = parts.keys.DropOld();
    return dropped ? JsonAnswer(200, Dump({{"dropped", *dropped}})) : AdminError(dropped.error());
  }
  const auto ids = parts.keys.Ids();
  return ids ? JsonAnswer(200, Dump(ordered_json(*ids))) : AdminError(ids.error());
}

// {"username", "password", "security_token"}
Answer SetPassword(ApiParts& parts, LifeParts& life, const net::ServerRequest& request) {
  const json body = json::parse(request.body, nullptr, false);
  if (request.method != "POST" || !body.is_object()) {
    return AdminError(405, "POST `username`, `password` and, if there is one, `security_token`");
  }
  try {
    const auto user = parts.users.ByUsername(body.at("username").get<std::string>());
    if (!user) return AdminError(404, "no user has this username");
    const auto password = body.at("password").get<std::string>();
    if (password.empty()) return AdminError(400, "the password is empty");
    life.activity.SetupChanged("resetpassword", "Manage Users",
                               "Reset password for user " + user->username);
    return Done(parts.passwords.Set(user->id, password + body.value("security_token", "")));
  } catch (const json::exception&) {
    return AdminError(400, "POST `username`, `password` and, if there is one, `security_token`");
  }
}

// {"object", "field", "hidden": bool} or {.., "removed": bool}; without `field`, of the object
Answer Fields(ApiParts& parts, LifeParts& life, const net::ServerRequest& request) {
  const json body = json::parse(request.body, nullptr, false);
  if (request.method != "POST" || !body.is_object()) {
    return AdminError(400, "POST `object`, `field` and `hidden` or `removed`");
  }
  try {
    const auto object = body.at("object").get<std::string>();
    if (!body.contains("field")) {
      life.activity.SetupChanged("deletedCO", "Custom Objects", "Changed object " + object);
      return Done(parts.org.RemoveObject(object, body.at("removed").get<bool>()));
    }
    const auto field = body.at("field").get<std::string>();
    life.activity.SetupChanged("changedFieldSecurity", "Field Security",
                               "Changed field " + object + "." + field);
    if (body.contains("hidden")) {
      return Done(parts.org.HideField(object, field, body["hidden"].get<bool>()));
    }
    return Done(parts.org.RemoveField(object, field, body.at("removed").get<bool>()));
  } catch (const json::exception&) {
    return AdminError(400, "POST `object`, `field` and `hidden` or `removed`");
  }
}

// {"object": "Account", "changes": 3}: the next changes of the object are told by gap events.
Answer ForceGaps(ApiParts& parts, const net::ServerRequest& request) {
  const json body = json::parse(request.body, nullptr, false);
  if (request.method != "POST" || !body.is_object() || !body.value("object", json()).is_string()) {
    return AdminError(400, "POST `object` and `changes`");
  }
  const json changes = body.value("changes", json(1));
  if (!changes.is_number_integer()) return AdminError(400, "a value has the wrong type");
  parts.changes.ForceGaps(body["object"].get<std::string>(), changes.get<int64_t>());
  return NoContent();
}

// The event settings; POST changes those that the body names.
Answer Events(ApiParts& parts, const net::ServerRequest& request,
              const std::vector<std::string>& path) {
  if (path.size() > 2) {
    return path[2] == "gap" ? ForceGaps(parts, request) : AdminError(404, "no such resource");
  }
  if (request.method == "POST") {
    const auto kept = parts.events.Change([&](EventSettings& settings) -> Result<void> {
      FIRN_TRY(settings, ChangedBy(settings, request.body));
      return {};
    });
    if (!kept) return AdminError(kept.error());
  } else if (request.method != "GET") {
    return AdminError(405, "use GET or POST");
  }
  ordered_json answer = ordered_json::parse(EventSettingsJson(parts.events.settings()));
  answer["topics"] = parts.events.TopicNames();
  const auto events = parts.events.log().Count();
  answer["events"] = events ? *events : 0;
  return JsonAnswer(200, Dump(answer));
}

// {"scale": 1} or {"object": "Account", "rows": 1000}
Answer SeedMore(ApiParts& parts, const net::ServerRequest& request) {
  const json body = json::parse(request.body, nullptr, false);
  if (!body.is_object()) return AdminError(400, "the body is not a JSON object");
  SeedOptions options;
  try {
    options.scale = body.value("scale", 1.0);
    options.object = body.value("object", "");
    if (body.contains("rows")) options.rows = body["rows"].get<uint64_t>();
  } catch (const json::exception&) {
    return AdminError(400, "a value has the wrong type");
  }
  const auto report = parts.org.Seed(options);
  if (!report) return AdminError(report.error());
  ordered_json objects = ordered_json::array();
  for (const auto& [name, rows] : report->rows) objects.push_back({{"name", name}, {"rows", rows}});
  return JsonAnswer(200, Dump({{"objects", objects}}));
}

// Changes one record so that it seems to have been committed earlier than it was.
Result<void> LateCommit(ApiParts& parts, const FaultEffect& effect) {
  FIRN_TRY(const auto cursor,
           parts.org.Query("SELECT Id FROM " + effect.object + " ORDER BY Id LIMIT 1",
                           {.see_hidden = true, .user_id = ""}));
  FIRN_TRY(const bool found, cursor->Next());
  if (!found) return {};
  const UtcMicros stamp = parts.clock.Now() - std::chrono::seconds(effect.seconds);
  const std::string text = FormatUtc(stamp);
  std::vector<FieldText> fields = {{"SystemModstamp", text}, {"LastModifiedDate", text}};
  if (!effect.field.empty()) fields.push_back({effect.field, effect.message});
  return parts.org.Update(cursor->row()[0].number, fields,
                          {.user_id = "", .set_audit_fields = true});
}

Answer EmptyBin(ApiParts& parts) {
  // Of the current second too: stamps are whole seconds.
  const auto purged = parts.org.EmptyRecycleBin(parts.clock.Now() + std::chrono::seconds(1));
  if (!purged) return AdminError(purged.error());
  return JsonAnswer(200, Dump({{"purged", *purged}}));
}

}  // namespace

void CarryOut(ApiParts& parts, const FaultEffect& effect) {
  Result<void> done;
  switch (effect.kind) {
    case FaultKind::kExpireTokens: {
      const auto ended = parts.sessions.ExpireAll();
      if (!ended) done = Fail(ended.error());
      break;
    }
    case FaultKind::kQuota: {
      const int64_t max = parts.usage.limits().api_requests;
      parts.usage.SetUsed(Allotment::kApiRequests, effect.used < 0 ? max : effect.used);
      break;
    }
    case FaultKind::kHideField:
      done = parts.org.HideField(effect.object, effect.field, true);
      break;
    case FaultKind::kVanishField:
      done = parts.org.RemoveField(effect.object, effect.field, true);
      break;
    case FaultKind::kClockSkew:
      parts.clock.SetOffset(parts.clock.offset() + std::chrono::seconds(effect.seconds));
      break;
    case FaultKind::kLateCommit:
      done = LateCommit(parts, effect);
      break;
    case FaultKind::kMigrateOrg:
      done = RenameInstance(parts);
      if (done) done = parts.events.MigrateInstance();
      break;
    default:
      break;
  }
  if (!done) {
    log::Warn("sandbox_fault_failed", {{"fault", effect.name}, {"error", done.error().OneLine()}});
  }
}

Answer HandleAdmin(ApiParts& parts, LifeParts& life, const net::ServerRequest& request) {
  const std::string host = request.headers.GetOr("Host", "");
  const std::string origin = request.headers.GetOr("Origin", "");
  if (!origin.empty() && origin != "http://" + host && origin != "https://" + host) {
    return AdminError(403, "requests from other origins are refused");
  }
  const std::vector<std::string> path = Pieces(request.path, '/');
  if (path.size() < 2) return AdminError(404, "no such resource");
  const std::string& what = path[1];
  if (what == "status") return Status(parts);
  if (what == "faults") return Faults(parts, request, path.size() > 2 ? path[2] : "");
  if (what == "clock") return MoveClock(parts, request);
  if (what == "log") return Log(parts, request);
  if (what == "limits") return Limits(parts, request);
  if (what == "apps") return Apps(parts, life, request, path);
  if (what == "load") return HandleLoad(parts, life, request);
  if (what == "traffic") return HandleTraffic(life, request);
  if (what == "snapshot") return HandleSnapshot(parts, life, request);
  if (what == "query") return HandlePageQuery(parts, request);
  if (what == "event_logs") return HandleEventLogs(life, request);
  if (what == "access") return Access(parts, life, request);
  if (what == "certificate") return HandleCertificate(life, request);
  if (what == "migrate") return HandleMigrate(parts, life, request);
  if (what == "signing_keys") return Keys(parts, request);
  if (what == "passwords") return SetPassword(parts, life, request);
  if (what == "fields") return Fields(parts, life, request);
  if (what == "events") return Events(parts, request, path);
  if (what == "data_cloud") return HandleDataCloudAdmin(parts, request, path);
  if (what == "recycle_bin" && request.method == "DELETE") return EmptyBin(parts);
  if (what == "seed" && request.method == "POST") return SeedMore(parts, request);
  if (what == "stop" && request.method == "POST") {
    parts.stop_asked = true;
    return NoContent();
  }
  return AdminError(404, "no such resource");
}

}  // namespace firn::sandbox
