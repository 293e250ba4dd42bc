// What could go wrong in production: two texts share a number, and a column's values are swapped.
#include "ends/lake/parquet/text_dictionary.h"

#include <gtest/gtest.h>

#include <map>
#include <random>
#include <vector>

namespace firn::lake {
namespace {

uint32_t Number(TextDictionary& dictionary, std::string_view text) {
  uint32_t number = 0;
  dictionary.Find({&text, 1}, &number);
  return number;
}

// The texts of a dictionary page, by number.
std::vector<std::string> Texts(const TextDictionary& dictionary) {
  std::vector<std::string> texts;
  const PageBytes& plain = dictionary.plain();
  for (size_t at = 0; at < plain.size();) {
    uint32_t size;
    std::memcpy(&size, plain.data() + at, sizeof size);
    at += sizeof size;
    texts.emplace_back(reinterpret_cast<const char*>(plain.data()) + at, size);
    at += size;
  }
  return texts;
}

TEST(TextDictionary, GivesEachTextANumberOfItsOwn) {
  TextDictionary dictionary;
  std::map<std::string, uint32_t> numbers;
  std::mt19937 random(5);
  for (int i = 0; i < 60'000; ++i) {
    // Lengths around the borders of the words compared, with few distinct bytes.
    std::string text(random() % 40, 'a');
    for (size_t at = 0; at < 3 && !text.empty(); ++at) {
      text[random() % text.size()] = static_cast<char>('a' + random() % 4);
    }
    const auto [known, fresh] = numbers.emplace(text, static_cast<uint32_t>(numbers.size()));
    ASSERT_EQ(Number(dictionary, text), known->second) << text;
  }
  ASSERT_EQ(dictionary.size(), numbers.size());
  const std::vector<std::string> texts = Texts(dictionary);
  for (const auto& [text, number] : numbers) EXPECT_EQ(texts.at(number), text);
  for (const auto& [text, number] : numbers) EXPECT_EQ(dictionary.text(number), text);
}

TEST(TextDictionary, FindsManyAtOnceThoughItGrowsMeanwhile) {
  TextDictionary dictionary;
  std::vector<std::string> texts;
  for (int i = 0; i < 10'000; ++i) texts.push_back("id " + std::to_string(i * 7919 % 10'000));
  for (int round = 0; round < 2; ++round) {
    for (size_t at = 0; at < texts.size(); at += 25) {
      // Each text twice in the same call.
      std::vector<std::string_view> some(texts.begin() + static_cast<ptrdiff_t>(at),
                                         texts.begin() + static_cast<ptrdiff_t>(at) + 16);
      some.insert(some.end(), some.begin(), some.begin() + 16);
      std::vector<uint32_t> numbers(some.size());
      dictionary.Find(some, numbers.data());
      const std::vector<std::string> known = Texts(dictionary);
      for (size_t i = 0; i < some.size(); ++i) ASSERT_EQ(known.at(numbers[i]), some[i]);
    }
  }
  EXPECT_EQ(dictionary.size(), 6'400U);
}

TEST(TextDictionary, TellsTextsApartByZeroBytesAndMiddles) {
  TextDictionary dictionary;
  const std::vector<std::string> texts = {"",
                                          std::string(1, '\0'),
                                          std::string(7, '\0'),
                                          "abc",
                                          std::string("abc\0", 4),
                                          "12345678x87654321",
                                          "12345678y87654321",
                                          "12345678-aaaaaaaaaaaaaaaa-87654321",
                                          "12345678-aaaaaaaabaaaaaaa-87654321"};
  for (uint32_t i = 0; i < texts.size(); ++i) EXPECT_EQ(Number(dictionary, texts[i]), i);
  for (uint32_t i = 0; i < texts.size(); ++i) EXPECT_EQ(Number(dictionary, texts[i]), i);
  EXPECT_EQ(Texts(dictionary), texts);
}

TEST(TextDictionary, NumbersAnewOnceItIsCleared) {
  TextDictionary dictionary;
  for (const char* text : {"b", "é", "a", "z"}) (void)Number(dictionary, text);
  dictionary.Clear();
  EXPECT_EQ(dictionary.size(), 0U);
  EXPECT_EQ(Number(dictionary, "m"), 0U);
  EXPECT_EQ(dictionary.text(0), "m");
}

}  // namespace
}  // namespace firn::lake
