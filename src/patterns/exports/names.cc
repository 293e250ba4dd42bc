#include "patterns/exports/names.h"

#include <algorithm>
#include <iterator>
#include <map>
#include <set>

#include "core/base/nearest.h"
#include "patterns/exports/left_out.h"
#include "patterns/exports/object/layout_for.h"
#include "patterns/exports/scheduled_names.h"

namespace firn::exports {
namespace {

constexpr std::string_view kArea = "names";   // of the shared state: what was there once
constexpr std::string_view kOrgArea = "org";  // the org behind a name of firn.yaml
constexpr std::string_view kOrgName = "id";   // value: org id, space, API version

std::string Folded(std::string_view text) {
  std::string folded(text);
  std::transform(folded.begin(), folded.end(), folded.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return folded;
}

// A list of fields as somebody wrote it.
struct NameList {
  std::string said;  // `exclude`, `--without`
  std::vector<std::string> names;
  std::vector<std::string> where;  // of each, or empty
  bool chooses = false;            // what fits is exported: a column that is there counts too

  [[nodiscard]] std::string PlaceOf(size_t i) const { return i < where.size() ? where[i] : ""; }
};

// Objects that one list is for.
struct Scope {
  std::string name;  // of the rule: `Account`, `*__c`; empty: of the command line
  std::vector<const ObjectSpec*> specs;
  std::vector<NameList> lists;
  bool whole = true;  // no further object of the org is concerned

  // `Account`, or `the objects of `*__c``.
  [[nodiscard]] std::string Subject() const {
    if (specs.size() == 1) return "`" + specs.front()->object + "`";
    return name.empty() ? "none of the objects" : "no object of the rule `" + name + "`";
  }
  [[nodiscard]] bool alone() const { return specs.size() == 1 && whole; }
};

// Names that fitted once, of one org. Without a shared state nothing is remembered.
class NameMemory {
 public:
  NameMemory(state::SharedState* shared, std::string org_id)
      : shared_(shared), org_id_(std::move(org_id)) {}

  Result<void> Load() {
    if (shared_ == nullptr) return {};
    FIRN_TRY(const auto rows, shared_->List(org_id_, std::string(kArea)));
    for (const auto& [name, value] : rows) known_.insert(name);
    return {};
  }
  [[nodiscard]] bool Knows(const std::string& name) const { return known_.contains(Folded(name)); }
  Result<void> Remember(const std::string& name) {
    const std::string folded = Folded(name);
    if (shared_ == nullptr || !known_.insert(folded).second) return {};
    return shared_->Put({org_id_, std::string(kArea), folded}, "seen");
  }

 private:
  state::SharedState* shared_;
  std::string org_id_;
  std::set<std::string> known_;
};

bool AnyFits(const std::vector<std::string>& names, const std::string& pattern) {
  return std::any_of(names.begin(), names.end(), [&pattern](const std::string& name) {
    return project::GlobMatches(pattern, name);
  });
}

Error NoSuchField(const Scope& scope, const NameList& list, size_t i,
                  const std::vector<std::string>& fields) {
  const std::string& name = list.names[i];
  const bool one = scope.specs.size() == 1;
  Error error =
      Error(Kind::kBadInput, "EXPORT-PLAN-006",
            one ? scope.Subject() + " has no field `" + name + "`, or hides it from this user"
                : scope.Subject() + " has a field `" + name +
                      "`, or it is hidden from "
                      "this user")
          .At(list.PlaceOf(i))
          .Because("`" + list.said + "` names it" +
                   (list.chooses ? "" : ", and what is meant would be exported"));
  if (const auto near = Nearest(name, fields)) {
    return std::move(error).Hint("did you mean `" + *near + "`?");
  }
  const std::string described =
      one ? "`firn org describe " + scope.specs.front()->object + "` lists the fields"
          : "`firn org describe OBJECT` lists the fields";
  return std::move(error).Hint(
      list.chooses ? described
                   : described +
                         "; to keep a field out that this user does not see yet, write a "
                         "pattern: `\"" +
                         name + "*\"`");
}

std::string NearMiss(const Scope& scope, const NameList& list, size_t i, const std::string& near) {
  return "`" + list.said + "` names the field `" + list.names[i] + "`, which " +
         (scope.specs.size() == 1 ? scope.Subject() + " does not have"
                                  : scope.Subject() + " among these has") +
         (list.PlaceOf(i).empty() ? "" : " (" + list.PlaceOf(i) + ")") + "; did you mean `" + near +
         "`?";
}

bool AppliesTo(const project::ObjectRule& rule, const project::Org& org) {
  return rule.orgs.empty() ||
         std::find(rule.orgs.begin(), rule.orgs.end(), org.id) != rule.orgs.end();
}

// The lists of a rule, but for those that the command line gives itself.
std::vector<NameList> ListsOf(const project::ObjectRule& rule, const Selection& selection) {
  std::vector<NameList> lists;
  if (selection.include.empty())
    lists.push_back({"include", rule.include, rule.include_where, true});
  if (selection.exclude.empty()) {
    lists.push_back({"exclude", rule.exclude, rule.exclude_where, false});
  }
  lists.push_back({"refresh_fields", rule.refresh_fields, rule.refresh_where, true});
  std::erase_if(lists, [](const NameList& list) { return list.names.empty(); });
  return lists;
}

class NameCheck {
 public:
  NameCheck(const Call& call, const ExportParts& parts, const NamesAsked& asked,
            const std::vector<ObjectSpec>& specs)
      : call_(call),
        parts_(parts),
        asked_(asked),
        specs_(specs),
        memory_(parts.shared, parts.org_id) {}

  Result<std::vector<std::string>> Run() {
    FIRN_CHECK(memory_.Load());
    FIRN_CHECK(KeepOrg());
    FIRN_CHECK(CheckObjects());
    for (const Scope& scope : Scopes()) FIRN_CHECK(CheckScope(scope));
    return std::move(warnings_);
  }

 private:
  // So that `config check` finds the describes that were kept.
  Result<void> KeepOrg() {
    if (parts_.shared == nullptr) return {};
    return parts_.shared->Put({parts_.org, std::string(kOrgArea), std::string(kOrgName)},
                              parts_.org_id + " " + parts_.api_version);
  }

  [[nodiscard]] bool ChosenByPattern() const {
    return std::any_of(specs_.begin(), specs_.end(),
                       [](const ObjectSpec& spec) { return spec.by_pattern; });
  }

  // A rule for an object that is not there does not restrict the object that was meant, which a
  // pattern then takes whole.
  Result<void> CheckObjects() {
    std::vector<std::string> names;
    for (const auto& info : asked_.offered) names.push_back(info.name);
    for (const project::ObjectRule& rule : asked_.project.objects) {
      if (project::IsGlob(rule.name) || !AppliesTo(rule, asked_.org)) continue;
      if (AnyFits(asked_.selection.gone, rule.name)) continue;  // told already
      if (AnyFits(names, rule.name)) {
        FIRN_CHECK(memory_.Remember(rule.name));
      } else if (memory_.Knows(rule.name)) {
        warnings_.push_back("the org has no object `" + rule.name +
                            "` any more, or hides it from this user (" + rule.where_in_file + ")");
      } else if (ChosenByPattern()) {
        const auto near = Nearest(rule.name, names);
        return Fail(Error(Kind::kBadInput, "EXPORT-PLAN-001",
                          "the org has no object `" + rule.name + "`, or hides it from this user")
                        .At(rule.where_in_file)
                        .Because("a pattern would take the object that is meant, without this rule")
                        .Hint(near ? "did you mean `" + *near + "`?"
                                   : "`firn org describe` lists the objects that this user sees"));
      }
    }
    return {};
  }

  [[nodiscard]] std::vector<Scope> Scopes() const {
    std::vector<Scope> scopes;
    const Selection& selection = asked_.selection;
    Scope typed;
    for (const ObjectSpec& spec : specs_) typed.specs.push_back(&spec);
    if (!selection.include.empty()) {
      typed.lists.push_back({"--field", selection.include, {}, true});
    }
    if (!selection.exclude.empty()) {
      typed.lists.push_back({"--without", selection.exclude, {}, false});
    }
    if (!typed.lists.empty()) scopes.push_back(std::move(typed));
    for (const project::ObjectRule& rule : asked_.project.objects) {
      Scope scope = ScopeOf(rule);
      if (!scope.specs.empty() && !scope.lists.empty()) scopes.push_back(std::move(scope));
    }
    return scopes;
  }

  [[nodiscard]] Scope ScopeOf(const project::ObjectRule& rule) const {
    Scope scope;
    scope.name = rule.name;
    scope.lists = ListsOf(rule, asked_.selection);
    if (scope.lists.empty()) return scope;
    std::set<std::string_view> taken;
    for (const ObjectSpec& spec : specs_) {
      if (asked_.project.RuleFor(asked_.org, spec.object) != &rule) continue;
      scope.specs.push_back(&spec);
      taken.insert(spec.object);
    }
    scope.whole = std::all_of(asked_.offered.begin(), asked_.offered.end(), [&](const auto& info) {
      return !info.queryable || info.deprecated_and_hidden || taken.contains(info.name) ||
             asked_.project.RuleFor(asked_.org, info.name) != &rule;
    });
    return scope;
  }

  Result<void> CheckScope(const Scope& scope) {
    for (const NameList& list : scope.lists) {
      for (size_t i = 0; i < list.names.size(); ++i) {
        // A pattern that keeps fields out stands for those that may come.
        if (!list.chooses && project::IsGlob(list.names[i])) continue;
        FIRN_CHECK(CheckName(scope, list, i));
      }
    }
    return {};
  }

  Result<void> CheckName(const Scope& scope, const NameList& list, size_t i) {
    const std::string& name = list.names[i];
    // A pattern over many objects chooses where it can.
    if (project::IsGlob(name) && !scope.alone()) return {};
    const std::string kept = scope.name + "." + name;
    if (!scope.name.empty() && memory_.Knows(kept)) return {};
    std::vector<std::string> fields;
    for (const ObjectSpec* spec : scope.specs) {
      FIRN_TRY(const auto* of_object, FieldsOf(*spec));
      if (AnyFits(*of_object, name)) {
        return scope.name.empty() ? Result<void>() : memory_.Remember(kept);
      }
      fields.insert(fields.end(), of_object->begin(), of_object->end());
    }
    if (list.chooses && scope.specs.size() == 1) {
      FIRN_TRY(const bool has_column, TableHas(*scope.specs.front(), name));
      if (has_column) return {};  // hidden for now
    }
    if (scope.whole || scope.name.empty()) return Fail(NoSuchField(scope, list, i, fields));
    if (const auto near = Nearest(name, fields)) {
      warnings_.push_back(NearMiss(scope, list, i, *near));
    }
    return {};
  }

  Result<const std::vector<std::string>*> FieldsOf(const ObjectSpec& spec) {
    const auto known = fields_.find(spec.object);
    if (known != fields_.end()) return &known->second;
    const auto description = parts_.rest->Describe(call_, spec.object);
    if (!description && !WhyLeftOut(spec, description.error())) return Fail(description.error());
    auto& fields = fields_[spec.object];
    if (description) fields = DescribedFields(description->json);
    return &fields;
  }

  Result<bool> TableHas(const ObjectSpec& spec, const std::string& name) const {
    FIRN_TRY(const auto ident, lake::ParseTableIdent(spec.table));
    const auto table = parts_.lake->Load(ident);
    if (!table) {
      if (table.error().kind() == Kind::kNotFound) return false;
      return Fail(table.error());
    }
    const auto& columns = table->schema().fields;
    return std::any_of(columns.begin(), columns.end(), [&name](const record::Field& column) {
      return project::GlobMatches(name, column.name);
    });
  }

  const Call& call_;
  const ExportParts& parts_;
  const NamesAsked& asked_;
  const std::vector<ObjectSpec>& specs_;
  NameMemory memory_;
  std::map<std::string, std::vector<std::string>> fields_;
  std::vector<std::string> warnings_;
};

// The fields of an object by the describe that was kept the last time; nothing: never described.
std::optional<std::vector<std::string>> KeptFields(state::SharedState& shared,
                                                   const std::string& org_and_version,
                                                   const std::string& object) {
  const size_t space = org_and_version.find(' ');
  if (space == std::string::npos) return std::nullopt;
  const auto unowned = std::shared_ptr<state::SharedState>(&shared, [](state::SharedState*) {});
  const auto kept = salesforce::NewDescribeCache(unowned)->Load(
      org_and_version.substr(0, space), org_and_version.substr(space + 1) + "/" + object);
  if (!kept || !*kept) return std::nullopt;
  return DescribedFields((*kept)->json);
}

void CheckRuleOffline(const project::ObjectRule& rule, const project::Org& org,
                      state::SharedState& shared, std::vector<Error>* problems) {
  const auto kept_org = shared.Get({org.id, std::string(kOrgArea), std::string(kOrgName)});
  if (!kept_org || !*kept_org) return;
  const std::string& known_as = (*kept_org)->value;
  const auto fields = KeptFields(shared, known_as, rule.name);
  if (!fields) return;
  NameMemory memory(&shared, known_as.substr(0, known_as.find(' ')));
  if (!memory.Load()) return;
  ObjectSpec spec;
  spec.object = rule.name;
  Scope scope{.name = rule.name, .specs = {&spec}, .lists = ListsOf(rule, {})};
  for (const NameList& list : scope.lists) {
    for (size_t i = 0; i < list.names.size(); ++i) {
      const std::string& name = list.names[i];
      if (project::IsGlob(name) || AnyFits(*fields, name)) continue;
      if (memory.Knows(rule.name + "." + name)) continue;
      problems->push_back(NoSuchField(scope, list, i, *fields));
    }
  }
}

}  // namespace

Result<std::vector<std::string>> CheckNames(const Call& call, const ExportParts& parts,
                                            const NamesAsked& asked,
                                            const std::vector<ObjectSpec>& specs) {
  return NameCheck(call, parts, asked, specs).Run();
}

std::vector<Error> CheckNamesOffline(const project::Project& project, state::SharedState& shared,
                                     const std::optional<std::vector<std::string>>& tables) {
  std::vector<Error> problems;
  std::vector<std::string> made = tables.value_or(std::vector<std::string>());
  for (const project::Org& org : project.orgs) {
    if (const auto offered = OfferedBefore(shared, org.id)) {
      auto scheduled = CheckScheduledObjects(project, org, *offered);
      std::move(scheduled.begin(), scheduled.end(), std::back_inserter(problems));
      const auto of_org = TablesOf(project, org, *offered);
      made.insert(made.end(), of_org.begin(), of_org.end());
    }
    for (const project::ObjectRule& rule : project.objects) {
      if (project::IsGlob(rule.name) || rule.skip || !AppliesTo(rule, org)) continue;
      CheckRuleOffline(rule, org, shared, &problems);
    }
  }
  if (!tables) return problems;
  auto mirrored = CheckMirroredTables(project, made);
  std::move(mirrored.begin(), mirrored.end(), std::back_inserter(problems));
  return problems;
}

std::vector<std::string> UnfittingNames(const ObjectSpec& spec, const std::string& describe) {
  if (!spec.fields_named) return {};
  const std::vector<std::string> fields = DescribedFields(describe);
  std::vector<std::string> warnings;
  const auto look = [&](const std::vector<std::string>& names, const std::string& effect) {
    for (const std::string& name : names) {
      if (AnyFits(fields, name)) continue;
      warnings.push_back((project::IsGlob(name) ? "no field fits `" : "the org shows no field `") +
                         name + "`, which is named to be " + effect);
    }
  };
  look(spec.include, "exported");
  look(spec.exclude, "left out");
  return warnings;
}

}  // namespace firn::exports
