#include "sandbox/generator/words.h"

namespace firn::sandbox {
namespace {

using Words = std::string_view;

constexpr Words kEnglishFirst[] = {"James",  "Mary",   "Robert", "Linda",  "Michael", "Susan",
                                   "David",  "Karen",  "Thomas", "Nancy",  "Daniel",  "Lisa",
                                   "Mark",   "Sandra", "Paul",   "Ashley", "Steven",  "Emily",
                                   "Andrew", "Donna",  "Kevin",  "Carol",  "Brian",   "Ruth",
                                   "George", "Helen",  "Edward", "Laura",  "Ryan",    "Grace"};
constexpr Words kEnglishLast[] = {
    "Smith",    "Johnson", "Brown",  "Taylor",   "O'Brien",    "Wilson", "Moore",   "Clark",
    "Lewis",    "Walker",  "Hall",   "Young",    "King",       "Wright", "Hill",    "Green",
    "Baker",    "Nelson",  "Carter", "Mitchell", "Turner",     "Parker", "Edwards", "Stewart",
    "McDonald", "Null",    "True",   "None",     "de la Cruz", "Bell"};
constexpr Words kEnglishCities[] = {"San Francisco", "Austin", "London", "Chicago", "Toronto",
                                    "Denver",        "Boston", "Leeds",  "Seattle", "Dublin"};
constexpr Words kLatinFirst[] = {"Jürgen", "Zoë",   "François", "Søren", "Łukasz", "Íñigo",
                                 "Björn",  "Chloé", "Åsa",      "Ömer",  "Núria",  "Đorđe"};
constexpr Words kLatinLast[] = {"Müller",   "Gonçalves", "Ångström",   "Dvořák",
                                "Nuñez",    "Białek",    "Jónsdóttir", "Großmann",
                                "D'Amélie", "Þórsson",   "Şahin",      "Kovács"};
constexpr Words kLatinCities[] = {"Köln",   "São Paulo", "Málaga", "Kraków",
                                  "Zürich", "Reykjavík", "Malmö",  "Besançon"};
constexpr Words kCyrillicFirst[] = {"Анна", "Дмитрий", "Ольга", "Сергей", "Наталія", "Борис"};
constexpr Words kCyrillicLast[] = {"Иванова",  "Кузнецов", "Петренко",
                                   "Соколова", "Щербаков", "Йорданов"};
constexpr Words kCyrillicCities[] = {"София", "Київ", "Алматы", "Белград"};
constexpr Words kJapaneseFirst[] = {"太郎", "花子", "健一", "美咲", "翔", "葵"};
constexpr Words kJapaneseLast[] = {"佐藤", "鈴木", "高橋", "田中", "渡辺", "髙島"};
constexpr Words kJapaneseCities[] = {"東京", "大阪", "札幌", "福岡"};
constexpr Words kChineseFirst[] = {"伟", "芳", "秀英", "敏", "静", "强"};
constexpr Words kChineseLast[] = {"王", "李", "张", "刘", "陈", "欧阳"};
constexpr Words kChineseCities[] = {"上海", "深圳", "成都", "杭州"};
constexpr Words kGreekFirst[] = {"Γιώργος", "Μαρία", "Ελένη", "Νίκος"};
constexpr Words kGreekLast[] = {"Παπαδόπουλος", "Νικολάου", "Ωνάσης", "Καραγιάννη"};
constexpr Words kGreekCities[] = {"Αθήνα", "Θεσσαλονίκη", "Πάτρα"};
constexpr Words kArabicFirst[] = {"محمد", "فاطمة", "أحمد", "ليلى"};
constexpr Words kArabicLast[] = {"الخطيب", "حداد", "المصري", "نجار"};
constexpr Words kArabicCities[] = {"دبي", "القاهرة", "عمّان"};
constexpr Words kHebrewFirst[] = {"נועה", "דוד", "תמר", "יוסף"};
constexpr Words kHebrewLast[] = {"כהן", "לוי", "מזרחי", "פרץ"};
constexpr Words kHebrewCities[] = {"תל אביב", "חיפה", "ירושלים"};
constexpr Words kHindiFirst[] = {"आरव", "प्रिया", "रोहन", "अनन्या"};
constexpr Words kHindiLast[] = {"शर्मा", "वर्मा", "गुप्ता", "सिंह"};
constexpr Words kHindiCities[] = {"मुंबई", "दिल्ली", "पुणे"};
constexpr Words kKoreanFirst[] = {"민준", "서연", "지훈", "하은"};
constexpr Words kKoreanLast[] = {"김", "이", "박", "최"};
constexpr Words kKoreanCities[] = {"서울", "부산", "대구"};

constexpr People kPeoples[] = {
    {kEnglishFirst, kEnglishLast, kEnglishCities, "United States", false},
    {kLatinFirst, kLatinLast, kLatinCities, "Österreich", false},
    {kCyrillicFirst, kCyrillicLast, kCyrillicCities, "България", false},
    {kJapaneseFirst, kJapaneseLast, kJapaneseCities, "日本", true},
    {kChineseFirst, kChineseLast, kChineseCities, "中国", true},
    {kGreekFirst, kGreekLast, kGreekCities, "Ελλάδα", false},
    {kArabicFirst, kArabicLast, kArabicCities, "مصر", false},
    {kHebrewFirst, kHebrewLast, kHebrewCities, "ישראל", false},
    {kHindiFirst, kHindiLast, kHindiCities, "भारत", false},
    {kKoreanFirst, kKoreanLast, kKoreanCities, "대한민국", true},
};

constexpr Words kHeads[] = {"Glacier", "Summit",  "Blue Ridge", "Northwind", "Lakeside",
                            "Pioneer", "Granite", "Evergreen",  "Harbour",   "Silver Birch",
                            "Orion",   "Cobalt",  "Fjord",      "Alpine",    "Meridian",
                            "Juniper", "Böhm",    "Señora",     "Æther",     "北極",
                            "Полярис", "Ωμέγα"};
constexpr Words kTails[] = {"Outfitters", "Logistics", "Foods", "Analytics", "Energy",  "Textiles",
                            "Robotics",   "Health",    "Media", "Partners",  "Freight", "Optics",
                            "Bank",       "Studio",    "Works", "Supply"};
constexpr Words kForms[] = {
    "Inc.", "LLC", "GmbH", "Ltd", "& Sons", "S.A.", "AG", "Co., Ltd.", "\"The Original\"", "B.V."};
constexpr Words kStreets[] = {"Main Street",      "Market Street", "Oak Avenue",
                              "Church Road",      "Bahnhofstraße", "Rue de l'Église",
                              "Avenida São João", "Station Road",  "5th Avenue",
                              "Kungsgatan",       "Via Roma",      "桜通り"};
constexpr Words kStates[] = {"CA", "TX", "NY", "WA", "Bayern", "Île-de-France", "Ontario", "Kent"};
constexpr Words kTitles[] = {"CEO",
                             "VP, Sales",
                             "Director of Operations",
                             "Buyer",
                             "Engineer",
                             "Head of \"Special Projects\"",
                             "CFO",
                             "SVP, Procurement",
                             "Analyst",
                             "Geschäftsführer",
                             "Technician",
                             "Office Manager"};
constexpr Words kDepartments[] = {"Sales",      "Finance", "Procurement",     "R&D",
                                  "Operations", "IT",      "Human Resources", "Legal"};
constexpr Words kCommon[] = {
    "order",    "delivery", "the",      "customer", "asked",  "for",      "invoice", "and",
    "shipment", "was",      "delayed",  "in",       "Berlin", "please",   "call",    "back",
    "about",    "renewal",  "price",    "list",     "of",     "spare",    "parts",   "quality",
    "issue",    "with",     "unit",     "replaced", "under",  "warranty", "meeting", "next",
    "week",     "budget",   "approved", "by",       "board",  "naïve",    "café",    "zone",
    "test",     "new",      "site",     "visit"};
constexpr Words kProducts[] = {"Snow Shoe",     "Ice Axe",   "Base Tent",   "Rope 60m",
                               "Thermal Flask", "Head Lamp", "Crampon Set", "Sleeping Bag",
                               "Stove",         "Map Case",  "GPS Unit",    "Avalanche Beacon"};

constexpr Words kAwkward[] = {"NA",
                              "N/A",
                              "null",
                              "NULL",
                              "None",
                              "nan",
                              "NaN",
                              "true",
                              "FALSE",
                              "0",
                              "00042",
                              "1e5",
                              "-",
                              "#N/A",
                              "\\N",
                              "=1+1",
                              "+49 30 1234",
                              "@here",
                              "a,b,c",
                              "semi;colon",
                              "pipe|d",
                              "say \"hello\"",
                              "\"",
                              "\"\"",
                              "it's",
                              "back\\slash",
                              "tab\there",
                              "two\nlines",
                              "dos\r\nlines",
                              "\"quoted\r\nlines\", with commas",
                              "trailing,",
                              "emoji 😀🎿🏔️",
                              "👩‍🚀 family 👨‍👩‍👧",
                              "日本語のテキスト",
                              "текст на русском",
                              "نص عربي",
                              "טקסט בעברית",
                              "e\u0301 combining",
                              "zero\u200bwidth",
                              "nbsp\u00a0here",
                              "<b>&amp;</b>",
                              "{\"json\": [1, 2]}",
                              "2026-02-30",
                              "12/31/1999",
                              "Ærøskøbing",
                              "ﬁne ligature",
                              "ÿ\u0178",
                              "\u00df\u1e9e",
                              "𝔘𝔫𝔦𝔠𝔬𝔡𝔢"};

}  // namespace

std::span<const People> Peoples() { return kPeoples; }
std::span<const std::string_view> CompanyHeads() { return kHeads; }
std::span<const std::string_view> CompanyTails() { return kTails; }
std::span<const std::string_view> CompanyForms() { return kForms; }
std::span<const std::string_view> Streets() { return kStreets; }
std::span<const std::string_view> States() { return kStates; }
std::span<const std::string_view> Titles() { return kTitles; }
std::span<const std::string_view> Departments() { return kDepartments; }
std::span<const std::string_view> CommonWords() { return kCommon; }
std::span<const std::string_view> Products() { return kProducts; }
std::span<const std::string_view> AwkwardTexts() { return kAwkward; }

}  // namespace firn::sandbox
