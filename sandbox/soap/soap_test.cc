// The SOAP API over HTTP. What could go wrong: a value that REST and SOAP tell differently, a row
// whose failure passes for success, a call without a session.
#include "sandbox/api_rig_test.h"

namespace firn::sandbox {
namespace {

class SoapTest : public ApiRig {
 protected:
  net::Response Soap(const std::string& body, const std::string& header = "",
                     const std::string& path = "u/60.0") {
    return Send("POST", "/services/Soap/" + path,
                "<?xml version=\"1.0\"?><e:Envelope "
                "xmlns:e=\"http://schemas.xmlsoap.org/soap/envelope/\" "
                "xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" "
                "xmlns=\"urn:partner.soap.sforce.com\" "
                "xmlns:s=\"urn:sobject.partner.soap.sforce.com\"><e:Header><SessionHeader>"
                "<sessionId>" +
                    token_ + "</sessionId></SessionHeader>" + header + "</e:Header><e:Body>" +
                    body + "</e:Body></e:Envelope>",
                {{"Content-Type", "text/xml"}, {"SOAPAction", "\"\""}});
  }
  static std::string Text(const net::Response& answer, const std::string& name, size_t from = 0) {
    const size_t at = answer.body.find("<" + name + ">", from);
    if (at == std::string::npos) return "";
    const size_t begin = at + name.size() + 2;
    return answer.body.substr(begin, answer.body.find("</" + name + ">", begin) - begin);
  }
  static bool Has(const net::Response& answer, const std::string& text) {
    return answer.body.find(text) != std::string::npos;
  }
  std::string Create(const std::string& fields, const std::string& type = "Account") {
    const auto answer =
        Soap("<create><sObjects><s:type>" + type + "</s:type>" + fields + "</sObjects></create>");
    EXPECT_EQ(Text(answer, "success"), "true") << answer.body;
    return Text(answer, "id");
  }
};

TEST_F(SoapTest, WritesTellEachRecordByItself) {
  const auto made = Soap(
      "<create><sObjects><s:type>Account</s:type><s:Name>A &amp; B</s:Name></sObjects>"
      "<sObjects><s:type>Contact</s:type><s:FirstName>x</s:FirstName></sObjects></create>");
  ASSERT_EQ(made.status, 200) << made.body;
  const std::string id = Text(made, "id");
  EXPECT_TRUE(Has(made, "<result><id>" + id + "</id><success>true</success></result>"));
  EXPECT_TRUE(Has(made,
                  "<errors><fields>LastName</fields><message>Required fields are missing: "
                  "[LastName]</message><statusCode>REQUIRED_FIELD_MISSING</statusCode>"
                  "</errors><id xsi:nil=\"true\"/><success>false</success>"))
      << made.body;
  EXPECT_TRUE(Has(made, "<type>API REQUESTS</type>"));
  const auto changed = Soap(
      "<update><sObjects><s:type>Account</s:type><s:fieldsToNull>Site"
      "</s:fieldsToNull><s:Id>" +
      id +
      "</s:Id><s:Phone>1</s:Phone><s:Fax xsi:nil=\"true\"/></sObjects>"
      "</update>");
  EXPECT_EQ(Text(changed, "success"), "true") << changed.body;
  EXPECT_EQ(Parse(Get("/services/data/v60.0/sobjects/Account/" + id))["Phone"], "1");
  const std::string upsert =
      "<upsert><externalIDFieldName>ExternalKey__c</externalIDFieldName><sObjects><s:type>Account"
      "</s:type><s:Name>U</s:Name><s:ExternalKey__c>k1</s:ExternalKey__c></sObjects></upsert>";
  EXPECT_EQ(Text(Soap(upsert), "created"), "true");
  EXPECT_EQ(Text(Soap(upsert), "created"), "false");
  const std::string contact = Create(
      "<s:LastName>C</s:LastName><s:Account><s:type>Account</s:type>"
      "<s:ExternalKey__c>k1</s:ExternalKey__c></s:Account>",
      "Contact");
  EXPECT_EQ(GetJson("/services/data/v60.0/sobjects/Contact/" + contact + "/Account")["Name"], "U");
  const auto gone = Soap("<delete><ids>" + id + "</ids><ids>001000000000000AAA</ids></delete>");
  EXPECT_TRUE(Has(gone, "<success>true</success>") && Has(gone, "<success>false</success>"));
  EXPECT_EQ(Text(Soap("<undelete><ids>" + id + "</ids></undelete>"), "success"), "true");
  EXPECT_EQ(Text(Soap("<emptyRecycleBin><ids>" + id + "</ids></emptyRecycleBin>"), "success"),
            "false")
      << "it is not in the recycle bin";
  (void)Soap("<delete><ids>" + id + "</ids></delete>");
  EXPECT_EQ(Text(Soap("<emptyRecycleBin><ids>" + id + "</ids></emptyRecycleBin>"), "success"),
            "true");
}

TEST_F(SoapTest, AllOrNoneLeavesNothingBehind) {
  const auto made = Soap(
      "<create><sObjects><s:type>Account</s:type><s:Name>lost</s:Name></sObjects><sObjects>"
      "<s:type>Contact</s:type></sObjects></create>",
      "<AllOrNoneHeader><allOrNone>true</allOrNone></AllOrNoneHeader>");
  EXPECT_TRUE(Has(made, "ALL_OR_NONE_OPERATION_ROLLED_BACK")) << made.body;
  const auto count = Soap("<query><queryString>SELECT COUNT() FROM Account</queryString></query>");
  EXPECT_EQ(Text(count, "size"), "0");
}

TEST_F(SoapTest, QueriesTellRecordsParentsAndChildren) {
  const std::string account = Create("<s:Name>Acme</s:Name>");
  Create("<s:LastName>Ann</s:LastName><s:AccountId>" + account + "</s:AccountId>", "Contact");
  const auto answer = Soap(
      "<query><queryString>SELECT Id, Name, Site, CreatedDate, Owner.Name, (SELECT LastName FROM "
      "Contacts) FROM Account</queryString></query>");
  ASSERT_EQ(answer.status, 200) << answer.body;
  EXPECT_TRUE(Has(answer,
                  "<queryResponse><result xsi:type=\"QueryResult\"><done>true</done>"
                  "<queryLocator xsi:nil=\"true\"/><records xsi:type=\"sf:sObject\">"
                  "<sf:type>Account</sf:type><sf:Id>" +
                      account + "</sf:Id><sf:Id>" + account +
                      "</sf:Id><sf:Name>Acme</sf:Name><sf:Site xsi:nil=\"true\"/>"))
      << answer.body;
  EXPECT_TRUE(Text(answer, "sf:CreatedDate").ends_with("Z"));
  EXPECT_TRUE(Has(answer, "<sf:Owner xsi:type=\"sf:sObject\"><sf:type>"));
  EXPECT_TRUE(Has(answer, "<sf:Contacts xsi:type=\"QueryResult\"><done>true</done>"));
  EXPECT_TRUE(Has(answer, "<sf:LastName>Ann</sf:LastName></records><size>1</size></sf:Contacts>"));
  const auto grouped = Soap(
      "<query><queryString>SELECT COUNT(Id), MAX(CreatedDate) FROM Account"
      "</queryString></query>");
  EXPECT_TRUE(Has(grouped, "<sf:type>AggregateResult</sf:type>"));
  EXPECT_TRUE(Has(grouped, "<sf:expr0 xsi:type=\"xsd:int\">1</sf:expr0>")) << grouped.body;
  EXPECT_TRUE(Has(grouped, "<sf:expr1 xsi:type=\"xsd:dateTime\">20"));
  EXPECT_TRUE(Has(grouped, "Z</sf:expr1>"));
}

TEST_F(SoapTest, LayoutsComeWithTheirSectionsAndRecordTypes) {
  const std::string call = "<describeLayout><sObjectType>Account</sObjectType>";
  const auto all = Soap(call + "</describeLayout>");
  EXPECT_TRUE(Has(all, "<describeLayoutResponse><result><layouts>")) << all.body;
  EXPECT_TRUE(Has(all, "<layoutComponents><displayLines>1</displayLines>"));
  EXPECT_TRUE(Has(all, "<recordTypeId>012000000000000AAA</recordTypeId>"));
  EXPECT_TRUE(Has(all, "<recordTypeSelectorRequired>false</recordTypeSelectorRequired>"));
  EXPECT_EQ(
      Soap(call + "<recordTypeIds>012000000000000AAA</recordTypeIds></describeLayout>").status,
      200);
  EXPECT_TRUE(Has(Soap(call + "<recordTypeIds>012000000000001AAA</recordTypeIds></describeLayout>"),
                  "INVALID_ID_FIELD"));
  EXPECT_TRUE(Has(Soap("<describeLayout><sObjectType>Nope</sObjectType></describeLayout>"),
                  "INVALID_TYPE"));
  EXPECT_TRUE(Has(Soap("<describeAllTabs/>"), "<sobjectName>Account</sobjectName>"));
}

TEST_F(SoapTest, AddressesBeginWithWhatLocationsHave) {
  Create(
      "<s:Name>A</s:Name><s:BillingCity>Oslo</s:BillingCity><s:BillingLatitude>59.9"
      "</s:BillingLatitude>");
  const auto answer =
      Soap("<query><queryString>SELECT BillingAddress FROM Account</queryString></query>");
  EXPECT_TRUE(Has(answer,
                  "<sf:BillingAddress xsi:type=\"address\"><latitude>59.9</latitude>"
                  "<longitude xsi:nil=\"true\"/><city>Oslo</city>"))
      << answer.body;
}

TEST_F(SoapTest, ReplicationTakesTimesWithoutAZoneAndDeletesWhateverTheIdsAreCalled) {
  const std::string id = Create("<s:Name>A</s:Name>");
  const std::string now = Text(Soap("<getServerTimestamp/>"), "timestamp");
  const std::string range = "<sObjectType>Account</sObjectType><startDate>" + now.substr(0, 11) +
                            "00:00:00</startDate><endDate>" + now.substr(0, 11) +
                            "23:59:59.123456</endDate>";
  EXPECT_EQ(Text(Soap("<getUpdated>" + range + "</getUpdated>"), "ids"), id);
  EXPECT_EQ(Text(Soap("<delete><id>" + id + "</id></delete>"), "success"), "true");
  EXPECT_EQ(Text(Soap("<getDeleted>" + range + "</getDeleted>"), "id"), id);
}

TEST_F(SoapTest, LongAnswersComeInBatches) {
  MakeAccounts(450);
  const auto first = Soap("<query><queryString>SELECT Name FROM Account</queryString></query>",
                          "<QueryOptions><batchSize>200</batchSize></QueryOptions>");
  EXPECT_EQ(Text(first, "done"), "false");
  EXPECT_EQ(Text(first, "size"), "450");
  const std::string locator = Text(first, "queryLocator");
  const auto more = [&](const std::string& at) {
    return Soap("<queryMore><queryLocator>" + at + "</queryLocator></queryMore>");
  };
  const auto second = more(locator);
  EXPECT_TRUE(Has(second, "<sf:Name>Account 200</sf:Name>")) << second.body;
  EXPECT_TRUE(Has(second, "<sf:Name>Account 399</sf:Name>"));
  EXPECT_EQ(Text(more(Text(second, "queryLocator")), "done"), "true");
  EXPECT_TRUE(Has(more("nothing"), "<sf:InvalidQueryLocatorFault"));
}

TEST_F(SoapTest, RetrieveAndSearchAnswerRecords) {
  const std::string account = Create("<s:Name>Acme Rockets</s:Name>");
  const auto read = Soap(
      "<retrieve><fieldList>Id, Name</fieldList><sObjectType>Account"
      "</sObjectType><ids>" +
      account + "</ids><ids>001000000000000AAA</ids></retrieve>");
  EXPECT_TRUE(Has(read, "<sf:Name>Acme Rockets</sf:Name></result><result xsi:nil=\"true\"/>"))
      << read.body;
  const auto found = Soap(
      "<search><searchString>FIND {rockets} RETURNING Account(Id, Name)"
      "</searchString></search>");
  EXPECT_TRUE(Has(found,
                  "<searchRecords><record xsi:type=\"sf:sObject\"><sf:type>Account"
                  "</sf:type><sf:Id>" +
                      account))
      << found.body;
}

TEST_F(SoapTest, DescribesSayWhatRestSays) {
  const auto all = Soap("<describeGlobal/>");
  EXPECT_TRUE(Has(all, "<encoding>UTF-8</encoding><maxBatchSize>200</maxBatchSize><sobjects>"))
      << all.body.substr(0, 600);
  EXPECT_FALSE(Has(all, "<urls>"));
  const auto one = Soap(
      "<describeSObjects><sObjectType>Account</sObjectType><sObjectType>Contact"
      "</sObjectType></describeSObjects>");
  EXPECT_TRUE(Has(one, "<name>Account</name>") && Has(one, "<name>Contact</name>"));
  EXPECT_TRUE(Has(one, "<soapType>tns:ID</soapType>"));
  EXPECT_TRUE(Has(one, "<defaultValue xsi:type=\"xsd:boolean\">false</defaultValue>"));
  EXPECT_TRUE(Has(one, "<urlDetail>/{ID}</urlDetail>"));
  EXPECT_TRUE(Has(Soap("<describeSObject><sObjectType>Nope</sObjectType></describeSObject>"),
                  "<sf:InvalidSObjectFault"));
  EXPECT_EQ(Text(Soap("<getUserInfo/>"), "userName"), sandbox_->username());
  const auto tabs = Soap("<describeTabs/>");
  EXPECT_TRUE(Has(tabs, "<selected>true</selected>") && Has(tabs, "<sobjectName>Account<"))
      << tabs.body;
  EXPECT_TRUE(Text(Soap("<getServerTimestamp/>"), "timestamp").ends_with("Z"));
}

TEST_F(SoapTest, ALeadIsConvertedOnceIntoThreeRecords) {
  const std::string lead = Create(
      "<s:FirstName>Ann</s:FirstName><s:LastName>Lee</s:LastName><s:Company>Acme</s:Company>"
      "<s:City>Oslo</s:City><s:Email>ann@acme.example</s:Email>",
      "Lead");
  const auto convert = [&](const std::string& more) {
    return Soap("<convertLead><leadConverts><convertedStatus>Closed - Converted</convertedStatus>" +
                more + "<leadId>" + lead + "</leadId></leadConverts></convertLead>");
  };
  const auto done = convert("");
  ASSERT_EQ(Text(done, "success"), "true") << done.body;
  const auto read = [&](const std::string& object, const std::string& element) {
    return GetJson("/services/data/v60.0/sobjects/" + object + "/" + Text(done, element));
  };
  EXPECT_EQ(read("Account", "accountId")["Name"], "Acme");
  EXPECT_EQ(read("Account", "accountId")["BillingCity"], "Oslo");
  EXPECT_EQ(read("Contact", "contactId")["Email"], "ann@acme.example");
  EXPECT_EQ(read("Contact", "contactId")["AccountId"], Text(done, "accountId"));
  EXPECT_EQ(read("Opportunity", "opportunityId")["Name"], "Acme-");
  EXPECT_EQ(read("Lead", "leadId")["IsConverted"], true);
  EXPECT_EQ(read("Lead", "leadId")["ConvertedContactId"], Text(done, "contactId"));
  EXPECT_EQ(Text(convert(""), "statusCode"), "CANNOT_UPDATE_CONVERTED_LEAD");
  const std::string other =
      Create("<s:LastName>Roe</s:LastName><s:Company>Roe</s:Company>", "Lead");
  const auto into = Soap(
      "<convertLead><leadConverts><accountId>" + Text(done, "accountId") +
      "</accountId><convertedStatus>Closed - Converted</convertedStatus><doNotCreateOpportunity>"
      "true</doNotCreateOpportunity><leadId>" +
      other + "</leadId></leadConverts></convertLead>");
  EXPECT_TRUE(Has(into, "<opportunityId xsi:nil=\"true\"/>")) << into.body;
  const auto wrong = Soap(
      "<convertLead><leadConverts><convertedStatus>Open</convertedStatus>"
      "<leadId>" +
      Create("<s:LastName>L</s:LastName><s:Company>C</s:Company>", "Lead") +
      "</leadId></leadConverts></convertLead>");
  EXPECT_EQ(Text(wrong, "statusCode"), "INVALID_STATUS") << wrong.body;
}

TEST_F(SoapTest, MergedRecordsGiveTheirChildrenToTheMaster) {
  const std::string master = Create("<s:Name>Master</s:Name>");
  const std::string gone = Create("<s:Name>Gone</s:Name>");
  const std::string contact =
      Create("<s:LastName>C</s:LastName><s:AccountId>" + gone + "</s:AccountId>", "Contact");
  const auto merge = [&](const std::string& id) {
    return Soap("<merge><request><masterRecord><s:type>Account</s:type><s:Id>" + master +
                "</s:Id><s:Site>here</s:Site></masterRecord><recordToMergeIds>" + id +
                "</recordToMergeIds></request></merge>");
  };
  const auto done = merge(gone);
  ASSERT_EQ(Text(done, "success"), "true") << done.body;
  EXPECT_EQ(Text(done, "mergedRecordIds"), gone);
  EXPECT_TRUE(Has(done, "<updatedRelatedIds>" + contact + "<"));
  EXPECT_EQ(GetJson("/services/data/v60.0/sobjects/Contact/" + contact)["AccountId"], master);
  EXPECT_EQ(GetJson("/services/data/v60.0/sobjects/Account/" + master)["Site"], "here");
  const json bin = GetJson(
      "/services/data/v60.0/queryAll?q=SELECT+MasterRecordId+FROM+Account+"
      "WHERE+IsDeleted=true");
  EXPECT_EQ(bin["records"][0]["MasterRecordId"], master);
  const auto closed = Soap("<merge><request><masterRecord><s:type>Account</s:type><s:Id>" + master +
                           "</s:Id><s:CreatedDate>2020-01-01T00:00:00Z</s:CreatedDate>"
                           "</masterRecord><recordToMergeIds>" +
                           Create("<s:Name>X</s:Name>") + "</recordToMergeIds></request></merge>");
  EXPECT_EQ(Text(closed, "statusCode"), "INVALID_FIELD_FOR_INSERT_UPDATE") << closed.body;
  EXPECT_EQ(Text(merge(master), "success"), "false") << "into itself";
  EXPECT_EQ(Text(merge("001000000000000AAA"), "success"), "false");
}

TEST_F(SoapTest, EnterpriseClientsNameTypesByTheirSchema) {
  const auto made = Soap(
      "<create><sObjects xsi:type=\"s:Account\"><Name>E</Name></sObjects>"
      "</create>",
      "", "c/60.0");
  EXPECT_EQ(Text(made, "success"), "true") << made.body;
  const auto read =
      Soap("<query><queryString>SELECT Name FROM Account</queryString></query>", "", "c/60.0");
  EXPECT_TRUE(Has(read, "<records xsi:type=\"sf:Account\"><sf:Name>E</sf:Name></records>"))
      << read.body;
  EXPECT_TRUE(Has(read, "xmlns:sf=\"urn:sobject.enterprise.soap.sforce.com\""));
}

TEST_F(SoapTest, FaultsCarryTheVendorsCodes) {
  EXPECT_TRUE(Has(Soap("<query><queryString>SELECT FROM</queryString></query>"),
                  "<sf:MalformedQueryFault xsi:type=\"sf:MalformedQueryFault\"><sf:exceptionCode>"
                  "MALFORMED_QUERY</sf:exceptionCode>"));
  const auto field = Soap("<query><queryString>SELECT Nope FROM Account</queryString></query>");
  EXPECT_EQ(field.status, 500);
  EXPECT_TRUE(Has(field, "<faultcode>sf:INVALID_FIELD</faultcode>"));
  EXPECT_TRUE(Has(field, "<sf:row>1</sf:row><sf:column>8</sf:column>")) << field.body;
  EXPECT_TRUE(Has(Soap("<describeSoftphoneLayout/>"), "No operation available for request"));
  EXPECT_TRUE(Has(Soap("<describeGlobal/>", "", "u/30.0"), "UNSUPPORTED_API_VERSION"));
  token_ = "00D000000000000!nothing";
  EXPECT_TRUE(Has(Soap("<describeGlobal/>"), "<sf:exceptionCode>INVALID_SESSION_ID"));
  EXPECT_EQ(Send("POST", "/services/Soap/u/60.0", "not xml").status, 500);
}

}  // namespace
}  // namespace firn::sandbox
