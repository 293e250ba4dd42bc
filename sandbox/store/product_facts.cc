// What a price book entry and the lines of opportunities, quotes and orders take from their
// product: names, codes, list prices, totals. Source: Object Reference, 'PricebookEntry' (Name,
// ProductCode), 'OpportunityLineItem' (Name, ListPrice, TotalPrice, "Usage"), 'QuoteLineItem',
// 'OrderItem'; read 2026-11.
#include <optional>

#include "sandbox/decimal.h"
#include "sandbox/store/write_batch.h"

namespace firn::sandbox {
namespace {

constexpr int kCentsScale = 2;  // of totals and prices

bool IsLine(std::string_view object) {
  return object == "OpportunityLineItem" || object == "QuoteLineItem" || object == "OrderItem";
}

}  // namespace

Result<std::optional<WriteBatch::Draft>> WriteBatch::ParentOf(Draft& draft,
                                                              std::string_view field) {
  const Value* id = CellOf(draft, field);
  if (id == nullptr || id->null()) return std::optional<Draft>();
  FIRN_TRY(Draft parent, Load(id->number));
  return std::optional<Draft>(std::move(parent));
}

void WriteBatch::Copy(Draft& from, Draft& to, std::string_view field) {
  if (const Value* value = CellOf(from, field)) Put(to, field, *value);
}

// Whoever gives one of the sales price and the total gets the other.
void WriteBatch::AddTotal(Draft& line) {
  const Value* quantity = CellOf(line, "Quantity");
  Value* price = CellOf(line, "UnitPrice");
  Value* total = CellOf(line, "TotalPrice");
  if (quantity == nullptr || price == nullptr || total == nullptr || quantity->null()) return;
  if (!price->null()) {
    *total = ProductOf(*quantity, *price, kCentsScale);
  } else if (!total->null() && quantity->number != 0) {
    *price = QuotientOf(*total, *quantity, kCentsScale);
  }
}

Result<void> WriteBatch::AddProductFacts(Draft& draft) {
  const std::string& object = draft.object().name;
  const bool entry = object == "PricebookEntry";
  if (!entry && !IsLine(object)) return {};
  if (!entry) {
    FIRN_TRY(auto price, ParentOf(draft, "PricebookEntryId"));
    if (price) {
      Copy(*price, draft, "Product2Id");
      const Value* list = CellOf(draft, "ListPrice");
      if (list != nullptr && list->null()) Put(draft, "ListPrice", *CellOf(*price, "UnitPrice"));
    }
    AddTotal(draft);
  }
  FIRN_TRY(auto product, ParentOf(draft, "Product2Id"));
  if (!product) return {};
  Copy(*product, draft, "ProductCode");
  if (entry) Copy(*product, draft, "Name");
  if (object != "OpportunityLineItem") return {};
  FIRN_TRY(auto deal, ParentOf(draft, "OpportunityId"));
  if (!deal) return {};
  std::string name(CellOf(*deal, "Name")->text);
  (name += ' ') += CellOf(*product, "Name")->text;
  Put(draft, "Name", Hold(std::move(name)));
  return {};
}

}  // namespace firn::sandbox
