// Formula fields: a small part of the vendor's formula language, worked out when a row is read.
//
// Numbers, texts, booleans and field references (with parents); + - * / & comparisons && ||, and
// IF, ISBLANK, BLANKVALUE, ROUND, ABS, UPPER, LOWER, LEN, TEXT, AND, OR, NOT. Blank fields count as
// zero in arithmetic, as the vendor's default is; a division by zero is null. Pure; any thread.
// Source: Salesforce Help, 'Formula Operators and Functions', read 2026-11.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/error.h"
#include "sandbox/schema.h"
#include "sandbox/value.h"

namespace firn::sandbox::formula {

struct Result {
  enum class Kind { kNull, kNumber, kText, kBool, kOther };
  Kind kind = Kind::kNull;
  double number = 0;
  std::string text;
  Value value;  // kOther: dates and ids, handed on as they are
};

struct Expression {
  enum class Op { kNumber, kText, kField, kUnary, kBinary, kCall };
  Op op = Op::kNumber;
  double number = 0;
  std::string text;  // literal, operator or function name
  int input = -1;    // of a field
  std::vector<Expression> parts;
};

struct Parsed {
  std::unique_ptr<Expression> expression;
  std::vector<std::vector<std::string>> inputs;  // field paths, by Expression::input
};

// Errors: BadConfig (SBX-SCHEMA-003) with what was not understood.
[[nodiscard]] firn::Result<Parsed> Parse(std::string_view text);

// `input` gives the value of the n-th path.
[[nodiscard]] Result Evaluate(const Expression& expression,
                              const std::function<Value(int input)>& input);

// A result as the field's type has it (numbers rounded to its scale); text goes to `storage`.
[[nodiscard]] Value ToField(const FieldInfo& field, const Result& result, std::string& storage);

}  // namespace firn::sandbox::formula
