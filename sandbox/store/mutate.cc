// The org's writing methods: each is a WriteBatch.
#include <algorithm>

#include "sandbox/api_error.h"
#include "sandbox/store/write_batch.h"

namespace firn::sandbox {
namespace {

// What a single call answers where a list of rows has a row's error.
Error AsSingle(Error error) {
  if (PartsOf(error).code != "INVALID_CROSS_REFERENCE_KEY" || PartsOf(error).status != 404) {
    return error;
  }
  return ApiError(404, "NOT_FOUND", "The requested resource does not exist");
}

std::vector<Cell> CellsOf(const std::vector<FieldText>& fields) {
  std::vector<Cell> cells;
  cells.reserve(fields.size());
  for (const FieldText& field : fields) {
    cells.push_back(
        {field.name, field.text ? std::optional<std::string_view>(*field.text) : std::nullopt});
  }
  return cells;
}

}  // namespace

Result<std::vector<RowOutcome>> OrgImpl::Mutate(std::span<const Mutation> mutations,
                                                const MutateOptions& options) {
  std::vector<RowOutcome> outcomes(mutations.size());
  FIRN_TRY(const auto view, ViewOf(options.set_audit_fields ? std::string() : options.user_id));
  const bool changes_access = std::any_of(mutations.begin(), mutations.end(), [&](const auto& m) {
    return TouchesAccess(*view->base(), m);
  });
  if (InTransaction()) {
    access_changed_ = access_changed_ || changes_access;
    FIRN_TRY(const WriteBatch::Mark before, open_batch_->Here());
    const auto stood = ApplyAll(*open_batch_, *view, mutations, options, outcomes);
    open_batch_->OutliveCells(before);
    FIRN_TRY(const bool stands, stood);
    FIRN_CHECK(stands ? open_batch_->Forget(before) : open_batch_->BackTo(before));
    return outcomes;
  }
  const std::lock_guard lock(write_mutex_);
  WriteBatch batch(*this, options);
  FIRN_CHECK(batch.Begin());
  FIRN_TRY(const bool stands, ApplyAll(batch, *view, mutations, options, outcomes));
  if (!stands) return outcomes;
  if (options.note) FIRN_CHECK(KeepNote(options, outcomes));
  FIRN_CHECK(batch.Commit());
  if (changes_access) ForgetViews();
  return outcomes;
}

Result<bool> OrgImpl::ApplyAll(WriteBatch& batch, const AccessView& view,
                               std::span<const Mutation> mutations, const MutateOptions& options,
                               std::vector<RowOutcome>& outcomes) {
  bool failed = false;
  for (size_t i = 0; i < mutations.size(); ++i) {
    if (view.restricted()) {
      FIRN_TRY(outcomes[i].error, RefusedBy(view, mutations[i]));
    }
    if (!outcomes[i].error) {
      FIRN_CHECK(batch.Apply(mutations[i], outcomes[i]));
    }
    failed = failed || outcomes[i].error.has_value();
  }
  if (!failed || !options.all_or_none) return true;
  for (size_t i = 0; i < outcomes.size(); ++i) {
    RowOutcome& outcome = outcomes[i];
    if (outcome.error) continue;
    if (outcome.created) outcome.id = 0;
    if (mutations[i].kind != Mutation::Kind::kUpsert) outcome.created = false;
    outcome.error = ApiError(400, "ALL_OR_NONE_OPERATION_ROLLED_BACK",
                             "Record rolled back because not all records were valid and the "
                             "request was using AllOrNone header");
  }
  return false;
}

Result<void> OrgImpl::KeepNote(const MutateOptions& options, std::span<const RowOutcome> outcomes) {
  FIRN_TRY(const std::string text, options.note(outcomes));
  FIRN_TRY(Statement * put,
           writer_.Cached("INSERT OR REPLACE INTO notes(key, text) VALUES (?, ?)"));
  put->Bind(1, std::string_view(options.note_key)).Bind(2, std::string_view(text));
  return put->Run();
}

Result<std::string> OrgImpl::Note(std::string_view key) {
  FIRN_TRY(auto reader, TakeReader());
  FIRN_TRY(Statement * find, reader->Cached("SELECT text FROM notes WHERE key = ?"));
  find->Bind(1, key);
  FIRN_TRY(const bool found, find->Step());
  std::string text(found ? find->Text(0) : std::string_view());
  find->Reset();
  return text;
}

Result<void> OrgImpl::DropNote(std::string_view key) {
  const std::lock_guard lock(write_mutex_);
  FIRN_TRY(Statement * drop, writer_.Cached("DELETE FROM notes WHERE key = ?"));
  drop->Bind(1, key);
  return drop->Run();
}

Result<int64_t> OrgImpl::MutateOne(const Mutation& mutation, const Change& change) {
  MutateOptions options;
  options.user_id = change.user_id;
  options.set_audit_fields = change.set_audit_fields;
  options.all_or_none = true;
  options.origin = change.origin;
  FIRN_TRY(auto outcomes, Mutate({&mutation, 1}, options));
  if (outcomes[0].error) return Fail(AsSingle(*std::move(outcomes[0].error)));
  return outcomes[0].id;
}

Result<int64_t> OrgImpl::Insert(std::string_view object, const std::vector<FieldText>& fields,
                                const Change& change) {
  const auto cells = CellsOf(fields);
  return MutateOne({.kind = Mutation::Kind::kInsert, .object = object, .cells = cells}, change);
}

Result<void> OrgImpl::Update(int64_t id, const std::vector<FieldText>& fields,
                             const Change& change) {
  const auto cells = CellsOf(fields);
  FIRN_CHECK(MutateOne({.kind = Mutation::Kind::kUpdate, .id = id, .cells = cells}, change));
  return {};
}

Result<void> OrgImpl::Delete(int64_t id, const Change& change) {
  FIRN_CHECK(MutateOne({.kind = Mutation::Kind::kDelete, .id = id}, change));
  return {};
}

Result<void> OrgImpl::Undelete(int64_t id, const Change& change) {
  FIRN_CHECK(MutateOne({.kind = Mutation::Kind::kUndelete, .id = id}, change));
  return {};
}

Result<void> OrgImpl::Purge(int64_t id, const Change& change) {
  FIRN_CHECK(MutateOne({.kind = Mutation::Kind::kPurge, .id = id}, change));
  return {};
}

Result<void> OrgImpl::AddSink(ChangeSink* sink) {
  const std::lock_guard lock(write_mutex_);
  FIRN_CHECK(sink->Attach(writer_.db()));
  sinks_.push_back(sink);
  return {};
}

void OrgImpl::RemoveSink(ChangeSink* sink) {
  const std::lock_guard lock(write_mutex_);
  std::erase(sinks_, sink);
}

void OrgImpl::OnLock(std::function<bool(const ObjectInfo& object, int64_t id)> refuses) {
  const std::lock_guard lock(write_mutex_);
  refuses_lock_ = std::move(refuses);
}

Result<uint64_t> OrgImpl::EmptyRecycleBin(UtcMicros before) {
  const int64_t limit =
      std::chrono::floor<std::chrono::milliseconds>(before).time_since_epoch().count();
  uint64_t purged = 0;
  for (const ObjectInfo& object : catalogue()->objects()) {
    constexpr size_t kAtOnce = 2000;
    for (;;) {
      const std::lock_guard lock(write_mutex_);
      std::vector<int64_t> ids;
      FIRN_TRY(Statement * find,
               writer_.Cached("SELECT n FROM " + TableName(object) +
                              " WHERE mod < ? AND del != 0 LIMIT " + std::to_string(kAtOnce)));
      find->Bind(1, limit);
      for (;;) {
        FIRN_TRY(const bool more, find->Step());
        if (!more) break;
        ids.push_back(MakeId(object.key_prefix, static_cast<uint64_t>(find->Int(0))));
      }
      find->Reset();
      if (ids.empty()) break;
      const MutateOptions options;
      WriteBatch batch(*this, options);
      FIRN_CHECK(batch.Begin());
      const uint64_t purged_before = purged;
      for (const int64_t id : ids) {
        RowOutcome outcome;
        FIRN_CHECK(batch.Apply({.kind = Mutation::Kind::kPurge, .id = id}, outcome));
        purged += outcome.error ? 0 : 1;
      }
      FIRN_CHECK(batch.Commit());
      if (purged == purged_before) break;  // what is left cannot go
    }
  }
  return purged;
}

}  // namespace firn::sandbox
