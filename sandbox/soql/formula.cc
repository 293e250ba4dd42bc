#include "sandbox/soql/formula.h"

#include <cmath>

#include "sandbox/decimal.h"

namespace firn::sandbox::formula {
namespace {

constexpr int kDepthMax = 64;

class Parser {
 public:
  explicit Parser(std::string_view text) : text_(text) {}

  firn::Result<Parsed> Run() {
    FIRN_TRY(Expression root, Binary(0));
    Skip();
    if (at_ != text_.size()) return Bad();
    parsed_.expression = std::make_unique<Expression>(std::move(root));
    return std::move(parsed_);
  }

 private:
  tl::unexpected<Error> Bad() const {
    return Fail(Kind::kBadConfig, "SBX-SCHEMA-003",
                "formula not understood at character " + std::to_string(at_ + 1) + ": `" +
                    std::string(text_) + "`");
  }
  void Skip() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\n')) ++at_;
  }
  bool Take(std::string_view symbol) {
    Skip();
    if (text_.substr(at_, symbol.size()) != symbol) return false;
    at_ += symbol.size();
    return true;
  }

  // Operators from the loosest to the tightest.
  firn::Result<Expression> Binary(int level) {
    static const std::vector<std::vector<std::string_view>> kLevels = {
        {"||"}, {"&&"}, {"<=", ">=", "<>", "!=", "==", "=", "<", ">"}, {"+", "-", "&"}, {"*", "/"}};
    if (level == static_cast<int>(kLevels.size())) return Unary();
    FIRN_TRY(Expression left, Binary(level + 1));
    for (;;) {
      Skip();
      std::string_view found;
      for (const auto symbol : kLevels[level]) {
        if (text_.substr(at_, symbol.size()) != symbol) continue;
        if (symbol == "&" && text_.substr(at_, 2) == "&&") continue;
        found = symbol;
        break;
      }
      if (found.empty()) return left;
      at_ += found.size();
      Expression both;
      both.op = Expression::Op::kBinary;
      both.text = found == "==" ? "=" : found == "!=" ? "<>" : found;
      FIRN_TRY(Expression right, Binary(level + 1));
      both.parts.push_back(std::move(left));
      both.parts.push_back(std::move(right));
      left = std::move(both);
    }
  }

  firn::Result<Expression> Unary() {
    if (++depth_ > kDepthMax) return Bad();
    Expression result;
    if (Take("-") || Take("!")) {
      result.op = Expression::Op::kUnary;
      result.text = text_[at_ - 1];
      FIRN_TRY(Expression inner, Unary());
      result.parts.push_back(std::move(inner));
    } else if (Take("(")) {
      FIRN_TRY(result, Binary(0));
      if (!Take(")")) return Bad();
    } else {
      FIRN_TRY(result, Leaf());
    }
    --depth_;
    return result;
  }

  firn::Result<Expression> Leaf() {
    Skip();
    if (at_ == text_.size()) return Bad();
    Expression leaf;
    const char c = text_[at_];
    if (c >= '0' && c <= '9') {
      const char* const begin = text_.data() + at_;
      size_t length = 0;
      while (at_ + length < text_.size() &&
             ((text_[at_ + length] >= '0' && text_[at_ + length] <= '9') ||
              text_[at_ + length] == '.')) {
        ++length;
      }
      leaf.number = std::strtod(std::string(begin, length).c_str(), nullptr);
      at_ += length;
      return leaf;
    }
    if (c == '"' || c == '\'') {
      leaf.op = Expression::Op::kText;
      for (++at_; at_ < text_.size() && text_[at_] != c; ++at_) leaf.text += text_[at_];
      if (at_ == text_.size()) return Bad();
      ++at_;
      return leaf;
    }
    return Name();
  }

  firn::Result<Expression> Name() {
    Expression leaf;
    const size_t start = at_;
    while (at_ < text_.size() && (std::isalnum(static_cast<uint8_t>(text_[at_])) != 0 ||
                                  text_[at_] == '_' || text_[at_] == '.')) {
      ++at_;
    }
    if (at_ == start) return Bad();
    leaf.text = text_.substr(start, at_ - start);
    if (!Take("(")) {
      leaf.op = Expression::Op::kField;
      leaf.input = static_cast<int>(parsed_.inputs.size());
      std::vector<std::string>& path = parsed_.inputs.emplace_back();
      for (size_t from = 0; from <= leaf.text.size();) {
        const size_t dot = std::min(leaf.text.find('.', from), leaf.text.size());
        path.push_back(leaf.text.substr(from, dot - from));
        from = dot + 1;
      }
      return leaf;
    }
    leaf.op = Expression::Op::kCall;
    for (auto& each : leaf.text) each = static_cast<char>(std::toupper(static_cast<uint8_t>(each)));
    if (Take(")")) return leaf;
    do {
      FIRN_TRY(Expression part, Binary(0));
      leaf.parts.push_back(std::move(part));
    } while (Take(","));
    if (!Take(")")) return Bad();
    return leaf;
  }

