#include "patterns/exports/plan.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "core/base/nearest.h"
#include "core/base/time_text.h"
#include "patterns/exports/left_out.h"
#include "patterns/exports/names.h"
#include "patterns/exports/object/layout_for.h"
#include "patterns/exports/window/watermark.h"
#include "patterns/exports/window/window.h"

namespace firn::exports {
namespace {

// Polls of a job in its first minute: 1, 2, 4, .. seconds apart.
constexpr int64_t kPollsOfFirstMinute = 6;
constexpr int64_t kPagesPerList = 5;

const salesforce::ObjectInfo* Find(const std::vector<salesforce::ObjectInfo>& offered,
                                   const std::string& name) {
  for (const auto& info : offered) {
    // GlobMatches folds case as API names do; a name without wildcards matches itself alone.
    if (project::GlobMatches(name, info.name)) return &info;
  }
  return nullptr;
}

Error UnknownObject(const std::vector<salesforce::ObjectInfo>& offered, const std::string& name) {
  std::vector<std::string> names;
  for (const auto& info : offered) names.push_back(info.name);
  Error error(Kind::kBadInput, "EXPORT-PLAN-001",
              "the org has no object `" + name + "`, or hides it from this user");
  const auto nearest = Nearest(name, names);
  if (nearest) return std::move(error).Hint("did you mean `" + *nearest + "`?");
  return std::move(error).Hint("`firn org describe` lists the objects that this user sees");
}

ObjectSpec SpecFor(const std::string& object, const project::Project& project,
                   const project::Org& org, const Selection& selection) {
  ObjectSpec spec;
  spec.object = object;
  spec.table = project.NamespaceOf(org) + "." + object;
  if (const project::ObjectRule* rule = project.RuleFor(org, object)) {
    spec.include = rule->include;
    spec.exclude = rule->exclude;
    spec.fields_named = !project::IsGlob(rule->name);
    spec.where = rule->where;
    if (!rule->table.empty()) spec.table = project.NamespaceOf(org) + "." + rule->table;
    spec.all_rows = rule->include_deleted;
    spec.strict = rule->strict;
    spec.fetch_blobs = rule->blobs == project::Blobs::kFetch;
    if (rule->mode == project::ExportMode::kIncremental) spec.mode = ExportMode::kIncremental;
    spec.incremental = {.soft_deletes = rule->soft_deletes,
                        .changelog = rule->changelog,
                        .lag = rule->lag,
                        .overlap = rule->overlap,
                        .sweep_every = rule->sweep_every,
                        .refresh_every = rule->refresh_every,
                        .refresh_fields = rule->refresh_fields};
  }
  if (selection.mode) spec.mode = *selection.mode;
  spec.incremental.sweep_now = selection.sweep;
  spec.incremental.refresh_now = selection.refresh;
  if (!selection.include.empty()) spec.include = selection.include;
  if (!selection.exclude.empty()) spec.exclude = selection.exclude;
  if (!selection.where.empty()) spec.where = selection.where;
  spec.strict = spec.strict || selection.strict;
  spec.all_rows = spec.all_rows || selection.all_rows;
  // The rows are named by it: in rejects, hashes and merges.
  if (!spec.include.empty()) spec.include.emplace_back("Id");
  return spec;
}

Result<void> CheckMode(const ObjectSpec& spec) {
  const bool incremental = spec.mode == ExportMode::kIncremental;
  if (incremental && spec.all_rows) {
    return Fail(Error(Kind::kBadInput, "EXPORT-PLAN-005",
                      "an incremental export of `" + spec.object + "` cannot take deleted rows too")
                    .Hint("write `deletes: soft` for the object in firn.yaml"));
  }
  if (!incremental && (spec.incremental.sweep_now || spec.incremental.refresh_now)) {
    return Fail(Error(Kind::kBadInput, "EXPORT-PLAN-005",
                      "`" + spec.object +
                          "` is exported as a whole: there is nothing to sweep or "
                          "refresh")
                    .Hint("add `--mode incremental`, or `mode: incremental` in firn.yaml"));
  }
  return {};
}

// The condition of what the next run will read, and since when.
Result<std::string> PlannedCondition(const Call& call, const ExportParts& parts,
                                     const std::string& describe, const lake::Table* table,
                                     PlannedObject& planned) {
  const ObjectSpec& spec = planned.spec;
  const std::string cursor = CursorFieldOf(describe);
  if (spec.mode != ExportMode::kIncremental || table == nullptr || cursor.empty()) {
    return spec.where;
  }
  const auto progress = ProgressOf(*table, spec.object);
  const auto watermark = ParseInstant(progress ? progress->watermark : "");
  if (!watermark || progress->scope != spec.where) return spec.where;
  FIRN_TRY(const UtcMicros now, parts.rest->OrgTime(call));
  planned.since = progress->watermark;
  return WindowCondition(
      cursor, PlanWindow({.watermark = *watermark, .org_now = now}, spec.incremental), spec.where);
}

// firn.yaml keeps the object out of every export of the org.
const project::ObjectRule* Skipped(const project::Project& project, const project::Org& org,
                                   const std::string& object) {
  const project::ObjectRule* rule = project.RuleFor(org, object);
  return rule != nullptr && rule->skip ? rule : nullptr;
}

bool IsGone(const Selection& selection, const std::string& name) {
  return std::any_of(selection.gone.begin(), selection.gone.end(),
                     [&name](const auto& gone) { return project::GlobMatches(name, gone); });
}

// Takes objects into a run, each once.
class Chooser {
 public:
  Chooser(const std::vector<salesforce::ObjectInfo>& offered, const project::Project& project,
          const project::Org& org, const Selection& selection)
      : offered_(offered), project_(project), org_(org), selection_(selection) {}

