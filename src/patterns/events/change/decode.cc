// ChangePlan::Decode: Avro's binary form into a ChangeRecord, and the header's bitmaps into
// touches.
#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "patterns/events/change/bitmap.h"
#include "patterns/events/change/plan.h"

namespace firn::events {

// Reads one payload. Every read checks its bounds; the first that fails stops all others, and what
// failed is told once, at the end.
class PayloadReader {
 public:
  PayloadReader(const ChangePlan& plan, std::string_view payload, ChangeRecord& record)
      : plan_(plan),
        at_(payload.data()),
        begin_(payload.data()),
        end_(payload.data() + payload.size()),
        record_(record) {}

  Result<void> Read() {
    for (size_t position = 0; position < plan_.top_.size(); ++position) {
      const auto node = static_cast<size_t>(plan_.top_[position]);
      const bool fine = static_cast<int>(position) == plan_.header_ ? Header(plan_.nodes_[node])
                                                                    : Value(plan_.nodes_[node]);
      if (!fine) return Misfit(position);
    }
    if (at_ != end_) {
      return Fail(Corrupt(fmt::format("{} bytes are left over behind its last field", end_ - at_)));
    }
    return {};
  }

 private:
  using Op = ChangePlan::Op;
  using Node = ChangePlan::Node;
  using Part = ChangePlan::HeaderPart;
  static constexpr int64_t kListItemsMax = 1'000'000;

  [[nodiscard]] Error Corrupt(std::string why) const {
    return Error(Kind::kCorrupt, "EVENT-DECODE-001", "an event does not fit its schema")
        .Because(std::move(why));
  }

  [[nodiscard]] Result<void> Misfit(size_t position) const {
    const int field = plan_.top_field_[position];
    return Fail(Corrupt(fmt::format(
        "field `{}`, at byte {} of {}",
        field < 0 ? "ChangeEventHeader" : plan_.fields_[static_cast<size_t>(field)].name,
        at_ - begin_, end_ - begin_)));
  }

  bool Varint(int64_t& value) {
    uint64_t raw = 0;
    for (int shift = 0; shift < 70; shift += 7) {
      if (at_ == end_) return false;
      const auto byte = static_cast<uint8_t>(*at_++);
      if (shift == 63 && byte > 1) return false;
      raw |= static_cast<uint64_t>(byte & 0x7f) << shift;
      if ((byte & 0x80) == 0) {
        value = static_cast<int64_t>(raw >> 1) ^ -static_cast<int64_t>(raw & 1);
        return true;
      }
    }
    return false;
  }

  bool Bytes(int64_t size, std::string_view& bytes) {
    if (size < 0 || size > end_ - at_) return false;
    bytes = {at_, static_cast<size_t>(size)};
    at_ += size;
    return true;
  }

  bool Text(std::string_view& text) {
    int64_t size = 0;
    return Varint(size) && Bytes(size, text);
  }

  template <typename Number>
  bool Fixed(Number& number) {
    if (end_ - at_ < static_cast<ptrdiff_t>(sizeof number)) return false;
    std::memcpy(&number, at_, sizeof number);  // little-endian, as the machine is
    at_ += sizeof number;
    return true;
  }

  [[nodiscard]] const Node& Below(const Node& node, size_t at) const {
    return plan_.nodes_[static_cast<size_t>(node.below[at])];
  }

  // A null of a compound field is one of all its parts: cells are used again for every event.
  void Null(int field) {
    if (field < 0) return;
    record_.cells[static_cast<size_t>(field)].kind = Cell::Kind::kNull;
    const PlanField& of = plan_.fields_[static_cast<size_t>(field)];
    for (int i = 0; i < of.parts; ++i) {
      record_.cells[static_cast<size_t>(of.first_part + i)].kind = Cell::Kind::kNull;
    }
  }

  Cell& CellOf(const Node& node) {
    return node.field < 0 ? nowhere_ : record_.cells[static_cast<size_t>(node.field)];
  }

