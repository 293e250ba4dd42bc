// ChangePlan: an event schema, compiled once, so that its events decode at millions of fields a
// second: Avro's binary form straight into a ChangeRecord, bitmaps expanded.
//
// A plan never changes and may be shared by threads; a ChangeRecord belongs to one. Plans are kept
// by schema id: an event may carry an older or newer schema than its topic.
// Source: Apache Avro 1.11 specification, "Binary Encoding", "Schema Resolution" (names); Pub/Sub
// API Developer Guide, "Event Deserialization Considerations"; read 2026-11.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/error.h"
#include "patterns/events/change/record.h"

namespace firn::events {

// A place where a value can stand. A compound field (`BillingAddress`) has one of its own, for the
// text that some of them may be instead, and one for each of its parts.
struct PlanField {
  std::string name;    // as in the schema: `Phone`, `City`
  std::string parent;  // `BillingAddress`; empty: stands by itself
  std::string doc;     // `Data:DateOnly`
  bool compound = false;
  int first_part = -1;  // compound: its parts are fields [first_part, first_part + parts)
  int parts = 0;
};

class ChangePlan {
 public:
  // `schema_json`: GetSchema's. Errors: Corrupt (EVENT-SCHEMA-001) with the reason: no Avro record,
  // a name that is nowhere spelt out, too deep or too large.
  [[nodiscard]] static Result<ChangePlan> Compile(std::string_view schema_json);

  [[nodiscard]] const std::string& name() const { return name_; }  // `AccountChangeEvent`
  [[nodiscard]] bool is_change_event() const { return header_ >= 0; }
  [[nodiscard]] const std::vector<PlanField>& fields() const { return fields_; }
  // Top-level field or part by names; -1 when absent.
  [[nodiscard]] int Find(std::string_view parent, std::string_view name) const;

  // Errors: Corrupt (EVENT-DECODE-001) saying at which field and byte the payload does not fit;
  // never its content.
  [[nodiscard]] Result<void> Decode(std::string_view payload, ChangeRecord& record) const;

 private:
  friend class PlanCompiler;
  friend class PayloadReader;
  enum class Op : uint8_t {
    kNull,
    kBoolean,
    kWhole,  // int and long
    kFloat,
    kDouble,
    kText,
    kBytes,
    kFixed,
    kEnum,
    kArray,
    kMap,
    kRecord,
    kUnion,
    kNullOr,  // a union of null and one other
  };
  struct Node {
    Op op = Op::kNull;
    int field = -1;                    // where its value goes; -1: it is passed over
    int64_t size = 0;                  // kFixed
    std::vector<int> below;            // branches, members, or the one element
    std::vector<std::string> symbols;  // kEnum
    int null_branch = -1;              // kNullOr
  };
  enum class HeaderPart : uint8_t {
    kOther,
    kEntity,
    kRecordIds,
    kType,
    kOrigin,
    kTransactionKey,
    kSequence,
    kTimestamp,
    kNumber,
    kUser,
    kNulled,
    kDiff,
    kChanged,
  };

  std::string name_;
  std::vector<PlanField> fields_;
  std::vector<Node> nodes_;
  std::vector<int> top_;        // nodes of the record's fields
  std::vector<int> top_field_;  // by position in the schema; -1: the header
  std::vector<HeaderPart> header_parts_;
  int header_ = -1;  // position of ChangeEventHeader
};

}  // namespace firn::events
