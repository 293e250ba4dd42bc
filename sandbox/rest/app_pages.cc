// `/tabs` and `/theme`: what a page of the org shows of each object that has a tab.
// Source: REST API Developer Guide, "Tabs", "Themes"; SOAP API Developer Guide, 'DescribeTab',
// 'DescribeColor', 'DescribeIcon'; read 2026-11.
#include "sandbox/rest/app_pages.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "sandbox/rest/rest.h"
#include "sandbox/sign_in/sign_in_parts.h"

namespace firn::sandbox {
namespace {

using nlohmann::ordered_json;

// Standard objects with a tab, and the icons and colors of theirs.
struct Look {
  std::string_view object;
  std::string_view icon;     // `accounts` of accounts32.png
  std::string_view drawing;  // `account` of account.svg
  std::string_view color;    // theme4
  std::string_view before;   // theme3
};
constexpr Look kLooks[] = {{"Account", "accounts", "account", "5867E8", "236FBD"},
                           {"Asset", "assets", "asset_object", "3BA755", "36A88F"},
                           {"Campaign", "campaigns", "campaign", "F49756", "B26D1F"},
                           {"Case", "cases", "case", "FF538A", "B7A752"},
                           {"Contact", "contacts", "contact", "9602C7", "56458C"},
                           {"Contract", "contracts", "contract", "3BA755", "66895F"},
                           {"Lead", "leads", "lead", "FF538A", "E39321"},
                           {"Opportunity", "opportunities", "opportunity", "FF5D2D", "E39321"},
                           {"Order", "orders", "orders", "7F8DE1", "6666CC"},
                           {"Pricebook2", "products", "pricebook", "B781D3", "317992"},
                           {"Product2", "products", "product", "B781D3", "317992"},
                           {"Quote", "quotes", "quotes", "06A59A", "66895F"},
                           {"Solution", "solutions", "solution", "8FC972", "8BA551"}};
constexpr Look kCustom = {"", "computer", "custom1", "FF7B84", "6666CC"};

const Look* LookOf(const ObjectInfo& object) {
  const auto* const found =
      std::find_if(std::begin(kLooks), std::end(kLooks),
                   [&](const Look& look) { return look.object == object.name; });
  if (found != std::end(kLooks)) return found;
  return object.custom && object.layoutable ? &kCustom : nullptr;
}

ordered_json Colors(const Look& look) {
  const auto color = [](std::string_view rgb, const char* theme) {
    return ordered_json{{"color", rgb}, {"context", "primary"}, {"theme", theme}};
  };
  return ordered_json::array({color(look.color, "theme4"), color(look.before, "theme3")});
}

std::string Png(const std::string& base, const Look& look, int size) {
  return base + "/img/icon/" + std::string(look.icon) + std::to_string(size) + ".png";
}

ordered_json Icons(const std::string& base, const Look& look) {
  const auto icon = [](const char* type, int size, const char* theme, const std::string& url) {
    return ordered_json{
        {"contentType", type}, {"height", size}, {"theme", theme}, {"url", url}, {"width", size}};
  };
  const std::string folder = &look == &kCustom ? "custom/" : "standard/";
  return ordered_json::array(
      {icon("image/png", 32, "theme3", Png(base, look, 32)),
       icon("image/png", 16, "theme3", Png(base, look, 16)),
       icon("image/svg+xml", 0, "theme4",
            base + "/img/icon/t4v35/" + folder + std::string(look.drawing) + ".svg")});
}

ordered_json Tab(const ObjectInfo& object, const Look& look, const std::string& base) {
  return {{"colors", Colors(look)},
          {"custom", object.custom},
          {"iconUrl", Png(base, look, 32)},
          {"icons", Icons(base, look)},
          {"label", object.label_plural},
          {"miniIconUrl", Png(base, look, 16)},
          {"name", object.custom ? object.name : "standard-" + object.name},
          {"sobjectName", object.name},
          {"url", base + "/" + object.key_prefix + "/o"}};
}

}  // namespace

Answer Tabs(ApiParts& parts, const ApiRequest& request) {
  if (request.method != "GET" && request.method != "HEAD") {
    return MethodNotAllowed(request.method, "GET,HEAD");
  }
  ordered_json tabs = ordered_json::array();
  const auto catalogue = parts.org.CatalogueFor(request.session.user_id);
  for (const ObjectInfo& object : catalogue->objects()) {
    if (const Look* look = LookOf(object))
      tabs.push_back(Tab(object, *look, BaseUrl(request.http)));
  }
  return JsonAnswer(200, tabs.dump());
}

Answer Theme(ApiParts& parts, const ApiRequest& request) {
  if (request.method != "GET" && request.method != "HEAD") {
    return MethodNotAllowed(request.method, "GET,HEAD");
  }
  ordered_json items = ordered_json::array();
  UtcMicros changed{};
  const auto catalogue = parts.org.CatalogueFor(request.session.user_id);
  for (const ObjectInfo& object : catalogue->objects()) {
    changed = std::max(changed, object.changed_at);
    const Look* look = LookOf(object);
    if (look == nullptr) continue;
    items.push_back({{"colors", Colors(*look)},
                     {"icons", Icons(BaseUrl(request.http), *look)},
                     {"name", object.name}});
  }
  changed = std::chrono::ceil<std::chrono::seconds>(changed);  // HTTP dates have no less
  const auto since = request.http.headers.Get("If-Modified-Since");
  const bool seen = since && ParseHttpDate(std::string(*since)) >= changed;
  Answer answer = JsonAnswer(200, ordered_json{{"themeItems", std::move(items)}}.dump());
  if (seen) answer = Answer{.status = 304};
  answer.headers.Set("Last-Modified", HttpDate(changed));
  return answer;
}

}  // namespace firn::sandbox
