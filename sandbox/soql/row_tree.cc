#include "sandbox/soql/row_tree.h"

#include <algorithm>

namespace firn::sandbox::soql {
namespace {

// Which objects a reference may lead to, of those this org has.
std::vector<const ObjectInfo*> Targets(const Catalogue& catalogue, const FieldRef& via) {
  std::vector<const ObjectInfo*> targets;
  for (const FieldInfo* field : via.fields) {
    if (field == nullptr) continue;
    for (const auto& name : field->reference_to) {
      const ObjectInfo* object = catalogue.Object(name);
      if (object != nullptr && std::find(targets.begin(), targets.end(), object) == targets.end()) {
        targets.push_back(object);
      }
    }
  }
  return targets;
}

std::string NoColumn(const std::string& column, const std::string& entity) {
  return "No such column '" + column + "' on entity '" + entity +
         "'. If you are attempting to use a custom field, be sure to append the '__c' after the "
         "custom field name. Please reference your WSDL or the describe call for the appropriate "
         "names.";
}

std::string NoRelationship(const std::string& name) {
  return "Didn't understand relationship '" + name +
         "' in field path. If you are attempting to use a custom relationship, be sure to append "
         "the '__r' after the custom relationship name. Please reference your WSDL or the describe "
         "call for the appropriate names.";
}

void AppendMember(std::string_view name, const Value& value, std::string& out) {
  if (out.size() > 1) out += ',';
  AppendJsonText(name, out);
  out += ':';
  AppendJson(value, out);
}

}  // namespace

const FieldInfo& FieldRef::info() const {
  for (const FieldInfo* field : fields) {
    if (field != nullptr) return *field;
  }
  FIRN_ASSERT(false && "a resolved path has a field");
  return *fields[0];
}

RowTree::RowTree(std::shared_ptr<const Catalogue> catalogue, const ObjectInfo& object,
                 std::shared_ptr<Reader> reader, int64_t now_millis)
    : catalogue_(std::move(catalogue)), reader_(std::move(reader)), now_millis_(now_millis) {
  Node& root = nodes_.emplace_back();
  root.candidates.emplace_back().object = &object;
  // Never empty: an empty list would mean every slot.
  root.candidates[0].wanted.push_back(kIdSlot);
}

int RowTree::NodeFor(int parent, const std::string& relationship, FieldRef via) {
  for (size_t i = 0; i < nodes_.size(); ++i) {
    if (nodes_[i].parent == parent && nodes_[i].relationship == relationship) {
      return static_cast<int>(i);
    }
  }
  const auto targets = Targets(*catalogue_, via);
  Node& node = nodes_.emplace_back();
  node.parent = parent;
  node.relationship = relationship;
  for (size_t i = 0; i < via.fields.size(); ++i) {
    if (via.fields[i] != nullptr) Want(parent, i, *via.fields[i]);
  }
  node.via = std::move(via);
  for (const ObjectInfo* target : targets) {
    Candidate& candidate = node.candidates.emplace_back();
    candidate.object = target;
    candidate.wanted.push_back(kIdSlot);
  }
  return static_cast<int>(nodes_.size()) - 1;
}

void RowTree::Want(int node, size_t candidate, const FieldInfo& field) {
  if (field.slot >= 0) {
    nodes_[node].candidates[candidate].wanted.push_back(field.slot);
    return;
  }
  const ObjectInfo& object = *nodes_[node].candidates[candidate].object;
  for (const int component : field.components) Want(node, candidate, object.fields[component]);
  if (!field.calculated || formulas_.contains(&field)) return;
  formulas_[&field];  // stands before its inputs, so that a circle ends
  auto parsed = formula::Parse(field.calculated_formula);
  if (!parsed) return;
  BoundFormula bound;
  for (const auto& path : parsed->inputs) {
    FieldRef ref;
    ref.node = node;
    for (size_t i = 0; i < path.size(); ++i) {
      const bool last = i + 1 == path.size();
      FieldRef step;
      step.node = ref.node;
      for (const auto& each : nodes_[ref.node].candidates) {
        step.fields.push_back(last ? each.object->Field(path[i])
                                   : each.object->Relationship(path[i]));
        step.objects.push_back(each.object);
      }
      const bool known = std::any_of(step.fields.begin(), step.fields.end(),
                                     [](const FieldInfo* each) { return each != nullptr; });
      if (!known) return;  // refers to a field that is gone: the formula is null
      if (last) {
        ref = step;
      } else {
        ref.node = NodeFor(step.node, Folded(path[i]), step);
      }
    }
    for (size_t i = 0; i < ref.fields.size(); ++i) {
      if (ref.fields[i] != nullptr) Want(ref.node, i, *ref.fields[i]);
    }
    bound.inputs.push_back(std::move(ref));
  }
  bound.expression = std::move(parsed->expression);
  formulas_[&field] = std::move(bound);
}

tl::expected<FieldRef, std::string> RowTree::Resolve(std::vector<std::string>& path,
                                                     bool see_hidden) {
  if (path.size() > kLevelsMax + 1) {
    return tl::unexpected(std::string("Invalid number of relationship levels: at most 5"));
  }
  int node = 0;
  for (size_t i = 0; i < path.size(); ++i) {
    const bool last = i + 1 == path.size();
    FieldRef step;
    step.node = node;
    std::string entity;
    for (const auto& candidate : nodes_[node].candidates) {
      const ObjectInfo& object = *candidate.object;
      const FieldInfo* field = last ? object.Field(path[i]) : object.Relationship(path[i]);
      // Through a polymorphic relationship every record has a Name: a case's is its number.
      const bool many = nodes_[node].candidates.size() > 1;
      if (field == nullptr && last && many && Folded(path[i]) == "name") field = object.NameField();
      if (field != nullptr && field->hidden && !see_hidden) field = nullptr;
      if (entity.empty()) entity = object.name;
      step.fields.push_back(field);
      step.objects.push_back(&object);
    }
    if (nodes_[node].candidates.size() > 1) entity = "Name";
    const bool known = std::any_of(step.fields.begin(), step.fields.end(),
                                   [](const FieldInfo* each) { return each != nullptr; });
    // `Type` through a relationship to several objects is the object's name, whatever they have.
    const bool type_name = last && node > 0 && Folded(path[i]) == "type" &&
                           nodes_[node].via.info().reference_to.size() > 1;
    if (type_name) {
      path[i] = "Type";
      step.type_name = true;
      for (size_t k = 0; k < step.fields.size(); ++k) step.fields[k] = &step.objects[k]->fields[0];
      return step;
    }
    if (!known && last) return tl::unexpected(NoColumn(path[i], entity));
    if (!known) return tl::unexpected(NoRelationship(path[i]));
    if (last) {
      path[i] = step.info().name;
      for (size_t k = 0; k < step.fields.size(); ++k) {
        if (step.fields[k] != nullptr) Want(node, k, *step.fields[k]);
      }
      return step;
    }
    path[i] = step.info().relationship_name;
    node = NodeFor(node, Folded(path[i]), step);
    if (nodes_[node].candidates.empty()) return tl::unexpected(NoRelationship(path[i]));
  }
  return tl::unexpected(std::string("empty field path"));
}

FieldRef RowTree::RefOf(const FieldInfo& field) {
  FieldRef ref;
  ref.fields.push_back(&field);
  ref.objects.push_back(&object());
  Want(0, 0, field);
  return ref;
}

std::vector<int> RowTree::Way(const FieldRef& ref) const {
  std::vector<int> way;
  for (int node = ref.node; node >= 0; node = nodes_[node].parent) way.push_back(node);
  std::reverse(way.begin(), way.end());
  return way;
}

Result<void> RowTree::SetRow(int64_t record_number, bool deleted, int64_t modstamp,
                             std::string_view blob) {
  ++serial_;
  scratch_used_ = 0;
  Node& root = nodes_[0];
  Candidate& candidate = root.candidates[0];
  if (!candidate.reader) {
    candidate.reader = std::make_unique<RowReader>(*candidate.object, candidate.wanted);
  }
  root.loaded_for = serial_;
  root.current = 0;
  root.id = MakeId(candidate.object->key_prefix, record_number);
  if (!candidate.reader->Read(root.id, deleted, modstamp, blob)) {
    return Fail(Kind::kCorrupt, "SBX-STORE-001", "a stored row of the org cannot be decoded");
  }
  return {};
}

bool RowTree::Load(Node& node) {
  if (node.loaded_for == serial_) return node.current >= 0;
  node.loaded_for = serial_;
  node.current = -1;
  const Value id = Get(node.via);
  if (id.kind != Value::Kind::kId) return false;
  int wanted = -1;
  for (size_t i = 0; i < node.candidates.size(); ++i) {
    if (MakeId(node.candidates[i].object->key_prefix, 0) >> 45 == id.number >> 45) {
      wanted = static_cast<int>(i);
    }
  }
  if (wanted < 0) return false;
  Candidate& candidate = node.candidates[wanted];
  auto found = node.cache.find(id.number);
  if (found == node.cache.end()) {
    auto row = reader_->Load(*candidate.object, id.number);
    if (!row) {
      if (!failure_) failure_ = row.error();
      return false;
    }
    if (node.cache.size() >= kCacheMax) node.cache.clear();
    found = node.cache
                .emplace(id.number, *row ? std::make_shared<StoredRow>(std::move(**row)) : nullptr)
                .first;
  }
  node.row = found->second;
  if (!node.row) return false;
  if (!candidate.reader) {
    candidate.reader = std::make_unique<RowReader>(*candidate.object, candidate.wanted);
  }
  if (!candidate.reader->Read(id.number, node.row->deleted, node.row->modstamp, node.row->blob)) {
    if (!failure_) {
      failure_ =
          Error(Kind::kCorrupt, "SBX-STORE-001", "a stored row of the org cannot be decoded");
    }
    return false;
  }
  node.id = id.number;
  node.current = wanted;
  return true;
}

Value RowTree::IdAt(int node) { return Load(nodes_[node]) ? Value::Id(nodes_[node].id) : Value{}; }

Value RowTree::Get(const FieldRef& ref) {
  Node& node = nodes_[ref.node];
  if (!Load(node)) return {};
  if (ref.type_name) return Value::Text(node.candidates[node.current].object->name);
  const FieldInfo* field = ref.fields[node.current];
  if (field == nullptr) return {};
  if (field->slot >= 0) return node.candidates[node.current].reader->at(field->slot);
  return Compute(ref.node, node.current, *field);
}

Value RowTree::Compute(int node, size_t candidate, const FieldInfo& field) {
  if (field.calculated) return Formula(field);
  if (!field.components.empty()) return Compound(nodes_[node].candidates[candidate], field);
  return {};
}

Value RowTree::Compound(const Candidate& candidate, const FieldInfo& field) {
  // Source: REST API Developer Guide, 'Compound Fields', read 2026-11.
  static constexpr std::pair<std::string_view, std::string_view> kMembers[] = {
      {"City", "city"},
      {"Country", "country"},
      {"GeocodeAccuracy", "geocodeAccuracy"},
      {"Latitude", "latitude"},
      {"Longitude", "longitude"},
      {"PostalCode", "postalCode"},
      {"State", "state"},
      {"Street", "street"},
      {"Latitude__s", "latitude"},
      {"Longitude__s", "longitude"}};
  if (scratch_used_ == scratch_.size()) scratch_.emplace_back();
  std::string& json = scratch_[scratch_used_++];
  json = "{";
  bool any = false;
  for (const auto& [ending, member] : kMembers) {
    for (const int component : field.components) {
      const FieldInfo& part = candidate.object->fields[component];
      if (!part.name.ends_with(ending)) continue;
      const Value value = part.slot >= 0 ? candidate.reader->at(part.slot) : Value{};
      any = any || !value.null();
      AppendMember(member, value, json);
    }
  }
  json += '}';
  return any ? Value::Json(json) : Value{};
}

Value RowTree::Formula(const FieldInfo& field) {
  const auto found = formulas_.find(&field);
  if (found == formulas_.end() || !found->second.expression) return {};
  const auto& inputs = found->second.inputs;
  const auto result =
      formula::Evaluate(*found->second.expression, [&](int input) { return Get(inputs[input]); });
  if (scratch_used_ == scratch_.size()) scratch_.emplace_back();
  return formula::ToField(field, result, scratch_[scratch_used_++]);
}

}  // namespace firn::sandbox::soql
