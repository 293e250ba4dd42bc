// The org's memory of what clients and administrators did: LoginHistory, SetupAuditTrail and
// EventLogFile records.
//
// Sign-ins and changes of the setup become records at once. Lines of event log files are gathered
// in memory and appended to files below `events` by Flush(), which the server calls every second;
// a crash forgets at most that. Once the org's clock has left an hour, its files become Hourly
// EventLogFile records; once it has left a day, Daily ones. Never a body, a token or a password.
// Thread-safe. Source: Object Reference, 'LoginHistory', 'SetupAuditTrail', 'EventLogFile'; read
// 2026-11-25.
#pragma once

#include <map>
#include <mutex>
#include <string>

#include "sandbox/life/event_lines.h"
#include "sandbox/org.h"

namespace firn::sandbox {

class ActivityLog {
 public:
  ActivityLog(std::string folder, Org& org, const Clock& clock)
      : folder_(std::move(folder) + "/events"), org_(org), clock_(clock) {}

  void SignedIn(const net::ServerRequest& request, const SignInAttempt& attempt);
  void SignedOut(const net::ServerRequest& request, const std::string& user_id);
  void Answered(const net::ServerRequest& request, const RequestLine& line);
  // `action` as SetupAuditTrail.Action names it (`createdConnectedApp`), `section` the setup page.
  void SetupChanged(const std::string& action, const std::string& section,
                    const std::string& display);

  // Writes what was gathered, and makes records of the hours and days that are over. Errors: what
  // the folder or the org refuse; nothing that was written is lost then.
  [[nodiscard]] Result<void> Flush();
  // Makes records of the running hour too, and of its day, as if both were over.
  [[nodiscard]] Result<void> CloseNow();

 private:
  [[nodiscard]] EventContext ContextOf(const net::ServerRequest& request) const;
  void Gather(UtcMicros at, EventLine line);
  [[nodiscard]] Result<void> WriteGathered();
  // Files of hours (or days) before `now`, by their names' order, become records.
  [[nodiscard]] Result<void> Close(const std::string& now_hour);
  [[nodiscard]] Result<void> CloseFile(const std::string& name);
  void Insert(const std::string& object, const std::vector<FieldText>& fields);

  const std::string folder_;
  Org& org_;
  const Clock& clock_;
  std::mutex mutex_;
  std::map<std::string, std::string> gathered_;  // `2026-11-25T23_RestApi` -> lines
  std::mutex files_mutex_;
};

}  // namespace firn::sandbox
