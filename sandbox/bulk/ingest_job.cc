#include "sandbox/bulk/ingest_job.h"

#include <nlohmann/json.hpp>

namespace firn::sandbox {

using nlohmann::json;

std::string ToText(const IngestJob& job) {
  const auto micros = [](UtcMicros time) { return time.time_since_epoch().count(); };
  const json body = {{"number", job.number},
                     {"id", job.id},
                     {"operation", job.operation},
                     {"object", job.object},
                     {"external_id_field", job.external_id_field},
                     {"assignment_rule", job.assignment_rule},
                     {"delimiter", job.delimiter},
                     {"line_ending", job.line_ending},
                     {"api_version", job.api_version},
                     {"user_id", job.user_id},
                     {"created_us", micros(job.created)},
                     {"modified_us", micros(job.modified)},
                     {"state", job.state},
                     {"data_bytes", job.data_bytes},
                     {"has_data", job.has_data},
                     {"rows", job.rows},
                     {"failed", job.failed},
                     {"retries", job.retries},
                     {"took_ms", job.took_ms},
                     {"error", job.error}};
  return body.dump(-1, ' ', false, json::error_handler_t::replace);
}

Result<IngestJob> IngestJobOf(std::string_view text) {
  const json body = json::parse(text, nullptr, false);
  IngestJob job;
  try {
    const auto time = [&](const char* key) {
      return UtcMicros(std::chrono::microseconds(body.at(key).get<int64_t>()));
    };
    body.at("number").get_to(job.number);
    body.at("id").get_to(job.id);
    body.at("operation").get_to(job.operation);
    body.at("object").get_to(job.object);
    body.at("external_id_field").get_to(job.external_id_field);
    body.at("assignment_rule").get_to(job.assignment_rule);
    body.at("delimiter").get_to(job.delimiter);
    body.at("line_ending").get_to(job.line_ending);
    body.at("api_version").get_to(job.api_version);
    body.at("user_id").get_to(job.user_id);
    job.created = time("created_us");
    job.modified = time("modified_us");
    body.at("state").get_to(job.state);
    body.at("data_bytes").get_to(job.data_bytes);
    body.at("has_data").get_to(job.has_data);
    body.at("rows").get_to(job.rows);
    body.at("failed").get_to(job.failed);
    body.at("retries").get_to(job.retries);
    body.at("took_ms").get_to(job.took_ms);
    body.at("error").get_to(job.error);
  } catch (const json::exception&) {
    return Fail(Kind::kCorrupt, "SBX-BULK-003", "an ingest job of the sandbox cannot be read");
  }
  return job;
}

std::string ToText(const IngestProgress& progress) {
  return json::array({progress.offset, progress.rows, progress.failed, progress.successful_bytes,
                      progress.failed_bytes})
      .dump();
}

IngestProgress IngestProgressOf(std::string_view text) {
  const json body = json::parse(text, nullptr, false);
  if (!body.is_array() || body.size() != 5) return {};
  std::vector<uint64_t> numbers;
  for (const json& each : body) {
    if (!each.is_number_unsigned()) return {};
    numbers.push_back(each.get<uint64_t>());
  }
  return {numbers[0], numbers[1], numbers[2], numbers[3], numbers[4]};
}

}  // namespace firn::sandbox
