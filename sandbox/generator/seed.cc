// Seeding: objects in an order in which parents come first, rows in large transactions, indexes
// built afterwards where that is cheaper.
#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <set>
#include <span>

#include "sandbox/api_error.h"
#include "sandbox/generator/row_maker.h"
#include "sandbox/store/org_impl.h"

namespace firn::sandbox {
namespace {

constexpr uint64_t kRowsPerTransaction = 100'000;
constexpr uint64_t kRowsPerReport = 50'000;
constexpr uint64_t kIndexLaterFrom = 5'000;  // rows into an empty table

// Objects whose number does not grow with the data.
bool IsFixedSize(const ObjectInfo& object) {
  constexpr std::string_view kNames[] = {"BusinessHours", "EmailTemplate", "Folder",
                                         "Group",         "Pricebook2",    "Profile",
                                         "QueueSobject",  "UserRole"};
  return std::find(std::begin(kNames), std::end(kNames), object.name) != std::end(kNames);
}

// `generate: parent 0.7 4` picks from the first four objects that the lookup may lead to.
std::span<const std::string> SeededReferences(const FieldInfo& field) {
  const std::span<const std::string> all(field.reference_to);
  const size_t last = field.generate.rfind(' ');
  const bool counted = field.generate.starts_with("parent ") && field.generate.find(' ') != last;
  if (!counted) return all;
  const auto count = std::strtoul(field.generate.c_str() + last, nullptr, 10);
  return all.first(std::min<size_t>(count, all.size()));
}

void PlaceParentsFirst(const Catalogue& catalogue, const ObjectInfo& object,
                       std::set<std::string>& seen, std::vector<const ObjectInfo*>& order) {
  if (!seen.insert(object.name).second) return;
  for (const auto& field : object.fields) {
    const bool unused = field.generate == "null 1" || field.generate == "system";
    if (field.type != FieldType::kReference || unused) continue;
    for (const auto& parent : SeededReferences(field)) {
      if (const ObjectInfo* found = catalogue.Object(parent)) {
        PlaceParentsFirst(catalogue, *found, seen, order);
      }
    }
  }
  order.push_back(&object);
}

std::vector<const ObjectInfo*> SeedOrder(const Catalogue& catalogue) {
  std::vector<const ObjectInfo*> order;
  std::set<std::string> seen;
  for (const char* first : {"Profile", "User"}) {
    if (const ObjectInfo* object = catalogue.Object(first)) {
      PlaceParentsFirst(catalogue, *object, seen, order);
    }
  }
  for (const auto& object : catalogue.objects()) PlaceParentsFirst(catalogue, object, seen, order);
  return order;
}

}  // namespace

// Fills one object; the write lock is held by the caller.
class Seeder {
 public:
  Seeder(OrgImpl& org, const SeedOptions& options, std::shared_ptr<const Catalogue> catalogue)
      : org_(org), options_(options), catalogue_(std::move(catalogue)) {
    settings_.seed = org.seed_;
    settings_.anchor_millis = org.created_at_;
    settings_.deleted_share = options.deleted_share;
    settings_.admin_id = org.admin_id_;
  }

  Result<void> Fill(const ObjectInfo& object, uint64_t rows) {
    ObjectCounters& counters = org_.CountersOf(object);
    const bool index_later = counters.total == 0 && rows >= kIndexLaterFrom;
    if (index_later) FIRN_CHECK(org_.DropIndexes(object));
    RowMaker maker(object, settings_, Parents(object, rows));
    for (uint64_t done = 0; done < rows;) {
      const uint64_t batch = std::min(rows - done, kRowsPerTransaction);
      const uint64_t before[] = {counters.next_number, counters.live, counters.total};
      auto written = Write(object, maker, counters, {done, batch, rows});
      if (!written) {  // rolled back
        counters.next_number = before[0];
        counters.live = before[1];
        counters.total = before[2];
        return written;
      }
      done += batch;
      const bool reported = batch % kRowsPerReport == 0;
      if (options_.progress && !reported) options_.progress(object.name, done);
    }
    if (index_later) FIRN_CHECK(org_.MakeIndexes(object));
    return {};
  }

