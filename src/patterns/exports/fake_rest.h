// A REST client for one object whose describe and counts a test sets.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "ends/salesforce/rest.h"

namespace firn::exports {

class FakeRecords final : public salesforce::RecordStream {
 public:
  explicit FakeRecords(std::vector<std::string> records) : records_(std::move(records)) {}
  Result<std::optional<std::string_view>> Next(const Call&) override {
    if (at_ == records_.size()) return std::optional<std::string_view>();
    return std::optional<std::string_view>(records_[at_++]);
  }
  int64_t total() const override { return static_cast<int64_t>(records_.size()); }
  int64_t received() const override { return static_cast<int64_t>(at_); }

 private:
  std::vector<std::string> records_;
  size_t at_ = 0;
};

class FakeRest final : public salesforce::RestClient {
 public:
  std::string describe;
  std::map<std::string, std::string> describes;  // of objects that have one of their own
  int described = 0;                             // times that one was asked for
  std::optional<Error> refusal;                  // of every query and count
  std::vector<std::string> records;              // JSON, for the REST path
  int64_t count = 0;
  int64_t changed = 0;
  int64_t deleted = 0;
  bool count_times_out = false;

  Result<std::vector<salesforce::ApiVersion>> Versions(const Call&) override {
    return std::vector<salesforce::ApiVersion>();
  }
  Result<UtcMicros> OrgTime(const Call& call) override { return call.clock->Now(); }
  Result<std::vector<salesforce::ObjectInfo>> DescribeGlobal(const Call&) override {
    salesforce::ObjectInfo info;
    info.name = "Account";
    info.key_prefix = "001";
    info.queryable = true;
    return std::vector<salesforce::ObjectInfo>{info};
  }
  Result<salesforce::Description> Describe(const Call&, const std::string& object) override {
    ++described;
    const auto own = describes.find(object);
    return salesforce::Description{own == describes.end() ? describe : own->second, "", false};
  }
  Result<salesforce::Limits> FetchLimits(const Call&) override { return salesforce::Limits(); }
  Result<std::unique_ptr<salesforce::RecordStream>> Query(
      const Call&, const salesforce::QueryOptions&) override {
    if (refusal) return Fail(*refusal);
    return std::unique_ptr<salesforce::RecordStream>(std::make_unique<FakeRecords>(records));
  }
  Result<std::unique_ptr<salesforce::RecordStream>> QueryWide(
      const Call&, const salesforce::WideQuery&) override {
    return std::unique_ptr<salesforce::RecordStream>(std::make_unique<FakeRecords>(records));
  }
  Result<int64_t> Count(const Call&, const std::string& soql, bool) override {
    if (refusal) return Fail(*refusal);
    if (count_times_out) return Fail(Kind::kTimeout, "SF-REST-009", "counting took too long");
    if (soql.find("IsDeleted = true") != std::string::npos) return deleted;
    if (soql.find("SystemModstamp >=") != std::string::npos) return changed;
    return count;
  }
  Result<std::string> Record(const Call&, const std::string&, const std::string&,
                             const std::vector<std::string>&) override {
    return Fail(Kind::kNotFound, "SF-REST-002", "no record");
  }
  Result<salesforce::BlobStream> OpenBlob(const Call&, const std::string&, const std::string&,
                                          const std::string&) override {
    return Fail(Kind::kNotFound, "SF-REST-002", "no blob");
  }
  Result<salesforce::ChangedIds> Updated(const Call&, const std::string&,
                                         const salesforce::TimeWindow&) override {
    return salesforce::ChangedIds();
  }
  Result<salesforce::DeletedIds> Deleted(const Call&, const std::string&,
                                         const salesforce::TimeWindow&) override {
    return salesforce::DeletedIds();
  }
};

}  // namespace firn::exports