  std::string_view text_;
  size_t at_ = 0;
  int depth_ = 0;
  Parsed parsed_;
};

Result Number(double number) {
  Result result;
  if (!std::isfinite(number)) return result;
  result.kind = Result::Kind::kNumber;
  result.number = number;
  return result;
}
Result Bool(bool flag) {
  Result result;
  result.kind = Result::Kind::kBool;
  result.number = flag ? 1 : 0;
  return result;
}
Result Text(std::string text) {
  Result result;
  if (text.empty()) return result;
  result.kind = Result::Kind::kText;
  result.text = std::move(text);
  return result;
}

Result FromValue(const Value& value) {
  Result result;
  switch (value.kind) {
    case Value::Kind::kNull:
      return result;
    case Value::Kind::kBool:
      return Bool(value.number != 0);
    case Value::Kind::kInt:
      return Number(static_cast<double>(value.number));
    case Value::Kind::kDecimal:
      return Number(ToDouble(value));
    case Value::Kind::kText:
      return Text(std::string(value.text));
    default:
      result.kind = Result::Kind::kOther;
      result.value = value;
      return result;
  }
}

std::string AsText(const Result& result) {
  switch (result.kind) {
    case Result::Kind::kText:
      return result.text;
    case Result::Kind::kNumber: {
      char digits[40];
      std::snprintf(digits, sizeof digits, "%.15g", result.number);
      return digits;
    }
    case Result::Kind::kOther: {
      std::string text;
      AppendPlain(result.value, text);
      return text;
    }
    default:
      return {};
  }
}

double AsNumber(const Result& result) {
  return result.kind == Result::Kind::kOther ? static_cast<double>(result.value.number)
                                             : result.number;
}

int Compare(const Result& a, const Result& b) {
  if (a.kind == Result::Kind::kText || b.kind == Result::Kind::kText) {
    return AsText(a).compare(AsText(b));
  }
  const double left = AsNumber(a);
  const double right = AsNumber(b);
  return left < right ? -1 : left > right ? 1 : 0;
}

Result EvaluateBinary(const std::string& op, const Result& a, const Result& b) {
  if (op == "&&") return Bool(a.number != 0 && b.number != 0);
  if (op == "||") return Bool(a.number != 0 || b.number != 0);
  const bool text = a.kind == Result::Kind::kText || b.kind == Result::Kind::kText;
  if (op == "&" || (op == "+" && text)) return Text(AsText(a) + AsText(b));
  if (op == "+") return Number(AsNumber(a) + AsNumber(b));
  if (op == "-") return Number(AsNumber(a) - AsNumber(b));
  if (op == "*") return Number(AsNumber(a) * AsNumber(b));
  if (op == "/") return Number(AsNumber(a) / AsNumber(b));
  const int order = Compare(a, b);
  if (op == "=") return Bool(order == 0);
  if (op == "<>") return Bool(order != 0);
  if (op == "<") return Bool(order < 0);
  if (op == "<=") return Bool(order <= 0);
  if (op == ">") return Bool(order > 0);
  return Bool(order >= 0);
}

Result Call(const Expression& call, const std::function<Value(int)>& input) {
  const auto part = [&](size_t i) {
    return i < call.parts.size() ? Evaluate(call.parts[i], input) : Result{};
  };
  const std::string& name = call.text;
  if (name == "IF") return part(part(0).number != 0 ? 1 : 2);
  if (name == "ISBLANK") return Bool(part(0).kind == Result::Kind::kNull);
  if (name == "BLANKVALUE") {
    Result first = part(0);
    return first.kind == Result::Kind::kNull ? part(1) : first;
  }
  if (name == "AND" || name == "OR") {
    bool all = true;
    bool any = false;
    for (size_t i = 0; i < call.parts.size(); ++i) {
      const bool on = part(i).number != 0;
      all = all && on;
      any = any || on;
    }
    return Bool(name == "AND" ? all : any);
  }
  if (name == "NOT") return Bool(part(0).number == 0);
  if (name == "ROUND") {
    const double factor = std::pow(10.0, AsNumber(part(1)));
    return Number(std::round(AsNumber(part(0)) * factor) / factor);
  }
  if (name == "ABS") return Number(std::fabs(AsNumber(part(0))));
  if (name == "LEN") return Number(static_cast<double>(AsText(part(0)).size()));
  if (name == "TEXT") return Text(AsText(part(0)));
  if (name == "UPPER" || name == "LOWER") {
    std::string text = AsText(part(0));
    for (auto& c : text) {
      const auto byte = static_cast<uint8_t>(c);
      if (byte < 0x80)
        c = static_cast<char>(name == "UPPER" ? std::toupper(byte) : std::tolower(byte));
    }
    return Text(std::move(text));
  }
  return {};
}

}  // namespace

firn::Result<Parsed> Parse(std::string_view text) { return Parser(text).Run(); }

Result Evaluate(const Expression& expression, const std::function<Value(int)>& input) {
  switch (expression.op) {
    case Expression::Op::kNumber:
      return Number(expression.number);
    case Expression::Op::kText:
      return Text(expression.text);
    case Expression::Op::kField:
      return FromValue(input(expression.input));
    case Expression::Op::kUnary: {
      const Result inner = Evaluate(expression.parts[0], input);
      return expression.text == "-" ? Number(-AsNumber(inner)) : Bool(inner.number == 0);
    }
    case Expression::Op::kBinary:
      return EvaluateBinary(expression.text, Evaluate(expression.parts[0], input),
                            Evaluate(expression.parts[1], input));
    case Expression::Op::kCall:
      return Call(expression, input);
  }
  return {};
}

Value ToField(const FieldInfo& field, const Result& result, std::string& storage) {
  if (result.kind == Result::Kind::kNull) return {};
  if (IsText(field.type)) {
    storage = AsText(result);
    return storage.empty() ? Value{} : Value::Text(storage);
  }
  if (field.type == FieldType::kBoolean) return Value::Bool(result.number != 0);
  if (result.kind == Result::Kind::kOther) return result.value;
  const bool decimal = IsDecimal(field.type);
  const double scaled = std::round(result.number * std::pow(10.0, decimal ? field.scale : 0));
  if (!(std::fabs(scaled) < 9e18)) return {};
  const auto number = static_cast<int64_t>(scaled);
  return decimal ? Value::Decimal(number, field.scale) : Value::Int(number);
}

}  // namespace firn::sandbox::formula
