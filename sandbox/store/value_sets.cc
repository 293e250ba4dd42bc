// Sources: languages: Salesforce Help, "Supported Languages" (fully supported, then end-user),
// codes and labels as the Object Reference lists them for `Language` fields, read 2026-11; locales:
// the table of Salesforce Help, "Supported Locales", and e-mail encodings: the picklist of a new
// org, both from memory, since neither page could be read whole.
#include "sandbox/store/value_sets.h"

#include <algorithm>

namespace firn::sandbox {
namespace {

constexpr std::string_view kLanguages =
    "en_US|English\nde|German\nes|Spanish\nfr|French\nit|Italian\nja|Japanese\nsv|Swedish\n"
    "ko|Korean\nzh_TW|Chinese (Traditional)\nzh_CN|Chinese (Simplified)\n"
    "pt_BR|Portuguese (Brazil)\nnl_NL|Dutch\nda|Danish\nth|Thai\nfi|Finnish\nru|Russian\n"
    "es_MX|Spanish (Mexico)\nno|Norwegian\nar|Arabic\nbg|Bulgarian\nhr|Croatian\ncs|Czech\n"
    "en_GB|English (UK)\nel|Greek\niw|Hebrew\nhu|Hungarian\nin|Indonesian\npl|Polish\n"
    "pt_PT|Portuguese (European)\nro|Romanian\nsk|Slovak\nsl|Slovene\ntr|Turkish\n"
    "uk|Ukrainian\nvi|Vietnamese\n";

constexpr std::string_view kEmailEncodings =
    "UTF-8|Unicode (UTF-8)\n"
    "ISO-8859-1|General US & Western Europe (ISO-8859-1, ISO-LATIN-1)\n"
    "Shift_JIS|Japanese (Shift-JIS)\nISO-2022-JP|Japanese (JIS)\nEUC-JP|Japanese (EUC)\n"
    "ks_c_5601-1987|Korean (ks_c_5601-1987)\nBig5|Traditional Chinese (Big5)\n"
    "GB2312|Simplified Chinese (GB2312)\nBig5-HKSCS|Traditional Chinese Hong Kong (Big5-HKSCS)\n"
    "x-SJIS_0213|Japanese (Shift-JIS_2004)\n";

// A language and the countries it is spoken in: `de|German|AT Austria,BE Belgium`.
constexpr std::string_view kLocales =
    "af|Afrikaans|ZA South Africa\nsq|Albanian|AL Albania\nam|Amharic|ET Ethiopia\n"
    "ar|Arabic|DZ Algeria,BH Bahrain,EG Egypt,IQ Iraq,JO Jordan,KW Kuwait,LB Lebanon,LY Libya,"
    "MA Morocco,OM Oman,QA Qatar,SA Saudi Arabia,SD Sudan,SY Syria,TN Tunisia,"
    "AE United Arab Emirates,YE Yemen\n"
    "hy|Armenian|AM Armenia\naz|Azerbaijani|AZ Azerbaijan\nbn|Bangla|BD Bangladesh,IN India\n"
    "eu|Basque|ES Spain\nbe|Belarusian|BY Belarus\nbs|Bosnian|BA Bosnia & Herzegovina\n"
    "bg|Bulgarian|BG Bulgaria\nmy|Burmese|MM Myanmar (Burma)\nca|Catalan|ES Spain\n"
    "zh|Chinese|CN_PINYIN China, Pinyin Ordering,CN_STROKE China, Stroke Ordering,CN China,"
    "HK_STROKE Hong Kong SAR China, Stroke Ordering,HK Hong Kong SAR China,MO Macau SAR China,"
    "MY Malaysia,SG Singapore,TW_STROKE Taiwan, Stroke Ordering,TW Taiwan\n"
    "hr|Croatian|HR Croatia\ncs|Czech|CZ Czechia\nda|Danish|DK Denmark\n"
    "nl|Dutch|AW Aruba,BE Belgium,NL Netherlands,SR Suriname\ndz|Dzongkha|BT Bhutan\n"
    "en|English|AG Antigua & Barbuda,AU Australia,BS Bahamas,BB Barbados,BZ Belize,BM Bermuda,"
    "BW Botswana,CM Cameroon,CA Canada,KY Cayman Islands,ER Eritrea,FK Falkland Islands,FJ Fiji,"
    "GM Gambia,GH Ghana,GI Gibraltar,GY Guyana,HK Hong Kong SAR China,IN India,ID Indonesia,"
    "IE Ireland,JM Jamaica,KE Kenya,LR Liberia,MG Madagascar,MW Malawi,MY Malaysia,MU Mauritius,"
    "NA Namibia,NZ New Zealand,NG Nigeria,PK Pakistan,PG Papua New Guinea,PH Philippines,"
    "RW Rwanda,WS Samoa,SC Seychelles,SL Sierra Leone,SG Singapore,SX Sint Maarten,"
    "SB Solomon Islands,ZA South Africa,SH St. Helena,SZ Eswatini,TZ Tanzania,TO Tonga,"
    "TT Trinidad & Tobago,UG Uganda,AE United Arab Emirates,GB United Kingdom,US United States,"
    "VU Vanuatu\n"
    "et|Estonian|EE Estonia\nfi|Finnish|FI Finland\n"
    "fr|French|BE Belgium,CA Canada,KM Comoros,FR France,GN Guinea,HT Haiti,LU Luxembourg,"
    "MR Mauritania,MC Monaco,CH Switzerland,WF Wallis & Futuna\n"
    "ka|Georgian|GE Georgia\n"
    "de|German|AT Austria,BE Belgium,DE Germany,LU Luxembourg,CH Switzerland\n"
    "el|Greek|GR Greece\ngu|Gujarati|IN India\niw|Hebrew|IL Israel\nhi|Hindi|IN India\n"
    "hu|Hungarian|HU Hungary\nis|Icelandic|IS Iceland\nin|Indonesian|ID Indonesia\n"
    "ga|Irish|IE Ireland\nit|Italian|IT Italy,CH Switzerland\nja|Japanese|JP Japan\n"
    "kn|Kannada|IN India\nkk|Kazakh|KZ Kazakhstan\nkm|Khmer|KH Cambodia\n"
    "ko|Korean|KP North Korea,KR South Korea\nky|Kyrgyz|KG Kyrgyzstan\nlo|Lao|LA Laos\n"
    "lv|Latvian|LV Latvia\nlt|Lithuanian|LT Lithuania\nlu|Luba-Katanga|CD Congo - Kinshasa\n"
    "lb|Luxembourgish|LU Luxembourg\nmk|Macedonian|MK North Macedonia\n"
    "ms|Malay|BN Brunei,MY Malaysia\nml|Malayalam|IN India\nmt|Maltese|MT Malta\n"
    "mr|Marathi|IN India\nsh|Serbian (Latin)|BA Bosnia & Herzegovina,ME Montenegro,"
    "CS Serbia and Montenegro\n"
    "ne|Nepali|NP Nepal\nno|Norwegian|NO Norway\nps|Pashto|AF Afghanistan\nfa|Persian|IR Iran\n"
    "pl|Polish|PL Poland\n"
    "pt|Portuguese|AO Angola,BR Brazil,CV Cape Verde,MZ Mozambique,PT Portugal,"
    "ST São Tomé & Príncipe\n"
    "ro|Romanian|MD Moldova,RO Romania\nrm|Romansh|CH Switzerland\nrn|Rundi|BI Burundi\n"
    "ru|Russian|KZ Kazakhstan,RU Russia\n"
    "sr|Serbian (Cyrillic)|BA Bosnia & Herzegovina,CS Serbia and Montenegro,RS Serbia\n"
    "sk|Slovak|SK Slovakia\nsl|Slovenian|SI Slovenia\nso|Somali|DJ Djibouti,SO Somalia\n"
    "es|Spanish|AR Argentina,BO Bolivia,CL Chile,CO Colombia,CR Costa Rica,CU Cuba,"
    "DO Dominican Republic,EC Ecuador,SV El Salvador,GT Guatemala,HN Honduras,MX Mexico,"
    "NI Nicaragua,PA Panama,PY Paraguay,PE Peru,PR Puerto Rico,ES Spain,US United States,"
    "UY Uruguay,VE Venezuela\n"
    "sw|Swahili|KE Kenya\nsv|Swedish|SE Sweden\ntl|Tagalog|PH Philippines\n"
    "tg|Tajik|TJ Tajikistan\nta|Tamil|IN India,LK Sri Lanka\nte|Telugu|IN India\n"
    "mi|Te reo|NZ New Zealand\nth|Thai|TH Thailand\nti|Tigrinya|ET Ethiopia\n"
    "tr|Turkish|TR Turkey\nuk|Ukrainian|UA Ukraine\nur|Urdu|PK Pakistan\n"
    "uz|Uzbek|LATN_UZ LATN, UZ\nvi|Vietnamese|VN Vietnam\ncy|Welsh|GB United Kingdom\n"
    "xh|Xhosa|ZA South Africa\nyo|Yoruba|BJ Benin\nzu|Zulu|ZA South Africa\n";

using Values = std::vector<PicklistValue>;

std::string_view TakeUntil(std::string_view& text, char end) {
  const size_t at = std::min(text.find(end), text.size());
  const std::string_view part = text.substr(0, at);
  text.remove_prefix(std::min(at + 1, text.size()));
  return part;
}

void Add(std::string value, std::string label, Values& out) {
  out.push_back({std::move(value), std::move(label), true, false});
}

Values Pairs(std::string_view lines) {
  Values values;
  while (!lines.empty()) {
    std::string_view line = TakeUntil(lines, '\n');
    std::string value(TakeUntil(line, '|'));
    Add(std::move(value), std::string(line), values);
  }
  return values;
}

Values Locales() {
  Values values;
  for (std::string_view lines = kLocales; !lines.empty();) {
    std::string_view line = TakeUntil(lines, '\n');
    const std::string language(TakeUntil(line, '|'));
    const std::string name(TakeUntil(line, '|'));
    while (!line.empty()) {
      const std::string code(TakeUntil(line, ' '));
      std::string country(TakeUntil(line, ','));
      // `China, Pinyin Ordering` is one country's name.
      if (line.starts_with(' ')) country += ',' + std::string(TakeUntil(line, ','));
      Add(language + '_' + code, name + " (" + country + ')', values);
    }
  }
  return values;
}

Values TimeZones() {
  Values values;
  for (std::string_view lines = TimeZoneLines(); !lines.empty();) {
    std::string_view line = TakeUntil(lines, '\n');
    const std::string offset(TakeUntil(line, '|'));
    const std::string name(TakeUntil(line, '|'));
    while (!line.empty()) {
      const std::string zone(TakeUntil(line, ' '));
      Add(zone, "(GMT" + offset + ") " + name + " (" + zone + ')', values);
    }
  }
  return values;
}

}  // namespace

std::optional<Values> ValueSet(std::string_view name) {
  if (name == "time_zones") return TimeZones();
  if (name == "locales") return Locales();
  if (name == "languages") return Pairs(kLanguages);
  if (name == "email_encodings") return Pairs(kEmailEncodings);
  return std::nullopt;
}

}  // namespace firn::sandbox
