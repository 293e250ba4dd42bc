// Object files: the YAML that describes one object, built in or the user's.
//
// Parsing is strict (unknown and duplicate keys are errors with line and column) and fills in what
// a type implies, so that a file says only what differs. Pure; any thread. The keys are explained
// in sandbox/objects/README.md.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/error.h"
#include "sandbox/schema.h"

namespace firn::sandbox {

// An object with its fields completed (lengths, flags) but without slots, columns and child
// relationships. A custom object (`__c`) gets the system fields it does not list itself.
// Errors: BadConfig (SBX-SCHEMA-001) with `line:column`.
[[nodiscard]] Result<ObjectInfo> ParseObjectFile(std::string_view yaml);

// The built-in object files, compiled in.
struct BuiltInFile {
  std::string_view name;  // `Account`
  std::string_view yaml;
};
[[nodiscard]] std::span<const BuiltInFile> BuiltInObjectFiles();

// They, parsed; once in a process.
[[nodiscard]] const Result<std::vector<ObjectInfo>>& BuiltInObjects();

// Joins objects into a catalogue: fields of an object seen twice are merged (a later field of the
// same name replaces the earlier), components are tied to their compounds, child relationships and
// look-up tables are made. Errors: BadConfig (SBX-SCHEMA-002) for what contradicts itself.
[[nodiscard]] Result<std::vector<ObjectInfo>> JoinObjects(std::vector<ObjectInfo> objects);
// The look-up tables and component lists of one object, and all objects' child relationships.
void IndexObjects(std::vector<ObjectInfo>& objects);

}  // namespace firn::sandbox
