#include <simdjson.h>

#include "core/base/encoding.h"
#include "ends/salesforce/internal/rest_internal.h"

namespace firn::salesforce {
namespace {

namespace sj = simdjson::ondemand;

Error NoQueryResult(const std::string& org, const char* why) {
  return Error(Kind::kCorrupt, "SF-REST-006",
               "the org's answer is not a query result as documented")
      .At("org `" + org + "`")
      .Because(why);
}

// One page: its records as spans of the body, so that each is handed on as the org wrote it.
struct Page {
  simdjson::padded_string body{};
  std::vector<std::string_view> records;
  int64_t total = 0;
  bool done = true;
  std::string next;
};

class Pages final : public RecordStream {
 public:
  Pages(Connection& connection, QueryOptions options)
      : connection_(connection), options_(std::move(options)) {}

  Result<void> Fetch(const Call& call, std::string address) {
    ApiRequest request;
    request.address = std::move(address);
    request.headers = {
        {"Accept", "application/json"},
        {"Accept-Encoding", "gzip"},
        {"Sforce-Query-Options", "batchSize=" + std::to_string(options_.batch_size)}};
    FIRN_TRY(const ApiAnswer answer,
             Doing(connection_.Send(call, request), "reading a query page"));
    page_ = Page{};
    page_.body = simdjson::padded_string(answer.body);
    at_ = 0;
    try {
      FIRN_CHECK(Read());
    } catch (const simdjson::simdjson_error&) {
      return Fail(NoQueryResult(connection_.org(), "it is no JSON of that form"));
    }
    if (!page_.done && page_.next.empty()) {
      return Fail(NoQueryResult(connection_.org(), "it says there is more but not where"));
    }
    if (page_.done) page_.next.clear();
    return {};
  }

  Result<std::optional<std::string_view>> Next(const Call& call) override {
    while (at_ == page_.records.size()) {
      if (page_.next.empty()) return std::optional<std::string_view>();
      std::string next = std::move(page_.next);
      const bool was_empty = page_.records.empty();
      FIRN_CHECK(Fetch(call, next));
      if (page_.next == next || (was_empty && page_.records.empty() && !page_.done)) {
        return Fail(NoQueryResult(connection_.org(), "its pages lead in a circle"));
      }
    }
    ++received_;
    return std::optional(page_.records[at_++]);
  }

  int64_t total() const override { return total_; }
  int64_t received() const override { return received_; }
  void KeepTotal() { total_ = page_.total; }

 private:
  Result<void> Read() {
    sj::document document = parser_.iterate(page_.body);
    bool has_records = false;
    bool has_done = false;
    for (auto member : document.get_object()) {
      const std::string_view name = member.unescaped_key();
      if (name == "records") {
        has_records = true;
        for (auto record : member.value().get_array()) {
          sj::object object = record.get_object();
          std::string_view text = object.raw_json();
          text.remove_suffix(text.size() - text.rfind('}') - 1);  // blanks before the next comma
          page_.records.push_back(text);
        }
      } else if (name == "totalSize") {
        page_.total = member.value().get_int64();
      } else if (name == "done") {
        has_done = true;
        page_.done = member.value().get_bool();
      } else if (name == "nextRecordsUrl") {
        sj::value value = member.value();
        if (!value.is_null()) page_.next = std::string(std::string_view(value.get_string()));
      }
    }
    // Only the end of the text has no location.
    if (!document.current_location().error())
      return Fail(NoQueryResult(connection_.org(), "text follows it"));
    if (!has_records || !has_done) {
      return Fail(NoQueryResult(connection_.org(), "`records` or `done` is missing"));
    }
    return {};
  }

  Connection& connection_;
  const QueryOptions options_;
  sj::parser parser_;
  Page page_;
  size_t at_ = 0;
  int64_t total_ = 0;
  int64_t received_ = 0;
};

}  // namespace

Result<std::unique_ptr<RecordStream>> OpenQuery(const Call& call, Connection& connection,
                                                const std::string& version,
                                                const QueryOptions& options) {
  std::string address = DataPath(version) + (options.all_rows ? "/queryAll" : "/query") +
                        "?q=" + PercentEncode(options.soql);
  if (address.size() > kUriBytesMax) {
    return Fail(Error(Kind::kBadInput, "SF-REST-005", "the query is too long for one address")
                    .At("org `" + connection.org() + "`")
                    .Because("its address has " + std::to_string(address.size()) +
                             " bytes; Salesforce takes 16,384 with the headers"));
  }
  auto pages = std::make_unique<Pages>(connection, options);
  FIRN_CHECK(pages->Fetch(call, std::move(address)));
  pages->KeepTotal();
  return pages;
}

}  // namespace firn::salesforce
