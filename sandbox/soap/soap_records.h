// Records and describe answers as the SOAP API prints them, made from what the REST API answers,
// so that both say the same.
//
// Pure but for the bodies of base64 fields, which are fetched; any thread. Source: the partner and
// enterprise WSDL, 'sObject', 'QueryResult', 'DescribeSObjectResult', 'Field'; read 2026-11.
#pragma once

#include <functional>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

#include "sandbox/schema.h"
#include "sandbox/soap/soap_wire.h"

namespace firn::sandbox {

class SoapPrinter {
 public:
  // `fetch` answers the bytes below the address that a base64 field has in REST answers.
  SoapPrinter(const SoapPath& path, const Catalogue& catalogue,
              std::function<std::string(const std::string& url)> fetch)
      : path_(path), catalogue_(catalogue), fetch_(std::move(fetch)) {}

  // A query's answer: `<result>` with done, queryLocator, records and size.
  void AppendQueryResult(std::string_view element, const nlohmann::ordered_json& answer,
                         std::string& out) const;
  // One record below an element of any name.
  void AppendRecord(std::string_view element, const nlohmann::ordered_json& record,
                    std::string& out) const;

 private:
  void AppendMembers(const nlohmann::ordered_json& record, std::string& out) const;
  void AppendField(const ObjectInfo* object, const std::string& name,
                   const nlohmann::ordered_json& value, std::string& out) const;

  const SoapPath& path_;
  const Catalogue& catalogue_;
  std::function<std::string(const std::string&)> fetch_;
};

// Members of a JSON object as elements, lists as repeated ones, nulls left out; what only REST
// tells is left out too, and its `urls` become urlDetail, urlEdit and urlNew.
void AppendDescribeXml(const nlohmann::json& object, std::string& out);

}  // namespace firn::sandbox