 private:
  struct Range {
    uint64_t from;
    uint64_t count;
    uint64_t total;
  };

  Result<void> Write(const ObjectInfo& object, RowMaker& maker, ObjectCounters& counters,
                     Range range) {
    FIRN_TRY(Transaction transaction, Transaction::Begin(org_.writer_.db()));
    FIRN_TRY(RowWriter writer, RowWriter::Prepare(org_.writer_.db(), object));
    for (uint64_t i = 0; i < range.count; ++i) {
      const double place = static_cast<double>(range.from + i) / static_cast<double>(range.total);
      const auto& values = maker.Make(counters.next_number, place);
      FIRN_CHECK(writer.Write(values));
      ++counters.next_number;
      ++counters.total;
      if (values[kDeletedSlot].number == 0) ++counters.live;
      if ((i + 1) % kRowsPerReport == 0 && options_.progress) {
        options_.progress(object.name, range.from + i + 1);
      }
    }
    FIRN_CHECK(org_.SaveCounters(object));
    return transaction.Commit();
  }

  // The records each reference may point to; of its own object, the ones made so far too.
  std::vector<std::vector<ParentRange>> Parents(const ObjectInfo& object, uint64_t rows) {
    std::vector<std::vector<ParentRange>> parents(object.fields.size());
    for (size_t i = 0; i < object.fields.size(); ++i) {
      for (const auto& name : SeededReferences(object.fields[i])) {
        const ObjectInfo* parent = catalogue_->Object(name);
        if (parent == nullptr) continue;
        const uint64_t own = parent == &object ? rows : 0;
        const uint64_t end = org_.CountersOf(*parent).next_number + own;
        if (end > kFirstRecordNumber) parents[i].push_back({parent, kFirstRecordNumber, end});
      }
    }
    return parents;
  }

  OrgImpl& org_;
  const SeedOptions& options_;
  std::shared_ptr<const Catalogue> catalogue_;
  GeneratorSettings settings_;
};

Result<SeedReport> OrgImpl::Seed(const SeedOptions& options) {
  const auto schema = catalogue();
  const std::lock_guard lock(write_mutex_);
  SeedReport report;
  std::vector<std::pair<const ObjectInfo*, uint64_t>> plan;
  if (!options.object.empty()) {
    const ObjectInfo* object = schema->Object(options.object);
    if (object == nullptr) {
      return Fail(
          Error(Kind::kNotFound, "SBX-SEED-001", "the org has no object `" + options.object + "`"));
    }
    const auto scaled =
        static_cast<uint64_t>(std::llround(static_cast<double>(object->seed_rows) * options.scale));
    plan.emplace_back(object, options.rows.value_or(scaled));
  } else {
    for (const ObjectInfo* object : SeedOrder(*schema)) {
      const uint64_t there = CountersOf(*object).total;
      uint64_t rows = object->seed_rows;
      if (IsFixedSize(*object)) {
        rows -= std::min(rows, there);
      } else {
        rows = static_cast<uint64_t>(
            std::ceil(static_cast<double>(object->seed_rows) * options.scale));
      }
      if (rows > 0) plan.emplace_back(object, rows);
    }
  }
  // What is half made after a crash can be made again, so this need not reach the disk commit by
  // commit; the checkpoint at the end does.
  FIRN_CHECK(
      writer_.db().Execute("PRAGMA synchronous = NORMAL; PRAGMA wal_autocheckpoint = 20000;"));
  Seeder seeder(*this, options, schema);
  Result<void> filled;
  for (const auto& [object, rows] : plan) {
    filled = seeder.Fill(*object, rows);
    if (!filled) break;
    report.rows.emplace_back(object->name, rows);
  }
  FIRN_CHECK(
      writer_.db().Execute("PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 1000;"
                           "PRAGMA wal_checkpoint(TRUNCATE);"));
  FIRN_CHECK(filled);
  return report;
}

}  // namespace firn::sandbox