  // NOLINTNEXTLINE(misc-no-recursion): as deep as the schema, whose depth is bounded
  bool Value(const Node& node) {
    switch (node.op) {
      case Op::kNullOr: {
        int64_t branch = 0;
        if (!Varint(branch) || branch < 0 || branch > 1) return false;
        if (branch == node.null_branch) {
          Null(node.field);
          return true;
        }
        return Value(Below(node, static_cast<size_t>(branch)));
      }
      case Op::kText: {
        Cell& cell = CellOf(node);
        cell.kind = Cell::Kind::kText;
        return Text(cell.text);
      }
      case Op::kWhole: {
        Cell& cell = CellOf(node);
        cell.kind = Cell::Kind::kWhole;
        return Varint(cell.whole);
      }
      case Op::kDouble: {
        Cell& cell = CellOf(node);
        cell.kind = Cell::Kind::kReal;
        return Fixed(cell.real);
      }
      case Op::kBoolean: {
        Cell& cell = CellOf(node);
        uint8_t byte = 0;
        cell.kind = Cell::Kind::kBoolean;
        if (!Fixed(byte) || byte > 1) return false;
        cell.whole = byte;
        return true;
      }
      case Op::kRecord:
        return Record(node);
      default:
        return RareValue(node);
    }
  }

  // NOLINTNEXTLINE(misc-no-recursion): see Value
  bool Record(const Node& node) {
    if (node.field >= 0) record_.cells[static_cast<size_t>(node.field)].kind = Cell::Kind::kNull;
    for (size_t i = 0; i < node.below.size(); ++i) {
      if (!Value(Below(node, i))) return false;
    }
    return true;
  }

  // NOLINTNEXTLINE(misc-no-recursion): see Value
  bool RareValue(const Node& node) {
    Cell& cell = CellOf(node);
    switch (node.op) {
      case Op::kUnion: {
        int64_t branch = 0;
        if (!Varint(branch) || branch < 0 || static_cast<size_t>(branch) >= node.below.size()) {
          return false;
        }
        Null(node.field);
        return Value(Below(node, static_cast<size_t>(branch)));
      }
      case Op::kNull:
        Null(node.field);
        return true;
      case Op::kFloat: {
        float number = 0;
        cell.kind = Cell::Kind::kReal;
        if (!Fixed(number)) return false;
        cell.real = static_cast<double>(number);
        return true;
      }
      case Op::kBytes:
        cell.kind = Cell::Kind::kBytes;
        return Text(cell.text);
      case Op::kFixed:
        cell.kind = Cell::Kind::kBytes;
        return Bytes(node.size, cell.text);
      case Op::kEnum:
        cell.kind = Cell::Kind::kText;
        return Enum(node, cell.text);
      default:
        return Items(node, cell);
    }
  }

  bool Enum(const Node& node, std::string_view& word) {
    int64_t index = 0;
    if (!Varint(index) || index < 0 || static_cast<size_t>(index) >= node.symbols.size()) {
      return false;
    }
    word = node.symbols[static_cast<size_t>(index)];
    return true;
  }

  // The items of an array or map are checked and passed over; their bytes are kept.
  // NOLINTNEXTLINE(misc-no-recursion): see Value
  bool Items(const Node& node, Cell& cell) {
    const char* const first = at_;
    const bool fine = EachItem([&] {
      std::string_view key;
      return (node.op != Op::kMap || Text(key)) && Value(Below(node, 0));
    });
    cell.kind = Cell::Kind::kOther;
    cell.text = {first, static_cast<size_t>(at_ - first)};
    return fine;
  }

  // Blocks of an array or map: a negative count is followed by the block's bytes.
  template <typename Item>
  bool EachItem(Item&& item) {
    int64_t total = 0;
    while (true) {
      int64_t count = 0;
      int64_t ignored = 0;
      if (!Varint(count)) return false;
      if (count == 0) return true;
      if (count < 0) {
        if (count < -kListItemsMax || !Varint(ignored)) return false;
        count = -count;
      }
      if (count > kListItemsMax || (total += count) > kListItemsMax) return false;
      for (int64_t i = 0; i < count; ++i) {
        if (!item()) return false;
      }
    }
  }

  bool Texts(const Node& node, std::vector<std::string_view>& texts) {
    texts.clear();
    if (node.op != Op::kArray || Below(node, 0).op != Op::kText) return Value(node);
    return EachItem([&] {
      std::string_view text;
      if (!Text(text)) return false;
      texts.push_back(text);
      return true;
    });
  }

