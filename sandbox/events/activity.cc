#include "sandbox/events/activity.h"

#include <algorithm>

#include "core/base/encoding.h"
#include "core/base/log.h"
#include "core/base/random.h"
#include "sandbox/events/avro_writer.h"
#include "sandbox/events/change_encoder.h"

namespace firn::sandbox {
namespace {

// The object behind FROM, as the event names what was queried.
std::string QueriedObject(std::string_view soql) {
  const std::string folded = Folded(soql);
  const size_t from = folded.find(" from ");
  if (from == std::string::npos) return "";
  const size_t begin = soql.find_first_not_of(' ', from + 6);
  if (begin == std::string_view::npos) return "";
  return std::string(soql.substr(begin, soql.find_first_of(" \t\r\n)", begin) - begin));
}

// `60.0` of `/services/data/v60.0/query`.
std::string VersionOf(std::string_view path) {
  const size_t at = path.find("/v");
  if (at == std::string_view::npos) return "";
  path.remove_prefix(at + 2);
  return std::string(path.substr(0, path.find('/')));
}

}  // namespace

void Activity::Note(const char* stream, std::string user_id, Values values) {
  const EventSettings settings = bus_.settings();
  if (std::find(settings.streaming.begin(), settings.streaming.end(), stream) ==
      settings.streaming.end()) {
    return;
  }
  const auto schema = bus_.StreamSchema(stream);
  const int64_t now = bus_.NowMillis();
  std::string payload;
  for (const EventField& field : schema->fields) {
    const auto found = values.find(field.name);
    Value value;
    if (field.kind == EventField::Kind::kMillis) {
      value = Value::DateTime(now);
    } else if (field.name == "CreatedById" || field.name == "UserId") {
      value = Value::Text(user_id);
    } else if (found != values.end() && !found->second.empty()) {
      value = field.kind == EventField::Kind::kDouble
                  ? Value::Int(std::strtoll(found->second.c_str(), nullptr, 10))
                  : Value::Text(found->second);
    }
    AppendEventValue(field, value, payload);
  }
  const std::lock_guard lock(mutex_);
  if (waiting_.size() < kWaitingMax) {
    waiting_.push_back({schema.get(), std::move(payload)});
  } else {
    ++lost_;
  }
}

void Activity::NoteSignIn(const SignInAttempt& attempt, const std::string& user_agent) {
  Note("LoginEventStream", attempt.user_id,
       {{"EventIdentifier", NewUuid(SystemRandom())},
        {"Username", attempt.username},
        {"UserType", "Standard"},
        {"LoginType", attempt.login_type},
        {"Status", attempt.status},
        {"Application", attempt.application},
        {"Browser", user_agent},
        {"ApiVersion", attempt.api_version},
        {"SessionLevel", "STANDARD"}});
}

void Activity::NoteSignOut(const SignOutNote& note, const UserDirectory& users) {
  const auto user = users.ById(note.user_id);
  Note("LogoutEventStream", note.user_id,
       {{"EventIdentifier", NewUuid(SystemRandom())},
        {"Username", user ? user->username : ""},
        {"SessionLevel", "STANDARD"}});
}

void Activity::NoteRequest(const RequestLine& line) {
  if (line.cost == 0 || line.path.find("/query") == std::string::npos) return;
  std::string soql;
  for (const auto& [key, value] : FormDecode(line.query).value_or(FormFields{})) {
    if (key == "q" && soql.empty()) soql = value;
  }
  const bool more = soql.empty();
  const std::string entities = QueriedObject(soql);
  Note("ApiEventStream", line.username,
       {{"EventIdentifier", NewUuid(SystemRandom())},
        {"ApiType", "REST"},
        {"ApiVersion", VersionOf(line.path)},
        {"Application", line.client},
        {"Client", line.client},
        {"Operation", more ? "QueryMore" : "Query"},
        {"Query", std::move(soql)},
        {"QueriedEntities", entities},
        {"ElapsedTime", std::to_string(line.micros / 1000)}});
}

Result<void> Activity::Flush() {
  std::vector<Waiting> ready;
  uint64_t lost = 0;
  {
    const std::lock_guard lock(mutex_);
    ready.swap(waiting_);
    std::swap(lost, lost_);
  }
  if (lost > 0) log::Warn("sandbox_activity_events_lost", {{"events", lost}});
  // Runs of one stream, in their order.
  for (size_t begin = 0; begin < ready.size();) {
    size_t end = begin;
    std::vector<EventBus::Publication> run;
    while (end < ready.size() && ready[end].schema == ready[begin].schema) {
      run.push_back({{}, ready[end++].payload});
    }
    if (const auto published = bus_.Publish(*ready[begin].schema, run); !published) {
      // The store is busy, with a seed for example: again at the next flush, in the same order.
      const std::lock_guard lock(mutex_);
      waiting_.insert(waiting_.begin(),
                      std::make_move_iterator(ready.begin() + static_cast<ptrdiff_t>(begin)),
                      std::make_move_iterator(ready.end()));
      return Fail(published.error());
    }
    begin = end;
  }
  return {};
}

}  // namespace firn::sandbox
