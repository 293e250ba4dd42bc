#include "ends/telemetry/encode.h"

#include "core/base/encoding.h"
#include "ends/telemetry/metric_names.h"
#include "otlp.pb.h"

namespace firn::telemetry {
namespace {

constexpr int kCumulative = 2;
constexpr int kStatusError = 2;
constexpr uint32_t kFlagSampled = 1;
constexpr const char* kScope = "firn";

// Strings of a protobuf are UTF-8.
std::string Utf8(std::string text) {
  if (IsUtf8(text)) return text;
  for (char& c : text) {
    if ((static_cast<unsigned char>(c) & 0x80U) != 0) c = '?';
  }
  return text;
}

uint64_t Nanos(UtcMicros time) {
  return static_cast<uint64_t>(
      std::chrono::duration_cast<std::chrono::nanoseconds>(time.time_since_epoch()).count());
}

std::string Bytes(const std::string& hex) { return FromHex(hex).value_or(std::string()); }

struct SetValue {
  otlp::AnyValue* out;
  void operator()(const std::string& text) const { out->set_string_value(Utf8(text)); }
  void operator()(int64_t number) const { out->set_int_value(number); }
  void operator()(double number) const { out->set_double_value(number); }
  void operator()(bool truth) const { out->set_bool_value(truth); }
};

template <typename Message>
void AddAttribute(Message* message, const std::string& key, const SpanValue& value) {
  otlp::KeyValue* attribute = message->add_attributes();
  attribute->set_key(Utf8(key));
  std::visit(SetValue{attribute->mutable_value()}, value);
}

void FillResource(const Teller& teller, otlp::Resource* resource) {
  for (const auto& [key, value] : teller.resource) AddAttribute(resource, key, value);
}

void FillScope(const Teller& teller, otlp::Scope* scope) {
  scope->set_name(kScope);
  scope->set_version(teller.version);
}

void FillSpan(const FinishedSpan& span, otlp::Span* out) {
  out->set_trace_id(Bytes(span.context.trace_id));
  out->set_span_id(Bytes(span.context.span_id));
  out->set_parent_span_id(Bytes(span.parent_id));
  out->set_name(Utf8(span.name));
  out->set_kind(span.kind == SpanKind::kServer ? 2 : 1);
  out->set_start_time_unix_nano(Nanos(span.began));
  out->set_end_time_unix_nano(Nanos(span.ended));
  out->set_flags(kFlagSampled);
  for (const auto& [key, value] : span.attributes) AddAttribute(out, key, value);
  if (span.link) {
    otlp::Link* link = out->add_links();
    link->set_trace_id(Bytes(span.link->trace_id));
    link->set_span_id(Bytes(span.link->span_id));
  }
  if (span.error_code.empty()) return;
  AddAttribute(out, "error.type", span.error_code);
  out->mutable_status()->set_code(kStatusError);
  out->mutable_status()->set_message(Utf8(span.error_code));
}

template <typename Point>
void FillPoint(const MetricSeries& series, const MetricName& name, const MetricTimes& times,
               Point* point) {
  if (name.shape != MetricShape::kGauge) point->set_start_time_unix_nano(Nanos(times.began));
  point->set_time_unix_nano(Nanos(times.now));
  for (const auto& [key, value] : series.labels) {
    if (value.empty()) continue;
    AddAttribute(point, AttributeNameOf(name, key), AttributeValueOf(key, value));
  }
}

void FillNumbers(const MetricFamily& family, const MetricName& name, const MetricTimes& times,
                 google::protobuf::RepeatedPtrField<otlp::NumberPoint>* points) {
  for (const MetricSeries& series : family.series) {
    otlp::NumberPoint* point = points->Add();
    FillPoint(series, name, times, point);
    if (family.type == MetricFamily::Type::kCounter) {
      point->set_as_int(static_cast<int64_t>(series.value));
    } else {
      point->set_as_double(series.value);
    }
  }
}

void FillHistogram(const MetricFamily& family, const MetricName& name, const MetricTimes& times,
                   otlp::HistogramPoints* histogram) {
  histogram->set_aggregation_temporality(kCumulative);
  for (const MetricSeries& series : family.series) {
    otlp::HistogramPoint* point = histogram->add_data_points();
    FillPoint(series, name, times, point);
    point->set_count(series.histogram.count);
    point->set_sum(series.histogram.sum);
    for (const uint64_t count : series.histogram.buckets) point->add_bucket_counts(count);
    for (const double bound : family.bounds) point->add_explicit_bounds(bound);
  }
}

void FillMetric(const MetricFamily& family, const MetricTimes& times, otlp::Metric* metric) {
  const MetricName name = MetricNameOf(family);
  metric->set_name(name.name);
  metric->set_description(Utf8(family.help));
  metric->set_unit(name.unit);
  switch (name.shape) {
    case MetricShape::kGauge:
      return FillNumbers(family, name, times, metric->mutable_gauge()->mutable_data_points());
    case MetricShape::kHistogram:
      return FillHistogram(family, name, times, metric->mutable_histogram());
    case MetricShape::kCount:
    case MetricShape::kLevel:
      break;
  }
  otlp::SumPoints* sum = metric->mutable_sum();
  sum->set_aggregation_temporality(kCumulative);
  sum->set_is_monotonic(name.shape == MetricShape::kCount);
  FillNumbers(family, name, times, sum->mutable_data_points());
}

}  // namespace

std::string EncodeSpans(const std::vector<FinishedSpan>& spans, const Teller& teller) {
  otlp::TraceRequest request;
  otlp::ResourceSpans* of_resource = request.add_resource_spans();
  FillResource(teller, of_resource->mutable_resource());
  otlp::ScopeSpans* of_scope = of_resource->add_scope_spans();
  FillScope(teller, of_scope->mutable_scope());
  for (const FinishedSpan& span : spans) FillSpan(span, of_scope->add_spans());
  return request.SerializeAsString();
}

std::string EncodeMetrics(const std::vector<MetricFamily>& families, const MetricTimes& times,
                          const Teller& teller) {
  otlp::MetricsRequest request;
  otlp::ResourceMetrics* of_resource = request.add_resource_metrics();
  FillResource(teller, of_resource->mutable_resource());
  otlp::ScopeMetrics* of_scope = of_resource->add_scope_metrics();
  FillScope(teller, of_scope->mutable_scope());
  for (const MetricFamily& family : families) {
    if (!family.series.empty()) FillMetric(family, times, of_scope->add_metrics());
  }
  return request.SerializeAsString();
}

}  // namespace firn::telemetry
