// query(), queryAll(), queryMore(), retrieve(), search(), getUpdated(), getDeleted().
// Source: SOAP API Developer Guide, 'Core Calls', 'QueryOptions Header', read 2026-11.
#include <nlohmann/json.hpp>

#include "sandbox/rest/rest.h"
#include "sandbox/rest/subrequest.h"
#include "sandbox/soap/soap_calls.h"
#include "sandbox/soap/soap_records.h"

namespace firn::sandbox {
namespace {

using nlohmann::ordered_json;

constexpr std::string_view kBatchDefault = "500";
constexpr size_t kRetrieveMax = 2000;

SoapPrinter PrinterOf(const SoapRequest& soap, const Catalogue& catalogue) {
  return {soap.path, catalogue, [&soap](const std::string& url) {
            const ApiRequest outer = RestOf(soap, soap.http, "GET", {});
            return RunSubrequest(soap.parts, outer, {"GET", url, "", {}}).body;
          }};
}

Answer Query(const SoapRequest& soap, bool all_rows) {
  net::ServerRequest http;
  http.headers = soap.http.headers;
  const XmlNode* options = soap.header.Child("QueryOptions");
  const std::string batch = options == nullptr ? "" : options->TextOf("batchSize");
  http.headers.Set("Sforce-Query-Options",
                   "batchSize=" + (batch.empty() ? std::string(kBatchDefault) : batch));
  const bool more = soap.operation.name == "queryMore";
  ApiRequest rest = RestOf(soap, http, "GET", {all_rows ? "queryAll" : "query"});
  if (more) {
    rest.path.push_back(soap.operation.TextOf("queryLocator"));
  } else {
    rest.query.emplace_back("q", soap.operation.TextOf("queryString"));
  }
  const Answer answer = HandleQuery(soap.parts, rest, all_rows);
  if (answer.status != 200) return FaultOf(soap.path, answer);
  const auto catalogue = soap.parts.org.CatalogueFor(soap.session.user_id);
  std::string xml;
  PrinterOf(soap, *catalogue).AppendQueryResult("result", ordered_json::parse(answer.body), xml);
  return Respond(soap, std::move(xml));
}

// The records in the order of their ids; a nil for each that is not there.
Answer Retrieve(const SoapRequest& soap) {
  ordered_json wish = {{"ids", ordered_json::array()}, {"fields", ordered_json::array()}};
  for (const XmlNode& child : soap.operation.children) {
    if (child.name == "ids") wish["ids"].push_back(child.text);
  }
  if (wish["ids"].size() > kRetrieveMax) {
    return SoapFault(soap.path, "EXCEEDED_ID_LIMIT",
                     "retrieve: too many ids, the most is " + std::to_string(kRetrieveMax));
  }
  std::string list = soap.operation.TextOf("fieldList");
  std::erase(list, ' ');
  while (!list.empty()) {
    const size_t comma = std::min(list.find(','), list.size());
    if (comma > 0) wish["fields"].push_back(list.substr(0, comma));
    list.erase(0, comma + 1);
  }
  ApiRequest rest = RestOf(soap, soap.http, "POST",
                           {"composite", "sobjects", soap.operation.TextOf("sObjectType")});
  rest.body = wish.dump();
  const Answer answer = HandleCollections(soap.parts, rest);
  if (answer.status == 404) {
    return SoapFault(soap.path, "INVALID_TYPE",
                     "sObject type '" + rest.path[2] + "' is not supported.");
  }
  if (answer.status != 200) return FaultOf(soap.path, answer);
  const auto catalogue = soap.parts.org.CatalogueFor(soap.session.user_id);
  const SoapPrinter printer = PrinterOf(soap, *catalogue);
  std::string xml;
  for (const ordered_json& record : ordered_json::parse(answer.body)) {
    if (record.is_null()) {
      xml += SoapNil("result");
    } else {
      printer.AppendRecord("result", record, xml);
    }
  }
  return Respond(soap, std::move(xml));
}

Answer Search(const SoapRequest& soap) {
  constexpr int kAnswersAnObject = 37;
  ApiRequest rest = RestOf(soap, soap.http, "GET", {"search"});
  rest.version = std::max(rest.version, kAnswersAnObject);
  rest.query.emplace_back("q", soap.operation.TextOf("searchString"));
  const Answer answer = HandleSearch(soap.parts, rest);
  if (answer.status != 200) return FaultOf(soap.path, answer);
  const auto catalogue = soap.parts.org.CatalogueFor(soap.session.user_id);
  const SoapPrinter printer = PrinterOf(soap, *catalogue);
  std::string xml = "<result>" + SoapElement("queryId", "0");
  const ordered_json found = ordered_json::parse(answer.body);
  for (const ordered_json& record : found["searchRecords"]) {
    xml += "<searchRecords>";
    printer.AppendRecord("record", record, xml);
    xml += "</searchRecords>";
  }
  return Respond(soap, xml + "</result>");
}

// `2026-11-24T02:56:02.000+0000` ends in `Z` here.
std::string Instant(const ordered_json& value) {
  auto text = value.get<std::string>();
  if (text.ends_with("+0000")) text.replace(text.size() - 5, 5, "Z");
  return text;
}

// An xsd:dateTime without a zone is UTC.
std::string Zoned(std::string text) {
  const size_t time = text.find('T');
  if (time == std::string::npos) return text;
  if (text.find_first_of("Z+-", time) == std::string::npos) text += 'Z';
  return text;
}

Answer Replication(const SoapRequest& soap, bool deleted) {
  ApiRequest rest =
      RestOf(soap, soap.http, "GET",
             {"sobjects", soap.operation.TextOf("sObjectType"), deleted ? "deleted" : "updated"});
  rest.query.emplace_back("start", Zoned(soap.operation.TextOf("startDate")));
  rest.query.emplace_back("end", Zoned(soap.operation.TextOf("endDate")));
  const Answer answer = HandleReplication(soap.parts, rest);
  if (answer.status != 200) return FaultOf(soap.path, answer);
  const ordered_json body = ordered_json::parse(answer.body);
  std::string xml = "<result>";
  if (deleted) {
    for (const ordered_json& one : body["deletedRecords"]) {
      xml += "<deletedRecords>" + SoapElement("deletedDate", Instant(one["deletedDate"])) +
             SoapElement("id", one["id"].get<std::string>()) + "</deletedRecords>";
    }
    xml += SoapElement("earliestDateAvailable", Instant(body["earliestDateAvailable"]));
  } else {
    for (const ordered_json& id : body["ids"]) xml += SoapElement("ids", id.get<std::string>());
  }
  return Respond(soap, xml + SoapElement("latestDateCovered", Instant(body["latestDateCovered"])) +
                           "</result>");
}

}  // namespace

std::optional<Answer> ReadCall(const SoapRequest& soap) {
  const std::string& name = soap.operation.name;
  if (name == "query" || name == "queryMore") return Query(soap, false);
  if (name == "queryAll") return Query(soap, true);
  if (name == "retrieve") return Retrieve(soap);
  if (name == "search") return Search(soap);
  if (name == "getUpdated") return Replication(soap, false);
  if (name == "getDeleted") return Replication(soap, true);
  return std::nullopt;
}

}  // namespace firn::sandbox
