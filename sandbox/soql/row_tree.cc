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

std::string NoRelationship(const std::string& name) {
  return "Didn't understand relationship '" + name +
         "' in field path. If you are attempting to use a custom relationship, be sure to append "
         "the '__r' after the custom relationship name. Please reference your WSDL or the describe "
         "call for the appropriate names.";
}

// What can be asked of a record through a relationship to several objects: the fields and
// relationships of the object that stands for all of them.
// Source: Object Reference, 'Name', read 2026-11.
bool IsOfName(const std::string& name, bool last) {
  static constexpr std::string_view kFields[] = {
      "alias",     "email", "firstname", "id",   "isactive",     "lastname", "name",
      "profileid", "phone", "title",     "type", "recordtypeid", "username", "userroleid"};
  static constexpr std::string_view kRelationships[] = {"profile", "userrole", "recordtype"};
  const std::string folded = Folded(name);
  const auto is = [&](std::string_view each) { return each == folded; };
  return last ? std::any_of(std::begin(kFields), std::end(kFields), is)
              : std::any_of(std::begin(kRelationships), std::end(kRelationships), is);
}

void AppendMember(std::string_view name, const Value& value, std::string& out) {
  if (out.size() > 1) out += ',';
  AppendJsonText(name, out);
  out += ':';
  AppendJson(value, out);
}

}  // namespace

std::string NoSuchColumn(const std::string& column, const std::string& entity) {
  return "No such column '" + column + "' on entity '" + entity +
         "'. If you are attempting to use a custom field, be sure to append the '__c' after the "
         "custom field name. Please reference your WSDL or the describe call for the appropriate "
         "names.";
}

const FieldInfo& FieldRef::info() const {
  for (const FieldInfo* field : fields) {
    if (field != nullptr) return *field;
  }
  FIRN_ASSERT(false && "a resolved path has a field");
  return *fields[0];
}

RowTree::RowTree(std::shared_ptr<const Catalogue> catalogue, const ObjectInfo& object,
                 std::shared_ptr<Reader> reader)
    : catalogue_(std::move(catalogue)), reader_(std::move(reader)) {
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

RowTree::Step RowTree::StepFrom(int node, const ObjectInfo* only, const std::string& name,
                                bool last, bool see_hidden) const {
  Step step;
  step.ref.node = node;
  const bool shared = only == nullptr && polymorphic(node);
  for (const auto& candidate : nodes_[node].candidates) {
    const ObjectInfo& object = *candidate.object;
    const FieldInfo* field = last ? object.Field(name) : object.Relationship(name);
    // Every record has a Name there: a case's is its number.
    if (shared && field == nullptr && last && Folded(name) == "name") field = object.NameField();
    if (field != nullptr && field->hidden && !see_hidden) field = nullptr;
    if (shared && !IsOfName(name, last)) field = nullptr;
    if (only != nullptr && only != &object) field = nullptr;
    if (step.entity.empty() || only == &object) step.entity = object.name;
    step.known = step.known || field != nullptr;
    step.ref.fields.push_back(field);
    step.ref.objects.push_back(&object);
  }
  if (shared) step.entity = "Name";
  return step;
}

tl::expected<FieldRef, std::string> RowTree::Resolve(std::vector<std::string>& path,
                                                     bool see_hidden) {
  return ResolveAt(0, nullptr, path, see_hidden);
}

tl::expected<FieldRef, std::string> RowTree::ResolveAt(int node, const ObjectInfo* object,
                                                       std::vector<std::string>& path,
                                                       bool see_hidden) {
  if (path.empty()) return tl::unexpected(std::string("empty field path"));
  for (size_t i = 0;; ++i) {
    const bool last = i + 1 == path.size();
    Step step = StepFrom(node, object, path[i], last, see_hidden);
    // `Type` through a relationship to several objects is the object's name, whatever they have.
    if (last && object == nullptr && polymorphic(node) && Folded(path[i]) == "type") {
      path[i] = "Type";
      step.ref.type_name = true;
      for (size_t k = 0; k < step.ref.fields.size(); ++k) {
        step.ref.fields[k] = &step.ref.objects[k]->fields[0];
      }
      return std::move(step.ref);
    }
    if (!step.known) {
      return tl::unexpected(last ? NoSuchColumn(path[i], step.entity) : NoRelationship(path[i]));
    }
    if (last) {
      const bool name = Folded(path[i]) == "name";
      path[i] = name ? "Name" : step.ref.info().name;
      for (size_t k = 0; k < step.ref.fields.size(); ++k) {
        if (step.ref.fields[k] != nullptr) Want(node, k, *step.ref.fields[k]);
      }
      return std::move(step.ref);
    }
    path[i] = step.ref.info().relationship_name;
    // What one object leads to is apart from what another does.
    const std::string key = Folded(path[i]) + (object != nullptr ? '@' + object->name : "");
    if (nodes_.size() >= kNodesMax) {
      return tl::unexpected(std::string("The query leads over too many relationships"));
    }
    node = NodeFor(node, key, step.ref);
    if (Depth(node) > kLevelsMax) {
      return tl::unexpected(std::string("Invalid number of relationship levels: at most 5"));
    }
    object = nullptr;
    if (nodes_[node].candidates.empty()) return tl::unexpected(NoRelationship(path[i]));
  }
}

tl::expected<int, std::string> RowTree::ResolveNode(std::vector<std::string>& path,
                                                    bool see_hidden) {
  std::vector<std::string> with_id = path;
  with_id.emplace_back("Id");
  auto ref = Resolve(with_id, see_hidden);
  if (!ref) return tl::unexpected(ref.error());
  std::copy(with_id.begin(), with_id.end() - 1, path.begin());
  return ref->node;
}

std::vector<const ObjectInfo*> RowTree::ObjectsAt(int node) const {
  std::vector<const ObjectInfo*> objects;
  for (const auto& candidate : nodes_[node].candidates) objects.push_back(candidate.object);
  return objects;
}

size_t RowTree::Depth(int node) const {
  size_t depth = 0;
  for (; nodes_[node].parent >= 0; node = nodes_[node].parent) ++depth;
  return depth;
}

FieldRef RowTree::Component(const FieldRef& compound, std::string_view ending) {
  FieldRef ref = compound;
  for (size_t k = 0; k < ref.fields.size(); ++k) {
    const FieldInfo* whole = compound.fields[k];
    ref.fields[k] = nullptr;
    if (whole == nullptr) continue;
    for (const int at : whole->components) {
      const FieldInfo& part = ref.objects[k]->fields[at];
      if (part.name.ends_with(ending)) ref.fields[k] = &part;
    }
  }
  return ref;
}

FieldRef RowTree::RefOf(const FieldInfo& field) {
  FieldRef ref;
  ref.fields.push_back(&field);
  ref.objects.push_back(&object());
  Want(0, 0, field);
  return ref;
}

std::vector<int> RowTree::WayTo(int node) const {
  std::vector<int> way;
  for (; node >= 0; node = nodes_[node].parent) way.push_back(node);
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
  std::string& json = Scratch();
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
  return formula::ToField(field, result, Scratch());
}

}  // namespace firn::sandbox::soql
