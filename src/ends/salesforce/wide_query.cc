#include <simdjson.h>

#include <algorithm>
#include <map>

#include "core/base/encoding.h"
#include "ends/salesforce/internal/rest_internal.h"

namespace firn::salesforce {
namespace {

namespace sj = simdjson::ondemand;

constexpr int kRereadsMax = 5;
// Room for the path, `SELECT`, `FROM`, ORDER BY and the WHERE of a re-read.
constexpr size_t kAroundFields = 400;

// A record of one part: its Id, its stamp, and its members as text.
struct Part {
  std::string json;
  std::string id;
  std::string stamp;
};

std::string_view RawText(sj::value value) {
  const sj::json_type type = value.type();
  if (type == sj::json_type::object) return sj::object(value.get_object()).raw_json();
  if (type == sj::json_type::array) return sj::array(value.get_array()).raw_json();
  return value.raw_json_token();
}

class Merged final : public RecordStream {
 public:
  Merged(Connection& connection, std::string version, WideQuery query,
         std::vector<std::vector<std::string>> splits)
      : connection_(connection),
        version_(std::move(version)),
        query_(std::move(query)),
        splits_(std::move(splits)) {}

  Result<void> Open(const Call& call) {
    for (const auto& fields : splits_) {
      FIRN_TRY(auto stream, OpenQuery(call, connection_, version_,
                                      {SoqlOf(query_, fields, "", " ORDER BY Id"), query_.all_rows,
                                       query_.batch_size}));
      streams_.push_back(std::move(stream));
      heads_.emplace_back();
      FIRN_CHECK(Advance(call, heads_.size() - 1));
    }
    return {};
  }

  Result<std::optional<std::string_view>> Next(const Call& call) override {
    for (;;) {
      std::string lowest;
      for (const auto& head : heads_) {
        if (head && (lowest.empty() || head->id < lowest)) lowest = head->id;
      }
      if (lowest.empty()) return std::optional<std::string_view>();
      std::vector<Part> parts;
      for (size_t i = 0; i < heads_.size(); ++i) {
        if (!heads_[i] || heads_[i]->id != lowest) continue;
        parts.push_back(*std::move(heads_[i]));
        FIRN_CHECK(Advance(call, i));
      }
      if (!Agree(parts)) {
        FIRN_TRY(parts, Reread(call, lowest));
        if (parts.empty()) continue;
      }
      FIRN_CHECK(Join(parts));
      ++received_;
      return std::optional<std::string_view>(record_);
    }
  }

  int64_t total() const override { return streams_.front()->total(); }
  int64_t received() const override { return received_; }

 private:
  [[nodiscard]] bool Agree(const std::vector<Part>& parts) const {
    return parts.size() == splits_.size() &&
           std::all_of(parts.begin(), parts.end(),
                       [&](const Part& part) { return part.stamp == parts.front().stamp; });
  }

  Result<std::optional<Part>> TakePart(const Call& call, RecordStream& stream) {
    FIRN_TRY(const auto record, stream.Next(call));
    if (!record) return std::optional<Part>();
    Part part{std::string(*record), "", ""};
    try {
      const simdjson::padded_string text(part.json);
      sj::document document = parser_.iterate(text);
      for (auto member : document.get_object()) {
        const std::string_view name = member.unescaped_key();
        if (name == "Id") {
          part.id = std::string(std::string_view(member.value().get_string()));
        } else if (!query_.stamp_field.empty() && name == query_.stamp_field) {
          part.stamp = std::string(std::string_view(member.value().raw_json_token()));
        }
      }
    } catch (const simdjson::simdjson_error&) {
      part.id.clear();
    }
    if (part.id.empty()) return Fail(Broken("a record has no `Id`"));
    return std::optional(std::move(part));
  }

  Result<void> Advance(const Call& call, size_t i) {
    FIRN_TRY(heads_[i], TakePart(call, *streams_[i]));
    if (heads_[i]) {
      if (heads_[i]->id <= last_ids_[i]) return Fail(Broken("its records are not in order of Id"));
      last_ids_[i] = heads_[i]->id;
    }
    return {};
  }

