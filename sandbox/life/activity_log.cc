#include "sandbox/life/activity_log.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>

#include "core/base/encoding.h"
#include "core/base/file.h"
#include "core/base/log.h"
#include "core/base/time_text.h"

namespace firn::sandbox {
namespace {

// Of one EventLogFile record; longer logs are cut between lines and numbered by Sequence.
constexpr size_t kLogBytesMax = 8U << 20;
constexpr size_t kHourLength = 13;  // `2026-11-25T23`
constexpr size_t kDayLength = 10;

std::string HourOf(UtcMicros at) { return FormatUtc(at).substr(0, kHourLength); }

Result<void> Append(const std::string& path, std::string_view bytes) {
  const int fd = open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  if (fd < 0) {
    return Fail(
        Error(Kind::kInternal, "SBX-LOGFILE-001", "an event log cannot be written").At(path));
  }
  size_t done = 0;
  while (done < bytes.size()) {
    const ssize_t wrote = write(fd, bytes.data() + done, bytes.size() - done);
    if (wrote <= 0) break;
    done += static_cast<size_t>(wrote);
  }
  close(fd);
  if (done == bytes.size()) return {};
  return Fail(Error(Kind::kInternal, "SBX-LOGFILE-001", "an event log cannot be written").At(path));
}

std::string ClientIp(const std::string& peer) { return peer.substr(0, peer.rfind(':')); }

// The name of the element that the body of a SOAP envelope holds, without its prefix.
std::string SoapMethod(std::string_view envelope) {
  const size_t body = envelope.find("Body");
  const size_t open = body == std::string_view::npos ? body : envelope.find('<', body);
  if (open == std::string_view::npos) return "";
  std::string_view name = envelope.substr(open + 1);
  name = name.substr(0, name.find_first_of(" \t\r\n/>"));
  const size_t colon = name.find(':');
  if (colon != std::string_view::npos) name.remove_prefix(colon + 1);
  constexpr size_t kNameMax = 40;
  return std::string(name.substr(0, kNameMax));
}

std::string Cut(std::string text, size_t bytes_max) {
  if (text.size() > bytes_max) text.resize(bytes_max);
  return text;
}

}  // namespace

EventContext ActivityLog::ContextOf(const net::ServerRequest& request) const {
  const std::string own = request.headers.GetOr("X-SFDC-REQUEST-ID", "");
  const bool soap = request.path.starts_with("/services/Soap/");
  return {org_.org_id(),
          ClientIp(request.peer),
          request.headers.GetOr("User-Agent", ""),
          own,
          soap ? SoapMethod(request.body) : "",
          request.body.size()};
}

void ActivityLog::Gather(UtcMicros at, EventLine line) {
  const std::string name = HourOf(at) + "_" + line.type;
  std::lock_guard lock(mutex_);
  gathered_[name] += line.csv;
}

void ActivityLog::Insert(const std::string& object, const std::vector<FieldText>& fields) {
  const auto made = org_.Insert(object, fields, {.user_id = "", .set_audit_fields = true});
  if (!made) log::Warn("sandbox_activity_not_kept", {{"error", made.error().OneLine()}});
}

void ActivityLog::SignedIn(const net::ServerRequest& request, const SignInAttempt& attempt) {
  const UtcMicros now = clock_.Now();
  const EventContext context = ContextOf(request);
  const bool soap = !attempt.api_version.empty();
  std::vector<FieldText> fields = {
      {"UserId", attempt.user_id},
      {"LoginTime", FormatUtc(now)},
      {"LoginType", attempt.login_type},
      {"SourceIp", Cut(context.client_ip, 39)},
      {"LoginUrl", Cut(request.headers.GetOr("Host", ""), 255)},
      {"TlsProtocol", request.tls ? "TLS 1.3" : "Unknown"},
      {"OptionsIsGet", request.method == "GET" ? "true" : "false"},
      {"OptionsIsPost", request.method == "POST" ? "true" : "false"},
      {"Browser", Cut(context.user_agent.empty() ? "Unknown" : context.user_agent, 64)},
      {"Platform", "Unknown"},
      {"Status", attempt.status},
      {"Application", Cut(attempt.application, 64)},
      {"ClientVersion", "N/A"},
      {"ApiType", soap ? "SOAP Partner" : "N/A"},
      {"ApiVersion", soap ? attempt.api_version : "N/A"}};
  if (!attempt.sub_type.empty()) fields.push_back({"LoginSubType", attempt.sub_type});
  Insert("LoginHistory", fields);
  Gather(now, LoginLine(attempt, now, request.tls, context));
}

void ActivityLog::SignedOut(const net::ServerRequest& request, const std::string& user_id) {
  const UtcMicros now = clock_.Now();
  Gather(now, LogoutLine(user_id, now, ContextOf(request)));
}

void ActivityLog::Answered(const net::ServerRequest& request, const RequestLine& line) {
  for (EventLine& each : LinesOf(line, ContextOf(request))) Gather(line.at, std::move(each));
}

void ActivityLog::SetupChanged(const std::string& action, const std::string& section,
                               const std::string& display) {
  Insert("SetupAuditTrail", {{"Action", action},
                             {"Section", section},
                             {"Display", Cut(display, 4000)},
                             {"CreatedByContext", "firn sandbox"}});
}

Result<void> ActivityLog::WriteGathered() {
  std::map<std::string, std::string> lines;
  {
    std::lock_guard lock(mutex_);
    lines.swap(gathered_);
  }
  if (lines.empty()) return {};
  FIRN_CHECK(MakeFolders(folder_, 0700));
  for (const auto& [name, text] : lines) FIRN_CHECK(Append(folder_ + "/" + name + ".csv", text));
  return {};
}

// One file's lines as EventLogFile records; those of an hour go on to the file of their day.
Result<void> ActivityLog::CloseFile(const std::string& name) {
  const std::string path = folder_ + "/" + name;
  const size_t split = name.find('_');
  const std::string when = name.substr(0, split);
  const std::string type = name.substr(split + 1, name.rfind('.') - split - 1);
  const bool hourly = when.size() == kHourLength;
  const std::string date = hourly ? when + ":00:00Z" : when + "T00:00:00Z";
  FIRN_TRY(const std::string lines, ReadFile(path));
  FIRN_TRY(const auto known,
           org_.Query("SELECT COUNT() FROM EventLogFile WHERE EventType = '" + type +
                          "' AND Interval = '" + (hourly ? "Hourly" : "Daily") +
                          "' AND LogDate = " + date,
                      {.see_hidden = true}));
  auto sequence = static_cast<int64_t>(known->count()) + (hourly ? 1 : 0);
  for (size_t at = 0; at < lines.size();) {
    size_t end = lines.size();
    if (end - at > kLogBytesMax) end = lines.rfind('\n', at + kLogBytesMax) + 1;
    const std::string body = HeaderOf(type) + lines.substr(at, end - at);
    const auto made = org_.Insert("EventLogFile",
                                  {{"EventType", type},
                                   {"LogDate", date},
                                   {"LogFileLength", std::to_string(body.size())},
                                   {"LogFileContentType", "text/csv"},
                                   {"ApiVersion", "67.0"},
                                   {"Sequence", std::to_string(sequence++)},
                                   {"Interval", hourly ? "Hourly" : "Daily"},
                                   {"LogFileFieldNames", FieldNamesOf(type)},
                                   {"LogFileFieldTypes", FieldTypesOf(type)},
                                   {"LogFile", Base64(body)}},
                                  {.user_id = "", .set_audit_fields = true});
    if (!made) return Fail(made.error());
    at = end;
  }
  if (hourly) {
    FIRN_CHECK(Append(folder_ + "/" + when.substr(0, kDayLength) + "_" + type + ".csv", lines));
  }
  return RemoveFile(path);
}

Result<void> ActivityLog::Close(const std::string& now_hour) {
  if (!FileExists(folder_)) return {};
  // Hours first: they add to their days' files.
  for (const size_t length : {kHourLength, kDayLength}) {
    FIRN_TRY(std::vector<std::string> names, ListFolder(folder_));
    std::sort(names.begin(), names.end());
    for (const std::string& name : names) {
      if (name.find('_') != length || !name.ends_with(".csv")) continue;
      if (name.substr(0, length) >= now_hour.substr(0, length)) continue;
      FIRN_CHECK(CloseFile(name));
    }
  }
  return {};
}

Result<void> ActivityLog::Flush() {
  std::lock_guard lock(files_mutex_);
  FIRN_CHECK(WriteGathered());
  return Close(HourOf(clock_.Now()));
}

Result<void> ActivityLog::CloseNow() {
  std::lock_guard lock(files_mutex_);
  FIRN_CHECK(WriteGathered());
  return Close("9999-12-31T23");
}

}  // namespace firn::sandbox
