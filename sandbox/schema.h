// The object catalogue: what a describe answer says about each object and field.
//
// A Catalogue is immutable and shared: Org hands out the current one, a change of the schema makes
// a new one, and whoever runs on the old one (a cursor, a request) keeps it alive. Any thread may
// read. Names are looked up without regard to case, as the vendor does. Nothing here does I/O.
// Source of the meaning of each member: SOAP API Developer Guide, 'DescribeSObjectResult' and
// 'Field', read 2026-11.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/base/clock.h"

namespace firn::sandbox {

// The `type` of a field in a describe answer.
enum class FieldType : uint8_t {
  kId,
  kReference,
  kBoolean,
  kString,
  kTextArea,
  kPicklist,
  kMultiPicklist,
  kCombobox,
  kEmail,
  kPhone,
  kUrl,
  kEncryptedString,
  kInt,
  kDouble,
  kCurrency,
  kPercent,
  kDate,
  kDateTime,
  kTime,
  kBase64,
  kAddress,
  kLocation,
  kAnyType,
  kLong,
};
[[nodiscard]] std::string_view TypeName(FieldType type);      // `multipicklist`
[[nodiscard]] std::string_view SoapTypeName(FieldType type);  // `xsd:string`, `tns:ID`
[[nodiscard]] std::optional<FieldType> TypeByName(std::string_view name);
[[nodiscard]] bool IsText(FieldType type);     // every type whose value is text
[[nodiscard]] bool IsDecimal(FieldType type);  // double, currency, percent

struct PicklistValue {
  std::string value;
  std::string label;
  bool active = true;
  bool is_default = false;
};

struct FieldInfo {
  std::string name;
  std::string label;
  FieldType type = FieldType::kString;
  int length = 0;
  int byte_length = 0;
  int precision = 0;
  int scale = 0;
  int digits = 0;
  bool custom = false;
  bool nillable = true;
  bool createable = true;
  bool updateable = true;
  bool defaulted_on_create = false;
  bool calculated = false;
  bool auto_number = false;
  bool name_field = false;
  bool external_id = false;
  bool unique = false;
  bool id_lookup = false;
  bool case_sensitive = false;
  bool filterable = true;
  bool sortable = true;
  bool groupable = true;
  bool aggregatable = true;
  bool permissionable = true;
  bool restricted_picklist = false;
  bool html_formatted = false;
  bool cascade_delete = false;
  bool restricted_delete = false;
  bool polymorphic = false;    // polymorphicForeignKey
  bool name_pointing = false;  // namePointing: WhoId, WhatId, OwnerId of queues
  bool hidden = false;         // no access by field-level security: clients never see it
  std::optional<std::string> default_value;  // text form; `true`, `false` for booleans
  std::string calculated_formula;
  std::string compound_field_name;
  std::string controller_name;
  std::string extra_type_info;  // `plaintextarea`, `richtextarea`, ..
  std::string inline_help_text;
  std::string relationship_name;
  std::vector<std::string> reference_to;
  std::vector<PicklistValue> picklist_values;
  int64_t min_api_version = 0;  // whole number; 0 when it has always been there

  // For the store, the evaluator and the generator.
  int slot = -1;        // place in the encoded row; -1 for what is computed at read
  int key_column = -1;  // place among the table's indexed columns; -1 when not indexed
  std::string child_relationship_name;  // that the parent's subqueries use
  std::string generate;  // generator rule of the object file, empty for the default of the type
  std::vector<int> components;  // of an address or a location: indexes into ObjectInfo::fields
};

struct ChildRelationship {
  std::string child_object;
  std::string field;
  std::string relationship_name;  // empty when it cannot be used in a subquery
  bool cascade_delete = false;
  bool restricted_delete = false;
};

struct RecordTypeInfo {
  std::string id;
  std::string name;
  std::string developer_name;
  bool available = true;
  bool is_default = true;
  bool master = true;
  bool active = true;
};

// Places of a stored row. The first three are not in the encoded row but columns of the table.
inline constexpr int kIdSlot = 0;
inline constexpr int kDeletedSlot = 1;
inline constexpr int kModstampSlot = 2;
inline constexpr int kFirstStoredSlot = 3;

struct SlotInfo {
  FieldType type = FieldType::kString;
  uint8_t scale = 0;
};

struct ObjectInfo {
  std::string name;
  std::string label;
  std::string label_plural;
  std::string key_prefix;
  bool custom = false;
  bool createable = true;
  bool updateable = true;
  bool deletable = true;
  bool undeletable = true;  // false: a delete is at once final (no recycle bin)
  bool queryable = true;
  bool retrieveable = true;
  bool replicateable = true;
  bool searchable = true;
  bool layoutable = true;
  bool mergeable = false;
  bool triggerable = true;
  bool feed_enabled = false;
  bool mru_enabled = false;
  std::vector<FieldInfo> fields;
  std::vector<ChildRelationship> child_relationships;
  std::vector<RecordTypeInfo> record_types;
  UtcMicros changed_at{};  // of the definition: Last-Modified of its describe

  // Without regard to case. Hidden fields are found too. nullptr if there is none.
  [[nodiscard]] const FieldInfo* Field(std::string_view name) const;
  // The reference field whose relationshipName this is (`Account` -> AccountId).
  [[nodiscard]] const FieldInfo* Relationship(std::string_view name) const;
  [[nodiscard]] const ChildRelationship* Child(std::string_view relationship_name) const;
  [[nodiscard]] const FieldInfo* NameField() const;  // nullptr for objects without one

  // For the store.
  int number = -1;              // of the table
  std::vector<SlotInfo> slots;  // of every stored field ever defined, removed ones too
  std::vector<int> key_slots;   // of each indexed column: the slot it repeats
  uint64_t seed_rows = 0;       // at scale 1
  std::unordered_map<std::string, int> field_by_folded_name;
  std::unordered_map<std::string, int> field_by_folded_relationship;
};

class Catalogue {
 public:
  explicit Catalogue(std::vector<ObjectInfo> objects);
  [[nodiscard]] const std::vector<ObjectInfo>& objects() const { return objects_; }
  // Without regard to case; nullptr if there is none.
  [[nodiscard]] const ObjectInfo* Object(std::string_view name) const;
  [[nodiscard]] const ObjectInfo* ByKeyPrefix(std::string_view three_characters) const;

 private:
  std::vector<ObjectInfo> objects_;
  std::unordered_map<std::string, int> by_folded_name_;
  std::unordered_map<std::string, int> by_prefix_;
};

}  // namespace firn::sandbox
