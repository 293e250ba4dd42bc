#include "core/record/column_values.h"

#include <algorithm>

namespace firn::record {
namespace {

// Short texts are copied by so many bytes at once; source and target have that much slack.
constexpr size_t kShortCopy = 32;

inline bool IsEscaped(const uint64_t* bits, size_t cell) {
  return (bits[cell / 64] >> (cell % 64) & 1) != 0;
}

// Copies with each doubled quote made one; the end of what was written.
uint8_t* CopyUndoubled(uint8_t* out, std::string_view text) {
  while (!text.empty()) {
    const size_t quote = text.find('"');
    const size_t bytes = quote == std::string_view::npos ? text.size() : quote + 1;
    std::memcpy(out, text.data(), bytes);
    out += bytes;
    // The second quote of the pair is passed over.
    text.remove_prefix(std::min(bytes + 1, text.size()));
  }
  return out;
}

int64_t PowerOfTen(int exponent) {
  int64_t power = 1;
  for (int i = 0; i < exponent; ++i) power *= 10;
  return power;
}

ColumnValues::Form FormFor(const Type& type) {
  using Form = ColumnValues::Form;
  switch (type.id) {
    case TypeId::kBoolean:
      return Form::kBoolean;
    case TypeId::kInt:
    case TypeId::kDate:
      return Form::kInt32;
    case TypeId::kLong:
    case TypeId::kTime:
    case TypeId::kTimestamptz:
      return Form::kInt64;
    case TypeId::kDecimal:
      return type.precision <= 18 ? Form::kInt64 : Form::kInt128;
    case TypeId::kDouble:
      return Form::kDouble;
    case TypeId::kList:
      return Form::kTextList;
    default:
      return Form::kText;
  }
}

}  // namespace

ColumnValues::ColumnValues(const SourceColumn& column, const Type& type, bool is_row_id)
    : form_(FormFor(type)),
      described_(column.type),
      type_(type.id),
      shape_{.precision = type.precision, .scale = type.scale},
      limit_(type.precision <= 18 ? PowerOfTen(type.precision) : 0),
      is_row_id_(is_row_id) {
  offsets_.Ensure(1, 0);
  offsets_.data()[0] = 0;
  list_offsets_.Ensure(1, 0);
  list_offsets_.data()[0] = 0;
}

// Calls parse(row index to fill, cell text, cell number) -> ValueState for each cell that is not
// empty; empty cells become null.
template <bool kMapped, bool kLast, typename Parse>
bool ColumnValues::LoopOver(const BlockCells& cells, size_t position, uint16_t column,
                            std::vector<CellProblem>& problems, Parse&& parse) {
  const char* const data = cells.data;
  const char expected = kLast ? '\n' : cells.delimiter;
  unsigned wrong = 0;
  uint8_t* const valid = valid_.data() + mark_.rows;
  for (size_t i = 0; i < cells.rows; ++i) {
    const size_t row = kMapped ? cells.row_map[i] : i;
    const size_t cell = row * cells.columns + position;
    uint32_t begin = cells.ends[static_cast<ptrdiff_t>(cell) - 1] + 1;
    uint32_t end = cells.ends[cell];
    wrong |= static_cast<unsigned char>(data[end] ^ expected);
    if (kLast && end > begin && data[end - 1] == '\r') --end;
    if (data[begin] == '"') [[likely]] {
      if (end - begin < 2 || data[end - 1] != '"') [[unlikely]] {
        wrong |= 1;
        end = begin;
      } else {
        ++begin;
        --end;
      }
    }
    const bool present = end != begin;
    valid[i] = present ? 1 : 0;
    const ValueState state =
        parse(mark_.rows + i, std::string_view(data + begin, end - begin), cell);
    if (state != ValueState::kFits) [[unlikely]] {
      problems.push_back({static_cast<uint32_t>(row), column, state});
    }
  }
  mark_.rows += cells.rows;
  return wrong == 0;
}

template <typename Parse>
bool ColumnValues::Loop(const BlockCells& cells, size_t position, uint16_t column,
                        std::vector<CellProblem>& problems, Parse&& parse) {
  const bool last = position + 1 == cells.columns;
  if (cells.row_map != nullptr) {
    return last ? LoopOver<true, true>(cells, position, column, problems, parse)
                : LoopOver<true, false>(cells, position, column, problems, parse);
  }
  return last ? LoopOver<false, true>(cells, position, column, problems, parse)
              : LoopOver<false, false>(cells, position, column, problems, parse);
}

bool ColumnValues::Append(const BlockCells& cells, size_t position, uint16_t column,
                          std::vector<CellProblem>& problems) {
  valid_.Ensure(mark_.rows + cells.rows, mark_.rows);
  switch (form_) {
    case Form::kText:
      return described_ == DescribeType::kId || described_ == DescribeType::kReference
                 ? AppendIds(cells, position, column, problems)
                 : AppendText(cells, position, column, problems);
    case Form::kTextList:
      return AppendLists(cells, position, column, problems);
    case Form::kInt64:
      return type_ == TypeId::kTimestamptz || type_ == TypeId::kTime
                 ? AppendTimes(cells, position, column, problems)
                 : AppendNumbers(cells, position, column, problems);
    default:
      return AppendNumbers(cells, position, column, problems);
  }
}

bool ColumnValues::AppendText(const BlockCells& cells, size_t position, uint16_t column,
                              std::vector<CellProblem>& problems) {
  offsets_.Ensure(mark_.rows + cells.rows + 1, mark_.rows + 1);
  int32_t* const offsets = offsets_.data();
  size_t used = mark_.text_bytes;
  const bool fine =
      Loop(cells, position, column, problems, [&](size_t at, std::string_view text, size_t cell) {
        if (used + text.size() + kShortCopy > text_.room()) [[unlikely]] {
          text_.Ensure(used + text.size() + kShortCopy, used);
        }
        uint8_t* out = text_.data() + used;
        if (IsEscaped(cells.escaped, cell)) [[unlikely]] {
          used += static_cast<size_t>(CopyUndoubled(out, text) - out);
        } else {
          if (text.size() <= kShortCopy) {
            std::memcpy(out, text.data(), kShortCopy);
          } else {
            std::memcpy(out, text.data(), text.size());
          }
          used += text.size();
        }
        offsets[at + 1] = static_cast<int32_t>(used);
        return ValueState::kFits;
      });
  mark_.text_bytes = used;
  return fine;
}

bool ColumnValues::AppendIds(const BlockCells& cells, size_t position, uint16_t column,
                             std::vector<CellProblem>& problems) {
  offsets_.Ensure(mark_.rows + cells.rows + 1, mark_.rows + 1);
  int32_t* const offsets = offsets_.data();
  size_t used = mark_.text_bytes;
  const bool fine =
      Loop(cells, position, column, problems, [&](size_t at, std::string_view text, size_t) {
        const size_t need = used + text.size() + kShortCopy;
        if (need > text_.room()) [[unlikely]]
          text_.Ensure(need, used);
        uint8_t* out = text_.data() + used;
        ValueState state = ValueState::kFits;
        if (text.size() <= kShortCopy) {
          std::memcpy(out, text.data(), kShortCopy);
        } else {
          std::memcpy(out, text.data(), text.size());
        }
        used += text.size();
        if (text.size() == 15 && IsIdText(text)) [[unlikely]] {
          IdSuffix(text.data(), reinterpret_cast<char*>(out) + 15);
          used += 3;
        }
        // References of set-up objects may hold other keys: they stay text.
        if (is_row_id_ && !IsIdText(text)) [[unlikely]] {
          state = text.empty() ? ValueState::kMissing : ValueState::kNotAnId;
        }
        offsets[at + 1] = static_cast<int32_t>(used);
        return state;
      });
  mark_.text_bytes = used;
  return fine;
}

bool ColumnValues::AppendLists(const BlockCells& cells, size_t position, uint16_t column,
                               std::vector<CellProblem>& problems) {
  list_offsets_.Ensure(mark_.rows + cells.rows + 1, mark_.rows + 1);
  int32_t* const list_offsets = list_offsets_.data();
  size_t used = mark_.text_bytes;
  size_t elements = mark_.elements;
  const bool fine =
      Loop(cells, position, column, problems, [&](size_t at, std::string_view text, size_t cell) {
        text_.Ensure(used + text.size() + kShortCopy, used);
        uint8_t* const begin = text_.data() + used;
        uint8_t* const end = IsEscaped(cells.escaped, cell)
                                 ? CopyUndoubled(begin, text)
                                 : std::copy(text.begin(), text.end(), begin);
        // Values are packed without their semicolons.
        uint8_t* out = begin;
        const auto close_element = [&] {
          offsets_.Ensure(elements + 2, elements + 1);
          used += static_cast<size_t>(out - (text_.data() + used));
          offsets_.data()[++elements] = static_cast<int32_t>(used);
        };
        for (const uint8_t* p = begin; p != end; ++p) {
          if (*p == ';') {
            close_element();
          } else {
            *out++ = *p;
          }
        }
        if (!text.empty()) close_element();
        list_offsets[at + 1] = static_cast<int32_t>(elements);
        return ValueState::kFits;
      });
  mark_.text_bytes = used;
  mark_.elements = elements;
  return fine;
}

bool ColumnValues::AppendTimes(const BlockCells& cells, size_t position, uint16_t column,
                               std::vector<CellProblem>& problems) {
  longs_.Ensure(mark_.rows + cells.rows, mark_.rows);
  int64_t* const out = longs_.data();
  if (type_ == TypeId::kTime) {
    return Loop(cells, position, column, problems, [&](size_t at, std::string_view text, size_t) {
      out[at] = 0;
      return text.empty() ? ValueState::kFits : ParseTime(text, out[at]);
    });
  }
  return Loop(cells, position, column, problems, [&](size_t at, std::string_view text, size_t) {
    out[at] = 0;
    return text.empty() ? ValueState::kFits
                        : ParseDateTimePadded(text.data(), text.size(), out[at]);
  });
}

bool ColumnValues::AppendNumbers(const BlockCells& cells, size_t position, uint16_t column,
                                 std::vector<CellProblem>& problems) {
  const size_t rows = mark_.rows + cells.rows;
  const auto run = [&](auto* out, auto&& parse) {
    return Loop(cells, position, column, problems, [&](size_t at, std::string_view text, size_t) {
      out[at] = 0;
      return text.empty() ? ValueState::kFits : parse(text, out[at]);
    });
  };
  switch (form_) {
    case Form::kBoolean:
      booleans_.Ensure(rows, mark_.rows);
      return run(booleans_.data(), ParseBoolean);
    case Form::kInt32:
      ints_.Ensure(rows, mark_.rows);
      if (type_ == TypeId::kDate) {
        return run(ints_.data(), [](std::string_view text, int32_t& value) {
          return ParseDatePadded(text.data(), text.size(), value);
        });
      }
      return run(ints_.data(), ParseInt);
    case Form::kInt64:
      longs_.Ensure(rows, mark_.rows);
      if (type_ == TypeId::kDecimal) {
        return run(longs_.data(), [this](std::string_view text, int64_t& value) {
          return ParseDecimal64(text, shape_, limit_, value);
        });
      }
      return run(longs_.data(), ParseLong);
    case Form::kInt128:
      wides_.Ensure(rows, mark_.rows);
      return run(wides_.data(), [this](std::string_view text, Int128& value) {
        return ParseDecimal(text, shape_, value);
      });
    default:
      doubles_.Ensure(rows, mark_.rows);
      return run(doubles_.data(), ParseDouble);
  }
}

std::string_view RawCell(const BlockCells& cells, size_t row, size_t position) {
  const size_t cell = row * cells.columns + position;
  const uint32_t begin = cells.ends[static_cast<ptrdiff_t>(cell) - 1] + 1;
  const uint32_t end = cells.ends[cell];
  std::string_view text(cells.data + begin, end - begin);
  if (position + 1 == cells.columns && !text.empty() && text.back() == '\r') text.remove_suffix(1);
  if (text.size() >= 2 && text.front() == '"' && text.back() == '"') {
    text = text.substr(1, text.size() - 2);
  }
  return text;
}

}  // namespace firn::record
