// What Layout needs of a describe result, read out of its JSON. Internal to record; pure.
// Source: REST API Developer Guide, "sObject Describe"; SOAP API Developer Guide,
// "DescribeSObjectResult", "Field Types"; read 2026-11.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/base/error.h"
#include "core/record/layout.h"

namespace firn::record {

struct DescribedField {
  std::string name;
  std::string type_name;  // as described: `currency`
  DescribeType type = DescribeType::kUnknown;
  int length = 0;
  int precision = 0;
  int scale = 0;
  int digits = 0;
  bool nillable = true;
  std::string label;
  std::string compound;  // name of the compound field this is a component of; often empty
  std::vector<std::string> reference_to;
};

struct DescribedObject {
  std::string name;
  std::vector<DescribedField> fields;
};

// Errors: Corrupt (REC-LAYOUT-001).
[[nodiscard]] Result<DescribedObject> ParseDescribe(std::string_view json);

}  // namespace firn::record
