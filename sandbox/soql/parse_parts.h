// The parser's parts: each reads one construct from where the reader stands. Private to the parser.
// Errors of all: api error MALFORMED_QUERY with the vendor's position text.
#pragma once

#include "sandbox/soql/ast.h"
#include "sandbox/soql/token_reader.h"

namespace firn::sandbox::soql {

// Words that begin a clause, so that they are no aliases.
[[nodiscard]] bool IsClauseWord(std::string_view word);

[[nodiscard]] Result<std::vector<std::string>> ParsePath(TokenReader& reader);
[[nodiscard]] Result<FieldExpr> ParseFieldExpr(TokenReader& reader);
[[nodiscard]] Result<TypeofClause> ParseTypeof(TokenReader& reader);  // after the word TYPEOF
[[nodiscard]] Result<Condition> ParseCondition(TokenReader& reader);
// With `pattern`, a text's escaped wildcards stay escaped.
[[nodiscard]] Result<Literal> ParseLiteral(TokenReader& reader, bool pattern);
[[nodiscard]] Result<Query> ParseQuery(TokenReader& reader);

}  // namespace firn::sandbox::soql