  bool PlainText(const Node& node, std::string_view& text) {
    if (node.op == Op::kEnum) return Enum(node, text);
    if (node.op == Op::kText) return Text(text);
    text = {};
    return Value(node);
  }

  template <typename Whole>
  bool Number(const Node& node, Whole& number) {
    if (node.op != Op::kWhole) return Value(node);
    int64_t value = 0;
    if (!Varint(value)) return false;
    number = static_cast<Whole>(value);
    return true;
  }

  bool Header(const Node& node) {
    for (size_t i = 0; i < node.below.size(); ++i) {
      if (!HeaderMember(plan_.header_parts_[i], Below(node, i))) return false;
    }
    record_.type = ChangeTypeOf(record_.type_name);
    return true;
  }

  bool HeaderMember(Part part, const Node& node) {
    switch (part) {
      case Part::kEntity:
        return PlainText(node, record_.entity);
      case Part::kRecordIds:
        return Texts(node, record_.record_ids);
      case Part::kType:
        return PlainText(node, record_.type_name);
      case Part::kOrigin:
        return PlainText(node, record_.origin);
      case Part::kTransactionKey:
        return PlainText(node, record_.transaction_key);
      case Part::kSequence:
        return Number(node, record_.sequence_number);
      case Part::kTimestamp:
        return Number(node, record_.commit_timestamp_ms);
      case Part::kNumber:
        return Number(node, record_.commit_number);
      case Part::kUser:
        return PlainText(node, record_.commit_user);
      case Part::kNulled:
        return Texts(node, record_.nulled_bits);
      case Part::kDiff:
        return Texts(node, record_.diff_bits);
      case Part::kChanged:
        return Texts(node, record_.changed_bits);
      case Part::kOther:
        break;
    }
    return Value(node);
  }

  const ChangePlan& plan_;
  const char* at_;
  const char* begin_;
  const char* end_;
  ChangeRecord& record_;
  Cell nowhere_;
};

namespace {

void Clear(ChangeRecord& record) {
  record.type = ChangeType::kPublished;
  record.entity = record.type_name = record.origin = {};
  record.transaction_key = record.commit_user = {};
  record.sequence_number = 0;
  record.commit_timestamp_ms = record.commit_number = 0;
  record.record_ids.clear();
  record.nulled_bits.clear();
  record.diff_bits.clear();
  record.changed_bits.clear();
}

bool IsWhole(ChangeType type) {
  return type == ChangeType::kCreate || type == ChangeType::kUndelete ||
         type == ChangeType::kSnapshot || type == ChangeType::kPublished;
}

}  // namespace

Result<void> ChangePlan::Decode(std::string_view payload, ChangeRecord& record) const {
  Clear(record);
  record.cells.resize(fields_.size());
  record.touched.resize(fields_.size());
  FIRN_CHECK(PayloadReader(*this, payload, record).Read());
  if (IsWhole(record.type)) {
    for (size_t i = 0; i < fields_.size(); ++i) {
      const bool null = record.cells[i].kind == Cell::Kind::kNull;
      record.touched[i] = !null                 ? Touch::kSet
                          : fields_[i].compound ? Touch::kUntouched
                                                : Touch::kNulled;
    }
    return {};
  }
  std::fill(record.touched.begin(), record.touched.end(), Touch::kUntouched);
  if (record.type != ChangeType::kUpdate) return {};
  const auto mark = [&](const std::vector<std::string_view>& texts, Touch touch) {
    return MarkTouched({fields_, top_field_}, texts, touch, record.touched);
  };
  if (!mark(record.changed_bits, Touch::kSet) || !mark(record.nulled_bits, Touch::kNulled) ||
      !mark(record.diff_bits, Touch::kDiff)) {
    return Fail(Error(Kind::kCorrupt, "EVENT-DECODE-001", "an event does not fit its schema")
                    .Because("a bitmap of its header is malformed"));
  }
  for (size_t i = 0; i < fields_.size(); ++i) {
    if (record.touched[i] == Touch::kUntouched || record.cells[i].kind != Cell::Kind::kNull) {
      continue;
    }
    // A compound field's own cell is only there for those that may be a text instead.
    record.touched[i] = fields_[i].compound ? Touch::kUntouched : Touch::kNulled;
  }
  return {};
}

}  // namespace firn::events