  // All parts of one record, read until no change came between them. Empty: it is gone.
  Result<std::vector<Part>> Reread(const Call& call, const std::string& id) {
    for (int attempt = 0; attempt < kRereadsMax; ++attempt) {
      std::vector<Part> parts;
      for (const auto& fields : splits_) {
        FIRN_TRY(const auto stream, OpenQuery(call, connection_, version_,
                                              {SoqlOf(query_, fields, "Id = '" + id + "'", ""),
                                               query_.all_rows, query_.batch_size}));
        FIRN_TRY(auto part, TakePart(call, *stream));
        if (part) parts.push_back(*std::move(part));
      }
      if (parts.empty() || Agree(parts)) return parts;
    }
    return Fail(
        Error(Kind::kConflict, "SF-REST-008", "a record changes faster than its fields can be read")
            .At("object `" + query_.object + "`, record `" + id + "`")
            .Because("its fields need " + std::to_string(splits_.size()) +
                     " queries, and no two rounds agreed")
            .RetryWithBackoff());
  }

  // The first part, and of the others every member that no earlier part has, each as it was
  // written.
  Result<void> Join(const std::vector<Part>& parts) {
    record_ = parts.front().json;
    const size_t end = record_.rfind('}');
    if (end == std::string::npos) return Fail(Broken("a record is no object"));
    record_.resize(end);
    try {
      for (size_t i = 1; i < parts.size(); ++i) {
        const simdjson::padded_string text(parts[i].json);
        sj::document document = parser_.iterate(text);
        for (auto member : document.get_object()) {
          const std::string name(std::string_view(member.unescaped_key()));
          if (name == "attributes" || name == "Id" || name == query_.stamp_field) continue;
          record_ += ",\"" + name + "\":";
          record_ += RawText(member.value());
        }
      }
    } catch (const simdjson::simdjson_error&) {
      return Fail(Broken("a record is no object"));
    }
    record_ += '}';
    return {};
  }

  [[nodiscard]] Error Broken(const char* why) const {
    return Error(Kind::kCorrupt, "SF-REST-006",
                 "the org's answer is not a query result as documented")
        .At("org `" + connection_.org() + "`, object `" + query_.object + "`")
        .Because(why);
  }

  Connection& connection_;
  const std::string version_;
  const WideQuery query_;
  const std::vector<std::vector<std::string>> splits_;
  std::vector<std::unique_ptr<RecordStream>> streams_;
  std::vector<std::optional<Part>> heads_;
  std::map<size_t, std::string> last_ids_;
  sj::parser parser_;
  std::string record_;
  int64_t received_ = 0;
};

}  // namespace

std::string SoqlOf(const WideQuery& query, const std::vector<std::string>& fields,
                   std::string_view more_where, std::string_view tail) {
  std::string soql = "SELECT ";
  for (size_t i = 0; i < fields.size(); ++i) soql += (i == 0 ? "" : ",") + fields[i];
  soql += " FROM " + query.object;
  if (!more_where.empty() && !query.where.empty()) {
    soql += " WHERE " + std::string(more_where) + " AND (" + query.where + ")";
  } else if (!more_where.empty() || !query.where.empty()) {
    soql += " WHERE " + (query.where.empty() ? std::string(more_where) : query.where);
  }
  return soql + std::string(tail);
}

Result<std::vector<std::vector<std::string>>> SplitFields(const WideQuery& query) {
  std::vector<std::string> keys = {"Id"};
  if (!query.stamp_field.empty()) keys.push_back(query.stamp_field);
  const size_t around = kAroundFields + query.object.size() + PercentEncode(query.where).size();
  std::vector<std::vector<std::string>> splits = {keys};
  size_t bytes = around;
  for (const std::string& field : query.fields) {
    if (std::find(keys.begin(), keys.end(), field) != keys.end()) continue;
    const size_t more = field.size() + 3;  // `%2C`
    if (around + more > kUriBytesMax) {
      return Fail(Error(Kind::kBadInput, "SF-REST-005",
                        "the query's WHERE leaves no room for fields in one address")
                      .At("object `" + query.object + "`"));
    }
    if (bytes + more > kUriBytesMax) {
      splits.push_back(keys);
      bytes = around;
    }
    splits.back().push_back(field);
    bytes += more;
  }
  return splits;
}

Result<std::unique_ptr<RecordStream>> OpenWideQuery(const Call& call, Connection& connection,
                                                    const std::string& version,
                                                    const WideQuery& query) {
  FIRN_TRY(auto splits, SplitFields(query));
  if (splits.size() == 1) {
    return OpenQuery(call, connection, version,
                     {SoqlOf(query, splits.front(), "", ""), query.all_rows, query.batch_size});
  }
  auto merged = std::make_unique<Merged>(connection, version, query, std::move(splits));
  FIRN_CHECK(merged->Open(call));
  return merged;
}

}  // namespace firn::salesforce
