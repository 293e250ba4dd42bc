#include "sandbox/value.h"

#include <array>
#include <charconv>
#include <cstring>

#include "sandbox/foreign_id.h"

namespace firn::sandbox {
namespace {

constexpr char kBase62[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
constexpr char kSuffix[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345";
constexpr std::string_view kPod = "Hn";  // the instance part of every id of these orgs
constexpr int kNumberBits = 45;
constexpr int kNumberDigits = 10;

constexpr std::array<int8_t, 256> MakeBase62Values() {
  std::array<int8_t, 256> values{};
  for (auto& value : values) value = -1;
  for (int i = 0; i < 62; ++i) values[static_cast<uint8_t>(kBase62[i])] = static_cast<int8_t>(i);
  return values;
}
constexpr auto kBase62Values = MakeBase62Values();

// Each suffix character encodes which of five characters are upper case, first one lowest.
void AppendSuffix(const char* fifteen, char* out) {
  for (int chunk = 0; chunk < 3; ++chunk) {
    unsigned bits = 0;
    for (int i = 0; i < 5; ++i) {
      const char c = fifteen[chunk * 5 + i];
      bits |= static_cast<unsigned>(c >= 'A' && c <= 'Z') << i;
    }
    out[chunk] = kSuffix[bits];
  }
}

void AppendDigits(uint64_t value, int width, std::string& out) {
  char digits[20];
  for (int i = width - 1; i >= 0; --i) {
    digits[i] = static_cast<char>('0' + value % 10);
    value /= 10;
  }
  out.append(digits, width);
}

struct CivilDate {
  int64_t year;
  unsigned month;
  unsigned day;
};

// Howard Hinnant's days-to-civil algorithm, as std::chrono has it, without its checks.
CivilDate CivilOf(int64_t days) {
  days += 719468;
  const int64_t era = (days >= 0 ? days : days - 146096) / 146097;
  const auto doe = static_cast<unsigned>(days - era * 146097);
  const unsigned yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
  const unsigned doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
  const unsigned mp = (5 * doy + 2) / 153;
  const unsigned month = mp < 10 ? mp + 3 : mp - 9;
  return {static_cast<int64_t>(yoe) + era * 400 + (month <= 2), month,
          doy - (153 * mp + 2) / 5 + 1};
}

int64_t FloorDiv(int64_t a, int64_t b) { return a / b - (a % b < 0); }

}  // namespace

int64_t MakeId(std::string_view key_prefix, uint64_t record_number) {
  int64_t prefix = 0;
  for (const char c : key_prefix) {
    prefix = prefix * 62 + kBase62Values[static_cast<uint8_t>(c)];
  }
  return (prefix << kNumberBits) | static_cast<int64_t>(record_number);
}

std::string KeyPrefixOf(int64_t id) {
  auto prefix = static_cast<unsigned>(id >> kNumberBits);
  std::string text(3, '0');
  for (int i = 2; i >= 0; --i) {
    text[i] = kBase62[prefix % 62];
    prefix /= 62;
  }
  return text;
}

void AppendId(int64_t id, std::string& out) {
  char text[18];
  auto prefix = static_cast<unsigned>(id >> kNumberBits);
  for (int i = 2; i >= 0; --i) {
    text[i] = kBase62[prefix % 62];
    prefix /= 62;
  }
  text[3] = kPod[0];
  text[4] = kPod[1];
  uint64_t number = RecordNumberOf(id);
  for (int i = 4 + kNumberDigits; i > 4; --i) {
    text[i] = kBase62[number % 62];
    number /= 62;
  }
  AppendSuffix(text, text + 15);
  out.append(text, sizeof text);
}

std::string IdText(int64_t id) {
  std::string text;
  AppendId(id, text);
  return text;
}

namespace {

bool IsWellFormedId(std::string_view text) {
  if (text.size() != 15 && text.size() != 18) return false;
  for (const char c : text) {
    if (kBase62Values[static_cast<uint8_t>(c)] < 0) return false;
  }
  if (text.size() == 15) return true;
  char suffix[3];
  AppendSuffix(text.data(), suffix);
  for (int i = 0; i < 3; ++i) {
    const char given = text[15 + i];
    const char upper = given >= 'a' && given <= 'z' ? static_cast<char>(given - 32) : given;
    if (upper != suffix[i]) return false;
  }
  return true;
}

}  // namespace

std::optional<int64_t> ParseId(std::string_view text) {
  if (text.size() < 15 || text.substr(3, 2) != kPod || !IsWellFormedId(text)) return std::nullopt;
  uint64_t number = 0;
  for (int i = 5; i < 15; ++i) {
    number = number * 62 + kBase62Values[static_cast<uint8_t>(text[i])];
    if (number >> kNumberBits != 0) return std::nullopt;
  }
  return MakeId(text.substr(0, 3), number);
}

bool IsForeignId(std::string_view text) { return IsWellFormedId(text) && !ParseId(text); }

void AppendDecimal(int64_t unscaled, int scale, std::string& out) {
  if (unscaled == 0) {
    out += "0.0";
    return;
  }
  if (unscaled < 0) out += '-';
  uint64_t rest = unscaled < 0 ? 0 - static_cast<uint64_t>(unscaled) : unscaled;
  while (scale > 0 && rest % 10 == 0) {
    rest /= 10;
    --scale;
  }
  char digits[20];
  const auto end = std::to_chars(digits, digits + sizeof digits, rest).ptr;
  const int count = static_cast<int>(end - digits);
  const int point = count - scale;  // digits before the point; may be zero or less
  if (point > 7 || point <= -3) {
    int last = count;
    while (last > 1 && digits[last - 1] == '0') --last;
    out += digits[0];
    out += '.';
    if (last > 1) {
      out.append(digits + 1, last - 1);
    } else {
      out += '0';
    }
    out += 'E';
    char exponent[8];
    const auto stop = std::to_chars(exponent, exponent + sizeof exponent, point - 1).ptr;
    out.append(exponent, stop - exponent);
    return;
  }
  if (point <= 0) {
    out += "0.";
    out.append(-point, '0');
    out.append(digits, count);
    return;
  }
  out.append(digits, point);
  out += '.';
  if (scale > 0) {
    out.append(digits + point, scale);
  } else {
    out += '0';
  }
}

void AppendDate(int64_t days, std::string& out) {
  const CivilDate date = CivilOf(days);
  AppendDigits(date.year, 4, out);
  out += '-';
  AppendDigits(date.month, 2, out);
  out += '-';
  AppendDigits(date.day, 2, out);
}

namespace {

void AppendClock(int64_t millis, std::string& out) {
  AppendDigits(millis / 3'600'000, 2, out);
  out += ':';
  AppendDigits(millis / 60'000 % 60, 2, out);
  out += ':';
  AppendDigits(millis / 1000 % 60, 2, out);
  out += '.';
  AppendDigits(millis % 1000, 3, out);
}

}  // namespace

void AppendInstant(int64_t millis, std::string& out) {
  const int64_t days = FloorDiv(millis, 86'400'000);
  AppendDate(days, out);
  out += 'T';
  AppendClock(millis - days * 86'400'000, out);
}

void AppendTime(int64_t millis, std::string& out) {
  AppendClock(millis, out);
  out += 'Z';
}

void AppendJsonText(std::string_view text, std::string& out) {
  static constexpr char kHex[] = "0123456789abcdef";
  out += '"';
  size_t start = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<uint8_t>(text[i]);
    if (c >= 0x20 && c != '"' && c != '\\') continue;
    out.append(text, start, i - start);
    start = i + 1;
    out += '\\';
    switch (c) {
      case '"':
      case '\\':
        out += static_cast<char>(c);
        break;
      case '\n':
        out += 'n';
        break;
      case '\r':
        out += 'r';
        break;
      case '\t':
        out += 't';
        break;
      default:
        out += "u00";
        out += kHex[c >> 4];
        out += kHex[c & 15];
    }
  }
  out.append(text, start, text.size() - start);
  out += '"';
}

namespace {

void AppendInt(int64_t value, std::string& out) {
  char digits[24];
  const auto end = std::to_chars(digits, digits + sizeof digits, value).ptr;
  out.append(digits, end - digits);
}

}  // namespace

void AppendJson(const Value& value, std::string& out) {
  switch (value.kind) {
    case Value::Kind::kNull:
      out += "null";
      return;
    case Value::Kind::kText:
      AppendJsonText(value.text, out);
      return;
    case Value::Kind::kBool:
    case Value::Kind::kInt:
    case Value::Kind::kDecimal:
    case Value::Kind::kJson:
      AppendPlain(value, out);
      return;
    case Value::Kind::kDateTime:
      out += '"';
      AppendInstant(value.number, out);
      out += "+0000\"";
      return;
    default:
      out += '"';
      AppendPlain(value, out);
      out += '"';
  }
}

void AppendPlain(const Value& value, std::string& out) {
  switch (value.kind) {
    case Value::Kind::kNull:
      return;
    case Value::Kind::kBool:
      out += value.number != 0 ? "true" : "false";
      return;
    case Value::Kind::kInt:
      AppendInt(value.number, out);
      return;
    case Value::Kind::kDecimal:
      AppendDecimal(value.number, value.scale, out);
      return;
    case Value::Kind::kText:
    case Value::Kind::kJson:
      out += value.text;
      return;
    case Value::Kind::kDate:
      AppendDate(value.number, out);
      return;
    case Value::Kind::kDateTime:
      AppendInstant(value.number, out);
      out += 'Z';
      return;
    case Value::Kind::kTime:
      AppendTime(value.number, out);
      return;
    case Value::Kind::kId:
      AppendId(value.number, out);
      return;
  }
}

}  // namespace firn::sandbox