  Result<void> TakeNamed(const std::string& name) {
    const auto* info = Find(offered_, name);
    if (info == nullptr && IsGone(selection_, name)) return {};
    if (info == nullptr) return Fail(UnknownObject(offered_, name).At(PlaceOf(name)));
    if (!info->queryable) {
      return Fail(
          Error(Kind::kBadInput, "EXPORT-PLAN-004", "object `" + info->name + "` cannot be queried")
              .At(PlaceOf(name)));
    }
    if (const auto* rule = Skipped(project_, org_, info->name)) {
      return Fail(Error(Kind::kBadInput, "EXPORT-PLAN-007",
                        "`" + info->name + "` is kept out of every export by `skip: true`")
                      .At(rule->where_in_file)
                      .Hint("remove the rule from firn.yaml to export the object"));
    }
    Take(info->name, false);
    return {};
  }

  void TakeFitting(const std::string& pattern) {
    for (const auto& info : offered_) {
      if (!info.queryable || info.deprecated_and_hidden) continue;
      if (!project::GlobMatches(pattern, info.name)) continue;
      if (Skipped(project_, org_, info.name) == nullptr) Take(info.name, true);
    }
  }

  [[nodiscard]] std::vector<ObjectSpec> Taken() && { return std::move(specs_); }

 private:
  void Take(const std::string& object, bool by_pattern) {
    const bool excepted = std::any_of(
        selection_.except.begin(), selection_.except.end(),
        [&](const std::string& pattern) { return project::GlobMatches(pattern, object); });
    if (excepted || !taken_.insert(object).second) return;
    specs_.push_back(SpecFor(object, project_, org_, selection_));
    specs_.back().by_pattern = by_pattern;
  }

  // Where firn.yaml names it; empty for a name that was typed.
  [[nodiscard]] std::string PlaceOf(const std::string& name) const {
    if (!selection_.patterns.empty()) return selection_.patterns_where;
    const auto rule =
        std::find_if(project_.objects.begin(), project_.objects.end(),
                     [&name](const project::ObjectRule& each) { return each.name == name; });
    return rule == project_.objects.end() ? "" : rule->where_in_file;
  }

