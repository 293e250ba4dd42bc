#include "ends/aws/cloudwatch.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/base/encoding.h"
#include "core/base/time_text.h"

namespace firn::aws {
namespace {

constexpr Service kCloudWatch{"CLOUDWATCH", "monitoring", "monitoring"};
constexpr size_t kDataPerCallMax = 1000;

void AddDatum(FormFields& form, size_t number, const MetricDatum& datum) {
  const std::string at = fmt::format("MetricData.member.{}.", number);
  form.emplace_back(at + "MetricName", datum.name);
  form.emplace_back(at + "Value", fmt::format("{}", datum.value));
  form.emplace_back(at + "Unit", datum.unit.empty() ? "None" : datum.unit);
  form.emplace_back(at + "Timestamp", FormatUtc(datum.time, 3));
  for (size_t i = 0; i < datum.dimensions.size(); ++i) {
    const std::string dimension = fmt::format("{}Dimensions.member.{}.", at, i + 1);
    form.emplace_back(dimension + "Name", datum.dimensions[i].first);
    form.emplace_back(dimension + "Value", datum.dimensions[i].second);
  }
}

}  // namespace

Result<void> PutMetricData(const Call& call, AwsClient& client, const std::string& ns,
                           const std::vector<MetricDatum>& data) {
  for (size_t from = 0; from < data.size(); from += kDataPerCallMax) {
    FormFields form = {{"Action", "PutMetricData"}, {"Version", "2010-08-01"}, {"Namespace", ns}};
    const size_t end = std::min(data.size(), from + kDataPerCallMax);
    for (size_t i = from; i < end; ++i) AddDatum(form, i - from + 1, data[i]);
    FIRN_CHECK(client.CallQuery(call, kCloudWatch, FormEncode(form)));
  }
  return {};
}

}  // namespace firn::aws
