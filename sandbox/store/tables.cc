#include "sandbox/store/tables.h"

#include "sandbox/decimal.h"
#include "sandbox/store/row_codec.h"

namespace firn::sandbox {

std::string TableName(const ObjectInfo& object) { return "o" + std::to_string(object.number); }

Result<Statement*> Reader::Cached(const std::string& sql) {
  auto found = statements_.find(sql);
  if (found == statements_.end()) {
    FIRN_TRY(Statement statement, db_.Prepare(sql));
    found = statements_.emplace(sql, std::move(statement)).first;
  }
  found->second.Reset();
  return &found->second;
}

Result<std::optional<StoredRow>> Reader::Load(const ObjectInfo& object, int64_t id) {
  FIRN_TRY(Statement * statement,
           Cached("SELECT del, mod, row FROM " + TableName(object) + " WHERE n = ?"));
  statement->Bind(1, static_cast<int64_t>(RecordNumberOf(id)));
  FIRN_TRY(const bool found, statement->Step());
  std::optional<StoredRow> row;
  if (found) {
    row = StoredRow{statement->Int(0) != 0, statement->Int(1), std::string(statement->Blob(2))};
  }
  statement->Reset();
  return row;
}

Result<std::shared_ptr<Reader>> ReaderPool::Take() {
  std::unique_ptr<Reader> reader;
  {
    const std::lock_guard lock(mutex_);
    if (!idle_.empty()) {
      reader = std::move(idle_.back());
      idle_.pop_back();
    }
  }
  if (!reader) {
    Database::Options options;
    options.read_only = true;
    options.create = false;
    FIRN_TRY(Database db, Database::Open(path_, options));
    reader = std::make_unique<Reader>(std::move(db));
  }
  return std::shared_ptr<Reader>(reader.release(), [pool = shared_from_this()](Reader* used) {
    pool->GiveBack(std::unique_ptr<Reader>(used));
  });
}

void ReaderPool::GiveBack(std::unique_ptr<Reader> reader) {
  const std::lock_guard lock(mutex_);
  if (idle_.size() < kIdleMax) idle_.push_back(std::move(reader));
}

void AppendKeyText(const Value& value, std::string& out) { AppendFolded(value.text, out); }

void BindKeyNumber(Statement& statement, int column, const Value& value, int scale) {
  if (value.kind == Value::Kind::kDecimal && value.scale > scale) {
    statement.Bind(column, ToDouble(Value::Decimal(value.number, value.scale - scale)));
  } else {
    statement.Bind(column, value.number);
  }
}

Result<RowWriter> RowWriter::Prepare(Database& db, const ObjectInfo& object) {
  std::string columns = "n, del, mod, row";
  std::string marks = "?, ?, ?, ?";
  for (size_t i = 0; i < object.key_slots.size(); ++i) {
    columns += ", k" + std::to_string(i);
    marks += ", ?";
  }
  FIRN_TRY(Statement statement, db.Prepare("INSERT OR REPLACE INTO " + TableName(object) + " (" +
                                           columns + ") VALUES (" + marks + ")"));
  return RowWriter(db, std::move(statement), object);
}

void RowWriter::BindKey(Statement& statement, int column, size_t key, const Value& value) {
  if (value.null()) {
    statement.BindNull(column);
  } else if (value.kind == Value::Kind::kText) {
    keys_[key].clear();
    AppendKeyText(value, keys_[key]);
    statement.BindStaticText(column, keys_[key]);
  } else {
    BindKeyNumber(statement, column, value, object_->slots[object_->key_slots[key]].scale);
  }
}

Result<void> RowWriter::Write(const std::vector<Value>& by_slot) {
  blob_.clear();
  EncodeRow(object_->slots, by_slot, blob_);
  insert_.Bind(1, static_cast<int64_t>(RecordNumberOf(by_slot[kIdSlot].number)));
  insert_.Bind(2, by_slot[kDeletedSlot].number);
  insert_.Bind(3, by_slot[kModstampSlot].number);
  insert_.BindStaticBlob(4, blob_);
  keys_.resize(object_->key_slots.size());
  for (size_t i = 0; i < keys_.size(); ++i) {
    BindKey(insert_, static_cast<int>(i) + 5, i, by_slot[object_->key_slots[i]]);
  }
  return insert_.Run();
}

Result<Statement*> RowWriter::UpdateOf(const std::vector<size_t>& keys) {
  std::string sets;
  for (const size_t key : keys) sets += ", k" + std::to_string(key) + " = ?";
  auto found = updates_.find(sets);
  if (found == updates_.end()) {
    FIRN_TRY(Statement statement,
             db_->Prepare("UPDATE " + TableName(*object_) + " SET del = ?, mod = ?, row = ?" +
                          sets + " WHERE n = ?"));
    found = updates_.emplace(sets, std::move(statement)).first;
  }
  return &found->second;
}

Result<void> RowWriter::Update(const std::vector<Value>& by_slot,
                               const std::vector<Value>& before) {
  std::vector<size_t> changed;
  for (size_t i = 0; i < object_->key_slots.size(); ++i) {
    const int slot = object_->key_slots[i];
    if (!SameStored(by_slot[slot], before[slot])) changed.push_back(i);
  }
  FIRN_TRY(Statement * update, UpdateOf(changed));
  blob_.clear();
  EncodeRow(object_->slots, by_slot, blob_);
  keys_.resize(object_->key_slots.size());
  update->Bind(1, by_slot[kDeletedSlot].number);
  update->Bind(2, by_slot[kModstampSlot].number);
  update->BindStaticBlob(3, blob_);
  int column = 4;
  for (const size_t key : changed) {
    BindKey(*update, column++, key, by_slot[object_->key_slots[key]]);
  }
  update->Bind(column, static_cast<int64_t>(RecordNumberOf(by_slot[kIdSlot].number)));
  return update->Run();
}

}  // namespace firn::sandbox