  const std::vector<salesforce::ObjectInfo>& offered_;
  const project::Project& project_;
  const project::Org& org_;
  const Selection& selection_;
  std::vector<ObjectSpec> specs_;
  std::set<std::string> taken_;
};

Result<PlannedObject> PlanObject(const Call& call, const ExportParts& parts, const ObjectSpec& spec,
                                 const PlanOptions& options) {
  PlannedObject planned;
  planned.spec = spec;
  FIRN_TRY(const auto description, parts.rest->Describe(call, spec.object));
  FIRN_TRY(const auto ident, lake::ParseTableIdent(spec.table));
  auto table = parts.lake->Load(ident);
  if (!table && table.error().kind() != Kind::kNotFound) return Fail(std::move(table).error());
  const bool keeps_columns = table && spec.mode == ExportMode::kIncremental;
  FIRN_TRY(const auto layout, LayoutFor({.spec = spec,
                                         .describe = description.json,
                                         .api_version = parts.api_version,
                                         .key_prefixes = {},
                                         .table = keeps_columns ? &*table : nullptr}));
  planned.fields = static_cast<int>(layout.schema.fields.size());
  planned.warnings = UnfittingNames(spec, description.json);
  planned.warnings.insert(planned.warnings.end(), layout.warnings.begin(), layout.warnings.end());
  planned.warnings.insert(planned.warnings.end(), layout.skipped.begin(), layout.skipped.end());
  planned.table_exists = table.has_value();
  if (table) {
    for (const auto& field : layout.schema.fields) {
      if (table->schema().Find(field.name) == nullptr) planned.new_fields.push_back(field.name);
    }
    auto unfilled =
        SplitUnfilled(CompareColumns(table->schema(), layout.schema).vanished, description.json);
    planned.vanished_fields = std::move(unfilled.vanished);
    if (!unfilled.left_out.empty()) {
      planned.warnings.push_back(LeftOutWarning(unfilled.left_out, spec.mode));
    }
  }
  FIRN_TRY(const std::string condition,
           PlannedCondition(call, parts, description.json, table ? &*table : nullptr, planned));
  if (options.count) {
    auto count = parts.rest->Count(
        call,
        "SELECT COUNT() FROM " + spec.object + (condition.empty() ? "" : " WHERE " + condition),
        spec.all_rows || !planned.since.empty());
    if (count) {
      planned.rows = *count;
    } else if (count.error().kind() == Kind::kTimeout) {
      planned.warnings.push_back("the org's count is not available: it timed out");
    } else if (RefusesOnlyCounting(count.error())) {
      planned.warnings.push_back("the org does not count this object");
    } else {
      return Fail(std::move(count).error());
    }
  }
  for (const auto& derived : layout.derived) {
    const bool is_blob = derived.kind == record::DerivedField::Kind::kBlobUri;
    if (spec.fetch_blobs && is_blob) planned.blob_calls += planned.rows.value_or(0);
  }
  planned.api_calls = CallsFor(planned.rows, parts.bulk->records_per_page());
  return planned;
}

bool HasRows(const ExportParts& parts, const ObjectSpec& spec) {
  const auto ident = lake::ParseTableIdent(spec.table);
  if (!ident) return false;
  const auto table = parts.lake->Load(*ident);
  return table && table->current_snapshot();
}

nlohmann::ordered_json GapsJson(const std::vector<PlannedGap>& gaps) {
  auto json = nlohmann::ordered_json::array();
  for (const PlannedGap& gap : gaps) {
    json.push_back({{"object", gap.object}, {"why", gap.why}, {"remedy", gap.remedy}});
  }
  return json;
}

}  // namespace

int64_t CallsFor(std::optional<int64_t> rows, int64_t records_per_page) {
  const int64_t per_page = std::max<int64_t>(records_per_page, 1);
  const int64_t pages = std::max<int64_t>((rows.value_or(0) + per_page - 1) / per_page, 1);
  const int64_t lists = pages > 1 ? (pages + kPagesPerList - 1) / kPagesPerList : 0;
  const int64_t describe_counts_and_job = 4;
  return describe_counts_and_job + kPollsOfFirstMinute + lists + pages;
}

std::vector<std::string> PatternsOf(const project::Project& project, const project::Org& org,
                                    const Selection& selection) {
  if (!selection.patterns.empty()) return selection.patterns;
  std::vector<std::string> patterns;
  for (const project::ObjectRule& rule : project.objects) {
    const bool applies = rule.orgs.empty() ||
                         std::find(rule.orgs.begin(), rule.orgs.end(), org.id) != rule.orgs.end();
    if (applies && !rule.skip) patterns.push_back(rule.name);
  }
  return patterns;
}

Result<std::vector<ObjectSpec>> SelectObjects(const std::vector<salesforce::ObjectInfo>& offered,
                                              const project::Project& project,
                                              const project::Org& org, const Selection& selection) {
  for (const std::string& name : selection.except) {
    if (!project::IsGlob(name) && Find(offered, name) == nullptr && !IsGone(selection, name)) {
      return Fail(UnknownObject(offered, name));
    }
  }
  Chooser chooser(offered, project, org, selection);
  for (const std::string& pattern : PatternsOf(project, org, selection)) {
    if (project::IsGlob(pattern)) {
      chooser.TakeFitting(pattern);
    } else {
      FIRN_CHECK(chooser.TakeNamed(pattern));
    }
  }
  std::vector<ObjectSpec> specs = std::move(chooser).Taken();
  if (specs.empty()) {
    return Fail(Error(Kind::kBadInput, "EXPORT-PLAN-002", "no object of the org fits")
                    .Hint("name objects, `firn export run Account Contact`, or list them under "
                          "`objects` in firn.yaml"));
  }
  if (!selection.include.empty() || !selection.exclude.empty()) {
    for (ObjectSpec& spec : specs) spec.fields_named = specs.size() == 1;
  }
  for (const ObjectSpec& spec : specs) FIRN_CHECK(CheckMode(spec));
  if (!selection.where.empty() && specs.size() > 1) {
    return Fail(Error(Kind::kBadInput, "EXPORT-PLAN-003",
                      "`--where` takes one object, " + std::to_string(specs.size()) + " fit")
                    .Hint("write conditions of several objects into firn.yaml"));
  }
  return specs;
}

Result<Plan> MakePlan(const Call& call, const ExportParts& parts,
                      const std::vector<ObjectSpec>& specs, const PlanOptions& options) {
  Plan plan;
  for (const ObjectSpec& spec : specs) {
    auto planned = Doing(PlanObject(call, parts, spec, options), "planning " + spec.object);
    if (!planned) {
      auto gap = WhyLeftOut(spec, planned.error());
      if (!gap) return Fail(std::move(planned).error());
      const bool expected = gap->documented && !HasRows(parts, spec);
      (expected ? plan.left_out : plan.missing)
          .push_back({spec.object, std::move(gap->why), std::move(gap->remedy)});
      continue;
    }
    plan.api_calls += planned->api_calls + planned->blob_calls;
    plan.objects.push_back(*std::move(planned));
  }
  plan.bulk_jobs = static_cast<int64_t>(plan.objects.size());
  if (parts.budget != nullptr) {
    FIRN_TRY(const auto view, parts.budget->View(call));
    if (view.known) plan.calls_left = std::max<int64_t>(view.calls_share - view.calls_used, 0);
  }
  return plan;
}

std::string PlanJson(const Plan& plan) {
  nlohmann::ordered_json json;
  json["api_calls"] = plan.api_calls;
  json["bulk_jobs"] = plan.bulk_jobs;
  json["calls_left"] = plan.calls_left ? nlohmann::json(*plan.calls_left) : nlohmann::json(nullptr);
  json["objects"] = nlohmann::ordered_json::array();
  for (const PlannedObject& o : plan.objects) {
    nlohmann::ordered_json object;
    object["object"] = o.spec.object;
    object["table"] = o.spec.table;
    object["table_exists"] = o.table_exists;
    object["mode"] = o.spec.mode == ExportMode::kIncremental ? "incremental" : "full";
    object["since"] = o.since.empty() ? nlohmann::json(nullptr) : nlohmann::json(o.since);
    object["fields"] = o.fields;
    object["rows"] = o.rows ? nlohmann::json(*o.rows) : nlohmann::json(nullptr);
    object["api_calls"] = o.api_calls;
    object["blob_calls"] = o.blob_calls;
    object["where"] = o.spec.where;
    object["new_fields"] = o.new_fields;
    object["vanished_fields"] = o.vanished_fields;
    object["warnings"] = o.warnings;
    json["objects"].push_back(std::move(object));
  }
  json["left_out"] = GapsJson(plan.left_out);
  json["missing"] = GapsJson(plan.missing);
  return json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

}  // namespace firn::exports
