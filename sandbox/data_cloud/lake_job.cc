#include "sandbox/data_cloud/lake_job.h"

#include <nlohmann/json.hpp>

namespace firn::sandbox {
namespace {

using nlohmann::json;

int64_t Micros(UtcMicros time) { return time.time_since_epoch().count(); }
UtcMicros TimeOf(int64_t micros) { return UtcMicros(std::chrono::microseconds(micros)); }

}  // namespace

std::string ToText(const LakeJob& job) {
  return json({{"number", job.number},
               {"id", job.id},
               {"operation", job.operation},
               {"object", job.object},
               {"source", job.source},
               {"user_id", job.user_id},
               {"created", Micros(job.created)},
               {"modified", Micros(job.modified)},
               {"state", job.state},
               {"files", job.files},
               {"rows", job.rows},
               {"bad_rows", job.bad_rows},
               {"took_ms", job.took_ms},
               {"error", job.error}})
      .dump(-1, ' ', false, json::error_handler_t::replace);
}

Result<LakeJob> LakeJobOf(std::string_view text) {
  const json body = json::parse(text, nullptr, false);
  LakeJob job;
  try {
    job.number = body.at("number").get<int64_t>();
    job.id = body.at("id").get<std::string>();
    job.operation = body.at("operation").get<std::string>();
    job.object = body.at("object").get<std::string>();
    job.source = body.at("source").get<std::string>();
    job.user_id = body.at("user_id").get<std::string>();
    job.created = TimeOf(body.at("created").get<int64_t>());
    job.modified = TimeOf(body.at("modified").get<int64_t>());
    job.state = body.at("state").get<std::string>();
    job.files = body.at("files").get<int64_t>();
    job.rows = body.at("rows").get<uint64_t>();
    job.bad_rows = body.at("bad_rows").get<uint64_t>();
    job.took_ms = body.at("took_ms").get<int64_t>();
    job.error = body.at("error").get<std::string>();
  } catch (const json::exception& why) {
    return Fail(Error(Kind::kCorrupt, "SBX-CLOUD-003", "a Data Cloud job cannot be read")
                    .Because(why.what()));
  }
  return job;
}

}  // namespace firn::sandbox
